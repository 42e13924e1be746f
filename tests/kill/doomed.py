"""The real program in a process that kills itself at one of its durable boundaries: right before that commit, or right
after. Each boundary that a life comes to is told on standard error, as its log is, before anything else happens.

python -m tests.kill.doomed before "Intent.commit 2" run --log-json
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from inspect import getclosurevars
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

from bot.channel import Channel
from bot.cli import main
from bot.intent import Intent
from bot.ledger.db import InlineLedger

MET = "boundary.met"
"""The event."""


class Boundaries:
    """Of a life's commits, those that are the first to write this for this channel."""

    def __init__(self) -> None:
        self.work = "something unnamed"
        """What is being written."""
        self._met: set[str] = set()

    def meet(self) -> str | None:
        """The boundary that is reached; None where this life was there before."""
        if self.work in self._met:
            return None
        self._met.add(self.work)
        os.write(2, json.dumps({"event": MET, "boundary": self.work}).encode() + b"\n")
        return self.work


def name_of(work: Callable[..., Any]) -> str:
    """What is written, as the program calls it, and the number of the channel that it is about, if it is about one."""
    what = work.func if isinstance(work, partial) else work
    name = what.__qualname__.partition(".<locals>")[0]
    held = getclosurevars(what).nonlocals
    numbers = [held.get("channel_id"), *map(_channel_of, (getattr(what, "__self__", None), *held.values()))]
    return " ".join([name, *(str(number) for number in numbers if number is not None)][:2])


def _channel_of(held: object) -> int | None:
    match held:
        case Channel():
            return held.id
        case Intent():
            return held.delivery.channel_id
    number: int | None = getattr(held, "channel_id", None)
    return number


def doom(when: str, at: str) -> None:
    """From now on tell of boundaries, on whichever engine, and die at the one with the name `at`."""
    boundaries = Boundaries()
    commit: Callable[[DefaultDialect, Any], None] = DefaultDialect.do_commit
    write = InlineLedger.write_now

    def do_commit(self: DefaultDialect, dbapi_connection: Any) -> None:
        here = boundaries.meet() == at
        if here and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        commit(self, dbapi_connection)
        if here:
            os.kill(os.getpid(), signal.SIGKILL)

    def write_now(self: InlineLedger, work: Callable[..., Any], *more: Any, **named: Any) -> Any:
        boundaries.work = name_of(work)
        return write(self, work, *more, **named)

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign] # every engine commits here
    InlineLedger.write_now = write_now  # type: ignore[method-assign] # and everything is written here


if __name__ == "__main__":
    doom(sys.argv[1], sys.argv[2])
    sys.argv[1:3] = []
    main()
