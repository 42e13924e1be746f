"""What servers remember of the Idempotency-Key of requests, each family in its own way."""

import asyncio
from collections.abc import Callable

from adapters.sandbox.server import Answer

Key = tuple[str, str]
"""(account id, Idempotency-Key): the key belongs to the account, whatever token, endpoint or text it comes with."""


class Turn:
    """One request's way through `KeyBook`: what it has locked, what it will have kept when it ends."""

    def __init__(self) -> None:
        self.locked: Key | None = None
        self.kept: tuple[Key, str] | None = None
        self.runs_until = 0.0
        """When the work is over, by the event loop's clock, should the client leave before."""
        self.at_work = False
        """Whether the request is still being worked on, whoever waits for it."""
        self.left = False
        self.ended = False


class KeyBook:
    """Idempotency keys as app/services/post_status_service.rb keeps them in Redis.

    A key is good for 3600 s and is kept after the status is committed. Since 4.6.0 a lock is held meanwhile; who finds
    it taken waits for it up to 10 s (app/models/concerns/lockable.rb, app/lib/redis_lock.rb).
    """

    KEPT_FOR = 3600.0

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._kept: dict[Key, tuple[str, float]] = {}
        self._locks: dict[Key, asyncio.Event] = {}
        self._left: dict[Turn, asyncio.TimerHandle] = {}

    def find(self, key: Key) -> str | None:
        """The id of the status that was made with this key within the hour."""
        status_id, until = self._kept.get(key, ("", 0.0))
        return status_id if self._now() < until else None

    async def lock(self, key: Key, turn: Turn, wait_for: float) -> bool:
        """Take the lock, waiting for it up to `wait_for` seconds. False: another request still holds it."""
        try:
            async with asyncio.timeout(wait_for):
                while key in self._locks:
                    await self._locks[key].wait()
        except TimeoutError:
            return False
        self._locks[key] = asyncio.Event()
        turn.locked = key
        if turn.ended:
            self.end(turn)
        return True

    def keep(self, key: Key, status_id: str, turn: Turn) -> None:
        """The status is committed: the key will be kept when the request ends."""
        turn.kept = (key, status_id)
        if turn.ended:
            self.end(turn)

    def leave(self, turn: Turn) -> None:
        """The client has its answer, or has gone: a server that is still at work ends the turn when it is done."""
        loop = asyncio.get_running_loop()
        turn.left = True
        if turn.at_work:
            return
        if turn.runs_until > loop.time():
            self._left[turn] = loop.call_at(turn.runs_until, self.end, turn)
        else:
            self.end(turn)

    def finish(self, turn: Turn) -> None:
        """The work is done, maybe after the client has left."""
        turn.at_work = False
        if turn.left:
            self.leave(turn)

    def end_all(self) -> None:
        """The server stops: nobody is at work any more."""
        for turn, timer in list(self._left.items()):
            timer.cancel()
            self.end(turn)

    def end(self, turn: Turn) -> None:
        """The request is over."""
        turn.ended = True
        self._left.pop(turn, None)
        if turn.kept:
            self._kept[turn.kept[0]] = (turn.kept[1], self._now() + self.KEPT_FOR)
        if turn.locked:
            self._locks.pop(turn.locked).set()
        turn.kept = turn.locked = None


class Memory:
    """What is remembered of a key for some time, whatever it is: that it was used, an answer, a request at work."""

    def __init__(self, now: Callable[[], float], kept_for: float) -> None:
        self._now = now
        self._kept_for = kept_for
        self._kept: dict[Key, tuple[Answer | str | None, float]] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._kept and self._now() < self._kept[key][1]

    def get(self, key: Key) -> Answer | str | None:
        """What is remembered of a key that is in it."""
        return self._kept[key][0]

    def keep(self, key: Key, what: Answer | str | None = None) -> None:
        """Remember it from now on."""
        self._kept[key] = (what, self._now() + self._kept_for)
