"""The Bluesky adapter against a strict PDS on loopback, judged by what readers see there."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, get_args

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.base import Context, KeySeed
from adapters.bluesky import PLATFORM, BlueskySettings
from adapters.bluesky.adapter import BlueskyAdapter
from adapters.bluesky.repository import PAGES
from adapters.bluesky.xrpc import LIST_PAGE
from adapters.outcomes import Absent, ChannelDown, Found, Outcome, RateLimited, Rejected, Unavailable, Uncertain
from adapters.post import Draft, Media, Part, Payload, Picture, Post, Receipt
from adapters.sandbox.bluesky_records import Taken
from adapters.sandbox.bluesky_repo import Write
from adapters.sandbox.bluesky_syntax import tid
from adapters.sandbox.faults import Fault
from tests.adapters.account import HANDLE, PASSWORD, OneAccount

LINK = "https://example.com/news/1"
POSTS = "app.bsky.feed.post"
NO_CID = "bafyreid27zk7lbis4zw5fz4podbvbs4fc5ivwji3dmrwa6zggnj4bnd57u"
PUT, GET, LIST, REFRESH, LOGIN, WHOAMI, UPLOAD = (
    f"/xrpc/com.atproto.{name}"
    for name in (
        "repo.putRecord",
        "repo.getRecord",
        "repo.listRecords",
        "server.refreshSession",
        "server.createSession",
        "server.getSession",
        "repo.uploadBlob",
    )
)
JPEG = Picture(b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8, "image/jpeg", 64, 32, "A chart")


@dataclass
class Scene(OneAccount):
    """A PDS with one account, a clock that the test moves, and adapters that come and go like processes."""

    opened: list[BlueskyAdapter] = field(default_factory=list)

    def open(
        self, *, password: str = PASSWORD, handle: str = HANDLE, owner: bool = True, server: str = ""
    ) -> BlueskyAdapter:
        """Start a process with an adapter of the account."""
        settings = BlueskySettings.model_validate(
            {"server": server or self.pds.url, "handle": handle, "app_password": password}
        )
        context = Context(lambda: self.at, os.urandom, self.secrets.add, self.store, owner=owner)
        adapter = PLATFORM.open(settings, context)
        assert isinstance(adapter, BlueskyAdapter)
        self.opened.append(adapter)
        return adapter

    def paths(self) -> list[str]:
        """What was asked of the server, in order."""
        return [path for _, path in self.pds.requests]

    def key(self, adapter: BlueskyAdapter, link: str = LINK) -> str:
        return adapter.key(KeySeed(self.did, link, "publish", 0, 1, self.at))

    async def payload(self, adapter: BlueskyAdapter, link: str = LINK, picture: Picture | None = None) -> Payload:
        return await adapter.stage(adapter.compose(article(link, picture), self.at))

    async def as_owner(self, method: str, **body: Any) -> None:
        """Something that the account's owner does in another program."""
        async with httpx.AsyncClient(base_url=self.pds.url) as client:
            who = {"identifier": HANDLE, "password": PASSWORD}
            session = (await client.post(LOGIN, json=who)).json()
            headers = {"Authorization": f"Bearer {session['accessJwt']}"}
            path = method if method.startswith("/") else f"/xrpc/{method}"
            answer = await client.post(path, json={"repo": self.did, **body}, headers=headers)
            assert answer.status_code == 200, answer.text


def article(link: str = LINK, picture: Picture | None = None) -> Post:
    """An article as the default template renders it."""
    parts = (Part("title", "Snow in May"), Part("text", "\n\n"), Part("link", link))
    return Post(parts, link, "Snow in May", "It fell all night.", language="en", picture=picture)


@asynccontextmanager
async def server_that_says(answers: Mapping[str, Any]) -> AsyncIterator[str]:
    """A server that lets everybody in as `did:plc:odd` and gives fixed answers, by path: a body, or
    a status and a body. Yields its address."""
    opaque = {"did": "did:plc:odd", "handle": "handle.invalid", "accessJwt": "a", "refreshJwt": "r"}

    async def answer(request: web.Request) -> web.Response:
        given = {LOGIN: opaque, **answers}[request.path]
        status, body = given if isinstance(given, tuple) else (200, given)
        return web.json_response(body, status=status)

    app = web.Application()
    app.router.add_route("*", "/xrpc/{nsid}", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url(""))


