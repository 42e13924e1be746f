"""The fake Mastodon server in the ways of other versions and other programs: what they make of a repeat above all."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from adapters.sandbox.mastodon import MastodonSandbox
from adapters.sandbox.mastodon_form import Refusal
from adapters.sandbox.mastodon_traits import TRAITS
from adapters.sandbox.publication import draw


class Hands:
    """A clock that only a test moves."""

    def __init__(self) -> None:
        self.at = 1_795_413_600.0

    def __call__(self) -> float:
        return self.at


class Client:
    """A bare client with the account's token."""

    def __init__(self, server: MastodonSandbox, session: aiohttp.ClientSession) -> None:
        self._server = server
        self._session = session

    async def ask(self, method: str, path: str, **named: Any) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        async with self._session.request(method, f"{self._server.url}{path}", **named) as answer:
            return answer.status, await answer.json()

    async def post(self, text: str = "hello", key: str = "k", media: str = "") -> tuple[int, Any]:
        """Post a status with a key."""
        body = {"status": text, "media_ids": [media] if media else []}
        return await self.ask("POST", "/api/v1/statuses", json=body, headers={"Idempotency-Key": key})

    async def upload(self) -> tuple[int, Any]:
        """Upload a picture."""
        form = aiohttp.FormData()
        form.add_field("file", draw(1), filename="picture.jpg", content_type="image/jpeg")
        return await self.ask("POST", "/api/v2/media", data=form)


@pytest.fixture
def hands() -> Hands:
    """The server's time."""
    return Hands()


@pytest.fixture
async def server(hands: Hands) -> AsyncIterator[MastodonSandbox]:
    """A server with one account, @herald."""
    sandbox = MastodonSandbox(now=hands)
    sandbox.add_account("good-token", "herald")
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def client(server: MastodonSandbox) -> AsyncIterator[Client]:
    """Its client."""
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer good-token"}) as session:
        yield Client(server, session)


@pytest.mark.parametrize(
    ("like", "status", "posts"),
    [
        ("4.5", 200, 1),
        ("4.6.3", 500, 1),
        ("4.7", 200, 1),
        ("gotosocial", 200, 2),
        ("pleroma", 200, 1),
        ("iceshrimp", 200, 1),
    ],
)
async def test_a_later_repeat(server: MastodonSandbox, client: Client, like: str, status: int, posts: int) -> None:
    """Once the first request is over, a repeat is answered as the program does it."""
    server.traits.become(like)
    assert 200 == (await client.post())[0]
    assert status == (await client.post())[0]
    assert posts == len(server.public())


@pytest.mark.parametrize(
    ("like", "status", "posts"),
    [("4.5", 200, 2), ("4.6.3", 503, 1), ("4.7", 503, 1), ("gotosocial", 200, 2), ("pleroma", 200, 2)],
)
async def test_a_repeat_while_the_first_is_worked_on(
    server: MastodonSandbox, client: Client, like: str, status: int, posts: int
) -> None:
    """Before the first is committed, only a lock keeps the repeat from becoming a second status."""
    server.traits.become(like)
    server.traits.lock_for = 0
    server.publisher.takes.append(0.3)
    first = asyncio.create_task(client.post())
    await server.arrivals(1)
    assert status == (await client.post())[0]
    assert 200 == (await first)[0]
    assert posts == len(server.public())


async def test_work_goes_on_when_the_client_has_left(server: MastodonSandbox, client: Client) -> None:
    """A post that takes long comes out although nobody waits for it any more, and its lock is held until then."""
    server.publisher.takes.append(0.3)
    out = asyncio.Event()
    server.on_post = lambda _: out.set()
    first = asyncio.create_task(client.post())
    await server.arrivals(1)
    first.cancel()
    await asyncio.wait([first])
    assert server.public() == []
    assert 200 == (await client.post())[0]
    assert out.is_set()
    assert 1 == len(server.public())


async def test_iceshrimp_waits_a_second_then_408(server: MastodonSandbox, client: Client) -> None:
    """Its repeat waits for the first; a first one that crashed is waited for in vain, for a day."""
    server.traits.become("iceshrimp")
    server.publisher.takes.append(0.3)
    (_, first), (_, second) = await asyncio.gather(client.post(), client.post())
    assert first["id"] == second["id"]
    server.publisher.fails.append(500)
    assert 500 == (await client.post(key="crashed"))[0]
    assert 408 == (await client.post(key="crashed"))[0]
    assert 1 == len(server.public())


