"""What a post costs the processor, and what the daemon takes when idle: sandbox in one process, measured in others."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.stage import APP_PASSWORD, CHAT, HANDLE, MASTODON_TOKEN, TOKEN

POSTS = 100
ROUNDS, FULL = 2, 3


@contextmanager
def _stage() -> Iterator[tuple[dict[str, str], subprocess.Popen[str]]]:
    """The sandbox's addresses, and its process."""
    stage = subprocess.Popen(
        [sys.executable, "-m", "bench.stage", str(POSTS + 1)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield json.loads(_line(stage)), stage
    finally:
        stage.terminate()
        stage.wait()


def measure_costs(full: bool) -> list[dict[str, Any]]:
    """One row for each platform: CPU for a delivered post, ours and the bare library's, best of the rounds."""
    with _stage() as (said, _), tempfile.TemporaryDirectory() as folder:
        rounds = FULL if full else ROUNDS
        return [_cost(platform, said, Path(folder), rounds) for platform in ("telegram", "mastodon", "bluesky")]


def measure_idle(full: bool) -> list[dict[str, Any]]:
    """One row: a daemon with three channels and nothing to do."""
    with _stage() as (said, stage), tempfile.TemporaryDirectory() as folder:
        return [_idle(said, Path(folder), stage, FULL if full else ROUNDS)]


def _line(stage: subprocess.Popen[str]) -> str:
    assert stage.stdout is not None
    return stage.stdout.readline()


def _environment(said: dict[str, str], folder: Path, *platforms: str) -> dict[str, str]:
    """The settings of a daemon on the sandbox."""
    sections = {
        "telegram": {
            "TOKEN": TOKEN,
            "CHAT": str(CHAT),
            "API_BASE": said["telegram"],
            "PER_MINUTE": "100000",
            "PER_SECOND": "100000",
        },
        "mastodon": {"SERVER": said["mastodon"], "TOKEN": MASTODON_TOKEN},
        "bluesky": {"SERVER": said["bluesky"], "HANDLE": HANDLE, "APP_PASSWORD": APP_PASSWORD},
    }
    return {
        "HANDBILL_SOURCES": said["feed"],
        "HANDBILL_DATABASE_URL": f"sqlite:///{folder / 'bench.db'}",
        "HANDBILL_BACKFILL": str(POSTS + 1),
        "HANDBILL_SETTLE": "0",
        "HANDBILL_ENRICH": "false",
        "HANDBILL_FETCH__ALLOW_NETWORKS": "127.0.0.0/8",
    } | {f"HANDBILL_{name.upper()}__{key}": value for name in platforms for key, value in sections[name].items()}


def _run(*arguments: str) -> float:
    done = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{arguments[0]} failed:\n{done.stderr}")
    return float(done.stdout.strip().splitlines()[-1])


def _cost(platform: str, said: dict[str, str], folder: Path, rounds: int) -> dict[str, Any]:
    environ = json.dumps(_environment(said, folder, platform))
    ours, bare = [], []
    for _ in range(rounds):  # in turn, so that a busy moment of the machine strikes both
        ours.append(_run("bench.deliver", environ, str(POSTS)))
        bare.append(_run("bench.bare", platform, said[platform], str(POSTS)))
    mine, theirs = min(ours) / POSTS * 1000, min(bare) / POSTS * 1000
    return {"platform": platform, "ms": mine, "bare_ms": theirs, "ratio": mine / theirs}


def _idle(said: dict[str, str], folder: Path, stage: subprocess.Popen[str], rounds: int) -> dict[str, Any]:
    """Start the daemon on a ledger that has nothing left to do; time to its first poll, memory when idle."""
    environ = _environment(said, folder, "telegram", "mastodon", "bluesky")
    environ |= {"HANDBILL_DATABASE_URL": f"sqlite:///{folder / 'idle.db'}", "HANDBILL_BACKFILL": "0"}
    times, memory = [], 0.0
    for _ in range(rounds):
        before = _polls(stage)
        began = time.monotonic()
        daemon = _start(environ, folder)
        while _polls(stage) == before:
            if daemon.poll() is not None:
                raise SystemExit(f"the daemon ended by itself:\n{(folder / 'log').read_text()}")
            time.sleep(0.01)
        times.append(time.monotonic() - began)
        time.sleep(3)  # all three have said who they are, and rest
        memory = max(memory, _resident(daemon.pid))
        daemon.send_signal(signal.SIGTERM)
        daemon.wait()
        (folder / "idle.db").unlink()
    bare = _python_start(environ, rounds)
    return {"first_poll_s": min(times), "times_the_imports": min(times) / bare, "memory_mb": memory}


def _start(environ: dict[str, str], folder: Path) -> subprocess.Popen[Any]:
    return subprocess.Popen(
        [sys.executable, "-m", "bot", "run"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), **environ},
        stdout=subprocess.DEVNULL,
        stderr=(folder / "log").open("w"),
    )


def _python_start(environ: dict[str, str], rounds: int) -> float:
    """Seconds that Python takes to start and import the three client libraries."""
    best = float("inf")
    for _ in range(rounds):
        began = time.monotonic()
        subprocess.run(
            [sys.executable, "-c", "import telegram, mastodon, atproto_client"], env=os.environ | environ, check=True
        )
        best = min(best, time.monotonic() - began)
    return best


def _polls(stage: subprocess.Popen[str]) -> int:
    assert stage.stdin is not None
    stage.stdin.write("polls\n")
    stage.stdin.flush()
    return int(_line(stage))


def _resident(pid: int) -> float:
    """Megabytes, as the kernel counts them (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]) / 1000
