"""A second opinion on Mastodon's API: mastodon-mock, whose authors have read it independently of us.

Our sandbox and it are asked the same; where they differ, what each says is held fast here, with who is right and why.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
import pytest
import pytest_asyncio

from adapters.base import Budget
from adapters.mastodon.adapter import MastodonAdapter
from adapters.outcomes import Absent, AskAgain, Found, Rejected, Uncertain
from adapters.sandbox.mastodon import MastodonSandbox
from tests.adapters.mastodon_account import PICTURE, adapter_for, key_of, outcome_of, payload_of
from tests.real.opinion.questions import QUESTIONS, Asker
from tests.real.opinion.server import TOKEN, MockServer

pytestmark = [pytest.mark.second_opinion, pytest.mark.asyncio(loop_scope="session")]


@dataclass(frozen=True)
class Differ:
    """What each says, and why ours stays as it is."""

    ours: object
    theirs: object
    why: str


DISAGREEMENTS = {
    "the_instance": Differ(
        (200, 500, 4, 23, 10_000),
        (200, 500, 4, 23, None),
        "Mastodon tells media_attachments.description_limit since 4.4; where it is not told the adapter takes 1500.",
    ),
    "the_application": Differ(
        (200, True),
        401,
        "Its tokens belong to no application. The adapter asks without needing an answer: the link alone counts then.",
    ),
    "a_wrong_token": Differ(
        (401, "The access token is invalid"),
        (401, "This method requires an authenticated user"),
        "Doorkeeper's words for a token that it does not know; for the adapter any 401 is the token's.",
    ),
    "a_repeat_after_deletion": Differ(
        (200, 404, "Record not found"),
        (200, 500, None),
        "`@account.statuses.find` raises RecordNotFound, which is 404. After a 500 the adapter looks the post up.",
    ),
    "too_long": Differ(
        (422, "Validation failed: Text character limit of 500 exceeded"),
        (422, "Validation failed: Text is too long (maximum is 500 characters)"),
        "statuses.over_character_limit in Mastodon's config/locales/en.yml; the adapter only passes the words on.",
    ),
    "just_short_enough": Differ(
        200, 422, "It counts links in full, although it says that each takes 23 characters; Mastodon counts 23."
    ),
    "a_strange_visibility": Differ(
        (422, "Validation failed: Visibility is not included in the list"),
        (200, None),
        "It takes any visibility. Mastodon has a list of them; the settings offer nothing else.",
    ),
    "a_picture_twice": Differ(
        (404, 422, True),
        (200, 200, False),
        "It attaches an upload as often as it is asked to. Mastodon takes it once (validate_media!).",
    ),
    "an_unknown_picture": Differ(
        (422, True), (200, False), "It leaves out what it does not have, without a word; Mastodon refuses the post."
    ),
    "rate_limits": Differ(
        (True, True, True, True),
        (True, True, False, True),
        "It writes the reset as a UNIX time, Mastodon in ISO 8601. The adapter reads both.",
    ),
}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mock() -> AsyncIterator[MockServer]:
    """One mastodon-mock for the whole run."""
    async with MockServer() as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sandbox() -> AsyncIterator[MastodonSandbox]:
    """Our own server, with the same account."""
    server = MastodonSandbox(like="4.7")
    server.add_account(TOKEN, "news")
    await server.start()
    yield server
    await server.stop()


@pytest.mark.parametrize("name", QUESTIONS)
async def test_both_say_the_same(name: str, mock: MockServer, sandbox: MastodonSandbox) -> None:
    """Two independent readings agree, but for the disagreements that are explained above."""
    async with aiohttp.ClientSession() as session:
        ours, theirs = [await QUESTIONS[name](Asker(url, TOKEN, session)) for url in (sandbox.url, mock.url)]
    if name in DISAGREEMENTS:
        expected = DISAGREEMENTS[name]
        assert (expected.ours, expected.theirs) == (ours, theirs)
    else:
        assert ours == theirs


async def test_every_disagreement_is_about_a_question() -> None:
    """None is kept that nobody asks about any more, and none is without its reason."""
    assert set(DISAGREEMENTS) <= set(QUESTIONS)
    assert all(each.ours != each.theirs and each.why.endswith(".") for each in DISAGREEMENTS.values())


@asynccontextmanager
async def verified(url: str, *, attach_picture: bool = False) -> AsyncIterator[MastodonAdapter]:
    """Our adapter there, as a lane has it."""
    adapter = adapter_for(url, TOKEN, attach_picture=attach_picture)
    await adapter.verify()
    yield adapter
    await adapter.close()


Scene = Callable[[MastodonAdapter], Awaitable[object]]


async def _standing(adapter: MastodonAdapter) -> object:
    standing = await adapter.verify()
    return standing.limits.length, standing.problems


async def _once(adapter: MastodonAdapter) -> object:
    link = "https://news.example.com/once"
    payload, key, marker = await payload_of(adapter, link=link), key_of(adapter, link), await adapter.mark(None)
    before = await adapter.find(payload, key, marker)
    first, second = [await adapter.publish(payload, key) for _ in range(2)]
    after = await adapter.find(payload, key, marker)
    other = await adapter.find(await payload_of(adapter, link=f"{link}/other"), key, marker)
    newest = await adapter.newest()
    same = first == second == newest and after == Found(first)
    return type(before), same, type(other), await adapter.confirm(payload, first)


async def _picture(adapter: MastodonAdapter) -> object:
    link = "https://news.example.com/picture"
    payload = await payload_of(adapter, link=link, picture=PICTURE)
    receipt = await adapter.publish(payload, key_of(adapter, link))
    return len(payload.body["media_ids"]), await adapter.confirm(payload, receipt)


async def _too_long(adapter: MastodonAdapter) -> object:
    payload = await payload_of(adapter, link="https://news.example.com/long")
    body = {**payload.body, "status": "x" * 501}
    refused = await outcome_of(adapter.publish(type(payload)(body), key_of(adapter, "too long")))
    return type(refused), refused.status


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        (_standing, (500, ())),
        (_once, (Absent, True, AskAgain, "confirmed")),
        (_picture, (1, "confirmed")),
        (_too_long, (Rejected, 422)),
    ],
)
async def test_the_adapter_on_both(scene: Scene, expected: object, mock: MockServer, sandbox: MastodonSandbox) -> None:
    """What the adapter makes of it is the same on both, down to every outcome."""
    for url in (sandbox.url, mock.url):
        async with verified(url, attach_picture=scene is _picture) as adapter:
            assert expected == await scene(adapter)


async def test_a_deleted_post_on_both(mock: MockServer, sandbox: MastodonSandbox) -> None:
    """A key whose post was deleted is refused for good by Mastodon; after the other's 500 the post is looked up."""
    link, told = "https://news.example.com/deleted", []
    async with aiohttp.ClientSession() as session:
        for url in (sandbox.url, mock.url):
            async with verified(url) as adapter:
                payload, key = await payload_of(adapter, link=link), key_of(adapter, link)
                receipt = await adapter.publish(payload, key)
                await Asker(url, TOKEN, session).ask("DELETE", f"/api/v1/statuses/{receipt.id}")
                told.append(type(await outcome_of(adapter.publish(payload, key))))
                assert "vanished" == await adapter.confirm(payload, receipt)
    assert [Rejected, Uncertain] == told


async def test_budgets_of_both(mock: MockServer, sandbox: MastodonSandbox) -> None:
    """Whichever form the headers have, a budget is read out of them whose window ends in time to come."""
    for url in (sandbox.url, mock.url):
        noted = list[Budget]()
        adapter = adapter_for(url, TOKEN, note_budget=noted.append)
        await adapter.publish(await payload_of(adapter, link="https://news.example.com/budget"), key_of(adapter, "b"))
        await adapter.close()
        (budget,) = noted
        assert 0 < budget.remaining < budget.limit
        assert datetime.now(UTC) < budget.resets_at
