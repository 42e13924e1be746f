"""The door to the web, against real servers on loopback, friendly and hostile."""

import asyncio
import gzip
import logging
import zlib
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from bot.doors import FetchFailed
from bot.sources.fetch import MAX_REDIRECTS, AiohttpWeb
from tests.sources.wild import AGENT, Site

Wires = Callable[..., Awaitable[str]]
OpenDoor = Callable[..., AiohttpWeb]

OK = b"HTTP/1.1 200 OK\r\n"


async def failure(the_web: AiohttpWeb, url: str, *, max_bytes: int = 2**20) -> FetchFailed:
    """The failure that fetching `url` ends in."""
    with pytest.raises(FetchFailed) as caught:
        await the_web.get(url, max_bytes=max_bytes)
    assert caught.value.message.endswith(".")
    return caught.value


async def test_answer(the_web: AiohttpWeb, site: Site) -> None:
    """An answer's body, type, charset, validators and freshness come through as they were sent."""
    url = site.page(
        "/feed",
        b"\xe9",
        headers={
            "Content-Type": "Application/RSS+XML; Charset=ISO-8859-1",
            "ETag": 'W/"a b"',
            "Last-Modified": "Mon, 23 Nov 2026 06:00:00 GMT",
            "Cache-Control": "public, max-age=600",
            "Age": "100",
        },
    )
    got = await the_web.get(url, accept="text/x")
    assert (url, True, b"\xe9", "application/rss+xml", "ISO-8859-1") == (
        *(got.url, got.changed, got.body, got.content_type, got.charset),
    )
    assert (*(got.etag, got.last_modified, got.fresh_for, got.moved_to),) == (
        'W/"a b"',
        "Mon, 23 Nov 2026 06:00:00 GMT",
        500.0,
        None,
    )
    sent = site.requests[0].headers
    assert (sent["User-Agent"], sent["Accept"], sent["Accept-Encoding"]) == (AGENT, "text/x", "gzip, deflate")
    assert not {"If-None-Match", "If-Modified-Since", "Cookie", "Authorization"} & set(sent)


async def test_not_modified(the_web: AiohttpWeb, site: Site) -> None:
    """Validators go back verbatim; 304 is an answer without a body and with fresh validators."""

    async def answer(request: web.Request) -> web.Response:
        asked = request.headers.get("If-None-Match"), request.headers.get("If-Modified-Since")
        assert asked == ('W/"a b"', "yesterday, or so")
        return web.Response(status=304, headers={"ETag": '"2"', "Cache-Control": "max-age=60"})

    got = await the_web.get(site.handle("/", answer), etag='W/"a b"', last_modified="yesterday, or so")
    assert (got.changed, got.body, got.etag, got.fresh_for) == (False, b"", '"2"', 60.0)


async def test_not_modified_without_a_condition(the_web: AiohttpWeb, site: Site) -> None:
    """304 to a question that had no condition is a failure: there is no body to go with it."""
    assert (await failure(the_web, site.page("/", status=304))).status == 304


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_compressed(the_web: AiohttpWeb, site: Site, encoding: str) -> None:
    """A compressed body is decompressed."""
    body = gzip.compress(b"text") if encoding == "gzip" else zlib.compress(b"text")
    assert (await the_web.get(site.page("/", body, headers={"Content-Encoding": encoding}))).body == b"text"


