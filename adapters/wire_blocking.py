"""The wire of blocking clients: a `requests` session that fills the current `Wire`, and whose socket others can shut.

`call_blocking` gives a blocking call a hard end. When its time is up, or its task is cancelled, the socket is shut from
outside: the thread that hangs on it wakes, and nothing is written any more, however late a connection comes about.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse

from adapters.reach import CallEnded
from adapters.threads import call_in_daemon_thread
from adapters.wire import Until, Wire, current, within

T = TypeVar("T")


class Line:
    """The connection under one call, with the means to shut it from another thread."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self._lock = threading.Lock()
        self._twin: socket.socket | None = None

    def check(self) -> None:
        """Raise CallEnded when the call's time is up."""
        if self.wire.expired:
            raise CallEnded("the call's time is up")

    def hold(self, sock: socket.socket) -> None:
        """From now on the call runs over `sock`. Raises CallEnded.

        What is held is a second handle of the same connection: TLS takes the first one over, and must not be shut
        through its own `shutdown`, which drops the encryption first, so that what the other thread is just sending
        would go out in clear: https://github.com/python/cpython/blob/3.11/Lib/ssl.py (SSLSocket.shutdown)
        """
        with self._lock:
            self.check()
            self._close()
            self._twin = sock.dup()

    def let_go(self) -> None:
        """The call is over: what becomes of the connection is no longer its business."""
        with self._lock:
            self._close()

    def cut(self) -> None:
        """Let nothing more be written, and wake the thread that waits on the connection."""
        self.wire.expire()
        with self._lock:
            if self._twin is not None:
                _shut(self._twin)
            self._close()

    def _close(self) -> None:
        if self._twin is not None:
            self._twin.close()
            self._twin = None


_line: ContextVar[Line] = ContextVar("line")


async def call_blocking(work: Callable[[], T], seconds: float) -> T:
    """Run `work` in a daemon thread for at most `seconds`. Raises what it raises, or TimeoutError.

    Requests that `work` makes through a `WatchedSession` fill the current wire. Afterwards, and when the waiting task
    is cancelled, nothing more is written for them.
    """
    wire, loop = current() or Wire(), asyncio.get_running_loop()
    wire.until = Until(loop.time() + seconds, loop.time).earlier(wire.until)
    line = Line(wire)

    def watched() -> T:
        try:
            return work()
        finally:
            line.let_go()

    token = _line.set(line)
    try:
        return await within(seconds, call_in_daemon_thread(watched))
    finally:
        _line.reset(token)
        line.cut()


class WatchedSession(requests.Session):
    """A session without redirects, cookies, environment or kept connections. Only for work under `call_blocking`."""

    def __init__(self, *, hide_headers: frozenset[str] = frozenset()) -> None:
        """`hide_headers`: of answers, in lower case, kept from the client library; the wire has them all the same."""
        super().__init__()
        self.trust_env = False
        self.max_redirects = 0
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # A kept connection may be dead without a sign (closed just now, lost in a NAT): a request written to it would
        # have an unknown outcome, while a server that is down refuses a fresh connection and proves it.
        self.headers["Connection"] = "close"
        adapter = _WatchedAdapter(hide_headers)
        self.mount("https://", adapter)
        self.mount("http://", adapter)


class _WatchedAdapter(HTTPAdapter):
    def __init__(self, hide_headers: frozenset[str]) -> None:
        self._hide_headers = hide_headers
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        line = _line.get()
        line.check()
        line.wire.begin()
        response = super().send(request, *args, **kwargs)
        line.wire.body = response.content
        for name in self._hide_headers:
            response.headers.pop(name, None)
        return response


class _Watched(HTTPConnection):
    """Tells the line's wire how far the request has got, and asks it before every byte."""

    _used = False

    def _new_conn(self) -> socket.socket:
        line = _line.get()
        line.check()
        sock = super()._new_conn()
        try:
            line.hold(sock)
        except OSError:
            sock.close()
            raise
        return sock

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self._used:  # the server did not close it as it was asked to: begin afresh
            self.close()
        self._used = True
        super().request(*args, **kwargs)
        _line.get().wire.finish_writing()

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if not _line.get().wire.start_writing():
            raise CallEnded("the call's time was up before this could be written")
        super().send(data)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as in urllib3 itself
        response = super().getresponse()
        line = _line.get()
        try:
            line.check()
        except CallEnded:
            response.close()  # it holds the connection open, which nobody would read to its end
            raise
        line.wire.answer(response.status, dict(response.headers.items()))
        return response


class _WatchedTLS(_Watched, HTTPSConnection):
    """The same over TLS."""


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTLS


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):  # the other side may have closed it first
        # What the kernel still holds is thrown away at the close, not delivered minutes later when the network is back:
        # https://man7.org/linux/man-pages/man7/socket.7.html (SO_LINGER)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.shutdown(socket.SHUT_RDWR)
