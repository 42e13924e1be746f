"""Asking Telegram what became of a lost message: other people's posts, holes, rights, and what is never concluded."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.base import (
    Absent,
    Answer,
    AskAgain,
    CannotTell,
    ChannelDown,
    Context,
    Found,
    KeySeed,
    Part,
    Payload,
    Post,
    RateLimited,
    Waits,
)
from adapters.sandbox.faults import Fault
from adapters.sandbox.telegram import TelegramSandbox
from adapters.telegram import PLATFORM, TelegramSettings
from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.probe import AT_ONCE, MISSES, ROUNDS, Sight, Trail
from tests.adapters.test_telegram_adapter import CHAT, NOW, OPS, TOKEN, NoSessions

LINK = "https://news.example/a-story"
POST = Post((Part("title", "Åsa’s “story” 👍"), Part("text", "\n\n"), Part("link", LINK)), LINK, "Title", "")
SEED = KeySeed("123456", "article", "publish", 1, 1, None)

Opened = Callable[..., AbstractAsyncContextManager[TelegramAdapter]]


@pytest.fixture
async def sandbox() -> AsyncIterator[TelegramSandbox]:
    """A channel in which the bot and a person have posted, and an ops chat."""
    server = TelegramSandbox(now=NOW.timestamp, paced=False)
    server.add_bot(TOKEN, "news_bot")
    server.add_chat(CHAT, "news", "Example News", admins={TOKEN: ["can_post_messages"]})
    server.add_chat(OPS, None, "Operators", "supergroup", members=[TOKEN])
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def opened(sandbox: TelegramSandbox) -> Opened:
    """Opens the adapter, with an ops chat unless told otherwise."""

    @asynccontextmanager
    async def open_(**changes: Any) -> AsyncIterator[TelegramAdapter]:
        written = {"token": TOKEN, "chat": "@news", "api_base": sandbox.api_base, "ops_chat": str(OPS), **changes}
        waits = Waits(quiet_for=60, probe_gap_for=30, deadline_for=60)
        context = Context(lambda: NOW, bytes, list[str]().append, NoSessions(), waits=waits)
        adapter = PLATFORM.open(TelegramSettings(**written), context)
        assert isinstance(adapter, TelegramAdapter)
        try:
            await adapter.verify()
            yield adapter
        finally:
            await adapter.close()

    return open_


async def payload_of(adapter: TelegramAdapter, post: Post = POST) -> Payload:
    """A post, frozen."""
    return await adapter.stage(adapter.compose(post, NOW))


async def ask(adapter: TelegramAdapter, payload: Payload, marker: Mapping[str, Any]) -> tuple[Answer, list[float]]:
    """Ask until the answer is one; and the waits in between."""
    waits: list[float] = []
    while isinstance(answer := await adapter.find(payload, "label", marker), AskAgain):
        waits.append(answer.after_for)
        marker = answer.marker
    return answer, waits


def methods(sandbox: TelegramSandbox) -> list[str]:
    """The methods that were called."""
    return [path.rsplit("/", 1)[-1] for _, path in sandbox.requests]


# ── with an ops chat ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_found_between_other_peoples_posts(sandbox: TelegramSandbox, opened: Opened) -> None:
    """What others write, before it and after it, and what they have deleted, is passed over; the receipt names ours."""
    async with opened() as adapter:
        last = sandbox.write(CHAT, "a person's words")
        payload = await payload_of(adapter)
        sandbox.write(CHAT, "more words")
        gone = sandbox.write(CHAT, "deleted soon")
        receipt = await adapter.publish(payload, adapter.key(SEED))
        sandbox.remove(CHAT, gone)
        sandbox.write(CHAT, "later words")
        answer, waits = await ask(adapter, payload, await adapter.mark(str(last)))
    assert isinstance(answer, Found)
    assert (receipt.id, receipt.url, receipt.at) == (answer.receipt.id, answer.receipt.url, answer.receipt.at)
    assert waits == []


async def test_the_ops_chat_is_left_as_it_was(sandbox: TelegramSandbox, opened: Opened) -> None:
    """Every forward is silent, and taken away again."""
    async with opened() as adapter:
        payload = await payload_of(adapter)
        last = sandbox.write(CHAT, "words")
        sandbox.write(CHAT, "others")
        await adapter.publish(payload, adapter.key(SEED))
        await ask(adapter, payload, await adapter.mark(str(last)))
    assert methods(sandbox).count("forwardMessage") == methods(sandbox).count("deleteMessage") == 2
    assert sandbox.public(str(OPS)) == []


async def test_absent_only_after_two_rounds_apart(sandbox: TelegramSandbox, opened: Opened) -> None:
    """One round of numbers that lead to nothing proves nothing; the second one, half a minute later, does."""
    async with opened() as adapter:
        payload, last = await payload_of(adapter), sandbox.write(CHAT, "words")
        sandbox.requests.clear()
        answer, waits = await ask(adapter, payload, await adapter.mark(str(last)))
    assert isinstance(answer, Absent)
    assert waits == [30.0]
    assert methods(sandbox).count("forwardMessage") == ROUNDS * MISSES


async def test_what_arrives_between_the_rounds_is_found(sandbox: TelegramSandbox, opened: Opened) -> None:
    """A call that lived on inside the server comes out after the first round: the second one starts over."""
    async with opened() as adapter:
        payload, last = await payload_of(adapter), sandbox.write(CHAT, "words")
        first = await adapter.find(payload, "label", await adapter.mark(str(last)))
        assert isinstance(first, AskAgain)
        await adapter.publish(payload, adapter.key(SEED))
        assert isinstance(await adapter.find(payload, "label", first.marker), Found)


async def test_the_link_with_other_words_is_never_taken_for_ours_nor_for_nothing(
    sandbox: TelegramSandbox, opened: Opened
) -> None:
    """A person has posted the article by hand, or changed our post: nobody concludes anything, a person looks."""
    async with opened() as adapter:
        payload, last = await payload_of(adapter), sandbox.write(CHAT, "words")
        sandbox.write(CHAT, f"Read this: {LINK}")
        answer, _ = await ask(adapter, payload, await adapter.mark(str(last)))
    assert isinstance(answer, CannotTell)
    assert "with another text" in answer.why


async def test_many_posts_are_looked_through_in_parts(sandbox: TelegramSandbox, opened: Opened) -> None:
    """A busy channel: after so many looks the rest has its turn a little later, and what was seen is not seen again."""
    async with opened() as adapter:
        payload, last = await payload_of(adapter), sandbox.write(CHAT, "words")
        for number in range(AT_ONCE + 3):
            sandbox.write(CHAT, f"words {number}")
        await adapter.publish(payload, adapter.key(SEED))
        sandbox.requests.clear()
        answer, waits = await ask(adapter, payload, await adapter.mark(str(last)))
    assert isinstance(answer, Found)
    assert len(waits) == 1
    assert methods(sandbox).count("forwardMessage") == AT_ONCE + 4


async def test_told_to_wait_while_looking(sandbox: TelegramSandbox, opened: Opened) -> None:
    """The ops chat has its limits, too: what was seen so far is kept, and asking goes on when Telegram says."""
    async with opened() as adapter:
        payload, last = await payload_of(adapter), sandbox.write(CHAT, "words")
        sandbox.write(CHAT, "others")
        await adapter.publish(payload, adapter.key(SEED))
        sandbox.faults.add(Fault.parse("wait=9@read+4"))  # getChat, getChatMember, a forward and its end; then
        answer = await adapter.find(payload, "label", await adapter.mark(str(last)))
        assert isinstance(answer, AskAgain)
        assert (answer.after_for, answer.marker["next"]) == (9, last + 2)
        sandbox.faults.add(Fault.parse("wait=7@read+2"))
        with pytest.raises(RateLimited):
            await adapter.find(payload, "label", await adapter.mark(str(last)))


async def test_missing_rights_are_no_proof_of_absence(sandbox: TelegramSandbox, opened: Opened) -> None:
    """Thrown out of the channel, a bot finds no message there: the channel is down, and the delivery stays as it is."""
    async with opened() as adapter:
        payload, last = await payload_of(adapter), sandbox.write(CHAT, "words")
        await adapter.publish(payload, adapter.key(SEED))
        marker = await adapter.mark(str(last))
        sandbox.grant(TOKEN, CHAT, "can_edit_messages")
        with pytest.raises(ChannelDown):
            await adapter.find(payload, "label", marker)
        sandbox.set_status(TOKEN, CHAT, "kicked")
        with pytest.raises(ChannelDown):
            await adapter.find(payload, "label", marker)


# ── without one ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_by_an_edit_that_changes_nothing(sandbox: TelegramSandbox, opened: Opened) -> None:
    """A bot that may edit only its own posts tells them from others' without anybody seeing it."""
    async with opened(ops_chat=None) as adapter:
        payload, last = await payload_of(adapter), sandbox.write(CHAT, "words")
        before, waits = await ask(adapter, payload, await adapter.mark(str(last)))
        sandbox.write(CHAT, "others")
        receipt = await adapter.publish(payload, adapter.key(SEED))
        shown = sandbox.public("@news")
        after, _ = await ask(adapter, payload, await adapter.mark(str(last)))
    assert (type(before), waits) == (Absent, [30.0])
    assert isinstance(after, Found)
    assert (receipt.id, receipt.url) == (after.receipt.id, after.receipt.url)
    assert shown == sandbox.public("@news")


