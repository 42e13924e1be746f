"""What the Bluesky adapter reads out of the headers that tell of rate limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.base import Budget, Context
from adapters.bluesky import BlueskySettings
from adapters.bluesky.adapter import BlueskyAdapter
from adapters.bluesky.budget import POINTS_FOR, budget_of, when_to_return
from adapters.outcomes import RateLimited
from adapters.post import Part, Payload, Picture, Post
from adapters.sandbox.bluesky_budgets import UPLOADS, WRITES, Charge
from bot.clock import random_bytes
from tests.adapters.account import HANDLE, PASSWORD, OneAccount

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
HOUR, DAY = POINTS_FOR


def headers_of(limit: int, left: int, window: int, reset: datetime, date: datetime | None = None) -> dict[str, str]:
    """As a PDS writes them."""
    written = {
        "ratelimit-limit": str(limit),
        "ratelimit-remaining": str(left),
        "ratelimit-reset": str(int(reset.timestamp())),
        "ratelimit-policy": f"{limit};w={window}",
    }
    return written if date is None else {**written, "date": format_datetime(date, usegmt=True)}


def after(**duration: float) -> datetime:
    """A time after now."""
    return NOW + timedelta(**duration)


HEADERS = headers_of(5000, 4998, 3600, after(hours=1))


@pytest.mark.parametrize(
    ("headers", "budget"),
    [
        (HEADERS, Budget(2500, 2499, HOUR, after(hours=1))),
        (headers_of(5000, 1, 3600, after(minutes=9)), Budget(2500, 0, HOUR, after(minutes=9))),
        (headers_of(35000, 4001, 86400, after(hours=3)), Budget(17500, 2000, DAY, after(hours=3))),
        # 3000 requests, three for each post.
        (headers_of(3000, 2990, 300, after(minutes=2)), Budget(1000, 996, 300.0, after(minutes=2))),
        # An hour from a reset in whole seconds may look a bit longer; more cannot be.
        (headers_of(5000, 9, 3600, after(seconds=3601)), Budget(2500, 4, HOUR, after(seconds=3601))),
        (headers_of(5000, 9, 3600, after(seconds=3602)), None),
        (headers_of(5000, 9, 3600, NOW), None),
        (headers_of(5000, 5001, 3600, after(hours=1)), None),
        ({**HEADERS, "ratelimit-policy": "5000"}, None),
        ({**HEADERS, "ratelimit-policy": "5000;w=٣"}, None),
        ({**HEADERS, "ratelimit-policy": "5000;w=" + "9" * 30}, None),
        ({**HEADERS, "ratelimit-policy": "0;w=3600", "ratelimit-remaining": "0"}, Budget(1, 0, HOUR, after(hours=1))),
        ({**HEADERS, "ratelimit-remaining": "-1"}, None),
        ({**HEADERS, "ratelimit-reset": "soon"}, None),
        ({**HEADERS, "ratelimit-reset": "9" * 400}, None),
        ({}, None),
    ],
)
def test_what_is_read(headers: Mapping[str, str], budget: Budget | None) -> None:
    """Points are told in posts, and so are requests; what cannot be true is passed over."""
    assert budget == budget_of(headers, NOW)


@given(skew=st.integers(-(10**7), 10**7), left=st.integers(0, 5000), wait=st.integers(1, 3600))
def test_clocks_that_differ(skew: int, left: int, wait: int) -> None:
    """However wrong our clock is, the window ends for us when it ends for the server."""
    server_now = NOW + timedelta(seconds=skew)
    headers = headers_of(5000, left, 3600, server_now + timedelta(seconds=wait), server_now)
    assert budget_of(headers, NOW) == Budget(2500, left // 2, HOUR, after(seconds=wait))
    assert when_to_return(headers, NOW) == wait


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "290", "ratelimit-reset": "0"}, 290.0),
        ({"ratelimit-reset": str(int(NOW.timestamp()) + 60)}, 60.0),
        ({"ratelimit-reset": "1"}, 0.0),
        ({"ratelimit-reset": "9" * 12}, 10_000_000.0),
        ({"ratelimit-reset": "9" * 400}, None),
        ({"ratelimit-reset": "soon"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    """The wait is what Retry-After says, else the time until the budget is whole again; never beyond all reason."""
    assert seconds == when_to_return(headers, NOW)


# ── at work ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Scene(OneAccount):
    """A PDS with one account, and what the adapter has noted."""

    noted: list[Budget] = field(default_factory=list)

    def open(self) -> BlueskyAdapter:
        fields = {"server": self.pds.url, "handle": HANDLE, "app_password": PASSWORD}
        context = Context(lambda: self.at, random_bytes, self.secrets.add, self.store, note_budget=self.noted.append)
        return BlueskyAdapter(BlueskySettings.model_validate(fields), context)

    def spend(self, points: int) -> None:
        """What the account's owner does in other programs."""
        self.pds._till.take([Charge(budget, self.did, points) for budget in WRITES])


