"""What can go wrong with a ledger: which of the database's errors pass, and how they are said in a sentence."""

from collections.abc import Mapping
from typing import Literal

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError

log = structlog.get_logger()

_PASSING_STATES = (
    "08",  # the connection is gone or was never made
    "25006",  # read only: a standby, or a server that its keeper has put there
    "25P03",  # the session stood still inside a transaction, and was ended for it
    "25P04",  # the same, for the whole transaction's length
    "28",  # nobody is let in: a password was changed, a rule added
    "3D000",  # the database is not there: somebody restores it
    "40",  # a deadlock, or two transactions that cannot both be
    "42501",  # a right was taken away
    "53",  # no disk, no memory, no connection left
    "55006",  # in use
    "55P03",  # a lock was not free in time
    "57",  # ended by an administrator, a crash, a time limit; starting or shutting down
    "58",  # the system beneath: an I/O error
)
"""SQLSTATEs, or the classes they begin with, that mend by themselves or by a person's hand, while we wait:
https://www.postgresql.org/docs/current/errcodes-appendix.html"""

_PASSING_CODES = frozenset(
    (
        *(5, 6),  # busy, locked
        *(7, 9),  # no memory, interrupted
        *(8, 23),  # read only, not authorised
        *(10, 13, 14),  # an I/O error, a full disk, a file that cannot be opened
        *(15, 22),  # locking failed, no support for large files
    )
)
"""The same for SQLite, without what extends the code: https://www.sqlite.org/rescode.html"""


_LOCKED = "another program keeps it locked; see which one, and let it end"
_MENDS: Mapping[int | str, str] = {
    5: _LOCKED,
    6: _LOCKED,
    8: "it may not be written; let this user write the file and its folder",
    10: "its disk fails or is full; see to it",
    13: "its disk is full; make room",
    14: "see that its file and folder are there, and that this user may use them",
    "53100": "its disk is full; make room",
    "25006": "it may not be written; see why the server is read only",
    "42501": "see that this user may read and write its tables",
}
"""SQLite's code without what extends it, or PostgreSQL's SQLSTATE → what it is, or what mends it."""


class LedgerError(Exception):
    """The ledger cannot be used; one sentence and the mend."""


def passes(error: BaseException) -> bool:
    """Whether the same work can succeed later, unchanged, once the database or its keeper has mended what is wrong.

    Everything else that a database says is a mistake of ours, which waiting does not mend.
    """
    if not isinstance(error, DBAPIError):
        return False
    state, code = getattr(error.orig, "sqlstate", None), getattr(error.orig, "sqlite_errorcode", None)
    if state is not None:
        return str(state).startswith(_PASSING_STATES)
    if code is not None:
        return code & 0xFF in _PASSING_CODES
    # A connection that was refused or broke off has no state: no server was there to give one.
    return isinstance(error, OperationalError)


def said(error: DBAPIError) -> str:
    """What the database said, in one line; the lines after it (DETAIL) may show what is in a row."""
    return " ".join(str(error.orig).strip().partition("\n")[0].split())


def sentence(error: DBAPIError) -> str:
    """What the operator is told of a trouble that passes."""
    state, code = getattr(error.orig, "sqlstate", None), getattr(error.orig, "sqlite_errorcode", None)
    mend = _MENDS.get(code & 0xFF if code is not None else state or "", "see to the database")
    return f"The ledger cannot be used ({said(error)}): {mend}. Nothing is lost, and all goes on by itself after that."


class Condition:
    """How the ledger is, as far as its door has met: that it cannot be used is said once, and once when it is over.

    Where nothing could be written from the start, the command ends with a sentence of its own.
    """

    def __init__(self) -> None:
        self._has_worked = False
        self._in_vain: Literal["read", "write"] | None = None

    def failed(self, how: Literal["read", "write"], error: DBAPIError) -> None:
        """A transaction came to nothing."""
        if self._has_worked and self._in_vain is None and passes(error):
            log.error("ledger.unavailable", reason=sentence(error))
            self._in_vain = how

    def worked(self, how: Literal["read", "write"]) -> None:
        """A transaction was done; to read from a ledger that cannot be written is no news."""
        self._has_worked |= how == "write"
        if self._in_vain is not None and how in (self._in_vain, "write"):
            log.info("ledger.available")
            self._in_vain = None
