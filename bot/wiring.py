"""The composition root: makes the doors of production and the adapters, and runs the core over them.

The only module of `bot` that sees the registry of platforms.
"""

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace

import structlog

from adapters.base import Adapter, Context, Waits
from adapters.registry import PLATFORMS
from bot import __version__
from bot.app import Core, Opened
from bot.clock import SystemClock, SystemDice, random_bytes
from bot.crew import Crew
from bot.doors import Doors, Holder, Leases
from bot.dryrun import DryRun, dry_database_url
from bot.ledger.address import database_path, on_server
from bot.ledger.bell import listen
from bot.ledger.db import ThreadLedger, open_engine
from bot.ledger.leases import SessionLeases, SoleLeases
from bot.ledger.migrate import ensure_ledger
from bot.ledger.reports import Waiting
from bot.ledger.sessions import LedgerSessions
from bot.ledger.silence import Silence, watch
from bot.ledger.workers import Worker
from bot.pacing import Notes
from bot.redact import Redactor
from bot.render import Renderer
from bot.sender import FileLock
from bot.settings import ChannelConfig, Settings
from bot.sources.fetch import AiohttpWeb
from bot.threads import ThreadOffload

log = structlog.get_logger()

USER_AGENT = f"Handbill/{__version__} (feed to posts; self-hosted)"
"""Where nobody has said whom to write to."""
LEAVE_WITHIN = 28.0
"""Seconds after the first signal: GRACE_FOR and LEAVE_FOR of `bot.app`, and some to spare."""
ONE_SIGNAL_FOR = 0.3
"""Seconds within which signals count as one: `timeout` and some supervisors signal the process and then its group."""
FORCED = 130
"""Exit code after a second signal: https://tldp.org/LDP/abs/html/exitcodes.html"""


class Busy(Exception):
    """Another sender is at work on this ledger."""

    def __init__(self, holder: Holder) -> None:
        super().__init__(
            f"{holder.command} (process {holder.pid} on {holder.host}, since {holder.since:%Y-%m-%d %H:%M} UTC) is "
            "sending from this ledger already: end it first, or leave the work to it."
        )


def user_agent_of(settings: Settings) -> str:
    """Who asks: this program, and whom to write to about it."""
    return f"Handbill/{__version__} (feed to posts; {settings.contact})" if settings.contact else USER_AGENT


def open_adapter(
    channel: ChannelConfig,
    doors: Doors,
    redactor: Redactor,
    *,
    owner: bool,
    waits: Waits | None = None,
    notes: Notes | None = None,
) -> Adapter:
    """The adapter of a configured channel. Imports its platform's library; makes no request.

    `notes`: where it says what budgets the platform told of; without, nobody keeps them.
    """
    account = f"{channel.platform}:{channel.settings.label}"
    context = Context(
        now=doors.clock.now,
        random_bytes=random_bytes,
        keep_secret=redactor.add,
        sessions=LedgerSessions(doors.ledger, account, doors.clock.now),
        owner=owner,
        user_agent=USER_AGENT,
        waits=waits,
        note_budget=(notes or Notes()).note,
    )
    return PLATFORMS[channel.platform].open(channel.settings, context)


@asynccontextmanager
async def production(settings: Settings) -> AsyncIterator[Doors]:
    """The doors of production, closed at the end without waiting for anything that hangs."""
    clock = SystemClock()
    engine = open_engine(settings.database_url)
    # A file answers, or says why not.
    watching = (
        asyncio.create_task(watch(Silence(engine, clock.monotonic), clock))
        if on_server(settings.database_url)
        else None
    )
    ledger = ThreadLedger(engine)
    web = AiohttpWeb(
        user_agent_of(settings),
        now=clock.now,
        allow_networks=settings.fetch.allow_networks,
        proxy=settings.fetch.proxy,
        ca_file=settings.fetch.ca_file,
    )
    offload = ThreadOffload()
    try:
        yield Doors(clock, SystemDice(), ledger, _leases(settings, ledger, clock), web, offload, web)
    finally:
        await web.close()
        offload.close()
        if watching is not None:
            watching.cancel()
        ledger.close()


def _leases(settings: Settings, ledger: ThreadLedger, clock: SystemClock) -> Leases:
    """On a server, other processes may work on the same ledger; a file is one process's own."""
    if not on_server(settings.database_url):
        return SoleLeases()
    accounts = {_account_of(channel) for channel in settings.channels}
    return SessionLeases(ledger, clock, fair_ones=len(accounts))


