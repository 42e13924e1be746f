"""The Bluesky adapter against a real PDS: what the sandbox claims of it is true of the thing itself."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

from adapters.base import Context, KeySeed
from adapters.bluesky import PLATFORM, BlueskySettings
from adapters.bluesky.adapter import BlueskyAdapter
from adapters.bluesky.session import Session, read_kept
from adapters.outcomes import Absent, ChannelDown, Found, Rejected
from adapters.post import Part, Payload, Picture, Post
from adapters.seal import seal, unseal
from tests.real.pds.server import RealPds

pytestmark = pytest.mark.pds

LINK = "https://example.com/news/2026/schnee-im-mai?from=feed"
POSTS = "app.bsky.feed.post"


@dataclass
class Store:
    """Where one account's session is kept, as the ledger would."""

    sealed: str | None = None

    async def load(self) -> str | None:
        return self.sealed

    async def save(self, sealed: str) -> None:
        self.sealed = sealed


@dataclass
class Bench:
    """An account of its own on the real server, and adapters that come and go like processes."""

    pds: RealPds
    handle: str
    password: str
    did: str
    main_password: str
    store: Store = field(default_factory=Store)
    opened: list[BlueskyAdapter] = field(default_factory=list)

    def open(self, password: str | None = None, **settings: Any) -> BlueskyAdapter:
        account = {"server": self.pds.url, "handle": self.handle, "app_password": password or self.password}
        fields = {**account, **settings}
        context = Context(lambda: datetime.now(UTC), os.urandom, set[str]().add, self.store)
        adapter = PLATFORM.open(BlueskySettings.model_validate(fields), context)
        assert isinstance(adapter, BlueskyAdapter)
        self.opened.append(adapter)
        return adapter

    def key(self, adapter: BlueskyAdapter, number: int = 1) -> str:
        return adapter.key(KeySeed(self.did, LINK, "publish", 0, number, datetime(2026, 5, 3, 6, 0, tzinfo=UTC)))

    async def payload(self, adapter: BlueskyAdapter, title: str = "Schnee im Mai") -> Payload:
        return await adapter.stage(adapter.compose(article(title), datetime.now(UTC)))

    async def records(self, collection: str = POSTS) -> list[dict[str, Any]]:
        """Every post of the account, or what else there is, as anybody reads it."""
        address = f"{self.pds.url}/xrpc/com.atproto.repo.listRecords"
        query = {"repo": self.did, "collection": collection}
        async with aiohttp.ClientSession() as client, client.get(address, params=query) as answer:
            found: list[dict[str, Any]] = (await answer.json())["records"]
            return found

    async def by_hand(self, nsid: str, **body: Any) -> None:
        """What the owner does in another program."""
        session = await self.pds.login(self.handle, self.main_password)
        await self.pds.call(nsid, {"repo": self.did, "collection": POSTS, **body}, session["accessJwt"])

    def kept(self) -> Session:
        """The session in the store."""
        found = read_kept(unseal(self.store.sealed or "", self.password, context=self.whose) or b"")
        assert isinstance(found, Session)
        return found

    def keep(self, session: Session) -> None:
        """Put another session into the store."""
        self.store.sealed = seal(session.to_json(), self.password, context=self.whose, random_bytes=os.urandom)

    @property
    def whose(self) -> str:
        return f"@{self.handle} at {self.pds.url}"

    def expired(self, token: str) -> str:
        """The same access token, genuinely signed by the server, two days ago."""
        header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
        claims |= {"iat": claims["iat"] - 172_800, "exp": claims["exp"] - 172_800}
        signed = ".".join(segment(json.dumps(part).encode()) for part in (header, claims))
        return f"{signed}.{segment(hmac.digest(self.pds.jwt_secret.encode(), signed.encode(), hashlib.sha256))}"