@pytest.mark.parametrize(
    ("status", "word", "mend"),
    [
        (401, "password", True),
        (403, "refuses", True),
        (404, "does not exist", True),
        (410, "gone for good", True),
        (400, "400", False),
        (418, "418", False),
        (204, "204", False),
        (206, "206", False),
        (500, "trouble", False),
        (502, "trouble", False),
    ],
)
async def test_statuses(the_web: AiohttpWeb, site: Site, status: int, word: str, mend: bool) -> None:
    """Every status that is no answer is a sentence, with a mend where there is one."""
    error = await failure(the_web, site.page("/feed", status=status))
    assert error.status == status
    assert word in error.message
    assert bool(error.mend) is mend
    assert error.retry_after is None


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ("120", 120.0),
        ("Mon, 23 Nov 2026 07:01:30 GMT", 90.0),
        ("Mon, 23 Nov 2026 06:00:00 GMT", 0.0),
        ("99999999999999999999", None),
        ("soon", None),
        ("", None),
        ("-5", None),
    ],
)
async def test_told_to_wait(the_web: AiohttpWeb, site: Site, status: int, stated: str, seconds: float | None) -> None:
    """Retry-After is read as seconds or as a date, by the clock that was passed in."""
    error = await failure(the_web, site.page("/", status=status, headers={"Retry-After": stated}))
    assert (status, seconds) == (error.status, error.retry_after)


async def test_bot_protection_is_named(the_web: AiohttpWeb, site: Site) -> None:
    """A challenge for browsers is told from a plain refusal."""
    error = await failure(the_web, site.page("/", status=403, headers={"cf-mitigated": "challenge"}))
    assert "human" in error.message


async def test_moved_for_good(the_web: AiohttpWeb, site: Site) -> None:
    """A chain of permanent redirects gives the new address."""
    site.page("/a", status=301, headers={"Location": "/b"})
    site.page("/b", status=308, headers={"Location": site.url("/c")})
    site.page("/c", b"x")
    got = await the_web.get(site.url("/a"))
    assert (site.url("/c"), site.url("/c"), b"x") == (got.url, got.moved_to, got.body)


async def test_moved_for_now(the_web: AiohttpWeb, site: Site) -> None:
    """One temporary redirect in the chain, and the old address stays the right one."""
    site.page("/a", status=301, headers={"Location": "/b"})
    site.page("/b", status=302, headers={"Location": "/c"})
    site.page("/c", b"x")
    got = await the_web.get(site.url("/a"))
    assert (site.url("/c"), None) == (got.url, got.moved_to)


async def test_moved_and_not_modified(the_web: AiohttpWeb, site: Site) -> None:
    """The condition travels along a redirect, and 304 at its end still tells the new address."""
    site.page("/a", status=301, headers={"Location": "/b"})
    site.page("/b", status=304)
    got = await the_web.get(site.url("/a"), etag='"1"')
    assert (False, site.url("/b")) == (got.changed, got.moved_to)


async def test_redirect_loop(the_web: AiohttpWeb, site: Site) -> None:
    """A loop ends after the allowed number of redirects."""
    error = await failure(the_web, site.page("/", status=302, headers={"Location": "/"}))
    assert "redirects more than" in error.message
    assert len(site.requests) == MAX_REDIRECTS + 1


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/", "javascript:1", "http://", ""])
async def test_redirect_to_nowhere(the_web: AiohttpWeb, site: Site, location: str) -> None:
    """Only http and https are followed."""
    error = await failure(the_web, site.page("/", status=302, headers={"Location": location}))
    assert "redirects to nowhere" in error.message


@pytest.mark.parametrize(
    "url", ["", "example.org/feed", "file:///etc/passwd", "ftp://example.org/", "http://ex ample.org/", "http://[::1/"]
)
async def test_no_web_address(the_web: AiohttpWeb, url: str) -> None:
    """What is no web address is told so, and nothing is asked."""
    assert "not a web address" in (await failure(the_web, url)).message


async def test_redirect_to_a_forbidden_address(doors: OpenDoor, site: Site) -> None:
    """With only 127.0.0.1 allowed, a redirect to 127.0.0.2 is not followed: that server sees nothing."""
    site.page("/inner", b"secret")
    url = site.page("/", status=302, headers={"Location": site.url("/inner", host="127.0.0.2")})
    error = await failure(doors("127.0.0.1/32"), url)
    assert "not public" in error.message
    assert [request.path for request in site.requests] == ["/"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "[::1]", "127.1"]
)
async def test_this_machine_is_not_public(doors: OpenDoor, site: Site, host: str) -> None:
    """By whatever name this machine is called, no connection to it is made."""
    error = await failure(doors(), f"http://{host}:{site.port}/")
    assert "not public" in error.message
    assert "ALLOW_NETWORKS" in error.mend
    assert not site.requests


