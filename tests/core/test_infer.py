"""What a post that is out tells of one that stepped aside before it, in virtual time."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from adapters.outcomes import Absent, Answer, AskAgain, CannotTell, Found, Marker
from adapters.post import Payload, Receipt
from bot.ledger.schema import attempts, deliveries
from tests.core.lives import FEED, Scripted, feed, live, open_alerts, rows, states
from tests.simulation.world import EPOCH, Crash, SimPlatform, World

pytestmark = pytest.mark.usefixtures("logged")

Infer = Callable[[Marker, str], Answer]


class Numbered(Scripted):
    """An adapter that cannot say what became of a call, until a later post of its own is known."""

    def __init__(self, platform: SimPlatform, told: Infer) -> None:
        super().__init__(platform)
        self.told = told
        self.asked: list[tuple[Marker, str]] = []
        self.answers: list[Answer] = []
        """What `find` says, call by call."""

    def infer(self, marker: Marker, later: str) -> Answer:
        """As told."""
        self.asked.append((marker, later))
        return self.told(marker, later)

    async def find(self, payload: Payload, key: str, marker: Marker) -> Answer:
        """The next answer, or that it cannot be told."""
        self._begin("find")
        return self.answers.pop(0) if self.answers else CannotTell("nobody knows", {"kept": len(self.calls)})


def numbered(told: Infer, *, fates: str = "drop") -> tuple[SimPlatform, Numbered]:
    """A platform that treats its first calls so, and its adapter."""
    platform = SimPlatform("paper", remembers=False)
    platform.script = fates.split()
    return platform, Numbered(platform, told)


def test_what_the_next_post_proves_not_to_be_out_is_sent(world: World) -> None:
    """Stepped aside with an alert, proven absent by the next post, it goes out, once, and its alert is over."""
    platform, adapter = numbered(lambda _marker, _later: Absent("the numbers are in a row"))
    world.feeds[FEED] = feed("a", "b", "c")
    live(world, {"paper": adapter}, 120)
    assert ["b", "a", "c"] == platform.titles()
    assert ["sent"] * 3 == states(world)
    assert [] == open_alerts(world)
    [(marker, later)] = adapter.asked
    assert ({"kept": 5}, platform.posts[0].key) == (marker, later)
    said = [row["message"] for row in rows(world, attempts) if row["outcome"] == "absent"]
    assert ["the numbers are in a row"] == said


def test_what_the_next_post_does_not_tell_waits_on(world: World) -> None:
    """Nothing is proven: it stays as it is, with its alert, and every later post is held against it, too."""
    platform, adapter = numbered(lambda _marker, _later: CannotTell("no"))
    world.feeds[FEED] = feed("a", "b", "c")
    live(world, {"paper": adapter}, 120)
    assert ["b", "c"] == platform.titles()
    assert ["uncertain", "sent", "sent"] == states(world)
    assert 1 == len(open_alerts(world))
    assert [post.key for post in platform.posts] == [later for _, later in adapter.asked]
    assert [None] == [row["due_at"] for row in rows(world, deliveries) if row["state"] == "uncertain"]


def test_what_can_be_asked_about_anew_is_asked(world: World) -> None:
    """The later post is where to look: the platform is asked with the new marker, at once, and says where it is."""
    platform, adapter = numbered(lambda _marker, later: AskAgain(0.0, {"below": later}), fates="cut")
    receipt = Receipt("7", "https://paper.example/7", EPOCH)
    adapter.answers = [CannotTell("nobody knows"), Found(receipt)]
    world.feeds[FEED] = feed("a", "b")
    live(world, {"paper": adapter}, 120)
    assert ["a", "b"] == platform.titles()
    assert ["sent", "sent"] == states(world)
    assert receipt.url == rows(world, deliveries)[0]["url"]
    assert [] == open_alerts(world)
    assert 2 == len(adapter.times("find"))


def test_a_post_that_was_found_tells_as_much_as_one_that_was_sent(world: World) -> None:
    """The second answer was lost as well, and then found: its number counts for the first."""
    platform, adapter = numbered(lambda _marker, _later: Absent(), fates="drop cut")
    receipt = Receipt("8", "https://paper.example/8", EPOCH)
    adapter.answers = [CannotTell("nobody knows"), Found(receipt)]
    world.feeds[FEED] = feed("a", "b")
    live(world, {"paper": adapter}, 300)
    assert ["b", "a"] == platform.titles()
    assert ["sent", "sent"] == states(world)
    assert ["8"] == [later for _, later in adapter.asked]


def _cut_off(error: BaseException, answer: Answer) -> Infer:
    """Something ends the first use of a hint, right after the later post was settled."""
    errors = [error]

    def told(_marker: Marker, _later: str) -> Answer:
        if errors:
            raise errors.pop()
        return answer

    return told


@pytest.mark.parametrize("error", [Crash(), ValueError("a mistake of ours")], ids=["crash", "mistake"])
def test_a_hint_that_was_cut_off_is_found_again(world: World, error: BaseException) -> None:
    """The later post is settled, and what it tells was not used any more: the ledger tells it again, at the next
    start or the next step, by the very post that came next."""
    platform, adapter = numbered(_cut_off(error, Absent("the numbers are in a row")))
    world.feeds[FEED] = feed("a", "b")
    live(world, {"paper": adapter}, 120)
    if isinstance(error, Crash):
        assert (["b"], ["uncertain", "sent"]) == (platform.titles(), states(world))
        world.feeds[FEED] = feed("a", "b", "c")
        live(world, {"paper": adapter}, 120)
    assert ["b", "a", "c"][: len(platform.posts)] == platform.titles()
    assert {"sent"} == set(states(world))
    assert [platform.posts[0].key] * 2 == [later for _, later in adapter.asked]
    assert [] == open_alerts(world)


def test_a_hint_that_is_used_up_is_not_used_at_each_start(world: World) -> None:
    """What the next post told was asked, in vain: a restart asks nobody anew."""
    _, adapter = numbered(lambda _marker, later: AskAgain(0.0, {"below": later}))
    world.feeds[FEED] = feed("a", "b")
    live(world, {"paper": adapter}, 120)
    assert (2, ["uncertain", "sent"]) == (len(adapter.times("find")), states(world))
    for _ in range(2):
        live(world, {"paper": adapter}, 120)
    assert (2, 1) == (len(adapter.times("find")), len(adapter.asked))


def test_a_post_whose_call_was_begun_before_it_stepped_aside_tells_nothing(world: World) -> None:
    """Only a call that was begun later is later on the platform: the clock decides, and where it was set back, nothing
    is concluded until it has caught up."""
    platform, adapter = numbered(lambda _marker, _later: Absent())
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 90)
    assert ["uncertain"] == states(world)
    world.started_at -= timedelta(hours=2)
    world.feeds[FEED] = feed("a", "b")
    live(world, {"paper": adapter}, 90)
    assert (["b"], []) == (platform.titles(), adapter.asked)
    world.started_at += timedelta(hours=2)
    world.feeds[FEED] = feed("a", "b", "c")
    live(world, {"paper": adapter}, 90)
    assert ["b", "c", "a"] == platform.titles()
