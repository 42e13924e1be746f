"""The fake PDS, through the atproto SDK and through a raw HTTP client.

That it answers as a real PDS does, request by request, is shown in tests/real.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from atproto_client import AsyncClient, models  # type: ignore[import-untyped] # the package has no py.typed
from atproto_client.client.session import SessionEvent  # type: ignore[import-untyped]
from atproto_client.exceptions import (  # type: ignore[import-untyped]
    BadRequestError,
    NetworkError,
    RateLimitExceededError,
    RequestException,
    UnauthorizedError,
)
from atproto_client.utils import TextBuilder  # type: ignore[import-untyped]

from adapters.sandbox.bluesky import BlueskySandbox
from adapters.sandbox.faults import Fault
from adapters.sandbox.server import PublicPost

HANDLE, PASSWORD = "news.test", "abcd-efgh-ijkl-mnop"
POST = "app.bsky.feed.post"
RKEY = "3jzfcijpj2z2a"
RECORD = {"$type": POST, "text": "hello", "createdAt": "2026-11-23T02:33:56.305131+00:00"}
# As a real PDS (0.5.35) named these very bytes.
RECORD_CID = "bafyreiclg4ythuvmxhtfdzhmi4ch2crrrad6pnyin263jk4hzwbtb723u4"
ABC_CID = "bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu"
JPEG = b"\xff\xd8\xff\xe0" + bytes(60)


class Clock:
    """A time that tests move."""

    def __init__(self) -> None:
        self.at = 1_795_000_000.0

    def __call__(self) -> float:
        return self.at


class Raw:
    """A logged-in client that knows nothing of the platform."""

    def __init__(self, server: BlueskySandbox) -> None:
        self.server = server
        self.http = aiohttp.ClientSession()
        self.did = ""
        self.tokens: dict[str, str] = {}

    async def login(self, handle: str = HANDLE, password: str = PASSWORD) -> int:
        """Begin a session; returns the status."""
        status, body, _ = await self.post("com.atproto.server.createSession", identifier=handle, password=password)
        if status == 200:
            self.did = body["did"]
            self.tokens = {"access": body["accessJwt"], "refresh": body["refreshJwt"]}
        return status

    async def post(self, nsid: str, /, token: str = "access", **body: Any) -> tuple[int, Any, dict[str, str]]:
        """Call a procedure."""
        headers = {"Authorization": f"Bearer {self.tokens[token]}"} if token in self.tokens else {}
        return await self._ask("POST", nsid, headers, json=body)

    async def get(self, nsid: str, /, **query: str) -> tuple[int, Any, dict[str, str]]:
        """Ask a question, without a token."""
        return await self._ask("GET", nsid, {}, params=query)

    async def upload(self, data: bytes, mime: str = "image/png") -> tuple[int, Any, dict[str, str]]:
        """Upload a blob."""
        headers = {"Authorization": f"Bearer {self.tokens['access']}", "Content-Type": mime}
        return await self._ask("POST", "com.atproto.repo.uploadBlob", headers, data=data)

    async def put(self, record: Any = None, rkey: str = RKEY, **more: Any) -> tuple[int, Any, dict[str, str]]:
        """Write a post."""
        written = RECORD if record is None else record
        place = {"repo": self.did, "collection": POST, "rkey": rkey}
        return await self.post("com.atproto.repo.putRecord", **place, record=written, **more)

    async def delete(self, rkey: str = RKEY) -> tuple[int, Any, dict[str, str]]:
        """Delete a post."""
        return await self.post("com.atproto.repo.deleteRecord", repo=self.did, collection=POST, rkey=rkey)

    async def _ask(self, verb: str, nsid: str, headers: dict[str, str], **more: Any) -> tuple[int, Any, dict[str, str]]:
        async with self.http.request(verb, f"{self.server.url}/xrpc/{nsid}", headers=headers, **more) as answer:
            body = await (answer.json() if answer.content_type == "application/json" else answer.read())
            return answer.status, body, {name.lower(): value for name, value in answer.headers.items()}


@pytest.fixture
def clock() -> Clock:
    """A time that stands still unless moved."""
    return Clock()


@pytest.fixture
async def server(clock: Clock) -> AsyncIterator[BlueskySandbox]:
    """A PDS with one account, in simulated time."""
    sandbox = BlueskySandbox(now=clock)
    sandbox.add_account(HANDLE, PASSWORD)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def raw(server: BlueskySandbox) -> AsyncIterator[Raw]:
    """A raw client of it, logged in."""
    client = Raw(server)
    assert await client.login() == 200
    yield client
    await client.http.close()


@pytest.fixture
async def present() -> AsyncIterator[BlueskySandbox]:
    """A PDS of today, as the SDK has no other time."""
    sandbox = BlueskySandbox()
    sandbox.add_account(HANDLE, PASSWORD)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


Sdk = Callable[..., Awaitable[Any]]


@pytest.fixture
async def sdk() -> AsyncIterator[Sdk]:
    """Makes clients of the SDK: logged in with the password, with a session of earlier, or as told; closes them."""
    clients: list[Any] = []

    async def make(server: BlueskySandbox, **entry: Any) -> Any:
        clients.append(AsyncClient(server.url))
        entry = entry or {"login": HANDLE, "password": PASSWORD}
        await clients[-1].login(**({"fetch_bsky_profile": False} | entry))
        return clients[-1]

    yield make
    for client in clients:
        await client.request.close()


async def put_by_sdk(client: Any, record: Any, rkey: str = RKEY) -> dict[str, Any]:
    """Create-only put, in the one way in which the SDK sends the `null`."""
    did = client._session.did
    body = {"repo": did, "collection": POST, "rkey": rkey, "record": record, "swapRecord": None}
    response = await client.invoke_procedure(
        "com.atproto.repo.putRecord", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    written: dict[str, Any] = response.content
    return written


def linked(start: int, end: int, text: str = "hello") -> dict[str, Any]:
    """A post with one link facet."""
    features = [{"$type": "app.bsky.richtext.facet#link", "uri": "https://a.example/"}]
    return {**RECORD, "text": text, "facets": [{"index": {"byteStart": start, "byteEnd": end}, "features": features}]}


def card(**more: Any) -> dict[str, Any]:
    """A post with a link card."""
    external = {"uri": "https://a.example/", "title": "Title", "description": "About", **more}
    return {**RECORD, "embed": {"$type": "app.bsky.embed.external", "external": external}}


# ── through the SDK ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_post_by_the_sdk_is_shown_to_readers_as_it_was_meant(present: BlueskySandbox, sdk: Sdk) -> None:
    """Text, link, card with picture and language come out as the SDK's own builders put them in."""
    client = await sdk(present)
    uploaded = await client.invoke_procedure(
        "com.atproto.repo.uploadBlob", content=JPEG, headers={"Content-Type": "image/jpeg"}
    )
    blob = models.ComAtprotoRepoUploadBlob.Response(**uploaded.content).blob
    text = TextBuilder().text("Grüße: ").link("a.example/…", "https://a.example/long")
    external = models.AppBskyEmbedExternal.External(
        uri="https://a.example/long", title="Title", description="About", thumb=blob
    )
    record = models.AppBskyFeedPost.Record(
        text=text.build_text(),
        facets=text.build_facets(),
        embed=models.AppBskyEmbedExternal.Main(external=external),
        langs=["de"],
        created_at="2026-11-23T02:33:56Z",
    )
    await put_by_sdk(client, json.loads(record.model_dump_json(exclude_none=True, by_alias=True)))
    (post,) = present.public()
    assert post.text == "Grüße: a.example/…"
    assert post.marks == (("link", "a.example/…"),)
    assert post.links == ("https://a.example/long", "https://a.example/long")
    assert post.card == {"title": "Title", "description": "About", "link": "https://a.example/long", "picture": True}
    assert (post.language, post.at, post.id, post.place) == ("de", 1_795_401_236.0, RKEY, HANDLE)
    assert post.url == f"https://bsky.app/profile/{HANDLE}/post/{RKEY}"


