"""How the Mastodon adapter settles what it does not know, on servers of every kind.

Each test plays the core: what is uncertain is asked about when its wait is over; only what is absent is sent again,
with the same key; what comes `instead` has a new one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from adapters.mastodon.adapter import MastodonAdapter
from adapters.outcomes import Absent, Answer, AskAgain, Found, Outcome, Rejected, Unavailable, Uncertain
from adapters.post import Payload, Receipt
from adapters.sandbox.faults import Fault
from adapters.sandbox.mastodon import MastodonSandbox
from tests.adapters.mastodon_account import (
    LINK,
    NOW,
    PICTURE,
    TOKEN,
    Hands,
    adapter_for,
    answering,
    key_of,
    outcome_of,
    payload_of,
)

QUIET_FOR = 90.0


@dataclass
class Delivery:
    """One delivery as the core works it. `told`: what came of each call, in order."""

    adapter: MastodonAdapter
    clock: Hands
    payload: Payload
    number: int = 1
    told: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The key of the present payload."""
        return key_of(self.adapter, payload_number=self.number)

    async def attempt(self) -> Receipt | Outcome:
        """Make the visible call."""
        self.marker = await self.adapter.mark(None)
        try:
            receipt = await self.adapter.publish(self.payload, self.key)
        except Outcome as outcome:
            self.told.append(type(outcome).__name__)
            if isinstance(outcome, Rejected) and outcome.instead:
                self.payload, self.number = outcome.instead, self.number + 1
            return outcome
        self.told.append("Receipt")
        return receipt

    async def ask(self) -> Answer:
        """Ask after the quiet time, and again as told."""
        self.clock.at += QUIET_FOR
        while isinstance(answer := await self.adapter.find(self.payload, self.key, self.marker), AskAgain):
            self.told.append("AskAgain")
            self.clock.at += answer.after_for
            self.marker = answer.marker
        self.told.append(type(answer).__name__)
        return answer

    async def work(self, rounds: int = 8) -> Receipt:
        """Until it is out."""
        for _ in range(rounds):
            outcome = await self.attempt()
            if isinstance(outcome, Receipt):
                return outcome
            assert not isinstance(outcome, Rejected) or outcome.instead
            if isinstance(outcome, Uncertain) and isinstance(answer := await self.ask(), Found):
                return answer.receipt
            self.clock.at += 30
        raise AssertionError(self.told)


@pytest.fixture
def clock() -> Hands:
    """The time of server and adapter."""
    return Hands()


@pytest.fixture
async def server(clock: Hands) -> AsyncIterator[MastodonSandbox]:
    """A sandbox server with one account."""
    sandbox = MastodonSandbox(now=clock)
    sandbox.add_account(TOKEN, "news")
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def adapter(server: MastodonSandbox, clock: Hands) -> AsyncIterator[MastodonAdapter]:
    """The adapter of that account, verified."""
    async with verified(server, clock) as opened:
        yield opened


@asynccontextmanager
async def verified(
    server: MastodonSandbox, clock: Hands, *, attach_picture: bool = False
) -> AsyncIterator[MastodonAdapter]:
    """An adapter as a lane has it."""
    opened = adapter_for(server.url, now=clock.now, attach_picture=attach_picture)
    await opened.verify()
    yield opened
    await opened.close()


@pytest.fixture
async def delivery(adapter: MastodonAdapter, clock: Hands) -> Delivery:
    """A delivery of that account."""
    return Delivery(adapter, clock, await payload_of(adapter))


# ── servers ───────────────────────────────────────────────────────────────────────────────────────────────────────

LIKE = ("4.5", "4.6.3", "4.7", "gotosocial", "pleroma", "iceshrimp")


@pytest.mark.parametrize("fault", ["cut", "error-after", "error-after=503", "garbage-after", "error-after=408"])
@pytest.mark.parametrize("like", LIKE)
async def test_an_answer_lost_after_the_post(
    server: MastodonSandbox, delivery: Delivery, like: str, fault: str
) -> None:
    """On every server the post is found, and not sent again."""
    server.traits.become(like)
    server.faults.add(Fault.parse(fault))
    receipt = await delivery.work()
    assert [receipt.id] == [post.id for post in server.public()]
    assert delivery.told == ["Uncertain", "Found"]


@pytest.mark.parametrize("fault", ["drop", "error=502", "garbage"])
@pytest.mark.parametrize("like", LIKE)
async def test_a_post_lost_on_the_way(server: MastodonSandbox, delivery: Delivery, like: str, fault: str) -> None:
    """On every server its absence is proven, and the repeat makes the one post."""
    server.traits.become(like)
    server.faults.add(Fault.parse(fault))
    receipt = await delivery.work()
    assert [receipt.id] == [post.id for post in server.public()]
    assert delivery.told == ["Uncertain", "Absent", "Receipt"]


