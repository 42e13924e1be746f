"""Switches of the whole ledger, thrown by a person and read by every process that works on it."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select

from bot.ledger.schema import switches
from bot.ledger.upsert import put

PAUSED = "paused"
"""No visible call is made on any channel (`handbill pause --all`)."""
RESTORED = "restored"
"""The ledger came out of a backup: posts may be out that it knows nothing of."""

UNKNOWN = "unknown"
"""Since when posts may have been made that the ledger knows nothing of; it outlasts RESTORED as long as anything is in
doubt."""


_NOTE = select(switches.c.note).where(switches.c.name == bindparam("b_name"))


def find_switch(conn: Connection, name: str) -> str | None:
    """The note on a switch that is thrown; None: it is not."""
    return conn.execute(_NOTE, {"b_name": name}).scalar_one_or_none()


def thrown_at(conn: Connection, name: str) -> datetime | None:
    """Since when a switch is thrown; None: it is not."""
    return conn.execute(select(switches.c.set_at).where(switches.c.name == name)).scalar_one_or_none()


def throw(conn: Connection, name: str, note: str, *, now: datetime) -> None:
    """Throw a switch; thrown already, it keeps its time and takes the new note."""
    put(conn, switches, {"name": name, "set_at": now, "note": note}, keep="set_at")


def put_back(conn: Connection, name: str) -> bool:
    """Put a switch back. True: it was thrown."""
    return bool(conn.execute(delete(switches).where(switches.c.name == name)).rowcount)