async def test_the_sdk_reads_back_what_it_wrote(present: BlueskySandbox, sdk: Sdk) -> None:
    """The SDK's models accept the answers of the reading calls."""
    client = await sdk(present)
    written = await put_by_sdk(client, RECORD)
    did = client._session.did
    got = await client.com.atproto.repo.get_record(
        models.ComAtprotoRepoGetRecord.Params(repo=did, collection=POST, rkey=RKEY)
    )
    listed = await client.com.atproto.repo.list_records(
        models.ComAtprotoRepoListRecords.Params(repo=did, collection=POST)
    )
    session = await client.com.atproto.server.get_session()
    server = await client.com.atproto.server.describe_server()
    resolved = await client.com.atproto.identity.resolve_handle(
        models.ComAtprotoIdentityResolveHandle.Params(handle=HANDLE)
    )
    assert written["cid"] == got.cid == RECORD_CID == listed.records[0].cid
    assert (session.handle, session.did, resolved.did) == (HANDLE, did, did)
    assert server.available_user_domains == [".test"]


async def test_a_session_outlives_its_client_without_another_login(present: BlueskySandbox, sdk: Sdk) -> None:
    """A session that was exported is used by the next client; only the first one logged in."""
    first = await sdk(present)
    second = await sdk(present, session_string=first.export_session_string())
    await put_by_sdk(second, RECORD)
    assert present.logins(HANDLE) == 1


