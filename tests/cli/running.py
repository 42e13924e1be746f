"""Runs commands of the real command line, in this process or in one of their own."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from bot.cli import app


@dataclass(frozen=True)
class Answer:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of standard output."""
        return self.out.splitlines()

    @property
    def unstyled(self) -> list[str]:
        """The lines without colours and bold type."""
        return re.sub(r"\x1b\[[\d;]*m", "", self.out).splitlines()

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The JSON of every line."""
        return [json.loads(line) for line in self.lines]


class Handbill:
    """`handbill` with its environment."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)

    def __call__(self, *arguments: str, **more: str) -> Answer:
        """Run a command in this process, with `more` variables."""
        result = CliRunner().invoke(app, list(arguments), env={**self.environment, **more})
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)

    def on_a_terminal(self, *arguments: str, columns: int = 80) -> Answer:
        """The same, before a person with a terminal of so many columns."""
        return self(*arguments, FORCE_COLOR="1", NO_COLOR="1", COLUMNS=str(columns), TERM="xterm")

    async def beside(self, *arguments: str, **more: str) -> Answer:
        """The same, while the servers of this process go on."""
        return await asyncio.to_thread(self, *arguments, **more)

    async def process(self, *arguments: str, **more: str) -> Answer:
        """Run a command as a process of its own."""
        pipe = asyncio.subprocess.PIPE
        environment = {**self.environment, **more, "PATH": os.environ["PATH"]}
        path = str(Path(__file__).parents[2])
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *arguments),
            env={**environment, "PYTHONPATH": path, "PYTHONWARNINGS": "error"},
            stdout=pipe,
            stderr=pipe,
        )
        out, err = await program.communicate()
        return Answer(program.returncode or 0, out.decode(), err.decode())
