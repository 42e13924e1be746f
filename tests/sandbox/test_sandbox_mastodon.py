"""The fake Mastodon server as Mastodon.py meets it: its rules, its answers, and what readers see."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from mastodon import (
    Mastodon,
    MastodonAPIError,
    MastodonNotFoundError,
    MastodonRatelimitError,
    MastodonUnauthorizedError,
)
from mastodon.errors import MastodonInternalServerError, MastodonNetworkError, MastodonServiceUnavailableError
from PIL import Image

from adapters.sandbox.faults import Fault
from adapters.sandbox.mastodon import MastodonSandbox
from adapters.sandbox.mastodon_text import Reading, html, length
from adapters.sandbox.mastodon_traits import Idempotency
from adapters.sandbox.server import PublicPost

LINK = "https://herald.example.org/articles/lighthouse?ref=feed&page=2"
FAMILY = "👨‍👩‍👧‍👦"


class Hands:
    """A clock that only a test moves, starting at the beginning of a three-hour window."""

    def __init__(self) -> None:
        self.at = 1_795_413_600.0

    def __call__(self) -> float:
        return self.at


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


def client_of(server: MastodonSandbox, token: str = "good-token") -> Mastodon:
    """Mastodon.py, set up as the bot sets it up."""
    return Mastodon(
        access_token=token,
        api_base_url=server.url,
        ratelimit_method="throw",
        version_check_mode="created",
        mastodon_version="4.6.0",
        request_timeout=10,
    )


def raw() -> aiohttp.ClientSession:
    """A bare client with the account's token, for what the library hides."""
    return aiohttp.ClientSession(headers={"Authorization": "Bearer good-token"})


async def call(method: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """Call the synchronous library from a thread."""
    return await asyncio.to_thread(method, *args, **named)


def picture(size: tuple[int, int] = (64, 48), kind: str = "JPEG") -> bytes:
    """A picture in this size and kind."""
    data = io.BytesIO()
    Image.new("RGB", size, (200, 80, 40)).save(data, kind)
    return data.getvalue()


# ── length ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello", 5),
        (FAMILY * 3, 3),
        ("e\u0301", 1),
        ("https://example.org", 23),
        ("https://example.org/" + "a" * 400, 23),
        ("see https://example.org/a_(b)_c, ok", 4 + 23 + 4),
        ("see (https://example.org/a)", 5 + 23 + 1),
        ("https://example.org/a.", 24),
        ("https://example.org/a=", 24),
        ("https://example.org/?q=1&r=2", 23),
        ("https://example.org/a b", 25),
        ("http://a.de\nhttp://b.fr", 23 + 1 + 23),
        ("https://пример.рф/путь", 23),
        ("https://xn--e1afmkfd.xn--p1ai/", 23),
        ("gemini://example.org/x", 23),
        ("texthttps://example.org/page", 28),
        ("example.org/page", 16),
        ("example.org/https://example.org/page", 36),
        ("http://127.0.0.1:8080/articles/1", 32),
        ("http://localhost/articles/1", 27),
        ("https://example.music/tune", 26),
        ("https://example.com.music/tune", 23 + 11),
        ("https://t.co/" + "a" * 40, 23),
        ("https://t.co/" + "a" * 41, 54),
        ("https://example.org/" + "a" * 4080, 4100),
        ("@ann@social.example", 4),
        ("@ann", 4),
        ("mail@ann@social.example", 23),
        ("@ann@social.example://", 22),
        ("@ann@social.example漢字http://a.de", 21 + 23),
        ("@ann.b-c@x", 8),
        ("#Lighthouse", 11),
    ],
)
def test_length_is_counted_as_the_server_counts(text: str, expected: int) -> None:
    """Graphemes count, known addresses are 23, remote mentions lose their domain, everything else counts raw."""
    assert expected == length(text)


def test_the_warning_counts_without_discount() -> None:
    """An address in the spoiler text counts in full."""
    assert length("https://example.org", "https://example.org") == 19 + 23


@pytest.mark.parametrize("text", ["a." * 2000, "(" * 2000, "https://example.org/" + "(" * 2000, "漢" * 4000 + ":"])
def test_hostile_texts_do_not_hold_up_the_server(text: str) -> None:
    """Texts that are made to trip the patterns are read to the end."""
    assert length(text) > 0


