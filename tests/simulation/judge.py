"""Holds the invariants of the design (its section 2) against the ledger's file and what readers see, after every step.

It reads the file by its own plain statements, so that a mistake of the program's own reading cannot hide.
"""

import asyncio
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from adapters.post import Payload
from bot.model import EDGES, Event, State
from tests.simulation.places import Place, Shown
from tests.simulation.process import Process, whose
from tests.simulation.publication import TWIN_AT
from tests.simulation.speakers import QUIET_FOR
from tests.simulation.world import EPOCH

BY_A_PERSON = frozenset(
    (
        *(Event.RELEASED, Event.DROPPED, Event.RETRIED, Event.REVIVED),
        *(Event.RESOLVED_SENT, Event.RESOLVED_NOT_SENT),
    )
)
_BY_ITSELF = frozenset((old, new) for (old, event), new in EDGES.items() if event not in BY_A_PERSON)
_BY_A_PERSON = frozenset((old, new) for (old, event), new in EDGES.items() if event in BY_A_PERSON)
_FINAL = frozenset({State.SENT, State.FAILED, State.SKIPPED, State.CANCELLED})
_SAME = "same as article"
"""How the reason begins for which a delivery was given up whose article goes out under another number."""
_WAITED = frozenset({Event.TOLD_TO_WAIT, Event.CHANNEL_DOWN})
"""What uses nothing up."""


OUTLIVED_FOR = 100.0
"""Seconds after the end of its session in which a process may still be at something that is another's by now."""


class Broken(AssertionError):
    """A promise is broken: at what time, which, and how."""


@dataclass(frozen=True, slots=True)
class Row:
    """A delivery as the ledger has it."""

    id: int
    article: int
    """By its number in the publication."""
    place: str
    state: State
    due_at: str | None
    attempts: int
    failures: int
    key: str | None
    body: str | None
    reason: str | None
    presence: str | None
    confirm_at: str | None


_ROWS = """
SELECT d.id, a.link, c.name, d.state, d.due_at, d.attempts, d.failures, d.key, d.body, d.reason, d.presence,
       d.confirm_at
FROM deliveries d JOIN articles a ON a.id = d.article_id JOIN channels c ON c.id = d.channel_id ORDER BY d.id
"""


