"""A ledger that others use too: locks are waited for, cancelled work is whole, a full disk takes nothing in half."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, func, insert, select
from sqlalchemy.exc import DBAPIError, OperationalError

from bot.ledger.db import InlineLedger, ThreadLedger, open_engine
from bot.ledger.schema import articles, sources
from tests.ledger.entries import NOW, SOURCE, channel, entry, feed, look, planned

ROOT = Path(__file__).parents[2]
HOLD = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1], isolation_level=None)
conn.execute("BEGIN EXCLUSIVE")
conn.execute("INSERT INTO sources (identity, name, url, next_poll_at) VALUES ('theirs', 'n', 'u', '')")
print("held", flush=True)
sys.stdin.readline()
conn.execute("COMMIT")
print("gone", flush=True)
"""


OPEN_TOGETHER = """
import multiprocessing, sys
from pathlib import Path
from bot.ledger.db import InlineLedger, open_engine

def work(folder, barrier):
    for number in range(100):
        ledger = InlineLedger(open_engine(f"sqlite:///{folder}/{number}.db"))
        barrier.wait(20)
        ledger.write_now(lambda conn: conn.exec_driver_sql("CREATE TABLE IF NOT EXISTS t (x)"))
        ledger.close()

context = multiprocessing.get_context("fork")
barrier = context.Barrier(4)
children = [context.Process(target=work, args=(sys.argv[1], barrier)) for _ in range(4)]
for child in children:
    child.start()
for child in children:
    child.join()
print([child.exitcode for child in children])
"""


@contextmanager
def locked(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another program in the middle of an exclusive transaction; a line on its input lets it commit."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        try:
            yield child
        finally:
            child.kill()


def let_go(child: subprocess.Popen[str]) -> None:
    """Let the other program commit."""
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


def add_source(name: str, conn: Connection) -> list[str]:
    """Add a source; which there were before it."""
    before = list(conn.execute(select(sources.c.identity)).scalars())
    conn.execute(insert(sources).values(identity=name, name=name, url="u", next_poll_at=NOW))
    return before


async def test_a_writer_waits_for_another_program(path: Path) -> None:
    """While another program holds the lock the loop is free; then the work goes on, on top of what that one wrote."""
    ledger = ThreadLedger(open_engine(f"sqlite:///{path}"))
    with locked(path) as child:
        writing = asyncio.create_task(ledger.write(lambda conn: add_source("ours", conn)))
        await asyncio.sleep(0)
        assert not writing.done()
        let_go(child)
        assert await writing == ["theirs"]
    ledger.close()


def test_programs_that_open_a_new_file_together_all_can(tmp_path: Path) -> None:
    """Four processes meet at a hundred files that nobody has opened before: none is told that they are locked."""
    command = [sys.executable, "-c", OPEN_TOGETHER, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[0, 0, 0, 0]\n", "")


def test_a_reader_waits_for_nobody(path: Path, ledger: InlineLedger) -> None:
    """`status` beside a writer sees what was committed last, at once."""
    planned(ledger)
    with locked(path):
        assert ledger.read_now(lambda conn: conn.execute(select(func.count()).select_from(articles)).scalar_one()) == 1


def test_a_writer_that_waited_in_vain_has_written_nothing(path: Path) -> None:
    """A lock that is not released in time is an error that the caller sees, and no half of a transaction."""
    engine = open_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", lambda conn, _: conn.execute("PRAGMA busy_timeout = 1"))
    ledger = InlineLedger(engine)
    with locked(path), pytest.raises(OperationalError, match="database is locked"):
        ledger.write_now(lambda conn: add_source("ours", conn))
    assert ledger.write_now(lambda conn: add_source("ours", conn)) == []
    ledger.close()


async def test_a_cancelled_task_does_not_take_its_work_back(path: Path) -> None:
    """Whoever asked is gone, before the work had even begun: it is done all the same, whole."""
    ledger = ThreadLedger(open_engine(f"sqlite:///{path}"))
    with locked(path) as child:
        first = asyncio.create_task(ledger.write(lambda conn: add_source("ours", conn)))
        second = asyncio.create_task(ledger.write(lambda conn: look(conn, feed(entry("1")), [channel(conn)])))
        await asyncio.sleep(0)
        for writing in (first, second):
            writing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await writing
        let_go(child)
        names = await ledger.read(lambda conn: list(conn.execute(select(sources.c.identity)).scalars()))
    assert {"theirs", "ours", SOURCE} == set(names)
    ledger.close()


def test_a_full_disk_takes_nothing_in_half(path: Path) -> None:
    """SQLite has no page left in the middle of a look: an error, and the ledger is as it was, and works on."""
    engine = open_engine(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as conn:
        pages = conn.execute("PRAGMA page_count").fetchone()[0]
    full = [True]
    event.listen(
        engine, "checkout", lambda conn, *_: conn.execute(f"PRAGMA max_page_count = {pages if full else 2**30}")
    )
    ledger = InlineLedger(engine)
    big = feed(*(entry(str(number), summary="words " * 2000) for number in range(40)))
    with pytest.raises(DBAPIError, match="database or disk is full"):
        ledger.write_now(lambda conn: look(conn, big, [channel(conn)]))
    assert ledger.read_now(lambda conn: conn.execute(select(func.count()).select_from(articles)).scalar_one()) == 0
    full.clear()
    assert len(ledger.write_now(lambda conn: look(conn, big, [channel(conn)])).new) == 40
    ledger.close()


def test_a_read_writes_nothing(ledger: InlineLedger) -> None:
    """Whatever is done in a read is taken back."""
    assert ledger.read_now(lambda conn: add_source("ours", conn)) == []
    assert ledger.read_now(lambda conn: add_source("ours", conn)) == []


def test_a_time_without_a_zone_is_refused(ledger: InlineLedger) -> None:
    """Only aware times reach the ledger: a naive one is a bug that must show."""
    with pytest.raises(Exception, match="a time without a zone reached the ledger"):
        ledger.write_now(
            lambda conn: conn.execute(
                insert(sources).values(identity="i", name="n", url="u", next_poll_at=NOW.replace(tzinfo=None))
            )
        )