@asynccontextmanager
async def one_account(*, taken: Taken = "compare", app_view: bool = False) -> AsyncIterator[Scene]:
    """A PDS that listens, and nobody signed in yet; with the choices that the sandbox has."""
    scene = Scene(taken=taken, app_view=app_view)
    await scene.pds.start()
    yield scene
    for adapter in scene.opened:
        await adapter.close()
    await scene.pds.stop()


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """A PDS as the reference server is."""
    async with one_account() as scene:
        yield scene


# ── posting ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_post_comes_out_whole(scene: Scene) -> None:
    """Readers see the text with its link, the card with its picture, and the language; the receipt is its proof."""
    adapter = scene.open()
    key = scene.key(adapter)
    receipt = await adapter.publish(await scene.payload(adapter, picture=JPEG), key)
    (post,) = scene.pds.public(HANDLE)
    assert post.text == "Snow in May\n\nexample.com/news/1"
    assert post.links == (LINK, LINK)
    assert post.card == {"title": "Snow in May", "description": "It fell all night.", "link": LINK, "picture": True}
    assert ("link", "example.com/news/1") in post.marks
    assert post.language == "en"
    uri = f"at://{scene.did}/app.bsky.feed.post/{key}"
    assert Receipt(uri, f"https://bsky.app/profile/{HANDLE}/post/{key}", scene.at) == receipt


async def test_the_same_put_may_be_repeated_for_ever(scene: Scene) -> None:
    """Putting the frozen payload again, also by a new process much later, gives the same receipt and no second post."""
    adapter = scene.open()
    payload, key = await scene.payload(adapter, picture=JPEG), scene.key(adapter)
    receipt = await adapter.publish(payload, key)
    assert receipt == await adapter.publish(payload, key)
    scene.pass_time(days=30)
    assert receipt == await scene.open().publish(payload, key)
    assert len(scene.pds.public()) == 1


@pytest.mark.parametrize(
    ("fault", "outcome", "is_out"),
    [
        ("error=500", Uncertain, False),
        ("error=502", Uncertain, False),
        ("error=503", Uncertain, False),
        ("error=504", Uncertain, False),
        ("wait=7", RateLimited, False),
        ("drop", Uncertain, False),
        ("cut", Uncertain, True),
        ("late=30", Uncertain, True),
        ("hang", Uncertain, False),
        ("garbage", Uncertain, False),
        ("error-after=502", Uncertain, True),
        ("garbage-after", Uncertain, True),
    ],
)
async def test_every_fault_is_told_truly_and_mended(
    scene: Scene, fault: str, outcome: type[Outcome], is_out: bool
) -> None:
    """Whatever befalls the put, what is raised never claims too much, `find` knows, and a repeat makes it one post."""
    adapter = scene.open()
    payload, key = await scene.payload(adapter), scene.key(adapter)
    marker = await adapter.mark(None)
    scene.pds.faults.add(Fault.parse(fault))
    if fault in ("hang", "late=30"):
        adapter.deadline_for = 0.3
    with pytest.raises(outcome) as raised:
        await adapter.publish(payload, key)
    assert type(raised.value) is outcome
    assert is_out is bool(scene.pds.public())
    if isinstance(raised.value, RateLimited):
        assert raised.value.retry_after == 7
    adapter.deadline_for = 45.0
    answer = await adapter.find(payload, key, marker)
    assert type(answer) is (Found if is_out else Absent)
    receipt = await adapter.publish(payload, key)
    assert not isinstance(answer, Found) or answer.receipt == receipt
    assert len(scene.pds.public()) == 1


