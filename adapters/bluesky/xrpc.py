"""The atproto client with its traps closed: every call says whose it is, none follows a redirect, all are watched.

The SDK would renew a session by itself inside any call, whichever process owns the account; here a call carries its
token explicitly (`ignore_session_check`), and `adapters.bluesky.signin` alone decides when a session is renewed.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, TypeVar

import httpx
from atproto_client import AsyncClient, models  # type: ignore[import-untyped] # the package has no py.typed
from atproto_client.client.session import get_session_pds_endpoint  # type: ignore[import-untyped]
from atproto_client.exceptions import AtProtocolError, RequestErrorBase  # type: ignore[import-untyped]
from atproto_client.request import AsyncRequest  # type: ignore[import-untyped]

from adapters.address import host_of
from adapters.bluesky.budget import when_to_return
from adapters.bluesky.outcomes import Failure
from adapters.bluesky.session import Session
from adapters.reach import why_unreachable
from adapters.wire import PhaseTransport, Wire, watch, within

T = TypeVar("T")
Notice = Callable[[Wire], None]

POSTS: Final = "app.bsky.feed.post"
LIST_PAGE: Final = 100
"""The most that a PDS lists at once."""
_APPLY_WRITES = "com.atproto.repo.applyWrites"
_CONNECT_FOR = 10.0
_CALL_FOR = 30.0
_UPLOAD_FOR = 60.0

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # they log every request, httpcore with its headers


@dataclass(frozen=True, slots=True)
class Tokens:
    """What createSession and refreshSession give."""

    did: str
    handle: str
    access: str
    refresh: str
    pds: str | None
    """As the DID document says, if one came along."""


class Xrpc:
    """The calls that Handbill makes to a PDS. Each raises `Failure`, and nothing else, when it brings no answer."""

    def __init__(self, *, now: Callable[[], datetime], user_agent: str) -> None:
        self._now = now
        # The total time of a call is limited around it; only the connect has a limit of its own (the default is 5 s).
        timeout = httpx.Timeout(None, connect=_CONNECT_FOR)
        self._request = AsyncRequest(transport=PhaseTransport(), timeout=timeout, trust_env=False)
        self._request.add_additional_header("User-Agent", user_agent)
        self._clients: dict[str, Any] = {}

    async def create_session(self, server: str, identifier: str, password: str) -> Tokens:
        """Sign in with an app password."""
        data = models.ComAtprotoServerCreateSession.Data(identifier=identifier, password=password)
        call = self._client(server).com.atproto.server.create_session(data, ignore_session_check=True)
        return _tokens(await self._watched(server, call))

    async def refresh_session(self, server: str, refresh_token: str) -> Tokens:
        """Exchange a refresh token for a new pair."""
        call = self._client(server).com.atproto.server.refresh_session(
            headers=_bearer(refresh_token), ignore_session_check=True
        )
        return _tokens(await self._watched(server, call))

    async def get_session(self, session: Session) -> Mapping[str, Any]:
        """Whose session it is, and the state of the account."""
        return await self._query(session, "com.atproto.server.getSession", needs=("did", "handle"))

    async def get_record(self, session: Session, rkey: str, collection: str = POSTS) -> Mapping[str, Any]:
        """The record at a key: "uri", "value". RecordNotFound when there is none."""
        params = models.ComAtprotoRepoGetRecord.Params(repo=session.did, collection=collection, rkey=rkey)
        return await self._query(session, "com.atproto.repo.getRecord", params, needs=("uri", "value"))

    async def list_posts(self, session: Session, cursor: str | None) -> tuple[list[Any], str | None]:
        """A page of the account's posts as {"uri", "value"}, highest key first, and the cursor of the next; None: there
        is no more."""
        params = models.ComAtprotoRepoListRecords.Params(
            repo=session.did, collection=POSTS, limit=LIST_PAGE, cursor=cursor
        )
        answer = await self._query(session, "com.atproto.repo.listRecords", params, needs=())
        records, after = answer.get("records"), answer.get("cursor")
        if not isinstance(records, list):
            raise Failure(host_of(session.pds), phase="answered", status=HTTPStatus.OK)
        return records, after if records and isinstance(after, str) and after != cursor else None

    async def upload_blob(self, session: Session, data: bytes, mime: str, notice: Notice) -> Mapping[str, Any]:
        """Upload bytes; the answer's "blob" is the reference. Its wire goes to `notice`."""
        nsid = "com.atproto.repo.uploadBlob"
        return await self._procedure(session, nsid, data, mime, needs=("blob",), within_for=_UPLOAD_FOR, notice=notice)

    async def put_post(
        self, session: Session, rkey: str, record: Mapping[str, Any], notice: Notice
    ) -> Mapping[str, Any]:
        """Create the record at its key, or find the very same there: the visible call. Its wire goes to `notice`.

        The SDK's model would leave out `swapRecord: null`, without which another record would be overwritten
        (https://docs.bsky.app/docs/api/com-atproto-repo-put-record), so the body is ours. No limit but the caller's.
        """
        body = {"repo": session.did, "collection": POSTS, "rkey": rkey, "record": record, "swapRecord": None}
        return await self._write(session, "com.atproto.repo.putRecord", body, ("uri", "cid"), notice)

    async def create_with_gates(
        self,
        session: Session,
        rkey: str,
        records: Sequence[Mapping[str, Any]],
        standing: Collection[str],
        notice: Notice,
    ) -> Mapping[str, Any]:
        """Create the post, which is the first of `records`, and its gates at their key, all or none of them: then this
        is the visible call. Its wire goes to `notice`; the answer is what is told of the post.

        `standing`: collections of gates that are there already, and are written over. A post that is there makes the
        server refuse it all. https://docs.bsky.app/docs/api/com-atproto-repo-apply-writes
        """
        writes = [
            {
                "$type": f"{_APPLY_WRITES}#{'update' if record['$type'] in standing else 'create'}",
                "collection": record["$type"],
                "rkey": rkey,
                "value": record,
            }
            for record in records
        ]
        body = {"repo": session.did, "writes": writes}
        answer = await self._write(session, _APPLY_WRITES, body, ("results",), notice)
        first = answer["results"][0] if isinstance(answer["results"], list) else None
        if not isinstance(first, dict) or not first.get("uri"):
            raise Failure(host_of(session.pds), phase="answered", status=HTTPStatus.OK)
        return first

    async def close(self) -> None:
        """Drop the connections."""
        await self._request.close()

    def _client(self, server: str) -> Any:
        if server not in self._clients:
            self._clients[server] = AsyncClient(base_url=server, request=self._request)
        return self._clients[server]

    async def _query(
        self, session: Session, nsid: str, params: Any = None, *, needs: tuple[str, ...]
    ) -> Mapping[str, Any]:
        call = self._client(session.pds).invoke_query(
            nsid, params=params, headers=_bearer(session.access), ignore_session_check=True
        )
        return _object(session.pds, await self._watched(session.pds, call), needs)

    async def _write(
        self, session: Session, nsid: str, body: Mapping[str, Any], needs: tuple[str, ...], notice: Notice
    ) -> Mapping[str, Any]:
        content = json.dumps(body, ensure_ascii=False).encode()
        return await self._procedure(
            session, nsid, content, "application/json", needs=needs, within_for=None, notice=notice
        )

    async def _procedure(
        self,
        session: Session,
        nsid: str,
        content: bytes,
        mime: str,
        *,
        needs: tuple[str, ...],
        within_for: float | None,
        notice: Notice | None = None,
    ) -> Mapping[str, Any]:
        headers = {"Content-Type": mime, **_bearer(session.access)}
        call = self._client(session.pds).invoke_procedure(
            nsid, headers=headers, content=content, ignore_session_check=True
        )
        return _object(session.pds, await self._watched(session.pds, call, within_for, notice), needs)

    async def _watched(
        self, server: str, call: Awaitable[T], within_for: float | None = _CALL_FOR, notice: Notice | None = None
    ) -> T:
        with watch() as wire:
            if notice is not None:
                notice(wire)
            try:
                return await within(within_for, call)
            except (AtProtocolError, httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
                # Without its cause, which holds the request and so the token or the password.
                raise self._failure(server, wire, error) from None

    def _failure(self, server: str, wire: Wire, error: Exception) -> Failure:
        name, detail = _said(error)
        return Failure(
            host_of(server),
            phase=wire.phase,
            status=wire.status,
            name=name,
            detail=detail,
            retry_after=when_to_return(wire.headers, self._now()),
            reason=why_unreachable(error) if wire.nothing_sent else "",
        )


def _tokens(answer: Any) -> Tokens:
    pds = get_session_pds_endpoint(answer)
    return Tokens(answer.did, answer.handle, answer.access_jwt, answer.refresh_jwt, pds)


def _object(server: str, answer: Any, needs: tuple[str, ...]) -> Mapping[str, Any]:
    """The JSON object that came back, if it is one and has what it needs: a proxy can say 200, too."""
    body = answer.content
    if not isinstance(body, dict) or any(not body.get(name) for name in needs):
        raise Failure(host_of(server), phase="answered", status=answer.status_code)
    return body


def _said(error: Exception) -> tuple[str, str]:
    """The XRPC error name and message, where the server gave any."""
    response = error.response if isinstance(error, RequestErrorBase) else None
    content = response.content if response is not None else None
    name, message = getattr(content, "error", None), getattr(content, "message", None)
    return (name if isinstance(name, str) else "", message if isinstance(message, str) else "")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
