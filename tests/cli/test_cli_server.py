"""A server that the ledger cannot be on: one sentence with the mend, exit code 2, and the password is never shown."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest

from tests.cli.running import Handbill
from tests.real.postgres.pool import Pool
from tests.real.postgres.server import RealPostgres

SETTINGS = {
    "HANDBILL_SOURCES": "http://127.0.0.1:1/feed",
    "HANDBILL_TELEGRAM__TOKEN": "123456:AAEhBP0av28hunter2hunter2hunter2",
    "HANDBILL_TELEGRAM__CHAT": "@herald",
    "HANDBILL_TELEGRAM__API_BASE": "http://127.0.0.1:1/bot",
}
RIGHTS = "see that user and password in HANDBILL_DATABASE_URL are right."
MISTYPED = "hunter2/with:strange@signs"


def refused(url: str, *secrets: str) -> str:
    """What a start on this ledger says, which is one sentence to stderr without a secret; `check` says the same."""
    handbill = Handbill({**SETTINGS, "HANDBILL_DATABASE_URL": url})
    answer = handbill("once")
    assert (2, "") == (answer.code, answer.out)
    assert 1 == answer.err.count("\n")
    checked = next(line for line in handbill("check").lines if "ledger:" in line)
    assert answer.err.strip() in checked
    for secret in secrets:
        assert secret not in answer.err + checked
    return answer.err.strip()


def test_a_wrong_password(postgres: RealPostgres) -> None:
    """Nor is the right one for this user known here, or anything else told."""
    said = refused(postgres.url("postgres", password=quote(MISTYPED, safe="")), MISTYPED, quote(MISTYPED, safe=""))
    assert "password authentication failed" in said
    assert said.endswith(RIGHTS)


def test_an_unknown_user(postgres: RealPostgres) -> None:
    """The server does not say which of the two is wrong."""
    assert refused(postgres.url("postgres", user="somebody"), postgres.password).endswith(RIGHTS)


def test_an_unknown_database(postgres: RealPostgres) -> None:
    """It is not made by us: whose it is to be, its keeper says."""
    said = refused(postgres.url("nowhere"), postgres.password)
    assert 'database "nowhere" does not exist' in said
    assert said.endswith("make the database, owned by this user, or name another in HANDBILL_DATABASE_URL.")


def test_a_server_that_is_not_there(postgres: RealPostgres) -> None:
    """Nobody listens at that port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    said = refused(postgres.url("x").replace(f":{postgres.port}/", f":{port}/"), postgres.password)
    assert "Connection refused" in said
    assert said.endswith("see that the server runs and that host and port in HANDBILL_DATABASE_URL are right.")


def test_a_server_that_is_too_old(postgres: RealPostgres, new_database: str) -> None:
    """The version is what the server greets with."""
    with Pool(new_database, 2, mode="session", version="11.22") as pool:
        said = refused(pool.url, postgres.password)
    assert said.endswith(
        "is on PostgreSQL 11, and 12 is needed: bring the server up to date, or name another in HANDBILL_DATABASE_URL."
    )


def test_a_database_that_changes_sessions(postgres: RealPostgres, new_database: str) -> None:
    """A start says it and makes nothing."""
    with Pool(new_database, 2) as pool:
        assert "set pool_mode=session in the pool (PgBouncer)" in refused(pool.url, postgres.password)


@pytest.fixture
def theirs(postgres: RealPostgres) -> Iterator[str]:
    """The address of an empty database in which the user may make nothing."""
    postgres.admin("CREATE DATABASE theirs TEMPLATE template1 STRATEGY file_copy")
    yield postgres.url("theirs")
    postgres.drop_database("theirs")


def test_a_user_who_may_make_no_table(postgres: RealPostgres, theirs: str) -> None:
    """What the schema's owner has to say to mend it stands in the sentence, and does mend it."""
    said = refused(theirs, postgres.password)
    grant = "GRANT CREATE ON SCHEMA public TO handbill"
    assert said.endswith(f"{grant}, or name a database that it owns in HANDBILL_DATABASE_URL.")
    postgres.admin(grant, database="theirs")
    answer = Handbill({**SETTINGS, "HANDBILL_DATABASE_URL": theirs})("check")
    assert any(line.startswith("✓ ledger:") and "makes the ledger there" in line for line in answer.lines)


def test_a_user_who_may_not_even_look(postgres: RealPostgres, theirs: str) -> None:
    """Without a schema that it may use, a user has nowhere to make a table."""
    postgres.admin("REVOKE USAGE ON SCHEMA public FROM PUBLIC", database="theirs")
    assert "may not make tables in any schema of its search_path" in refused(theirs, postgres.password)


def test_encryption_that_the_server_does_not_have(postgres: RealPostgres, new_database: str) -> None:
    """The settings ask for it."""
    said = refused(f"{new_database}?sslmode=require", postgres.password)
    assert "server does not support SSL, but SSL was required" in said
    assert said.endswith("see sslmode in HANDBILL_DATABASE_URL, and what the server's pg_hba.conf asks for.")


@contextmanager
def rule(postgres: RealPostgres, line: str) -> Iterator[None]:
    """Let a line of pg_hba.conf come before the others."""
    path = postgres.data / "pg_hba.conf"
    before = path.read_text()
    _reload(postgres, f"{line}\n{before}")
    yield
    _reload(postgres, before)


def _reload(postgres: RealPostgres, rules: str) -> None:
    since = postgres.admin("SELECT pg_conf_load_time()")
    (postgres.data / "pg_hba.conf").write_text(rules)
    postgres.admin("SELECT pg_reload_conf()")
    while since == postgres.admin("SELECT pg_conf_load_time()"):
        pass


def test_encryption_that_the_server_asks_for(postgres: RealPostgres, new_database: str) -> None:
    """The server lets nobody in who does not encrypt."""
    name = new_database.rpartition("/")[2]
    with rule(postgres, f"host {name} all all reject"):
        said = refused(f"{new_database}?sslmode=disable", postgres.password)
    assert said.endswith(
        "say sslmode=require in HANDBILL_DATABASE_URL, or let this machine in by the server's pg_hba.conf."
    )
