"""The real core with the real adapters in this process, on a clock that leaps; everything else as production has it."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.registry import PLATFORMS
from bot.app import Core, Opened
from bot.clock import SystemDice
from bot.doors import Doors
from bot.ledger.db import InlineLedger, ThreadLedger, open_engine
from bot.ledger.leases import SoleLeases
from bot.ledger.reports import DeliveryRow, Waiting, list_log, list_undecided, summarise
from bot.pacing import Notes
from bot.redact import Redactor
from bot.sources.fetch import AiohttpWeb
from bot.threads import ThreadOffload
from bot.wiring import USER_AGENT, open_adapter
from tests.leaping import LoopClock
from tests.stage import Stage

LONG = 30 * 86400.0
"""Seconds: as long as any recovery may take."""


@asynccontextmanager
async def core_on(stage: Stage, clock: LoopClock, **more: str) -> AsyncIterator[Core]:
    """A started core over the stage's ledger, which must exist already."""
    settings = stage.settings(**more)
    redactor = Redactor(settings.secrets())
    ledger = ThreadLedger(open_engine(settings.database_url))
    web = AiohttpWeb(USER_AGENT, now=clock.now, allow_networks=settings.fetch.allow_networks)
    offload = ThreadOffload()
    doors = Doors(clock, SystemDice(), ledger, SoleLeases(), stage.through(web), offload, web)
    opened = []
    for channel in settings.channels:
        waits = settings.waits_for(PLATFORMS[channel.platform])
        account = f"{channel.platform}:{channel.settings.account}"
        notes = Notes()
        adapter = open_adapter(channel, doors, redactor, owner=True, waits=waits, notes=notes)
        opened.append(Opened(channel.name, adapter, account, notes, shape=channel.settings.shape))
    core = Core(settings, opened, doors, redactor.redact)
    try:
        await core.start()
        yield core
    finally:
        for each in opened:
            await each.adapter.close()
        await web.close()
        offload.close()
        ledger.close()


class Told:
    """What the ledger tells of a stage, read afresh each time."""

    def __init__(self, stage: Stage) -> None:
        self._ledger = InlineLedger(open_engine(stage.database_url))

    def __enter__(self) -> "Told":
        return self

    def __exit__(self, *_: object) -> None:
        self._ledger.close()

    def log(self) -> list[DeliveryRow]:
        return self._ledger.read_now(list_log)

    def undecided(self) -> list[DeliveryRow]:
        return self._ledger.read_now(list_undecided)

    def waiting(self) -> Waiting:
        return self._ledger.read_now(summarise)


def lay_ledger(empty: Path, stage: Stage) -> None:
    """Give the stage an empty ledger of the present version."""
    shutil.copyfile(empty, stage.ledger)