@pytest.mark.parametrize(
    ("like", "told"),
    [
        ("4.5", ["Uncertain", "Absent", "Receipt"]),
        ("4.6.3", ["Uncertain", "Absent", "Receipt"]),
        ("4.7", ["Uncertain", "Absent", "Receipt"]),
        ("gotosocial", ["Uncertain", "Absent", "Receipt"]),
        # The refusal that it remembers is one of its own; the key is of no more use.
        ("pleroma", ["Uncertain", "Absent", "Uncertain", "Absent", "Rejected", "Receipt"]),
        ("iceshrimp", ["Uncertain", "Absent", "Uncertain", "Absent", "Rejected", "Receipt"]),
    ],
)
async def test_a_server_that_crashed_in_the_middle(
    server: MastodonSandbox, delivery: Delivery, like: str, told: list[str]
) -> None:
    """Where the crash has used up the key, the post gets another one, after its absence was proven twice."""
    server.traits.become(like)
    server.publisher.fails.append(500)
    receipt = await delivery.work()
    assert [receipt.id] == [post.id for post in server.public()]
    assert delivery.told == told


@pytest.mark.parametrize("like", ["4.5", "4.6.3", "4.7", "gotosocial", "pleroma"])
async def test_a_first_request_that_still_runs(server: MastodonSandbox, clock: Hands, like: str) -> None:
    """What comes out after we gave up is found: the adapter neither repeats it nor calls it absent before that."""
    server.traits.become(like)
    server.publisher.takes.append(0.6)
    async with verified(server, clock) as adapter:
        adapter.deadline_for = 0.2
        delivery = Delivery(adapter, clock, await payload_of(adapter))
        assert type(await delivery.attempt()) is Uncertain
        answer = await adapter.find(delivery.payload, delivery.key, delivery.marker)
        assert isinstance(answer, AskAgain)
        assert answer.after_for == 90.0
        await asyncio.gather(*server._committing)
        assert isinstance(await adapter.find(delivery.payload, delivery.key, answer.marker), Found)
    assert len(server.public()) == 1


