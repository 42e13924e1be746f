"""Which shape of the ledger this program knows."""

from sqlalchemy import Connection, inspect, text

KNOWN = ("0001", "0002", "0003", "0004")
"""Every version, oldest first; the last one is what this program reads and writes."""
HEAD = KNOWN[-1]
APPLICATION_ID = 0x48424C31
"""Marks an SQLite file as a Handbill ledger ("HBL1"): https://www.sqlite.org/pragma.html#pragma_application_id"""


def find_version(conn: Connection) -> str | None:
    """The ledger's version, or None for an empty database. LookupError: the database is somebody else's."""
    tables = set(inspect(conn).get_table_names())
    if not tables:
        return None
    if "alembic_version" not in tables or not ({"deliveries"} & tables):
        raise LookupError("it has tables, but they are not Handbill's")
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
