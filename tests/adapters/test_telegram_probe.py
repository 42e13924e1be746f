"""Asking Telegram what became of a lost message: other people's posts, holes, rights, and what is never concluded."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.base import Context, KeySeed, Waits
from adapters.outcomes import (
    Absent,
    Answer,
    AskAgain,
    CannotTell,
    ChannelDown,
    Found,
    Outcome,
    RateLimited,
    Unavailable,
    Uncertain,
)
from adapters.post import Part, Payload, Post
from adapters.sandbox.faults import Fault
from adapters.sandbox.telegram import TelegramSandbox
from adapters.telegram import PLATFORM, TelegramSettings
from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.probe import LONG_BEFORE, MISSES, MOST, ROUNDS, Sight, Trail, address, link_of, plain
from adapters.telegram.prober import FORWARD_EVERY, FORWARDS_AT_ONCE
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
    assert (answer.seen, waits) == ("confirmed", [])


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


async def test_the_link_with_other_words_is_somebody_elses(sandbox: TelegramSandbox, opened: Opened) -> None:
    """A person has posted the article by hand, before us or instead of us: that is not our post."""
    async with opened() as adapter:
        payload, last = await payload_of(adapter), sandbox.write(CHAT, "words")
        sandbox.write(CHAT, f"Read this: {LINK}")
        before, _ = await ask(adapter, payload, await adapter.mark(str(last)))
        receipt = await adapter.publish(payload, adapter.key(SEED))
        after, _ = await ask(adapter, payload, await adapter.mark(str(last)))
    assert isinstance(before, Absent)
    assert isinstance(after, Found)
    assert receipt.id == after.receipt.id


async def test_where_the_bot_may_edit_others_posts_their_words_leave_a_doubt(
    sandbox: TelegramSandbox, opened: Opened
) -> None:
    """Then nothing tells our post, changed since, from another's with the same link: a person looks, knowing where."""
    sandbox.grant(TOKEN, CHAT, "can_post_messages", "can_edit_messages")
    async with opened() as adapter:
        payload, last = await payload_of(adapter), sandbox.write(CHAT, "words")
        there = sandbox.write(CHAT, f"Read this: {LINK}")
        answer, _ = await ask(adapter, payload, await adapter.mark(str(last)))
    assert isinstance(answer, CannotTell)
    assert f"after message {last}" in answer.why
    assert f"at {there} above all" in answer.why


async def test_a_forward_of_our_own_words_from_elsewhere_is_not_our_post(
    sandbox: TelegramSandbox, opened: Opened
) -> None:
    """The bot posts the article in a second channel, and somebody forwards it from there: text and link are the same,
    the origin is not."""
    other = -1005555555555
    sandbox.add_chat(other, "sport", "Example Sport", admins={TOKEN: ["can_post_messages"]})
    async with opened(chat="@sport") as adapter:
        theirs = await adapter.publish(await payload_of(adapter), "")
    async with opened() as adapter:
        payload, last = await payload_of(adapter), sandbox.write(CHAT, "words")
        sandbox.copy_in(CHAT, other, int(theirs.id))
        answer, _ = await ask(adapter, payload, await adapter.mark(str(last)))
    assert isinstance(answer, Absent)


async def test_a_deleted_album_is_not_the_end(sandbox: TelegramSandbox, opened: Opened) -> None:
    """Ten numbers that lead to nothing, between the last known message and ours, are looked past."""
    async with opened() as adapter:
        payload, last = await payload_of(adapter), sandbox.write(CHAT, "words")
        album = [sandbox.write(CHAT, f"picture {number}") for number in range(10)]
        await adapter.publish(payload, "")
        for number in album:
            sandbox.remove(CHAT, number)
        answer, _ = await ask(adapter, payload, await adapter.mark(str(last)))
    assert isinstance(answer, Found)


