"""A consistent copy of an SQLite ledger beside whoever works on it, and such a copy put in its place again."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.doubts import doubt_all
from bot.ledger.migrate import ensure_ledger, look
from bot.ledger.pauses import Stops, read_stops, write_stops
from bot.ledger.trouble import LedgerError
from bot.ledger.version import HEAD, KNOWN

Progress = Callable[[int, int], None]
"""Is told how many pages are still to be copied, and of how many."""

PAGES_AT_ONCE = 512
"""2 MB: between two steps whoever waits for the disk has its turn."""
_BESIDE = ("-wal", "-shm")
"""What SQLite keeps beside a file, by its name: https://www.sqlite.org/walformat.html"""


def back_up(ledger: Path, target: Path, on_progress: Progress) -> None:
    """Copy `ledger` to the new file `target`, which only we can read, and check the copy. Raises LedgerError."""
    with _new_private_file(target):
        _copy(ledger, target, on_progress)
        _check(target)
        _sync(target)


@contextmanager
def _new_private_file(target: Path) -> Iterator[None]:
    """Make it, and take it away again if what was to become of it fails."""
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise LedgerError(f"{target} is there already, and is not overwritten: name another file.") from None
    except OSError as error:
        raise LedgerError(f"{target} cannot be made ({error.strerror}): name a file in a folder of yours.") from error
    try:
        yield
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _copy(ledger: Path, target: Path, on_progress: Progress) -> None:
    """By SQLite's own means (https://www.sqlite.org/backup.html), in steps, from one moment's state: the transaction
    that is open meanwhile keeps what others commit out of the copy, and nobody waits for it."""
    try:
        with closing(_opened(ledger)) as source, closing(sqlite3.connect(target)) as copy:
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            source.backup(copy, pages=PAGES_AT_ONCE, progress=lambda _, left, pages: on_progress(left, pages))
            copy.execute("PRAGMA journal_mode = DELETE")  # one file is all there is to carry away
    except sqlite3.Error as error:
        raise LedgerError(f"{ledger} could not be copied to {target}: {error}.") from error


def _opened(ledger: Path) -> sqlite3.Connection:
    """A connection that makes no file where there is none."""
    return sqlite3.connect(f"{ledger.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=10.0)


def _check(path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn:
        try:
            ((said, *_), *_) = conn.execute("PRAGMA integrity_check(1)").fetchall()
        except sqlite3.DatabaseError as error:
            said = str(error)
    if said != "ok":
        raise LedgerError(f"{path} is damaged ({said}), and is of no use as a ledger.")


def _sync(path: Path) -> None:
    for name in (path, path.absolute().parent):
        fd = os.open(name, os.O_RDONLY)
        os.fsync(fd)
        os.close(fd)


# ── back again ────────────────────────────────────────────────────────────────────────────────────────────────────


def check_backup(backup: Path) -> str:
    """The version of a backup that this program can restore. Raises LedgerError."""
    if not backup.is_file():
        raise LedgerError(f"There is no file {backup}.")
    version = look(f"sqlite:///{backup}")
    if version is None:
        raise LedgerError(f"{backup} is an empty database, not a Handbill ledger.")
    if version not in KNOWN:
        raise LedgerError(
            f"{backup} was written by a newer Handbill (version {version}; this one knows {HEAD}): use that release."
        )
    _check(backup)
    return version


def restore(backup: Path, ledger: Path, on_progress: Progress, *, now: datetime) -> Path | None:
    """Put a copy of `backup`, brought to this program's version and marked as restored, in the place of `ledger`.

    The caller keeps every sender away. Returns where the ledger that was there is kept, None: there was none. Raises
    LedgerError, and then nothing has changed.
    """
    check_backup(backup)
    if ledger.exists() and backup.samefile(ledger):
        raise LedgerError(f"{backup} is the present ledger itself: name a copy that `handbill backup` has made.")
    fresh = ledger.with_name(f"{ledger.name}.restoring")
    fresh.unlink(missing_ok=True)
    with _new_private_file(fresh):
        _copy(backup, fresh, on_progress)
        _bring_up(fresh)
        _mark(fresh, ledger, backup, now)
        if ledger.exists():
            fresh.chmod(ledger.stat().st_mode & 0o777)
        _sync(fresh)
        kept = _set_aside(ledger, now) if ledger.exists() else None
        fresh.replace(ledger)
    _sync(ledger)
    return kept


def _bring_up(fresh: Path) -> None:
    ensure_ledger(f"sqlite:///{fresh}")
    for copy in fresh.parent.glob(f"{fresh.name}.before-*"):  # the backup itself is the copy
        copy.unlink()
    for beside in fresh.parent.glob(f"{fresh.name}.migrating"):
        beside.unlink()


def _mark(fresh: Path, ledger: Path, backup: Path, now: datetime) -> None:
    with closing(InlineLedger(open_engine(f"sqlite:///{fresh}"))) as book:
        stops = _find_stops(ledger) if ledger.exists() else None
        book.write_now(lambda conn: doubt_all(conn, f"it was restored from {backup.name}", now=now))
        if stops is not None:
            book.write_now(partial(write_stops, stops=stops, now=now))
    with closing(sqlite3.connect(fresh)) as conn:
        conn.execute("PRAGMA journal_mode = DELETE")


def _find_stops(ledger: Path) -> Stops | None:
    """What a person has paused by now; None: a ledger that cannot be read any more says nothing."""
    with suppress(LedgerError):
        if look(f"sqlite:///{ledger}") == HEAD:
            with closing(InlineLedger(open_engine(f"sqlite:///{ledger}"))) as book:
                return book.read_now(read_stops)
    return None


def _set_aside(ledger: Path, now: datetime) -> Path:
    """Keep the present ledger, with what SQLite keeps beside it, under a name of its own. It stays in its place as well
    until it is replaced, so that no moment is without a ledger."""
    kept = ledger.with_name(f"{ledger.name}.replaced-{now:%Y-%m-%dT%H-%M-%SZ}")
    # A damaged one is kept as it is.
    with suppress(sqlite3.DatabaseError), closing(_opened(ledger)) as conn:
        _close_log(conn, ledger)
    os.link(ledger, kept)
    for suffix in _BESIDE:  # of a damaged one; beside the new file, an old log would be taken for a part of it
        with suppress(FileNotFoundError):
            Path(f"{ledger}{suffix}").rename(f"{kept}{suffix}")
    return kept


def _close_log(conn: sqlite3.Connection, ledger: Path) -> None:
    """Fold the log in. This goes through only where nobody else has the file open, who would write by its name later:
    https://www.sqlite.org/howtocorrupt.html#unlinking_or_renaming_a_database_file_while_in_use"""
    try:
        conn.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise LedgerError(f"Another program has {ledger} open: end it, then restore again.") from error
        raise
