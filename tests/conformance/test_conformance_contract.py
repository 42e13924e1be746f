"""The contract of `adapters.base`, held against every adapter of the registry, through its real library."""

import asyncio
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from adapters.base import CanList
from adapters.outcomes import (
    Absent,
    Answer,
    AskAgain,
    ChannelDown,
    Found,
    Marker,
    Outcome,
    RateLimited,
    Rejected,
    Unavailable,
    Uncertain,
)
from adapters.post import Payload, Receipt
from adapters.registry import PLATFORMS
from adapters.sandbox.faults import KINDS, Fault
from tests.conformance.simulated import SIMULATED, run_simulated
from tests.conformance.stages import LINK, LONG_AGO, Play, Played, played, seed
from tests.leaping import run
from tests.secrecy import HANDED_OUT, find_secrets
from tests.stage import SEATS

OUTCOMES = (RateLimited, Unavailable, Rejected, ChannelDown, Uncertain)
STATUSES = (400, 401, 403, 404, 408, 409, 413, 422, 425, 429, 502, 503)

AT_ONCE = 5.0
"""Seconds, real ones among them: a busy machine takes some, a call that is left to itself tens of them."""
UPLOADING = [*(name for name in PLATFORMS if SEATS[name](lambda: 0.0).uploads), "simulated masto"]


OTHERWISE = {"photo": {"TELEGRAM__PICTURE": "photo"}}
"""Settings by which an adapter publishes in another way, which the contract holds for as well."""


@pytest.fixture(params=[*PLATFORMS, "photo telegram", *(f"simulated {name}" for name in SIMULATED)])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Play], None]:
    """Plays a scene with each platform's adapter in turn, in leaping time, and with each of the simulation's."""
    kind, _, name = str(request.param).rpartition(" ")

    async def scene(act: Play) -> None:
        async with played(name, tmp_path, **OTHERWISE.get(kind, {})) as it:
            await act(it)

    return (lambda act: run_simulated(name, act)) if kind == "simulated" else (lambda act: run(scene(act)))


def test_verify_says_who_where_and_how_much(play: Callable[[Play], None]) -> None:
    """An identity, a name for people, limits that measure, and nothing that stands in the way; twice the same."""

    async def act(it: Played) -> None:
        first, second = await it.adapter.verify(), await it.adapter.verify()
        assert all([first.account_id, first.place_id, first.who])
        assert () == first.problems
        assert (first.account_id, first.place_id, first.who) == (second.account_id, second.place_id, second.who)
        assert first.limits.fits("a" * first.limits.length)
        assert not first.limits.fits("a" * (first.limits.length + 1))

    play(act)


def test_compose_is_pure_and_keeps_the_link(play: Callable[[Play], None]) -> None:
    """The same post at the same time gives the same draft, without a request; it fits, and the link is whole."""

    async def act(it: Played) -> None:
        asked, now = len(it.seat.server.requests), it.clock.now()
        drafts = [it.adapter.compose(it.post(), now) for _ in range(2)]
        assert drafts[0] == drafts[1]
        assert asked == len(it.seat.server.requests)
        assert 0 < drafts[0].length <= drafts[0].limit
        await _publish(it)
        assert LINK in it.seat.server.public()[0].links

    play(act)


@pytest.mark.parametrize("play", list(PLATFORMS), indirect=True)
def test_a_preview_needs_no_account(play: Callable[[Play], None]) -> None:
    """The registry composes without settings what the adapter composes by the platform's defaults."""

    async def act(it: Played) -> None:
        now = it.clock.now()
        previewed = PLATFORMS[it.adapter.platform].compose(None, it.post(), now)
        own = it.adapter.compose(it.post(), now)
        assert (own.text, own.length, own.limit, own.unit) == (
            previewed.text,
            previewed.length,
            previewed.limit,
            previewed.unit,
        )

    play(act)


def test_stage_is_repeatable_and_invisible(play: Callable[[Play], None]) -> None:
    """Staged twice, a draft gives one payload, to the byte, and readers see nothing of it."""

    async def act(it: Played) -> None:
        draft = it.adapter.compose(it.post(), it.clock.now())
        payloads = [await it.adapter.stage(draft) for _ in range(2)]
        assert payloads[0].canonical() == payloads[1].canonical()
        assert payloads[0].media == payloads[1].media
        assert [] == it.seat.server.public()

    play(act)


def test_keys_are_stable_and_apart(play: Callable[[Play], None]) -> None:
    """One obligation has one key, whenever it is asked for; no two obligations share one; the platform takes it."""

    async def act(it: Played) -> None:
        seeds = [seed(f"article {number}", number=1 + number % 2) for number in range(500)]
        keys = [it.adapter.key(each) for each in seeds]
        assert keys == [it.adapter.key(each) for each in seeds]
        assert len(seeds) == len(set(keys))
        await _publish(it)
        assert 1 == len(it.seat.server.public())

    play(act)


