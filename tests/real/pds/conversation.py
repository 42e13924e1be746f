"""The same conversation with two servers: a user of either, the requests, and what of the answers must agree."""

import asyncio
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp


@dataclass(frozen=True, slots=True)
class Step:
    """One request. With `query` it is a GET, else a POST of `body`, or of `raw` bytes."""

    nsid: str
    body: Any = None
    query: Mapping[str, str] | None = None
    auth: str | None = "access"
    """Which token to send, a whole header if it has a space in it, or None."""
    raw: bytes | None = None
    encoding: str | None = "application/json"


@dataclass(frozen=True, slots=True)
class Told:
    """What two servers must agree on: the status, the error, the record's CID, and whether there was a commit."""

    status: int
    error: str | None
    cid: str | None
    committed: bool
    validation: str | None


@dataclass(slots=True)
class User:
    """An account on a server, logged in with an app password."""

    url: str
    handle: str
    did: str
    app_password: str
    tokens: dict[str, str] = field(default_factory=dict)

    async def login(self) -> None:
        """Begin a session and use its tokens from now on."""
        entry = {"identifier": self.handle, "password": self.app_password}
        _, body = await self.ask(Step("com.atproto.server.createSession", entry, auth=None))
        self.tokens = {"access": body["accessJwt"], "refresh": body["refreshJwt"]}

    async def ask(self, step: Step) -> tuple[aiohttp.ClientResponse, Any]:
        """Make one request; returns the answer and its JSON (None where there is none)."""
        headers = {"Content-Type": step.encoding} if step.encoding and step.query is None else {}
        if step.auth is not None:
            header = step.auth if " " in step.auth else f"Bearer {self.tokens.get(step.auth, step.auth)}"
            headers["Authorization"] = header
        data = step.raw if step.raw is not None else json.dumps(step.body).encode() if step.body is not None else None
        stream = io.BytesIO(data) if data is not None else None
        skipped = ["Content-Type"] if step.encoding is None else []
        address = f"{self.url}/xrpc/{step.nsid}"
        async with aiohttp.ClientSession(skip_auto_headers=skipped) as client:
            verb = "POST" if step.query is None else "GET"
            async with client.request(verb, address, params=step.query, data=stream, headers=headers) as answer:
                text = await answer.text()
                is_json = answer.content_type == "application/json"
                return answer, json.loads(text) if is_json else None

    async def told(self, step: Step) -> Told:
        """Make one request; returns what another server would have to answer too."""
        answer, body = await self.ask(step)
        known = body if isinstance(body, dict) else {}
        cid = known["cid"] if "uri" in known else None  # the CID of a commit tells the time
        return Told(answer.status, known.get("error"), cid, "commit" in known, known.get("validationStatus"))


Talk = Callable[[User, str], list[Step]]
"""The steps of a conversation, given who talks and a record key of its own."""


async def hold(talk: Talk, user: User, rkey: str) -> list[Told]:
    """Make the requests of a conversation one after the other."""
    return [await user.told(step) for step in talk(user, rkey)]


async def hold_at_once(talk: Talk, user: User, rkey: str) -> list[Told]:
    """Make the requests of a conversation all at once; the answers in an order that does not tell who was first."""
    return sorted(await asyncio.gather(*(user.told(step) for step in talk(user, rkey))), key=repr)
