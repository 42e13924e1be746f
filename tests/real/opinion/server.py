"""mastodon-mock on loopback, for as long as an `async with` block lasts."""

import asyncio
import re
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.real.opinion.install import installed, program, wanted

TOKEN = "second-opinion-0123456789abcdefghijklmnopqrs"
START_WITHIN = 60.0
STOP_WITHIN = 10.0
CONFIG = f"""
[database]
path = ":memory:"
[ratelimit]
enabled = true
limit = 100000
window_seconds = 300
[[seed.accounts]]
username = "news"
bot = true
access_token = "{TOKEN}"
"""


class MockServer:
    """`async with MockServer() as server:` gives a fresh one, with the account @news; it ends with the block."""

    def __init__(self) -> None:
        self.url = ""
        """The address that clients are given, without a trailing slash."""
        self._folder = tempfile.TemporaryDirectory(prefix="opinion-")
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if installed() != wanted():
            raise RuntimeError("mastodon-mock is not installed: run `python -m tests.real.opinion.install`")
        config = Path(self._folder.name) / "config.toml"
        config.write_text(CONFIG)
        self._process = await asyncio.create_subprocess_exec(
            program(),
            *("serve", "--config", config, "--host", "127.0.0.1", "--port", "0"),
            cwd=self._folder.name,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(START_WITHIN):
                self.url = await self._address()
        except BaseException:
            await self._stop()
            raise
        self._reading = asyncio.create_task(self._read_on())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def _address(self) -> str:
        assert self._process is not None
        assert self._process.stderr is not None
        said = []
        while line := await self._process.stderr.readline():
            said.append(line.decode())
            if found := re.search(r"running on (http://127\.0\.0\.1:\d+)", said[-1]):
                return found[1]
        raise RuntimeError(f"mastodon-mock did not start: {''.join(said)}")

    async def _read_on(self) -> None:
        # What it logs is read away, lest it waits for somebody to do so.
        assert self._process is not None
        assert self._process.stderr is not None
        while await self._process.stderr.readline():
            pass

    async def _stop(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(STOP_WITHIN):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._reading is not None:
            await self._reading
        self._folder.cleanup()
