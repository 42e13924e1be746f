"""How far a request got, as the httpx transport sees it, against a raw server that misbehaves to the byte."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import chain, repeat

import httpx
import pytest

from adapters.wire import LONGEST_WAIT, PIECE, Expired, PhaseTransport, Until, Wire, current, retry_after, watch, within
from tests.adapters.raw import OK, read_request, serving


@asynccontextmanager
async def client(**options: object) -> AsyncIterator[httpx.AsyncClient]:
    """A client as the libraries make theirs, over our transport."""
    async with httpx.AsyncClient(transport=PhaseTransport(), timeout=10, **options) as http:  # type: ignore[arg-type]
        yield http


async def answer_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request as it should be."""
    await read_request(reader)
    writer.write(OK)
    await writer.drain()


def closed_port() -> int:
    """A port of loopback at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def post(url: str, content: bytes = b"hello") -> tuple[Wire, Exception | None]:
    """POST once; what the wire saw, and the error."""
    async with client() as http:
        with watch() as wire:
            try:
                await http.post(url, content=content)
            except httpx.HTTPError as error:
                return wire, error
    return wire, None


async def test_answered() -> None:
    """A whole answer is seen with its status and headers, in lower case."""

    async with serving(answer_one) as url:
        wire, error = await post(url)
    assert error is None
    assert (wire.phase, wire.status, wire.headers["x-seen"], wire.requests, wire.written) == (
        "answered",
        200,
        "Yes",
        1,
        1,
    )


async def test_refused() -> None:
    """A refused connection sends nothing."""
    wire, error = await post(f"http://127.0.0.1:{closed_port()}")
    assert isinstance(error, httpx.ConnectError)
    assert (wire.phase, wire.status, wire.nothing_sent) == ("not_sent", None, True)


async def test_unknown_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that does not resolve sends nothing."""

    async def nowhere(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", nowhere)
    wire, error = await post("http://nowhere.invalid/")
    assert isinstance(error, httpx.ConnectError)
    assert (wire.phase, wire.nothing_sent) == ("not_sent", True)


async def test_failed_handshake() -> None:
    """TLS spoken to a server that does not speak it sends nothing of the request."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with serving(answer) as url:
        wire, error = await post(url.replace("http:", "https:"))
    assert isinstance(error, httpx.ConnectError)
    assert (wire.phase, wire.nothing_sent) == ("not_sent", True)


async def test_closed_unread() -> None:
    """A line that closes before the request was read may still have carried it."""

    async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with serving(close) as url:
        wire, error = await post(url)
    assert isinstance(error, httpx.TransportError)
    assert wire.phase in ("writing", "sent")
    assert not wire.nothing_sent


async def test_cut_after_the_request() -> None:
    """A line cut after the request was read leaves it sent, without an answer."""

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.transport.abort()

    async with serving(cut) as url:
        wire, error = await post(url)
    assert isinstance(error, httpx.TransportError)
    assert (wire.phase, wire.status) == ("sent", None)


async def test_partial_answer() -> None:
    """An answer whose body is cut short still tells its status."""

    async def partial(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()

    async with serving(partial) as url:
        wire, error = await post(url)
    assert isinstance(error, httpx.TransportError)
    assert (wire.phase, wire.status, wire.headers["retry-after"]) == ("answered", 429, "7")


async def test_garbage() -> None:
    """An answer that is not HTTP leaves the request sent."""

    async def garble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()

    async with serving(garble) as url:
        wire, error = await post(url)
    assert isinstance(error, httpx.RemoteProtocolError)
    assert (wire.phase, wire.status) == ("sent", None)


async def test_stuck_upload() -> None:
    """A server that stops reading in the middle leaves the request half written."""

    async def stop_reading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answer_one(reader, writer)
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.Event().wait()

    async with serving(stop_reading) as url, client() as http:
        await http.post(url, content=b"opens the line, so that the deadline is not spent on it")
        with watch() as wire, pytest.raises(TimeoutError):
            await within(0.1, http.post(url, content=b"x" * 30_000_000))
    assert (wire.phase, wire.written, wire.expired) == ("writing", 1, True)


async def test_deadline_while_it_hangs() -> None:
    """The deadline ends a call that hangs, and leaves it sent and expired."""

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answer_one(reader, writer)
        await read_request(reader)
        await asyncio.Event().wait()

    async with serving(hang) as url, client() as http:
        await http.post(url, content=b"opens the line, so that the deadline is not spent on it")
        with watch() as wire, pytest.raises(TimeoutError):
            await within(0.1, http.post(url, content=b"hello"))
    assert (wire.phase, wire.expired) == ("sent", True)


async def test_cancelled_while_it_hangs() -> None:
    """A cancelled call ends at once; the line is let go and nothing more is written."""
    received = asyncio.Event()
    gone = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await read_request(reader)
        received.set()
        try:
            await reader.read()
        except ConnectionError:
            pass
        finally:
            gone.set()

    wires: list[Wire] = []

    async def call(http: httpx.AsyncClient, url: str) -> None:
        with watch() as wire:
            wires.append(wire)
            await within(60, http.post(url, content=b"hello"))

    async with serving(hang) as url, client() as http:
        task = asyncio.create_task(call(http, url))
        await received.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await gone.wait()
    assert (wires[0].phase, wires[0].expired) == ("sent", True)


async def test_expired_before_it_began() -> None:
    """An expired call does not even connect."""
    connected = asyncio.Event()

    async def connect(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        connected.set()

    async with serving(connect) as url, client() as http:
        with watch() as wire:
            wire.expire()
            with pytest.raises(Expired):
                await http.post(url, content=b"hello")
        assert not connected.is_set()
    assert (wire.phase, wire.nothing_sent, wire.requests) == ("not_sent", True, 1)


def stopped_after(looks: int) -> Until:
    """The deadline of a process that is stopped once it has looked at the clock so often, and wakes long after it."""
    clock = chain(repeat(100.0, looks), repeat(3600.0))
    return Until(160.0, lambda: next(clock))


@pytest.mark.parametrize(("looks", "phase", "arrived"), [(0, "not_sent", b""), (1, "writing", b"POST / HTTP/1.1")])
async def test_stopped_and_woken_after_the_deadline(looks: int, phase: str, arrived: bytes) -> None:
    """A process that was stopped before it wrote, or between head and body, writes nothing more when it wakes, though
    nobody has had the time to tell it so: half a request is not executed."""
    got: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def collect(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        got.set_result(await reader.read())

    async with serving(collect) as url, client() as http:
        with watch() as wire:
            wire.until = stopped_after(looks)
            with pytest.raises(Expired):
                await http.post(url, content=b"hello")
        read = await got
    assert (arrived, False) == (read.split(b"\r\n")[0], b"hello" in read)
    assert (phase, True) == (wire.phase, wire.expired)


@pytest.mark.parametrize("looks", [3, 5])
async def test_stopped_in_the_middle_of_a_long_body(looks: int) -> None:
    """Woken after the deadline with a picture half written: the rest is never written, and the line is closed, so that
    the other side has no whole request to execute."""
    got, ended = bytearray(), asyncio.Event()

    async def collect(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        while piece := await reader.read(PIECE):
            got.extend(piece)
        ended.set()

    async with serving(collect) as url, client() as http:
        with watch() as wire:
            wire.until = stopped_after(looks)
            with pytest.raises(Expired):
                await http.post(url, content=b"\0" * (10 * PIECE))
        await asyncio.wait_for(ended.wait(), 10)
    assert wire.phase == "writing"
    assert (looks - 2) * PIECE == got.count(b"\0")


async def test_a_long_body_arrives_whole() -> None:
    """Written in pieces, it is the same to the byte."""
    content, got = bytes(range(256)) * 1000, bytearray()

    async def collect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        got.extend(await reader.readexactly(len(content)))
        writer.write(OK)
        await writer.drain()

    async with serving(collect) as url:
        wire, error = await post(url, content)
    assert (error, wire.phase, bytes(got) == content) == (None, "answered", True)


async def test_the_limit_of_a_call_holds_for_its_wires(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wire around a call and those inside it end with it, the earlier limit counts; afterwards there is none."""
    loop, found = asyncio.get_running_loop(), list[Wire]()
    now = loop.time()
    monkeypatch.setattr(loop, "time", lambda: now)

    async def inner() -> None:
        with watch() as wire:
            found.append(wire)

    with watch() as outer:
        await within(60, inner())
        await within(30, within(90, inner()))
        await within(None, inner())
    with watch() as after:
        pass
    limits = [wire.until.at - now if wire.until else None for wire in (*found, outer, after)]
    assert [60, 30, None, 30, None] == limits


async def test_expired_while_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that expires while it connects writes nothing on the line it got."""
    got: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def collect(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        got.set_result(await reader.read())

    loop = asyncio.get_running_loop()
    connect = loop.create_connection

    async with serving(collect) as url, client() as http:
        with watch() as wire:

            async def connect_late(*args: object, **options: object) -> object:
                line = await connect(*args, **options)  # type: ignore[call-overload]
                wire.expire()
                return line

            monkeypatch.setattr(loop, "create_connection", connect_late)
            with pytest.raises(Expired):
                await http.post(url, content=b"hello")
        assert await got == b""
    assert (wire.phase, wire.nothing_sent) == ("not_sent", True)


async def test_no_redirect_is_followed() -> None:
    """Not even a client that follows redirects turns a POST into a GET."""
    seen: list[bytes] = []

    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await read_request(reader))
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with serving(redirect) as url, client(follow_redirects=True) as http:
        with watch() as wire:
            answer = await http.post(url, content=b"hello")
    assert (wire.status, wire.headers["location"], wire.requests) == (302, "/elsewhere", 1)
    assert answer.status_code == 302
    assert [request.split(b" ")[0] for request in seen] == [b"POST"]


async def test_a_second_request_does_not_hide_the_first() -> None:
    """After a written request, one that never left does not make the watch say that nothing was sent."""

    async with serving(answer_one) as url, client() as http:
        with watch() as wire:
            await http.post(url, content=b"hello")
            with pytest.raises(httpx.ConnectError):
                await http.post(f"http://127.0.0.1:{closed_port()}", content=b"hello")
    assert (wire.phase, wire.status, wire.requests) == ("not_sent", None, 2)
    assert not wire.nothing_sent


async def test_the_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment does not come between us and what is seen."""

    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    async with serving(answer_one) as url:
        wire, _ = await post(url)
    assert (wire.phase, wire.status) == ("answered", 200)


async def test_the_shared_tls_context_is_used() -> None:
    """Many transports can share one TLS context, which is what a handshake uses."""
    shared = ssl.create_default_context()
    shared.minimum_version = ssl.TLSVersion.TLSv1_3
    hello: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        hello.set_result(await reader.read(4096))

    async with serving(listen) as url, httpx.AsyncClient(transport=PhaseTransport(shared)) as http:
        with watch() as wire, pytest.raises(httpx.ConnectError):
            await http.post(url.replace("http:", "https:"))
        # supported_versions (0x002b) that offers TLS 1.3 (0x0304) alone: RFC 8446, 4.2.1
        assert b"\x00\x2b\x00\x03\x02\x03\x04" in await hello
    assert wire.phase == "not_sent"


async def test_wires_of_concurrent_calls_are_apart() -> None:
    """Each task has its own wire, and a thread started by it shares it."""

    async def call() -> bool:
        with watch() as wire:
            return wire is current() and wire is await asyncio.to_thread(current)

    assert all(await asyncio.gather(call(), call()))
    assert current() is None


def test_expiry_and_the_first_byte_exclude_each_other() -> None:
    """Whoever comes first wins: an expired wire lets nobody begin, a begun one stays begun."""
    early, late = Wire(), Wire()
    early.expire()
    assert (early.start_writing(), early.phase) == (False, "not_sent")
    assert late.start_writing()
    late.expire()
    assert (late.start_writing(), late.phase, late.written) == (False, "writing", 1)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Mon, 23 Nov 2026 08:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 07:00:00 GMT", 0.0),
        ("9" * 400, LONGEST_WAIT),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    """Both forms of Retry-After are read; rubbish is none."""
    now = datetime(2026, 11, 23, 8, 0, 0, tzinfo=UTC)
    assert seconds == retry_after({"retry-after": value}, now)
    assert retry_after({}, now) is None
