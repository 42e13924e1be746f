"""What the address of a ledger says: which engine, which file, and how it may be shown."""

from pathlib import Path

from sqlalchemy import make_url


def on_server(url: str) -> bool:
    """Whether the ledger is kept by a PostgreSQL server."""
    return make_url(url).get_backend_name() == "postgresql"


def database_path(url: str) -> Path | None:
    """The file of an SQLite ledger; None for one in memory or on a server."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database)


def shown(url: str) -> str:
    """The address without its password."""
    return make_url(url).render_as_string(hide_password=True)