async def test_a_server_that_is_down_is_proven_unreached(scene: Scene) -> None:
    """Nothing can be executed by a server that is not there: signing in, looking and posting all say so."""
    adapter = scene.open()
    payload, key = await scene.payload(adapter), scene.key(adapter)
    await scene.pds.stop()
    with pytest.raises(Unavailable, match="could not be reached"):
        await adapter.publish(payload, key)
    with pytest.raises(Unavailable):
        await adapter.find(payload, key, {})
    with pytest.raises(Unavailable):
        await scene.open(owner=False).verify()
    await scene.pds.start()
    await adapter.publish(payload, key)
    assert len(scene.pds.public()) == 1


async def test_a_cancelled_put_writes_nothing_more(scene: Scene) -> None:
    """Cancelling ends the call at once, whatever the server does, and nothing follows it on the wire."""
    adapter = scene.open()
    payload, key = await scene.payload(adapter), scene.key(adapter)
    await adapter.verify()
    scene.pds.faults.add(Fault("hang"))
    put = asyncio.create_task(adapter.publish(payload, key))
    asked = len(scene.pds.requests)
    await scene.pds.arrivals(asked + 1)
    put.cancel()
    with pytest.raises(asyncio.CancelledError):
        await put
    assert scene.paths()[asked:] == [PUT]
    assert scene.pds.public() == []


async def test_closing_does_not_wait_for_a_call_that_hangs(scene: Scene) -> None:
    """Letting go of the connections ends a call that hangs; what became of it is unknown."""
    adapter = scene.open()
    payload, key = await scene.payload(adapter), scene.key(adapter)
    await adapter.verify()
    scene.pds.faults.add(Fault("hang"))
    put = asyncio.create_task(adapter.publish(payload, key))
    await scene.pds.arrivals(len(scene.pds.requests) + 1)
    await adapter.close()
    with pytest.raises(Uncertain):
        await put


async def test_a_sign_in_that_hangs_is_not_an_unknown_post(scene: Scene) -> None:
    """When the time is up before the record was put, nothing was executed."""
    adapter = scene.open()
    payload, key = await scene.payload(adapter), scene.key(adapter)
    scene.pds.faults.add(Fault("hang", "auth"))
    adapter.deadline_for = 0.3
    with pytest.raises(Unavailable, match="within"):
        await adapter.publish(payload, key)


async def test_content_that_is_refused_is_final(scene: Scene) -> None:
    """A record that breaks the lexicon is refused for good, with the server's reason."""
    adapter = scene.open()
    payload = await scene.payload(adapter)
    with pytest.raises(Rejected, match="grapheme") as raised:
        await adapter.publish(Payload({**payload.body, "text": "x" * 301}), scene.key(adapter))
    assert (raised.value.status, raised.value.instead) == (400, None)


@pytest.mark.parametrize("taken", get_args(Taken))
async def test_a_key_that_is_taken_is_never_overwritten(taken: Taken) -> None:
    """Another record at the key, without this article's link, stays; the post is refused with a clear sentence, however
    the server says that the key is taken."""
    async with one_account(taken=taken) as scene:
        await _never_overwritten(scene)


async def _never_overwritten(scene: Scene) -> None:
    adapter = scene.open()
    payload, key = await scene.payload(adapter), scene.key(adapter)
    other = {**payload.body, "text": "By hand", "embed": None, "facets": []}
    del other["embed"]
    await scene.as_owner("com.atproto.repo.putRecord", collection="app.bsky.feed.post", rkey=key, record=other)
    assert Absent is type(await adapter.find(payload, key, {}))
    with pytest.raises(Rejected, match="Another record") as raised:
        await adapter.publish(payload, key)
    assert raised.value.instead is None  # an edited post of ours would come out twice
    assert [post.text for post in scene.pds.public()] == ["By hand"]


@pytest.mark.parametrize("taken", get_args(Taken))
async def test_a_post_that_is_at_its_key_counts(taken: Taken) -> None:
    """The very record, and an older form of it with the same link that a lost ledger sent, are this article's post."""
    for changes in ({}, {"createdAt": "2026-11-01T00:00:00.000Z"}):
        async with one_account(taken=taken) as scene:
            adapter = scene.open()
            payload, key = await scene.payload(adapter), scene.key(adapter)
            await adapter.publish(Payload({**payload.body, **changes}), key)
            assert f"at://{scene.did}/app.bsky.feed.post/{key}" == (await adapter.publish(payload, key)).id
            assert len(scene.pds.public()) == 1


