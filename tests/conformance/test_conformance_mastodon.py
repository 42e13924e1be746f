"""Faults that lose an answer, on the kinds of server that speak Mastodon's API, through the real core.

One post for each article, whatever the server makes of a repeat; none waits for a person.
"""

import asyncio
from pathlib import Path

import pytest

from adapters.sandbox.faults import Fault
from adapters.sandbox.feeds import ArticleStub
from adapters.sandbox.mastodon import MastodonSandbox
from adapters.sandbox.mastodon_traits import TRAITS
from tests.inside import LONG, core_on, lay_ledger
from tests.judge import judge
from tests.leaping import LoopClock, run
from tests.stage import Stage

VERSIONS = ("4.5", "4.6.3", "4.7")
LOST = ("drop", "drop*2", "cut", "cut*2", "late=600", "hang", "garbage", "error=503*2", "error-after", "garbage-after")
QUICK = ("drop", "cut", "error-after")
REPLAY_WAIT = "90s"
"""As towards a server that is not on this machine."""
TELLING = ("4.5", "4.7")
"""The versions of the default suite: without a lock on keys, and the newest."""
OUTLASTS = 60.0
"""Seconds that a server works on a post after whose deadline nobody waits for it any more."""
CRASHED = 500


class Play:
    """Three articles go to a server of these traits."""

    def __init__(self, like: str, folder: Path, ledger: Path) -> None:
        self.like = like
        self.folder = folder
        self.ledger = ledger

    def under(self, fault: str) -> None:
        """With this fault."""
        run(self._play(fault=fault))

    def with_work(self, *seconds: float) -> None:
        """While the server takes so long for its posts."""
        run(self._play(takes=seconds))

    def with_crashes(self, count: int) -> None:
        """While the server crashes in the middle of its first posts."""
        run(self._play(crashes=count))

    def count_without_waiting(self, seconds: float) -> int:
        """How many posts there are of the first article, when nobody waits for its first request to end."""
        return run(self._count(seconds))

    async def _play(self, *, fault: str = "", takes: tuple[float, ...] = (), crashes: int = 0) -> None:
        clock = LoopClock()
        async with Stage(self.folder, now=clock.seconds, platforms=["mastodon"]) as stage:
            seat = stage.seats["mastodon"]
            articles = self._begin(stage)
            server = seat.server
            assert isinstance(server, MastodonSandbox)
            if fault:
                server.faults.add(Fault.parse(fault))
            server.publisher.takes.extend(takes)
            server.publisher.fails.extend([CRASHED] * crashes)
            picture = "true" if server.traits.needs_media else "false"
            async with core_on(
                stage, clock, BACKFILL="3", REPLAY_WAIT=REPLAY_WAIT, MASTODON__ATTACH_PICTURE=picture
            ) as core:
                await core.once(LONG, asyncio.Event())
            assert ([], [], []) == (server.faults.faults, server.publisher.takes, server.publisher.fails)
            assert ["settled"] * 3 == judge(stage, seat, articles, ())

    async def _count(self, seconds: float) -> int:
        clock = LoopClock()
        async with Stage(self.folder, now=clock.seconds, platforms=["mastodon"]) as stage:
            seat = stage.seats["mastodon"]
            articles = self._begin(stage)
            assert isinstance(seat.server, MastodonSandbox)
            seat.server.publisher.takes.append(seconds)
            async with core_on(stage, clock, BACKFILL="3", REPLAY_WAIT="1s") as core:
                await core.once(LONG, asyncio.Event())
            await asyncio.gather(*seat.server._committing)
            return len(seat.posts_of(articles[0]))

    def _begin(self, stage: Stage) -> list[ArticleStub]:
        lay_ledger(self.ledger, stage)
        server = stage.seats["mastodon"].server
        assert isinstance(server, MastodonSandbox)
        server.traits.become(self.like)
        return [stage.publication.publish(f"Article {number}", picture=True) for number in range(3)]


@pytest.fixture
def play(request: pytest.FixtureRequest, tmp_path: Path, new_ledger: Path) -> Play:
    """A stage whose server is like the parameter says."""
    return Play(request.param, tmp_path, new_ledger)


def _slower(names: tuple[str, ...], quick: tuple[str, ...]) -> list[object]:
    return [pytest.param(name, marks=() if name in quick else pytest.mark.slow) for name in names]


@pytest.mark.parametrize("fault", _slower(LOST, QUICK))
@pytest.mark.parametrize("play", _slower(VERSIONS, TELLING), indirect=True)
def test_an_answer_that_was_lost(play: Play, fault: str) -> None:
    """By the versions' own rules of repeats."""
    play.under(fault)


@pytest.mark.slow
@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("play", [like for like in TRAITS if like not in VERSIONS], indirect=True)
def test_an_answer_that_another_program_lost(play: Play, fault: str) -> None:
    """By the rules of other programs."""
    play.under(fault)


@pytest.mark.parametrize("play", _slower(VERSIONS, TELLING), indirect=True)
def test_a_first_request_that_outlasts_its_deadline(play: Play) -> None:
    """The server commits what nobody waits for any more: it is found, not posted again."""
    play.with_work(OUTLASTS)


def test_the_wait_is_what_protects(tmp_path: Path, new_ledger: Path) -> None:
    """The same on a server without a lock, and without the wait, ends in two posts: the case above can fail."""
    assert 2 == Play("4.5", tmp_path, new_ledger).count_without_waiting(OUTLASTS)


@pytest.mark.parametrize("play", _slower(tuple(TRAITS), ("4.7", "pixelfed")), indirect=True)
def test_a_server_that_crashes_in_the_middle(play: Play) -> None:
    """Whatever that does to its key."""
    play.with_crashes(2)