def _account_of(channel: ChannelConfig) -> str:
    return f"{channel.platform}:{channel.settings.account}"


@asynccontextmanager
async def _among_others(settings: Settings, doors: Doors, core: Core, command: str) -> AsyncIterator[None]:
    """Work as one of several processes, where the ledger is on a server."""
    if not isinstance(doors.leases, SessionLeases):
        yield
        return
    me = Worker(doors.dice.token(), os.getpid(), os.uname().nodename, command, doors.clock.now())
    crew = Crew(me, doors.leases, doors)
    await crew.beat()
    beating = asyncio.create_task(crew.run())
    listening = asyncio.create_task(listen(settings.database_url, core.wake, doors.clock))
    try:
        yield
    finally:
        beating.cancel()
        listening.cancel()
        await asyncio.wait([beating, listening])
        await crew.leave()


@asynccontextmanager
async def opened_core(
    settings: Settings, redactor: Redactor, renderer: Renderer | None = None, *, command: str, dry_run: bool = False
) -> AsyncIterator[Core]:
    """A started core over a ledger of the right version that nobody else sends from. Raises Busy and LedgerError.

    `renderer`: what makes the posts, where the operator has templates.
    """
    if dry_run:
        settings = replace(settings, database_url=dry_database_url(settings.database_url))
    with sole_sender(settings, command):
        if said := ensure_ledger(settings.database_url):
            log.info("ledger.migrated", note=said)
        async with production(settings) as doors:
            opened = []
            for channel in settings.channels:
                waits = settings.waits_for(PLATFORMS[channel.platform])
                notes = Notes()
                adapter = open_adapter(channel, doors, redactor, owner=True, waits=waits, notes=notes)
                shown = DryRun(adapter, doors.clock, channel.name) if dry_run else adapter
                opened.append(Opened(channel.name, shown, _account_of(channel), notes, channel.settings.shape))
            core = Core(settings, opened, doors, redactor.redact, renderer)
            await core.start()
            try:
                async with _among_others(settings, doors, core, command):
                    yield core
            finally:
                for each in opened:
                    await each.adapter.close()


@contextmanager
def sole_sender(settings: Settings, command: str) -> Iterator[None]:
    """Keep every other sender off this ledger. Raises Busy when there is one at work."""
    path = database_path(settings.database_url)
    if path is None:  # in memory, where nobody else can see it; or on a server, where leases keep apart
        yield
        return
    lock = FileLock(path, command=command, now=SystemClock().now())
    if holder := lock.acquire():
        raise Busy(holder)
    try:
        yield
    finally:
        lock.release()


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set; a second signal leaves at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    first_at = 0.0

    def on_signal(number: int) -> None:
        nonlocal first_at
        if stop.is_set():
            if loop.time() - first_at > ONE_SIGNAL_FOR:
                os._exit(FORCED)
            return
        first_at = loop.time()
        log.info("daemon.stopping", signal=signal.Signals(number).name)
        stop.set()
        _leave_at_last()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal, number)
    return stop


def _leave_at_last() -> None:
    """Whatever may hang after this (a library's thread, a name server), the process is gone in time.

    By then every outcome has been written: an outcome that was not is found as `sending` at the next start.
    """
    timer = threading.Timer(LEAVE_WITHIN, os._exit, args=[FORCED])
    timer.daemon = True
    timer.start()


async def run_daemon(settings: Settings, redactor: Redactor, renderer: Renderer, *, dry_run: bool) -> None:
    """`handbill run`, until SIGTERM or SIGINT."""
    command = "handbill run --dry-run" if dry_run else "handbill run"
    async with (
        opened_core(settings, redactor, renderer, command=command, dry_run=dry_run) as core,
        _listening(settings, core, dry_run=dry_run),
    ):
        await core.run(stop_on_signals())


@asynccontextmanager
async def _listening(settings: Settings, core: Core, *, dry_run: bool) -> AsyncIterator[None]:
    """With the web server, where one is configured. Raises CannotListen."""
    if settings.web.listen is None or dry_run:  # a rehearsal beside the real daemon would take its address
        yield
        return
    from bot.web.open import opened_server  # noqa: PLC0415 # a server that nobody wants is not even loaded

    async with opened_server(settings, core):
        yield


async def run_once(settings: Settings, redactor: Redactor, renderer: Renderer, *, wait_for: float) -> Waiting:
    """`handbill once`; returns what is still open."""
    async with opened_core(settings, redactor, renderer, command="handbill once") as core:
        await core.once(wait_for, stop_on_signals())
        return await core.waiting()
