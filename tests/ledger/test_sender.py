"""One sender on a ledger: the lock names its holder and goes with the process, however that ends."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.doors import Holder
from bot.ledger.trouble import LedgerError
from bot.sender import FileLock

ROOT = Path(__file__).parents[2]
SINCE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOLD = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from bot.sender import FileLock
lock = FileLock(Path(sys.argv[1]), command="handbill run", now=datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
print("free" if lock.acquire() is None else "taken", flush=True)
sys.stdin.read()
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "free\n"
        try:
            yield child
        finally:
            child.kill()


def mine(path: Path) -> FileLock:
    """Our own lock on the same ledger."""
    return FileLock(path, command="handbill once", now=SINCE)


def test_a_second_sender_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    """The second process learns pid, host, command and since when; killed with SIGKILL, the first has let go."""
    path = tmp_path / "handbill.db"
    with holder(path) as child:
        assert mine(path).acquire() == Holder(child.pid, socket.gethostname(), "handbill run", SINCE)
        child.send_signal(signal.SIGKILL)
        child.wait()
        lock = mine(path)
        assert lock.acquire() is None
        lock.release()


def test_the_lock_can_be_taken_again_after_release(tmp_path: Path) -> None:
    """Released, it is free, and a shorter holder leaves nothing of a longer one behind."""
    path = tmp_path / "handbill.db"
    first = FileLock(path, command="handbill run " + "--long " * 40, now=SINCE)
    assert first.acquire() is None
    first.release()
    first.release()
    second = mine(path)
    assert second.acquire() is None
    assert mine(path).acquire() == Holder(os.getpid(), socket.gethostname(), "handbill once", SINCE)
    second.release()


def test_the_holder_may_not_have_said_who_it_is_yet(tmp_path: Path) -> None:
    """Between taking the lock and writing the name, a second sender still gets a sentence."""
    path = tmp_path / "handbill.db"
    lock = mine(path)
    assert lock.acquire() is None
    path.with_name("handbill.db.sender").write_text("")
    found = mine(path).acquire()
    assert found is not None
    assert found.command == "a sender that is just starting"
    lock.release()


def test_a_folder_that_is_missing_is_said_in_a_sentence(tmp_path: Path) -> None:
    """No traceback for a slip in the settings."""
    with pytest.raises(
        LedgerError, match=r"cannot be opened \(No such file or directory\): see that its folder exists"
    ):
        mine(tmp_path / "missing" / "handbill.db").acquire()
