"""The running core: sources, lanes and the teller over one set of doors.

    source ─poll─▶ articles + deliveries ─▶ ledger ─▶ lane ─▶ adapter ─▶ receipt ─▶ ledger
                                                        └ alerts ─▶ teller ─▶ the operator's chat

`Core` knows no platform, no thread and no socket: the composition root (`bot.wiring`) hands it doors and adapters.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from adapters.base import Adapter, CanAlert
from adapters.shaping import Shape
from bot.account import Account
from bot.audit import Auditor
from bot.channel import Channel, down_cause
from bot.deliver import READING, Lane
from bot.doors import Doors
from bot.late import late_cause
from bot.ledger import channels, queue, watched
from bot.ledger.alerts import clear_gone
from bot.ledger.channels import ChannelState
from bot.ledger.doubts import end_doubts
from bot.ledger.flood import flood_cause
from bot.ledger.newer import older_cause
from bot.ledger.postgres import take_turn
from bot.ledger.reports import Waiting, summarise
from bot.missed import missed_cause
from bot.pacing import Notes
from bot.poll import failing_cause, silent_cause
from bot.render import Renderer
from bot.rest import Rest
from bot.settings.model import Settings
from bot.sourcing import Sourcing
from bot.tell import Teller
from bot.watch import watch

log = structlog.get_logger()

GRACE_FOR = 20.0
"""Seconds that a visible call may still take when the program is told to stop."""
LEAVE_FOR = 5.0
"""Seconds for writing down what was given up, after that."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A configured channel with its adapter."""

    name: str
    adapter: Adapter
    account: str = ""
    """What one process works at a time: channels of one account have one name here. Empty: it stands alone."""
    notes: Notes = field(default_factory=Notes)
    """Where the adapter says what budgets the platform told of."""
    shape: Shape = field(default_factory=Shape)
    """What the operator asks of the posts."""