async def test_a_service_message_is_passed_over(sandbox: TelegramSandbox, opened: Opened) -> None:
    """What cannot be forwarded because it is no post is there, and not ours."""
    async with opened() as adapter:
        payload, last = await payload_of(adapter), sandbox.write(CHAT, "words")
        for _ in range(MISSES + 1):
            sandbox.happen(CHAT)
        await adapter.publish(payload, "")
        answer, _ = await ask(adapter, payload, await adapter.mark(str(last)))
    assert isinstance(answer, Found)


async def test_protected_content_falls_back_to_the_edit(sandbox: TelegramSandbox, opened: Opened) -> None:
    """Where nothing may be forwarded, the edit tells ours from others'; but which of ours it is only if all others of
    ours are known."""
    async with opened() as adapter:
        first = await adapter.publish(await payload_of(adapter), "")
        payload, marker = await payload_of(adapter, replace(POST, title="Another")), await adapter.mark(first.id)
        sandbox.protect(CHAT)
        sandbox.write(CHAT, "others")
        receipt = await adapter.publish(payload, "")
        found, _ = await ask(adapter, payload, marker)
        unsure, _ = await ask(adapter, payload, {**marker, "alone": False})
    assert isinstance(found, Found)
    assert (receipt.id, "accepted") == (found.receipt.id, found.seen)
    assert isinstance(unsure, CannotTell)
    assert f"at {receipt.id} above all" in unsure.why


async def test_what_the_server_still_remembers_of_a_deleted_post_is_there(
    sandbox: TelegramSandbox, opened: Opened
) -> None:
    """Deleted a moment ago, our post comes back out of the server's cache: it was out, and is not sent again."""
    sandbox.caches = True
    async with opened() as adapter:
        payload, last = await payload_of(adapter), sandbox.write(CHAT, "words")
        receipt = await adapter.publish(payload, "")
        sandbox.remove(CHAT, int(receipt.id))
        answer, _ = await ask(adapter, payload, await adapter.mark(str(last)))
    assert isinstance(answer, Found)


async def test_the_followers_own_chat_is_no_ops_chat(sandbox: TelegramSandbox, opened: Opened) -> None:
    """An ops chat that is the channel itself, by another name: nothing is forwarded for all to see."""
    async with opened(ops_chat=str(CHAT)) as adapter:
        payload, last = await payload_of(adapter), sandbox.write(CHAT, "words")
        sandbox.write(CHAT, "others")
        shown = sandbox.public("@news")
        answer, _ = await ask(adapter, payload, await adapter.mark(str(last)))
    assert isinstance(answer, Absent)
    assert shown == sandbox.public("@news")
    assert "forwardMessage" not in methods(sandbox)


async def test_many_posts_are_looked_through_in_parts(sandbox: TelegramSandbox, opened: Opened) -> None:
    """A busy channel: no more is forwarded than the ops chat lets in, and what was seen is not seen again, not even in
    the second round."""
    async with opened() as adapter:
        payload, last = await payload_of(adapter), sandbox.write(CHAT, "words")
        for number in range(2 * FORWARDS_AT_ONCE + 1):
            sandbox.write(CHAT, f"words {number}")
        sandbox.requests.clear()
        before, waits = await ask(adapter, payload, await adapter.mark(str(last)))
        forwards = methods(sandbox).count("deleteMessage")
        await adapter.publish(payload, adapter.key(SEED))
        after, _ = await ask(adapter, payload, await adapter.mark(str(last)))
    assert isinstance(before, Absent)
    assert [FORWARDS_AT_ONCE * FORWARD_EVERY] * 2 == waits[:2]
    assert 2 * FORWARDS_AT_ONCE + 1 == forwards
    assert isinstance(after, Found)


