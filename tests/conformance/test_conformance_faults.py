"""Every platform × every fault, through the real core and the real libraries, judged by what readers see.

After recovery there is exactly one post for each article, and nothing waits for a person: what was lost before a
platform had any post of ours to be asked beside is settled once the next one is out. Only a bot that has nowhere to
forward to cannot tell such a post that is out from another one of its own.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.registry import PLATFORMS
from adapters.sandbox.faults import KINDS, Fault
from adapters.sandbox.server import PublicPost
from adapters.sandbox.telegram import TelegramSandbox
from tests.conftest import TALLY
from tests.inside import LONG, core_on, lay_ledger
from tests.judge import judge
from tests.leaping import LoopClock, run
from tests.stage import SEATS, Now, Seat, Stage, telegram_without_ops_chat

PROVEN = ("error=401", "error=403", "error=429", "wait=7", "wait=300", "late=2", "wait=3*3")
"""Faults of the visible call after which nobody can be in doubt."""
LOST = (
    *("error", "error=502", "error=503*2", "drop", "drop*2", "cut", "cut*2", "late=600", "hang", "hang*2", "garbage"),
    *("error-after", "error-after=503", "garbage-after"),
)
"""Faults of the visible call that leave it open whether it was executed."""
INVISIBLE = ("error", "error=404", "wait=7", "drop", "hang", "garbage", "error=503*5")
"""Faults of the calls that readers do not see the effect of."""
QUICK = ("drop", "cut", "hang", "garbage-after")
"""Of those that lose the answer, the ones that the default suite plays in the middle of a lane, too."""

NONE = slice(0)

Record = Callable[[str, object], None]


@dataclass(frozen=True)
class Setting:
    """How the platforms are set up, and what the tally calls that."""

    seats: Mapping[str, Callable[[Now], Seat]] = field(default_factory=lambda: SEATS)
    called: str = ""


@dataclass(frozen=True)
class Ground:
    """Where a case is played: the stage's folder, an empty ledger, and where to report to."""

    folder: Path
    ledger: Path
    record: Record

    def play(
        self,
        platform: str,
        prepare: Callable[[Seat], None],
        *,
        lost: slice = NONE,
        setting: Setting | None = None,
        **more: str,
    ) -> None:
        """Three articles go to one platform under faults; judge what came of it. `lost`: whose answers were lost;
        `setting`: how the platforms are set up; `more`: settings."""
        run(self._play(platform, prepare, lost, setting or Setting(), more))

    async def _play(
        self,
        platform: str,
        prepare: Callable[[Seat], None],
        lost: slice,
        setting: Setting,
        more: Mapping[str, str],
    ) -> None:
        clock = LoopClock()
        async with Stage(self.folder, now=clock.seconds, platforms=[platform], seats=setting.seats) as stage:
            lay_ledger(self.ledger, stage)
            articles = [stage.publication.publish_next() for _ in range(3)]
            seat = stage.seats[platform]
            prepare(seat)
            async with core_on(stage, clock, BACKFILL="3", **more) as core:
                await core.once(LONG, asyncio.Event())
            assert seat.server.faults.happened
            assert [] == seat.server.faults.faults
            for became in judge(stage, seat, articles, articles[lost]):
                self.record(TALLY, (f"{platform}{setting.called}", became))


@pytest.fixture
def ground(tmp_path: Path, new_ledger: Path, record_property: Record) -> Ground:
    """Where this case is played."""
    return Ground(tmp_path, new_ledger, record_property)


def test_every_platform_has_a_seat() -> None:
    """Nothing would be proven of a platform without one."""
    assert set(PLATFORMS) == set(SEATS)


def test_every_kind_of_fault_is_played() -> None:
    """The lists above leave out no kind of fault that the sandbox knows."""
    assert set(KINDS) == {Fault.parse(text).kind for text in (*PROVEN, *LOST)}


@pytest.mark.parametrize("fault", PROVEN)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_proven_outcome_of_the_visible_call(platform: str, fault: str, ground: Ground) -> None:
    """Where the platform says what happened, every article is out exactly once, on every platform."""
    ground.play(platform, lambda seat: seat.server.faults.add(Fault.parse(fault)))


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_lost_outcome_of_the_visible_call(platform: str, fault: str, ground: Ground) -> None:
    """Where the answer was lost, the platform is asked; where it does not tell, exactly that delivery waits."""
    script = Fault.parse(fault)
    ground.play(platform, lambda seat: seat.server.faults.add(script), lost=slice(script.times))


@pytest.mark.parametrize(
    "fault", [pytest.param(each, marks=() if each in QUICK else pytest.mark.slow) for each in LOST]
)
def test_a_lost_outcome_of_a_post_with_gates(fault: str, ground: Ground) -> None:
    """Where a post is created together with the records that say who may reply and quote, it is out once as well, and
    those are in force for each."""
    script, seats = Fault.parse(fault), list[Seat]()

    def prepare(seat: Seat) -> None:
        seats.append(seat)
        seat.server.faults.add(script)

    setting = Setting(called=" with gates")
    closed = {"BLUESKY__REPLIES": "nobody", "BLUESKY__QUOTES": "false"}
    ground.play("bluesky", prepare, lost=slice(script.times), setting=setting, **closed)
    seen = [(post.extra["replies"], post.extra["quotes"]) for post in seats[0].server.public()]
    assert [([], ["disableRule"])] * 3 == seen