def test_find_before_and_after(play: Callable[[Play], None]) -> None:
    """What was not published is absent; what was is found, with the receipt's id and address, and read back."""

    async def act(it: Played) -> None:
        first = await it.adapter.publish(await it.payload("another"), it.key("another"))
        payload, key, marker = await it.payload(), it.key(), await it.adapter.mark(first.id)
        before = await _ask(it, payload, key, marker)
        receipt = await it.adapter.publish(payload, key)
        after = await _ask(it, payload, key, marker)
        _, post = it.seat.server.public()
        assert post.url == receipt.url
        assert isinstance(before, Absent)
        assert isinstance(after, Found)
        assert (receipt.id, receipt.url) == (after.receipt.id, after.receipt.url)
        assert await it.adapter.confirm(payload, receipt) in ("confirmed", "accepted")

    play(act)


def test_the_newest_is_the_one_that_went_out_last(play: Callable[[Play], None]) -> None:
    """Where an account's posts can be listed, the newest is the last that went out, of whichever article, with the
    receipt that it had; before the first, there is none."""

    async def act(it: Played) -> None:
        if not isinstance(it.adapter, CanList):
            return
        assert await it.adapter.newest() is None
        for number, published_at in enumerate((LONG_AGO, it.clock.now(), LONG_AGO - timedelta(days=9))):
            it.clock.leap(60)
            key = it.adapter.key(replace(seed(f"article {number}"), published_at=published_at))
            receipt = await it.adapter.publish(await it.payload(str(number)), key)
            assert receipt == await it.adapter.newest()

    play(act)


def test_a_post_that_its_owner_deleted_has_vanished(play: Callable[[Play], None]) -> None:
    """Read back, it is there, or the platform does not say more than its receipt; deleted by hand, it has vanished.
    Another post of the account is not taken for it, and readers see nothing of the reading."""

    async def act(it: Played) -> None:
        payload = await it.payload()
        await it.adapter.publish(payload, it.key("another"))
        receipt = await it.adapter.publish(payload, it.key())
        shown = it.seat.server.public()
        assert await it.adapter.confirm(payload, receipt) in ("confirmed", "accepted")
        assert shown == it.seat.server.public()
        (post,) = [each for each in shown if each.url == receipt.url]
        it.seat.delete(post)
        assert 1 == len(it.seat.server.public())
        assert "vanished" == await it.adapter.confirm(payload, receipt)

    play(act)


def test_who_may_not_read_does_not_call_a_post_vanished(play: Callable[[Play], None]) -> None:
    """A refusal, an error or silence in answer to the reading proves nothing: an outcome rises, no presence."""

    async def act(it: Played) -> None:
        payload = await it.payload()
        receipt = await it.adapter.publish(payload, it.key())
        for fault in ("error=401", "error=403", "error=429", "error=500", "error=503", "drop", "garbage", "hang"):
            it.seat.server.faults.clear()
            it.seat.server.faults.add(Fault.parse(f"{fault}@read*9"))
            said: object
            try:
                said = await it.adapter.confirm(payload, receipt)
            except Outcome as error:
                said = error
            assert said == "accepted" or type(said) in OUTCOMES, fault

    play(act)


def test_twice_with_one_key_is_one_post(play: Callable[[Play], None]) -> None:
    """Where the platform remembers, the same call again gives the same receipt and no second post, even days later."""

    async def act(it: Played) -> None:
        if not it.seat.repeats:
            await it.adapter.publish(await it.payload(), it.key())
            assert it.key() not in it.tap.seen  # a label of ours only: the platform takes no key, and is sent none
            return
        payload, key = await it.payload(), it.key()
        receipts = [await it.adapter.publish(payload, key) for _ in range(2)]
        assert receipts[0].id == receipts[1].id
        assert 1 == len(it.seat.server.public())

    play(act)


@pytest.mark.parametrize("call", ["publish", "auth", "read"])
def test_nothing_but_the_five_outcomes_and_no_secret_in_them(call: str, play: Callable[[Play], None]) -> None:
    """Whatever goes wrong with any call, what rises is one of the five, and no secret is in it or in its traceback."""
    play(partial(_suffer, call))


@pytest.mark.parametrize("play", UPLOADING, indirect=True)
def test_nothing_else_while_uploading(play: Callable[[Play], None]) -> None:
    """The same for uploads."""
    play(partial(_suffer, "upload"))


async def _suffer(call: str, it: Played) -> None:
    for number, fault in enumerate(_faults(call)):
        it.seat.server.faults.clear()
        it.seat.server.faults.add(fault)
        for error in await _try_all(it, f"article {number}"):
            assert type(error) in OUTCOMES, fault
            told = "".join([repr(error), error.message, getattr(error, "mend", ""), *_traceback(error)])
            assert [] == find_secrets(told, HANDED_OUT), fault
            assert error.message.strip()
    assert {call} == {called for _, called in it.seat.server.faults.happened}