@pytest.mark.parametrize("taken", get_args(Taken))
async def test_a_taken_key_that_cannot_be_looked_at_stays_unknown(taken: Taken) -> None:
    """Something stands at the key, and the server does not say what: it may be this very post."""
    async with one_account(taken=taken) as scene:
        adapter = scene.open()
        payload, key = await scene.payload(adapter), scene.key(adapter)
        await adapter.publish(Payload({**payload.body, "createdAt": "2026-11-01T00:00:00.000Z"}), key)
        scene.pds.faults.add(Fault("error", "read"))
        with pytest.raises(Uncertain, match="is not known"):
            await adapter.publish(payload, key)
        scene.pds.faults.add(Fault("hang", "read"))
        adapter.deadline_for = 0.5
        with pytest.raises(Uncertain, match="could not be posted"):
            await adapter.publish(payload, key)


async def test_an_error_after_the_post_came_out_is_seen_through(scene: Scene) -> None:
    """The server's own 500 is no last word: the record is looked for at once, and is the proof."""
    adapter = scene.open()
    payload, key = await scene.payload(adapter), scene.key(adapter)
    scene.pds.faults.add(Fault("error-after"))
    receipt = await adapter.publish(payload, key)
    assert receipt == await adapter.publish(payload, key)
    assert len(scene.pds.public()) == 1


@pytest.mark.parametrize(
    ("status", "name", "outcome"),
    [(400, "InvalidSwap", Unavailable), (409, "RecordAlreadyExists", Unavailable), (500, "X", Uncertain)],
)
async def test_a_key_that_is_free_after_all(status: int, name: str, outcome: type[Outcome]) -> None:
    """Refused as if the key were taken, with nothing there: a refusal proves that nothing was executed, a 500 does
    not."""
    refusal = (status, {"error": name, "message": "No"})
    nothing = (400, {"error": "RecordNotFound", "message": "Nothing"})
    scene = Scene()
    awake = {"did": "did:plc:odd", "handle": "handle.invalid"}
    async with server_that_says({PUT: refusal, GET: nothing, WHOAMI: awake}) as url:
        adapter = scene.open(server=url)
        payload = await scene.payload(adapter)
        with pytest.raises(outcome, match=name) as raised:
            await adapter.publish(payload, scene.key(adapter))
        assert type(raised.value) is outcome
        await adapter.close()


async def test_an_expired_token_is_renewed_in_passing(scene: Scene) -> None:
    """A token that the server takes no more is renewed, and the very same call is made again: for a put and a look."""
    adapter = scene.open()
    payload, key = await scene.payload(adapter), scene.key(adapter)
    await adapter.verify()
    asked = len(scene.pds.requests)
    scene.pds.expire_tokens(HANDLE)
    await adapter.publish(payload, key)
    scene.pds.expire_tokens(HANDLE)
    await adapter.verify()
    assert scene.paths()[asked:] == [PUT, REFRESH, PUT, WHOAMI, REFRESH, WHOAMI]
    assert len(scene.pds.public()) == 1
    assert scene.pds.logins(HANDLE) == 1


async def test_a_session_that_ended_costs_one_sign_in(scene: Scene) -> None:
    """However many posts and processes meet it: the first signs in anew, and the others use that."""
    adapters = [scene.open() for _ in range(3)]
    await asyncio.gather(*(adapter.verify() for adapter in adapters))
    before = scene.pds.logins(HANDLE)
    scene.pds.expire_tokens(HANDLE, refresh=True)
    for number in range(9):
        adapter = adapters[number % 3]
        link = f"{LINK}-{number}"
        await adapter.publish(await scene.payload(adapter, link), scene.key(adapter, link))
    assert len(scene.pds.public()) == 9
    assert scene.pds.logins(HANDLE) == before + 1