async def test_posts_go_without_pictures_where_the_server_takes_no_more() -> None:
    """The last upload of a day is noticed, and so is a refusal after one: until it is over nobody asks again, and posts
    go out at once, without their picture. A short wait is waited."""
    scene = Scene()
    await scene.pds.start()
    adapter = scene.open()
    draft = adapter.compose(_post(Picture(b"\xff\xd8\xff\xe0", "image/jpeg", 64, 32, "A chart")), scene.at)
    scene.pds._till.take([Charge(UPLOADS[0], "127.0.0.1", 998)])
    with_picture = [len((await adapter.stage(draft)).media) for _ in range(4)]
    assert with_picture == [1, 1, 0, 0]
    later = scene.open()
    assert [len((await later.stage(draft)).media) for _ in range(2)] == [0, 0]
    assert [path for _, path in scene.pds.requests].count("/xrpc/com.atproto.repo.uploadBlob") == 3
    await adapter.publish(await adapter.stage(draft), "3jzfcijpj2z2a")
    assert len(scene.pds.public()) == 1
    scene.pass_time(hours=23, minutes=55)
    with pytest.raises(RateLimited) as raised:
        await adapter.stage(draft)
    assert raised.value.retry_after == 300.0
    scene.pass_time(minutes=5)
    assert [len((await each.stage(draft)).media) for each in (adapter, later)] == [1, 1]
    for each in (adapter, later):
        await each.close()
    await scene.pds.stop()


def _post(picture: Picture | None = None) -> Post:
    link = "https://example.com/news/1"
    return Post((Part("title", "Snow"), Part("link", link)), link, "Snow", "It fell.", picture=picture)


async def _payload(adapter: BlueskyAdapter, at: datetime) -> Payload:
    return await adapter.stage(adapter.compose(_post(), at))


async def test_each_post_tells_what_is_left() -> None:
    """Taken or refused, what the answer says is noted; a wait that it tells is the window's."""
    scene = Scene()
    await scene.pds.start()
    adapter = scene.open()
    payload = await _payload(adapter, scene.at)
    assert scene.noted == []
    await adapter.publish(payload, "3jzfcijpj2z2a")
    (first,) = scene.noted
    assert (first.limit, first.per_for) == (1000, 300.0)
    scene.spend(4994)
    scene.pass_time(minutes=10)
    await adapter.publish(payload, "3jzfcijpj2z2a")
    resets_at = scene.at + timedelta(minutes=50)
    assert scene.noted[1:] == [Budget(2500, 1, HOUR, resets_at)]
    await adapter.publish(payload, "3jzfcijpj2z2a")
    with pytest.raises(RateLimited) as raised:
        await adapter.publish(payload, "3jzfcijpj2z2a")
    assert raised.value.retry_after == 3000.0
    assert scene.noted[2:] == [Budget(2500, 0, HOUR, resets_at)] * 2
    scene.pass_time(minutes=50)
    await adapter.publish(payload, "3jzfcijpj2z2a")
    assert len(scene.pds.public()) == 1
    await adapter.close()
    await scene.pds.stop()