class Core:
    """Everything that runs. `start` first; then `run` for the daemon or `once` for one round."""

    def __init__(
        self,
        settings: Settings,
        opened: Sequence[Opened],
        doors: Doors,
        redact: Callable[[str], str],
        renderer: Renderer | None = None,
    ) -> None:
        """`renderer`: what makes the posts; None: by the packaged templates."""
        self._settings = settings
        self._opened = opened
        self.doors = doors
        self.redact = redact
        self._renderer = renderer or Renderer()
        self.lanes: dict[str, Lane] = {}
        self.accounts: list[Account] = []
        self.sourcing = Sourcing(settings, doors, self.lanes, redact)
        self._enriching: asyncio.Task[None] | None = None
        """The reading of pages in a round of its own."""
        self._rests: dict[str, Rest] = {}
        """How each lane ended its round."""
        self._teller = Teller([each.adapter for each in opened if isinstance(each.adapter, CanAlert)], doors)

    async def start(self) -> None:
        """Register what is configured. Talks to nobody."""
        states = await self.doors.ledger.write(self._register)
        taken: dict[int, Channel] = {}
        identities = self._identities_by_channel()
        for each in self._opened:
            lane = Lane(
                states[each.name],
                each.adapter,
                self.doors,
                self._renderer,
                quiet_for=self._quiet_for(each.adapter),
                redact=self.redact,
                taken=taken,
                backoff_from=self._settings.backoff,
                confirm_after=self._settings.confirm_after,
                notes=each.notes,
                identities=identities[each.name],
                shape=each.shape,
            )
            self.lanes[each.name] = lane
        self.accounts = [
            Account(name, lanes, self.doors, self._auditor(lanes)) for name, lanes in self._by_account().items()
        ]
        await self.sourcing.start()
        await self.doors.ledger.write(self._let_go)

    def _by_account(self) -> Mapping[str, list[Lane]]:
        found: dict[str, list[Lane]] = {}
        for each in self._opened:
            found.setdefault(each.account or f"channel:{each.name}", []).append(self.lanes[each.name])
        return found

    def _auditor(self, lanes: Sequence[Lane]) -> Auditor:
        return Auditor(lanes, self.doors, self.redact, late_after=self._settings.late_after)

    def _identities_by_channel(self) -> Mapping[str, list[str]]:
        """Of the sources that are read, and whose articles go to a channel."""
        found: dict[str, list[str]] = {each.name: [] for each in self._opened}
        names_of = self._settings.channel_names_by_source()
        for source in self._settings.polled:
            for name in found.keys() & names_of[source.name]:
                found[name].append(source.identity)
        return found

    def _quiet_for(self, adapter: Adapter) -> float:
        return adapter.quiet_for if self._settings.quiet_time is None else self._settings.quiet_time

    def _register(self, conn: Connection) -> Mapping[str, ChannelState]:
        take_turn(conn)  # another process may be starting, too
        now = self.doors.clock.now()
        states = {
            each.name: channels.register_channel(conn, platform=each.adapter.platform, name=each.name, now=now)
            for each in self._opened
        }
        channels.note_removed(conn, [state.id for state in states.values()], now=now)
        return states

    def _let_go(self, conn: Connection) -> None:
        """Of what the settings no longer name: alerts are over, and what a crash left is for a person to decide."""
        now = self.doors.clock.now()
        # It may only have been renamed, which the platform has yet to say: then it is asked, and not before its time.
        quiet_for = max((self._quiet_for(each.adapter) for each in self._opened), default=0.0)
        for channel_id in channels.list_removed(conn):
            queue.recover(conn, channel_id, quiet_for_due_at=now + timedelta(seconds=quiet_for), now=now)
        sources = watched.list_ids(conn, {source.identity for source in self._settings.sources})
        standing = {cause(source_id) for source_id in sources for cause in (failing_cause, silent_cause)}
        clear_gone(conn, "source", standing, now=now)
        clear_gone(conn, "missed", {missed_cause(source_id) for source_id in sources}, now=now)
        clear_gone(conn, "flood", {flood_cause(source_id) for source_id in sources}, now=now)
        identities = [source.identity for source in self._settings.polled]
        if end_doubts(conn, identities, max_age=self._settings.max_age, now=now):
            log.info("ledger.trusted", reason="nothing can come any more that was posted before it was restored")
        causes = [cause(lane.channel.id) for lane in self.lanes.values() for cause in (down_cause, late_cause)]
        clear_gone(conn, "channel", causes, now=now)
        clear_gone(conn, "older", [older_cause(lane.channel.id) for lane in self.lanes.values()], now=now)

    # ── the daemon ────────────────────────────────────────────────────────────────────────────────────────────────

    async def run(self, stop: asyncio.Event) -> None:
        """Poll and deliver until `stop`; then finish or give up what is on the wire, within GRACE_FOR."""
        log.info("daemon.started", sources=len(self.sourcing.pollers), channels=len(self.lanes))
        askers = [asyncio.create_task(loop) for loop in self.sourcing.loops()]
        askers.append(asyncio.create_task(self._teller.run()))
        askers.append(asyncio.create_task(watch(self.doors.clock)))
        senders = [asyncio.create_task(account.run()) for account in self.accounts]
        try:
            await _until(stop, askers)
        finally:
            await self._leave(senders, askers)
        log.info("daemon.stopped")

    def wake(self) -> None:
        """Something was planned, here or in another process."""
        for lane in self.lanes.values():
            lane.wake()
        self.sourcing.wake()

    async def _leave(self, senders: Sequence[asyncio.Task[None]], askers: Sequence[asyncio.Task[None]] = ()) -> None:
        """Start nothing new, wait for what is on the wire, then give it up and write that down."""
        for account in self.accounts:
            account.stop()
        for asker in askers:  # they talk to no platform, and a look that is broken off is made again
            asker.cancel()
        try:
            async with self.doors.clock.deadline(GRACE_FOR):
                await _all([*senders, *askers])
        except TimeoutError:
            log.warning("daemon.left_waiting", calls=sum(not task.done() for task in senders))
        await self._cancel(senders)

    async def _cancel(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        with suppress(TimeoutError):
            async with self.doors.clock.deadline(LEAVE_FOR):
                await _all(tasks)

    # ── one round ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def once(self, wait_for: float, stop: asyncio.Event) -> None:
        """Poll everything whatever its interval, then deliver what is due or falls due within `wait_for` seconds."""
        await self.sourcing.look()
        until = self.doors.clock.now() + timedelta(seconds=wait_for)
        self._enriching = asyncio.create_task(self.sourcing.enrich())
        senders = [asyncio.create_task(self._drain(account, until)) for account in self.accounts]
        try:
            await _first(stop, [*senders, self._enriching])
        finally:
            await self._leave(senders, [self._enriching])
        for sender in senders:
            if not sender.cancelled():
                sender.result()
        await self._teller.tell()

    async def waiting(self) -> Waiting:
        """What is still open, and which of the configured sources could not be read."""
        waiting = await self.doors.ledger.read(summarise)
        names = {source.name for source in self._settings.sources}
        # The lanes know better than the ledger when they go on: a platform that is away is not written down.
        times = [rest.until for rest in self._rests.values() if rest.until is not None]
        next_at = min(times, default=waiting.next_at) if waiting.by_itself else None
        return replace(waiting, next_at=next_at, unread=tuple(each for each in waiting.unread if each.name in names))

    async def _drain(self, account: Account, until: datetime) -> None:
        # A round of its own takes whatever is free: those that have a share of it may have died a moment ago.
        async with account.held(fair=False) as lease:
            if lease is None:
                log.info("account.left_alone", account=account.name, reason="another process works it")
                return
            lanes = [asyncio.create_task(self._drain_lane(lane, until)) for lane in account.lanes]
            try:
                await _all(lanes)
            except asyncio.CancelledError:
                for lane in lanes:
                    lane.cancel()
                await _all(lanes)
                raise
            for lane in lanes:
                lane.result()
            if not account.stopping:
                await account.auditor.round(lease)

    async def _drain_lane(self, lane: Lane, until: datetime) -> None:
        while not lane.stopping:
            # Asked before: what was read while the lane looked is met at its next step.
            reading = self._enriching is not None and not self._enriching.done()
            rest = await lane.step()
            if rest is None:
                continue
            waits_for_page = reading and rest.why == READING
            if not waits_for_page and (rest.until is None or rest.until > until):
                lane.resting = rest
                self._rests[lane.channel.name] = rest
                return
            await lane.sleep(rest)


async def _until(stop: asyncio.Event, tasks: Sequence[asyncio.Task[None]]) -> None:
    """Until `stop`. A task that fails is a mistake of ours that must not go unseen: it ends the daemon."""
    waiting = asyncio.create_task(_wait(stop))
    open_tasks = {waiting, *tasks}
    try:
        while not stop.is_set():
            done, open_tasks = await asyncio.wait(open_tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        waiting.cancel()


async def _first(stop: asyncio.Event, working: Sequence[asyncio.Task[None]]) -> None:
    """Until all work is done or `stop`, whichever is first."""
    waiting = asyncio.create_task(_wait(stop))
    ending = asyncio.create_task(_all(working))
    await asyncio.wait({waiting, ending}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    ending.cancel()


async def _wait(stop: asyncio.Event) -> None:
    await stop.wait()


async def _all(working: Sequence[asyncio.Task[None]]) -> None:
    if working:
        await asyncio.wait(working)
