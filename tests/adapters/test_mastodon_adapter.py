"""The Mastodon adapter, through Mastodon.py, against the sandbox and against servers that answer to the letter."""

import asyncio
import contextlib
import io
import logging
import re
import socket
import traceback
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from adapters.mastodon.adapter import PAGE, PAGES_AT_ONCE, MastodonAdapter
from adapters.outcomes import (
    Absent,
    AskAgain,
    ChannelDown,
    Found,
    Outcome,
    RateLimited,
    Rejected,
    Unavailable,
    Uncertain,
)
from adapters.post import Part, Payload, Post
from adapters.sandbox.faults import Fault
from adapters.sandbox.mastodon import MastodonSandbox
from tests.adapters.mastodon_account import (
    LINK,
    NOW,
    TOKEN,
    Hands,
    adapter_for,
    always,
    answering,
    key_of,
    outcome_of,
    payload_of,
)


@pytest.fixture
async def server() -> AsyncIterator[MastodonSandbox]:
    """A sandbox server with one account."""
    sandbox = MastodonSandbox()
    sandbox.add_account(TOKEN, "news")
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def adapter(server: MastodonSandbox) -> AsyncIterator[MastodonAdapter]:
    """The adapter of that account."""
    opened = adapter_for(server.url)
    yield opened
    await opened.close()


# ── publishing ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_publish(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """One request makes one status, which a reader sees as composed."""
    receipt = await adapter.publish(await payload_of(adapter), key_of(adapter))
    (post,) = server.public()
    assert (post.id, post.url) == (receipt.id, receipt.url)
    assert post.text == f"A title\n\n{LINK}"
    assert (post.links, post.language, post.extra["visibility"]) == ((LINK,), "en", "public")
    assert receipt.at.tzinfo is UTC
    assert abs(receipt.at.timestamp() - post.at) < 1
    assert server.requests == [("POST", "/api/v1/statuses")]


