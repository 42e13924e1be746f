"""A pool of server connections that speaks just enough of PostgreSQL's protocol, for tests of what pools do to us.

As PgBouncer does it: in transaction mode a client has a server connection from its first message to the end of its
transaction, in session mode for life. It lets everybody in.
https://www.postgresql.org/docs/current/protocol-flow.html
"""

import os
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

import psycopg

NOT_ENCRYPTED = {80877103, 80877104}
"""Requests for TLS and for GSSAPI encryption, which are answered with N."""
ENDS = {b"Q", b"S"}
"""After these the server answers until it is ready again."""
TOLD = ("server_version", "server_encoding", "client_encoding", "DateStyle", "TimeZone", "integer_datetimes")


def last_in(idle: int) -> int:
    """PgBouncer's way: the one given back last."""
    return idle - 1


def first_in(idle: int) -> int:
    """PgBouncer's way with `server_round_robin`."""
    return 0


class Pool:
    """`with Pool(url, size) as pool:` is at `pool.url`. `pick` says which of so many idle connections is taken."""

    def __init__(
        self,
        url: str,
        size: int,
        *,
        pick: Callable[[int], int] = last_in,
        mode: str = "transaction",
        own: bool = True,
        version: str | None = None,
    ) -> None:
        self._server = [psycopg.connect(url) for _ in range(size)]
        # libpq has let us in; from here on its socket is ours.
        self._idle = [socket.socket(fileno=os.dup(conn.fileno())) for conn in self._server]
        for each in self._idle:
            each.setblocking(True)
        self._sockets = list(self._idle)
        self._free = threading.Condition()
        self._pick = pick
        self._mode = mode
        self._own = own
        """Greet in our own name, as pools do."""
        self._version = version
        """What to say of the server's version; None: the truth."""
        self._door = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._listen)]
        head, _, name = url.rpartition("/")
        self.url = f"{head.rpartition(':')[0]}:{self._door.getsockname()[1]}/{name}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in (self._door, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join()
        for conn in self._server:
            conn.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._sockets.append(client)
                thread = threading.Thread(target=self._serve, args=(client,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        server = None
        try:
            self._greet(client)
            while (message := _read(client))[0:1] != b"X":
                server = server or self._take()
                server.sendall(message)
                if message[0:1] in ENDS and self._answer(server, client) and self._mode == "transaction":
                    self._give_back(server)
                    server = None
        except (OSError, EOFError):
            pass
        finally:
            if server is not None:
                self._give_back(server)

    def _greet(self, client: socket.socket) -> None:
        while True:
            (length,) = struct.unpack("!i", _exactly(client, 4))
            body = _exactly(client, length - 4)
            if struct.unpack("!i", body[:4])[0] not in NOT_ENCRYPTED:
                break
            client.sendall(b"N")
        info = self._server[0].info
        client.sendall(_message(b"R", struct.pack("!i", 0)))
        told = {name: info.parameter_status(name) for name in TOLD}
        told["server_version"] = self._version or told["server_version"]
        for name, value in told.items():
            client.sendall(_message(b"S", f"{name}\0{value}\0".encode()))
        client.sendall(_message(b"K", struct.pack("!ii", 4711 if self._own else info.backend_pid, 1)))
        client.sendall(_message(b"Z", b"I"))

    def _answer(self, server: socket.socket, client: socket.socket) -> bool:
        """Pass on the answer; whether the transaction is over with it."""
        while True:
            message = _read(server)
            client.sendall(message)
            if message[0:1] == b"Z":
                return message[-1:] == b"I"

    def _take(self) -> socket.socket:
        with self._free:
            while not self._idle:
                self._free.wait()
            return self._idle.pop(self._pick(len(self._idle)))

    def _give_back(self, server: socket.socket) -> None:
        with self._free:
            self._idle.append(server)
            self._free.notify()


def _exactly(source: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = source.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def _read(source: socket.socket) -> bytes:
    head = _exactly(source, 5)
    return head + _exactly(source, struct.unpack("!i", head[1:])[0] - 4)


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body