def segment(data: bytes) -> str:
    """A part of a JWT."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def article(title: str) -> Post:
    """An article with everything: umlauts, emoji, a long link, a picture, a language."""
    parts = (Part("title", title), Part("text", "\n\n"), Part("summary", "Über Nacht 🌨️ fiel er. " * 20))
    picture = BytesIO()
    Image.new("RGB", (640, 320), f"#{secrets.token_hex(3)}").save(picture, "JPEG")
    return Post(
        (*parts, Part("text", "\n\n"), Part("link", LINK)),
        LINK,
        title,
        "Über Nacht fiel er.",
        language="de_DE",
        picture=Picture(picture.getvalue(), "image/jpeg", 640, 320, "Schnee"),
    )


async def _bench(pds: RealPds) -> Bench:
    handle, main = f"news{secrets.token_hex(4)}.test", secrets.token_hex(8)
    did = await pds.create_account(handle, main)
    return Bench(pds, handle, await pds.app_password(handle, main), did, main)


@pytest.fixture
async def bench(real_pds: RealPds) -> AsyncIterator[Bench]:
    """A fresh account with an app password."""
    bench = await _bench(real_pds)
    yield bench
    for adapter in bench.opened:
        await adapter.close()


async def test_who_we_are(bench: Bench) -> None:
    """The server says whose the app password is; the main password works, with a word of warning."""
    standing = await bench.open().verify()
    assert (standing.account_id, standing.who) == (bench.did, f"@{bench.handle}")
    assert (standing.problems, standing.notes) == ((), ())
    (note,) = (await bench.open(bench.main_password).verify()).notes
    assert "app password" in note


async def test_a_post_is_stored_to_the_byte_and_once(bench: Bench) -> None:
    """The server takes record, key and picture as composed; repeats, also all at once, and a restart change nothing."""
    adapter = bench.open()
    payload, key = await bench.payload(adapter), bench.key(adapter)
    assert isinstance(await adapter.find(payload, key, {}), Absent)
    receipt = await adapter.publish(payload, key)
    again = bench.open()
    assert {receipt} == set(await asyncio.gather(*(again.publish(payload, key) for _ in range(6))))
    found = await again.find(payload, key, {})
    assert isinstance(found, Found)
    assert found.receipt == receipt
    (record,) = await bench.records()
    assert record["value"] == payload.body
    assert record["uri"] == receipt.id
    assert record["value"]["embed"]["external"]["thumb"]["mimeType"] == "image/jpeg"


async def test_a_post_with_all_that_can_be_asked_for(bench: Bench) -> None:
    """Labels, languages and both gates are taken as they were frozen, together and once, however often it is tried;
    gates that were left behind by a post that its owner has deleted are written over."""
    labels = "!no-unauthenticated,porn,sexual,nudity,graphic-media"
    asked: dict[str, Any] = {
        "labels": labels,
        "language": "de,fr,it",
        "replies": "followers,following,mentioned",
        "quotes": False,
    }
    adapter = bench.open(**asked)
    post = replace(article("Schnee im Mai"), language=None)
    payload, key = await adapter.stage(adapter.compose(post, datetime.now(UTC))), bench.key(adapter)
    receipt = await adapter.publish(payload, key)
    again = bench.open()
    assert {receipt} == set(await asyncio.gather(*(again.publish(payload, key) for _ in range(6))))
    await bench.by_hand("com.atproto.repo.deleteRecord", rkey=key)
    assert receipt == await again.publish(payload, key)
    frozen = dict(payload.body)
    gates = [{**gate, "post": receipt.id} for gate in frozen.pop("gates")]
    assert [[frozen], *([gate] for gate in gates)] == [
        [record["value"] for record in await bench.records(kind)]
        for kind in (POSTS, "app.bsky.feed.threadgate", "app.bsky.feed.postgate")
    ]
    assert frozen["langs"] == ["de", "fr", "it"]
    assert [label["val"] for label in frozen["labels"]["values"]] == labels.split(",")


async def test_everything_that_composes_is_taken(bench: Bench) -> None:
    """Texts at the limit, of clusters, of many bytes and of many scripts pass the server's own validation."""
    adapter = bench.open()
    for number, title in enumerate(
        [
            "x" * 400,
            "👨‍👩‍👧‍👦" * 200,
            "कार्यक्षेत्र " * 60,
            "🇩🇪🏳️‍🌈" * 150,
            "ตัวอักษร" * 60,
            "日本語" * 150,
            "e\u0301\u0302" * 300,
        ],
        start=1,
    ):
        await adapter.publish(await bench.payload(adapter, title), bench.key(adapter, number))
    assert len(await bench.records()) == number