async def test_pixelfed_burns_the_key_first(server: MastodonSandbox, client: Client, hands: Hands) -> None:
    """A key is used up for an hour even by a request that failed; and there is no post without a picture."""
    server.traits.become("pixelfed")
    assert (403, {"error": "Empty statuses are not allowed"}) == await client.post()
    media = (await client.upload())[1]["id"]
    assert (400, {"error": "Duplicate idempotency key."}) == await client.post(media=media)
    hands.at += 3600
    status, post = await client.post(media=media)
    assert (200, {"name": "web", "website": None}) == (status, post["application"])


async def test_pleroma_repeats_whatever_it_answered(server: MastodonSandbox, client: Client, hands: Hands) -> None:
    """For six hours the first answer is given again, a refusal too; a header tells."""
    server.traits.become("pleroma")
    assert 422 == (await client.post("x" * 5001))[0]
    request = {"json": {"status": "short"}, "headers": {"Idempotency-Key": "k", "Authorization": "Bearer good-token"}}
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{server.url}/api/v1/statuses", **request) as answer:  # type: ignore[arg-type]
            assert (422, "true") == (answer.status, answer.headers["idempotent-replayed"])
        hands.at += 6 * 3600
        async with session.post(f"{server.url}/api/v1/statuses", **request) as answer:  # type: ignore[arg-type]
            assert (200, False) == (answer.status, "idempotent-replayed" in answer.headers)


async def test_a_crash_leaves_mastodons_key_good(server: MastodonSandbox, client: Client) -> None:
    """The lock ends with the request, and the key was not kept: a repeat makes the status."""
    server.publisher.fails.append(500)
    assert 500 == (await client.post())[0]
    assert server.public() == []
    assert 200 == (await client.post())[0]


async def test_dropped_without_a_word(server: MastodonSandbox, client: Client) -> None:
    """A banned word is answered 200 with a status that is not there, and its key leads nowhere."""
    server.publisher.banned.add("casino")
    status, dropped = await client.post("casino")
    assert 200 == status
    assert (404, {"error": "Record not found"}) == await client.ask("GET", f"/api/v1/statuses/{dropped['id']}")
    assert server.public() == []
    assert 200 == (await client.post("about something else"))[0]


async def test_by_hand(server: MastodonSandbox, client: Client) -> None:
    """What the owner posts with another client stands in the same list, under that client's name."""
    mine = (await client.post())[1]
    by_hand = server.post_by_hand("herald", "from my phone", application="Tusky", reply_to=mine["id"])
    _, listed = await client.ask("GET", f"/api/v1/accounts/{mine['account']['id']}/statuses")
    told = [(each["id"], each["application"]["name"], each["in_reply_to_id"]) for each in listed]
    assert [(by_hand.id, "Tusky", mine["id"]), (mine["id"], "Handbill", None)] == told
    server.delete_by_hand(mine["id"])
    assert [by_hand.id] == [post.id for post in server.public()]


@pytest.mark.parametrize(("like", "name"), [("4.7", "Handbill"), ("pixelfed", "web"), ("iceshrimp", None)])
async def test_what_is_told_of_applications(server: MastodonSandbox, client: Client, like: str, name: str) -> None:
    """The token's own application has a name everywhere; posts do not show it on every server."""
    server.traits.become(like)
    _, posted = await client.post(media=(await client.upload())[1]["id"])
    told = posted["application"]
    assert name == (told and told["name"])
    assert "Handbill" == (await client.ask("GET", "/api/v1/apps/verify_credentials"))[1]["name"]


async def test_a_picture_that_is_processed(server: MastodonSandbox, client: Client, hands: Hands) -> None:
    """It is 202 and 206 without an address meanwhile, cannot be attached, and is ready in the end."""
    server.media.takes = 20
    status, media = await client.upload()
    assert (202, None) == (status, media["url"])
    assert 206 == (await client.ask("GET", f"/api/v1/media/{media['id']}"))[0]
    refused = "Cannot attach files that have not finished processing. Try again in a moment!"
    assert (422, {"error": refused}) == await client.post(media=media["id"])
    hands.at += 20
    status, media = await client.ask("GET", f"/api/v1/media/{media['id']}")
    assert (200, True) == (status, media["url"].startswith(server.url))
    assert 200 == (await client.post(media=media["id"]))[0]


async def test_uploads_can_be_refused(server: MastodonSandbox, client: Client) -> None:
    """Whatever the picture, the server says what it was told to say."""
    server.media.refused = Refusal(500, "Error processing thumbnail for uploaded media")
    assert (500, {"error": "Error processing thumbnail for uploaded media"}) == await client.upload()


def test_servers_differ() -> None:
    """Each named server has a version of its own, and none changes when another becomes like it."""
    assert len(TRAITS) == len({traits.version for traits in TRAITS.values()})
    sandbox = MastodonSandbox(like="4.5")
    sandbox.traits.become("4.7")
    assert ("4.5.4", "unlocked") == (TRAITS["4.5"].version, TRAITS["4.5"].idempotency)
