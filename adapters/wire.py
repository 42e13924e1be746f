"""How far a request got, seen on the wire: exception classes of the client libraries do not tell it.

A caller opens a `Wire` with `watch()`; the transports of the libraries fill it (`PhaseTransport` for httpx; one for
`requests` stands beside it). It travels in a ContextVar, into tasks and, where the context is copied, into threads.
"""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Literal, TypeVar

import httpx

T = TypeVar("T")

LONGEST_WAIT = 10_000_000.0
"""Seconds: no server's word is taken for longer, whatever it wrote."""

PIECE = 2**16
"""Bytes that are written before the clock is read again."""

Phase = Literal["not_sent", "writing", "sent", "answered"]
"""
not_sent   not a byte of the request was handed to the socket: it was surely not executed
writing    some bytes may have been handed over
sent       all bytes were handed over
answered   a status line and headers came back; the body may still be cut short
"""


@dataclass(frozen=True, slots=True)
class Until:
    """A moment of a monotonic clock after which nothing is written."""

    at: float
    clock: Callable[[], float]
    """Of the event loop; any thread may read it."""

    def is_past(self) -> bool:
        """Whether it is over."""
        return self.clock() >= self.at

    def earlier(self, other: "Until | None") -> "Until":
        """The one of the two that comes first."""
        return self if other is None or self.at <= other.at else other


@dataclass(slots=True)
class Wire:
    """What was seen of the newest request made under one `watch()`. Safe to fill from a thread."""

    phase: Phase = "not_sent"
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of the answer; names in lower case."""
    body: bytes = b""
    """The answer's body, where the adapter keeps it here."""
    requests: int = 0
    """How many were begun."""
    written: int = 0
    """How many may have put a byte on the wire."""
    expired: bool = False
    """Nothing more may be written. Set it through `expire`."""
    until: Until | None = None
    """When it expires by itself."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def nothing_sent(self) -> bool:
        """No request made under this watch has put a byte on the wire."""
        return self.written == 0

    def begin(self) -> None:
        """A new request starts: what was seen of an earlier one is forgotten, except that it was written."""
        self.phase, self.status, self.headers, self.body = "not_sent", None, {}, b""
        self.requests += 1

    def start_writing(self) -> bool:
        """Call just before each piece that is written. False: the call has expired and must not write.

        The clock is read here, because nobody else may have had the time to: a process that was stopped (SIGSTOP, a
        frozen container) wakes up right where it was, maybe long after its deadline, when another one may have taken
        over its work. What remains is the moment between this look and the kernel's taking the bytes, some
        microseconds; and a machine that was suspended as a whole, for which this clock stood still.
        """
        with self._lock:
            if self.until is not None and self.until.is_past():
                self.expired = True
            if self.expired:
                return False
            if self.phase == "not_sent":
                self.phase = "writing"
                self.written += 1
            return True

    def finish_writing(self) -> None:
        """All bytes were handed to the socket."""
        if self.phase == "writing":
            self.phase = "sent"

    def answer(self, status: int, headers: Mapping[str, str]) -> None:
        """A status line and headers came back."""
        self.phase, self.status = "answered", status
        self.headers = {name.lower(): value for name, value in headers.items()}

    def expire(self) -> None:
        """From now on nothing is written. What `phase` says afterwards stays true: no writer can slip in between."""
        with self._lock:
            self.expired = True


class Expired(httpx.TransportError):
    """The call's time was up before it was written whole; `Wire.phase` says whether it was begun."""


_current: ContextVar[Wire | None] = ContextVar("wire", default=None)
_until: ContextVar[Until | None] = ContextVar("until", default=None)
"""Of the call that this code runs in, for the wires that are opened in it."""


def current() -> Wire | None:
    """The wire of the call that this code runs in, if one is watched."""
    return _current.get()