async def test_a_picture_that_the_server_lost_is_uploaded_again(bench: Bench) -> None:
    """Deleting the only post with a picture drops its bytes: the next put of the same record brings them back."""
    adapter = bench.open()
    payload, key = await bench.payload(adapter), bench.key(adapter)
    receipt = await adapter.publish(payload, key)
    await bench.by_hand("com.atproto.repo.deleteRecord", rkey=key)
    assert isinstance(await adapter.find(payload, key, {}), Absent)
    with pytest.raises(Rejected, match="picture"):
        await adapter.publish(Payload(payload.body), key)
    assert await adapter.publish(payload, key) == receipt
    (record,) = await bench.records()
    assert record["value"] == payload.body


async def test_a_key_that_is_taken_is_never_overwritten(bench: Bench) -> None:
    """Another record at the key stays as it is, and the post is refused."""
    adapter = bench.open()
    payload, key = await bench.payload(adapter), bench.key(adapter)
    by_hand = {"$type": POSTS, "text": "By hand", "createdAt": "2026-11-23T00:00:00.000Z"}
    await bench.by_hand("com.atproto.repo.putRecord", rkey=key, record=by_hand)
    assert isinstance(await adapter.find(payload, key, {}), Absent)
    with pytest.raises(Rejected, match="Another record"):
        await adapter.publish(payload, key)
    (record,) = await bench.records()
    assert record["value"] == by_hand


async def test_an_expired_token_is_renewed_in_passing(bench: Bench) -> None:
    """A token whose time is up is refused with 400, renewed by the refresh token, and the post goes out."""
    await bench.open().verify()
    before = bench.kept()
    bench.keep(replace(before, access=bench.expired(before.access)))
    adapter = bench.open()
    await adapter.publish(await bench.payload(adapter), bench.key(adapter))
    assert len(await bench.records()) == 1
    assert bench.kept().refresh not in (before.refresh, "")


async def test_an_ended_session_is_replaced(bench: Bench) -> None:
    """When the refresh token was revoked, too, the app password opens a new session."""
    await bench.open().verify()
    before = bench.kept()
    await bench.pds.call("com.atproto.server.deleteSession", token=before.refresh)
    bench.keep(replace(before, access=bench.expired(before.access)))
    assert (await bench.open().verify()).account_id == bench.did
    assert bench.kept().refresh != before.refresh  # access tokens of one second are the same


async def test_the_newest_is_the_one_that_went_out_last(bench: Bench) -> None:
    """Whatever the keys of the account's posts say: the server lists by them, and takes any."""
    adapter = bench.open()
    assert await adapter.newest() is None
    for number, year in enumerate((2026, 2250, 2001)):
        seed = KeySeed(bench.did, f"{LINK}{number}", "publish", 0, 1, datetime(year, 5, 3, 6, 0, tzinfo=UTC))
        receipt = await adapter.publish(await bench.payload(adapter), adapter.key(seed))
        assert await adapter.newest() == receipt
    plain = {"$type": POSTS, "text": "By hand", "createdAt": "2026-11-23T00:00:00.000Z"}
    for rkey, validate in (("bzzzzzzzzzzzz", True), ("self", False)):
        await bench.by_hand("com.atproto.repo.putRecord", rkey=rkey, record=plain, validate=validate)
    assert await adapter.newest() == receipt
    await bench.pds.deactivate(bench.handle, bench.main_password)
    with pytest.raises(ChannelDown, match="deactivated"):
        await adapter.newest()


async def test_a_wrong_password_and_a_takedown_stop_the_channel(bench: Bench) -> None:
    """What only a person can mend is told with the mend, and is not taken for a fault of the post."""
    with pytest.raises(ChannelDown, match="app password"):
        await bench.open("abcd-efgh-ijkl-mnop").verify()
    adapter = bench.open()
    payload = await bench.payload(adapter)
    await bench.pds.take_down(bench.did)
    with pytest.raises(ChannelDown) as raised:
        await adapter.publish(payload, bench.key(adapter))
    assert raised.value.mend
    with pytest.raises(ChannelDown):
        await adapter.verify()
    await bench.pds.take_down(bench.did, applied=False)
    await adapter.publish(payload, bench.key(adapter))
    assert len(await bench.records()) == 1


