"""One worker over very many sources, as the daemon runs, all due at an even pace: prints what it costs as JSON.

python -m bench.many PORT SOURCES SECONDS DATABASE
"""

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, update

from bench.quiet import log_errors_only
from bench.watch import AT_ONCE, resident, settings_for
from bot.app import Core
from bot.doors import Doors, Fetched, Web
from bot.ledger.migrate import ensure_ledger
from bot.ledger.schema import sources
from bot.settings.model import Settings
from bot.wiring import production

EVERY = 900.0
"""Seconds: the interval of each source."""
CHANGED = 0.1
"""Share of the looks that find something new."""


@dataclass
class Counting:
    """The door to the web, and what went through it."""

    web: Web
    awaited: str
    """An address."""
    polls: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)
    """It was asked for."""

    async def get(self, url: str, **options: Any) -> Fetched:
        """Count."""
        fetched = await self.web.get(url, **options)
        self.polls += 1
        if url == self.awaited:
            self.came.set()
        return fetched


async def _measure(settings: Settings, seconds: float) -> Mapping[str, float]:
    async with production(settings) as real:
        web = Counting(real.web, settings.sources[-1].url)
        doors = replace(real, web=web)
        before = time.monotonic()
        await (core := _core(settings, doors)).start()
        registered = time.monotonic() - before
        soon = round(len(core.sourcing.pollers) * seconds / EVERY) + 1
        await _meet(core, soon)
        margin = 1.0 + len(settings.sources) / 6_000
        begins = time.monotonic() + margin
        await doors.ledger.write(lambda conn: _spread(conn, len(settings.sources), doors.clock.now(), margin))
        stop, before = asyncio.Event(), time.monotonic()
        await (core := _core(settings, doors)).start()
        running = asyncio.create_task(core.run(stop))
        await web.came.wait()  # it is due at once, and its state is read last
        started = time.monotonic() - before
        await asyncio.sleep(begins - time.monotonic())
        polls, spent = web.polls, time.process_time()
        await asyncio.sleep(seconds)
        polls, spent, held = web.polls - polls, time.process_time() - spent, resident()
        stop.set()
        await running
    return {
        "registered_s": registered,
        "started_s": started,
        "memory_mb": held,
        "polls": polls,
        "per_second": polls / seconds,
        "cpu_ms": spent / polls * 1000,
        "load": spent / seconds,
    }


def _core(settings: Settings, doors: Doors) -> Core:
    return Core(settings, [], doors, lambda text: text)


async def _meet(core: Core, soon: int) -> None:
    """The first look at those that change while it is measured, and have an article more each time from then on."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def look(number: int) -> None:
        async with turns:
            await core.sourcing.pollers[number].look()

    await asyncio.gather(*(look(number) for number in range(0, soon, round(1 / CHANGED))))


def _spread(conn: Connection, count: int, now: datetime, margin: float) -> None:
    """All have been looked at within the last interval and are due one after the other, the last one at once."""
    every, begins = timedelta(seconds=EVERY), now + timedelta(seconds=margin)
    dues = [begins + number / count * every for number in range(count - 1)] + [now]
    rows = [
        {"b_id": number + 1, "next_poll_at": due, "polled_at": due - every, "ok_at": due - every}
        for number, due in enumerate(dues)
    ]
    conn.execute(update(sources).where(sources.c.id == bindparam("b_id")), rows)
    unmet = sources.c.first_look_at.is_(None)
    conn.execute(update(sources).where(unmet).values(first_look_at=now, etag='"0"'))


def main() -> None:
    """Measure."""
    port, count, seconds, database = sys.argv[1:]
    log_errors_only()
    ensure_ledger(database)
    settings = settings_for(int(port), int(count), CHANGED, database)
    print(json.dumps(asyncio.run(_measure(settings, float(seconds)))))


if __name__ == "__main__":
    main()