async def test_a_look_after_a_renewal_may_fail_like_any_other(scene: Scene) -> None:
    """A renewal does not hide what the server says next."""
    adapter = scene.open()
    await adapter.verify()
    scene.pds.expire_tokens(HANDLE)
    scene.pds.faults.add(Fault("error", "auth", after=2))
    with pytest.raises(Unavailable):
        await adapter.verify()


async def test_an_answer_about_another_record_proves_nothing(scene: Scene) -> None:
    """A 200 that names another record than ours is not taken for a receipt."""
    elsewhere = {"uri": f"at://{scene.did}/app.bsky.feed.post/3jzfcijpj2z2a", "cid": "bafy"}
    async with server_that_says({PUT: elsewhere}) as url:
        adapter = scene.open(server=url)
        with pytest.raises(Uncertain, match="another record"):
            await adapter.publish(await scene.payload(adapter), scene.key(adapter))


# ── pictures ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_picture_that_the_server_lost_is_uploaded_again(scene: Scene) -> None:
    """When the only record with a picture was deleted the server drops the bytes: the same ones are uploaded anew."""
    adapter = scene.open()
    payload, key = await scene.payload(adapter, picture=JPEG), scene.key(adapter)
    await adapter.publish(payload, key)
    await scene.as_owner("com.atproto.repo.deleteRecord", collection="app.bsky.feed.post", rkey=key)
    asked = len(scene.pds.requests)
    await adapter.publish(payload, key)
    assert scene.paths()[asked:] == [PUT, UPLOAD, PUT]
    (post,) = scene.pds.public()
    assert post.card is not None
    assert post.card["picture"]


async def test_a_lost_picture_without_bytes_is_refused(scene: Scene) -> None:
    """A payload that has lost its bytes can never go out as it is; without its picture it can."""
    adapter = scene.open()
    payload, key = await scene.payload(adapter, picture=JPEG), scene.key(adapter)
    await adapter.publish(payload, key)
    await scene.as_owner("com.atproto.repo.deleteRecord", collection="app.bsky.feed.post", rkey=key)
    with pytest.raises(Rejected, match="picture") as raised:
        await adapter.publish(Payload(payload.body), key)
    assert [False] == [picture for picture, _ in await goes_out_with_less(scene, adapter, raised.value)]


async def goes_out_with_less(scene: Scene, adapter: BlueskyAdapter, refusal: Rejected) -> list[tuple[bool, bool]]:
    """Send what is offered instead, and what is offered then, each at a key of its own, until something is taken.
    Whether each had a picture, and a card."""
    tried = []
    while True:
        assert refusal.instead is not None
        external = refusal.instead.body.get("embed", {}).get("external")
        tried.append((external is not None and "thumb" in external, external is not None))
        key = adapter.key(KeySeed(scene.did, LINK, "publish", 0, len(scene.pds.requests), scene.at))
        less = refusal.instead
        try:
            receipt = await adapter.publish(less, key)
        except Rejected as again:
            refusal = again
        else:
            assert Found(receipt) == await adapter.find(less, key, {})
            assert receipt == await adapter.publish(less, key)
            assert LINK in scene.pds.public()[-1].links
            return tried


async def test_what_is_refused_goes_out_with_less(scene: Scene) -> None:
    """Refused for its picture, a post goes out without; refused for its card, with its text and link alone; and where
    the text does not lead to the article, not without the card."""
    adapter = scene.open()
    payload, key = await scene.payload(adapter, picture=JPEG), scene.key(adapter)
    embed, external = payload.body["embed"], payload.body["embed"]["external"]

    def with_card(**changes: Any) -> Payload:
        card = {**embed, "external": {**external, **changes}}
        return Payload({**payload.body, "embed": card}, payload.media)

    with pytest.raises(Rejected, match="thumb") as raised:
        await adapter.publish(with_card(thumb={**external["thumb"], "size": 1_000_001}), key)
    assert [(False, True)] == await goes_out_with_less(scene, adapter, raised.value)
    bad_card = with_card(description=None)
    with pytest.raises(Rejected, match="description") as raised:
        await adapter.publish(bad_card, key)
    assert [(False, True), (False, False)] == await goes_out_with_less(scene, adapter, raised.value)
    bare = {name: value for name, value in bad_card.body.items() if name != "facets"}
    with pytest.raises(Rejected, match="description") as raised:
        await adapter.publish(Payload(bare), key)
    without_picture = raised.value.instead
    assert without_picture is not None
    with pytest.raises(Rejected) as raised:
        await adapter.publish(without_picture, key)
    assert raised.value.instead is None