async def test_the_lock_of_a_first_request(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """A 503 of the lock says that the first request still runs: unknown, and asked about later."""
    server.traits.lock_for = 0
    server.publisher.takes.append(0.6)
    adapter.deadline_for = 0.2
    payload, key = await payload_of(adapter), key_of(adapter)
    assert type(await outcome_of(adapter.publish(payload, key))) is Uncertain
    locked = await outcome_of(adapter.publish(payload, key))
    assert (type(locked), locked.status) == (Uncertain, 503)
    assert "still at work on an earlier request" in locked.message
    await asyncio.gather(*server._committing)
    assert len(server.public()) == 1


async def test_the_replay_bug_of_4_6(server: MastodonSandbox, delivery: Delivery) -> None:
    """A repeat that is answered 500 although the post is there ends with the post being found."""
    server.traits.become("4.6.3")
    first = await delivery.attempt()
    delivery.told.clear()
    marker = {**(await delivery.adapter.mark("0"))}
    assert type(await outcome_of(delivery.adapter.publish(delivery.payload, delivery.key))) is Uncertain
    assert await delivery.adapter.find(delivery.payload, delivery.key, marker) == Found(first)  # type: ignore[arg-type]
    assert len(server.public()) == 1


async def test_pixelfed_takes_a_key_for_used(server: MastodonSandbox, clock: Hands) -> None:
    """A repeat is refused as a duplicate whether or not the first one came out: looked up, then another key."""
    server.traits.become("pixelfed")
    async with verified(server, clock, attach_picture=True) as adapter:
        delivery = Delivery(adapter, clock, await payload_of(adapter, picture=PICTURE))
        server.publisher.fails.append(500)
        receipt = await delivery.work()
    assert [receipt.id] == [post.id for post in server.public()]
    assert delivery.told == ["Uncertain", "Absent", "Uncertain", "Absent", "Rejected", "Receipt"]


async def test_pleroma_repeats_an_old_refusal(server: MastodonSandbox, delivery: Delivery) -> None:
    """A refusal that belongs to the past (told to wait, suspended) does not stick to the post: it gets another key."""
    server.traits.become("pleroma")
    server.publisher.fails.append(429)
    receipt = await delivery.work()
    assert [receipt.id] == [post.id for post in server.public()]
    assert delivery.told == ["RateLimited", "Rejected", "Receipt"]


async def test_a_server_that_calls_every_answer_a_repeat() -> None:
    """A header that stands on the answer to a brand-new key means nothing: no new key for ever."""
    refusal = {"error": "Validation failed: Text is bad"}
    headers = {"Idempotent-Replayed": "true"}

    async def refuse(_: web.Request) -> web.Response:
        return web.json_response(refusal, status=422, headers=headers)

    async with answering(refuse) as (adapter, _requests):
        payload = await payload_of(adapter)
        first = await outcome_of(adapter.publish(payload, key_of(adapter)))
        second = await outcome_of(adapter.publish(payload, key_of(adapter, payload_number=2)))
    assert [getattr(each, "instead", None) for each in (first, second)] == [payload, None]
    assert [type(first), type(second)] == [Rejected, Rejected]


async def test_dropped_without_a_word(server: MastodonSandbox, delivery: Delivery) -> None:
    """A post that the server said it took, and did not, has vanished; nothing sends it again."""
    server.publisher.banned.add("A title")
    receipt = await delivery.attempt()
    assert isinstance(receipt, Receipt)
    assert "vanished" == await delivery.adapter.confirm(delivery.payload, receipt)
    assert server.public() == []


async def test_confirming(server: MastodonSandbox, delivery: Delivery) -> None:
    """A post that is there is confirmed; only the server's own word proves that one is not."""
    receipt = await delivery.attempt()
    assert isinstance(receipt, Receipt)
    assert "confirmed" == await delivery.adapter.confirm(delivery.payload, receipt)
    server.delete_by_hand(receipt.id)
    assert "vanished" == await delivery.adapter.confirm(delivery.payload, receipt)


@pytest.mark.parametrize("status", [404, 500, 200])
async def test_somebody_elses_page_confirms_nothing(status: int) -> None:
    """A page of a proxy, whatever its status, leaves the question open."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>", status=status)

    async with answering(page) as (adapter, _):
        told = await outcome_of(adapter.confirm(await payload_of(adapter), Receipt("7", None, NOW)))
    assert type(told) is Unavailable


# ── whose post it is ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_link_posted_by_hand_is_not_ours(server: MastodonSandbox, delivery: Delivery) -> None:
    """Somebody posts the same article with another client while our call is lost: ours is absent, and goes out."""
    server.faults.add(Fault.parse("drop"))
    assert type(await delivery.attempt()) is Uncertain
    server.post_by_hand("news", f"Do read this! {LINK}", application="Tusky")
    server.post_by_hand("news", f"And who says so? {LINK}", application="Handbill", reply_to=server.public()[0].id)
    assert isinstance(await delivery.ask(), Absent)
    await delivery.work()
    assert ["Tusky", "Handbill", "Handbill"] == [post.extra["application"] for post in server.public()]


async def test_ours_is_told_from_one_by_hand(server: MastodonSandbox, delivery: Delivery) -> None:
    """With both there, ours is the one that is found."""
    server.faults.add(Fault.parse("cut"))
    assert type(await delivery.attempt()) is Uncertain
    (ours,) = server.public()
    server.post_by_hand("news", f"Do read this! {LINK}", application="Tusky")
    answer = await delivery.ask()
    assert isinstance(answer, Found)
    assert answer.receipt.id == ours.id


async def test_ours_under_another_application(server: MastodonSandbox, delivery: Delivery, clock: Hands) -> None:
    """A token of another application, set while the outcome was unknown, does not hide what went out before."""
    server.faults.add(Fault.parse("cut"))
    assert type(await delivery.attempt()) is Uncertain
    server.add_account("another-token", "news", application="Handbill 2")
    delivery.adapter = adapter_for(server.url, "another-token", now=clock.now)
    await delivery.adapter.verify()
    assert isinstance(await delivery.ask(), Found)


@pytest.mark.parametrize("named", ["web", "never"])
async def test_servers_that_do_not_tell_the_application(
    server: MastodonSandbox, delivery: Delivery, named: Any
) -> None:
    """Where all posts are called the same, or nothing, ours is found by its words or by the link alone."""
    server.traits.application = named
    server.faults.add(Fault.parse("cut"))
    assert type(await delivery.attempt()) is Uncertain
    assert isinstance(await delivery.ask(), Found)
    other = Delivery(delivery.adapter, delivery.clock, await payload_of(delivery.adapter, link=f"{LINK}/2"), number=2)
    assert isinstance(await other.attempt(), Receipt)
    known = (await delivery.adapter.mark("1")).get("application")
    assert known == (None if named == "web" else "Handbill")


async def test_looking_before_a_first_attempt(server: MastodonSandbox, delivery: Delivery, clock: Hands) -> None:
    """A restored ledger waits for no request, and takes the link alone: it may be from a former application."""
    assert isinstance(await delivery.adapter.find(delivery.payload, "", await delivery.adapter.mark("1")), Absent)
    server.post_by_hand("news", f"Another headline {LINK}", application="Handbill of last year")
    clock.at += 1
    answer = await delivery.adapter.find(delivery.payload, "", await delivery.adapter.mark("1"))
    assert isinstance(answer, Found)


async def test_the_newest_of_ours(server: MastodonSandbox, adapter: MastodonAdapter, clock: Hands) -> None:
    """The newest status that may be ours is told: neither a reply nor what another client posted."""
    assert await adapter.newest() is None
    first = await adapter.publish(await payload_of(adapter), key_of(adapter))
    for number in range(45):
        clock.at += 1
        server.post_by_hand("news", f"by hand {number}", application="Tusky")
    server.post_by_hand("news", "a reply", application="Handbill", reply_to=first.id)
    assert await adapter.newest() == first
    server.traits.application = "never"
    newest = await adapter.newest()
    assert newest is not None
    assert newest.id == server.public()[-2].id
