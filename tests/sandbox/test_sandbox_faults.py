"""The base of the sandbox servers: every scripted fault as a raw HTTP client meets it, stopping and starting."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from adapters.sandbox.faults import KINDS, Fault, Script
from adapters.sandbox.server import Answer, PublicPost, SandboxServer

NGINX = "<html><body>Welcome to nginx!</body></html>"


class Wall(SandboxServer):
    """A platform of one call: whoever posts to /notes has put a note on the wall."""

    platform = "wall"

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[str] = []
        self.committed = asyncio.Event()
        self.route("POST", "/notes", "publish", self._note)
        self.route("GET", "/me", "auth", self._me)

    def public(self, place: str | None = None) -> list[PublicPost]:
        return [self._post(number) for number in range(len(self.notes)) if place in (None, "wall")]

    def told_to_wait(self, seconds: float) -> Answer:
        return Answer({"error": "slow down"}, 429, {"Retry-After": str(int(seconds))})

    def _post(self, number: int) -> PublicPost:
        return PublicPost("wall", "wall", str(number), self.notes[number], (), self.now(), f"{self.url}/{number}")

    async def _note(self, request: web.Request) -> Answer:
        form = await request.post()
        self.notes.append(str(form["text"]))
        self.came_out(self._post(len(self.notes) - 1))
        self.committed.set()
        return Answer({"id": len(self.notes)})

    async def _me(self, _request: web.Request) -> Answer:
        return Answer({"name": "wall"})


@pytest.fixture
async def wall() -> AsyncIterator[Wall]:
    """A running wall."""
    server = Wall()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that keeps its line open between requests, as the real libraries do."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield session


async def put(client: aiohttp.ClientSession, wall: Wall, text: str = "hello") -> tuple[int, str, str | None]:
    """Put a note on the wall: status, body and Retry-After of the answer."""
    async with client.post(f"{wall.url}/notes", data={"text": text}) as answer:
        return answer.status, await answer.text(), answer.headers.get("Retry-After")


@pytest.mark.parametrize(
    ("fault", "answer", "notes"),
    [
        ("error", (500, '{"error": "sandbox says 500"}', None), []),
        ("error=503", (503, '{"error": "sandbox says 503"}', None), []),
        ("wait=7", (429, '{"error": "slow down"}', "7"), []),
        ("garbage", (200, NGINX, None), []),
        ("error-after=502", (502, '{"error": "sandbox says 502"}', None), ["hello"]),
        ("garbage-after", (200, NGINX, None), ["hello"]),
        ("late=0", (200, '{"id": 1}', None), ["hello"]),
    ],
)
async def test_answered_fault(
    wall: Wall, client: aiohttp.ClientSession, fault: str, answer: tuple[int, str, str | None], notes: list[str]
) -> None:
    """A fault with an answer gives that answer, and commits exactly when its kind says so."""
    wall.faults.add(Fault.parse(fault))
    assert answer == await put(client, wall)
    assert notes == wall.notes
    assert (200, f'{{"id": {len(notes) + 1}}}', None) == await put(client, wall)


@pytest.mark.parametrize(("kind", "notes"), [("drop", ["first"]), ("cut", ["first", "hello"])])
async def test_line_closed(wall: Wall, client: aiohttp.ClientSession, kind: str, notes: list[str]) -> None:
    """`drop` and `cut` end the line without an answer, on a used line as on a fresh one; only `cut` has committed."""
    await put(client, wall, "first")
    wall.faults.add(Fault.parse(kind))
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await put(client, wall)
    assert notes == wall.notes


@pytest.mark.parametrize("kind", ["drop", "cut"])
async def test_closed_line_carries_no_byte(wall: Wall, kind: str) -> None:
    """On the wire, `drop` and `cut` send nothing at all before the end."""
    wall.faults.add(Fault.parse(kind))
    reader, writer = await asyncio.open_connection("127.0.0.1", wall.port)
    writer.write(
        b"POST /notes HTTP/1.1\r\nHost: wall\r\nContent-Length: 8\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\ntext=raw"
    )
    try:
        received = await reader.read()
    except ConnectionResetError:
        received = b""
    assert received == b""
    writer.close()


async def test_hang_ends_when_the_client_leaves(wall: Wall, client: aiohttp.ClientSession) -> None:
    """`hang` commits nothing, answers nothing, and leaves no task behind once its client has gone."""
    await put(client, wall, "first")
    before = asyncio.all_tasks()
    wall.faults.add(Fault.parse("hang"))
    with pytest.raises(TimeoutError):
        async with client.post(f"{wall.url}/notes", data={"text": "x"}, timeout=aiohttp.ClientTimeout(total=0.05)):
            pass
    hanging = asyncio.all_tasks() - before
    if hanging:
        await asyncio.wait(hanging, timeout=5)
    assert all(task.done() for task in hanging)
    assert wall.notes == ["first"]


@pytest.mark.parametrize(("kind", "notes"), [("hang", []), ("late=600", ["hello"])])
async def test_waiting_ends_when_the_server_stops(
    wall: Wall, client: aiohttp.ClientSession, kind: str, notes: list[str]
) -> None:
    """Stopping the server ends a handler that hangs or is late; the client sees the line close."""
    wall.faults.add(Fault.parse(kind))
    call = asyncio.create_task(put(client, wall))
    await asyncio.wait_for(wall.arrivals(1), timeout=5)
    await asyncio.wait_for(wall.stop(), timeout=5)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await call
    assert notes == wall.notes


async def test_late_commits_before_it_waits(wall: Wall, client: aiohttp.ClientSession) -> None:
    """`late` has committed by the time its client gives up, and what it committed stays."""
    wall.faults.add(Fault.parse("late=600"))
    call = asyncio.create_task(put(client, wall))
    await asyncio.wait_for(wall.committed.wait(), timeout=5)
    call.cancel()
    await asyncio.wait([call])
    assert wall.notes == ["hello"]
    assert await put(client, wall) == (200, '{"id": 2}', None)


async def test_a_client_that_leaves_cannot_undo(wall: Wall) -> None:
    """A request that has arrived whole is executed, although its client closed the line at once."""
    _reader, writer = await asyncio.open_connection("127.0.0.1", wall.port)
    writer.write(
        b"POST /notes HTTP/1.1\r\nHost: wall\r\nContent-Length: 8\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\ntext=bye"
    )
    await writer.drain()
    writer.close()
    await asyncio.wait_for(wall.committed.wait(), timeout=5)
    assert wall.notes == ["bye"]


async def test_stop_and_start_keep_the_port_and_the_posts(wall: Wall, client: aiohttp.ClientSession) -> None:
    """A stopped server refuses connections; started again, it has the same address and what was posted before."""
    await put(client, wall)
    url = wall.url
    for _ in range(2):
        await wall.stop()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", wall.port)
        await wall.start()
    assert url == wall.url
    assert await put(client, wall, "again") == (200, '{"id": 2}', None)
    assert [post.text for post in wall.public()] == ["hello", "again"]


async def test_form_with_a_file(wall: Wall, client: aiohttp.ClientSession) -> None:
    """A multipart body reaches the handler whole."""
    form = aiohttp.FormData()
    form.add_field("text", "multi")
    form.add_field("file", b"\x89PNG", filename="x.png", content_type="image/png")
    async with client.post(f"{wall.url}/notes", data=form) as answer:
        assert answer.status == 200
    assert wall.notes == ["multi"]


async def test_watcher_sees_each_post_at_its_commit(wall: Wall, client: aiohttp.ClientSession) -> None:
    """`on_post` is called for what was committed, also when the answer was lost, and for nothing else."""
    seen: list[str] = []
    wall.on_post = lambda post: seen.append(post.text)
    wall.faults.add(Fault.parse("drop"), Fault.parse("cut"))
    for text in ("dropped", "cut"):
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await put(client, wall, text)
    await put(client, wall, "sent")
    assert seen == ["cut", "sent"]


async def test_faults_strike_their_own_call(wall: Wall, client: aiohttp.ClientSession) -> None:
    """A fault scripted for one sort of call lets the others pass, and the script remembers what happened."""
    wall.faults.add(Fault.parse("error@auth"), Fault.parse("error=503*2+1"))
    assert [(await put(client, wall))[0] for _ in range(4)] == [200, 503, 503, 200]
    async with client.get(f"{wall.url}/me") as answer:
        assert answer.status == 500
    assert wall.faults.happened == [("error", "publish"), ("error", "publish"), ("error", "auth")]
    assert wall.requests[-1] == ("GET", "/me")


def test_faults_are_read_from_text() -> None:
    """Every part of a fault's spelling is read, and has its default."""
    assert Fault.parse("cut") == Fault("cut", "publish", times=1, after=0)
    assert Fault.parse("error=503@read*3+2") == Fault("error", "read", times=3, after=2, status=503)
    assert Fault.parse("late=2.5") == Fault("late", seconds=2.5)
    assert Fault.parse("wait=30@any") == Fault("wait", "any", seconds=30.0)
    assert {Fault.parse(kind).kind for kind in KINDS} == set(KINDS)


@pytest.mark.parametrize("text", ["", "explode", "cut=3", "cut*0", "error=42", "error=200", "cut@home", "late=-1"])
def test_wrong_faults_are_refused(text: str) -> None:
    """A fault that cannot be meant is refused with a sentence."""
    with pytest.raises(ValueError, match=r"fault|value|status|call"):
        Fault.parse(text)


def test_a_cleared_script_is_well_again() -> None:
    """Nothing strikes after `clear`."""
    script = Script([Fault("error", times=5)])
    assert script.next_for("publish") is not None
    script.clear()
    assert script.next_for("publish") is None