async def test_a_picture_that_is_refused_the_second_time(scene: Scene) -> None:
    """Where the server dropped a picture and takes it no more, the post goes out without."""
    adapter = scene.open()
    payload = await scene.payload(adapter, picture=JPEG)
    await adapter.publish(payload, scene.key(adapter))
    await scene.as_owner("com.atproto.repo.deleteRecord", collection=POSTS, rkey=scene.key(adapter))
    huge = replace(payload, media=(replace(payload.media[0], data=b"0" * (6 * 2**20)),))
    with pytest.raises(Rejected) as raised:
        await adapter.publish(huge, scene.key(adapter))
    assert [(False, True)] == await goes_out_with_less(scene, adapter, raised.value)


async def test_a_picture_that_comes_back_under_another_name_is_refused(scene: Scene) -> None:
    """When the bytes are not those that the frozen record refers to, that record can never go out."""
    adapter = scene.open()
    payload = await scene.payload(adapter, picture=JPEG)
    other = replace(payload, media=(replace(payload.media[0], data=b"other bytes"),))
    await adapter.publish(payload, scene.key(adapter))
    await scene.as_owner("com.atproto.repo.deleteRecord", collection="app.bsky.feed.post", rkey=scene.key(adapter))
    with pytest.raises(Rejected, match="another name"):
        await adapter.publish(other, scene.key(adapter))


async def test_a_picture_that_the_server_refuses_costs_only_the_picture(scene: Scene) -> None:
    """Bytes beyond the server's limit are left out; the post has its card without them."""
    adapter = scene.open()
    draft = adapter.compose(article(picture=JPEG), scene.at)
    huge = Media(b"0" * (6 * 2**20), "image/jpeg", "", 1, 1)
    payload = await adapter.stage(Draft(draft.text, draft.length, draft.limit, draft.unit, draft.body, (huge,)))
    assert payload.media == ()
    await adapter.publish(payload, scene.key(adapter))
    (post,) = scene.pds.public()
    assert post.card is not None
    assert not post.card["picture"]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("error=500", Unavailable),
        ("drop", Unavailable),
        ("cut", Unavailable),
        ("garbage", Unavailable),
        ("wait=9", RateLimited),
    ],
)
async def test_staging_may_be_repeated(scene: Scene, fault: str, outcome: type[Outcome]) -> None:
    """An upload that failed says what to do next, and staging again gives what it would have given."""
    adapter = scene.open()
    scene.pds.faults.add(Fault.parse(f"{fault}@upload"))
    with pytest.raises(outcome):
        await scene.payload(adapter, picture=JPEG)
    payload = await scene.payload(adapter, picture=JPEG)
    assert payload == await scene.payload(adapter, picture=JPEG)
    await adapter.publish(payload, scene.key(adapter))
    assert len(scene.pds.public()) == 1


# ── asking ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_who_we_are(scene: Scene) -> None:
    """The standing names the account by its DID, which is its place, too."""
    standing = await scene.open().verify()
    assert (scene.did, scene.did, f"@{HANDLE}") == (standing.account_id, standing.place_id, standing.who)
    assert f"https://bsky.app/profile/{HANDLE}" == standing.url
    assert (standing.limits.length, standing.limits.max_bytes) == (300, 3000)
    assert (standing.problems, standing.notes) == ((), ())