def test_html_reads_back_as_the_text_that_was_sent() -> None:
    """Escaping, links, hashtags, people and breaks come back out of the HTML as a reader would copy them."""
    text = f"Fish & \"chips\" <today> 'now'\nsecond line\n\n@herald #FishAndChips @far@away.example\n{LINK}"
    content = html(text, "http://127.0.0.1:1", frozenset({"herald"}))
    reading = Reading(content)
    assert text == reading.text
    assert reading.links == [LINK]
    assert reading.shown.endswith("herald.example.org/articles/li…")
    assert "<p>Fish &amp; &quot;chips&quot; &lt;today&gt; &#39;now&#39;<br />second line</p><p>" in content
    assert 'rel="nofollow noopener" translate="no"><span class="invisible">https://</span>' in content


# ── publishing ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_status_comes_out_as_it_was_sent(server: MastodonSandbox) -> None:
    """Mastodon.py is given a whole Status, and readers see text, link and language."""
    seen: list[PublicPost] = []
    server.on_post = seen.append
    text = f"The lighthouse is back {FAMILY} & shining\n\n{LINK}"
    status = await call(client_of(server).status_post, text, language="de", visibility="unlisted")
    assert (status.language, status.visibility, status.card) == ("de", "unlisted", None)
    assert f'<a href="{LINK.replace("&", "&amp;")}"' in status.content
    assert status.application.name == "Handbill"
    assert status.account.acct == "herald"
    assert f"{server.url}/@herald/{status.id}" == status.url
    assert f"{server.url}/users/herald/statuses/{status.id}" == status.uri
    assert datetime.fromtimestamp(server.now(), UTC) == status.created_at
    (post,) = server.public("@herald")
    assert (text, (LINK,), "de", "unlisted") == (post.text, post.links, post.language, post.extra["visibility"])
    assert (str(status.id), status.url, server.now()) == (post.id, post.url, post.at)
    assert [post] == seen


async def test_json_is_taken_as_well_as_a_form(server: MastodonSandbox) -> None:
    """A JSON body makes the same status; a body that is neither is refused."""
    async with raw() as session:
        body = {"status": "  from JSON \n", "sensitive": True, "spoiler_text": ""}
        async with session.post(f"{server.url}/api/v1/statuses", json=body) as answer:
            assert answer.status == 200
            assert True is (await answer.json())["sensitive"]
        broken = {"data": b"{", "headers": {"Content-Type": "application/json"}}
        async with session.post(f"{server.url}/api/v1/statuses", **broken) as answer:  # type: ignore[arg-type]
            assert answer.status == 400
    assert [post.text for post in server.public()] == ["from JSON"]


async def test_ids_are_strings_that_grow(server: MastodonSandbox, hands: Hands) -> None:
    """Ids grow even when the clock stands still or runs backwards."""
    ids = []
    for step in (0, 0, -60, 5):
        hands.at += step
        ids.append((await call(client_of(server).status_post, f"at {step}")).id)
    assert sorted(ids, key=int) == ids
    assert len(set(ids)) == 4


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"status": "x" * 501}, "Validation failed: Text character limit of 500 exceeded"),
        ({"status": "x" * 478 + " " + LINK}, "Validation failed: Text character limit of 500 exceeded"),
        ({"status": "x" * 400, "spoiler_text": "y" * 101}, "Validation failed: Text character limit of 500 exceeded"),
        ({"status": ""}, "Validation failed: Text can't be blank"),
        ({"status": "\u3000\u2003"}, "Validation failed: Text can't be blank"),
        ({}, "Validation failed: Text can't be blank"),
        ({"status": "hello", "visibility": "secret"}, "Validation failed: Visibility is not included in the list"),
        (
            {"status": "x" * 501, "visibility": "secret"},
            "Validation failed: Visibility is not included in the list, Text character limit of 500 exceeded",
        ),
        ({"status": "hello", "media_ids[]": "12"}, "Media 12 not found or already attached to another post"),
        ({"status": "hello", "media_ids[]": list("12345")}, "Cannot attach more than 4 files"),
    ],
)
async def test_what_breaks_a_rule_is_refused(server: MastodonSandbox, body: dict[str, Any], error: str) -> None:
    """Too long, empty, unknown visibility, unknown media: 422 in the server's words, and nothing comes out."""
    form = aiohttp.FormData()
    for name, value in body.items():
        for each in value if isinstance(value, list) else [value]:
            form.add_field(name, each)
    async with raw() as session, session.post(f"{server.url}/api/v1/statuses", data=form) as answer:
        assert (422, {"error": error}) == (answer.status, await answer.json())
    assert server.public() == []


