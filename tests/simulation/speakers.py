"""Adapters for the simulated platforms: the contract of `adapters.base`, with as much as each platform tells."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from adapters.base import KeySeed, Limits, Pace, Standing
from adapters.outcomes import Absent, Answer, AskAgain, CannotTell, Found, Marker, Presence, Unavailable, Uncertain
from adapters.post import Draft, Payload, Post, Receipt
from bot.doors import Clock
from tests.simulation.places import Place, Shown, outside
from tests.simulation.process import Process
from tests.simulation.world import EPOCH

T = TypeVar("T")

QUIET_FOR = 10.0
DEADLINE_FOR = 20.0
GAP_FOR = 30.0
"""Seconds between two looks at a numbered place, as one alone proves nothing."""


class Overseer(Protocol):
    """Whoever judges what leaves a process."""

    def written(self, place: Place, payload: Payload, key: str) -> None:
        """The request of the visible call is about to leave."""

    def answered(self, place: Place) -> None:
        """The call is over, as far as the process knows."""

    def asked(self, place: Place, key: str) -> None:
        """The platform is about to be asked for a post."""


class Speaker:
    """What all of them have in common."""

    quiet_for = QUIET_FOR
    deadline_for = DEADLINE_FOR
    paces: tuple[Pace, ...] = (Pace(20, 60.0, "place"), Pace(30, 60.0, "account"))
    takes_picture = False
    key_good_for: float | None = None

    def __init__(self, place: Place, process: Process, clock: Clock, overseer: Overseer) -> None:
        self.platform = place.name
        self.place = place
        self._process = process
        self._clock = clock
        self._overseer = overseer

    async def verify(self) -> Standing:
        """Who we are."""
        standing = Standing(account_of(self.platform), self.platform, f"@{self.platform}", None, Limits(500, "c", len))
        return await self._ask("verify", lambda: standing)

    def compose(self, post: Post, at: datetime) -> Draft:
        """Title and link."""
        text = f"{post.title}\n\n{post.link}"
        return Draft(text, len(text), 500, "characters", {"title": post.title, "link": post.link})

    async def stage(self, draft: Draft) -> Payload:
        """Nothing to upload, though it may fail."""
        return await self._ask("stage", lambda: Payload(draft.body))

    def key(self, seed: KeySeed) -> str:
        """From the stable identity."""
        return seed.digest().hex()[:32]

    async def mark(self, last: str | None) -> Marker:
        """The last known post."""
        return {"last": last}

    async def publish(self, payload: Payload, key: str) -> Receipt:
        """The one visible call; not begun any more after the deadline, however long the process was stopped."""
        begun_at = self._clock.monotonic()
        try:
            async with self._clock.deadline(DEADLINE_FOR):
                await self._process.rest_at("call")
                if self._clock.monotonic() - begun_at > DEADLINE_FOR:
                    raise Unavailable("nothing was written before the deadline")
                self._overseer.written(self.place, payload, key)
                answer = outside(self.place.publish(self._process, payload, key))
                self._process.pass_("sent")
                shown = await answer
        except TimeoutError:
            raise Uncertain("no answer in time") from None
        finally:
            self._overseer.answered(self.place)
        self._process.pass_("answered")
        return self.receipt(shown)

    def receipt(self, post: Shown) -> Receipt:
        """The proof of a post."""
        return Receipt(str(post.number), f"https://{self.platform}.example/{post.number}", at(post.at))

    async def find(self, payload: Payload, key: str, marker: Marker) -> Answer:
        """Is it out?"""
        self._overseer.asked(self.place, key)
        again = AskAgain(GAP_FOR, marker)
        return await self._ask("find", lambda: self._look(payload, key, marker), lambda: again)

    def _look(self, payload: Payload, key: str, marker: Marker) -> Answer:
        raise NotImplementedError

    async def confirm(self, payload: Payload, receipt: Receipt) -> Presence:
        """Is it still there?"""
        return await self._ask("confirm", lambda: self._presence(receipt))

    def _presence(self, receipt: Receipt) -> Presence:
        return "confirmed" if any(self.receipt(post).id == receipt.id for post in self.place.out()) else "vanished"

    async def close(self) -> None:
        """Nothing is open."""

    async def _ask(self, call: str, answer: Callable[[], T], unsure: Callable[[], T] | None = None) -> T:
        self._process.pass_("asking")
        result = await outside(self.place.ask(call, answer, unsure))
        self._process.pass_("told")
        return result


class Sky(Speaker):
    """A key names a post for ever."""

    def receipt(self, post: Shown) -> Receipt:
        return Receipt(post.key, f"https://sky.example/{post.key}", at(post.at))

    def _look(self, payload: Payload, key: str, marker: Marker) -> Answer:
        found = next((post for post in self.place.out() if post.key == key), None)
        return Found(self.receipt(found)) if found else Absent()

    async def newest(self) -> Receipt | None:
        """The newest post of the account."""
        return await _newest(self, self._ask)


class Masto(Speaker):
    """Keys are good for an hour; an account's posts can be listed, and are known by what they link to."""

    key_good_for = 3300.0

    def _look(self, payload: Payload, key: str, marker: Marker) -> Answer:
        last = int(marker.get("last") or 0)
        link = payload.body["link"]
        out = [post for post in self.place.out() if post.number > last and post.body["link"] == link]
        return Found(self.receipt(out[0])) if out else Absent()

    async def newest(self) -> Receipt | None:
        """The newest post of the account."""
        return await _newest(self, self._ask)


class Blind(Speaker):
    """Posts are numbered, and that is all that is told; even a deleted one leaves its number."""

    def _look(self, payload: Payload, key: str, marker: Marker) -> Answer:
        return CannotTell("this place cannot be looked at")

    def _presence(self, receipt: Receipt) -> Presence:
        return "accepted"

    def infer(self, marker: Marker, later: str) -> Answer:
        """Between two numbers in a row there is nothing."""
        last = marker.get("last")
        if last is not None and int(later) == int(last) + 1:
            return Absent("the next post has the next number")
        return CannotTell("other posts lie between")


class Tele(Blind):
    """Posts are numbered, and those after a known one can be looked at."""

    def _look(self, payload: Payload, key: str, marker: Marker) -> Answer:
        if marker.get("last") is None:
            return CannotTell("no post of this place is known")
        last = int(marker["last"])
        for post in self.place.out():
            if post.number > last and post.body == payload.body:
                return Found(self.receipt(post))
        if marker.get("round"):
            return Absent()
        return AskAgain(GAP_FOR, {"last": marker["last"], "round": 1})

    def _presence(self, receipt: Receipt) -> Presence:
        return super(Blind, self)._presence(receipt)

    def infer(self, marker: Marker, later: str) -> Answer:
        """Where nothing was known there is a known post now."""
        if marker.get("last") is None:
            return AskAgain(0.0, {"last": "0"})
        return super().infer(marker, later)

    async def alert(self, text: str) -> bool:
        """Tell the operator."""
        return await self._ask("alert", lambda: True)


async def _newest(speaker: Speaker, ask: Callable[..., Awaitable[Receipt | None]]) -> Receipt | None:
    return await ask("find", lambda: speaker.receipt(speaker.place.out()[-1]) if speaker.place.out() else None)


SPEAKERS: Mapping[str, type[Speaker]] = {"sky": Sky, "masto": Masto, "tele": Tele, "tele2": Tele, "blind": Blind}


def account_of(place: str) -> str:
    """Whose budgets a place counts by."""
    return "bot" if place.startswith("tele") else place


def at(seconds: float) -> datetime:
    """A platform's own time."""
    return EPOCH + timedelta(seconds=seconds)
