"""A platform is out of reach for hours: one alert names channel and time, and one line says that it is back."""

import pytest
from structlog.typing import EventDict

from adapters.outcomes import Unavailable
from bot.ledger.schema import alerts, deliveries
from tests.core.lives import FEED, Scripted, feed, live, open_alerts, rows, states
from tests.simulation.world import SimPlatform, World

REFUSED = Unavailable("the connection was refused")
HOURS = 3600.0


def lines(logged: list[EventDict], *events: str) -> list[str]:
    """Which of these events the log has, in order."""
    return [line["event"] for line in logged if line["event"] in events]


@pytest.mark.slow
@pytest.mark.parametrize("call", ["verify", "publish"])
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_out_of_reach_for_six_hours(world: World, logged: list[EventDict], call: str, restarted: bool) -> None:
    """Whether it was ever reached or not, and across a restart: told once after a quarter of an hour, needing nobody;
    tried ever less often; an hour after it is back at the latest everything is out, and told to be on time."""
    platform = SimPlatform("paper", True)
    adapter = Scripted(platform)
    adapter.script[call] = [REFUSED]
    world.feeds[FEED] = feed("a", "b")
    live(world, {"paper": adapter}, 14 * 60)
    assert [] == rows(world, alerts)
    for _ in range(2 if restarted else 1):
        live(world, {"paper": adapter}, 6 * HOURS / (2 if restarted else 1))
    [alert] = rows(world, alerts)
    assert alert["message"].startswith("2 articles are late on paper, the first (“a”) since 2026-11-23 09:00 UTC. ")
    assert "the connection was refused. It is tried again at 2026-11-23 15:" in alert["message"]
    assert (0, ["channel.late"]) == (alert["needs_person"], lines(logged, "channel.late", "channel.on_time"))
    assert {0} if call == "verify" else {0, 1} >= {min(1, row["failures"]) for row in rows(world, deliveries)}
    tries = len(adapter.times(call)) / 3  # each is repeated twice within seconds
    assert tries <= 30
    del adapter.script[call]
    live(world, {"paper": adapter}, HOURS + 60)
    assert (["a", "b"], ["sent", "sent"], []) == (platform.titles(), states(world), open_alerts(world))
    assert ["channel.late", "channel.on_time"] == lines(logged, "channel.late", "channel.on_time")
