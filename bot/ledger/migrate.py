"""Bring a ledger to this program's version: look with one plain query, migrate only when behind, in a child process.

Alembic costs 35 MB and half a second, so the daemon never imports it: the child does, under a lock, and after a copy
where the ledger is a file. On a server copies are its keeper's business, and a migration happens whole or not at all.
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

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from bot.ledger.address import database_path, on_server, shown
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.postgres import MIGRATION, PER_TRANSACTION, take_turn
from bot.ledger.refusals import check_room, check_server, mend
from bot.ledger.trouble import LedgerError, said
from bot.ledger.version import APPLICATION_ID, HEAD, KNOWN, find_version

SCRIPTS = Path(__file__).parent / "migrations"

DEADLOCK = "40P01"
UPGRADE_TRIES = 10
"""Each ends a second after two have met; transactions of workers are far shorter."""


def ensure_ledger(url: str) -> str | None:
    """Make sure that the ledger at `url` exists and has this program's version; returns what was done, if anything.

    Raises LedgerError for a ledger of a newer program, a database that is not Handbill's, or one that cannot be opened.
    """
    version = look(url, to_work=True)
    if version == HEAD:
        return None
    if version is not None and version not in KNOWN:
        raise LedgerError(
            f"The ledger {shown(url)} was written by a newer Handbill (version {version}; this one knows {HEAD}): "
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
        raise LedgerError(f"The ledger {shown(url)} could not be brought to version {HEAD}: {last}")
    return child.stdout.strip() or None


def look(url: str, *, to_work: bool = False) -> str | None:
    """The version of the ledger at `url`; None where there is none yet, of which nothing is made by looking.

    `to_work`: see as well that a server would do. Raises LedgerError for a database that is not Handbill's, that cannot
    be opened, or that would not do.
    """
    path = database_path(url)
    if path is not None and path.parent.is_dir() and not path.exists():
        return None

    def find(conn: Connection) -> str | None:
        version = find_version(conn)
        if version is None and to_work and on_server(url):
            check_room(conn, url)
        return version

    ledger = InlineLedger(open_engine(url, as_it_is=True))
    try:
        if to_work and on_server(url):
            check_server(ledger.engine, url)
        return ledger.read_now(find)
    except LookupError as error:
        other = "database" if on_server(url) else "file"
        raise LedgerError(
            f"{shown(url)} is not a Handbill ledger ({error}): name another {other} in HANDBILL_DATABASE_URL."
        ) from error
    except DBAPIError as error:
        why = said(error)
        raise LedgerError(f"The ledger {shown(url)} cannot be opened ({why}): {mend(url, why)}") from error
    finally:
        ledger.close()


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
    path = database_path(url)
    how = ", in one transaction and without a copy"
    with _one_at_a_time(path), closing(InlineLedger(open_engine(url))) as ledger:
        if path is not None:
            version, how = ledger.read_now(find_version), ""
            if version is not None and version != head:
                how = f"; it was copied to {_copy(path, version, head)} before"
        version = _upgrade_among_workers(ledger, scripts, head)
    return "" if version in {None, head} else f"The ledger was brought from version {version} to {head}{how}."


def _upgrade_among_workers(ledger: InlineLedger, scripts: Path, head: str) -> str | None:
    """`_upgrade`, as often as a worker came the other way through the tables, for which the server ends one of them."""
    for _ in range(UPGRADE_TRIES - 1):
        try:
            return ledger.write_now(lambda conn: _upgrade(conn, scripts, head))
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != DEADLOCK:
                raise
    return ledger.write_now(lambda conn: _upgrade(conn, scripts, head))


def _upgrade(conn: Connection, scripts: Path, head: str) -> str | None:
    """Run the migrations in this one transaction; the version that the ledger had, None if it was empty."""
    from alembic import command  # noqa: PLC0415 # see the module's docstring
    from alembic.config import Config  # noqa: PLC0415

    on_file = conn.dialect.name == "sqlite"
    if not on_file:
        conn.exec_driver_sql(PER_TRANSACTION)
    take_turn(conn, MIGRATION)
    version = find_version(conn)
    if version == head:
        return version
    if not on_file:
        _check_encoding(conn)
    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.attributes["connection"] = conn
    command.upgrade(config, "head")
    if on_file:
        conn.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    return version


def _check_encoding(conn: Connection) -> None:
    encoding = conn.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise LedgerError(f"the database is in {encoding}, which cannot hold every text: make it with ENCODING 'UTF8'")


def _main() -> None:
    try:
        print(migrate(os.environ["HANDBILL_DATABASE_URL"]))  # noqa: T201 # the parent reads it
    except LedgerError as error:
        sys.exit(str(error))
    except DBAPIError as error:
        sys.exit(said(error))


if __name__ == "__main__":
    _main()
