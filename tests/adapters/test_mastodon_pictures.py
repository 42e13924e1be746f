"""Pictures that the Mastodon adapter attaches: uploaded before the visible call, once, and left out when refused."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.mastodon.adapter import MastodonAdapter
from adapters.outcomes import Absent, ChannelDown, RateLimited, Rejected, Unavailable, Uncertain
from adapters.post import Payload, Receipt
from adapters.sandbox.faults import Fault
from adapters.sandbox.mastodon import MastodonSandbox
from adapters.sandbox.mastodon_form import Refusal
from tests.adapters.mastodon_account import PICTURE, TOKEN, Hands, adapter_for, key_of, outcome_of, payload_of


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
    """The adapter of that account, with pictures."""
    opened = adapter_for(server.url, now=clock.now, attach_picture=True)
    await opened.verify()
    yield opened
    await opened.close()


async def test_a_picture_is_attached_with_its_description(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """Readers see it; its upload came before the visible call, which names it; its bytes are kept."""
    assert adapter.takes_picture
    payload = await payload_of(adapter, picture=PICTURE)
    assert server.public() == []
    assert payload.media[0].data == PICTURE.data
    await adapter.publish(payload, key_of(adapter))
    (post,) = server.public()
    assert post.extra["media"] == [("image/jpeg", 1200, 630, "A lighthouse at dusk")]


async def test_the_focal_point_goes_along(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """The server is told what must stay visible; where nobody knows, it keeps to the middle."""
    for number, focus in enumerate(((-0.42, 0.69), None)):
        payload = await payload_of(adapter, picture=replace(PICTURE, focus=focus))
        assert payload.media[0].focus == focus
        await adapter.publish(payload, f"{key_of(adapter)}{number}")
    assert [[(-0.42, 0.69)], [(0.0, 0.0)]] == [post.extra["focus"] for post in server.public()]


async def test_a_long_description_is_cut_at_a_word(adapter: MastodonAdapter) -> None:
    """Not within a word, and never within what a reader sees as one character."""
    for word in ("lighthouse", "👩‍👩‍👧‍👦"):
        payload = await payload_of(adapter, picture=replace(PICTURE, alt=f"{word} " * 2000))
        assert payload.media[0].alt.removesuffix("…").split(" ") == [word] * payload.media[0].alt.count(word)
        assert 10_000 - 2 * len(word) < len(payload.media[0].alt) <= 10_000


async def test_without_the_setting_there_is_a_card_and_no_upload(server: MastodonSandbox) -> None:
    """By default the server makes the card, and nothing is uploaded."""
    adapter = adapter_for(server.url)
    assert not adapter.takes_picture
    payload = await payload_of(adapter, picture=PICTURE)
    assert (payload.media, "media_ids" in payload.body, server.requests) == ((), False, [])


async def test_an_article_without_a_picture(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """It goes out with a card."""
    payload = await payload_of(adapter)
    await adapter.publish(payload, key_of(adapter))
    assert server.public()[0].extra["media"] == []


@pytest.mark.parametrize(("like", "limit"), [("4.5", 1500), ("4.7", 10_000)])
async def test_the_description_is_cut_to_what_the_instance_takes(
    server: MastodonSandbox, adapter: MastodonAdapter, like: str, limit: int
) -> None:
    """The instance's own limit is learnt, and its last character is an ellipsis."""
    server.traits.become(like)
    await adapter.verify()
    payload = await payload_of(adapter, picture=replace(PICTURE, alt="x" * 20_000))
    assert payload.media[0].alt == "x" * (limit - 1) + "…"
    await adapter.publish(payload, key_of(adapter))
    assert len(server.public()[0].extra["media"][0][3]) == limit


async def test_stage_is_repeatable(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """Staged twice, the same picture is uploaded once; once it may be attached, it is uploaded anew."""
    first, second = [await payload_of(adapter, picture=PICTURE) for _ in range(2)]
    assert first.canonical() == second.canonical()
    await adapter.publish(first, key_of(adapter))
    third = await payload_of(adapter, picture=PICTURE)
    assert third.body["media_ids"] != first.body["media_ids"]
    await adapter.publish(third, key_of(adapter, "another"))
    assert [len(post.extra["media"]) for post in server.public()] == [1, 1]


async def test_processing_is_waited_for_without_sleeping(
    server: MastodonSandbox, adapter: MastodonAdapter, clock: Hands
) -> None:
    """While the server processes the picture, staging says to come again; it is uploaded once, and then ready."""
    server.media.takes = 40
    for _ in range(2):
        assert type(await outcome_of(payload_of(adapter, picture=PICTURE))) is Unavailable
        clock.at += 20
    payload = await payload_of(adapter, picture=PICTURE)
    assert [path for method, path in server.requests if method == "POST"] == ["/api/v2/media"]
    await adapter.publish(payload, key_of(adapter))
    assert len(server.public()[0].extra["media"]) == 1


async def test_processing_without_end_costs_the_picture(
    server: MastodonSandbox, adapter: MastodonAdapter, clock: Hands
) -> None:
    """After ten minutes the post goes out with a card instead."""
    server.media.takes = 1e9
    assert type(await outcome_of(payload_of(adapter, picture=PICTURE))) is Unavailable
    clock.at += 601
    payload = await payload_of(adapter, picture=PICTURE)
    assert (payload.media, "media_ids" in payload.body) == ((), False)


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal(422, "File type of uploaded media could not be verified"),
        Refusal(500, "Error processing thumbnail for uploaded media"),
        Refusal(413, "Too large"),
        Refusal(404, "Not Found"),
    ],
    ids=lambda refusal: str(refusal.answer.status),
)
async def test_a_refused_picture_costs_the_picture_only(
    server: MastodonSandbox, adapter: MastodonAdapter, refusal: Refusal
) -> None:
    """What the server does not take as a picture is left out, and it makes a card."""
    server.media.refused = refusal
    payload = await payload_of(adapter, picture=PICTURE)
    assert payload.media == ()
    await adapter.publish(payload, key_of(adapter))
    assert server.public()[0].extra["media"] == []


