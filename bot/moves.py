"""A source that has moved: where permanent redirects lead is believed once it has been seen often enough. Pure.

The source keeps its identity; what the operator has written stays in the settings, and `check` says what to put there.
"""

from typing import Any, Protocol

BELIEVED = 3
"""Looks in a row that were led to the same place: one may be a captive portal, or a mistake that is soon mended."""

_NOT_THERE = frozenset({404, 410})


class Moving(Protocol):
    """What is remembered of a source's moves."""

    @property
    def moved_to(self) -> str | None:
        """Where permanent redirects led at the last look."""

    @property
    def moves(self) -> int:
        """How many looks in a row were led there."""


def address(stated: str, source: Moving) -> str:
    """Where to look: the address that is `stated` in the settings, or where it leads for good."""
    return source.moved_to if source.moved_to is not None and source.moves >= BELIEVED else stated


def seen(source: Moving, moved_to: str | None) -> dict[str, Any]:
    """What to remember after a look that was led to `moved_to` by permanent redirects (None: it was not)."""
    believed = source.moves >= BELIEVED
    if moved_to is None:
        return {} if believed else {"moved_to": None, "moves": 0}
    if believed or moved_to == source.moved_to:  # from where it is believed to be it was led on
        return {"moved_to": moved_to, "moves": source.moves if believed else source.moves + 1}
    return {"moved_to": moved_to, "moves": 1}


def failed(source: Moving, status: int | None) -> dict[str, Any]:
    """What to remember after a look that failed: a place that is not there was no place to move to."""
    if source.moves >= BELIEVED and status not in _NOT_THERE:
        return {}
    return {"moved_to": None, "moves": 0}
