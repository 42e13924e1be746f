"""Engines that serve one simulated process after another: each keeps the statements that it has compiled."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from bot.ledger.db import open_engine

_free: list["Reused"] = []


class Reused:
    """An engine of the ledger's own making, for one file at a time."""

    def __init__(self) -> None:
        self.engine: Engine = open_engine("sqlite:///one-after-another")
        self._path = ""
        self._listening: list[tuple[str, Callable[..., Any]]] = []
        event.listen(self.engine, "do_connect", self._to_the_file)

    def begin(self, path: str) -> None:
        """Serve this file from now on."""
        self._path = path

    def listen(self, name: str, listener: Callable[..., Any]) -> None:
        """Have `listener` told, until the end of this use."""
        self._listening.append((name, listener))
        event.listen(self.engine, name, listener)

    def close(self) -> None:
        """Close every connection, and be free for the next one; once more is nothing."""
        if not self._path:
            return
        self._path = ""
        self.engine.dispose()
        for name, listener in self._listening:
            event.remove(self.engine, name, listener)
        self._listening.clear()
        _free.append(self)

    def _to_the_file(self, _dialect: object, _record: object, arguments: list[Any], _named: object) -> None:
        # https://docs.sqlalchemy.org/en/20/core/events.html#sqlalchemy.events.DialectEvents.do_connect
        arguments[0] = self._path


def take(path: Path) -> Reused:
    """One that is free, for the ledger at `path`."""
    reused = _free.pop() if _free else Reused()
    reused.begin(str(path))
    return reused