async def test_an_ops_chat_that_is_gone_falls_back_to_the_edit(sandbox: TelegramSandbox, opened: Opened) -> None:
    """The bot was put out of the ops chat: it looks the other way."""
    sandbox.set_status(TOKEN, OPS, "kicked")
    async with opened() as adapter:
        payload, last = await payload_of(adapter), sandbox.write(CHAT, "words")
        receipt = await adapter.publish(payload, adapter.key(SEED))
        answer, _ = await ask(adapter, payload, await adapter.mark(str(last)))
    assert isinstance(answer, Found)
    assert receipt.id == answer.receipt.id


async def test_the_first_post_of_all_waits_for_a_person(sandbox: TelegramSandbox, opened: Opened) -> None:
    """Without a known message before it there is nowhere to begin to look."""
    async with opened() as adapter:
        answer = await adapter.find(await payload_of(adapter), "label", await adapter.mark(None))
    assert isinstance(answer, CannotTell)


@pytest.mark.parametrize(("later", "proves"), [("42", True), ("43", False), ("41", False)])
async def test_the_next_number_of_ours_proves_that_nothing_came_between(
    opened: Opened, later: str, proves: bool
) -> None:
    """Only the very next number does: a gap may be anybody's."""
    async with opened() as adapter:
        assert isinstance(adapter.infer(await adapter.mark("41"), later), Absent) is proves
        assert isinstance(adapter.infer(await adapter.mark(None), later), CannotTell)