def _written(seconds: float) -> str:
    """A time of the life, as the ledger writes it."""
    return (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def number_of(link: str) -> int:
    """Which article of the publication a link leads to, whatever became of its address."""
    found = re.search(r"/a(\d+)", link)
    assert found is not None, link
    return int(found[1])


class Judge:
    """Of one life."""

    def __init__(self, path: Path, places: Mapping[str, Place]) -> None:
        self.found: Broken | None = None
        """The first promise that was broken."""
        self.person_acts = False
        """Whether what is being committed is a person's own doing."""
        self.skewed = False
        """Whether anybody has set a clock: then nobody can say how long something had to wait."""
        self.paused: set[str] = set()
        """What a person has paused: names of places, "" for everything."""
        self.documents: dict[str, frozenset[int]] = {}
        """Validator → the articles in that document."""
        self.once_out: Counter[tuple[str, int]] = Counter()
        """(place, article) → how often a reader has seen it appear."""
        self._lies: set[tuple[str, str | None]] = set()
        """(place, key) of which the platform said that it is out, and it never was."""
        self._path = path
        self._places = places
        self._rows: dict[int, Row] = {}
        self._restored: dict[int, State] = {}
        """What a ledger that was put back had to say."""
        self._attempts = 0
        self._etag: str | None = None
        self._articles = 0
        self._bodies: dict[tuple[str, str], str] = {}
        self._written_at: dict[tuple[str, str], float] = {}
        self._calling: dict[str, Process] = {}
        self._ended_at: dict[Process, float] = {}
        self._version = -1
        self._open()

    @property
    def now(self) -> float:
        """Seconds of the life so far."""
        return asyncio.get_running_loop().time()

    # ── what readers see ──────────────────────────────────────────────────────────────────────────────────────────

    def shown(self, place: Place, post: Shown) -> None:
        """A reader sees a new post: no article twice."""
        article = number_of(post.body["link"])
        self.once_out[place.name, article] += 1
        out = sum(number_of(each.body["link"]) == article for each in place.out())
        if out > 1 and not self._apart(article):
            self.broken("twice", f"article {article} is on {place.name} {out} times")

    def lied(self, place: Place, key: str) -> None:
        """The ledger cannot know better than the platform says."""
        self._lies.add((place.name, key))

    # ── around the visible call ───────────────────────────────────────────────────────────────────────────────────

    def written(self, place: Place, payload: Payload, key: str) -> None:
        """The request is about to leave: its intent is on disk, as it is, and it is alone."""
        process = whose()
        assert process is not None
        rows = [row for row in self.rows() if row.place == place.name and row.key == key]
        if len(rows) != 1:
            self.broken("intent", f"{len(rows)} deliveries of {place.name} have the key of a call")
            return
        row, canonical = rows[0], payload.canonical()
        if row.body != canonical:
            self.broken("intent", f"delivery {row.id} is sent with another body than the ledger has")
        if row.state is not State.SENDING and not self._outlived(process):
            self.broken("intent", f"delivery {row.id} is {row.state} while its call leaves")
        if self._bodies.setdefault((place.name, key), canonical) != canonical:
            self.broken("frozen", f"delivery {row.id} is sent with another body under the same key")
        other = self._calling.get(place.name)
        if other is not None and not (self._outlived(other) or self._outlived(process)):
            self.broken("alone", f"two calls are on their way to {place.name}")
        self._calling[place.name] = process
        self._written_at[place.name, key] = self.now

    def answered(self, place: Place) -> None:
        """The call is over, as far as its process knows."""
        if self._calling.get(place.name) is whose():
            del self._calling[place.name]

    def asked(self, place: Place, key: str) -> None:
        """The platform is asked for a post: not before the quiet time is over."""
        since = self.now - self._written_at.get((place.name, key), float("-inf"))
        undecided = [row for row in self.rows() if row.place == place.name and row.key == key]
        if since < QUIET_FOR and any(row.state is State.UNCERTAIN for row in undecided):
            self.broken("quiet", f"{place.name} is asked {since:.1f} s after the call")

    def session_ended(self, process: Process) -> None:
        """Its leases are gone; what it had may be another's."""
        self._ended_at[process] = self.now

    def _outlived(self, process: Process) -> bool:
        """Whether another process may have taken over what this one is at."""
        return process.dead or process.stopped or self.now - self._ended_at.get(process, float("-inf")) < OUTLIVED_FOR

    # ── after every commit ────────────────────────────────────────────────────────────────────────────────────────

    def committed(self) -> None:
        """A transaction has ended: what it did to the deliveries is allowed, and it left nothing half done."""
        (version,) = self._one("PRAGMA data_version")
        if version == self._version:  # it has only taken a lease
            return
        self._version = version
        rows = {row.id: row for row in self.rows()}
        for row in rows.values():
            before = self._rows.get(row.id)
            if before is None:
                self._new(row)
            elif before != row:
                self._moved(before, row)
        if missing := self._rows.keys() - rows.keys():
            self.broken("lost", f"deliveries {sorted(missing)} are gone from the ledger")
        self._rows = rows
        self._whole()

    def reopened(self) -> None:
        """Another ledger was put in the place of this one."""
        self._open()
        self._rows = {row.id: row for row in self.rows()}
        self._restored = {row.id: row.state for row in self._rows.values()}
        self._attempts, self._etag, self._articles = 0, None, 0
        self._written_at.clear()
        # What was composed since the backup nobody remembers; what it remembers is as frozen as it was.
        self._bodies = {(row.place, row.key): row.body for row in self._rows.values() if row.key and row.body}

    def _new(self, row: Row) -> None:
        if row.state not in (State.PENDING, State.SKIPPED, State.HELD):
            self.broken("edge", f"delivery {row.id} begins as {row.state}")

    def _moved(self, before: Row, row: Row) -> None:
        if row.attempts < before.attempts:
            self.broken("attempts", f"delivery {row.id} has fewer attempts than before")
        if before.state is not row.state:
            allowed = _BY_A_PERSON if self.person_acts else _BY_ITSELF
            if (before.state, row.state) not in allowed and not self._has_come(before, row):
                self.broken("edge", f"delivery {row.id} went from {before.state} to {row.state}")
        outcome = self._last_outcome(row.id)
        if outcome in _WAITED and before.state is not State.PENDING and row.failures > before.failures:
            self.broken("counted", f"delivery {row.id} was told to wait, and that was counted")
        if (before.body, before.key) != (row.body, row.key) and before.state is State.UNCERTAIN:
            self.broken("frozen", f"delivery {row.id} was changed while nobody knew whether it is out")
        if row.state is State.SENDING and before.state is not State.SENDING and self.paused & {row.place, ""}:
            self.broken("paused", f"delivery {row.id} was claimed although a person has paused {row.place}")
        if before.body is None is not row.body and not self.skewed and self._is_unread(row):
            self.broken("unread", f"delivery {row.id} was composed while its article's page was being read")
        if row.state is State.UNCERTAIN and row.due_at is None and not self._has_alert(f"delivery:{row.id}"):
            self.broken("silent", f"delivery {row.id} waits for a person, and nobody is told")
        if row.presence == "vanished" != before.presence and not self._has_alert(f"delivery:{row.id}"):
            self.broken("silent", f"delivery {row.id} has vanished, and nobody is told")

    def _has_come(self, before: Row, row: Row) -> bool:
        """Whether it was held until the date that its source gives it, which has come: then it goes out by itself."""
        if (before.state, row.state) != (State.HELD, State.PENDING) or before.due_at is None:
            return False
        return self.skewed or before.due_at <= _written(self.now)

    def _whole(self) -> None:
        """Articles have their deliveries, the cursor its articles, and attempts are only ever added."""
        (attempts,) = self._one("SELECT count(*) FROM attempts")
        if attempts < self._attempts:
            self.broken("attempts", f"there were {self._attempts} attempts, and are {attempts}")
        self._attempts = attempts
        (articles,) = self._one("SELECT count(*) FROM articles")
        if articles != self._articles:
            self._articles = articles
            (whole,) = self._one("SELECT count(*) FROM deliveries")
            if whole != articles * len(self._places):
                self.broken("planned", f"{articles} articles have {whole} deliveries on {len(self._places)} places")
        (etag,) = self._one("SELECT max(etag) FROM sources")
        if etag is not None and etag != self._etag:
            known = {number_of(link) for (link,) in self._db.execute("SELECT link FROM articles")}
            if unknown := self.documents[etag] - known:
                self.broken("cursor", f"the cursor is past articles {sorted(unknown)}, which nobody knows")
        self._etag = etag

    def _is_unread(self, row: Row) -> bool:
        """Whether its article's page may still be read."""
        (found,) = self._db.execute(
            "SELECT coalesce(a.enrich_until, '') > ? FROM deliveries d JOIN articles a ON a.id = d.article_id "
            "WHERE d.id = ?",
            (_written(self.now), row.id),
        ).fetchone()
        return bool(found)

    def _apart(self, article: int) -> bool:
        """Whether the ledger cannot know that two of its articles are this one: the page of the second source's, which
        alone says so, was not read in time."""
        rows = self._db.execute(
            "SELECT a.link, p.article_id FROM articles a LEFT JOIN pages p ON p.article_id = a.id "
            "WHERE a.merged_into IS NULL AND a.enrich_until IS NULL"
        ).fetchall()
        unread = [link.startswith(TWIN_AT) and page is None for link, page in rows if number_of(link) == article]
        return len(unread) > 1 and any(unread)

    # ── in the end ────────────────────────────────────────────────────────────────────────────────────────────────

    def settled(self) -> bool:
        """Whether nothing is left to be done without a person, nor by one."""
        return all(row.state in _FINAL and row.confirm_at is None for row in self.rows())

    def knows(self, articles: Iterable[int]) -> bool:
        """Whether all of these have been found."""
        return set(articles) <= {row.article for row in self.rows()}

    def verdict(self, articles: Iterable[int]) -> None:
        """Every article on every place: out once, or with a word why not."""
        rows: dict[tuple[str, int], list[Row]] = {}
        for row in self.rows():
            rows.setdefault((row.place, row.article), []).append(row)
        for place in self._places.values():
            for article in articles:
                found = rows.get((place.name, article), [])
                if not found:
                    self.broken("lost", f"nobody knows of article {article} on {place.name}")
                elif all((row.reason or "").startswith(_SAME) for row in found):
                    self.broken("lost", f"article {article} on {place.name} was given up for one that is not there")
                elif not self._apart(article):
                    self._whole_final(place, found)

    def _whole_final(self, place: Place, rows: Sequence[Row]) -> None:
        """What was seen as two articles ends as one: what another row of it has sent, is not held against the rest."""
        sent = any(row.state is State.SENT for row in rows)
        for row in rows:
            if row.state is State.SENT or not sent:
                self._final(place, row)
            elif row.state not in _FINAL:
                self.broken("unsettled", f"delivery {row.id} is still {row.state} beside one that is sent")

    def _final(self, place: Place, row: Row) -> None:
        where = f"article {row.article} on {place.name} (delivery {row.id})"
        seen = self.once_out[place.name, row.article]
        out = any(number_of(post.body["link"]) == row.article for post in place.out())
        match row.state:
            case State.SENT:
                if not seen and (place.name, row.key) not in self._lies:
                    self.broken("lost", f"{where} is sent, and was never out")
            case State.FAILED | State.SKIPPED | State.CANCELLED:
                # That a person had it sent after the backup was made, the restored ledger does not know: should it be
                # retried again, it is looked for first.
                if out and row.state is not State.CANCELLED and self._restored.get(row.id) is not row.state:
                    self.broken("lost", f"{where} is {row.state}, and is out")
                if not row.reason:
                    self.broken("silent", f"{where} is {row.state} without a word")
            case state:
                self.broken("unsettled", f"{where} is still {state}: {row.reason}, due {row.due_at}")

    # ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────

    def rows(self) -> list[Row]:
        """All deliveries."""
        return [
            Row(row_id, number_of(link), name, State(state), *rest)
            for row_id, link, name, state, *rest in self._db.execute(_ROWS)
        ]

    def broken(self, promise: str, how: str) -> None:
        """Say that a promise is broken; only the first time counts, as the rest may follow from it."""
        if self.found is None:
            self.found = Broken(f"{self.now:.1f} s: {promise}: {how}")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _open(self) -> None:
        self._db = sqlite3.connect(self._path, isolation_level=None)
        self._version = -1

    def _has_alert(self, cause: str) -> bool:
        query = "SELECT count(*) FROM alerts WHERE cause = ? AND cleared_at IS NULL"
        return bool(self._one(query, cause)[0])

    def _last_outcome(self, delivery_id: int) -> str | None:
        query = "SELECT outcome FROM attempts WHERE delivery_id = ? ORDER BY id DESC LIMIT 1"
        found = self._db.execute(query, (delivery_id,)).fetchone()
        return found[0] if found else None

    def _one(self, query: str, *values: Any) -> tuple[Any, ...]:
        found: tuple[Any, ...] = self._db.execute(query, values).fetchone()
        return found