def _faults(call: str) -> Sequence[Fault]:
    kinds = [Fault.parse(f"{kind}@{call}*2") for kind in KINDS if kind not in ("wait", "late")]
    waits = [Fault.parse(f"{text}@{call}*2") for text in ("wait=30", "late=600")]
    statuses = STATUSES if call == "publish" else STATUSES[:4]
    return [*kinds, *waits, *(Fault.parse(f"error={status}@{call}*2") for status in statuses)]


async def _try_all(it: Played, article: str) -> list[Outcome]:
    """Go through every step, and return what rose."""
    payload, key, marker, errors = Payload({}), it.key(article), {}, []

    async def verify() -> None:
        await it.adapter.verify()

    async def stage() -> None:
        nonlocal payload, marker
        payload, marker = await it.payload(), dict(await it.adapter.mark(None))

    async def publish() -> None:
        assert isinstance(await it.adapter.publish(payload, key), Receipt)

    async def find() -> None:
        await it.adapter.find(payload, key, marker)

    for step in (verify, stage, publish, find):
        try:
            await step()
        except Outcome as error:
            errors.append(error)
            if step is stage:
                it.seat.server.faults.clear()
                await stage()
    return errors


def _traceback(error: BaseException) -> list[str]:
    return traceback.format_exception(error)


def test_a_cancelled_call_closes_its_line_and_writes_nothing_more(play: Callable[[Play], None]) -> None:
    """Cancelled while the platform holds its answer back, `publish` ends, its line is closed, nobody calls again."""

    async def act(it: Played) -> None:
        payload, key = await it.payload(), it.key()
        it.seat.server.faults.add(Fault.parse("hang"))
        calling = asyncio.create_task(it.adapter.publish(payload, key))
        await it.seat.struck("hang")
        written, asked = it.tap.written, len(it.seat.server.requests)
        cancelled_at = it.clock.monotonic()
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        await it.tap.all_closed()
        assert it.clock.monotonic() - cancelled_at < AT_ONCE
        await it.adapter.close()
        await it.clock.sleep(600)
        assert (written, asked) == (it.tap.written, len(it.seat.server.requests))
        assert [] == it.seat.server.public()

    play(act)


def test_a_call_that_hangs_ends_by_its_own_deadline(play: Callable[[Play], None]) -> None:
    """Without anybody's help `publish` ends within the deadline that it names, and says that it does not know."""

    async def act(it: Played) -> None:
        payload, key = await it.payload(), it.key()
        it.seat.server.faults.add(Fault.parse("hang"))
        began_at = it.clock.monotonic()
        with pytest.raises(Uncertain):
            await it.adapter.publish(payload, key)
        assert it.clock.monotonic() - began_at <= it.adapter.deadline_for + AT_ONCE
        await it.tap.all_closed()

    play(act)


def test_a_process_that_was_stopped_writes_nothing_when_it_wakes(play: Callable[[Play], None]) -> None:
    """Stopped (SIGSTOP) between deciding to call and writing, and woken after the deadline, when somebody else may have
    taken over: `publish` writes nothing, says that it is proven, and readers see nothing."""

    async def act(it: Played) -> None:
        payload, key = await it.payload(), it.key()
        written = it.tap.written
        with it.stopped_before_writing(), pytest.raises(Unavailable):
            await it.adapter.publish(payload, key)
        assert written == it.tap.written
        assert [] == it.seat.server.public()
        await it.adapter.publish(payload, key)
        assert 1 == len(it.seat.server.public())

    play(act)


def test_close_waits_for_nobody(play: Callable[[Play], None]) -> None:
    """Closing, twice, while a call hangs ends at once; the call ends with an outcome or is cut."""

    async def act(it: Played) -> None:
        payload, key = await it.payload(), it.key()
        it.seat.server.faults.add(Fault.parse("hang"))
        calling = asyncio.create_task(it.adapter.publish(payload, key))
        await it.seat.struck("hang")
        began_at = it.clock.monotonic()
        await it.adapter.close()
        await it.adapter.close()
        assert it.clock.monotonic() - began_at < AT_ONCE
        assert not calling.done() or isinstance(calling.exception(), Outcome)
        calling.cancel()
        await asyncio.wait([calling])

    play(act)


def test_every_platform_is_played() -> None:
    """The registry and the stage name the same platforms."""
    assert set(PLATFORMS) == set(SEATS)


async def _ask(it: Played, payload: Payload, key: str, marker: Marker) -> Answer:
    """Ask as a lane does: as often and as late as the adapter says."""
    answer = await it.adapter.find(payload, key, marker)
    while isinstance(answer, AskAgain):
        await it.clock.sleep(answer.after_for)
        answer = await it.adapter.find(payload, key, answer.marker)
    return answer


async def _publish(it: Played) -> Receipt:
    return await it.adapter.publish(await it.payload(), it.key())