async def test_the_sdk_refreshes_before_a_token_expires(sdk: Sdk) -> None:
    """A token near its end is renewed by the SDK before the next call, and not by another login."""
    server = BlueskySandbox(now=lambda: time.time() - 7000)
    server.add_account(HANDLE, PASSWORD)
    await server.start()
    client = await sdk(server)
    events: list[SessionEvent] = []
    client.on_session_change(lambda event, _: events.append(event))
    await put_by_sdk(client, RECORD)
    await server.stop()
    assert events == [SessionEvent.REFRESH]
    assert server.logins(HANDLE) == 1
    assert ("POST", "/xrpc/com.atproto.server.refreshSession") in server.requests


async def test_errors_reach_the_sdk_under_their_names(present: BlueskySandbox, sdk: Sdk) -> None:
    """Status and XRPC error name are those on which the SDK's exceptions are built."""
    client = await sdk(present)
    present.expire_tokens(HANDLE)
    with pytest.raises(BadRequestError) as expired:
        await put_by_sdk(client, RECORD)
    assert expired.value.response.content.error == "ExpiredToken"
    with pytest.raises(UnauthorizedError):
        await sdk(present, login=HANDLE, password="wrong")
    with pytest.raises(NetworkError) as unreachable:
        await sdk(present, login=HANDLE, password=PASSWORD, fetch_bsky_profile=True)  # a bare PDS has no profiles
    assert unreachable.value.response.status_code == 502
    present.faults.add(Fault.parse("wait=7@read"), Fault.parse("error=503@read"))
    client = await sdk(present)
    question = models.ComAtprotoIdentityResolveHandle.Params(handle=HANDLE)
    with pytest.raises(RateLimitExceededError) as limited:
        await client.com.atproto.identity.resolve_handle(question)
    assert limited.value.retry_after == 7
    with pytest.raises(RequestException) as broken:
        await client.com.atproto.identity.resolve_handle(question)
    assert broken.value.response.content.error == "NotEnoughResources"


# ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_create_only_put_can_be_repeated_for_ever(raw: Raw) -> None:
    """The same record again is no commit; another one at the same key is InvalidSwap and changes nothing."""
    first = await raw.put(swapRecord=None)
    again = await raw.put(swapRecord=None)
    status, body, _ = await raw.put({**RECORD, "text": "other"}, swapRecord=None)
    assert (first[0], first[1]["cid"], "commit" in first[1]) == (200, RECORD_CID, True)
    assert (again[0], again[1]["cid"], "commit" in again[1]) == (200, RECORD_CID, False)
    assert (status, body) == (400, {"error": "InvalidSwap", "message": f"Record was at {RECORD_CID}"})
    assert [post.text for post in raw.server.public()] == ["hello"]


async def test_a_put_without_a_condition_overwrites(raw: Raw) -> None:
    """Without `swapRecord` the record is replaced silently, as it is with the right CID."""
    await raw.put()
    await raw.put({**RECORD, "text": "two"})
    _, body, _ = await raw.get("com.atproto.repo.getRecord", repo=raw.did, collection=POST, rkey=RKEY)
    status, _, _ = await raw.put({**RECORD, "text": "three"}, swapRecord=body["cid"])
    assert status == 200
    assert [post.text for post in raw.server.public()] == ["three"]


async def test_create_on_a_taken_key_is_an_internal_error(raw: Raw) -> None:
    """The second createRecord answers 500, whatever it brings, and nothing changes."""
    place = {"repo": raw.did, "collection": POST, "rkey": RKEY}
    answers = [await raw.post("com.atproto.repo.createRecord", **place, record=RECORD) for _ in range(2)]
    assert [status for status, _, _ in answers] == [200, 500]
    assert answers[1][1] == {"error": "InternalServerError", "message": "Internal Server Error"}
    assert len(raw.server.public()) == 1