async def test_replay_gives_the_same_receipt(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """The same payload under the same key is the same status; keys differ by obligation."""
    payload = await payload_of(adapter)
    first = await adapter.publish(payload, key_of(adapter))
    second = await adapter.publish(payload, key_of(adapter))
    assert first == second
    assert len(server.public()) == 1
    assert re.fullmatch("[0-9a-f]{64}", key_of(adapter))
    assert len({key_of(adapter), key_of(adapter, "article-2"), key_of(adapter, payload_number=2)}) == 3


async def test_links_that_no_server_marks(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """An article on an address without a domain goes out too, and is found again."""
    payload = await payload_of(adapter, link="http://127.0.0.1:8080/articles/1")
    receipt = await adapter.publish(payload, key_of(adapter))
    assert await adapter.find(payload, "", {"after": None}) == Found(receipt)


@pytest.mark.parametrize(
    ("fault", "outcome", "posts"),
    [
        ("error=500", Uncertain, 0),
        ("error=502", Uncertain, 0),
        ("error=503", Uncertain, 0),
        ("wait=30", RateLimited, 0),
        ("drop", Uncertain, 0),
        ("garbage", Uncertain, 0),
        ("cut", Uncertain, 1),
        ("error-after=500", Uncertain, 1),
        ("garbage-after", Uncertain, 1),
    ],
)
async def test_faults(
    server: MastodonSandbox, adapter: MastodonAdapter, fault: str, outcome: type[Outcome], posts: int
) -> None:
    """What may have been executed is uncertain, and finding it again tells the truth; one request each time."""
    server.faults.add(Fault.parse(fault))
    payload, key = await payload_of(adapter), key_of(adapter)
    marker = await adapter.mark(None)
    before = len(server.requests)
    told = await outcome_of(adapter.publish(payload, key))
    assert type(told) is outcome
    assert len(server.requests) == before + 1
    assert len(server.public()) == posts
    long_ago = {**marker, "began": (datetime.now(UTC) - timedelta(seconds=91)).isoformat()}
    answer = await adapter.find(payload, key, long_ago)
    assert isinstance(answer, Found if posts else Absent)
    assert not isinstance(answer, Found) or answer.receipt.id == server.public()[0].id


async def test_told_to_wait(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """The wait comes from Mastodon's own headers, which no exception of the library carries."""
    server.faults.add(Fault("wait", seconds=600))
    told = await outcome_of(adapter.publish(await payload_of(adapter), key_of(adapter)))
    assert isinstance(told, RateLimited)
    assert told.retry_after is not None
    assert 595 < told.retry_after < 605


async def test_hang_ends_at_the_deadline(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """A server that never answers leaves the outcome unknown after the deadline, and no later."""
    server.faults.add(Fault("hang"))
    adapter.deadline_for = 0.5
    told = await outcome_of(adapter.publish(await payload_of(adapter), key_of(adapter)))
    assert (type(told), told.message) == (Uncertain, f"127.0.0.1:{server.port} did not answer.")


async def test_cancelled(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """A cancelled call re-raises at once, and the server sees its client leave."""
    server.faults.add(Fault("hang"))
    call = asyncio.create_task(adapter.publish(await payload_of(adapter), key_of(adapter)))
    await server.arrivals(1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert server.public() == []


async def test_nobody_there(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """A server that is down has proven that it executed nothing."""
    payload = await payload_of(adapter)
    await server.stop()
    told = await outcome_of(adapter.publish(payload, key_of(adapter)))
    assert type(told) is Unavailable
    assert told.message == f"127.0.0.1:{server.port} could not be reached: it refuses connections."


async def test_refusals(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """Content, rights and credentials are told apart, each with the server's words."""
    body = (await payload_of(adapter)).body
    too_long = await outcome_of(adapter.publish(Payload({**body, "status": "word " * 200 + LINK}), key_of(adapter)))
    assert (type(too_long), too_long.status) == (Rejected, 422)
    assert "character limit of 500 exceeded" in too_long.message

    server.add_account("read-only", "news", ["read"])
    reader = adapter_for(server.url, "read-only")
    no_right = await outcome_of(reader.publish(await payload_of(reader), key_of(reader)))
    assert (type(no_right), no_right.status) == (ChannelDown, 403)
    assert "outside the authorized scopes" in no_right.message

    server.revoke(TOKEN)
    revoked = await outcome_of(adapter.publish(await payload_of(adapter), key_of(adapter)))
    assert isinstance(revoked, ChannelDown)
    assert (revoked.status, "was revoked" in revoked.message) == (401, True)
    assert "Make a new token" in revoked.mend


async def test_a_deleted_post_is_not_posted_again(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """A key whose status somebody deleted is refused for good, not made into another post."""
    payload = await payload_of(adapter)
    receipt = await adapter.publish(payload, key_of(adapter))
    async with ClientSession() as person:
        address = f"{server.url}/api/v1/statuses/{receipt.id}"
        assert (await person.delete(address, headers={"Authorization": f"Bearer {TOKEN}"})).status == 200
    told = await outcome_of(adapter.publish(payload, key_of(adapter)))
    assert (type(told), told.status) == (Rejected, 404)
    assert "was deleted there" in told.message


async def test_the_replay_bug_of_4_6(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """Where a replay is answered 500 although the status exists, it is found."""
    server.traits.idempotency = "replay-500"
    payload, key = await payload_of(adapter), key_of(adapter)
    receipt = await adapter.publish(payload, key)
    assert isinstance(await outcome_of(adapter.publish(payload, key)), Uncertain)
    assert await adapter.find(payload, key, {"after": None}) == Found(receipt)
    assert len(server.public()) == 1


STATUS = {
    "id": "7",
    "content": f'<p><a href="{LINK}">x</a></p>',
    "url": "https://m.example/@a/7",
    "created_at": "2026-11-23T12:00:00.000Z",
}


@pytest.mark.parametrize(
    "headers",
    [{"X-RateLimit-Reset": "soon"}, {"X-RateLimit-Remaining": "few"}, {"Deprecation": "@1"}, {"Link": "<<>>,;"}, {}],
)
async def test_headers_that_the_library_trips_over(headers: dict[str, str]) -> None:
    """A status that was made is a receipt, whatever the server writes around it."""
    async with answering(always(lambda: web.json_response(STATUS, headers=headers))) as (adapter, requests):
        receipt = await adapter.publish(await payload_of(adapter), key_of(adapter))
    assert (receipt.id, receipt.url, receipt.at) == ("7", "https://m.example/@a/7", NOW)
    assert len(requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.json_response({**STATUS, "content": "<p>another article's</p>"}),
        lambda: web.json_response({**STATUS, "id": None}),
        lambda: web.json_response({}),
        lambda: web.json_response([]),
        lambda: web.json_response("ok"),
        lambda: web.Response(body=b""),
        lambda: web.Response(text="<html>"),
        lambda: web.json_response(STATUS, status=202),
    ],
)
async def test_what_is_no_proof(answer: Callable[[], web.Response]) -> None:
    """Only a status with an id and this article's link is a success; all else that looks like one is uncertain."""
    async with answering(always(answer)) as (adapter, requests):
        assert type(await outcome_of(adapter.publish(await payload_of(adapter), key_of(adapter)))) is Uncertain
    assert requests == ["POST /api/v1/statuses"]


async def test_no_redirect_is_followed() -> None:
    """A redirected POST is not turned into a GET whose answer looks like a success: the server has moved."""
    moved = always(lambda: web.Response(status=302, headers={"Location": "https://new.example/api/v1/statuses"}))
    async with answering(moved) as (adapter, requests):
        told = await outcome_of(adapter.publish(await payload_of(adapter), key_of(adapter)))
    assert isinstance(told, ChannelDown)
    assert "redirect to https://new.example" in told.message
    assert requests == ["POST /api/v1/statuses"]


# ── finding ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_mark(server: MastodonSandbox) -> None:
    """The marker is the ledger's newest id, else the account's own; an account without posts has none. It says when it
    was made, and what the server calls the application, once that is known."""
    clock = Hands()
    adapter = adapter_for(server.url, now=clock.now)
    began = {"began": clock.now().isoformat()}
    assert await adapter.mark(None) == {"after": None, **began}
    receipt = await adapter.publish(await payload_of(adapter), key_of(adapter))
    assert await adapter.mark(None) == {"after": receipt.id, **began}
    asked = len(server.requests)
    assert await adapter.mark("42") == {"after": "42", **began}
    assert len(server.requests) == asked
    await adapter.verify()
    assert await adapter.mark("42") == {"after": "42", **began, "application": "Handbill"}


async def test_find_looks_at_newer_posts_only(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """A post of the same link from before the marker is not this delivery's."""
    payload = await payload_of(adapter)
    old = await adapter.publish(payload, key_of(adapter))
    assert isinstance(await adapter.find(payload, "", {"after": old.id}), Absent)
    new = await adapter.publish(payload, key_of(adapter, payload_number=2))
    assert await adapter.find(payload, "", {"after": old.id}) == Found(new)


async def test_find_pages_on(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """A post is found below many others that came after it."""
    payload = await payload_of(adapter)
    receipt = await adapter.publish(payload, key_of(adapter))
    for number in range(PAGE + 5):
        other = await payload_of(adapter, link=f"https://news.example.com/{number}")
        await adapter.publish(other, key_of(adapter, f"other-{number}"))
    assert await adapter.find(payload, "", {"after": None}) == Found(receipt)
    assert isinstance(await adapter.find(payload, "", {"after": receipt.id}), Absent)


async def test_find_goes_on_where_it_left(adapter: MastodonAdapter) -> None:
    """A listing too long for one asking is continued from the marker, until it is whole."""
    newest = PAGE * PAGES_AT_ONCE + 10

    async def endless(request: web.Request) -> web.Response:
        if request.path.endswith("verify_credentials"):
            return web.json_response({"id": "1", "username": "news"})
        top = int(request.query.get("max_id", newest + 1)) - 1
        ids = range(top, max(top - PAGE, int(request.query.get("since_id", 0))), -1)
        return web.json_response([{"id": str(each), "content": "<p>other</p>"} for each in ids])

    async with answering(endless) as (asking, requests):
        payload = await payload_of(asking)
        answer = await asking.find(payload, "", {"after": "5"})
        assert isinstance(answer, AskAgain)
        assert answer.marker == {"after": "5", "before": "11"}
        assert len(requests) == PAGES_AT_ONCE + 1
        assert isinstance(await asking.find(payload, "", answer.marker), Absent)


@pytest.mark.parametrize("answer", [{}, {"error": "x"}, "", None, [{"content": ""}], ["1"]])
async def test_only_a_list_proves_absence(answer: object) -> None:
    """Whatever is not a list of statuses proves nothing."""

    async def odd(request: web.Request) -> web.Response:
        me = request.path.endswith("verify_credentials")
        return web.json_response({"id": "1", "username": "news"} if me else answer)

    async with answering(odd) as (adapter, _):
        assert type(await outcome_of(adapter.find(await payload_of(adapter), "", {"after": "1"}))) is Unavailable


@pytest.mark.parametrize("fault", ["error=500@read", "wait=60@read", "drop@read", "garbage@read"])
async def test_asking_fails(server: MastodonSandbox, adapter: MastodonAdapter, fault: str) -> None:
    """A listing that cannot be had is no answer."""
    server.faults.add(Fault.parse(fault))
    told = await outcome_of(adapter.find(await payload_of(adapter), "", {"after": None}))
    assert isinstance(told, RateLimited | Unavailable)


# ── who we are ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_verify(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """The account, its lasting identity and the instance's own limit are learnt, and used from then on."""
    server.traits.max_characters = 1200
    standing = await adapter.verify()
    home = f"127.0.0.1:{server.port}"
    assert re.fullmatch(rf"\d+@{home}", standing.account_id)
    assert standing.place_id == standing.account_id
    assert (standing.who, standing.url) == (f"@news@{home} (news)", f"{server.url}/@news")
    assert (standing.limits.length, standing.problems) == (1200, ())
    assert "not marked as automated" in standing.notes[0]
    parts = (Part("summary", "word " * 200), Part("text", "\n\n"), Part("link", LINK))
    draft = adapter.compose(Post(parts, LINK, "", ""), NOW)
    assert (draft.limit, draft.warnings) == (1200, ())


@pytest.mark.parametrize(
    ("instance", "length", "notes"),
    [
        ({"max_toot_chars": 5000}, 5000, 0),
        ({"configuration": {"statuses": {"max_characters": 3000, "characters_reserved_per_url": 30}}}, 3000, 0),
        ({"configuration": {"statuses": {"max_characters": "many"}}}, 500, 1),
        (None, 500, 1),
    ],
)
async def test_older_and_other_servers(instance: object, length: int, notes: int) -> None:
    """A server without the newer form is asked for the older; one that tells nothing is taken for a plain one."""

    async def older(request: web.Request) -> web.Response:
        if request.path == "/api/v1/accounts/verify_credentials":
            return web.json_response({"id": 12, "username": "news", "bot": True, "url": "https://other.example/u/news"})
        if request.path == "/api/v1/instance" and instance is not None:
            return web.json_response(instance)
        return web.json_response({"error": "Record not found"}, status=404)

    async with answering(older) as (adapter, _):
        standing = await adapter.verify()
    assert (standing.account_id, standing.who) == ("12@other.example", "@news@other.example")
    assert (standing.limits.length, len(standing.notes)) == (length, notes)


async def test_problems_are_told_with_their_mend() -> None:
    """A suspended account and a token without the right to post are told before the first post fails."""

    async def poor(request: web.Request) -> web.Response:
        if request.path == "/api/v1/accounts/verify_credentials":
            return web.json_response({"id": "1", "username": "news", "suspended": True})
        if request.path == "/api/v1/apps/verify_credentials":
            return web.json_response({"name": "x", "scopes": ["profile", "read:statuses"]})
        return web.json_response({"configuration": {"statuses": {"max_characters": 500}}})

    async with answering(poor) as (adapter, _):
        suspended, scopes = (await adapter.verify()).problems
    assert "suspended" in suspended
    assert "may not post (write:statuses): make a new one" in scopes


async def test_verify_fails(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """A suspended login, a wrong token, a busy server and a missing one are told apart."""
    server.faults.add(Fault("error", "read", status=503))
    assert type(await outcome_of(adapter.verify())) is Unavailable
    server.suspend("news")
    assert type(await outcome_of(adapter.verify())) is ChannelDown
    assert type(await outcome_of(adapter_for(server.url, "wrong").verify())) is ChannelDown
    await server.stop()
    assert type(await outcome_of(adapter.verify())) is Unavailable


async def test_a_token_without_an_application() -> None:
    """Where the server does not take the question which application the token has, that is nobody's fault."""

    async def personal(request: web.Request) -> web.Response:
        if request.path == "/api/v1/accounts/verify_credentials":
            return web.json_response({"id": "1", "username": "news", "bot": True})
        if request.path == "/api/v1/apps/verify_credentials":
            return web.json_response({"error": "The access token is invalid"}, status=401)
        return web.json_response({"configuration": {"statuses": {"max_characters": 500}}})

    async with answering(personal) as (adapter, _):
        assert (await adapter.verify()).problems == ()
        assert "application" not in await adapter.mark("1")


async def test_a_server_that_speaks_no_mastodon() -> None:
    """An address without the API is the operator's to mend."""
    async with answering(always(lambda: web.Response(status=404, text="<html>"))) as (adapter, _):
        told = await outcome_of(adapter.verify())
    assert isinstance(told, ChannelDown)
    assert "Check the server's address" in told.mend


# ── secrets ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_token_shows_nowhere(server: MastodonSandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Neither what is raised, nor what lies beneath it, nor any log of any library holds the token."""
    caplog.set_level(logging.DEBUG)
    seen, printed = [], io.StringIO()
    adapter = adapter_for(server.url)
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        payload = await payload_of(adapter)
        for fault in ("error=500", "error=401", "drop", "garbage", "wait=5", "error=422"):
            server.faults.add(Fault.parse(fault))
            seen.append(await outcome_of(adapter.publish(payload, key_of(adapter, fault))))
        await server.stop()
        seen.append(await outcome_of(adapter.publish(payload, key_of(adapter))))
        seen.append(await outcome_of(adapter.verify()))
    told = "".join("".join(traceback.format_exception(each)) + repr(each.__dict__) for each in seen)
    assert len(seen) == 8
    assert caplog.text
    assert TOKEN not in told + caplog.text + printed.getvalue() + repr(adapter)


async def test_a_file_called_like_the_token_is_not_read(
    server: MastodonSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library would take a token that names a file for that file's first line."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / TOKEN).write_text("another-token\n")
    adapter = adapter_for(server.url)
    assert (await adapter.verify()).problems == ()


async def test_close_does_not_wait(server: MastodonSandbox, adapter: MastodonAdapter) -> None:
    """Letting go does not wait for a call that hangs."""
    server.faults.add(Fault("hang"))
    call = asyncio.create_task(adapter.publish(await payload_of(adapter), key_of(adapter)))
    await server.arrivals(1)
    await adapter.close()
    assert not call.done()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_slow_connection_counts_against_the_deadline() -> None:
    """A connection that does not come about before the deadline proves that nothing was sent."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = []
        while True:
            filler = socket.socket()
            filler.setblocking(False)
            fillers.append(filler)
            try:
                connecting = asyncio.get_running_loop().sock_connect(filler, full.getsockname())
                await asyncio.wait_for(connecting, 0.2)
            except TimeoutError:
                break
        adapter = adapter_for(f"http://127.0.0.1:{full.getsockname()[1]}")
        adapter.deadline_for = 0.3
        told = await outcome_of(adapter.publish(await payload_of(adapter), key_of(adapter)))
        for filler in fillers:
            filler.close()
    assert (type(told), "did not answer in time" in told.message) == (Unavailable, True)


def test_the_contract() -> None:
    """What the core plans with: pace by account, quiet time, deadline, no pictures."""
    adapter = adapter_for("https://mastodon.example")
    (pace,) = adapter.paces
    assert (pace.count, timedelta(seconds=pace.per_for), pace.scope) == (300, timedelta(hours=3), "account")
    assert (adapter.quiet_for, adapter.deadline_for, adapter.takes_picture) == (90, 45, False)
