"""`handbill run`, born ready: a process that has loaded all of the program's modules brings forth one daemon after the
other, so that a life of two seconds is two seconds of work and not of imports. Each is a process of its own.

python -m tests.soak.nest: each line on its standard input is the file for what the next daemon says; on its standard
output are the daemon's number and, when it has ended, how (as `subprocess` tells it: -9 is SIGKILL).
"""

import ctypes
import os
import pkgutil
import signal
import sys
import threading
from importlib import import_module
from pathlib import Path

import adapters
import bot
from bot.cli import main

APART = ("bot.__main__", "bot.demo", "bot.ledger.migrations", "adapters.sandbox")
"""What does something when it is loaded, or is no part of a daemon."""
PR_SET_PDEATHSIG = 1
"""https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html"""


def _load_all() -> None:
    for package in (bot, adapters):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(APART):
                import_module(module.name)
    assert 1 == threading.active_count(), "what has threads cannot be forked"


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _become_daemon(said: Path) -> None:
    _die_with_parent()
    for number, file in ((0, os.open(os.devnull, os.O_RDONLY)), (1, _open(said)), (2, _open(said))):
        os.dup2(file, number)
        os.close(file)
    sys.argv = ["handbill", "run", "--log-json"]
    main()


def _open(said: Path) -> int:
    return os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _bring_forth() -> None:
    while line := sys.stdin.readline():
        daemon = os.fork()
        if daemon == 0:
            _become_daemon(Path(line.rstrip("\n")))
            os._exit(0)
        sys.stdout.write(f"{daemon}\n")
        sys.stdout.flush()
        _, status = os.waitpid(daemon, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _die_with_parent()
    _load_all()
    _bring_forth()
