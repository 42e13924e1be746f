"""What a look writes: all of it or nothing, and nothing twice."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import IntegrityError

from bot.arrival import take_in
from bot.ledger import watched
from bot.ledger.channels import register_channel
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.intake import Stored, commit_look, find_known
from bot.ledger.schema import article_keys, articles, deliveries, metadata, sources
from bot.ledger.watched import find_read_beside, get_source, register_source
from bot.model import State
from bot.plan import candidates, plan
from bot.sources.entry import Feed
from tests.ledger.entries import CURSOR, NOW, RULES, SOURCE, channel, entry, feed, later, look, source_row


def count(conn: Connection) -> tuple[int, int, int]:
    """Articles, keys and deliveries in the ledger."""
    tables = (articles, article_keys, deliveries)
    found = [conn.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]
    return found[0], found[1], found[2]


def test_a_look_is_committed_whole(ledger: InlineLedger) -> None:
    """New articles, their keys, a delivery for each channel and the cursor are there together."""

    def work(conn: Connection) -> None:
        rows = [channel(conn, "a"), channel(conn, "b")]
        look(conn, feed(entry("2"), entry("1")), rows)

    ledger.write_now(work)
    assert ledger.read_now(count) == (2, 4, 4)
    state = ledger.read_now(source_row)
    assert (state.cursor.etag, state.first_look, state.failures) == ('"1"', False, 0)


def test_an_error_in_the_middle_leaves_nothing_of_a_look(ledger: InlineLedger) -> None:
    """A delivery that cannot be stored takes the articles, the keys and the cursor back with it."""
    ledger.write_now(lambda conn: watched.register_source(conn, identity=SOURCE, name="N", url="u", now=NOW))
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        ledger.write_now(lambda conn: look(conn, feed(entry("1")), [channel(conn), 4711]))
    assert ledger.read_now(count) == (0, 0, 0)
    state = ledger.read_now(source_row)
    assert (state.cursor.etag, state.first_look) == (None, True)


def test_a_failed_look_and_an_unchanged_one_leave_the_validators(ledger: InlineLedger) -> None:
    """Only a committed parse sets validators; failures are counted, and the next success ends the count."""
    ledger.write_now(lambda conn: look(conn, feed(entry("1")), []))
    source = ledger.read_now(source_row)

    def fail(conn: Connection) -> None:
        watched.note_failure(
            conn, source.id, message="500", next_poll_at=later(60), told_until_at=later(50), now=later(1)
        )

    ledger.write_now(fail)
    ledger.write_now(fail)
    failed = ledger.read_now(source_row)
    assert (failed.cursor.etag, failed.failures, failed.told_until_at) == ('"1"', 2, later(50))
    ledger.write_now(lambda conn: watched.note_unchanged(conn, source.id, next_poll_at=later(90), now=later(2)))
    state = ledger.read_now(source_row)
    assert (state.cursor.etag, state.failures, state.told_until_at, state.next_poll_at) == ('"1"', 0, None, later(90))


def test_a_new_address_forgets_the_validators_and_nothing_else(ledger: InlineLedger) -> None:
    """A source that moved is polled at once and in full, and is still the source that was looked at."""
    ledger.write_now(lambda conn: look(conn, feed(entry("1")), []))
    moved = ledger.write_now(
        lambda conn: watched.register_source(
            conn, identity=SOURCE, name=SOURCE, url="https://new.example/", now=later(9)
        )
    )
    assert (moved.cursor.etag, moved.next_poll_at, moved.first_look) == (None, later(9), False)
    assert ledger.write_now(lambda conn: look(conn, feed(entry("1")), [])).new == ()


def test_what_a_source_edits_is_kept_up_with_and_what_another_says_is_not(ledger: InlineLedger) -> None:
    """An edited title changes the article, not its deliveries; another source's words for it change nothing."""

    def work(conn: Connection) -> None:
        look(conn, feed(entry("1")), [channel(conn)])
        assert look(conn, feed(entry("1", title="Edited")), [channel(conn)]).changed == 1
        assert look(conn, feed(entry("1", title="Edited")), [channel(conn)]).changed == 0

    ledger.write_now(work)
    assert ledger.read_now(count)[2] == 1
    assert ledger.read_now(lambda conn: conn.execute(select(articles.c.title)).scalar_one()) == "Edited"


def test_an_article_is_known_by_its_link_before_its_id(ledger: InlineLedger) -> None:
    """Idempotency keys derive from the link, which outlives a source's ids."""
    ledger.write_now(lambda conn: look(conn, feed(entry("1")), []))
    key = ledger.read_now(lambda conn: conn.execute(select(articles.c.key)).scalar_one())
    assert key == "link:https://news.example/1"


