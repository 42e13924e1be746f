"""A ledger is migrated while workers of the release before are at it: nothing of theirs is taken away or changed."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Connection, Inspector, inspect

from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.migrate import migrate
from bot.ledger.version import HEAD, KNOWN
from tests.ledger.old_ledgers import empty, of_release_before, recorded, say_again, scripts_until, unused
from tests.real.postgres.server import RealPostgres

__all__ = ["empty", "of_release_before", "unused"]

ROOT = Path(__file__).parents[2]
START = """
import sys
import alembic.command
from bot.ledger.migrate import migrate
print("ready", flush=True)
sys.stdin.readline()
print(migrate(sys.argv[1]))
"""


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.75])
def test_workers_of_the_release_before_go_on(of_release_before: str, share: float) -> None:
    """Over one open connection it says all that it ever says, the ledger being migrated at the start or in between:
    every answer is what it was on its own version."""
    ledger = InlineLedger(open_engine(of_release_before))
    transactions = recorded(ledger.engine.dialect.name)
    at = int(len(transactions) * share)
    for number, transaction in enumerate(transactions):
        if number == at:
            assert migrate(of_release_before).startswith(f"The ledger was brought from version {KNOWN[0]} to {HEAD}")

        def work(conn: Connection, transaction: Any = transaction) -> list[Any]:
            return say_again(conn, transaction)

        assert [gives for _, _, gives in transaction] == ledger.write_now(work)
    ledger.close()


@pytest.mark.parametrize("empty", ["postgresql"], indirect=True)
def test_a_migration_that_runs_into_a_worker_is_made_again(of_release_before: str, postgres: RealPostgres) -> None:
    """A worker has written an article and goes on to its deliveries while the migration comes the other way: the server
    ends the migration for it, the worker has its way, and the migration succeeds after it."""
    name = of_release_before.rpartition("/")[2]
    postgres.admin(f"ALTER DATABASE {name} SET deadlock_timeout = '50ms'")
    ledger = InlineLedger(open_engine(of_release_before))
    transactions = recorded("postgresql")
    said: list[str] = []
    migrating = Thread(target=lambda: said.append(migrate(of_release_before)))

    def wait_for_migration(conn: Connection) -> None:
        migrating.start()
        waiting = f"SELECT 1 FROM pg_stat_activity WHERE datname = '{name}' AND wait_event_type = 'Lock'"
        while not postgres.admin(waiting):
            assert migrating.is_alive()

    def work(conn: Connection) -> None:
        for transaction in transactions[:2]:
            say_again(conn, transaction)
        conn.commit()
        conn.exec_driver_sql("UPDATE articles SET title = title")
        wait_for_migration(conn)
        assert 2 == conn.exec_driver_sql("UPDATE deliveries SET reason = reason").rowcount

    with ledger.writing.connect() as conn:
        work(conn)
        conn.commit()
    migrating.join()
    ledger.close()
    assert said[0].startswith(f"The ledger was brought from version {KNOWN[0]} to {HEAD}")


def test_migrations_only_add(empty: str, tmp_path: Path) -> None:
    """From each version to the next every column stays as it was, nothing is required that was not, nothing becomes
    unique; a new column of an old table may be left out by those who do not know it."""
    before: dict[str, Any] = {}
    for version in KNOWN:
        migrate(empty, scripts=scripts_until(version, tmp_path), head=version)
        after = _shape(empty)
        for table, was in before.items():
            assert set() == _missed(was, after[table]), f"{version}, {table}"
        before = after
    assert before


def _missed(was: Mapping[str, Any], now: Mapping[str, Any]) -> set[str]:
    """What somebody who knows a table as it was would run into."""
    columns, known = now["columns"], was["columns"]
    changed = {name for name, column in known.items() if columns.get(name) != column}
    required = {name for name, (_, null, default) in columns.items() if name not in known and not null and not default}
    rules = {str(rule) for rule in now["rules"] ^ was["rules"]}
    return changed | required | rules | {str(index) for index in was["indexes"] - now["indexes"]}


def _shape(url: str) -> dict[str, Any]:
    """Of every table: its columns, what it demands of its rows, and what makes reading fast."""
    ledger = InlineLedger(open_engine(url))
    found = ledger.read_now(lambda conn: _tables(inspect(conn)))
    ledger.close()
    return found


def _tables(look: Inspector) -> dict[str, Any]:
    tables = {}
    for name in look.get_table_names():
        indexes = {(str(each["name"]), tuple(each["column_names"]), each["unique"]) for each in look.get_indexes(name)}
        keys = {("foreign", *each["constrained_columns"]) for each in look.get_foreign_keys(name)}
        unique = {("unique", *each["column_names"]) for each in look.get_unique_constraints(name)}
        checks = {("check", each["sqltext"]) for each in look.get_check_constraints(name)}
        tables[name] = {
            "columns": {
                each["name"]: (str(each["type"]), each["nullable"], each["default"]) for each in look.get_columns(name)
            },
            "rules": keys | unique | checks | {index for index in indexes if index[2]},
            "indexes": {index for index in indexes if not index[2]},
        }
    return tables


def test_the_test_of_migrations_sees_what_takes_away() -> None:
    """A column that is dropped, narrowed or required, a new rule and a dropped index would each be found."""
    columns = {"a": ("TEXT", True, None), "b": ("TEXT", False, None)}
    was = {"columns": columns, "rules": {("unique", "a")}, "indexes": {("ix", ("a",), 0)}}
    assert set() == _missed(was, was | {"columns": columns | {"c": ("TEXT", True, None), "d": ("TEXT", False, "0")}})
    assert {"b"} == _missed(was, was | {"columns": {"a": columns["a"]}})
    assert {"a"} == _missed(was, was | {"columns": columns | {"a": ("VARCHAR(9)", True, None)}})
    assert {"c"} == _missed(was, was | {"columns": columns | {"c": ("TEXT", False, None)}})
    assert {"('unique', 'b')"} == _missed(was, was | {"rules": {("unique", "a"), ("unique", "b")}})
    assert {"('ix', ('a',), 0)"} == _missed(was, was | {"indexes": set()})


@pytest.mark.slow
def test_two_workers_that_start_at_once_migrate_an_old_ledger_once(of_release_before: str) -> None:
    """One brings it to the present version, the other waits and finds nothing left to do."""
    command = [sys.executable, "-c", START, of_release_before]
    both = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    for each in both:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in both:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    said = sorted(each.communicate()[0] for each in both)
    assert [0, 0] == [each.returncode for each in both]
    assert "\n" == said[0]
    assert said[1].startswith(f"The ledger was brought from version {KNOWN[0]} to {HEAD}")
