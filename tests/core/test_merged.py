"""Two articles that turn out to be one while one is on its way: the reader sees it once."""

import pytest
from sqlalchemy import Connection, update

from adapters.outcomes import Uncertain
from bot.ledger import merge
from bot.ledger.schema import deliveries
from bot.model import State
from tests.core.lives import FEED, Scripted, feed, live, states, write
from tests.simulation.world import EPOCH, SimPlatform, World

pytestmark = pytest.mark.usefixtures("logged")


def join(conn: Connection) -> None:
    """Articles 1 and 2 are one."""
    merge.join(conn, 1, 2, now=EPOCH)


def test_what_is_found_to_be_the_same_while_the_first_is_uncertain_goes_out_once(world: World) -> None:
    """The answer to the first is lost, and it is not out; the second is cancelled, and the first is sent again."""
    platform = SimPlatform("paper", remembers=True)
    adapter = Scripted(platform)
    adapter.script["publish"] = [Uncertain("cut"), None]
    adapter.before["find"] = lambda: write(world, join)
    world.feeds[FEED] = feed("a", "b")
    live(world, {"paper": adapter}, 600)
    assert (["a"], ["sent", "cancelled"]) == (platform.titles(), states(world))


def test_of_two_uncertain_ones_that_are_one_only_one_goes_out(world: World) -> None:
    """The second waits for a person and may be out: the first, though it is proven not to be, is not sent again."""
    platform = SimPlatform("paper", remembers=True)
    adapter = Scripted(platform)

    def lost_too() -> None:
        def work(conn: Connection) -> None:
            second = update(deliveries).where(deliveries.c.id == 2)
            conn.execute(second.values(state=State.UNCERTAIN, due_at=None))
            join(conn)

        write(world, work)

    adapter.script["publish"] = [Uncertain("cut"), None]
    adapter.before["find"] = lost_too
    world.feeds[FEED] = feed("a", "b")
    live(world, {"paper": adapter}, 600)
    assert ([], ["cancelled", "uncertain"]) == (platform.titles(), states(world))