async def test_just_short_enough_is_taken(server: MastodonSandbox) -> None:
    """500 by the server's count is not too long, however many characters the link has."""
    await call(client_of(server).status_post, "x" * 475 + " " + "\n" + LINK + " " * 20)
    assert len(server.public()) == 1


@pytest.mark.parametrize(
    ("asked", "given"), [("de", "de"), ("de-CH", "de"), ("zh-TW", "zh-TW"), ("tlh", "en"), ("", "en"), (None, "en")]
)
async def test_an_unknown_language_becomes_the_accounts_own(
    server: MastodonSandbox, asked: str | None, given: str
) -> None:
    """A region is dropped where it is not known, and an unknown language is replaced without a word."""
    assert given == (await call(client_of(server).status_post, "hello", language=asked)).language


async def test_readers_see_followers_only_posts_marked_and_direct_ones_never(server: MastodonSandbox) -> None:
    """What has readers is public to the sandbox; who they are is told beside it."""
    client = client_of(server)
    for visibility in ("public", "private", "direct"):
        await call(client.status_post, visibility, visibility=visibility)
    assert [post.extra["visibility"] for post in server.public()] == ["public", "private"]


async def test_loopback_links_are_text_only(server: MastodonSandbox) -> None:
    """The server sees no address in http://127.0.0.1, so it counts in full and cannot be followed."""
    link = "http://127.0.0.1:8080/articles/1"
    await call(client_of(server).status_post, f"hello {link}")
    (post,) = server.public()
    assert (f"hello {link}", ()) == (post.text, post.links)


# ── the same again ────────────────────────────────────────────────────────────────────────────────────────────────


async def replay(server: MastodonSandbox, text: str = "again", key: str = "k", token: str = "good-token") -> Any:
    """Post with an idempotency key."""
    return await call(client_of(server, token).status_post, text, idempotency_key=key)


async def test_a_replay_is_answered_with_the_first_status(server: MastodonSandbox) -> None:
    """The same key from the same account, even with another text and token, makes nothing new."""
    server.add_account("other-token", "herald")
    first = await replay(server, "first")
    second = await replay(server, "second", token="other-token")
    assert (first.id, first.content) == (second.id, second.content)
    assert [post.text for post in server.public()] == ["first"]


async def test_a_key_belongs_to_its_account(server: MastodonSandbox) -> None:
    """Two accounts may use the same key."""
    server.add_account("their-token", "tribune")
    await replay(server)
    await replay(server, token="their-token")
    assert [post.place for post in server.public()] == ["@herald", "@tribune"]


async def test_a_key_is_good_for_an_hour(server: MastodonSandbox, hands: Hands) -> None:
    """After 3600 s the same key makes a second status: nothing protects any longer."""
    await replay(server)
    hands.at += 3599
    await replay(server)
    assert len(server.public()) == 1
    hands.at += 1
    await replay(server)
    assert len(server.public()) == 2


async def test_a_refused_status_does_not_use_up_its_key(server: MastodonSandbox) -> None:
    """A key is kept only once a status is committed."""
    with pytest.raises(MastodonAPIError):
        await replay(server, "x" * 501)
    await replay(server, "short")
    assert [post.text for post in server.public()] == ["short"]


async def test_a_deleted_status_leaves_its_key_leading_nowhere(server: MastodonSandbox) -> None:
    """A replay after a deletion is 404, and so is a second deletion."""
    client = client_of(server)
    first = await replay(server)
    deleted = await call(client.status_delete, first)
    assert deleted.text == "again"
    with pytest.raises(MastodonNotFoundError):
        await replay(server)
    with pytest.raises(MastodonNotFoundError):
        await call(client.status_delete, first)
    assert server.public() == []


@pytest.mark.parametrize("kind", ["cut", "error-after", "garbage-after"])
async def test_a_lost_answer_can_be_asked_for_again(server: MastodonSandbox, kind: str) -> None:
    """The status was committed before the answer was lost, and a replay gives it."""
    server.faults.add(Fault.parse(kind))
    with pytest.raises((MastodonNetworkError, MastodonAPIError)):
        await replay(server)
    (post,) = server.public()
    assert post.id == (await replay(server)).id
    assert len(server.public()) == 1


