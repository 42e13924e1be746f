"""Whose turn it is among many things that are due: one at a time for each site, and no site before all others. Pure."""

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """What is due, in the order in which it came. While something of a site goes on, the rest of that site waits."""

    def __init__(self, site_of: Callable[[T], str]) -> None:
        self._site_of = site_of
        self._ready: deque[T] = deque()
        """At most one of each site, and none of a site at which something goes on."""
        self._behind: dict[str, deque[T]] = {}
        """Site that is ready or busy → what else is due there."""

    def add(self, thing: T) -> None:
        """It is due."""
        site = self._site_of(thing)
        if (behind := self._behind.get(site)) is not None:
            behind.append(thing)
        else:
            self._behind[site] = deque()
            self._ready.append(thing)

    def next(self) -> T | None:
        """What may begin now; it goes on until it is `done`. None: nothing may."""
        return self._ready.popleft() if self._ready else None

    def done(self, thing: T) -> None:
        """It is over: what waits at its site is next there, behind what waits already at others."""
        site = self._site_of(thing)
        if behind := self._behind[site]:
            self._ready.append(behind.popleft())
        else:
            del self._behind[site]
