"""A server that has stopped answering while its connection stands: a host, a pool or a firewall that swallows all.

TCP finds out by itself where the other machine is gone (`bot.ledger.postgres`). Where somebody in between still answers
for it, only the missing answer tells; then the line is cut, and what waited for it fails as on any lost connection.
"""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, event

from bot.doors import Clock

log = structlog.get_logger()

LOOK_EVERY = 2.0
"""Seconds."""
UNANSWERED_FOR = 20.0
"""Seconds that one statement may go without an answer, twice as long as one waits for a lock."""


class Silence:
    """How long the one connection of an engine has been waiting for an answer."""

    def __init__(self, engine: Engine, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._line: Any = None
        self._since: float | None = None
        event.listen(engine, "connect", self._on_connect, insert=True)
        for said in ("before_cursor_execute", "commit"):
            event.listen(engine, said, self._asked)
        event.listen(engine, "rollback", self._on_rollback)
        for over in ("after_cursor_execute", "checkin", "invalidate"):
            event.listen(engine, over, self._answered)

    def _on_connect(self, line: Any, _record: object) -> None:
        self._line = line
        self._asked()

    def _on_rollback(self, conn: Connection) -> None:
        if not conn.invalidated:  # where the connection is lost nothing is asked
            self._asked()

    def _asked(self, *_: object) -> None:
        self._since = self._monotonic()

    def _answered(self, *_: object) -> None:
        self._since = None

    def lasts_for(self) -> float:
        """Seconds since something was asked that is not answered yet; 0 where nothing is."""
        since = self._since
        return 0.0 if since is None else self._monotonic() - since

    def end(self) -> None:
        """Cut the line: whoever waits for an answer is told that the connection is lost. From any thread."""
        self._since = None
        if self._line is not None:
            cut(self._line)


def cut(line: Any) -> None:
    """Cut a connection of the driver's, which takes it for closed by the other side. One that is closed stays so."""
    with suppress(Exception), socket.socket(fileno=os.dup(line.fileno())) as its:
        its.shutdown(socket.SHUT_RDWR)


async def watch(silence: Silence, clock: Clock) -> None:
    """End a silence that lasts for too long, for life; ended by cancelling."""
    while True:
        await clock.sleep(LOOK_EVERY)
        if silence.lasts_for() > UNANSWERED_FOR:
            log.warning("ledger.unanswered", reason=f"no answer for {UNANSWERED_FOR:.0f} s: the line is cut")
            silence.end()
