"""One suite for every door that keeps two processes apart: the lock beside a file, PostgreSQL's session locks, and the
simulation's, on which thousands of simulated lives rest."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy import func, make_url, select, text

from bot.clock import SystemClock
from bot.doors import Lease, LeaseLost, LedgerDoor
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.leases import SessionLeases
from tests.simulation.ledger import Locks, SimLedger
from tests.simulation.process import Fuse, Process

ROOT = Path(__file__).parents[2]
HOLD = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from bot.sender import FileLock
locks = {}
for line in sys.stdin:
    verb, name = line.split()
    if verb == "take":
        lock = FileLock(Path(sys.argv[1]) / name, command="handbill run", now=datetime(2026, 11, 23, 9, tzinfo=UTC))
        taken = lock.acquire() is None
        if taken:
            locks[name] = lock
        print("yes" if taken else "no", flush=True)
    else:
        locks.pop(name).release()
        print("given", flush=True)
"""


class Contender(Protocol):
    """A process that wants what others want."""

    def take(self, name: str) -> bool:
        """Whether it has it now; never waits."""

    def give_back(self, name: str) -> None:
        """Let it go."""

    def die(self) -> None:
        """Without a word."""


class FileContender:
    """A real process, with real locks beside files."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        command = [sys.executable, "-c", HOLD, str(folder)]
        self._child = stack.enter_context(
            subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
        stack.callback(self._child.kill)

    def take(self, name: str) -> bool:
        return self._ask(f"take {name}") == "yes"

    def give_back(self, name: str) -> None:
        assert self._ask(f"give {name}") == "given"

    def die(self) -> None:
        self._child.kill()
        self._child.wait()

    def _ask(self, line: str) -> str:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(f"{line}\n")
        self._child.stdin.flush()
        return self._child.stdout.readline().strip()


class SessionContender:
    """The real leases, over a session with a ledger that is shared."""

    def __init__(self, ledger: LedgerDoor, die: Callable[[], None]) -> None:
        self.ledger = ledger
        self.die = die
        self.held: dict[str, Lease] = {}
        self._leases = SessionLeases(ledger, SystemClock(), fair_ones=9)

    def take(self, name: str) -> bool:
        lease = asyncio.run(self._leases.take(name))
        if lease is not None:
            self.held[name] = lease
        return lease is not None

    def give_back(self, name: str) -> None:
        asyncio.run(self._leases.give_back(self.held.pop(name)))


def _on_postgres(url: str, stack: ExitStack) -> SessionContender:
    book = stack.enter_context(closing(InlineLedger(open_engine(url))))
    pid = book.read_now(lambda conn: conn.execute(select(func.pg_backend_pid())).scalar_one())

    def die() -> None:
        """Its server process is ended, as with a connection that is gone."""
        with closing(InlineLedger(open_engine(url))) as other:
            other.write_now(lambda conn: conn.execute(select(func.pg_terminate_backend(pid, 10_000))))

    return SessionContender(book, die)


def _simulated(url: str, locks: Locks, stack: ExitStack) -> SessionContender:
    book = SimLedger(Path(make_url(url).database or ""), Process("contender", _nothing), locks, lambda: None)
    stack.callback(book.close)
    return SessionContender(book, book.lose)


def _nothing(_process: Process, _fuse: Fuse) -> None:
    """No fuse is planted."""


@pytest.fixture(params=["file", "postgresql", "simulated"])
def contender(request: pytest.FixtureRequest, tmp_path: Path, new_ledger: Path) -> Iterator[Callable[[], Contender]]:
    """Makes a process that contends, by one door."""
    locks, url = Locks(), f"sqlite:///{tmp_path / 'ledger.db'}"
    (tmp_path / "ledger.db").write_bytes(new_ledger.read_bytes())
    server = request.getfixturevalue("new_database") if request.param == "postgresql" else ""
    with ExitStack() as stack:
        doors: dict[str, Callable[[], Contender]] = {
            "file": lambda: FileContender(tmp_path, stack),
            "postgresql": lambda: _on_postgres(server, stack),
            "simulated": lambda: _simulated(url, locks, stack),
        }
        yield doors[request.param]


def test_one_has_it_and_the_others_are_told_at_once(contender: Callable[[], Contender]) -> None:
    """Whoever comes first has it; the others do not wait."""
    first, second, third = contender(), contender(), contender()
    assert [True, False, False] == [each.take("news") for each in (first, second, third)]


def test_what_is_given_back_is_free(contender: Callable[[], Contender]) -> None:
    """Given back, it is had by whoever takes it next, and then no longer by the one who gave it."""
    first, second = contender(), contender()
    assert first.take("news")
    first.give_back("news")
    assert [True, False] == [second.take("news"), first.take("news")]


def test_what_the_dead_had_is_free(contender: Callable[[], Contender]) -> None:
    """A process that dies without a word leaves nothing locked, and nothing to be cleaned up."""
    first, second = contender(), contender()
    assert first.take("news")
    assert first.take("sport")
    first.die()
    assert [True, True] == [second.take("news"), second.take("sport")]


def test_names_have_nothing_to_do_with_each_other(contender: Callable[[], Contender]) -> None:
    """Two processes may have two things at once."""
    first, second = contender(), contender()
    assert [True, True] == [first.take("news"), second.take("sport")]
    assert [False, False] == [first.take("sport"), second.take("news")]


@pytest.mark.parametrize("contender", ["postgresql", "simulated"], indirect=True)
def test_who_has_lost_a_session_writes_nothing_under_it(contender: Callable[[], SessionContender]) -> None:
    """With the session the lease is gone: what is written under it is refused, in the new session as well, even where
    nobody else has taken it meanwhile. A file's lock has no such case: it goes with the process alone."""
    first = contender()
    assert first.take("news")
    lease = first.held["news"]
    assert 1 == _write(first.ledger, lease)
    first.die()
    for _ in range(3):  # the first tries find out that the session is gone
        with pytest.raises(Exception, match=r"terminat|closed|gone"):
            _write(first.ledger, lease)
    with pytest.raises(LeaseLost):
        _write(first.ledger, lease)
    assert first.take("news")
    assert 1 == _write(first.ledger, first.held["news"])


def _write(ledger: LedgerDoor, lease: Lease) -> int:
    return asyncio.run(ledger.write(lambda conn: int(conn.execute(text("SELECT 1")).scalar_one()), lease=lease))
