"""Bring a ledger to this program's version: look with one plain query, migrate only when behind, in a child process.

Alembic costs 35 MB and half a second, so the daemon never imports it: the child does, under a lock, after a copy.
"""

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import DatabaseError

from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.version import APPLICATION_ID, HEAD, KNOWN, find_version

SCRIPTS = Path(__file__).parent / "migrations"


class LedgerError(Exception):
    """The ledger cannot be used; one sentence and the mend."""


def ensure_ledger(url: str) -> str | None:
    """Make sure that the ledger at `url` exists and has this program's version; returns what was done, if anything.

    Raises LedgerError for a ledger of a newer program, a database that is not Handbill's, or one that cannot be opened.
    """
    version = look(url)
    if version == HEAD:
        return None
    if version is not None and version not in KNOWN:
        raise LedgerError(
            f"The ledger {_name(url)} was written by a newer Handbill (version {version}; this one knows {HEAD}): "
            "use that release, or restore an older copy of the ledger."
        )
    # The address goes through the environment: an argument would show a password to every user of the machine.
    child = subprocess.run(
        [sys.executable, "-m", "bot.ledger.migrate"],
        env={**os.environ, "HANDBILL_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    if child.returncode != 0:
        last = (child.stderr.strip().splitlines() or ["no message"])[-1]
        raise LedgerError(f"The ledger {_name(url)} could not be brought to version {HEAD}: {last}")
    return child.stdout.strip() or None


def look(url: str) -> str | None:
    """The version of the ledger at `url`, None for an empty database; it is left as it is. Raises LedgerError."""
    ledger = InlineLedger(open_engine(url, as_it_is=True))
    try:
        return ledger.read_now(find_version)
    except LookupError as error:
        raise LedgerError(
            f"{_name(url)} is not a Handbill ledger ({error}): name another file in HANDBILL_DATABASE_URL."
        ) from error
    except DatabaseError as error:
        raise LedgerError(
            f"The ledger {_name(url)} cannot be opened ({error.orig}): see that its folder exists and may be written, "
            "or name another in HANDBILL_DATABASE_URL."
        ) from error
    finally:
        ledger.close()


def _name(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)


def database_path(url: str) -> Path | None:
    """The file of an SQLite ledger; None for one in memory or on a server."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database)


@contextmanager
def _one_at_a_time(path: Path | None) -> Iterator[None]:
    """Two programs that start together on one old ledger: the second waits, then finds nothing left to do."""
    if path is None:
        yield
        return
    with path.with_name(f"{path.name}.migrating").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _copy(path: Path, version: str, head: str) -> Path:
    """A consistent copy of an SQLite ledger beside it (https://www.sqlite.org/backup.html), as private as it is."""
    target = path.with_name(f"{path.name}.before-{head}-was-{version}")
    target.touch()
    shutil.copymode(path, target)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    return target


def migrate(url: str, *, scripts: Path = SCRIPTS, head: str = HEAD) -> str:
    """Run in the child: bring the ledger to `head` by the migrations in `scripts`, and say what was done."""
    from alembic import command  # noqa: PLC0415 # see the module's docstring
    from alembic.config import Config  # noqa: PLC0415

    path = database_path(url)
    said = ""
    with _one_at_a_time(path), closing(InlineLedger(open_engine(url))) as ledger:
        version = ledger.read_now(find_version)
        if version == head:
            return said
        if version is not None and path is not None:
            copy = _copy(path, version, head)
            said = f"The ledger was copied to {copy} and brought from version {version} to {head}."
        config = Config()
        config.set_main_option("script_location", str(scripts))

        with ledger.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as conn:
            config.attributes["connection"] = conn
            command.upgrade(config, "head")
            if conn.dialect.name == "sqlite":
                conn.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    return said


if __name__ == "__main__":
    print(migrate(os.environ["HANDBILL_DATABASE_URL"]))  # noqa: T201 # the parent reads it