async def test_credentials_go_to_their_own_place_only(the_web: AiohttpWeb, site: Site) -> None:
    """Name and password of an address are sent to it, also after a redirect there, and to nobody else."""
    site.page("/a", status=302, headers={"Location": "/b"})
    site.page("/b", status=302, headers={"Location": site.url("/c", host="127.0.0.2")})
    site.page("/c", b"x")
    await the_web.get(f"http://me:p%40ss@127.0.0.1:{site.port}/a")
    sent = [request.headers.get("Authorization") for request in site.requests]
    assert sent == ["Basic bWU6cEBzcw==", "Basic bWU6cEBzcw==", None]


async def test_no_secret_in_a_message(the_web: AiohttpWeb, site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Neither password nor parameters of an address get into a message or a log."""
    caplog.set_level(logging.DEBUG)
    error = await failure(the_web, f"http://me:hunter2@127.0.0.1:{site.port}/feed?key=hunter2#hunter2")
    assert error.message == f"http://127.0.0.1:{site.port}/feed does not exist (404)."
    assert "hunter2" not in f"{error.message}{error.mend}{error.args}{caplog.text}"
    assert error.__cause__ is None


async def test_cookies_are_not_kept(the_web: AiohttpWeb, site: Site) -> None:
    """What a server wants remembered is forgotten."""
    url = site.page("/", headers={"Set-Cookie": "who=you"})
    await the_web.get(url)
    await the_web.get(url)
    assert "Cookie" not in site.requests[1].headers


async def test_environment_is_not_trusted(doors: OpenDoor, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment is no way around the vetting."""
    monkeypatch.setenv("http_proxy", site.url())
    monkeypatch.setenv("HTTP_PROXY", site.url())
    error = await failure(doors(), f"http://127.0.0.2:{site.port}/")
    assert "not public" in error.message
    assert not site.requests


async def test_percent_encoding_is_kept(the_web: AiohttpWeb, site: Site) -> None:
    """An address reaches the server as it was written."""
    site.page("/a/b", b"x")
    await the_web.get(site.url("/a%2Fb?q=%2F%41&r=a+b;c#part"))
    assert site.requests[0].raw_path == "/a%2Fb?q=%2F%41&r=a+b;c"


async def test_large_body(the_web: AiohttpWeb, site: Site) -> None:
    """A body over the cap is refused, whether its length is stated or not; one at the cap is not."""
    limit = 100_000

    async def chunked(_: web.Request) -> web.Response:
        answer = web.Response(body=b"x" * (limit + 1))
        answer.enable_chunked_encoding()
        return answer

    assert "larger than" in (await failure(the_web, site.page("/a", b"x" * (limit + 1)), max_bytes=limit)).message
    assert "larger than" in (await failure(the_web, site.handle("/b", chunked), max_bytes=limit)).message
    assert len((await the_web.get(site.page("/c", b"x" * limit), max_bytes=limit)).body) == limit


@pytest.mark.parametrize("layers", [1, 2])
async def test_gzip_bomb(the_web: AiohttpWeb, site: Site, layers: int) -> None:
    """A small file that unpacks to a large one is refused, and so is one that is packed twice."""
    body = gzip.compress(b"\0" * (50 * 2**20))
    if layers == 2:
        body = gzip.compress(body)
    url = site.page("/", body, headers={"Content-Encoding": ", ".join(["gzip"] * layers)})
    assert len(body) < 100_000
    assert ("larger than 1 MiB" if layers == 1 else "not asked for") in (await failure(the_web, url)).message


async def test_endless_body(the_web: AiohttpWeb, wires: Wires) -> None:
    """A body without end is left at the cap."""
    url = await wires(OK + b"\r\n", endless=b"x" * 65536)
    assert "larger than" in (await failure(the_web, url)).message


async def test_endless_headers(the_web: AiohttpWeb, wires: Wires) -> None:
    """Headers without end are left."""
    url = await wires(OK, endless=b"X-A: " + b"a" * 1000 + b"\r\n")
    assert "headers" in (await failure(the_web, url)).message


@pytest.mark.parametrize("header", [b"X-A: " + b"a" * 20_000, b"X-A: a\r\n" * 500 + b"X-B: b"])
async def test_large_headers(the_web: AiohttpWeb, wires: Wires, header: bytes) -> None:
    """A header line too long, or too many of them, is a failure."""
    url = await wires(OK + header + b"\r\nContent-Length: 0\r\n\r\n")
    assert "headers" in (await failure(the_web, url)).message


async def test_drip(doors: OpenDoor, site: Site) -> None:
    """A body that drips on for ever is left after the total time-out, though something always comes."""
    left = asyncio.Event()

    async def drip(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b".")
                await asyncio.sleep(0.01)
        finally:
            left.set()

    error = await failure(doors("127.0.0.0/8", total_for=0.3), site.handle("/", drip))
    assert "no whole answer within 0.3 seconds" in error.message
    await left.wait()


async def test_silence(doors: OpenDoor, site: Site) -> None:
    """A server that never answers is left after the total time-out."""
    forever = asyncio.Event()

    async def silent(_: web.Request) -> web.Response:
        await forever.wait()
        return web.Response()

    error = await failure(doors("127.0.0.0/8", total_for=0.2), site.handle("/", silent))
    assert "no whole answer" in error.message
    forever.set()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        OK + b"Content-Length: 100\r\n\r\nshort",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnone",
        OK + b"Content-Encoding: br\r\nContent-Length: 4\r\n\r\nnone",
        OK + b"Content-Length: -1\r\n\r\n",
        b"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
)
async def test_broken_http(the_web: AiohttpWeb, wires: Wires, said: bytes) -> None:
    """Whatever stands on the wire, the end is a sentence."""
    await failure(the_web, await wires(said))


