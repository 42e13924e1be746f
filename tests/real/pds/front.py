"""A real PDS behind a front in this process, on whose stage the core can work in leaping time, and under faults.

While the PDS works on a request, no time leaps; and each request tells it what time it is.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from adapters.sandbox.bluesky import BlueskySandbox
from adapters.sandbox.bluesky_accounts import Account
from adapters.sandbox.bluesky_public import feed
from adapters.sandbox.bluesky_repo import Record, Repo
from adapters.sandbox.server import Answer, PublicPost, SandboxServer
from tests.leaping import LeapingLoop
from tests.real.pds.talks import REPO
from tests.stage import Now, Seat

POSTS = "app.bsky.feed.post"
PUT, UPLOAD = f"{REPO}putRecord", f"{REPO}uploadBlob"
_SORTS = {PUT: "publish", UPLOAD: "upload"}
_NOT_OURS = {"content-length", "content-encoding", "transfer-encoding", "connection", "keep-alive"}


class Front(SandboxServer):
    """Passes requests on to the PDS at `url`, where one account posts."""

    platform = "bluesky"

    def __init__(self, url: str, handle: str, did: str, *, now: Now) -> None:
        super().__init__(now=now)
        self.account = Account(handle, did, "", Repo(did, now))
        self.remaining: list[int] = []
        """What each put's answer said is left of the tightest window, in its points."""
        self.puts: list[tuple[float, int]] = []
        """When each put was answered, and the status."""
        self.before_answer: Callable[[int], Awaitable[None]] | None = None
        """Called with the number of puts so far, before the newest one is answered."""
        self._pds = url
        self._client: aiohttp.ClientSession | None = None
        for nsid in (PUT, UPLOAD):
            self.route("POST", f"/xrpc/{nsid}", _SORTS[nsid], self._pass_on)
        self.route("*", "/xrpc/com.atproto.server.{name}", "auth", self._pass_on)
        self.route("*", "/xrpc/{nsid}", "read", self._pass_on)

    async def start(self, port: int = 0) -> None:
        """Listen, and be ready to pass on."""
        self._client = aiohttp.ClientSession(auto_decompress=True)
        await super().start(port)

    async def stop(self) -> None:
        """Close every line; the PDS goes on."""
        await super().stop()
        if self._client is not None:
            await self._client.close()

    async def call(self, method: str, nsid: str, token: str = "", **body: Any) -> Any:
        """Ask the PDS for something that must succeed."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if method == "GET":
            answer = await self._ask(method, URL(f"{self._pds}/xrpc/{nsid}").with_query(body), b"", headers)
        else:
            headers["Content-Type"] = "application/json"
            answer = await self._ask(method, URL(f"{self._pds}/xrpc/{nsid}"), json.dumps(body).encode(), headers)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    async def look(self) -> None:
        """Fetch what is public now."""
        records, cursor = dict[tuple[str, str], Record](), ""
        while True:
            query = {"repo": self.account.did, "collection": POSTS, "limit": "100"} | (
                {"cursor": cursor} if cursor else {}
            )
            page = await self.call("GET", f"{REPO}listRecords", **query)
            for each in page["records"]:
                records[POSTS, each["uri"].rpartition("/")[2]] = Record(each["value"], each["cid"], self.now())
            cursor = page.get("cursor", "")
            if not cursor:
                break
        self.account.repo.records = records

    def public(self, place: str | None = None) -> list[PublicPost]:
        """What was public at the last `look`."""
        return feed([self.account]) if place in (None, self.account.handle) else []

    def told_to_wait(self, seconds: float) -> Answer:
        """As the sandbox does."""
        return BlueskySandbox(now=self.now).told_to_wait(seconds)

    async def _pass_on(self, request: web.Request) -> Answer:
        headers = {
            name: value for name, value in request.headers.items() if name.lower() in ("authorization", "content-type")
        }
        url = URL(f"{self._pds}{request.raw_path}", encoded=True)
        answer = await self._ask(request.method, url, await request.read(), headers)
        if request.path.endswith(PUT):
            self.puts.append((self.now(), answer.status))
            self.remaining.append(int(answer.headers.get("RateLimit-Remaining", -1)))
            if self.before_answer is not None:
                await self.before_answer(len(self.puts))
        return answer

    async def _ask(self, method: str, url: URL, body: bytes, headers: dict[str, str]) -> Answer:
        assert self._client is not None
        told = {**headers, "X-Test-Clock": str(int(self.now() * 1000)), "Accept-Encoding": "identity"}
        with _no_leaps():
            async with self._client.request(method, url, data=body or None, headers=told) as answer:
                given = await answer.read()
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in _NOT_OURS}
        return Answer(_without_address(given), answer.status, kept)

    @staticmethod
    def _response(answer: Answer) -> web.Response:
        if isinstance(answer.body, bytes):
            return web.Response(body=answer.body, status=answer.status, headers=answer.headers)
        return web.json_response(answer.body, status=answer.status, headers=answer.headers)


def seat_of(front: Front, password: str) -> Seat:
    """Its place on the stage."""
    settings = {
        "HANDBILL_BLUESKY__SERVER": lambda: front.url,
        "HANDBILL_BLUESKY__HANDLE": lambda: front.account.handle,
        "HANDBILL_BLUESKY__APP_PASSWORD": lambda: password,
    }
    return Seat("bluesky", front, settings, remembers=True, uploads=True, delete=lambda _post: None)


@contextmanager
def _no_leaps() -> Iterator[None]:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, LeapingLoop)
    loop._leaping.working += 1
    try:
        yield
    finally:
        loop._leaping.working -= 1


def _without_address(body: bytes) -> bytes:
    """A session without the DID document: clients would follow its address, past the front."""
    if b'"didDoc"' not in body:
        return body
    session = json.loads(body)
    session.pop("didDoc")
    return json.dumps(session).encode()