@pytest.mark.parametrize(
    "fault", [pytest.param(each, marks=() if each in QUICK else pytest.mark.slow) for each in LOST]
)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_lost_outcome_in_the_middle_of_a_lane(platform: str, fault: str, ground: Ground) -> None:
    """The same with a post before it, which the platform then shows as the newest, and maybe one after it."""
    script = Fault.parse(f"{fault}+1")
    ground.play(platform, lambda seat: seat.server.faults.add(script), lost=slice(1, 1 + script.times))


@pytest.mark.parametrize("fault", ["cut", "drop", "cut*2", "drop*2", "cut+1", "drop+1", "cut*2+1", "garbage-after+1"])
def test_a_lost_outcome_where_a_bot_has_nowhere_to_forward_to(fault: str, ground: Ground) -> None:
    """Without an ops chat: what is not out is sent again, what is out is known by its place after a post of ours; only
    before there is any such post, it waits for a person."""
    script = Fault.parse(fault)
    ground.play(
        "telegram",
        lambda seat: seat.server.faults.add(script),
        lost=slice(script.after, script.after + script.times),
        setting=Setting({"telegram": telegram_without_ops_chat}, " without an ops chat"),
    )


@pytest.mark.parametrize("fault", ["error=429", "cut", "drop", "hang", "cut*2+1", "drop*2+1", "error-after+1"])
@pytest.mark.parametrize("seat", [SEATS["telegram"], telegram_without_ops_chat], ids=["with", "without"])
def test_a_lost_outcome_of_a_photo(seat: Callable[[Now], Seat], fault: str, ground: Ground) -> None:
    """Photos with captions are settled as texts are, with and without an ops chat."""
    script, photos = Fault.parse(fault), list[bool]()

    def prepare(seat: Seat) -> None:
        seat.server.faults.add(script)
        seat.server.on_post = lambda post: photos.append(bool(post.extra["photo"]))

    lost = NONE if fault in PROVEN else slice(script.after, script.after + script.times)
    setting = Setting({"telegram": seat}, " with photos" + ("" if seat is SEATS["telegram"] else ", no ops chat"))
    ground.play("telegram", prepare, lost=lost, setting=setting, TELEGRAM__PICTURE="photo")
    assert any(photos)


@pytest.mark.parametrize("fault", ["cut", "drop", "cut*2+1", "drop*2+1"])
def test_a_lost_outcome_where_others_post_too(fault: str, ground: Ground) -> None:
    """After each of our posts, and before the answer is lost, somebody else posts, something happens, and something is
    deleted again: it is all passed over."""
    script = Fault.parse(fault)

    def prepare(seat: Seat) -> None:
        server = seat.server
        assert isinstance(server, TelegramSandbox)
        server.faults.add(script)
        chat = -1001234567890
        server.write(chat, "Welcome!")

        def join_in(post: PublicPost) -> None:
            if post.links:
                server.write(chat, f"Did you read {len(server.public())} posts?")
                server.happen(chat)
                server.remove(chat, server.write(chat, "Oh well."))

        server.on_post = join_in

    ground.play("telegram", prepare, lost=slice(script.after, script.after + script.times))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_lost_outcome_that_is_looked_into_much_later(
    platform: str, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours later, when a platform has forgotten the keys of its calls: it is asked before anything is sent again."""
    monkeypatch.setattr("bot.deliver.LOOK_EVERY", 600.0)  # an idle lane's looks would take longest
    ground.play(platform, lambda seat: seat.server.faults.add(Fault.parse("cut")), lost=slice(1), QUIET_TIME="3h")


@pytest.mark.parametrize("fault", INVISIBLE)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_fault_while_asking_who_we_are(platform: str, fault: str, ground: Ground) -> None:
    """Signing in or verifying that goes wrong costs time, never a post."""
    ground.play(platform, lambda seat: seat.server.faults.add(_at("auth", fault)))


@pytest.mark.parametrize("fault", INVISIBLE)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_fault_while_looking_things_up(platform: str, fault: str, ground: Ground) -> None:
    """A look-up that goes wrong costs time, never a post; the look-up after a lost answer above all."""

    def prepare(seat: Seat) -> None:
        if not seat.remembers:
            seat.server.faults.add(_at("read", fault))
            return

        before = int(seat.needs_neighbour)
        posts: list[object] = []

        def then_fail_the_look_up(post: object) -> None:
            posts.append(post)
            if len(posts) > before:
                seat.server.on_post = None
                seat.server.faults.add(_at("read", fault))

        seat.server.faults.add(Fault.parse(f"cut+{before}"))
        seat.server.on_post = then_fail_the_look_up

    ground.play(platform, prepare)


@pytest.mark.parametrize("fault", INVISIBLE)
@pytest.mark.parametrize("platform", [name for name in PLATFORMS if SEATS[name](lambda: 0.0).uploads])
def test_a_fault_while_uploading(platform: str, fault: str, ground: Ground) -> None:
    """An upload that goes wrong costs time or the picture, never a post."""
    ground.play(platform, lambda seat: seat.server.faults.add(_at("upload", fault)))


def _at(call: str, fault: str) -> Fault:
    kind, times, count = fault.partition("*")
    return Fault.parse(f"{kind}@{call}{times}{count}")