# ── reading back ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_post_that_was_deleted_has_vanished(sandbox: TelegramSandbox, opened: Opened) -> None:
    """There, it is accepted, for a bot cannot read it; deleted, it has vanished; without rights, nobody knows."""
    async with opened() as adapter:
        payload = await payload_of(adapter)
        receipt = await adapter.publish(payload, adapter.key(SEED))
        assert await adapter.confirm(payload, receipt) == "accepted"
        sandbox.remove(CHAT, int(receipt.id))
        assert await adapter.confirm(payload, receipt) == "vanished"
        sandbox.set_status(TOKEN, CHAT, "kicked")
        assert await adapter.confirm(payload, receipt) == "accepted"


# ── the decisions ─────────────────────────────────────────────────────────────────────────────────────────────────


@given(
    st.lists(st.sampled_from(["another", "nothing", "ours"]), max_size=40),
    st.lists(st.sampled_from(["another", "nothing", "ours"]), max_size=40),
)
def test_never_absent_when_it_is_there(first: Sequence[Sight], second: Sequence[Sight]) -> None:
    """Whatever stands behind the last known message: absent means that two rounds saw so many empty numbers in a row,
    and nothing of ours before them."""
    trail, seen = Trail(10, 11), []
    while not trail.over:
        world = (first, second)[trail.rounds]
        place = trail.next - 11
        sight: Sight = world[place] if place < len(world) else "nothing"
        if sight == "ours":
            seen.append(sight)
            break
        trail = trail.after(sight)
        assert Trail.of(trail.marker()) == trail
    reach = [_before_the_end(world) for world in (first, second)]
    assert bool(seen) == any("ours" in world for world in reach)


def _before_the_end(world: Sequence[Sight]) -> Sequence[Sight]:
    """As much of it as a round looks at."""
    misses = 0
    for place, sight in enumerate(world):
        misses = misses + 1 if sight == "nothing" else 0
        if misses == MISSES:
            return world[: place + 1]
    return world


@pytest.mark.parametrize("marker", [{}, {"last": None}, {"last": ""}, {"last": "dry run"}, {"last": "١"}])
def test_a_marker_without_a_number_is_no_trail(marker: Mapping[str, Any]) -> None:
    """An id that is no message number is nowhere to begin."""
    assert Trail.of(marker) is None
