"""How far a blocking request got, and that its socket can be shut, against a raw server that misbehaves to the byte."""

import asyncio
import contextvars
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import suppress
from itertools import chain, repeat
from pathlib import Path

import pytest
import requests

from adapters.reach import CallEnded
from adapters.threads import call_in_daemon_thread
from adapters.wire import Until, Wire, watch
from adapters.wire_blocking import WatchedSession, call_blocking
from tests.adapters.raw import OK, Misbehave, read_request, serving


def answering(answer: bytes) -> Misbehave:
    """Read the whole request, write `answer`, and close."""

    async def misbehave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)
        await writer.drain()
        writer.write_eof()
        await reader.read()

    return misbehave


class Call:
    """One POST in its thread, and word of when the thread is done with it."""

    def __init__(self, url: str, body: bytes = b"hello") -> None:
        self.url = url
        self.body = body
        self.thread_ended = threading.Event()

    def __call__(self) -> requests.Response:
        try:
            with WatchedSession() as session:
                return session.post(self.url, data=self.body, timeout=(20, 20))
        finally:
            self.thread_ended.set()

    async def ended(self) -> None:
        """Return when the thread has ended."""
        assert await asyncio.to_thread(self.thread_ended.wait, 20)


async def post(url: str, body: bytes = b"hello", seconds: float = 20) -> tuple[Wire, Exception | None]:
    """POST once; what the wire saw, and the error."""
    call = Call(url, body)
    with watch() as wire:
        try:
            await call_blocking(call, seconds)
        except (OSError, requests.RequestException) as error:
            await call.ended()
            return wire, error
    return wire, None


async def post_until(give_up: asyncio.Event, url: str, body: bytes = b"hello") -> Wire:
    """POST, and be cancelled as soon as `give_up` is set; what the wire saw when the thread has ended too."""
    call = Call(url, body)
    with watch() as wire:
        task = asyncio.create_task(call_blocking(call, 20))
        await give_up.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await call.ended()
    return wire


async def test_answered() -> None:
    """A whole answer is seen with its status, headers in lower case, and body."""
    async with serving(answering(OK)) as url:
        wire, error = await post(url)
    assert error is None
    assert (wire.phase, wire.status, wire.headers["x-seen"], wire.body) == ("answered", 200, "Yes", b"ok")
    assert (wire.requests, wire.written) == (1, 1)