async def test_uploads_that_fail_for_other_reasons(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """A busy server, a limit and a missing right are no reason to leave the picture out."""
    for fault, outcome in [("error=503", Unavailable), ("wait=60", RateLimited), ("drop", Unavailable)]:
        server.faults.add(Fault.parse(f"{fault}@upload"))
        assert type(await outcome_of(payload_of(adapter, picture=PICTURE))) is outcome
    server.add_account("no-media", "news", ["read", "write:statuses"])
    other = adapter_for(server.url, "no-media", attach_picture=True)
    (problem,) = (await other.verify()).problems
    assert "may not upload pictures (write:media): make a new one with the scopes read, write:statuses and" in problem
    assert type(await outcome_of(payload_of(other, picture=PICTURE))) is ChannelDown


async def test_a_picture_that_is_refused_with_the_post(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """Where the whole post is refused, it is tried with less: the same without the picture, and then not again."""
    payload = await payload_of(adapter, picture=PICTURE)
    too_long = Payload({**payload.body, "status": "x" * 501}, payload.media)
    told = await outcome_of(adapter.publish(too_long, key_of(adapter)))
    assert isinstance(told, Rejected)
    assert told.instead == Payload({name: value for name, value in too_long.body.items() if name != "media_ids"})
    again = await outcome_of(adapter.publish(told.instead, key_of(adapter, payload_number=2)))
    assert isinstance(again, Rejected)
    assert again.instead is None


async def test_a_picture_that_the_server_dropped_meanwhile(
    server: MastodonSandbox, adapter: MastodonAdapter, clock: Hands
) -> None:
    """After a day the upload is gone: first it is looked up whether the post is out, then it is uploaded again."""
    payload, key = await payload_of(adapter, picture=PICTURE), key_of(adapter)
    clock.at += 86_400
    marker = await adapter.mark(None)
    told = await outcome_of(adapter.publish(payload, key))
    assert (type(told), told.status) == (Uncertain, 422)
    clock.at += 90
    assert isinstance(await adapter.find(payload, key, marker), Absent)
    renewed = await outcome_of(adapter.publish(payload, key))
    assert isinstance(renewed, Rejected)
    assert renewed.instead is not None
    assert renewed.instead.body["media_ids"] != payload.body["media_ids"]
    assert renewed.instead.media == payload.media
    assert server.public() == []
    assert isinstance(await adapter.publish(renewed.instead, key_of(adapter, payload_number=2)), Receipt)
    assert [len(post.extra["media"]) for post in server.public()] == [1]


async def test_renewing_a_picture_waits_as_staging_does(
    server: MastodonSandbox, adapter: MastodonAdapter, clock: Hands
) -> None:
    """While the new upload is processed nothing is sent, and the delivery stays proven absent."""
    payload, key = await payload_of(adapter, picture=PICTURE), key_of(adapter)
    clock.at += 86_400
    assert type(await outcome_of(adapter.publish(payload, key))) is Uncertain
    server.media.takes = 40
    assert type(await outcome_of(adapter.publish(payload, key))) is Unavailable
    clock.at += 40
    renewed = await outcome_of(adapter.publish(payload, key))
    assert isinstance(renewed, Rejected)
    assert renewed.instead is not None
    assert server.public() == []


async def test_a_picture_that_a_first_request_has_used(
    server: MastodonSandbox, adapter: MastodonAdapter, clock: Hands
) -> None:
    """Where the key is forgotten and the picture attached, the refusal leads to the post that has it."""
    payload, marker = await payload_of(adapter, picture=PICTURE), await adapter.mark("1")
    server.faults.add(Fault.parse("cut"))
    assert type(await outcome_of(adapter.publish(payload, key_of(adapter)))) is Uncertain
    clock.at += 3600
    assert type(await outcome_of(adapter.publish(payload, key_of(adapter)))) is Uncertain
    found = await adapter.find(payload, key_of(adapter), marker)
    assert [found.receipt.id] == [post.id for post in server.public()]  # type: ignore[union-attr]


async def test_pictures_have_a_pace_of_their_own(adapter: MastodonAdapter) -> None:
    """Thirty uploads are all that half an hour takes."""
    assert [(pace.count, pace.per_for) for pace in adapter.paces] == [(300, 10_800), (30, 1800)]
