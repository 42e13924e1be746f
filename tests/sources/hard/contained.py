"""Work in a forked process with limits, so that what is not to be trusted may die alone."""

import os
import resource
import warnings
from collections.abc import Callable
from pathlib import Path


def contained(work: Callable[[], bytes], *, memory: int, cpu_for: int) -> bytes | None:
    """What `work` gives, or None where it raised, died or was ended.

    It may take `memory` bytes of address space more than this process has, and `cpu_for` seconds of CPU.
    """
    reading, writing = os.pipe()
    child = _fork()
    if child == 0:
        os.close(reading)
        _answer(work, writing, memory, cpu_for)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        told = answer.read()
    _, status = os.waitpid(child, 0)
    return told if status == 0 else None


def _fork() -> int:
    with warnings.catch_warnings():  # there may be threads of the test runner, which the child does nothing with
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _answer(work: Callable[[], bytes], writing: int, memory: int, cpu_for: int) -> None:
    """Runs in the forked process, and ends it."""
    status = 1
    try:
        size = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + memory, size + memory))
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_for, cpu_for))
        told = work()
        with os.fdopen(writing, "wb") as answer:
            answer.write(told)
        status = 0
    finally:
        os._exit(status)
