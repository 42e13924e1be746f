"""What the Mastodon adapter reads out of the headers that tell of rate limits."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from adapters.base import Budget
from adapters.mastodon.budget import REQUESTS_FOR, STATUSES_FOR, budget_of, reset_in
from adapters.sandbox.mastodon import MastodonSandbox
from tests.adapters.mastodon_account import LINK, TOKEN, Hands, adapter_for, answering, key_of, payload_of

WINDOW = datetime.fromtimestamp(1_795_413_600, UTC)
"""Where windows of both lengths begin."""


def headers_of(limit: int, left: int, reset: datetime, date: datetime | None = None) -> dict[str, str]:
    """As Mastodon writes them."""
    written = {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(left),
        "x-ratelimit-reset": reset.isoformat(timespec="microseconds").replace("+00:00", "Z"),
    }
    return written if date is None else {**written, "date": format_datetime(date, usegmt=True)}


def after(**duration: float) -> datetime:
    """A time after the windows' beginning."""
    return WINDOW + timedelta(**duration)


@pytest.mark.parametrize(
    ("headers", "budget"),
    [
        (headers_of(300, 299, after(hours=3)), Budget(300, 299, STATUSES_FOR, after(hours=3))),
        (headers_of(300, 0, after(hours=3)), Budget(300, 0, STATUSES_FOR, after(hours=3))),
        # 300 requests, two for each post: half of them are for reading back, whenever that is.
        (headers_of(300, 159, after(minutes=15)), Budget(150, 9, REQUESTS_FOR, after(minutes=15))),
        (headers_of(300, 149, after(minutes=15)), Budget(150, 0, REQUESTS_FOR, after(minutes=15))),
        (headers_of(1500, 1400, after(minutes=15)), Budget(750, 650, REQUESTS_FOR, after(minutes=15))),
        # A window that ends neither with the hours nor within minutes is none that we know.
        (headers_of(300, 299, after(minutes=45)), None),
        (headers_of(300, 299, after(hours=6)), None),
        (headers_of(300, 299, after(minutes=5)), None),
        (headers_of(300, 301, after(hours=3)), None),
        (headers_of(0, 0, after(hours=3)), None),
        ({**headers_of(300, 1, after(hours=3)), "x-ratelimit-limit": "many"}, None),
        ({**headers_of(300, 1, after(hours=3)), "x-ratelimit-remaining": "-1"}, None),
        ({**headers_of(300, 1, after(hours=3)), "x-ratelimit-remaining": "٣"}, None),
        ({**headers_of(300, 1, after(hours=3)), "x-ratelimit-reset": "soon"}, None),
        ({**headers_of(300, 1, after(hours=3)), "x-ratelimit-reset": "9" * 30}, None),
        ({"x-ratelimit-limit": "300", "x-ratelimit-remaining": "1"}, None),
        ({}, None),
    ],
)
def test_what_is_read(headers: Mapping[str, str], budget: Budget | None) -> None:
    """Ten minutes into both windows: the limit on statuses and that on requests are told apart by their ends."""
    assert budget == budget_of(headers, after(minutes=10), requests_per_post=2)


def test_windows_that_end_together() -> None:
    """In the last minutes of three hours it is the statuses' window, unless the number is one of requests."""
    now, end = after(hours=2, minutes=57), after(hours=3)
    told = [budget_of(headers_of(limit, 8, end), now, requests_per_post=2) for limit in (300, 1500)]
    assert told == [Budget(300, 8, STATUSES_FOR, end), Budget(750, 0, REQUESTS_FOR, end)]


@given(
    into=st.floats(0, STATUSES_FOR - 1),
    skew=st.floats(-(10**7), 10**7),
    left=st.integers(0, 300),
    per_for=st.sampled_from([STATUSES_FOR, REQUESTS_FOR]),
)
def test_clocks_that_differ(into: float, skew: float, left: int, per_for: float) -> None:
    """However wrong our clock is, the window ends for us when it ends for the server, to the second and never early."""
    server_now = WINDOW + timedelta(seconds=into)
    now = server_now + timedelta(seconds=skew)
    wait = per_for - int(server_now.timestamp()) % per_for
    budget = budget_of(
        headers_of(300, left, server_now + timedelta(seconds=wait), date=server_now), now, requests_per_post=1
    )
    assert budget is not None
    assert 0 <= (budget.resets_at - now).total_seconds() - wait <= 1
    together = per_for == REQUESTS_FOR and into >= STATUSES_FOR - REQUESTS_FOR
    assert budget.per_for == (STATUSES_FOR if together else per_for)
    assert (budget.limit, budget.remaining) == (300, left)


@given(st.dictionaries(st.sampled_from(["limit", "remaining", "reset", "date"]), st.text() | st.from_regex(r"\A\d+\Z")))
def test_whatever_is_written(written: dict[str, str]) -> None:
    """Nothing that a server writes is more than no budget or a sound one."""
    headers = {name if name == "date" else f"x-ratelimit-{name}": value for name, value in written.items()}
    now = after(minutes=10)
    budget = budget_of(headers, now, requests_per_post=2)
    wait = reset_in(headers, now)
    assert wait is None or wait > 0
    assert budget is None or (0 <= budget.remaining <= budget.limit and now < budget.resets_at)


async def test_every_answer_to_a_post_is_reported() -> None:
    """What is left of the statuses' window is told to the account's owner with each post, and when it is used up."""
    clock, noted = Hands(), list[Budget]()
    server = MastodonSandbox(now=clock)
    server.add_account(TOKEN, "news")
    await server.start()
    adapter = adapter_for(server.url, now=clock.now, note_budget=noted.append)
    clock.at += 600
    for number in range(3):
        await adapter.publish(await payload_of(adapter, link=f"{LINK}/{number}"), key_of(adapter, f"{number}"))
    await server.stop()
    await adapter.close()
    assert [(budget.limit, budget.remaining, budget.per_for) for budget in noted] == [
        (300, 299, 10_800),
        (300, 298, 10_800),
        (300, 297, 10_800),
    ]
    assert {budget.resets_at for budget in noted} == {after(hours=3)}


async def test_a_limit_of_requests_that_is_nearer() -> None:
    """Where other requests have used up more, the budget is that of five minutes, shared among what a post needs."""
    clock, noted = Hands(), list[Budget]()
    server = MastodonSandbox(now=clock)
    server.add_account(TOKEN, "news")
    await server.start()
    adapter = adapter_for(server.url, now=clock.now, note_budget=noted.append)
    clock.at += 600
    for _ in range(19):
        await adapter.mark(None)
    await adapter.publish(await payload_of(adapter), key_of(adapter))
    await server.stop()
    await adapter.close()
    assert noted == [Budget(150, 129, 300.0, after(minutes=15))]


async def test_a_429_is_reported_too() -> None:
    """A server that says to wait tells with it when all of its limit is there again."""
    noted = list[Budget]()
    reset = after(hours=3)

    async def full(_: web.Request) -> web.Response:
        return web.json_response({"error": "Too many requests"}, status=429, headers=headers_of(300, 0, reset, after()))

    async with answering(full, note_budget=noted.append, now=after) as (adapter, _):
        payload = await payload_of(adapter)
        with pytest.raises(Exception, match="asks to wait"):
            await adapter.publish(payload, key_of(adapter))
    assert noted == [Budget(300, 0, STATUSES_FOR, reset)]