async def test_several_writes_happen_together_or_not_at_all(raw: Raw) -> None:
    """When one write of applyWrites cannot be, none is."""
    await raw.put()
    kind = "com.atproto.repo.applyWrites#create"
    writes = [{"$type": kind, "collection": POST, "rkey": rkey, "value": RECORD} for rkey in ("3jzfcijpj2z2b", RKEY)]
    status, _, _ = await raw.post("com.atproto.repo.applyWrites", repo=raw.did, writes=writes)
    assert status == 500
    assert [post.id for post in raw.server.public()] == [RKEY]


async def test_a_record_that_is_not_there_is_told_by_a_400(raw: Raw) -> None:
    """Absence is RecordNotFound with status 400, before the post and after its deletion."""
    place = {"repo": raw.did, "collection": POST, "rkey": RKEY}
    before = await raw.get("com.atproto.repo.getRecord", **place)
    await raw.put()
    present = await raw.get("com.atproto.repo.getRecord", **place)
    await raw.delete()
    after = await raw.get("com.atproto.repo.getRecord", **place)
    assert [before[0], present[0], after[0]] == [400, 200, 400]
    assert before[1]["error"] == after[1]["error"] == "RecordNotFound"
    assert raw.server.public() == []


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ({**RECORD, "text": "a" * 301}, "grapheme too big (maximum 300, got 301) at $.record.text"),
        ({**RECORD, "text": "👨‍👩‍👧‍👦" * 121}, "string too big (maximum 3000, got 3025) at $.record.text"),
        ({"$type": POST, "text": "x"}, 'Missing required key "createdAt" at $.record'),
        ({**RECORD, "createdAt": "2026-11-23"}, 'Invalid datetime (got "2026-11-23") at $.record.createdAt'),
        ({**RECORD, "langs": ["en"] * 4}, "array too big (maximum 3, got 4) at $.record.langs"),
        ({**RECORD, "langs": ["German"]}, 'Invalid language (got "German") at $.record.langs[0]'),
        (linked(-1, 2), "integer too small (minimum 0, got -1) at $.record.facets[0].index.byteStart"),
        (card(title=None), "Expected string value type (got null) at $.record.embed.external.title"),
        (card(uri="no uri"), 'Invalid uri (got "no uri") at $.record.embed.external.uri'),
    ],
)
async def test_what_the_lexicon_forbids_is_refused_with_the_reason(raw: Raw, record: Any, why: str) -> None:
    """The sentence is the one of the reference server."""
    status, body, _ = await raw.put(record)
    assert (status, body["error"]) == (400, "InvalidRequest")
    assert body["message"] == f"Invalid {POST} record: {why}"
    assert raw.server.public() == []


@pytest.mark.parametrize(
    "text",
    ["a" * 300, "e\u0301" * 300, "👨‍👩‍👧‍👦" * 120, "🇩🇪" * 300, ""],
    ids=["letters", "accents", "bytes", "flags", "none"],
)
async def test_text_up_to_both_limits_is_taken(raw: Raw, text: str) -> None:
    """300 graphemes and 3000 bytes are allowed, counted as clusters and as UTF-8."""
    status, _, _ = await raw.put({**RECORD, "text": text})
    assert status == 200


@pytest.mark.parametrize(
    "record",
    [
        linked(0, 6),
        linked(3, 1),
        linked(2, 2),
        linked(0, 1, "äöü"),
        linked(1, 2, "äöü"),
        {**RECORD, "facets": linked(0, 3)["facets"] + linked(2, 5)["facets"]},
    ],
    ids=["beyond", "backwards", "empty", "ends inside", "begins inside", "overlapping"],
)
async def test_facets_that_readers_could_not_see_are_refused(raw: Raw, record: Any) -> None:
    """A real PDS would take them, so the refusal says that it is the sandbox's own."""
    status, body, _ = await raw.put(record)
    assert (status, body["error"]) == (400, "InvalidRequest")
    assert body["message"].startswith("The sandbox is stricter here than a real PDS: facet ")