def test_a_thousand_keys_are_found_in_one_go(ledger: InlineLedger) -> None:
    """A feed with more keys than one statement takes is known again completely."""
    document = feed(*(entry(str(number)) for number in range(700)))
    assert len(ledger.write_now(lambda conn: look(conn, document, [])).new) == 700
    assert ledger.write_now(lambda conn: look(conn, document, [])).new == ()


def test_one_link_that_two_known_articles_come_to_share_costs_nothing(ledger: InlineLedger) -> None:
    """Two articles whose entries now carry one new link, or an old one and a new one: the look is stored."""
    shared = "https://news.example/page"
    ledger.write_now(lambda conn: look(conn, feed(entry("1"), entry("2")), []))
    both = feed(entry("1", link=shared, title="T"), entry("2", link=shared, title="T"))
    assert ledger.write_now(lambda conn: look(conn, both, [])).new == ()
    third = "https://news.example/third"
    mixed = feed(entry("1", link=third, title="T"), entry("9", link=third, title="T"))
    assert ledger.write_now(lambda conn: look(conn, mixed, [])).new == ()


ENTRIES = st.builds(
    lambda id_, link, title: entry(id_, link=f"https://news.example/{link}", title=title),
    st.sampled_from(["1", "2", "3", "4"]),
    st.sampled_from(["x", "y", "z", ""]),
    st.sampled_from(["A", "B"]),
)
LOOKS = st.lists(st.lists(ENTRIES, max_size=5).map(lambda found: feed(*found)), min_size=1, max_size=4)


def _look_at_once(document: Feed, conn: Connection) -> Stored:
    return look(conn, document, [channel(conn)])


@settings(max_examples=30)
@given(LOOKS)
def test_no_sequence_of_documents_breaks_the_ledger(looks: Sequence[Feed]) -> None:
    """Whatever ids and links come and go, each look is stored, a repeated one adds nothing, and no id is met twice."""
    ledger = InlineLedger(open_engine("sqlite://"))
    metadata.create_all(ledger.engine)
    met: Counter[str] = Counter()
    for document in looks:
        work = partial(_look_at_once, document)
        keys = [key for _, new in ledger.write_now(work).new for key in new.candidate.keys]
        met.update({key for key in keys if key.startswith("id:")})
        assert ledger.write_now(work).new == ()
    ledger.close()
    assert {1} >= set(met.values())


def test_skipped_articles_have_their_deliveries_too(ledger: InlineLedger) -> None:
    """What stays in is stored for every channel with its reason, so that a person can see why and send it after all."""
    old = feed(entry("1", published_at=later(-90 * 3600.0)))
    assert len(ledger.write_now(partial(_look_at_once, old)).new) == 1
    row = ledger.read_now(lambda conn: conn.execute(select(deliveries)).mappings().one())
    assert (row["state"], row["due_at"], row["settled_at"]) == (State.SKIPPED, None, NOW)
    assert "HANDBILL_MAX_AGE" in row["reason"]


def second_look(conn: Connection, document: Feed, channel_ids: list[int], *, first_look: bool = False) -> None:
    """One committed look at another source of the same publication."""
    source = register_source(conn, identity="other", name="other", url="https://other.example/feed", now=NOW)
    found = candidates("other", document)
    known = find_known(conn, found)
    decided = plan(found, known, first_look=first_look, rules=RULES, now=NOW)
    commit_look(conn, source.id, decided, known, channel_ids=channel_ids, language=None, cursor=CURSOR, now=NOW)


def states_by_channel(conn: Connection) -> list[tuple[int, str]]:
    """(channel, state) of every delivery."""
    query = select(deliveries.c.channel_id, deliveries.c.state).order_by(deliveries.c.channel_id)
    return [(row.channel_id, row.state) for row in conn.execute(query)]


def test_a_second_source_of_an_article_brings_it_to_the_channels_that_the_first_has_not(ledger: InlineLedger) -> None:
    """Routes of two sources part: each of their channels gets the article once, however often it is shown."""

    def work(conn: Connection) -> list[tuple[int, str]]:
        a, b = channel(conn, "a", account="1"), channel(conn, "b", account="2")
        look(conn, feed(entry("x")), [a])
        shown = entry("x", id="other-id")
        for _ in range(2):
            second_look(conn, feed(shown), [a, b])
        return states_by_channel(conn)

    assert ledger.write_now(work) == [(1, "pending"), (2, "pending")]