async def test_too_many_posts_are_left_to_a_person_or_to_the_next_post(
    sandbox: TelegramSandbox, opened: Opened
) -> None:
    """After so many it is given up; from a later post of ours backwards it is found all the same."""
    async with opened() as adapter:
        payload, last = await payload_of(adapter), sandbox.write(CHAT, "words")
        for number in range(MOST):
            sandbox.write(CHAT, f"words {number}")
        receipt = await adapter.publish(payload, "")
        given_up, _ = await ask(adapter, payload, await adapter.mark(str(last)))
        assert isinstance(given_up, CannotTell)
        assert "too much was posted" in given_up.why
        assert given_up.marker is not None
        later = await adapter.publish(await payload_of(adapter, replace(POST, title="Later")), "")
        narrowed = adapter.infer(given_up.marker, later.id)
        assert isinstance(narrowed, AskAgain)
        answer, _ = await ask(adapter, payload, narrowed.marker)
    assert isinstance(answer, Found)
    assert receipt.id == answer.receipt.id


@pytest.mark.parametrize("hindrance", ["wait=9", "error=502"])
async def test_hindered_while_looking(sandbox: TelegramSandbox, opened: Opened, hindrance: str) -> None:
    """Told to wait, or not answered, in the middle: what was seen so far is kept; at the very beginning, it is said."""
    async with opened() as adapter:
        payload, last = await payload_of(adapter), sandbox.write(CHAT, "words")
        sandbox.write(CHAT, "others")
        await adapter.publish(payload, adapter.key(SEED))
        kind, value = hindrance.split("=")
        fault = f"{kind}={value}@read"
        sandbox.faults.add(Fault.parse(f"{fault}+5"))  # the chat, the member, the ops chat, a forward and its end; then
        answer = await adapter.find(payload, "label", await adapter.mark(str(last)))
        assert isinstance(answer, AskAgain)
        assert (9.0 if kind == "wait" else 30.0, [last + 1]) == (answer.after_for, answer.marker["passed"])
        sandbox.faults.add(Fault.parse(f"{fault}+2"))
        with pytest.raises(RateLimited if kind == "wait" else Unavailable):
            await adapter.find(payload, "label", await adapter.mark(str(last)))
        rest, _ = await ask(adapter, payload, answer.marker)
        assert isinstance(rest, Found)


async def test_missing_rights_are_no_proof_of_absence(sandbox: TelegramSandbox, opened: Opened) -> None:
    """Thrown out of the channel, a bot finds no message there: the channel is down, and the delivery stays as it is."""
    async with opened() as adapter:
        payload, last = await payload_of(adapter), sandbox.write(CHAT, "words")
        await adapter.publish(payload, adapter.key(SEED))
        marker = await adapter.mark(str(last))
        sandbox.grant(TOKEN, CHAT, "can_edit_messages")
        with pytest.raises(ChannelDown):
            await adapter.find(payload, "label", marker)
        sandbox.grant(TOKEN, CHAT, "can_post_messages")
        taken: list[str] = []
        answer = sandbox._find_chat

        def lose_rights(value: str) -> Any:
            if len(sandbox.requests) > asked + 5 and not taken:  # in the middle of the round
                taken.append(value)
                sandbox.set_status(TOKEN, CHAT, "left")
            return answer(value)

        sandbox.remove(CHAT, sandbox.write(CHAT, "soon gone"))
        asked, sandbox._find_chat = len(sandbox.requests), lose_rights  # type: ignore[method-assign]
        with pytest.raises(ChannelDown):
            await adapter.find(payload, "label", {**marker, "last": str(last + 1)})
        assert [str(CHAT)] == taken
        sandbox.set_status(TOKEN, CHAT, "kicked")
        with pytest.raises(ChannelDown):
            await adapter.find(payload, "label", marker)


