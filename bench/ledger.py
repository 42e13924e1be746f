"""What a post costs the ledger, and how that grows with all that the ledger remembers.

A ledger of each size is filled in bulk, as one looks that has worked for long: almost everything is out, with an
attempt for each, and a few are pending. Then the sizes take turns: a busy moment of the machine strikes all of them.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, make_url, text

from adapters.post import Payload, Receipt
from bot.ledger import backlog, queue
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.migrate import ensure_ledger
from bot.model import Event, Settlement
from tests.real.postgres.server import USER, RealPostgres

SIZES = (10_000, 100_000)
FULL = (*SIZES, 1_000_000, 10_000_000)
CHANNELS = 6
WARM, TURN, TURNS = 30, 10, 20
"""Posts before anything is measured; posts in a turn; turns of each size."""
PENDING = 2 * (WARM + TURN * TURNS)
"""Posts that are waiting when a ledger is filled."""
EPOCH = 1_700_000_000
GOAL = 1.1

_TIME = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%S', {0}, 'unixepoch') || '.000000Z'",
    "postgresql": "to_char(to_timestamp({0}) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS') || '.000000Z'",
}
_NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :last) "
_ALL = (
    "INSERT INTO sources (id, identity, name, url, next_poll_at) SELECT 1, 'news', 'news', 'https://n.example', {at0}",
    "INSERT INTO channels (id, platform, name, account_id, place_id, added_at) "
    "{numbers} SELECT n, 'paper', 'c' || n, 'a' || n, 'p' || n, {at0} FROM numbers WHERE n <= {channels}",
    "INSERT INTO articles (id, key, source_id, title, summary, link, found_at) {numbers} SELECT n, 'id:news:' || n, 1, "
    "'The bridge will be built, part ' || n, 'The council has voted for the new bridge.', "
    "'https://n.example/articles/' || n, {at} FROM numbers WHERE n <= :articles",
    "INSERT INTO article_keys (key, article_id) SELECT key, id FROM articles",
    "INSERT INTO deliveries (id, article_id, channel_id, action, revision, state, planned_at, wanted_at, attempts, "
    "key, body, marker, attempt_started_at, first_attempt_at, settled_at, sent_at, receipt_id, url, presence) "
    "{numbers} SELECT n, (n - 1) / {channels} + 1, (n - 1) % {channels} + 1, 'publish', 1, 'sent', {at}, {at}, 1, "
    "'key-' || n, '{{\"text\":\"The bridge will be built\"}}', '{{}}', {at}, {at}, {at}, {at}, '' || n, "
    "'https://p.example/' || n, 'confirmed' FROM numbers WHERE n <= :sent",
    "INSERT INTO deliveries (id, article_id, channel_id, action, revision, state, planned_at, wanted_at, due_at) "
    "{numbers} SELECT n, (n - 1) / {channels} + 1, (n - 1) % {channels} + 1, 'publish', 1, 'pending', {at}, {at}, {at} "
    "FROM numbers WHERE n > :sent",
    "INSERT INTO attempts (id, delivery_id, number, step, channel_id, account, started_at, ended_at, outcome, status) "
    "SELECT id, id, 1, 'publish', channel_id, 'paper:a' || channel_id, sent_at, sent_at, 'sent', 200 "
    "FROM deliveries WHERE state = 'sent'",
)


_FAST = {
    "sqlite": ("PRAGMA synchronous = OFF", "PRAGMA cache_size = -200000"),  # as it comes, it checks no foreign keys
    "postgresql": ("SET session_replication_role = replica",),  # nor does this
}
"""So that ten million rows are a matter of minutes."""


def fill(url: str, deliveries: int) -> None:
    """Fill an empty ledger, indexes included, past the ledger's own door."""
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    engine = create_engine(address)
    with engine.connect() as conn:
        for each in _FAST[engine.dialect.name]:
            conn.exec_driver_sql(each)
        conn.commit()
        _fill(conn, deliveries)
        conn.commit()
    if engine.dialect.name == "postgresql":  # as its own housekeeping does in time
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def _fill(conn: Connection, deliveries: int) -> None:
    kind, pending = conn.dialect.name, PENDING
    words = {"numbers": _NUMBERS, "channels": CHANNELS}
    words |= {name: _TIME[kind].format(f"{EPOCH} + {n}") for name, n in (("at0", "0"), ("at", "n"))}
    values = {"last": deliveries, "articles": -(-deliveries // CHANNELS), "sent": deliveries - pending}
    for each in _ALL:
        conn.execute(text(each.format(**words)), values)
    if kind == "postgresql":
        conn.execute(text("SELECT setval(pg_get_serial_sequence('attempts', 'id'), :last)"), values)


class Filled:
    """A ledger of one size, and its lanes."""

    def __init__(self, url: str, size: int) -> None:
        ensure_ledger(url)
        self.size = size
        began = time.monotonic()
        fill(url, size)
        self.filled_in = time.monotonic() - began
        self.ledger = InlineLedger(open_engine(url))
        self.times: list[float] = []
        self._turn = 0

    def turn(self, posts: int, *, measured: bool = True) -> None:
        """So many posts go out, on one channel after the other."""
        for _ in range(posts):
            self._turn += 1
            began = time.perf_counter()
            _post(self.ledger, self._turn % CHANNELS + 1)
            if measured:
                self.times.append(time.perf_counter() - began)


def _post(ledger: InlineLedger, channel: int) -> None:
    """What a lane asks and writes for one post: look, freeze, claim, settle; each write is a commit on the disk."""
    now = datetime.now(UTC)

    def look(conn: Connection) -> Any:
        head = backlog.find_head(conn, channel)
        assert head is not None
        backlog.get_article(conn, head.article_id)
        backlog.find_last_receipt(conn, channel)
        return head

    head = ledger.read_now(look)
    ledger.write_now(
        lambda conn: queue.freeze(conn, head, Payload({"text": "The bridge will be built"}), f"k{head.id}")
    )
    account = f"paper:a{channel}"
    number = ledger.write_now(lambda conn: queue.claim(conn, head, account=account, marker="{}", now=now))
    receipt = Receipt(str(head.id), f"https://p.example/{head.id}", now)
    done = Settlement(Event.SENT, None, None, receipt=receipt)
    ledger.write_now(lambda conn: queue.settle(conn, head.id, number, done, now=now))


@contextmanager
def _places(engine: str) -> Iterator[Callable[[int], str]]:
    """Where ledgers of that engine are made: size → address."""
    with ExitStack() as stack:
        if engine == "sqlite":
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            yield lambda size: f"sqlite:///{folder / f'{size}.db'}"
        else:
            server = stack.enter_context(RealPostgres(durable=True))
            server.admin(f"GRANT SET ON PARAMETER session_replication_role TO {USER}")
            yield lambda size: server.make_database(f"of_{size}")


def measure(sizes: Sequence[int]) -> list[dict[str, Any]]:
    """One row for each engine and size: milliseconds for a post (median), posts a second, times the smallest's."""
    rows = []
    for engine in ("sqlite", "postgresql"):
        with _places(engine) as place:
            filled = [Filled(place(size), size) for size in sizes]
            for each in filled:
                each.turn(WARM, measured=False)
            for _ in range(TURNS):
                for each in filled:
                    each.turn(TURN)
            base = statistics.median(filled[0].times)
            for each in filled:
                took = statistics.median(each.times)
                row = {"engine": engine, "deliveries": each.size, "ms": took * 1000, "per_second": 1 / took}
                rows.append(row | {"ratio": took / base, "filled_in_s": each.filled_in})
                each.ledger.close()
    return rows