async def test_an_odd_account_is_told_of(scene: Scene) -> None:
    """A changed handle is noted, a state that we know nothing of stands in the way, and the address goes by the DID."""
    odd = {"did": "did:plc:odd", "handle": "moved.sandbox.test", "active": False, "status": "throttled"}
    async with server_that_says({WHOAMI: odd}) as url:
        standing = await scene.open(server=url).verify()
    assert standing.notes == ("The account's handle is now @moved.sandbox.test.",)
    (problem,) = standing.problems
    assert problem.startswith("The account is not active (throttled). ")
    assert standing.url == "https://bsky.app/profile/did:plc:odd"


async def test_a_deactivated_account_is_a_problem(scene: Scene) -> None:
    """An account that may sign in but not post says so before anything is sent."""
    adapter = scene.open()
    scene.pds.deactivate(HANDLE)
    (problem,) = (await adapter.verify()).problems
    assert "deactivated" in problem
    with pytest.raises(ChannelDown, match="deactivated") as raised:
        await adapter.publish(await scene.payload(adapter), scene.key(adapter))
    assert raised.value.mend


async def test_an_account_taken_down_pauses_the_channel(scene: Scene) -> None:
    """A takedown stops the channel and not the post: nothing is refused for its content."""
    adapter = scene.open()
    await adapter.verify()
    scene.pds.take_down(HANDLE)
    with pytest.raises(ChannelDown, match="taken the account down") as raised:
        await adapter.publish(await scene.payload(adapter), scene.key(adapter))
    assert raised.value.mend
    with pytest.raises(ChannelDown):
        await adapter.verify()
    scene.pds.restore(HANDLE)
    await adapter.publish(await scene.payload(adapter), scene.key(adapter))
    assert len(scene.pds.public()) == 1


async def test_the_newest_of_ours(scene: Scene) -> None:
    """By when it went out, not by its key; neither a reply, nor what has no link, nor what is dated in the future, nor
    what stands at a key that no post can have. None on an account without posts, and on one with none that may be
    ours."""
    adapter = scene.open()
    assert await adapter.newest() is None
    payload = await scene.payload(adapter)
    parent = {"uri": f"at://{scene.did}/app.bsky.feed.post/3jzfcijpj2z2a", "cid": NO_CID}
    by_hand: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("bzzzzzzzzzzzz", {"createdAt": "2026-11-23T08:00:00.000Z"}, {}),
        ("czzzzzzzzzzzz", {"reply": {"root": parent, "parent": parent}}, {}),
        ("self", {}, {"validate": False}),
        ("dzzzzzzzzzzzz", {"createdAt": "yesterday"}, {"validate": False}),
        ("ezzzzzzzzzzzz", {"createdAt": "2026-11-23T07:00:00"}, {"validate": False}),
        ("fzzzzzzzzzzzz", {"embed": "odd", "facets": "odd"}, {"validate": False}),
    ]
    plain = {name: value for name, value in payload.body.items() if name not in ("embed", "facets")}
    await scene.as_owner(PUT, collection=POSTS, rkey="gzzzzzzzzzzzz", record=plain)
    for rkey, changes, more in by_hand:
        await scene.as_owner(PUT, collection=POSTS, rkey=rkey, record={**payload.body, **changes}, **more)
    assert await adapter.newest() is None
    late_key = adapter.key(KeySeed(scene.did, "in years to come", "publish", 0, 1, scene.at.replace(year=2200)))
    late = await adapter.publish(payload, late_key)
    assert late == await adapter.newest()
    scene.pass_time(seconds=30)
    last = await adapter.publish(await scene.payload(adapter), scene.key(adapter))
    assert last == await adapter.newest()
    assert last == await scene.open().newest()


async def test_the_newest_of_ours_is_looked_for_on_several_pages(scene: Scene) -> None:
    """A page full of what cannot be ours is passed over; a list that never ends is given up."""
    adapter = scene.open()
    payload = await scene.payload(adapter)
    receipt = await adapter.publish(payload, scene.key(adapter))
    plain = {name: value for name, value in payload.body.items() if name not in ("embed", "facets")}
    repo = scene.pds._accounts.get(HANDLE).repo
    for number in range(PAGES * LIST_PAGE):
        if number == LIST_PAGE + 1:
            asked = len(scene.pds.requests)
            assert receipt == await adapter.newest()
            assert scene.paths()[asked:] == [LIST, LIST]
        repo.commit([Write("create", (POSTS, tid(1 << 52 | number, 0)), plain)])
    asked = len(scene.pds.requests)
    assert await adapter.newest() is None
    assert scene.paths()[asked:] == [LIST] * PAGES