# ── without one ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_by_an_edit_that_changes_nothing(sandbox: TelegramSandbox, opened: Opened) -> None:
    """A bot that may edit only its own posts tells them from others' without anybody seeing it, buttons included."""
    async with opened(ops_chat=None) as adapter:
        first = await adapter.publish(await payload_of(adapter), "")
        payload, marker = await payload_of(adapter, replace(POST, title="Another")), await adapter.mark(first.id)
        before, waits = await ask(adapter, payload, marker)
        sandbox.write(CHAT, "others")
        receipt = await adapter.publish(payload, adapter.key(SEED))
        buttons = {"inline_keyboard": [[{"text": "Discuss", "url": "https://discuss.example/1"}]]}
        sandbox._chats[CHAT].messages[int(receipt.id)].markup = buttons  # another bot's work
        shown = sandbox.public("@news")
        after, _ = await ask(adapter, payload, marker)
        assert "accepted" == await adapter.confirm(payload, receipt)
    assert (type(before), waits) == (Absent, [30.0])
    assert isinstance(after, Found)
    assert (receipt.id, receipt.url) == (after.receipt.id, after.receipt.url)
    assert shown == sandbox.public("@news")
    assert buttons == sandbox._chats[CHAT].messages[int(receipt.id)].markup


async def test_a_post_of_ours_is_not_taken_for_another_that_was_lost_too(
    sandbox: TelegramSandbox, opened: Opened
) -> None:
    """Two answers were lost, one after the other: an own post that only an edit shows may be either, so nobody says
    which; where there is none at all, neither is out."""
    async with opened(ops_chat=None) as adapter:
        known = await adapter.publish(await payload_of(adapter), "")
        sandbox.faults.add(Fault("cut"))
        with pytest.raises(Uncertain):
            await adapter.publish(await payload_of(adapter, replace(POST, title="One")), "")
        marker = await adapter.mark(known.id)
        sandbox.faults.add(Fault("drop"))
        second = await payload_of(adapter, replace(POST, title="Two"))
        with pytest.raises(Uncertain):
            await adapter.publish(second, "")
        answer, _ = await ask(adapter, second, marker)
        assert isinstance(answer, CannotTell)
        sandbox.remove(CHAT, int(known.id) + 1)
        answer, _ = await ask(adapter, second, marker)
        assert isinstance(answer, Absent)


async def test_one_that_was_settled_leaves_no_doubt_about_the_next(sandbox: TelegramSandbox, opened: Opened) -> None:
    """Found, proven absent, or refused: after that it is known again what is ours."""
    async with opened(ops_chat=None) as adapter:
        newest = (await adapter.publish(await payload_of(adapter), "")).id
        for fault in ("drop", "cut", "wait=3", "drop"):
            sandbox.faults.add(Fault.parse(fault))
            payload, marker = await payload_of(adapter, replace(POST, title=fault)), await adapter.mark(newest)
            assert marker["alone"]
            with pytest.raises(Outcome):
                await adapter.publish(payload, "")
            answer, _ = await ask(adapter, payload, marker)
            if isinstance(answer, Found):
                newest = answer.receipt.id
            assert isinstance(answer, Found if fault == "cut" else Absent)


async def test_small_groups_are_not_numbered_in_a_row(sandbox: TelegramSandbox, opened: Opened) -> None:
    """In them the numbers count all that the account writes anywhere: nothing is concluded from what is not there."""
    sandbox.add_chat(-4321, None, "Editors", "group", members=[TOKEN])
    async with opened(chat="-4321") as adapter:
        answer = await adapter.find(await payload_of(adapter), "label", await adapter.mark("41"))
        inferred = adapter.infer(await adapter.mark("41"), "42")
    assert (CannotTell, CannotTell) == (type(answer), type(inferred))
    assert not {"forwardMessage", "stopMessageLiveLocation"} & set(methods(sandbox))


async def test_an_ops_chat_that_is_gone_falls_back_to_the_edit(sandbox: TelegramSandbox, opened: Opened) -> None:
    """The bot was put out of the ops chat: it looks the other way, and the channel is not down for it."""
    async with opened() as adapter:
        first = await adapter.publish(await payload_of(adapter), "")
        payload, marker = await payload_of(adapter, replace(POST, title="Another")), await adapter.mark(first.id)
        sandbox.set_status(TOKEN, OPS, "kicked")
        receipt = await adapter.publish(payload, adapter.key(SEED))
        answer, _ = await ask(adapter, payload, marker)
    assert isinstance(answer, Found)
    assert receipt.id == answer.receipt.id