async def leave_one_running(server: MastodonSandbox) -> "asyncio.Task[Any]":
    """Send a status that is committed and whose answer does not come in this test's time."""
    server.faults.add(Fault.parse("late=60"))
    first = asyncio.create_task(replay(server))
    await server.arrivals(1)
    return first


async def hang_up(server: MastodonSandbox, running: "asyncio.Task[Any]") -> None:
    """Stop the server, so that the client gives up."""
    await server.stop()
    with pytest.raises(MastodonNetworkError):
        await running


async def test_a_replay_while_the_first_runs_is_told_to_try_again(server: MastodonSandbox) -> None:
    """Since 4.6 the key is locked: 503, and no second status."""
    server.traits.lock_for = 0
    first = await leave_one_running(server)
    with pytest.raises(MastodonServiceUnavailableError, match="temporary problem"):
        await replay(server)
    assert len(server.public()) == 1
    await hang_up(server, first)


async def test_a_server_works_on_when_its_client_has_left(server: MastodonSandbox) -> None:
    """A client that gave up early finds the key still locked; it is given up only when the late work is done."""
    server.traits.lock_for = 0
    server.faults.add(Fault.parse("late=60"))
    committed = asyncio.Event()
    server.on_post = lambda _: committed.set()
    async with raw() as session:
        headers, body = {"Idempotency-Key": "k"}, {"status": "again"}
        first = asyncio.ensure_future(session.post(f"{server.url}/api/v1/statuses", data=body, headers=headers))
        await committed.wait()
        first.cancel()
    with pytest.raises(MastodonServiceUnavailableError):
        await replay(server)
    await server.stop()
    await server.start()
    assert server.public()[0].id == (await replay(server)).id
    assert len(server.public()) == 1


async def test_a_replay_waits_for_the_first_to_end(server: MastodonSandbox) -> None:
    """Within its ten seconds a replay waits, and is then answered with the first status."""
    server.faults.add(Fault.parse("late=0.2"))
    first, second = await asyncio.gather(replay(server), replay(server))
    assert first.id == second.id
    assert len(server.public()) == 1


async def test_without_the_lock_a_replay_in_flight_makes_a_duplicate(server: MastodonSandbox) -> None:
    """Up to 4.5 the key is kept only when the first request ends."""
    server.traits.idempotency = "unlocked"
    first = await leave_one_running(server)
    await replay(server)
    assert len(server.public()) == 2
    await hang_up(server, first)


@pytest.mark.parametrize(("idempotency", "count"), [("unlocked", 1), ("ignored", 2)])
async def test_a_later_replay_depends_on_the_server(
    server: MastodonSandbox, idempotency: Idempotency, count: int
) -> None:
    """An old Mastodon knows the key afterwards; a server that ignores keys posts again."""
    server.traits.idempotency = idempotency
    await replay(server)
    await replay(server)
    assert count == len(server.public())


async def test_some_versions_answer_a_replay_with_500(server: MastodonSandbox) -> None:
    """From 4.6.0 to 4.6.6 the second answer is a server error although the status is there, once."""
    server.traits.idempotency = "replay-500"
    await replay(server)
    with pytest.raises(MastodonInternalServerError):
        await replay(server)
    assert len(server.public()) == 1


# ── who may do what, how often ────────────────────────────────────────────────────────────────────────────────────


async def test_the_account_says_who_it_is(server: MastodonSandbox) -> None:
    """verify_credentials and both instance documents are what Mastodon.py expects."""
    client = client_of(server)
    me = await call(client.account_verify_credentials)
    assert (me.username, me.source.privacy, me.source.language) == ("herald", "public", "en")
    new, old = await call(client.instance_v2), await call(client.instance_v1)
    for instance in (new, old):
        assert instance.version == "4.6.7"
        assert (
            instance.configuration.statuses.max_characters,
            instance.configuration.statuses.characters_reserved_per_url,
        ) == (500, 23)
        assert instance.configuration.media_attachments.description_limit == 10_000


