"""One worker over many sources, as the daemon has them: prints what its polls cost as JSON.

python -m bench.watch PORT SOURCES POLLS CHANGED (a share) DATABASE
"""

import asyncio
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.quiet import log_errors_only
from bench.site import HOSTS
from bot.app import Core
from bot.ledger.migrate import ensure_ledger
from bot.settings import load_settings
from bot.settings.model import Settings, SourceSettings
from bot.wiring import production

AT_ONCE = 20


def settings_for(port: int, count: int, changed: float, database: str) -> Settings:
    """So many sources of `bench.site`, each looked at every quarter of an hour; a share of them always changes."""
    environ = {"HANDBILL_DATABASE_URL": database, "HANDBILL_FETCH__ALLOW_NETWORKS": "127.0.0.0/8"}
    loaded = load_settings({}, environ=environ, env_file=None)
    every = round(1 / changed) if changed else 0
    addresses = (
        f"http://127.0.0.{number % HOSTS + 1}:{port}/{'live' if every and number % every == 0 else 'calm'}/n{number}"
        for number in range(count)
    )
    sources = tuple(SourceSettings(address, address, "feed", 900.0, 900.0, 0, None, address) for address in addresses)
    return replace(loaded, sources=sources)


def resident() -> float:
    """What the process holds, MB."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


async def _measure(settings: Settings, polls: int) -> dict[str, Any]:
    async with production(settings) as doors:
        core = Core(settings, [], doors, lambda text: text)
        await core.start()
        chosen = [core.sourcing.pollers[number % len(core.sourcing.pollers)] for number in range(polls)]
        for each in chosen[: len(core.sourcing.pollers)]:  # the first look of each, which has no validators yet
            await each.look()
        turns, waits = asyncio.Semaphore(AT_ONCE), []

        async def look(number: int) -> None:
            async with turns:
                at = time.monotonic()
                await chosen[number].look()
                waits.append(time.monotonic() - at)

        began, spent = time.monotonic(), time.process_time()
        await asyncio.gather(*(look(number) for number in range(len(chosen))))
        wall, cpu = time.monotonic() - began, time.process_time() - spent
    waits.sort()
    return {
        "per_second": len(chosen) / wall,
        "cpu_ms": cpu / len(chosen) * 1000,
        "median_ms": waits[len(waits) // 2] * 1000,
        "slowest_ms": waits[int(len(waits) * 0.99)] * 1000,
    }


def main() -> None:
    port, count, polls, changed, database = sys.argv[1:]
    log_errors_only()
    ensure_ledger(database)
    settings = settings_for(int(port), int(count), float(changed), database)
    print(json.dumps(asyncio.run(_measure(settings, int(polls)))))


if __name__ == "__main__":
    main()