# ── a later post of ours ──────────────────────────────────────────────────────────────────────────────────────────


async def test_the_first_post_of_all_waits_for_the_second(sandbox: TelegramSandbox, opened: Opened) -> None:
    """Without a known message before it there is nowhere to begin to look; from the second one backwards there is,
    until what is there is old. Never is the end guessed: a long stretch of deleted posts may come before it."""
    sandbox._chats[CHAT].messages[1].at -= int(LONG_BEFORE) + 1
    for number in [sandbox.write(CHAT, f"old {number}") for number in range(3 * MISSES)]:
        sandbox.remove(CHAT, number)
    old = sandbox.write(CHAT, "old, too")
    sandbox._chats[CHAT].messages[old].at -= int(LONG_BEFORE) + 1
    async with opened() as adapter:
        payloads = [await payload_of(adapter, replace(POST, title=title)) for title in ("One", "Two")]
        lost = await adapter.find(payloads[0], "label", await adapter.mark(None))
        assert isinstance(lost, CannotTell)
        assert lost.marker is not None
        for out in (False, True):
            receipt = await adapter.publish(payloads[0], "") if out else None
            later = await adapter.publish(payloads[1], "")
            sandbox.requests.clear()
            narrowed = adapter.infer(lost.marker, later.id)
            assert isinstance(narrowed, AskAgain)
            answer, _ = await ask(adapter, payloads[0], narrowed.marker)
            if receipt is None:
                assert isinstance(answer, Absent)
                assert 1 == methods(sandbox).count("forwardMessage")  # the old one; below it nothing needs a look
            else:
                assert isinstance(answer, Found)
                assert receipt.id == answer.receipt.id


@pytest.mark.parametrize(
    ("later", "kind"), [("42", Absent), ("43", AskAgain), ("41", CannotTell), ("7", CannotTell), ("", CannotTell)]
)
async def test_what_a_later_post_of_ours_proves(opened: Opened, later: str, kind: type[Answer]) -> None:
    """The very next number proves that nothing came between; a later one is an end to look up to, once; one that is not
    later proves nothing."""
    async with opened() as adapter:
        marker = await adapter.mark("41")
        answer = adapter.infer(marker, later)
        assert isinstance(answer, kind)
        if isinstance(answer, AskAgain):
            assert 43 == answer.marker["below"]
            assert isinstance(adapter.infer(answer.marker, "50"), CannotTell)


# ── reading back ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_post_that_was_deleted_has_vanished(sandbox: TelegramSandbox, opened: Opened) -> None:
    """There, it is accepted, for a bot cannot read it; deleted, it has vanished; without rights, nobody knows."""
    async with opened() as adapter:
        payload = await payload_of(adapter)
        receipt = await adapter.publish(payload, adapter.key(SEED))
        assert await adapter.confirm(payload, receipt) == "accepted"
        sandbox.remove(CHAT, int(receipt.id))
        assert await adapter.confirm(payload, receipt) == "vanished"
        sandbox.grant(TOKEN, CHAT, "can_edit_messages")
        with pytest.raises(ChannelDown):
            await adapter.confirm(payload, receipt)
        sandbox.set_status(TOKEN, CHAT, "kicked")
        assert await adapter.confirm(payload, receipt) == "accepted"


# ── the decisions ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class History:
    """A channel's numbers after the last known one, as somebody who sees everything knows them."""

    last: int
    there: dict[int, Sight]
    newest: int

    def sight(self, number: int) -> Sight:
        """What is seen at a number now."""
        return self.there.get(number, "nothing")