async def test_a_list_that_is_none(scene: Scene) -> None:
    """An answer without a list proves nothing; nor is that of an inactive account one without posts."""
    async with server_that_says({LIST: {"cursor": "x"}}) as url:
        with pytest.raises(Unavailable):
            await scene.open(server=url).newest()
    adapter = scene.open()
    await adapter.verify()
    scene.pds.deactivate(HANDLE)
    with pytest.raises(ChannelDown, match="deactivated"):
        await adapter.newest()


@pytest.mark.parametrize("app_view", [False, True])
@pytest.mark.parametrize("state", ["deactivated", "takendown"])
async def test_an_inactive_account_is_not_absence(state: str, app_view: bool) -> None:
    """Nobody is shown the records of such an account, and an AppView that is asked instead may never have seen them:
    the channel is down, and the post is out still."""
    async with one_account(app_view=app_view) as scene:
        adapter = scene.open()
        payload, key = await scene.payload(adapter), scene.key(adapter)
        receipt = await adapter.publish(payload, key)
        if state == "deactivated":
            scene.pds.deactivate(HANDLE)
        else:
            scene.pds.take_down(HANDLE)
        for _ in range(2):
            with pytest.raises(ChannelDown) as raised:
                await adapter.find(payload, key, {})
            assert raised.value.mend
        with pytest.raises(ChannelDown):
            await adapter.confirm(payload, receipt)
        scene.pds.restore(HANDLE)
        assert Found(receipt) == await adapter.find(payload, key, {})
        assert await adapter.confirm(payload, receipt) == "confirmed"


async def test_a_state_that_is_new_to_us_is_not_absence() -> None:
    """Whatever state the server calls inactive, its "no such record" proves nothing then; nor does a post that it has
    refused as if its key were taken count as not executed."""
    refusal = (400, {"error": "InvalidSwap", "message": "No"})
    nothing = (400, {"error": "RecordNotFound", "message": "Nothing"})
    asleep = {"did": "did:plc:odd", "handle": "handle.invalid", "active": False, "status": "suspended"}
    scene = Scene()
    async with server_that_says({PUT: refusal, GET: nothing, WHOAMI: asleep}) as url:
        adapter = scene.open(server=url)
        payload, key = await scene.payload(adapter), scene.key(adapter)
        with pytest.raises(ChannelDown, match="suspended"):
            await adapter.find(payload, key, {})
        with pytest.raises(Uncertain, match="suspended"):
            await adapter.publish(payload, key)
        await adapter.close()


async def test_a_server_of_old_says_absent_in_words() -> None:
    """Before there was a name for it, a PDS said only in words that there is no such record; of an active account it
    counts."""
    nothing = (400, {"error": "InvalidRequest", "message": "Could not locate record: at://…"})
    awake = {"did": "did:plc:odd", "handle": "handle.invalid"}
    scene = Scene()
    async with server_that_says({GET: nothing, WHOAMI: awake}) as url:
        adapter = scene.open(server=url)
        assert Absent is type(await adapter.find(await scene.payload(adapter), scene.key(adapter), {}))
        await adapter.close()


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [("error=502", Unavailable), ("drop", Unavailable), ("garbage", Unavailable), ("wait=11", RateLimited)],
)
async def test_an_answer_that_is_none_is_not_absence(scene: Scene, fault: str, outcome: type[Outcome]) -> None:
    """Only the server's own "no such record" proves that a post is not out."""
    adapter = scene.open()
    payload, key = await scene.payload(adapter), scene.key(adapter)
    await adapter.publish(payload, key)
    scene.pds.faults.add(Fault.parse(f"{fault}@read"))
    with pytest.raises(outcome):
        await adapter.find(payload, key, {})
    assert Found is type(await adapter.find(payload, key, {}))
