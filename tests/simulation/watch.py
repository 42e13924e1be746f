"""What is noted while a life runs: the log (every line is part of what must come out the same), the edges that were
taken, and mistakes of ours that the core survived and that no life may have."""

import hashlib
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from typing import Any

import structlog
from sqlalchemy.exc import OperationalError

import bot.account
import bot.audit
import bot.deliver
import bot.enrich
import bot.ledger.leases
import bot.ledger.queue
import bot.tell
import bot.watch
import bot.watcher
from adapters.outcomes import Outcome
from bot.doors import LeaseLost
from bot.model import Event, State
from tests.simulation.judge import Judge
from tests.simulation.process import Gone
from tests.simulation.swap import swapped

_IDLE = (
    (bot.deliver, "LOOK_EVERY", 2.0),
    (bot.account, "TAKE_EVERY", 6.0),
    (bot.audit, "READ_EVERY", 4.0),
    (bot.audit, "SURVEY_EVERY", 1.0),
    (bot.watcher, "WHILE_ANOTHER_LOOKS", 6.0),
    (bot.enrich, "WHILE_ANOTHER_READS", 6.0),
    (bot.ledger.leases, "LIES_FOR", 4.0),
    (bot.tell, "TELL_EVERY", 2.0),
    (bot.watch, "LOOK_EVERY", 2.0),
)
"""How often it looks whether there is something to do, and by how much rarer than the rest: else that would be most of
what happens."""


class Notes:
    """Of one life."""

    def __init__(self) -> None:
        self.happened: Counter[str] = Counter()
        """How often each kind of thing happened, by "kind name"."""
        self.judge: Judge | None = None
        self._digest = hashlib.sha256()

    def say(self, *words: object) -> None:
        """Something that must come out the same another time."""
        assert self.judge is not None
        self._digest.update(f"{self.judge.now:.6f} {words}\n".encode())

    def digest(self) -> str:
        """Of all that was said."""
        return self._digest.hexdigest()[:16]

    def line(self, _logger: object, level: str, fields: MutableMapping[str, Any]) -> Mapping[str, Any]:
        """A processor of structlog that is the end of every line."""
        error = sys.exc_info()[1] if fields.get("exc_info") else None
        event = fields.pop("event")
        self.say(event, sorted((name, str(value)) for name, value in fields.items() if name != "exc_info"))
        self.happened[f"log {event}"] += 1
        if error is not None and not _was_told_to_fail(error) and self.judge is not None:
            self.judge.broken("mistake", f"{event}: {type(error).__name__}: {error}")
        raise structlog.DropEvent

    def unheard(self, _loop: object, context: Mapping[str, Any]) -> None:
        """What the event loop has to complain of. That nobody asks a dead process for its errors is no mistake."""
        error = context.get("exception")
        known = error is None or isinstance(error, Gone | LeaseLost | Outcome) or _was_told_to_fail(error)
        if not known and self.judge is not None:
            self.judge.broken("mistake", f"{context.get('message')}: {type(error).__name__}: {error}")


def _was_told_to_fail(error: BaseException) -> bool:
    return isinstance(error, OperationalError) or (isinstance(error, RuntimeError) and "a mistake of the" in str(error))


@contextmanager
def watched(notes: Notes, *, stretch: float) -> Iterator[None]:
    """Note what happens inside; idle looks are `stretch` times rarer."""
    with ExitStack() as stack:
        stack.enter_context(_logged(notes))
        stack.enter_context(_edges(notes))
        for module, name, rarer in _IDLE:
            stack.enter_context(swapped(module, name, getattr(module, name) * stretch * rarer))
        yield


@contextmanager
def _logged(notes: Notes) -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(processors=[notes.line], cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)


@contextmanager
def _edges(notes: Notes) -> Iterator[None]:
    take = bot.ledger.queue._take

    def noted(conn: Any, statement: Any, still: tuple[int, State, int], event: Event, **values: Any) -> State:
        state = take(conn, statement, still, event, **values)
        notes.happened[f"edge {still[1]} {event}"] += 1
        return state

    with swapped(bot.ledger.queue, "_take", noted):
        yield