async def test_facets_that_touch_are_fine(raw: Raw) -> None:
    """One facet may begin where another ends, and end with the text; marks come in the order of the text."""
    record = {**linked(0, 4, "äöü"), "facets": linked(4, 6)["facets"] + linked(0, 4)["facets"]}
    status, _, _ = await raw.put(record)
    assert status == 200
    assert raw.server.public()[0].marks == (("link", "äö"), ("link", "ü"))


async def test_records_without_validation_are_stored_but_not_shown(raw: Raw) -> None:
    """`validate: false` takes nearly anything, of which readers see nothing."""
    status, body, _ = await raw.put({**RECORD, "text": 5}, validate=False)
    assert (status, "validationStatus" in body) == (200, False)
    status, _, _ = await raw.put(rkey="self", validate=False)
    assert status == 200
    assert raw.server.public() == []


# ── blobs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_blob_has_to_be_uploaded_and_is_gone_with_its_record(raw: Raw) -> None:
    """A thumbnail that was not uploaded, or whose only record was deleted, is BlobNotFound; uploading heals it."""
    thumb = {"$type": "blob", "ref": {"$link": ABC_CID}, "mimeType": "image/png", "size": 3}
    statuses = [await raw.put(card(thumb=thumb))]
    _, uploaded, _ = await raw.upload(b"abc")
    assert uploaded["blob"] == thumb
    statuses.append(await raw.put(card(thumb=thumb)))
    status, data, headers = await raw.get("com.atproto.sync.getBlob", did=raw.did, cid=ABC_CID)
    assert (status, data, headers["content-type"]) == (200, b"abc", "image/png")
    await raw.delete()
    statuses.append(await raw.put(card(thumb=thumb)))
    await raw.upload(b"abc")
    statuses.append(await raw.put(card(thumb=thumb)))
    assert [(status, body.get("error")) for status, body, _ in statuses] == [
        (400, "BlobNotFound"),
        (200, None),
        (400, "BlobNotFound"),
        (200, None),
    ]


async def test_a_blob_that_two_records_share_lives_until_the_last(raw: Raw) -> None:
    """Deleting one of two posts with a picture leaves the picture of the other."""
    _, uploaded, _ = await raw.upload(JPEG)
    await raw.put(card(thumb=uploaded["blob"]))
    await raw.put(card(thumb=uploaded["blob"]), "3jzfcijpj2z2b")
    await raw.delete()
    cid = uploaded["blob"]["ref"]["$link"]
    status, _, _ = await raw.get("com.atproto.sync.getBlob", did=raw.did, cid=cid)
    assert status == 200


async def test_a_thumbnail_over_a_million_bytes_is_refused(raw: Raw) -> None:
    """The blob may be uploaded, but no card takes it."""
    _, uploaded, _ = await raw.upload(JPEG + bytes(1_000_001 - len(JPEG)))
    status, body, _ = await raw.put(card(thumb=uploaded["blob"]))
    assert status == 400
    assert "blob too big (maximum 1000000, got 1000001)" in body["message"]


async def test_the_bytes_of_a_picture_say_what_it_is(raw: Raw) -> None:
    """The type in the answer is the one found in the data, not the one that was claimed."""
    _, body, _ = await raw.upload(JPEG, "image/png")
    assert body["blob"]["mimeType"] == "image/jpeg"


# ── sessions and standing ─────────────────────────────────────────────────────────────────────────────────────────


async def test_access_lasts_two_hours_and_a_session_ninety_days(raw: Raw, clock: Clock) -> None:
    """Both ends are told by 400 ExpiredToken, never by 401."""
    clock.at += 7199
    assert (await raw.put())[0] == 200
    clock.at += 1
    status, body, _ = await raw.put()
    assert (status, body["error"]) == (400, "ExpiredToken")
    assert (await raw.post("com.atproto.server.refreshSession", token="refresh"))[0] == 200
    clock.at += 90 * 86400
    status, body, _ = await raw.post("com.atproto.server.refreshSession", token="refresh")
    assert (status, body["error"]) == (400, "ExpiredToken")


async def test_a_used_refresh_token_works_for_two_more_hours(raw: Raw, clock: Clock) -> None:
    """Within the grace period a lost answer to a refresh can be asked for again; afterwards it cannot."""
    answers = [await raw.post("com.atproto.server.refreshSession", token="refresh")]
    clock.at += 7199
    answers.append(await raw.post("com.atproto.server.refreshSession", token="refresh"))
    clock.at += 1
    answers.append(await raw.post("com.atproto.server.refreshSession", token="refresh"))
    assert [status for status, _, _ in answers] == [200, 200, 400]
    raw.tokens["refresh"] = answers[0][1]["refreshJwt"]
    assert (await raw.post("com.atproto.server.refreshSession", token="refresh"))[0] == 200