@pytest.mark.parametrize(("looks", "phase", "arrived"), [(0, "not_sent", b""), (1, "writing", b"POST / HTTP/1.1")])
async def test_stopped_and_woken_after_the_deadline(
    looks: int, phase: str, arrived: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was stopped before it wrote, or between head and body, writes nothing more when it wakes, though
    nobody has had the time to tell it so: half a request is not executed."""
    got: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    clock = chain(repeat(100.0, looks), repeat(3600.0))

    async def collect(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        got.set_result(await reader.read())

    monkeypatch.setattr("adapters.wire_blocking.Until", lambda _at, _clock: Until(160.0, lambda: next(clock)))
    async with serving(collect) as url:
        wire, error = await post(url)
        read = await got
    assert isinstance(error, requests.ConnectionError | CallEnded)
    assert (arrived, False) == (read.split(b"\r\n")[0], b"hello" in read)
    assert (phase, True) == (wire.phase, wire.expired)


async def test_an_answer_after_the_deadline_leaves_no_connection_open() -> None:
    """The server sees the end of the connection at once, while the error is still being looked at."""
    closed = asyncio.Event()

    async def too_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        wire.expire()
        writer.write(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        await writer.drain()
        await reader.read()
        closed.set()

    async with serving(too_late) as url:
        with watch() as wire:
            with pytest.raises(requests.ConnectionError) as caught:
                await call_blocking(Call(url), 20)
            async with asyncio.timeout(5):
                await closed.wait()
    assert "the call's time is up" in str(caught.value)
    assert not wire.body


async def test_the_limit_of_a_call_is_that_of_its_wire() -> None:
    """Whatever the thread writes has to be written before the call's time is up, by the loop's clock."""
    loop = asyncio.get_running_loop()
    with watch() as wire:
        began_at = loop.time()
        await call_blocking(lambda: None, 45)
    assert wire.until is not None
    assert 45 <= wire.until.at - began_at <= 46
    assert loop.time == wire.until.clock


async def test_refused() -> None:
    """A refused connection sends nothing."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        wire, error = await post(f"http://127.0.0.1:{nobody.getsockname()[1]}")
    assert isinstance(error, requests.ConnectionError)
    assert (wire.phase, wire.nothing_sent) == ("not_sent", True)


async def test_unknown_name() -> None:
    """A name that does not resolve sends nothing."""
    too_long_for_any_name_server = ".".join(["a" * 63] * 5)
    wire, error = await post(f"http://{too_long_for_any_name_server}/")
    assert isinstance(error, requests.ConnectionError)
    assert (wire.phase, wire.nothing_sent) == ("not_sent", True)


async def test_failed_handshake() -> None:
    """TLS spoken to a server that does not speak it sends nothing of the request."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with serving(plain) as url:
        wire, error = await post(url.replace("http:", "https:"))
    assert isinstance(error, requests.exceptions.SSLError)
    assert (wire.phase, wire.nothing_sent) == ("not_sent", True)


async def test_cut_after_the_request() -> None:
    """A line cut after the request was read leaves it sent, without an answer."""

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.transport.abort()

    async with serving(cut) as url:
        wire, error = await post(url)
    assert isinstance(error, requests.ConnectionError)
    assert (wire.phase, wire.status, wire.nothing_sent) == ("sent", None, False)


async def test_closed_in_the_middle_of_the_request() -> None:
    """A line that closes while the body is still being written leaves it half written."""

    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async with serving(close) as url:
        wire, error = await post(url, body=b"x" * 50_000_000)
    assert isinstance(error, requests.ConnectionError)
    assert (wire.phase, wire.nothing_sent) == ("writing", False)


async def test_body_cut_short() -> None:
    """An answer whose body is cut keeps its status, and is no answer to the caller."""
    async with serving(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")) as url:
        wire, error = await post(url)
    assert isinstance(error, requests.RequestException)
    assert (wire.phase, wire.status, wire.body) == ("answered", 200, b"")


async def test_garbage_instead_of_http() -> None:
    """Bytes that are no HTTP leave the request sent, without an answer."""
    async with serving(answering(b"\x00\x01\x02 nothing of the kind\r\n\r\n")) as url:
        wire, error = await post(url)
    assert isinstance(error, requests.ConnectionError)
    assert (wire.phase, wire.status) == ("sent", None)


async def test_redirects_are_not_followed() -> None:
    """A redirect is answered to one request, and a second is never made."""
    seen: list[bytes] = []

    async def move(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await read_request(reader))
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with serving(move) as url:
        wire, error = await post(url)
    assert isinstance(error, requests.TooManyRedirects)
    assert (wire.status, wire.headers["location"], wire.requests, len(seen)) == (302, "/elsewhere", 1, 1)


async def test_deadline_while_the_server_hangs() -> None:
    """At the deadline the caller is free, the thread wakes up and ends, and the server sees the line go."""
    line_gone = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await read_request(reader)
        with suppress(ConnectionError):
            await reader.read()
        line_gone.set()

    async with serving(hang) as url:
        wire, error = await post(url, seconds=1.0)
        await line_gone.wait()
    assert isinstance(error, TimeoutError)
    assert (wire.phase, wire.status, wire.expired) == ("sent", None, True)


async def test_cancelled_while_the_answer_trickles() -> None:
    """A server that sends its answer byte by byte holds no thread, though none of its reads would ever time out."""
    trickling = asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not reader.at_eof():
            writer.write(b".")
            with suppress(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.01)
                continue
            trickling.set()

    async with serving(trickle) as url:
        wire = await post_until(trickling, url)
    assert wire.phase in ("sent", "answered")
    assert wire.body == b""


async def test_what_the_kernel_still_holds_is_thrown_away() -> None:
    """Bytes that were written but not yet delivered when the call ended are dropped, not delivered later."""
    loop = asyncio.get_running_loop()
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # far less than the first write of the body
        server.setblocking(False)
        server.bind(("127.0.0.1", 0))
        server.listen()
        call = Call(f"http://127.0.0.1:{server.getsockname()[1]}", b"x" * 10_000_000)
        with watch() as wire:
            task = asyncio.create_task(call_blocking(call, 20))
            line, _ = await loop.sock_accept(server)
            with line:
                line.setblocking(False)
                head = b""
                while not head.endswith(b"\r\n\r\nx"):
                    head += await loop.sock_recv(line, 1)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                await call.ended()
                with pytest.raises(ConnectionResetError):
                    await read_out(line)
        assert wire.phase == "writing"


async def read_out(line: socket.socket) -> None:
    """Read until the other side has closed."""
    while await asyncio.get_running_loop().sock_recv(line, 2**20):
        pass


async def test_cancelled_call_writes_nothing_afterwards() -> None:
    """A cancelled caller is free at once; a connection that comes about later is closed without a byte."""
    loop = asyncio.get_running_loop()
    with socket.socket() as server:
        server.setblocking(False)
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        fillers = await fill_the_backlog(server)
        connecting = connect_to(server.getsockname())
        call = Call(f"http://127.0.0.1:{server.getsockname()[1]}")
        with watch() as wire:
            task = asyncio.create_task(call_blocking(call, 20))
            assert await asyncio.to_thread(connecting.wait, 20)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not call.thread_ended.is_set()
            for _ in fillers:
                (await loop.sock_accept(server))[0].close()
            late, _ = await loop.sock_accept(server)
            late.setblocking(False)
            assert await loop.sock_recv(late, 1000) == b""
            await call.ended()
        assert (wire.phase, wire.nothing_sent) == ("not_sent", True)
        late.close()
        for filler in fillers:
            filler.close()


def connect_to(address: tuple[str, int]) -> threading.Event:
    """Set when the next socket is about to connect to `address`."""
    connecting = threading.Event()

    def note(event: str, args: tuple[object, ...]) -> None:
        if event == "socket.connect" and args[1] == address:
            connecting.set()

    sys.addaudithook(note)
    return connecting


async def fill_the_backlog(server: socket.socket) -> list[socket.socket]:
    """Connections that wait to be accepted, so many that the kernel lets the next one wait for its handshake."""
    fillers: list[socket.socket] = []
    while True:
        filler = socket.socket()
        filler.setblocking(False)
        try:
            await asyncio.wait_for(asyncio.get_running_loop().sock_connect(filler, server.getsockname()), 0.2)
        except TimeoutError:
            filler.close()
            return fillers
        fillers.append(filler)


async def test_cancelled_in_the_handshake() -> None:
    """A call that ends during the TLS handshake shuts the line, and its request never begins."""
    greeted, line_gone = asyncio.Event(), asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(5)
        greeted.set()
        with suppress(ConnectionError):
            while await reader.read(2**16):
                pass
        line_gone.set()

    async with serving(silent) as url:
        wire = await post_until(greeted, url.replace("http:", "https:"))
        await line_gone.wait()
    assert (wire.phase, wire.nothing_sent) == ("not_sent", True)


async def test_over_tls(tmp_path: Path) -> None:
    """Over TLS the wire sees the same, and a call that ends shuts the line."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    make_certificate(certificate, key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    requests_seen: list[bytes] = []
    hanging = asyncio.Event()

    async def once_then_hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests_seen.append(await read_request(reader))
        if len(requests_seen) == 2:
            hanging.set()
        if len(requests_seen) == 1:
            writer.write(OK)
            await writer.drain()
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(once_then_hang, "127.0.0.1", 0, ssl=context)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    def call() -> requests.Response:
        with WatchedSession() as session:
            return session.post(url, data=b"hello", timeout=20, verify=str(certificate))

    async with server:
        with watch() as answered:
            response = await call_blocking(call, 20)
        with watch() as cancelled:
            task = asyncio.create_task(call_blocking(call, 20))
            await hanging.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    assert (response.status_code, answered.body) == (200, b"ok")
    assert answered.phase == "answered"
    assert cancelled.phase in ("writing", "sent")  # the server may read it all before its writer says so
    assert len(requests_seen) == 2


def make_certificate(certificate: Path, key: Path) -> None:
    """A self-signed certificate for 127.0.0.1."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )


async def test_every_request_has_a_connection_of_its_own() -> None:
    """A connection is never used twice: a dead one would leave a request unknown that a fresh one proves unsent."""
    connections = 0

    async def keep_alive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while not reader.at_eof():
            with suppress(asyncio.IncompleteReadError):
                await read_request(reader)
                writer.write(OK)
                await writer.drain()

    def twice(url: str) -> None:
        with WatchedSession() as session:
            session.post(url, data=b"1", timeout=20)
            session.post(url, data=b"2", timeout=20)

    async with serving(keep_alive) as url:
        with watch() as wire:
            await call_blocking(lambda: twice(url), 20)
    assert (connections, wire.requests, wire.written) == (2, 2, 2)


async def test_hidden_headers() -> None:
    """Headers that the client library would trip over are kept from it, and seen on the wire all the same."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-RateLimit-Reset: soon\r\n\r\nok"

    def call(url: str) -> requests.Response:
        with WatchedSession(hide_headers=frozenset({"x-ratelimit-reset"})) as session:
            return session.post(url, data=b"hello", timeout=20)

    async with serving(answering(answer)) as url:
        with watch() as wire:
            response = await call_blocking(lambda: call(url), 20)
    assert "x-ratelimit-reset" not in response.headers
    assert wire.headers["x-ratelimit-reset"] == "soon"


async def test_thread_has_the_context_and_passes_on_what_it_brings() -> None:
    """A thread sees the caller's context variables; values and errors of every class come back, even StopIteration."""
    name: contextvars.ContextVar[str] = contextvars.ContextVar("name")
    name.set("ours")

    def stop() -> None:
        raise StopIteration

    assert await call_in_daemon_thread(name.get) == "ours"
    assert await call_in_daemon_thread(lambda: threading.current_thread().daemon)
    with pytest.raises(RuntimeError, match="StopIteration"):  # what Python makes of it in any coroutine
        await call_in_daemon_thread(stop)


async def test_cancelled_caller_leaves_its_thread() -> None:
    """A cancelled caller does not wait for its thread, and what the thread brings later is dropped."""
    started, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        may_end.wait(20)
        ended.set()

    task = asyncio.create_task(call_in_daemon_thread(work))
    await asyncio.to_thread(started.wait, 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not ended.is_set()
    may_end.set()
    assert await asyncio.to_thread(ended.wait, 20)


def test_process_does_not_wait_for_a_thread_that_hangs() -> None:
    """A process ends although a call hangs in a place where nothing can wake it."""
    program = """
import asyncio, threading
from adapters.threads import call_in_daemon_thread
async def main():
    call = asyncio.create_task(call_in_daemon_thread(threading.Event().wait))
    await asyncio.wait([call], timeout=0.1)
    call.cancel()
asyncio.run(main())
print("left")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "left\n", "")