@pytest.mark.parametrize(
    "headers",
    [
        b"ETag: \xff\xfe\r\nLast-Modified: \xff\r\nContent-Type: \xff; charset=\xff\r\nCache-Control: max-age=\xff\r\n",
        b"ETag:\r\nContent-Type:\r\nCache-Control: max-age=-1\r\n",
        b"Cache-Control: no-cache, max-age=60\r\nETag: " + b"a" * 5000 + b"\r\n",
    ],
)
async def test_odd_headers(the_web: AiohttpWeb, wires: Wires, headers: bytes) -> None:
    """Headers that make no sense say nothing, and the body still comes."""
    got = await the_web.get(await wires(OK + headers + b"Content-Length: 1\r\n\r\nx"))
    assert (got.body, got.etag, got.last_modified, got.charset, got.fresh_for) == (b"x", None, None, None, None)
    got.content_type.encode()


async def test_nobody_listens(the_web: AiohttpWeb, site: Site) -> None:
    """A closed port is told as such."""
    await site.stop()
    assert "cannot be reached" in (await failure(the_web, site.url())).message


async def test_unknown_host(the_web: AiohttpWeb) -> None:
    """A name that does not resolve is told as such."""
    assert "cannot be resolved" in (await failure(the_web, "http://handbill.invalid/")).message


async def test_tls_to_a_plain_server(the_web: AiohttpWeb, site: Site) -> None:
    """A server that does not speak TLS is told as such."""
    assert "encrypted" in (await failure(the_web, site.url().replace("http:", "https:"))).message


async def test_close_without_use(doors: OpenDoor) -> None:
    """A door that was never used can be closed."""
    await doors().close()


async def test_cancelled(the_web: AiohttpWeb, site: Site) -> None:
    """A fetch that is cancelled ends at once, as cancelled."""
    arrived, forever = asyncio.Event(), asyncio.Event()

    async def silent(_: web.Request) -> web.Response:
        arrived.set()
        await forever.wait()
        return web.Response()

    task = asyncio.create_task(the_web.get(site.handle("/", silent)))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    forever.set()
