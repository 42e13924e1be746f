"""A row that may be there already, or may be written by another process right now: one statement on both engines."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def put(conn: Connection, table: Table, row: Mapping[str, Any], *, keep: str = "") -> None:
    """Write the row of this primary key, in place of one that is there; of that, `keep` names a column that stays."""
    statement = _insert(conn, table).values(**row)
    keys = table.primary_key.columns.keys()
    new = {name: statement.excluded[name] for name in row if name not in keys and name != keep}
    conn.execute(statement.on_conflict_do_update(index_elements=keys, set_=new))


def add(conn: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Write a row unless one is in its way; one that another process has just written is waited for. True: written."""
    statement = _insert(conn, table).values(**row).on_conflict_do_nothing().returning(*table.primary_key.columns)
    return conn.execute(statement).first() is not None


def _insert(conn: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if conn.dialect.name == "postgresql" else sqlite.insert(table)
