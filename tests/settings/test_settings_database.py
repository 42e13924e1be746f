"""Where the ledger is kept: what an operator may write, and what of it is secret."""

from collections.abc import Callable

import pytest

from bot.settings import Settings

Load = Callable[..., Settings]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("sqlite:///handbill.db", "sqlite:///handbill.db"),
        ("postgresql://me:hush@db.example:5432/news", "postgresql://me:hush@db.example:5432/news"),
        ("postgres://me:hush@db.example/news", "postgresql://me:hush@db.example/news"),
        ("POSTGRESQL+psycopg://me:hush@[::1]:5432/news", "postgresql://me:hush@[::1]:5432/news"),
        ("postgresql://db/news?sslmode=verify-full", "postgresql://db/news?sslmode=verify-full"),
        ("postgresql:///news?host=/run/postgresql", "postgresql:///news?host=/run/postgresql"),
        ("postgresql://?service=news", "postgresql://?service=news"),
    ],
)
def test_the_address_of_the_ledger(load: Load, written: str, read: str) -> None:
    """A file or a database, with whatever way of connecting it needs; every spelling comes to one."""
    assert load(HANDBILL_DATABASE_URL=written).database_url == read


@pytest.mark.parametrize("password", ["open-sesame", "open%40sesame%2F1", "12345678"])
def test_the_password_is_a_secret(load: Load, password: str) -> None:
    """It is masked wherever it turns up, as it is written and as it is meant."""
    settings = load(HANDBILL_DATABASE_URL=f"postgresql://me:{password}@db.example:5432/news")
    meant = password.replace("%40", "@").replace("%2F", "/")
    assert {password, meant} <= settings.secrets()
    assert "5432" not in settings.secrets()
