"""The play: which article comes out when, what goes wrong meanwhile, and how it ends."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from adapters.sandbox.faults import Fault
from adapters.sandbox.server import PublicPost
from bot.clock import SystemClock
from bot.demo.daemon import Daemon, DaemonDied, Fields
from bot.demo.show import Show
from bot.demo.stage import NamedFault, Stage, programme
from bot.demo.verdict import Expected, judge
from bot.demo.words import NOTES, done, wrong
from bot.duration import format_duration
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.reports import DeliveryRow, list_log
from bot.model import FINAL, State

TICK = 0.1
ENOUGH = 10
"""Looks, a tick apart, after which something is left to a person for good."""
PATIENCE = 60.0
"""Seconds that the last delivery may take; with faults of the operator's own PATIENCE_WITH_FAULTS, for those may mean
waiting out a hanging call and a growing backoff."""
PATIENCE_WITH_FAULTS = 240.0
EACH = 3.0
"""More of it for each article: platforms pace what is posted to them."""
SILENCE = 8.0
"""Seconds after which the demo says what it is waiting for."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the operator wants to see. `every` in seconds."""

    articles: int = 6
    every: float = 2.0
    faults: tuple[NamedFault, ...] = ()
    keep: bool = False
    log: bool = False


async def play(wishes: Wishes, console: Console, stage: Stage | None = None) -> bool:
    """Run the demo; whether every delivery came out right. Raises DaemonDied, after saying what it said last."""
    stage = stage or Stage()
    with TemporaryDirectory(prefix="handbill-demo-") as folder:
        async with stage.open():
            performance = Performance(wishes, console, stage, Path(folder))
            try:
                return await performance.run()
            finally:
                await performance.daemon.end()


