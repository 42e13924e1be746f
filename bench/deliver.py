"""In a process of its own: CPU of the core for N posts on one platform, from the first claim to the last receipt."""

import asyncio
import json
import sys
import time
from pathlib import Path

from adapters.registry import PLATFORMS
from bench.quiet import log_errors_only
from bot.ledger.migrate import ensure_ledger
from bot.redact import Redactor
from bot.settings import load_settings
from bot.wiring import opened_core


async def main(environ: dict[str, str], posts: int) -> float:
    settings = load_settings(PLATFORMS, environ=environ, env_file=None)
    ensure_ledger(settings.database_url)
    async with opened_core(settings, Redactor(settings.secrets()), command="bench") as core:
        (lane,) = core.lanes.values()
        await core.sourcing.pollers[0].look()
        await lane.step()  # the platform says who we are; the first post warms up what is loaded late
        while (await core.waiting()).by_itself >= posts:
            await lane.step()
        before = time.process_time()
        while await lane.step() is None:
            pass
        return time.process_time() - before


if __name__ == "__main__":
    log_errors_only()
    environ, count = json.loads(sys.argv[1]), int(sys.argv[2])
    Path(environ["HANDBILL_DATABASE_URL"].removeprefix("sqlite:///")).unlink(missing_ok=True)
    print(asyncio.run(main(environ, count)))
