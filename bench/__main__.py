"""`make bench`: starts the sandbox in one process, measures in others, prints a table. No figure is asserted."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.stage import APP_PASSWORD, CHAT, HANDLE, MASTODON_TOKEN, TOKEN

POSTS = 100
ROUNDS = 3
GOALS = {"cpu": "at most 1.5", "memory": "at most 130 MB"}


def main() -> None:
    """Measure and print."""
    stage = subprocess.Popen(
        [sys.executable, "-m", "bench.stage", str(POSTS + 1)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        said = json.loads(_line(stage))
        console = Console()
        with tempfile.TemporaryDirectory() as folder:
            console.print(_costs(said, Path(folder), console))
            console.print(_daemon(said, Path(folder), stage))
    finally:
        stage.terminate()
        stage.wait()


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
        "HANDBILL_FETCH__ALLOW_NETWORKS": "127.0.0.0/8",
    } | {f"HANDBILL_{name.upper()}__{key}": value for name in platforms for key, value in sections[name].items()}


def _run(*arguments: str) -> float:
    done = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{arguments[0]} failed:\n{done.stderr}")
    return float(done.stdout.strip().splitlines()[-1])


def _costs(said: dict[str, str], folder: Path, console: Console) -> Table:
    table = Table(title=f"CPU per delivered post, best of {ROUNDS} rounds of {POSTS}")
    table.add_column("platform")
    for heading in ("Handbill, ms", "bare library, ms", f"ratio (goal: {GOALS['cpu']})"):
        table.add_column(heading, justify="right")
    for platform in ("telegram", "mastodon", "bluesky"):
        environ = json.dumps(_environment(said, folder, platform))
        ours, bare = [], []
        with console.status(f"{platform} …"):
            for _ in range(ROUNDS):  # in turn, so that a busy moment of the machine strikes both
                ours.append(_run("bench.deliver", environ, str(POSTS)))
                bare.append(_run("bench.bare", platform, said[platform], str(POSTS)))
        mine, theirs = min(ours) / POSTS * 1000, min(bare) / POSTS * 1000
        table.add_row(platform, f"{mine:.2f}", f"{theirs:.2f}", f"{mine / theirs:.2f}")
    return table


def _daemon(said: dict[str, str], folder: Path, stage: subprocess.Popen[str]) -> Table:
    """Start the daemon on a ledger that has nothing left to do; time to its first poll, memory when idle."""
    environ = _environment(said, folder, "telegram", "mastodon", "bluesky")
    environ |= {"HANDBILL_DATABASE_URL": f"sqlite:///{folder / 'idle.db'}", "HANDBILL_BACKFILL": "0"}
    times, memory = [], 0.0
    for _ in range(ROUNDS):
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
    bare = _python_start(environ)
    table = Table(title="The daemon with three channels, idle")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_row(f"from start to first poll, new ledger (best of {ROUNDS})", f"{min(times):.2f} s")
    table.add_row("the same as a multiple of importing the three libraries", f"{min(times) / bare:.1f}")
    table.add_row(f"resident memory (goal: {GOALS['memory']})", f"{memory:.0f} MB")
    return table


def _start(environ: dict[str, str], folder: Path) -> subprocess.Popen[Any]:
    return subprocess.Popen(
        [sys.executable, "-m", "bot", "run"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), **environ},
        stdout=subprocess.DEVNULL,
        stderr=(folder / "log").open("w"),
    )


def _python_start(environ: dict[str, str]) -> float:
    """Seconds that Python takes to start and import the three client libraries."""
    best = float("inf")
    for _ in range(ROUNDS):
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


if __name__ == "__main__":
    main()
