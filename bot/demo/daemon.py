"""The real daemon as a process of its own, with settings that come from nowhere but the demo, and its log."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import bot
from bot.clock import SystemClock
from bot.settings.environment import process_environment

Fields = Mapping[str, Any]
"""One line of the daemon's log."""

KEPT = 15
"""Lines that are kept, to be shown if the daemon dies."""
LEAVES_WITHIN = 35.0
"""Seconds: its own promise is 30."""
HURRIED = 3.0
LONGEST_LINE = 2**20


class DaemonDied(Exception):
    """The daemon ended although nobody had told it to. `said`: its last lines."""

    def __init__(self, code: int, said: tuple[str, ...]) -> None:
        super().__init__(f"The daemon has ended by itself, with exit code {code}.")
        self.said = said


class Daemon:
    """`handbill run`, which can be started, killed, started again and stopped."""

    def __init__(self, folder: Path, settings: Mapping[str, str], on_line: Callable[[Fields], None]) -> None:
        self._folder = folder
        self._settings = settings
        self._on_line = on_line
        self._process: Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._last: deque[str] = deque(maxlen=KEPT)

    @property
    def pid(self) -> int:
        """The number of its process; 0 when there is none."""
        return self._process.pid if self._process else 0

    async def start(self) -> None:
        """Start it. Its folder is its own, so that it reads no .env and no handbill.toml of the operator's."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run", "--log-json"),
            cwd=self._folder,
            env={**self._settings, **_surroundings()},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            limit=LONGEST_LINE,
            process_group=0,  # Ctrl-C on the terminal is the demo's, which then stops the daemon
        )
        self._reader = asyncio.create_task(self._read(self._process))

    async def check(self) -> None:
        """Raise DaemonDied when it runs no more."""
        if self._process is not None and self._process.returncode is not None:
            await self._read_all()
            raise DaemonDied(self._process.returncode, tuple(self._last))

    async def kill(self) -> None:
        """SIGKILL: it has no chance to write anything down."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            await self._read_all()

    async def stop(self) -> int:
        """SIGTERM, and wait until it has left; its exit code."""
        return await self._stop(LEAVES_WITHIN)

    async def end(self) -> None:
        """Make sure that nothing of it is left, soon."""
        if self._process is not None and self._process.returncode is None:
            await self._stop(HURRIED)

    async def _stop(self, within: float) -> int:
        if self._process is None:
            return 0
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with SystemClock().deadline(within):
                await self._process.wait()
        except TimeoutError:
            await self.kill()
        await self._read_all()
        return self._process.returncode or 0

    async def _read_all(self) -> None:
        if self._reader is not None:
            await self._reader

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None  # noqa: S101 # it was asked for
        async for raw in process.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            self._last.append(line)
            self._on_line(_fields(line))


def _fields(line: str) -> Fields:
    """What is not an event of the log (a sentence about a setting) passes as one."""
    try:
        fields = json.loads(line)
    except ValueError:
        fields = None
    return fields if isinstance(fields, dict) and "event" in fields else {"event": line}


def _surroundings() -> Mapping[str, str]:
    """What Python needs to run this very code, and nothing else of the operator's environment (proxies, say)."""
    kept = {name: value for name, value in process_environment().items() if name in ("LD_LIBRARY_PATH", "TMPDIR")}
    return {**kept, "PYTHONPATH": str(Path(bot.__file__).resolve().parent.parent), "PYTHONUTF8": "1"}