class Performance:
    """One run of the demo."""

    def __init__(self, wishes: Wishes, console: Console, stage: Stage, folder: Path) -> None:
        self._wishes = wishes
        self._stage = stage
        self._folder = folder
        self._clock = SystemClock()
        begun = self._clock.monotonic()
        self._show = Show(console, stage.places, lambda: self._clock.monotonic() - begun)
        self._titles = {place.platform: place.title for place in stage.places}
        self._titles[stage.publication.platform] = stage.publication.title
        self._settings = stage.settings(folder)
        self.daemon = Daemon(folder, self._settings, self._on_line)
        self._queue: asyncio.Queue[Callable[[], None]] = asyncio.Queue()
        self._narrator: asyncio.Task[None] | None = None
        self._notes: dict[tuple[str, str], str] = {}
        self._ledger: InlineLedger | None = None
        self._heard_at = begun
        self._met = False
        self._left_for = 0
        """For how many looks something has been left to a person."""
        stage.watch(self._on_post, self._on_strike)

    async def run(self) -> bool:
        """Everything, from the first line to the last."""
        self._narrator = asyncio.create_task(self._narrate())
        try:
            return await self._act()
        finally:
            self._narrator.cancel()
            if self._ledger is not None:
                self._ledger.close()

    # ── what is heard ─────────────────────────────────────────────────────────────────────────────────────────────

    async def _narrate(self) -> None:
        """Print what has happened, in order. A slow terminal must not hold up the servers, hence the queue."""
        while True:
            tell = await self._queue.get()
            tell()
            self._queue.task_done()

    async def _all_told(self) -> None:
        """Wait until everything that has happened is printed."""
        told = asyncio.create_task(self._queue.join())
        watched = {told, self._narrator} if self._narrator else {told}
        try:
            await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        finally:
            told.cancel()
        self._check_narrator()

    def _check_narrator(self) -> None:
        if self._narrator is not None and self._narrator.done():
            self._narrator.result()  # it never ends but by an error: nobody reads what is printed any more

    def _tell(self, tell: Callable[[], None]) -> None:
        self._heard_at = self._clock.monotonic()
        self._queue.put_nowait(tell)

    def _on_post(self, post: PublicPost) -> None:
        self._tell(partial(self._show.post, post))

    def _on_strike(self, server: str, fault: Fault, call: str) -> None:
        self._tell(partial(self._show.wrong, self._titles[server], wrong(fault, call)))

    def _on_line(self, fields: Fields) -> None:
        event, platform = str(fields["event"]), str(fields.get("platform", self._stage.publication.platform))
        if self._wishes.log:
            self._tell(partial(self._show.log, fields))
        if event == "daemon.started" and self._ledger is None:
            self._ledger = InlineLedger(open_engine(self._settings["HANDBILL_DATABASE_URL"]))
        self._met = self._met or event == "source.met"
        if sentence := done(fields, self._titles.get(platform, platform)):
            self._tell(partial(self._show.done, event, sentence))
        if event in NOTES:
            for article in self._stage.expected:
                if article.title == fields.get("article"):
                    self._notes[article.link, platform] = NOTES[event]

    # ── what happens ──────────────────────────────────────────────────────────────────────────────────────────────

    async def _act(self) -> bool:
        self._show.opening(self._stage.feed)
        try:
            await self._begin()
            await self._bring_out_all()
            if self._wishes.keep:
                await self._keep()
            return await self._end()
        except DaemonDied as death:
            await self._all_told()
            self._show.died(str(death), death.said)
            raise

    async def _begin(self) -> None:
        self._show.article(self._stage.bring_out(wanted=False))
        self._stage.strike(self._wishes.faults)
        await self.daemon.start()
        self._show.say(f"The daemon is started: handbill run, process {self.daemon.pid}.")
        if not await self._until(lambda: self._met, PATIENCE):
            self._show.say("Handbill has not looked at the feed yet; the demo goes on all the same.")

    async def _bring_out_all(self) -> None:
        scenes = {} if self._wishes.faults else programme(self._wishes.articles)
        for number in range(1, self._wishes.articles + 1):
            scene = scenes.get(number)
            if scene is not None:
                await self._until(self._settled, PATIENCE)
                self._stage.strike(scene.faults)
            article = self._stage.bring_out()
            self._tell(partial(self._show.article, article))
            if scene is not None and scene.kill_at is not None:
                await self._kill(article, scene.kill_at)
            await self._until(lambda: False, self._wishes.every)
        own = PATIENCE_WITH_FAULTS if self._wishes.faults else PATIENCE
        if not await self._until(self._settled, own + EACH * self._wishes.articles):
            self._tell(partial(self._show.say, "Not everything is out yet, and the demo waits no longer."))

        for server, fault in self._stage.still_to_come():
            sentence = f"{self._titles[server]}: {fault.kind} had no occasion to happen {fault.times} more times."
            self._tell(partial(self._show.say, sentence))

    async def _kill(self, article: Expected, platform: str) -> None:
        """Kill the daemon while this platform has the post and the daemon does not know, and start it again."""

        def on_the_wire() -> bool:
            states = {row.platform: row.state for row in self._rows() if row.link == article.link}
            others = [state for name, state in states.items() if name != platform]
            is_out = any(article.link in post.links for post in self._stage.servers[platform].public())
            return is_out and states.get(platform) is State.SENDING and all(state in FINAL for state in others)

        if await self._until(on_the_wire, PATIENCE):
            title, pid = self._titles[platform], self.daemon.pid
            sentence = f"The daemon (process {pid}) is killed before it could learn whether {title} has taken the post."
            self._tell(partial(self._show.say, sentence, mark="⚡", style="yellow"))
            await self.daemon.kill()
            await self.daemon.start()
            self._tell(partial(self._show.say, f"It is started again, as process {self.daemon.pid}."))

    async def _keep(self) -> None:
        await self._all_told()
        lines = "".join(f"{name}={value}\n" for name, value in self._settings.items())
        (self._folder / ".env").write_text(lines)
        addresses = {self._titles[name]: server.url for name, server in self._stage.servers.items()}
        self._show.kept(addresses, str(self._folder))
        try:
            while True:
                await self._until(lambda: False, PATIENCE)
        except asyncio.CancelledError:  # Ctrl-C is how it ends
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()

    async def _end(self) -> bool:
        """Stop the daemon, look at what readers see, and say whether it is right."""
        self._tell(partial(self._show.say, "The daemon is told to stop (SIGTERM)."))
        code = await self.daemon.stop()
        self._tell(partial(self._show.say, f"It has left with exit code {code}."))
        await self._all_told()
        undecided = {(row.link, row.platform) for row in self._rows() if _waits_for_person(row)}
        verdict = judge(self._stage.expected, self._stage.places, self._stage.public(), undecided)
        self._show.table(self._stage.expected, verdict, self._notes)
        self._show.closing(self._stage.expected, verdict, stopped_well=code == 0)
        return verdict.right and code == 0

    # ── what is waited for ────────────────────────────────────────────────────────────────────────────────────────

    async def _until(self, happened: Callable[[], bool], within: float) -> bool:
        """Wait until something has happened, at most so many seconds; whether it has. Raises DaemonDied."""
        until = self._clock.monotonic() + within
        while not happened():
            left = until - self._clock.monotonic()
            if left <= 0:
                return False
            await self.daemon.check()
            self._check_narrator()
            self._break_silence()
            await self._clock.sleep(min(TICK, left))
        return True

    def _break_silence(self) -> None:
        if self._clock.monotonic() - self._heard_at < SILENCE:
            return
        now = self._clock.now()
        row = next((row for row in self._rows() if row.state not in FINAL and not _waits_for_person(row)), None)
        if row is None:
            return
        left = (row.due_at - now).total_seconds() if row.due_at else 0.0
        when = f"the next try is in {format_duration(left)}" if left > 0 else "not yet"
        self._tell(partial(self._show.say, f"{self._titles[row.platform]}: {when}."))

    def _settled(self) -> bool:
        """Whether the daemon thinks that it is done with every article, or that a person has to decide.

        The latter only if it thinks so for a while: what has stepped aside is asked about again after the next post.
        """
        rows = self._rows()
        left = any(_waits_for_person(row) for row in rows)
        self._left_for = self._left_for + 1 if left else 0
        if left and self._left_for < ENOUGH:
            return False
        for article in self._stage.expected:
            mine = [row for row in rows if row.link == article.link]
            if article.wanted and len(mine) < len(self._stage.places):
                return False
            if not all(row.state in FINAL or _waits_for_person(row) for row in mine):
                return False
        return True

    def _rows(self) -> Sequence[DeliveryRow]:
        return self._ledger.read_now(list_log) if self._ledger is not None else ()


def _waits_for_person(row: DeliveryRow) -> bool:
    return row.state is State.UNCERTAIN and row.due_at is None