async def test_a_changed_app_password_ends_sessions_at_their_refresh(raw: Raw) -> None:
    """Posting goes on with the access token; refreshing and logging in do not."""
    raw.server.change_app_password(HANDLE, "other")
    assert (await raw.put())[0] == 200
    assert (await raw.post("com.atproto.server.refreshSession", token="refresh"))[0] == 400
    assert await raw.login() == 401
    assert await raw.login(password="other") == 200


@pytest.mark.parametrize(("do", "error"), [("take_down", "AccountTakedown"), ("deactivate", "AccountDeactivated")])
async def test_an_account_in_bad_standing_is_not_shown_and_cannot_post(raw: Raw, do: str, error: str) -> None:
    """Readers see nothing, writing is 401, and both end when the account is restored."""
    await raw.put()
    getattr(raw.server, do)(HANDLE)
    assert raw.server.public() == []
    status, body, _ = await raw.put()
    assert (status, body["error"]) == (401, error)
    raw.server.restore(HANDLE)
    assert [post.text for post in raw.server.public(HANDLE)] == ["hello"]
    assert (await raw.put())[0] == 200


async def test_expiring_everything_leaves_only_the_password(raw: Raw) -> None:
    """With the refresh token gone too, nothing but a login helps; logins are counted."""
    raw.server.expire_tokens(HANDLE, refresh=True)
    assert (await raw.put())[0] == 400
    assert (await raw.post("com.atproto.server.refreshSession", token="refresh"))[0] == 400
    assert await raw.login(password="wrong") == 401
    assert await raw.login() == 200
    assert (await raw.put())[0] == 200
    assert raw.server.logins(HANDLE) == 2


async def test_a_login_leads_nowhere_else(raw: Raw) -> None:
    """Without a `didDoc` in the answer clients stay with the address that they were given."""
    _, body, _ = await raw.post("com.atproto.server.createSession", identifier=HANDLE, password=PASSWORD)
    assert "didDoc" not in body


# ── rate limits ───────────────────────────────────────────────────────────────────────────────────────────────────


def creates(count: int) -> list[dict[str, Any]]:
    """Writes that cost three points each."""
    kind = "com.atproto.repo.applyWrites#create"
    return [{"$type": kind, "collection": "com.example.note", "value": {}} for _ in range(count)]


