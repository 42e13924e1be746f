"""One soak: thousands of articles on three channels, faults by chance, daemons killed without end; then the verdict."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from adapters.sandbox.faults import KINDS
from adapters.sandbox.feeds import ArticleStub
from adapters.sandbox.server import PublicPost
from tests.inside import Told
from tests.nest import Nest
from tests.process import told
from tests.soak.chance import Chance
from tests.soak.generous import GENEROUS
from tests.soak.lives import WAITS, Lives
from tests.soak.verdict import Verdict, weigh
from tests.stage import Stage

IN_FEED = 60
AHEAD = 40
"""Articles that may be out in the feed and not yet everywhere: none leaves the feed before it could be seen."""
TICK = 0.1
AT_ONCE = 3
"""Articles a tick: to draw their pictures must not hold up the servers."""
LOOK_EVERY = 0.5
SAY_EVERY = 5.0
STUCK_AFTER = 120.0
"""Seconds without one more post: it is judged as it is."""
DRAINED_WITHIN = 180.0
"""Seconds that what is still open may take once nothing goes wrong any more."""
NEVER_HANGS = tuple(kind for kind in KINDS if kind != "hang")
"""Of the publication: a feed that hangs costs half a minute of a soak each time."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wishes:
    """`share`: of posts and pictures that a fault strikes. `every`: seconds that a daemon works, on the average, until
    it is killed. `daemons`: at once. `within`: seconds after which no more articles come out."""

    articles: int
    daemons: int
    every: float
    seed: str = "1"
    share: float = 0.1
    within: float = math.inf


@dataclass(slots=True)
class Tally:
    """What a soak came to."""

    articles: int = 0
    """That came out."""
    kills: int = 0
    deaths: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    took: float = 0.0
    """Seconds until everything was out."""
    verdict: Verdict = field(default_factory=lambda: Verdict((), ()))

    @property
    def right(self) -> bool:
        """Whether nothing at all is wrong."""
        return self.verdict.right and not self.deaths


async def soak(wishes: Wishes, folder: Path, database_url: str, say: Say) -> Tally:
    """Play it on an empty ledger. All that the daemons said is in `folder`, in daemon-1.log and so on."""
    with Nest() as nest:
        async with Stage(folder, newest=IN_FEED, seats=GENEROUS, database_url=database_url, nest=nest) as stage:
            return await Performance(wishes, stage, nest, say).run()


class Performance:
    """The course of a soak."""

    def __init__(self, wishes: Wishes, stage: Stage, nest: Nest, say: Say) -> None:
        self._wishes = wishes
        self._nest = nest
        self._stage = stage
        self._say = say
        self._articles: list[ArticleStub] = []
        self._out: dict[str, set[str]] = {name: set() for name in stage.seats}
        self._moved_at = self._began_at = time.monotonic()
        self._chances: list[Chance] = []

    async def run(self) -> Tally:
        """From the first article to the verdict."""
        await self._first_post()
        self._let_go_wrong()
        dice = Random(f"{self._wishes.seed}: kills")
        async with Lives(self._stage, self._nest, self._wishes.daemons, every=self._wishes.every, dice=dice) as lives:
            async with _meanwhile(lives.kill_on()), _meanwhile(self._report(lives)):
                await self._all_out(lives)
            for chance in self._chances:
                chance.clear()
            took = time.monotonic() - self._began_at
            drained = await self._drained(lives)
            await lives.stop()
        self._say(self._progress(lives))
        verdict = weigh(self._stage, self._articles)
        if not drained:
            verdict = Verdict(verdict.scores, (*verdict.findings, "the ledger still had something to do"))
        return Tally(len(self._articles), lives.kills, lives.deaths, self._faults(), took, verdict)

    async def _first_post(self) -> None:
        """One article, out everywhere: on Telegram, what is lost later comes after a known post."""
        for seat in self._stage.seats.values():
            seat.server.on_post = self._came_out
        self._articles.append(self._stage.publication.publish_next())
        code, out, err = await told(self._stage, "once", "--wait", "60s", **WAITS)
        assert 0 == code, out + err

    def _came_out(self, post: PublicPost) -> None:
        self._moved_at = time.monotonic()
        self._out[post.platform].update(post.links)

    def _let_go_wrong(self) -> None:
        servers = {name: (seat.server, KINDS) for name, seat in self._stage.seats.items()}
        for name, (server, kinds) in {**servers, "publication": (self._stage.publication, NEVER_HANGS)}.items():
            server.faults = chance = Chance(f"{self._wishes.seed}: {name}", self._wishes.share, kinds)
            self._chances.append(chance)

    async def _all_out(self, lives: Lives) -> None:
        """Bring out every article, as fast as the slowest channel takes them."""
        while (slowest := min(self._counts().values())) < self._wanted():
            lives.check()
            brought = len(self._articles)
            for _ in range(min(AT_ONCE, slowest + AHEAD - brought, self._wanted() - brought)):
                self._articles.append(self._stage.publication.publish_next())
            if time.monotonic() - self._moved_at > STUCK_AFTER:
                self._say(f"nothing has come out for {STUCK_AFTER:.0f} s")
                return
            await asyncio.sleep(TICK)

    def _wanted(self) -> int:
        """How many articles are to be out in the end."""
        is_late = time.monotonic() - self._began_at > self._wishes.within
        return len(self._articles) if is_late else self._wishes.articles

    def _counts(self) -> dict[str, int]:
        links = {article.link for article in self._articles}
        return {name: len(links & out) for name, out in self._out.items()}

    async def _drained(self, lives: Lives) -> bool:
        """Wait until the daemons have nothing more to do by themselves; whether they came to that."""
        until = time.monotonic() + DRAINED_WITHIN
        while time.monotonic() < until:
            lives.check()
            with Told(self._stage) as ledger:
                if ledger.waiting().by_itself == 0:
                    return True
            await asyncio.sleep(LOOK_EVERY)
        return False

    async def _report(self, lives: Lives) -> None:
        while True:
            await asyncio.sleep(SAY_EVERY)
            self._say(self._progress(lives))

    def _progress(self, lives: Lives) -> str:
        out = ", ".join(f"{name} {count}" for name, count in self._counts().items())
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self._faults().items()))
        at = time.monotonic() - self._began_at
        return f"{at:6.0f} s  out: {out} of {self._wishes.articles}  kills: {lives.kills}  faults: {kinds or 'none'}"

    def _faults(self) -> Counter[str]:
        return Counter(kind for chance in self._chances for kind, _ in chance.happened)


@asynccontextmanager
async def _meanwhile(work: "asyncio._CoroutineLike[None]") -> AsyncIterator[None]:
    """Let something without an end run beside the block. What goes wrong in it rises at the end."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        (ended,) = await asyncio.gather(task, return_exceptions=True)
    if not isinstance(ended, asyncio.CancelledError):
        raise ended or RuntimeError("it has come to an end")