@st.composite
def histories(draw: st.DrawFn) -> tuple[History, list[list[Sight]]]:
    """What stood after the last known message when asking began, and what comes on top after each look."""
    last = draw(st.integers(0, 10**6))
    kinds: st.SearchStrategy[Sight] = st.sampled_from(["another", "another", "nothing", "nothing", "nothing"])
    before: list[Sight] = draw(st.lists(kinds, max_size=40))
    if draw(st.booleans()):
        before.insert(draw(st.integers(0, len(before))), "ours")
    there: dict[int, Sight] = {last + 1 + place: kind for place, kind in enumerate(before) if kind != "nothing"}
    later = draw(st.lists(st.lists(kinds, max_size=2), max_size=30))
    return History(last, there, last + len(before)), later


def play_out(history: History, later: list[list[Sight]], trail: Trail) -> Answer | None:
    """Ask until there is an answer; None: found. Others go on posting and deleting meanwhile."""
    while True:
        assert trail == Trail.of(json.loads(json.dumps(trail.marker())))
        answer = trail.answer(gap_for=30, look="look")
        if isinstance(answer, AskAgain):
            trail = Trail.of(answer.marker)
            continue
        if answer is not None:
            return answer
        number = trail.next
        assert number is not None
        assert number > (trail.last or 0)
        sight = history.sight(number)
        if sight == "ours":
            return None
        trail = trail.after(number, sight, dated=None)
        for kind in later.pop(0) if later else ():
            history.newest += 1
            if kind != "nothing":
                history.there[history.newest] = kind


def longest_hole(history: History, target: Sight = "ours") -> int:
    """The most numbers in a row, up to that message, at which nothing is."""
    ours = max((number for number, kind in history.there.items() if kind == target), default=history.last)
    run = longest = 0
    for number in range(history.last + 1, ours):
        run = 0 if number in history.there else run + 1
        longest = max(longest, run)
    return longest


@given(histories())
def test_never_absent_when_it_is_there_and_never_there_when_it_is_not(
    played: tuple[History, list[list[Sight]]],
) -> None:
    """Whatever others post and delete, before and while it is asked: found if and only if it is out, unless more was
    deleted in a row before it than is looked past."""
    history, later = played
    out = "ours" in history.there.values()
    answer = play_out(history, later, Trail(history.last, 0.0))
    if out and longest_hole(history) >= MISSES:
        return
    assert out is (answer is None)
    assert out or isinstance(answer, Absent)


@given(histories(), st.booleans())
def test_between_two_posts_of_ours_nothing_is_guessed(played: tuple[History, list[list[Sight]]], known: bool) -> None:
    """With a later post of ours no hole is too long, and no known message before it is needed."""
    history, later = played
    history.newest += 1
    history.last = history.last if known else 0
    out = "ours" in history.there.values()
    if not known:  # what was long there
        history.there = {number - min(history.there): kind for number, kind in history.there.items()}
        history.newest = max(history.there, default=0) + 1
        history.there.pop(0, None)
        out = "ours" in history.there.values()
    trail = Trail(history.last if known else None, 0.0, below=history.newest)
    answer = play_out(history, later, trail)
    assert out is (answer is None)
    assert out or isinstance(answer, Absent)


@given(histories(), st.integers(0, 39))
def test_what_cannot_be_seen_is_never_absent(played: tuple[History, list[list[Sight]]], place: int) -> None:
    """A number at which it may be, and that does not tell, leaves it to a person."""
    history, later = played
    history.there = {number: kind for number, kind in history.there.items() if kind != "ours"}
    closed = min(history.last + 1 + place, history.newest + 1)
    history.there[closed], history.newest = "closed", max(history.newest, closed)
    answer = play_out(history, later, Trail(history.last, 0.0))
    assert isinstance(answer, CannotTell) or longest_hole(history, "closed") >= MISSES


