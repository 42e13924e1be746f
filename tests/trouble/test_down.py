"""A channel is down, for every cause of its platform: one alert, nothing lost, ever rarer tries, and on by itself."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import structlog
from sqlalchemy import select
from structlog.typing import EventDict

from adapters.sandbox.faults import Fault
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.schema import channels
from bot.retry import PROBE_FROM
from tests.cli.conftest import _as_before  # noqa: F401 # the command line of these tests begins as there
from tests.cli.running import Handbill
from tests.inside import LONG, Told, core_on, lay_ledger
from tests.leaping import LoopClock, run
from tests.stage import Seat, Stage

CHAT, HANDLE = -1001234567890, "herald.example.org"
FOR_EVER = 10**6


def token_of(seat: Seat) -> str:
    """What the bot or the application signs in with."""
    return seat.settings[f"HANDBILL_{seat.platform.upper()}__TOKEN"]()


def password_of(seat: Seat) -> str:
    """What the operator's settings have."""
    return seat.settings["HANDBILL_BLUESKY__APP_PASSWORD"]()


def answering(status: int) -> Callable[[Any, Seat], None]:
    """The host is somebody else's now, or nobody's."""
    return lambda server, _: server.faults.add(Fault.parse(f"error={status}@any*{FOR_EVER}"))


def forgetting(server: Any, _: Seat) -> None:
    """The host is what it was."""
    server.faults.faults.clear()


class Cause(NamedTuple):
    """How it begins and ends, and what the operator is told."""

    begin: Callable[[Any, Seat], object]
    end: Callable[[Any, Seat], object]
    told: str


def revoke(server: Any, seat: Seat) -> None:
    """The owner takes the token back."""
    server.revoke(token_of(seat))


def revoke_password(server: Any, _: Seat) -> None:
    """The owner revokes the app password; what was signed in with it goes on for as long as its tokens last."""
    server.change_app_password(HANDLE, "another")
    server.expire_tokens(HANDLE, refresh=True)


def renew_bot(server: Any, seat: Seat) -> None:
    """The token is good again."""
    token = token_of(seat)
    server._tokens[token] = server._bots[int(token.partition(":")[0])]


def let_post(server: Any, seat: Seat) -> None:
    """The bot is an administrator that may post."""
    server.grant(token_of(seat), CHAT, "can_post_messages")


CAUSES = {
    ("telegram", "token revoked"): Cause(revoke, renew_bot, "token"),
    ("telegram", "right taken"): Cause(
        lambda server, seat: server.grant(token_of(seat), CHAT, "can_edit_messages"), let_post, "administrator"
    ),
    ("telegram", "kicked"): Cause(
        lambda server, seat: server.set_status(token_of(seat), CHAT, "kicked"), let_post, "administrator"
    ),
    ("telegram", "chat gone"): Cause(
        lambda server, _: setattr(server._chats[CHAT], "username", None),
        lambda server, _: setattr(server._chats[CHAT], "username", "herald"),
        "@herald",
    ),
    ("mastodon", "token revoked"): Cause(
        revoke, lambda server, seat: server.add_account(token_of(seat), "herald"), "token"
    ),
    ("mastodon", "suspended"): Cause(
        lambda server, _: server.suspend("herald"), lambda server, _: server.restore("herald"), ""
    ),
    ("mastodon", "host gone (410)"): Cause(answering(410), forgetting, "gone for good"),
    ("mastodon", "host gone (404)"): Cause(answering(404), forgetting, "404"),
    ("bluesky", "password revoked"): Cause(
        revoke_password,
        lambda server, seat: server.change_app_password(HANDLE, password_of(seat)),
        "app password",
    ),
    ("bluesky", "deactivated"): Cause(
        lambda server, _: server.deactivate(HANDLE), lambda server, _: server.restore(HANDLE), "deactivated"
    ),
    ("bluesky", "taken down"): Cause(
        lambda server, _: server.take_down(HANDLE), lambda server, _: server.restore(HANDLE), "account"
    ),
    ("bluesky", "host gone (404)"): Cause(answering(404), forgetting, "does not speak the AT Protocol"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("platform", "cause"), CAUSES, ids=str)
def test_down_and_up_again(
    tmp_path: Path, new_ledger: Path, platform: str, cause: str, logged: list[EventDict]
) -> None:
    """It works, breaks, and is mended: `channels` says why it is down, the second article waits and goes out once."""
    run(_down_and_up(tmp_path, new_ledger, platform, CAUSES[platform, cause], logged))


async def _down_and_up(folder: Path, ledger: Path, platform: str, cause: Cause, logged: list[EventDict]) -> None:
    clock = LoopClock()
    async with Stage(folder, now=clock.seconds, platforms=[platform]) as stage:
        lay_ledger(ledger, stage)
        seat = stage.seats[platform]
        first = stage.publication.publish_next()
        await _round(stage, clock, 1.0)
        cause.begin(seat.server, seat)
        second = stage.publication.publish_next()
        await _round(stage, clock, 20 * PROBE_FROM)
        assert 1 == sum(line["event"] == "channel.paused" for line in logged)
        _check_down(stage, platform, cause)
        cause.end(seat.server, seat)
        with structlog.testing.capture_logs() as later:
            await _round(stage, clock, LONG)
        assert {"channel.resumed"} == {line["event"] for line in later if line["event"].startswith("channel.")}
        assert [1, 1] == [len(seat.posts_of(article)) for article in (first, second)]
        with Told(stage) as book:
            assert () == book.waiting().alerts


async def _round(stage: Stage, clock: LoopClock, wait_for: float) -> None:
    async with core_on(stage, clock, BACKFILL="1") as core:
        await core.once(wait_for, asyncio.Event())


def _check_down(stage: Stage, platform: str, cause: Cause) -> None:
    with Told(stage) as book:
        [alert] = [each for each in book.waiting().alerts if each.cause.endswith(":down")]
        assert ["sent", "pending"] == sorted((row.state for row in book.log()), reverse=True)
    assert alert.needs_person
    assert re.fullmatch(
        rf"Channel {platform} is paused: .*{cause.told}.*\. Everything is kept, and it is tried again by itself\.",
        alert.message,
    )
    with InlineLedger(open_engine(f"sqlite:///{stage.ledger}")).engine.connect() as conn:
        assert 4 <= conn.execute(select(channels.c.probes)).scalar_one() <= 6
    [shown] = [line for line in Handbill(stage.environment())("channels").lines if line.startswith(platform)]
    structlog.reset_defaults()  # a command shows no more than warnings
    assert re.search(rf"went down .*, tried again in .*{cause.told}", shown)
