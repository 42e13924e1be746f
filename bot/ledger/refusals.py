"""Why a ledger on a server cannot be begun with: each reason as one sentence that ends with the mend."""

from sqlalchemy import Connection, Engine

from bot.ledger.address import on_server, shown
from bot.ledger.db import open_engine
from bot.ledger.pooling import ChangesSessions, check_session_lasts
from bot.ledger.trouble import LedgerError

OLDEST = 12
"""The oldest PostgreSQL that knows every setting of our sessions (tcp_user_timeout:
https://www.postgresql.org/docs/release/12.0/)."""

_HERE = "HANDBILL_DATABASE_URL"
_MENDS = {
    "pooling": f"set pool_mode=session in the pool (PgBouncer), or name the server itself in {_HERE}.",
    "password": f"see that user and password in {_HERE} are right.",
    "no encryption": f"say sslmode=require in {_HERE}, or let this machine in by the server's pg_hba.conf.",
    "SSL off": f"say sslmode=require in {_HERE}, or let this machine in by the server's pg_hba.conf.",
    "role": f"see that user and password in {_HERE} are right.",
    "pg_hba": f"let this machine in by the server's pg_hba.conf, or name another way in {_HERE}.",
    "does not exist": f"make the database, owned by this user, or name another in {_HERE}.",
    "permission denied": f"grant it to this user, or name a database that it owns in {_HERE}.",
    "too many": "raise the server's max_connections or the role's limit, or end what holds the others.",
    "SSL": f"see sslmode in {_HERE}, and what the server's pg_hba.conf asks for.",
}
"""What to do, by a word of what was said: before a session exists libpq hands on no code, only the sentence."""


def mend(url: str, why: str) -> str:
    """What to do where a ledger cannot be opened for this reason."""
    if not on_server(url):
        return f"see that its folder exists and may be written, or name another in {_HERE}."
    fitting = (what for word, what in _MENDS.items() if word in why)
    return next(fitting, f"see that the server runs and that host and port in {_HERE} are right.")


def check_server(engine: Engine, url: str) -> None:
    """See that the server is new enough, and that a session lasts. Raises LedgerError, and what the database says."""
    with engine.connect() as conn:
        version = _version(conn)
    if version < OLDEST:
        raise LedgerError(
            f"The ledger {shown(url)} is on PostgreSQL {version}, and {OLDEST} is needed: bring the server up to date, "
            f"or name another in {_HERE}."
        )
    second = open_engine(url, as_it_is=True)
    try:
        check_session_lasts(engine, second)
    except ChangesSessions as error:
        raise LedgerError(
            f"The ledger {shown(url)} is reached through a pool that changes the session between transactions, and "
            f"with it goes the lock that keeps two workers from one account: {_MENDS['pooling']}"
        ) from error
    finally:
        second.dispose()


def check_room(conn: Connection, url: str) -> None:
    """See that the tables of a new ledger may be made in this empty database. Raises LedgerError."""
    row = conn.exec_driver_sql(
        "SELECT current_user, current_schema, has_schema_privilege(current_schema, 'CREATE') AS may"
    ).one()
    if not row.may:
        where = f"the schema {row.current_schema}" if row.current_schema else "any schema of its search_path"
        raise LedgerError(
            f"The ledger {shown(url)} cannot be made: the user {row.current_user} may not make tables in {where}: "
            f"GRANT CREATE ON SCHEMA {row.current_schema or 'public'} TO {row.current_user}, or name a database that "
            f"it owns in {_HERE}."
        )


def _version(conn: Connection) -> int:
    """The server's major version."""
    driver = conn.connection.driver_connection
    return 0 if driver is None else int(driver.info.server_version) // 10_000
