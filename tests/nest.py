"""The program, born ready: a nest is a process that has loaded all of the program's modules, and forks whoever is asked
of it, so that a life of a second is a second of work and not of imports.

Each is a process of its own, which does what `python -m MODULE ARGUMENT…` does. When the test's process dies, however
it dies, its nest and everything out of it dies as well.
"""

import asyncio
import ctypes
import gc
import json
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import NoReturn, Self

import adapters
import bot
from adapters.post import Part, Post
from adapters.registry import PLATFORMS

CODE = Path(bot.__file__).parent.parent
APART = ("bot.__main__", "bot.demo", "bot.ledger.migrations", "adapters.sandbox")
"""What does something when it is loaded, or is no part of a daemon."""
LATE = (
    *("sqlalchemy.dialects.sqlite.pysqlite", "sqlalchemy.dialects.postgresql.psycopg", "psycopg"),
    *("httpcore", "h11", "anyio._backends._asyncio", "PIL.JpegImagePlugin", "PIL.PngImagePlugin", "PIL.GifImagePlugin"),
)
"""What libraries load only once a ledger is opened, a call is made, a picture is read."""
FIRST = Post((Part("title", "First"), Part("link", "https://first.example")), "https://first.example", "First", "")
PR_SET_PDEATHSIG = 1
"""https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html"""


@dataclass(frozen=True, slots=True)
class Order:
    """`python -m module arguments…` in this environment and this folder."""

    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: str


class Born:
    """A process out of a nest: what tests need of `asyncio.subprocess.Process`."""

    def __init__(self, pid: int, ending: asyncio.Task[int]) -> None:
        self.pid = pid
        self._ending = ending

    @property
    def returncode(self) -> int | None:
        """How it ended, as `subprocess` tells it: -9 is SIGKILL. None while it lives."""
        return self._ending.result() if self._ending.done() else None

    async def wait(self) -> int:
        """How it ended, once it has."""
        return await asyncio.shield(self._ending)

    def send_signal(self, number: int) -> None:
        """To the process, if it has not ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


class Nest:
    """`with Nest() as nest:` is the process that has loaded everything."""

    def __enter__(self) -> Self:
        self._orders, theirs = socket.socketpair()
        own = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CODE), "NO_COLOR": "1", "COLUMNS": "200"}
        command = [sys.executable, "-m", "tests.nest", str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(command, env=own, cwd=CODE, pass_fds=[theirs.fileno()])
        return self

    def __exit__(self, *_: object) -> None:
        self._orders.close()
        self._process.wait()

    async def bring_forth(self, order: Order, out: int, err: int) -> Born:
        """A process that says what it says to the files `out` and `err`, which stay the caller's."""
        (to_read, to_write), (said, status) = os.pipe(), os.pipe()
        os.write(to_write, json.dumps(asdict(order)).encode())  # a few thousand bytes, which a pipe holds
        os.close(to_write)
        socket.send_fds(self._orders, [b"."], [to_read, out, err, status])
        os.close(to_read)
        os.close(status)
        reader = await listen(said)
        return Born(int(await reader.readline()), asyncio.create_task(_end(reader)))


async def listen(end: int) -> asyncio.StreamReader:
    """What comes out of a pipe, which is closed at its end."""
    reader = asyncio.StreamReader()
    pipe = os.fdopen(end, "rb", buffering=0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader


async def _end(said: asyncio.StreamReader) -> int:
    return int(await said.read())


# ── in the nest ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _load_all() -> None:
    for package in (bot, adapters):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(APART):
                import_module(module.name)
    for name in LATE:
        import_module(name)
    for platform in PLATFORMS.values():  # what a first post makes ready: one pattern takes a fifth of a second
        platform.compose(None, FIRST, datetime.now(UTC))
    assert 1 == threading.active_count(), "what has threads cannot be forked"
    gc.collect()
    gc.freeze()  # or the first collection in each life would go through all of this, and copy its memory


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _bring_forth(orders: socket.socket) -> None:
    """Until there is nobody who asks."""
    while True:
        word, ends, _, _ = socket.recv_fds(orders, 1, 4)
        _take_leave_of_the_dead()
        if not word:
            return
        if os.fork() == 0:
            orders.close()
            _keep(*ends)
        for end in ends:
            os.close(end)


def _take_leave_of_the_dead() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _keep(order: int, out: int, err: int, status: int) -> NoReturn:
    """Tell the number of a process, and how it ended: its keeper has to be its parent."""
    _die_with_parent()
    pid = os.fork()
    if pid == 0:
        os.close(status)
        _become(order, out, err)
    for end in (order, out, err):
        os.close(end)
    with suppress(BrokenPipeError):  # nobody is left who wants to know
        os.write(status, f"{pid}\n".encode())
        os.write(status, f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n".encode())
    os._exit(0)


def _become(order: int, out: int, err: int) -> NoReturn:
    _die_with_parent()
    for number, file in enumerate((os.open(os.devnull, os.O_RDONLY), out, err)):
        os.dup2(file, number)
        os.close(file)
    # What the nest itself has there is of another kind: a file, perhaps, where the process has a pipe.
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
    with os.fdopen(order, encoding="utf-8") as text:
        what = Order(**json.load(text))
    os.environ.clear()
    os.environ.update(what.environment)
    os.chdir(what.folder)
    sys.argv = [what.module, *what.arguments]
    runpy.run_module(what.module, run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    _die_with_parent()
    _load_all()
    with socket.socket(fileno=int(sys.argv[1])) as asked:
        _bring_forth(asked)