async def test_writes_are_limited_to_5000_points_an_hour(raw: Raw, clock: Clock) -> None:
    """Creates cost three, puts two, deletes one; the one too many is a 429 with headers and changes nothing."""
    for _ in range(8):
        status, _, _ = await raw.post("com.atproto.repo.applyWrites", repo=raw.did, writes=creates(200))
        assert status == 200
    _, _, headers = await raw.post("com.atproto.repo.applyWrites", repo=raw.did, writes=creates(65))
    assert (headers["ratelimit-limit"], headers["ratelimit-remaining"]) == ("5000", "5")
    statuses = [(await raw.put())[0], (await raw.put())[0], (await raw.delete())[0]]
    clock.at += 60
    status, body, headers = await raw.put(rkey="3jzfcijpj2z2b")
    assert [*statuses, status] == [200, 200, 200, 429]
    assert body == {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
    assert (headers["retry-after"], headers["ratelimit-policy"]) == ("3540", "5000;w=3600")
    assert headers["ratelimit-reset"] == str(int(clock.at) + 3540)
    assert raw.server.public() == []
    clock.at += 3540
    assert (await raw.put())[0] == 200


async def test_what_is_refused_costs_points_too(raw: Raw) -> None:
    """Invalid records use up the budget, as on the reference server."""
    bad = [{**write, "value": {"$type": "com.example.other"}} for write in creates(200)]
    for _ in range(8):
        assert (await raw.post("com.atproto.repo.applyWrites", repo=raw.did, writes=bad))[0] == 400
    assert (await raw.post("com.atproto.repo.applyWrites", repo=raw.did, writes=bad))[0] == 429


async def test_logins_are_limited_to_30_in_five_minutes(raw: Raw, clock: Clock) -> None:
    """Right or wrong, the 31st login of one identifier has to wait; another identifier does not."""
    assert [await raw.login() for _ in range(30)] == [200] * 29 + [429]  # the fixture was the first
    assert await raw.login("nobody.test") == 401
    clock.at += 300
    assert await raw.login() == 200


async def test_limits_can_be_lifted() -> None:
    """An unpaced server limits nothing and sends no such headers."""
    server = BlueskySandbox(paced=False)
    server.add_account(HANDLE, PASSWORD)
    await server.start()
    client = Raw(server)
    assert {await client.login() for _ in range(35)} == {200}
    _, _, headers = await client.put()
    await client.http.close()
    await server.stop()
    assert not [name for name in headers if name.startswith("ratelimit")]


# ── faults ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_each_fault_strikes_its_own_sort_of_call(raw: Raw) -> None:
    """Writing, uploading, sessions and look-ups are told apart."""
    calls: dict[str, Callable[[], Awaitable[tuple[int, Any, dict[str, str]]]]] = {
        "publish": raw.put,
        "upload": lambda: raw.upload(b"abc"),
        "auth": lambda: raw.post("com.atproto.server.refreshSession", token="refresh"),
        "read": lambda: raw.get("com.atproto.identity.resolveHandle", handle=HANDLE),
    }
    for struck in calls:
        raw.server.faults.add(Fault.parse(f"error=502@{struck}"))
        for name, call in calls.items():
            status, body, _ = await call()
            assert status == (502 if name == struck else 200)
            assert name != struck or body["error"] == "UpstreamFailure"


async def test_a_line_cut_after_the_commit_leaves_one_post(raw: Raw) -> None:
    """The client learns nothing, readers see the post, and putting it again changes nothing."""
    raw.server.faults.add(Fault.parse("cut"))
    with pytest.raises(aiohttp.ClientError):
        await raw.put(swapRecord=None)
    assert len(raw.server.public()) == 1
    status, body, _ = await raw.put(swapRecord=None)
    assert (status, "commit" in body) == (200, False)
    assert len(raw.server.public()) == 1


async def test_a_line_dropped_before_the_commit_leaves_nothing(raw: Raw) -> None:
    """The client learns nothing, and there is nothing to learn."""
    raw.server.faults.add(Fault.parse("drop"))
    with pytest.raises(aiohttp.ClientError):
        await raw.put()
    assert raw.server.public() == []


# ── the public side ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_watchers_hear_of_each_post_once(raw: Raw) -> None:
    """Neither a repeated put nor a change counts as a new post; a post after its deletion does."""
    heard: list[PublicPost] = []
    raw.server.on_post = heard.append
    await raw.put()
    await raw.put()
    await raw.put({**RECORD, "text": "changed"})
    assert [post.text for post in heard] == ["hello"]
    await raw.delete()
    await raw.put()
    assert [post.text for post in heard] == ["hello", "hello"]


async def test_a_feed_goes_by_the_stated_time_unless_it_lies_ahead(raw: Raw, clock: Clock) -> None:
    """Old dates sink, and dates of the future count as the time of arrival."""
    clock.at = 1_800_000_000.0
    await raw.login()
    for rkey, date in (("b", "2100-01-01T00:00:00Z"), ("c", "2026-01-02T00:00:00Z"), ("d", "2026-01-01T00:00:00Z")):
        await raw.put({**RECORD, "text": rkey, "createdAt": date}, f"3jzfcijpj2z2{rkey}")
        clock.at += 1
    assert [post.text for post in raw.server.public(HANDLE)] == ["d", "c", "b"]


async def test_each_account_is_a_place_of_its_own(raw: Raw) -> None:
    """Posts of two accounts are told apart, and one cannot write for the other."""
    did = raw.server.add_account("other.test", "x")
    assert did == BlueskySandbox().add_account("other.test", "y")
    await raw.put()
    raw.did = did
    assert (await raw.put())[0] == 401
    assert [len(raw.server.public(place)) for place in (HANDLE, "other.test", None)] == [1, 0, 1]


async def test_eight_writers_of_one_key_make_one_post(raw: Raw) -> None:
    """Of create-only puts with different texts exactly one wins."""
    puts = [raw.put({**RECORD, "text": str(number)}, swapRecord=None) for number in range(8)]
    answers = await asyncio.gather(*puts)
    assert sorted(status for status, _, _ in answers) == [200] + [400] * 7
    assert len(raw.server.public()) == 1
