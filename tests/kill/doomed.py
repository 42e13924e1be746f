"""The real program in a process that kills itself at its nth durable boundary: right before a commit, or right after.

python -m tests.kill.doomed before 7 run --log-json
"""

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

from bot.cli import main
from bot.ledger.db import InlineLedger

ALIKE = ("SessionLeases.", "Crew.")
"""Whose commits are alike each time, on a server: taking a lease, giving it back, a heartbeat. The first of each kind
in a life is a boundary, the others are none."""


class Boundaries:
    """Counts a life's commits by what they write."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._met: set[str] = set()
        self.work = ""
        """The name of what is being written."""

    def next(self) -> int | None:
        """The number of the boundary that is reached; None where it is none."""
        alike = self.work.startswith(ALIKE) and self.work in self._met
        self._met.add(self.work)
        return None if alike else next(self._numbers)


def doom(when: str, at: int) -> None:
    """From now on count boundaries, on whichever engine, and die at the one with the number `at`."""
    boundaries = Boundaries()
    commit: Callable[[DefaultDialect, Any], None] = DefaultDialect.do_commit
    write = InlineLedger.write_now

    def do_commit(self: DefaultDialect, dbapi_connection: Any) -> None:
        here = boundaries.next() == at
        if here and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        commit(self, dbapi_connection)
        if here:
            os.kill(os.getpid(), signal.SIGKILL)

    def write_now(self: InlineLedger, work: Callable[..., Any], *more: Any, **named: Any) -> Any:
        boundaries.work = (work.func if isinstance(work, partial) else work).__qualname__
        return write(self, work, *more, **named)

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign] # every engine commits here
    InlineLedger.write_now = write_now  # type: ignore[method-assign] # and everything is written here


if __name__ == "__main__":
    doom(sys.argv[1], int(sys.argv[2]))
    sys.argv[1:3] = []
    main()