async def test_a_refused_record_is_final(bench: Bench) -> None:
    """The server's own validation is told as it is."""
    adapter = bench.open()
    payload = await bench.payload(adapter)
    with pytest.raises(Rejected, match="grapheme too big"):
        await adapter.publish(Payload({**payload.body, "text": "x" * 301}, payload.media), bench.key(adapter))


@pytest.mark.parametrize("name", ["RecordNotFound", "InvalidRequest"])
async def test_an_inactive_account_is_not_absence(name: str) -> None:
    """The server asks its AppView about an account that was deactivated, and passes on what that does not know: the
    post counts as neither absent nor vanished, with or without an AppView."""

    async def knows_nothing(_request: web.Request) -> web.Response:
        return web.json_response({"error": name, "message": "Could not locate record: at://…"}, status=400)

    app = web.Application()
    app.router.add_get("/xrpc/com.atproto.repo.getRecord", knows_nothing)
    async with (
        TestServer(app, host="127.0.0.1") as app_view,
        RealPds(app_view=str(app_view.make_url("")).rstrip("/")) as pds,
    ):
        bench = await _bench(pds)
        adapter = bench.open()
        payload, key = await bench.payload(adapter), bench.key(adapter)
        receipt = await adapter.publish(payload, key)
        await pds.deactivate(bench.handle, bench.main_password)
        query = {"repo": bench.did, "collection": POSTS, "rkey": key}
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"{pds.url}/xrpc/com.atproto.repo.getRecord", params=query) as answer,
        ):
            assert (answer.status, (await answer.json())["error"]) == (400, name)
        with pytest.raises(ChannelDown, match="deactivated"):
            await adapter.find(payload, key, {})
        with pytest.raises(ChannelDown, match="deactivated"):
            await adapter.confirm(payload, receipt)
        await adapter.close()


async def test_the_look_at_an_account_without_an_app_view(bench: Bench) -> None:
    """A deactivated account, and one that was taken down, are told as such by a server that has nobody to ask."""
    adapter = bench.open()
    payload, key = await bench.payload(adapter), bench.key(adapter)
    receipt = await adapter.publish(payload, key)
    await bench.pds.deactivate(bench.handle, bench.main_password)
    with pytest.raises(ChannelDown, match="deactivated"):
        await adapter.find(payload, key, {})
    await bench.pds.take_down(bench.did)
    with pytest.raises(ChannelDown):
        await adapter.find(payload, key, {})
    with pytest.raises(ChannelDown):
        await adapter.confirm(payload, receipt)


async def test_what_is_refused_goes_out_with_less(bench: Bench) -> None:
    """In the server's own words: a picture that is too big costs the picture, a bad card the card; a bad text is the
    end."""
    adapter = bench.open()
    draft = adapter.compose(article("Schnee im Mai"), datetime.now(UTC))
    payload = await adapter.stage(replace(draft, media=(replace(draft.media[0], data=b"0" * 1_000_001),)))
    with pytest.raises(Rejected, match="too big") as raised:
        await adapter.publish(payload, bench.key(adapter))
    without_picture = raised.value.instead
    assert without_picture is not None
    assert "thumb" not in without_picture.body["embed"]["external"]
    embed = without_picture.body["embed"]
    bad_card = {**embed, "external": {**embed["external"], "description": 5}}
    with pytest.raises(Rejected) as raised:
        await adapter.publish(Payload({**without_picture.body, "embed": bad_card}), bench.key(adapter))
    without_card = raised.value.instead
    assert without_card is not None
    assert "embed" not in without_card.body
    with pytest.raises(Rejected) as raised:
        await adapter.publish(Payload({**without_picture.body, "langs": ["no language"]}), bench.key(adapter))
    assert raised.value.instead is None
    for number, each in enumerate((without_picture, without_card), start=2):
        receipt = await adapter.publish(each, bench.key(adapter, number))
        assert Found(receipt) == await adapter.find(each, bench.key(adapter, number), {})
    assert len(await bench.records()) == 2
