"""Alerts reach the operator's own chat: once, outside the lanes, however long that takes."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from adapters.outcomes import ChannelDown, Outcome, Unavailable
from bot.doors import Doors, Lease
from bot.ledger.alerts import clear_alert, raise_alert
from bot.ledger.leases import SoleLeases
from bot.ledger.schema import alerts
from bot.tell import TELL_EVERY, TELL_FOR, Teller
from tests.core.lives import FEED, Scripted, feed, live, rows
from tests.simulation.world import Fuse, SimClock, SimDice, SimLedger, SimPlatform, SimWeb, World, inline, run

T = TypeVar("T")

pytestmark = pytest.mark.usefixtures("logged")


class Carrier(Scripted):
    """An adapter with a chat for its operator."""

    def __init__(self) -> None:
        super().__init__(SimPlatform("paper", True))
        self.heard: list[tuple[float, str]] = []
        self.fate: list[Outcome | str] = []
        """What becomes of the next tellings: an outcome, "hang", "stumble" or "no" (no chat configured)."""

    async def alert(self, text: str) -> bool:
        match self.fate.pop(0) if self.fate else None:
            case Outcome() as outcome:
                raise outcome
            case "hang":
                await asyncio.sleep(86400)
            case "stumble":
                raise ZeroDivisionError
            case "no":
                return False
        self.heard.append((asyncio.get_running_loop().time(), text))
        return True

    @property
    def words(self) -> list[str]:
        """What the operator has read."""
        return [text for _, text in self.heard]


def tell(
    world: World,
    carrier: Carrier,
    seconds: float,
    *causes: str,
    ledger: Callable[[World, Fuse], SimLedger] = SimLedger,
    clear: bool = False,
) -> None:
    """Raise (or clear) alerts, and let a teller live for so long."""

    async def life() -> None:
        fuse = Fuse()
        clock, book = SimClock(world, fuse), ledger(world, fuse)
        doors = Doors(clock, SimDice(world.random), book, SoleLeases(), SimWeb(world, fuse), inline)
        for cause in causes:
            await book.write(lambda conn, cause=cause: _note(conn, cause, clock.now(), clear=clear))  # type: ignore[misc]
        telling = asyncio.create_task(Teller([carrier], doors).run())
        await asyncio.sleep(seconds)
        assert not telling.done()
        telling.cancel()
        world.note_time(clock)
        book.close()

    run(life())


def _note(conn: Connection, cause: str, now: datetime, *, clear: bool) -> bool:
    if clear:
        return clear_alert(conn, cause, now=now)
    return raise_alert(conn, cause, f"{cause} is wrong.", needs_person=True, now=now)


def test_an_alert_is_told_once(world: World) -> None:
    """However long the daemon lives, and after a restart, the operator has each alert once, oldest first."""
    carrier = Carrier()
    tell(world, carrier, 60, "this", "that")
    tell(world, carrier, 60, "this")
    assert carrier.words == ["⚠️ Handbill: this is wrong.", "⚠️ Handbill: that is wrong."]
    assert all(row["told_at"] for row in rows(world, alerts))


def test_the_same_cause_is_told_again_after_it_was_cleared(world: World) -> None:
    """A cause that comes back is news."""
    carrier = Carrier()
    tell(world, carrier, 20, "this")
    tell(world, carrier, 20, "this", clear=True)
    tell(world, carrier, 20, "this")
    assert len(carrier.heard) == 2


@pytest.mark.parametrize("fate", [Unavailable("refused"), ChannelDown("no right"), "hang", "stumble", "no"])
def test_a_chat_that_fails_is_tried_again(world: World, fate: Outcome | str) -> None:
    """Whatever becomes of the telling, it is done again until the operator has it, without hanging for ever."""
    carrier = Carrier()
    carrier.fate = [fate, fate]
    tell(world, carrier, 200, "this")
    assert len(carrier.heard) == 1
    assert carrier.heard[0][0] <= 2 * (TELL_EVERY + TELL_FOR) + 1


def test_a_ledger_that_takes_no_note_does_not_make_the_operator_read_twice(world: World) -> None:
    """With a full disk the alert is told once, the teller lives on, and the note is made when there is room."""
    carrier, refused = Carrier(), list[float]()

    class Full(SimLedger):
        """A ledger on a disk that is full from the first telling on, for a minute."""

        async def write(self, work: Callable[[Connection], T], *, lease: Lease | None = None) -> T:
            if carrier.heard and (at := asyncio.get_running_loop().time()) < 60:
                refused.append(at)
                raise OperationalError("UPDATE", {}, Exception("database or disk is full"))
            return await super().write(work, lease=lease)

    tell(world, carrier, 120, "this", ledger=Full)
    assert len(refused) > 3
    assert len(carrier.heard) == 1
    assert [row["told_at"] is not None for row in rows(world, alerts)] == [True]


def test_a_lane_that_is_down_does_not_keep_its_alert_back(world: World) -> None:
    """The channel may not post, and its own ops chat still hears of it within seconds, once."""
    carrier = Carrier()
    carrier.script["publish"] = [ChannelDown("The bot may not post.")]
    world.feeds[FEED] = feed("a")
    live(world, {"paper": carrier}, 300)
    [(at, text)] = carrier.heard
    assert at <= 2 * TELL_EVERY
    assert "Channel paper is paused: The bot may not post." in text