@contextmanager
def watch() -> Iterator[Wire]:
    """Watch the requests that are made inside. On leaving, by whatever way, nothing more is written for them."""
    wire = Wire(until=_until.get())
    token = _current.set(wire)
    try:
        yield wire
    finally:
        wire.expire()
        _current.reset(token)


async def within(seconds: float | None, call: Awaitable[T]) -> T:
    """Await `call` for at most `seconds`; then, or when cancelled, nothing more is written. Raises TimeoutError.

    That holds for the current wire, and for those that are opened in `call`.
    """
    wire, loop = current(), asyncio.get_running_loop()
    until = _until.get() if seconds is None else Until(loop.time() + seconds, loop.time).earlier(_until.get())
    if wire is not None and until is not None:
        wire.until = until.earlier(wire.until)
    token = _until.set(until)
    try:
        async with asyncio.timeout(seconds):
            return await call
    except BaseException:
        if wire is not None:
            wire.expire()
        raise
    finally:
        _until.reset(token)


@cache
def shared_tls() -> ssl.SSLContext:
    """The one TLS context of all transports: each of its own would cost 20 ms and a megabyte."""
    return httpx.create_ssl_context(trust_env=False)


class _InPieces(httpx.AsyncByteStream):
    """A request's body, written piece by piece, and no piece after the call has expired.

    A picture takes its time: a process that was stopped in the middle of it must not end the request when it wakes.
    """

    def __init__(self, body: httpx.AsyncByteStream, request: httpx.Request, wire: Wire) -> None:
        self._body = body
        self._request = request
        self._wire = wire

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._body:
            for start in range(0, len(chunk), PIECE):
                if not self._wire.start_writing():
                    raise Expired("the call's time was up before it was written whole", request=self._request)
                yield chunk[start : start + PIECE]


class PhaseTransport(httpx.AsyncHTTPTransport):
    """An httpx transport that fills the current wire, and from which no redirect can be followed.

    It uses no proxy of the environment: how far a request got would be seen of the proxy only.
    """

    def __init__(
        self, verify: ssl.SSLContext | None = None, *, max_connections: int = 4, keepalive_for: float = 5.0
    ) -> None:
        # An idle line is let go early, so that a request is seldom written to one that the server is just closing.
        limits = httpx.Limits(max_connections=max_connections, keepalive_expiry=keepalive_for)
        super().__init__(verify=verify or shared_tls(), trust_env=False, limits=limits, retries=0)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request` once, and note how far it got."""
        wire = current() or Wire()
        wire.begin()
        if wire.expired:
            raise Expired("the call's time was up before the request began", request=request)

        async def trace(event: str, _info: Mapping[str, Any]) -> None:
            # The names are httpcore's: https://www.encode.io/httpcore/extensions/#trace
            if event.endswith((".send_request_headers.started", ".send_request_body.started")):
                if not wire.start_writing():
                    raise Expired("the call's time was up before it was written", request=request)
            elif event.endswith(".send_request_body.complete"):
                wire.finish_writing()

        request.extensions = {**request.extensions, "trace": trace}
        if isinstance(request.stream, httpx.AsyncByteStream):
            request.stream = _InPieces(request.stream, request, wire)
        response = await super().handle_async_request(request)
        wire.answer(response.status_code, response.headers)
        if response.is_redirect:
            # Whether a client follows is its own setting, and a POST would be followed as a GET: leave it no address.
            response.headers.pop("location", None)
        return response


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that a Retry-After header asks to wait, never negative; None when there is none that can be read.

    Both forms of https://www.rfc-editor.org/rfc/rfc9110#name-retry-after: seconds and a date. Names in lower case.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    seconds = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    return min(max(0.0, seconds), LONGEST_WAIT)


def server_time(headers: Mapping[str, str], now: datetime) -> datetime:
    """The server's clock as its answer shows it, which may differ from ours by hours; ours where it shows none."""
    try:
        at = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, OverflowError):
        return now
    return at.replace(tzinfo=at.tzinfo or UTC)
