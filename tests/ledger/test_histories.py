"""Histories of a publication, generated: it reorders, edits, changes ids or links, and shows itself by two sources.

A simple oracle knows which article is which: each goes out once, none twice, and nothing that was met first goes out.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from bot.arrival import take_in
from bot.ledger import watched
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.schema import articles, deliveries, metadata
from bot.model import State
from bot.plan import Rules, candidates
from bot.sources.entry import Entry, Feed
from tests.ledger.entries import CURSOR, channel

BEGUN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RULES = Rules(settle=0.0, max_age=48 * 3600.0, backfill=0)
SOURCES = ("feed", "sitemap")
SPELLINGS = (
    "https://news.example/{}",
    "http://www.news.example/{}/",
    "https://NEWS.example:443/{}?utm_source=rss&utm_medium=feed",
    "https://news.example/{}?fbclid=x#:~:text=a",
)


@dataclass
class Told:
    """An article as the publication shows it now."""

    number: int
    at: datetime
    id: str
    path: str
    title: str = ""


@dataclass
class Publication:
    """What is there, and how it is shown."""

    shown: list[Told] = field(default_factory=list)
    now: datetime = BEGUN
    made: int = 0

    def publish(self, count: int) -> None:
        """New articles."""
        for _ in range(count):
            self.made += 1
            name = f"a{self.made}"
            self.shown.append(Told(self.made, self.now, f"id-{name}", name, f"Title {self.made}"))

    def document(self, source: str, order: Sequence[int], spelling: str, *, dated: bool) -> Feed:
        """Its entries in this order, links written in this way. The second source has ids of its own."""
        chosen = [self.shown[place] for place in order]
        entries = tuple(
            Entry(
                f"{source}:{each.id}" if source != SOURCES[0] else each.id,
                spelling.format(each.path),
                each.title,
                "Words.",
                published_at=each.at if dated else None,
            )
            for each in chosen
        )
        return Feed(None, "News", "https://news.example/", None, entries, "RSS 2.0")


@dataclass(frozen=True)
class Step:
    """What happens before a look, and how the look goes."""

    kind: str
    pick: float
    source: str
    shuffle: int
    spelling: str


steps = st.builds(
    Step,
    st.sampled_from(["publish", "edit", "new id", "new link", "drop", "nothing"]),
    st.floats(0, 0.999),
    st.sampled_from(SOURCES),
    st.integers(0, 10**6),
    st.sampled_from(SPELLINGS),
)


class History:
    """Lets it happen to a ledger."""

    def __init__(self, conn: Connection, *, dated: bool) -> None:
        self.conn = conn
        self.dated = dated
        self.paper = Publication()
        self.row = channel(conn, account="acct")
        self.seen: dict[str, set[int]] = {source: set() for source in SOURCES}
        for source in SOURCES:
            watched.register_source(conn, identity=source, name=source, url=source, now=BEGUN)

    def look(self, source: str, shuffle: int, spelling: str) -> None:
        """One committed look, as the poll makes it."""
        order = sorted(range(len(self.paper.shown)), key=lambda place: hash((shuffle, place)))
        document = self.paper.document(source, order, spelling, dated=self.dated)
        state = watched.get_source(self.conn, source)
        take_in(
            self.conn,
            state,
            candidates(source, document),
            RULES,
            first_look=state.first_look,
            read_at=state.read_at,
            channel_ids=[self.row],
            language=None,
            cursor=CURSOR,
            now=self.paper.now,
        )
        self.seen[source].update(each.number for each in self.paper.shown)

    def happen(self, step: Step) -> None:
        """One step. Id and link of an article never change both between two looks of a source: nobody could tell."""
        paper = self.paper
        paper.now += timedelta(minutes=10)
        if step.kind == "publish" or not paper.shown:
            paper.publish(1 + int(step.pick * 3))
        elif step.kind != "nothing":
            told = paper.shown[int(step.pick * len(paper.shown))]
            if step.kind == "edit":
                told.title = f"Title {(told.number + 1) % 3}"
            elif step.kind == "drop":
                paper.shown.remove(told)
            elif all(told.number in seen for seen in self.seen.values()):
                if step.kind == "new id":
                    told.id = f"{told.id}'"
                else:
                    told.path = f"{told.path}-moved"
                for source in SOURCES:
                    self.look(source, step.shuffle, step.spelling)
        self.look(step.source, step.shuffle, step.spelling)

    def outcome(self) -> dict[State, Counter[int]]:
        """State → article → how many deliveries are in it."""
        query = select(deliveries.c.state, articles.c.link).join_from(deliveries, articles)
        found: dict[State, Counter[int]] = {state: Counter() for state in State}
        for row in self.conn.execute(query):
            found[State(row.state)][number_of(row.link)] += 1
        return found


def number_of(link: str) -> int:
    """Which article of the publication a link leads to."""
    found = re.search(r"/a(\d+)", link)
    assert found is not None, link
    return int(found[1])


@pytest.mark.parametrize("dated", [True, False])
@settings(max_examples=40, deadline=None)
@given(history=st.lists(steps, min_size=1, max_size=12), first=st.integers(0, 4), spelling=st.sampled_from(SPELLINGS))
def test_every_article_goes_out_once_and_none_twice(
    dated: bool, history: list[Step], first: int, spelling: str
) -> None:
    """Whatever a publication does to its ids, links, titles and order, by one source or by two."""
    ledger = InlineLedger(open_engine("sqlite://"))
    ledger.write_now(metadata.create_all)

    def live(conn: Connection) -> tuple[int, dict[State, Counter[int]]]:
        life = History(conn, dated=dated)
        life.paper.publish(first)
        for source in SOURCES:
            life.look(source, 1, spelling)
        for step in history:
            life.happen(step)
        return life.paper.made, life.outcome()

    made, outcome = ledger.write_now(live)
    ledger.close()
    assert dict.fromkeys(range(first + 1, made + 1), 1) == outcome[State.PENDING]
    assert dict.fromkeys(range(1, first + 1), 1) == outcome[State.SKIPPED]
    assert not outcome[State.HELD]
    assert not outcome[State.CANCELLED]
