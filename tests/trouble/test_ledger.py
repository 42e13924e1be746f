"""The ledger cannot be written for long: no visible call without an intent, nothing lost, one sentence, and on."""

import asyncio
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import pytest
from sqlalchemy import event
from structlog.typing import EventDict

from bot.ledger import sqlite
from bot.ledger.schema import attempts
from tests.core.lives import FEED, Scripted, feed, live, outcomes, rows, states
from tests.simulation.world import Fuse, SimLedger, SimPlatform, World

LONG = 600.0
"""Seconds."""


class Disk:
    """What happens to the ledger's file, whoever writes to it."""

    def __init__(self, world: World) -> None:
        self._path = Path(world.ledger_url.removeprefix("sqlite:///"))
        self._filler = self._path.with_name("filler")
        self._other: sqlite3.Connection | None = None
        self._setting: dict[str, int] = {}

    def ledger(self, world: World, fuse: Fuse) -> SimLedger:
        """The ledger of a process that works on it."""
        made = SimLedger(world, fuse)
        event.listen(made._inline.engine, "checkout", lambda conn, *_: self._apply(conn))
        return made

    def _apply(self, conn: sqlite3.Connection) -> None:
        for name, value in self._setting.items():
            conn.execute(f"PRAGMA {name} = {value}")

    def full(self) -> None:
        """Not a byte more."""
        with suppress(OSError), self._filler.open("wb", buffering=0) as file:
            while file.write(b"." * 512):
                pass

    def read_only(self) -> None:
        """Nobody may write."""
        self._setting["query_only"] = 1

    def locked(self) -> None:
        """Another program does something long."""
        self._other = sqlite3.connect(self._path, isolation_level=None)
        self._other.execute("BEGIN EXCLUSIVE")

    def well(self) -> None:
        """All is as it should be."""
        self._setting = {"query_only": 0}
        self._filler.unlink(missing_ok=True)
        if self._other is not None:
            self._other.close()


TROUBLES = {
    "full": "The ledger cannot be used (database or disk is full): its disk is full; make room.",
    "read_only": "The ledger cannot be used (attempt to write a readonly database): it may not be written; let this "
    "user write the file and its folder.",
    "locked": "The ledger cannot be used (database is locked): another program keeps it locked; see which one, and let "
    "it end.",
}
AND_THEN = " Nothing is lost, and all goes on by itself after that."


@pytest.fixture(params=TROUBLES)
def trouble(request: pytest.FixtureRequest) -> str:
    """What is the matter."""
    return str(request.param)


@pytest.fixture
def disk(
    world: World, trouble: str, tmp_path: Path, migrated: bytes, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Disk]:
    """The disk that the ledger is on; nobody waits in real time for a lock."""
    monkeypatch.setattr(sqlite, "BUSY_FOR", 0.0)
    with small(tmp_path / "small") if trouble == "full" else nullcontext(tmp_path) as folder:
        (folder / "ledger.db").write_bytes(migrated)
        world.ledger_url = f"sqlite:///{folder / 'ledger.db'}"
        found = Disk(world)
        yield found
        found.well()


@contextmanager
def small(folder: Path) -> Iterator[Path]:
    """A disk of its own with room for a small ledger. To make one takes the rights of root."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "handbill-test", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def for_long(disk: Disk, trouble: str) -> Callable[[], None]:
    """Begin the trouble once, and end it long after."""
    left = [True]

    def begin() -> None:
        if left:
            left.clear()
            getattr(disk, trouble)()
            asyncio.get_running_loop().call_later(LONG, disk.well)

    return begin


def said(logged: list[EventDict]) -> list[tuple[str, str | None]]:
    """What the log said of the ledger, and of mistakes of ours."""
    ours = ("lane.failed", "poll.failed", "audit.failed", "account.failed")
    return [
        (line["event"], line.get("reason"))
        for line in logged
        if line["event"].startswith("ledger.") or line["event"] in ours
    ]


@pytest.mark.parametrize("call", ["stage", "publish"])
def test_for_long(world: World, disk: Disk, logged: list[EventDict], trouble: str, call: str) -> None:
    """Before the intent: no visible call is made. During one: its outcome is kept, and written down afterwards. Either
    way each article is out once, the log has one sentence for it, and one when it is over."""
    platform = SimPlatform("paper", True)
    adapter = Scripted(platform)
    adapter.before[call] = for_long(disk, trouble)
    world.feeds[FEED] = feed("a", "b", *(f"long {'word ' * 900}{number}" for number in range(3)))
    live(world, {"paper": adapter}, LONG + 300, ledger=disk.ledger)
    assert 5 == len(platform.titles()) == len(set(platform.titles()))
    assert ["sent"] * 5 == outcomes(world) == states(world)
    during = [at for at in adapter.times("publish") if 60 < at < LONG]
    assert [] == during
    assert [("ledger.unavailable", TROUBLES[trouble] + AND_THEN), ("ledger.available", None)] == said(logged)
    assert LONG <= platform.posts[-1].at <= LONG + 60


def test_ended_in_the_middle(world: World, disk: Disk, logged: list[EventDict], trouble: str) -> None:
    """Stopped while the outcome of a call cannot be written: the next start asks, and posts nothing twice."""
    platform = SimPlatform("paper", True)
    adapter = Scripted(platform)
    adapter.before["publish"] = getattr(disk, trouble)
    world.feeds[FEED] = feed("a", "b")
    live(world, {"paper": adapter}, 30, ledger=disk.ledger)
    assert ["a"] == platform.titles()
    disk.well()
    adapter.before.clear()
    live(world, {"paper": adapter}, 300, ledger=disk.ledger)
    assert ["a", "b"] == platform.titles()
    assert ["lost", "found", "sent"] == [row["outcome"] for row in rows(world, attempts)]


def test_at_the_start(world: World, disk: Disk, trouble: str) -> None:
    """A ledger that cannot be written at the start ends the start, and nothing was sent."""
    platform = SimPlatform("paper", True)
    world.feeds[FEED] = feed("a")
    getattr(disk, trouble)()
    with pytest.raises(Exception, match=r"full|readonly|locked|I/O"):
        live(world, {"paper": Scripted(platform)}, 30, ledger=disk.ledger)
    assert [] == platform.titles()
