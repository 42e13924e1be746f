"""One sender at a time on an SQLite ledger: a lock on a file beside it, held for life."""

import fcntl
import json
import os
import socket
from datetime import datetime
from pathlib import Path

from bot.doors import Holder
from bot.ledger.trouble import LedgerError


class FileLock:
    """`flock` on LEDGER.sender: the kernel lets go when the process dies, however it dies.

    The lock is on a file of its own because SQLite's own locks on the ledger would be dropped by any close of a second
    descriptor (https://www.sqlite.org/howtocorrupt.html#posix_advisory_locks_canceled_by_a_separate_thread_doing_close).
    """

    def __init__(self, ledger: Path, *, command: str, now: datetime) -> None:
        self._path = ledger.with_name(f"{ledger.name}.sender")
        self._holder = Holder(os.getpid(), socket.gethostname(), command, now)
        self._fd: int | None = None

    def acquire(self) -> Holder | None:
        """Take the lock. None: it is ours; otherwise who holds it. Raises LedgerError where no lock can be made."""
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise LedgerError(
                f"The lock beside the ledger, {self._path}, cannot be opened ({error.strerror}): see that its folder "
                "exists and may be written, or name another ledger in HANDBILL_DATABASE_URL."
            ) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read(fd)
            os.close(fd)
            return holder
        os.ftruncate(fd, 0)
        os.pwrite(fd, _write(self._holder), 0)
        self._fd = fd
        return None

    def release(self) -> None:
        """Let it go."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _write(holder: Holder) -> bytes:
    return json.dumps(
        {"pid": holder.pid, "host": holder.host, "command": holder.command, "since": holder.since.isoformat()}
    ).encode()


def _read(fd: int) -> Holder:
    try:
        said = json.loads(os.pread(fd, 4096, 0))
        return Holder(said["pid"], said["host"], said["command"], datetime.fromisoformat(said["since"]))
    except (ValueError, KeyError):
        # The holder has taken the lock but not yet written who it is.
        return Holder(0, "this machine", "a sender that is just starting", datetime.fromtimestamp(0).astimezone())
