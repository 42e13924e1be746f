"""The XRPC methods that the sandbox serves: who may call them, with what, and at what price.

The schemas are those of https://github.com/bluesky-social/atproto/tree/main/lexicons/com/atproto
"""

from dataclasses import dataclass
from typing import Literal

from adapters.sandbox.bluesky_budgets import LOGINS, UPLOADS, WRITES, Budget
from adapters.sandbox.bluesky_schema import Schema


def _object(required: str = "", **properties: Schema) -> Schema:
    return {"type": "object", "required": required.split(), "properties": properties}


def _string(form: str | None = None) -> Schema:
    return {"type": "string"} if form is None else {"type": "string", "format": form}


_CID: Schema = {"type": "string", "format": "cid"}
_YES: Schema = {"type": "boolean"}
_RECORD: Schema = {"type": "record"}
_PLACE: dict[str, Schema] = {"collection": _string("nsid"), "rkey": _string("record-key")}
_REPO: dict[str, Schema] = {"repo": _string("at-identifier")}
_SWAP_RECORD: Schema = {"type": "string", "format": "cid", "nullable": True}
_WRITES: dict[str, Schema] = {
    "com.atproto.repo.applyWrites#create": _object("collection value", **_PLACE, value=_RECORD),
    "com.atproto.repo.applyWrites#update": _object("collection rkey value", **_PLACE, value=_RECORD),
    "com.atproto.repo.applyWrites#delete": _object("collection rkey", **_PLACE),
}

WRITE_BYTES = 1_000_000
"""The largest body of a call that writes records."""
BLOB_BYTES = 5 * 2**20
"""The largest blob; the reference server's default."""


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """One XRPC method. A query is a GET with `params`, a procedure a POST with `body` (None: it takes no JSON)."""

    nsid: str
    call: Literal["publish", "upload", "auth", "read"] = "read"
    """The sort of call, for scripted faults."""
    params: Schema | None = None
    body: Schema | None = None
    auth: Literal["access", "refresh", "refresh-even-expired"] | None = None
    budgets: tuple[Budget, ...] = ()
    points: int = 0

    @property
    def verb(self) -> str:
        """The HTTP method."""
        return "POST" if self.params is None else "GET"


def _write(name: str, body: Schema, points: int) -> Method:
    call: Literal["publish", "read"] = "read" if name == "deleteRecord" else "publish"
    return Method(f"com.atproto.repo.{name}", call, body=body, auth="access", budgets=WRITES, points=points)


CREATE_SESSION = Method(
    "com.atproto.server.createSession",
    "auth",
    body=_object("identifier password", identifier=_string(), password=_string()),
    budgets=LOGINS,
    points=1,
)
REFRESH_SESSION = Method("com.atproto.server.refreshSession", "auth", auth="refresh")
DELETE_SESSION = Method("com.atproto.server.deleteSession", auth="refresh-even-expired")
GET_SESSION = Method("com.atproto.server.getSession", params=_object(), call="auth", auth="access")
DESCRIBE_SERVER = Method("com.atproto.server.describeServer", params=_object())
RESOLVE_HANDLE = Method("com.atproto.identity.resolveHandle", params=_object("handle", handle=_string("handle")))
GET_PROFILE = Method(
    "app.bsky.actor.getProfile", params=_object("actor", actor=_string("at-identifier")), auth="access"
)
PUT_RECORD = _write(
    "putRecord",
    _object(
        "repo collection rkey record",
        **_REPO,
        **_PLACE,
        record=_RECORD,
        validate=_YES,
        swapCommit=_CID,
        swapRecord=_SWAP_RECORD,
    ),
    points=2,
)
CREATE_RECORD = _write(
    "createRecord",
    _object("repo collection record", **_REPO, **_PLACE, record=_RECORD, validate=_YES, swapCommit=_CID),
    points=3,
)
DELETE_RECORD = _write(
    "deleteRecord",
    _object("repo collection rkey", **_REPO, **_PLACE, swapCommit=_CID, swapRecord=_CID),
    points=1,
)
APPLY_WRITES = _write(
    "applyWrites",
    _object(
        "repo writes",
        **_REPO,
        writes={"type": "array", "items": {"type": "union", "refs": _WRITES, "closed": True}},
        validate=_YES,
        swapCommit=_CID,
    ),
    points=0,  # the sum of its writes
)
UPLOAD_BLOB = Method("com.atproto.repo.uploadBlob", "upload", auth="access", budgets=UPLOADS, points=1)
GET_RECORD = Method(
    "com.atproto.repo.getRecord",
    params=_object("repo collection rkey", **_REPO, **_PLACE, cid=_CID),
)
LIST_RECORDS = Method(
    "com.atproto.repo.listRecords",
    params=_object(
        "repo collection",
        **_REPO,
        collection=_string("nsid"),
        limit={"type": "integer", "minimum": 1, "maximum": 100},
        cursor=_string(),
        reverse=_YES,
    ),
)
GET_BLOB = Method("com.atproto.sync.getBlob", params=_object("did cid", did=_string("did"), cid=_CID))
GET_LATEST_COMMIT = Method("com.atproto.sync.getLatestCommit", params=_object("did", did=_string("did")))
