"""The platforms' side of a simulated life: what readers see, and what becomes of each call.

A place goes on whatever becomes of the process that called it: a request that has arrived is worked off.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from adapters.outcomes import ChannelDown, RateLimited, Rejected, Unavailable, Uncertain
from adapters.post import Payload
from tests.simulation.process import Process, spawn

T = TypeVar("T")

LATENCY = 0.2
"""Seconds that a request is on its way."""
LATE_FOR = 6.0
"""Seconds after which a request is worked off whose caller has given up; less than the quiet time."""
SLOW_FOR = 45.0
"""Seconds that a slow answer takes: long enough for a person to decide something meanwhile."""
TOLD_FOR = 30.0
"""Seconds that a caller is told to wait."""
KEY_FOR = 3600.0
"""Seconds for which masto remembers a key."""


@dataclass
class Shown:
    """A post in its place."""

    number: int
    key: str
    body: Mapping[str, Any]
    at: float
    gone: bool = False


class Witness(Protocol):
    """Whoever judges what readers see."""

    def shown(self, place: "Place", post: Shown) -> None:
        """A reader sees a new post."""

    def lied(self, place: "Place", key: str) -> None:
        """The place says that a post is out, and it is not."""


class Place:
    """One place on one platform."""

    def __init__(self, name: str, witness: Witness, happened: Counter[str]) -> None:
        """`happened` counts the fates that befell a call, as "call fate"."""
        self.name = name
        self.posts: list[Shown] = []
        """Other people's among them, with an empty key."""
        self.fates: dict[str, list[str]] = {}
        """Call → what befalls the next ones."""
        self.trouble = ""
        """"away": nothing reaches it; "down": nobody may post."""
        self.vanishing = 0
        """How many of the next posts somebody deletes at once."""
        self.coming: list[Mapping[str, Any]] = []
        """What is still worked off although its caller has given up."""
        self._witness = witness
        self._happened = happened

    # ── what readers and other people do ──────────────────────────────────────────────────────────────────────────

    def out(self) -> list[Shown]:
        """Our posts that a reader can see."""
        return [post for post in self.posts if post.key and not post.gone]

    def other(self) -> None:
        """Somebody else posts here."""
        self._show("", {})

    # ── calls ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def ask(self, call: str, answer: Callable[[], T], unsure: Callable[[], T] | None = None) -> T:
        """A call that followers do not see. Raises what the caller is to be told. `unsure`: that it is too early."""
        await asyncio.sleep(LATENCY)
        match self._fate(call):
            case "away" | "refuse":
                raise Unavailable("the connection was refused")
            case "wait":
                raise RateLimited("too many requests", retry_after=TOLD_FOR, status=429)
            case "down":
                raise ChannelDown("the credentials were revoked", status=401)
            case "reject":
                raise Rejected("not this picture", status=422)
            case "bug":
                raise RuntimeError("a mistake of the adapter's")
            case "slow":
                await asyncio.sleep(SLOW_FOR)
            case "unsure" if unsure is not None:
                return unsure()
        return answer()

    async def publish(self, caller: Process, payload: Payload, key: str) -> Shown:
        """The visible call. Raises what the caller is to be told."""
        await asyncio.sleep(LATENCY)
        fate = self._fate("publish")
        self._refuse(fate, payload)
        if fate == "late":
            spawn(None, self._work_off_later(payload, key))
            raise Uncertain("the line broke")
        if fate == "lie":
            self._witness.lied(self, key)
            return self._number("", payload.body, gone=True)  # the number is used up, as with one that was taken back
        if fate not in ("drop", "hang-lost", "bug"):
            shown = self._work_off(payload, key)
            caller.notice("arrived")
        if fate in ("drop", "cut"):
            raise Uncertain("the line broke")
        if fate in ("bug", "bug-out"):
            raise RuntimeError("a mistake of the adapter's")
        if fate in ("hang", "hang-lost"):
            await asyncio.sleep(10.0**9)
        return shown

    def _fate(self, call: str) -> str:
        if self.trouble and not (self.trouble == "down" and call in ("confirm", "find")):
            fate = self.trouble
        else:
            waiting = self.fates.get(call)
            fate = waiting.pop(0) if waiting else "ok"
        self._happened[f"{call} {fate}"] += 1
        return fate

    def _refuse(self, fate: str, payload: Payload) -> None:
        match fate:
            case "away" | "refuse":
                raise Unavailable("the platform is overloaded", status=503)
            case "wait":
                raise RateLimited("too many requests", retry_after=TOLD_FOR, status=429)
            case "down":
                raise ChannelDown("no right to post here", status=403)
            case "less" if "less" not in payload.body:
                raise Rejected("not this picture", status=422, instead=Payload({**payload.body, "less": 1}))
            case "reject" | "less":
                raise Rejected("not this text", status=422)

    async def _work_off_later(self, payload: Payload, key: str) -> None:
        self.coming.append(payload.body)
        await asyncio.sleep(LATE_FOR)
        self.coming.remove(payload.body)
        self._work_off(payload, key)

    def _work_off(self, payload: Payload, key: str) -> Shown:
        return self._remembered(key) or self._show(key, payload.body)

    def _remembered(self, key: str) -> Shown | None:
        """What the platform has by this key, where it knows keys."""
        known_for = {"sky": float("inf"), "masto": KEY_FOR}.get(self.name, 0.0)
        since = asyncio.get_running_loop().time() - known_for
        return next((post for post in self.posts if post.key == key and not post.gone and post.at > since), None)

    def _show(self, key: str, body: Mapping[str, Any]) -> Shown:
        post = self._number(key, body)
        if key:
            self._witness.shown(self, post)
            if self.vanishing:
                self.vanishing -= 1
                post.gone = True
        return post

    def _number(self, key: str, body: Mapping[str, Any], *, gone: bool = False) -> Shown:
        """A post by the next number; numbers only rise, as a later look is for what is newer than a known one."""
        post = Shown(len(self.posts) + 1, key, body, asyncio.get_running_loop().time(), gone)
        self.posts.append(post)
        return post


def outside(work: Coroutine[Any, Any, T]) -> asyncio.Future[T]:
    """Have `work` done by the world, whatever becomes of who asked. What the future will bring is its answer."""
    answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    async def serve() -> None:
        try:
            result = await work
        except Exception as error:
            if not answer.done():
                answer.set_exception(error)
        else:
            if not answer.done():
                answer.set_result(result)

    spawn(None, serve())
    return answer