def test_an_old_message_is_a_floor_but_never_one_that_our_clock_may_have_misjudged() -> None:
    """What was written a day before the call stands below it; a clock that is some hours off proves nothing."""
    trail = Trail(None, 1_000_000.0, below=50)
    assert 45 == trail.after(45, "another", dated=1_000_000.0 - LONG_BEFORE - 1).last
    assert trail.after(45, "another", dated=1_000_000.0 - LONG_BEFORE + 1).last is None
    assert trail.after(45, "another").last is None


@pytest.mark.parametrize("marker", [{}, {"last": None}, {"last": ""}, {"last": "dry run"}, {"last": "١"}])
def test_a_marker_without_a_number_is_nowhere_to_begin(marker: Mapping[str, Any]) -> None:
    """An id that is no message number gives no place to look at: a person is asked."""
    trail = Trail.of(marker)
    assert (None, None) == (trail.last, trail.next)
    assert isinstance(trail.answer(gap_for=30, look="look"), CannotTell)


def test_a_marker_of_the_first_release_is_understood() -> None:
    """What an older Handbill has committed can still be asked about."""
    assert Trail(41, 0.0) == Trail.of({"last": "41"})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A\u030a", "\u00c5"),
        ("two  words\n\n", "two words"),
        ("tab\there", "tab here"),
        ("mark\u200fed", "marked"),
        ("zero\u200bwidth", "zerowidth"),
    ],
)
def test_what_telegram_rewrites_makes_no_other_text(one: str, other: str) -> None:
    """Accents, white space, and characters that are not seen are no difference."""
    assert plain(one) == plain(other)
    assert plain(one) != plain(f"{other}!")


def test_one_address_in_two_spellings() -> None:
    """The case of the host and the slash of the root are no difference; everything else is one."""
    assert address("HTTPS://News.Example") == address("https://news.example/")
    assert address("https://news.example/A") != address("https://news.example/a")
    assert address("http://[broken") == "http://[broken"


@pytest.mark.parametrize(
    ("body", "link"),
    [
        ({"text": "x", "entities": [], "link_preview_options": {"url": "https://a.example/"}}, "https://a.example/"),
        (
            {"text": "x", "entities": [{"url": "https://b.example/"}], "link_preview_options": {"is_disabled": True}},
            "https://b.example/",
        ),
        ({"text": "x\nhttps://c.example/", "entities": [], "link_preview_options": {}}, "https://c.example/"),
        ({"text": "x", "entities": [], "link_preview_options": {}}, ""),
    ],
)
def test_the_link_of_a_payload(body: Mapping[str, Any], link: str) -> None:
    """In the preview, behind the text, or in it."""
    assert link == link_of(body)


# ── a post that the ledger may not know ───────────────────────────────────────────────────────────────────────────


async def test_later_posts_of_ours_are_noticed(sandbox: TelegramSandbox, opened: Opened) -> None:
    """Between and behind people's posts and holes those of ours are met; people's alone are no matter."""
    async with opened() as adapter:
        first = await adapter.publish(await payload_of(adapter), "")
        for words in ("one", "two", "three"):
            sandbox.write(CHAT, words)
        assert not await adapter.notice(first.id)
        later = [await adapter.publish(await payload_of(adapter), "") for _ in range(4)]
        for gone in later[1:3]:
            sandbox.remove(CHAT, int(gone.id))
        sandbox.write(CHAT, "later words")
        noticed = await adapter.notice(first.id)
        assert [(each.id, each.url) for each in noticed] == [(each.id, each.url) for each in (later[0], later[3])]
        assert not await adapter.notice(later[3].id)


async def test_nothing_is_noticed_where_others_posts_may_be_edited(sandbox: TelegramSandbox, opened: Opened) -> None:
    """There nobody can tell whose a post is, and it is not looked for."""
    sandbox.grant(TOKEN, CHAT, "can_post_messages", "can_edit_messages")
    async with opened() as adapter:
        first = await adapter.publish(await payload_of(adapter), "")
        await adapter.publish(await payload_of(adapter), "")
        assert not await adapter.notice(first.id)