async def test_bad_tokens_are_told_what_is_wrong(server: MastodonSandbox) -> None:
    """Unknown, revoked, too narrow and suspended each have their own answer, and nothing comes out."""
    server.add_account("reader", "herald", ("read",))
    server.add_account("revoked", "herald")
    server.revoke("revoked")
    with pytest.raises(MastodonUnauthorizedError, match="The access token is invalid"):
        await call(client_of(server, "nonsense").status_post, "hello")
    with pytest.raises(MastodonUnauthorizedError, match="The access token was revoked"):
        await call(client_of(server, "revoked").account_verify_credentials)
    with pytest.raises(MastodonAPIError, match="This action is outside the authorized scopes"):
        await call(client_of(server, "reader").status_post, "hello")
    server.suspend("herald")
    with pytest.raises(MastodonAPIError, match="Your login is currently disabled"):
        await call(client_of(server).status_post, "hello")
    server.restore("herald")
    await call(client_of(server).status_post, "hello")
    assert [post.text for post in server.public()] == ["hello"]


async def test_three_hundred_posts_are_all_that_three_hours_take(hands: Hands) -> None:
    """The 301st is told to wait without a Retry-After, nothing comes out, and the next window takes it."""
    server = MastodonSandbox(now=hands)
    server.add_account("good-token", "herald")
    await server.start()
    async with raw() as session:
        for number in range(300):
            hands.at += 2
            async with session.post(f"{server.url}/api/v1/statuses", data={"status": str(number)}) as answer:
                assert answer.status == 200
                left = answer.headers["X-RateLimit-Remaining"]
        assert left == "0"
        async with session.post(f"{server.url}/api/v1/statuses", data={"status": "more"}) as answer:
            assert (answer.status, await answer.json()) == (429, {"error": "Too many requests"})
            assert "Retry-After" not in answer.headers
            assert (answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remaining"]) == ("300", "0")
            reset = datetime.fromisoformat(answer.headers["X-RateLimit-Reset"])
        assert datetime.fromtimestamp(1_795_413_600 + 10800, UTC) == reset
        assert len(server.public()) == 300
        hands.at = reset.timestamp()
        async with session.post(f"{server.url}/api/v1/statuses", data={"status": "more"}) as answer:
            assert answer.status == 200
    await server.stop()


async def test_a_token_may_ask_three_hundred_times_in_five_minutes(server: MastodonSandbox, hands: Hands) -> None:
    """Every request counts and says how many are left; the window's end frees the token."""
    async with raw() as session:
        url = f"{server.url}/api/v1/accounts/verify_credentials"
        for left in range(299, -1, -1):
            async with session.get(url) as answer:
                assert (200, str(left)) == (answer.status, answer.headers["X-RateLimit-Remaining"])
        async with session.get(url) as answer:
            assert answer.status == 429
        hands.at += 300
        async with session.get(url) as answer:
            assert (answer.status, answer.headers["X-RateLimit-Remaining"]) == (200, "299")


async def test_unpaced_servers_never_say_wait(hands: Hands) -> None:
    """With `paced` off more than a window's worth is taken, without any header."""
    server = MastodonSandbox(now=hands, paced=False)
    server.add_account("good-token", "herald")
    await server.start()
    async with raw() as session:
        for number in range(305):
            async with session.post(f"{server.url}/api/v1/statuses", data={"status": str(number)}) as answer:
                assert (answer.status, "X-RateLimit-Limit" in answer.headers) == (200, False)
    assert len(server.public()) == 305
    await server.stop()


async def test_a_scripted_wait_is_told_by_the_headers(server: MastodonSandbox, hands: Hands) -> None:
    """Mastodon.py raises its rate limit error, and the time of reset is the one that was scripted."""
    server.faults.add(Fault.parse("wait=90"))
    with pytest.raises(MastodonRatelimitError):
        await call(client_of(server).status_post, "hello")
    answer = server.told_to_wait(90)
    reset = datetime.fromisoformat(answer.headers["X-RateLimit-Reset"])
    assert datetime.fromtimestamp(hands.at, UTC) + timedelta(seconds=90) == reset
    assert server.public() == []


# ── reading back ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_list_is_paged_as_the_real_one_is(server: MastodonSandbox, hands: Hands) -> None:
    """Newest first; since_id gives the newest of all, min_id those that come next; both are exclusive."""
    client = client_of(server)
    me = await call(client.account_verify_credentials)
    ids = []
    for number in range(6):
        hands.at += 1
        ids.append((await call(client.status_post, str(number))).id)

    async def listed(**named: Any) -> list[int]:
        found = await call(client.account_statuses, me, exclude_reblogs=True, **named)
        return [ids.index(status.id) for status in found]

    assert await listed() == [5, 4, 3, 2, 1, 0]
    assert await listed(limit=2) == [5, 4]
    assert await listed(limit=2, since_id=ids[0]) == [5, 4]
    assert await listed(limit=2, min_id=ids[0]) == [2, 1]
    assert await listed(max_id=ids[3]) == [2, 1, 0]
    first = await call(client.account_statuses, me, limit=4)
    assert [ids.index(status.id) for status in await call(client.fetch_next, first)] == [1, 0]


async def test_an_author_sees_all_and_a_stranger_what_is_public(server: MastodonSandbox) -> None:
    """Followers-only and direct posts are not there for others; the source is the text as it was sent."""
    server.add_account("their-token", "tribune")
    client, stranger = client_of(server), client_of(server, "their-token")
    me = await call(client.account_verify_credentials)
    statuses = [
        await call(client.status_post, f"{visibility} <3", visibility=visibility)
        for visibility in ("public", "unlisted", "private", "direct")
    ]
    assert len(await call(client.account_statuses, me)) == 4
    assert len(await call(stranger.account_statuses, me)) == 2
    assert statuses[3].id == (await call(client.status, statuses[3])).id
    assert (await call(client.status_source, statuses[2])).text == "private <3"
    with pytest.raises(MastodonNotFoundError, match="Record not found"):
        await call(stranger.status, statuses[2])
    with pytest.raises(MastodonNotFoundError):
        await call(stranger.status_delete, statuses[0])
    with pytest.raises(MastodonNotFoundError):
        await call(client.account_statuses, 12)


# ── pictures ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_picture_goes_out_with_its_status_once(server: MastodonSandbox) -> None:
    """An upload is ready at once, is attached once, and is then gone for whoever asks or attaches again."""
    client = client_of(server)
    media = await call(client.media_post, picture(), "image/jpeg", description="A lighthouse at dusk")
    assert (media.type, media.description, media.meta.original.width) == ("image", "A lighthouse at dusk", 64)
    assert media.id == (await call(client.media, media)).id
    status = await call(client.status_post, "look", media_ids=[media])
    assert [media.id] == [each.id for each in status.media_attachments]
    (post,) = server.public()
    assert post.extra["media"] == [("image/jpeg", 64, 48, "A lighthouse at dusk")]
    with pytest.raises(MastodonNotFoundError):
        await call(client.media, media)
    with pytest.raises(MastodonAPIError, match=f"Media {media.id} not found or already attached to another post"):
        await call(client.status_post, "look again", media_ids=[media])


async def test_an_upload_is_kept_for_a_day_and_for_its_account(server: MastodonSandbox, hands: Hands) -> None:
    """Nobody else may attach it, and after 24 hours nobody at all."""
    server.add_account("their-token", "tribune")
    media = await call(client_of(server).media_post, picture(), "image/jpeg")
    with pytest.raises(MastodonAPIError, match="not found"):
        await call(client_of(server, "their-token").status_post, "mine", media_ids=[media])
    hands.at += 86400
    with pytest.raises(MastodonAPIError, match="not found"):
        await call(client_of(server).status_post, "late", media_ids=[media])
    assert server.public() == []


@pytest.mark.parametrize(
    ("data", "named", "error"),
    [
        (b"no picture at all", {}, "File type of uploaded media could not be verified"),
        (picture()[:-200], {}, "File type of uploaded media could not be verified"),
        (picture(kind="BMP"), {}, "File content type is invalid"),
        (picture((8000, 4200)), {}, "8000x4200 images are not supported"),
        (picture(), {"description": "x" * 10_001}, "Description is too long"),
    ],
    ids=["text", "truncated", "bmp", "huge", "long description"],
)
async def test_bad_pictures_are_refused(
    server: MastodonSandbox, data: bytes, named: dict[str, str], error: str
) -> None:
    """What is not a picture that can be shown is 422 in the server's words."""
    with pytest.raises(MastodonAPIError, match=error):
        await call(client_of(server).media_post, data, "image/jpeg", **named)


async def test_thirty_uploads_are_all_that_half_an_hour_takes(server: MastodonSandbox) -> None:
    """The 31st upload is told to wait."""
    client, data = client_of(server), picture((2, 2))
    for _ in range(30):
        await call(client.media_post, data, "image/jpeg")
    with pytest.raises(MastodonRatelimitError):
        await call(client.media_post, data, "image/jpeg")