def test_a_channel_that_was_added_later_does_not_get_the_past_by_a_second_source(ledger: InlineLedger) -> None:
    """What was found before a channel was there stays in, even if another source shows it now."""

    def work(conn: Connection) -> list[tuple[int, str]]:
        a = channel(conn, "a", account="1")
        look(conn, feed(entry("x")), [a])
        b = register_channel(conn, platform="paper", name="b", now=later(60)).id
        second_look(conn, feed(entry("x", id="other-id")), [a, b])
        return states_by_channel(conn)

    assert ledger.write_now(work) == [(1, "pending")]


def test_a_second_source_at_its_first_look_posts_nothing(ledger: InlineLedger) -> None:
    """The first look posts nothing, also of articles that another source had."""

    def work(conn: Connection) -> list[tuple[int, str]]:
        a, b = channel(conn, "a", account="1"), channel(conn, "b", account="2")
        look(conn, feed(entry("x")), [a])
        second_look(conn, feed(entry("x", id="other-id")), [b], first_look=True)
        return states_by_channel(conn)

    assert ledger.write_now(work) == [(1, "pending"), (2, "skipped")]


AGO = 600.0
"""Seconds."""


@pytest.mark.parametrize(
    ("neighbour", "seconds", "state"),
    [
        ("watched", 1, "pending"),
        ("watched", AGO - 1, "pending"),
        ("watched", AGO + 1, "skipped"),
        ("watched", -300, "skipped"),
        ("failing", 1, "skipped"),
        ("removed", 1, "skipped"),
        ("away for long", RULES.max_age - 1, "pending"),
        ("away for long", RULES.max_age + 1, "skipped"),
    ],
)
def test_what_another_source_would_have_brought_is_news_at_a_first_look(
    ledger: InlineLedger, neighbour: str, seconds: float, state: str
) -> None:
    """A second source of a publication is added while an article came out since the first one was read: that article is
    posted. Not one from before, one dated ahead, one that is too old, nor one that the first source would not bring:
    it fails, or the settings no longer name it."""

    def work(conn: Connection) -> list[tuple[int, str]]:
        a = channel(conn, "a", account="1")
        look(conn, feed(entry("x")), [a])
        away_for = 2 * RULES.max_age if neighbour == "away for long" else AGO
        conn.execute(update(sources).values(ok_at=later(-away_for), failures=int(neighbour == "failing")))
        other = register_source(conn, identity="other", name="other", url="https://other.example/feed", now=NOW)
        shown = feed(entry("new", published_at=later(-seconds)), entry("x", published_at=later(-9 * RULES.max_age)))
        found = candidates("other", shown)
        more: Mapping[str, Any] = {"read_at": None, "language": None, "cursor": CURSOR}
        watched = {"other"} if neighbour == "removed" else {"other", SOURCE}
        take_in(conn, other, found, RULES, first_look=True, channel_ids=[a], now=NOW, watched=watched, **more)
        return states_by_channel(conn)

    assert ledger.write_now(work) == [(1, "pending"), (1, state)]


def test_the_one_that_was_read_longest_ago_counts(ledger: InlineLedger) -> None:
    """Of two others that show the same, the later read one did not have the article: the other may still bring it."""

    def work(conn: Connection) -> datetime | None:
        a = channel(conn, "a", account="1")
        look(conn, feed(entry("x")), [a])
        second_look(conn, feed(entry("y")), [a])
        conn.execute(update(sources).where(sources.c.identity == "other").values(ok_at=later(-AGO)))
        known = find_known(conn, candidates("third", feed(entry("x"), entry("y"))))
        return find_read_beside(conn, 0, known.values(), {SOURCE, "other"})

    assert later(-AGO) == ledger.write_now(work)


def test_a_document_that_was_cut_off_is_no_first_look(ledger: InlineLedger) -> None:
    """What the rest of it would have shown was there before, too: the first look is still to come."""

    def work(conn: Connection) -> list[bool]:
        source = register_source(conn, identity=SOURCE, name=SOURCE, url="https://news.example/feed", now=NOW)
        firsts = []
        for complete in (False, True):
            empty = plan([], {}, first_look=True, rules=RULES, now=NOW)
            commit_look(
                conn, source.id, empty, {}, channel_ids=[], language=None, cursor=CURSOR, now=NOW, complete=complete
            )
            firsts.append(get_source(conn, SOURCE).first_look)
        return firsts

    assert ledger.write_now(work) == [True, False]
