"""Conversations in which the sandbox must answer as a real PDS does."""

from collections.abc import Mapping
from typing import Any

from tests.real.pds.conversation import Step, Talk, User
from tests.real.pds.records import NO_BLOB, NO_RECORD, POST, RECORD, THREADGATE, USED, card

REPO = "com.atproto.repo."
NO_DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"


def put(user: User, rkey: object, record: Mapping[str, Any] = RECORD, auth: str | None = "access", **more: Any) -> Step:
    """Write a post at a key."""
    body = {"repo": user.did, "collection": POST, "rkey": rkey, "record": record, **more}
    return Step(f"{REPO}putRecord", body, auth=auth)


def create(user: User, rkey: str, record: Mapping[str, Any] = RECORD, **more: Any) -> Step:
    """Create a post at a key."""
    body = {"repo": user.did, "collection": POST, "rkey": rkey, "record": record, **more}
    return Step(f"{REPO}createRecord", body)


def delete(user: User, rkey: str, **more: Any) -> Step:
    """Delete the post at a key."""
    return Step(f"{REPO}deleteRecord", {"repo": user.did, "collection": POST, "rkey": rkey, **more})


def upload(data: bytes, encoding: str | None = "image/png", auth: str | None = "access") -> Step:
    """Upload a blob."""
    return Step(f"{REPO}uploadBlob", raw=data, encoding=encoding, auth=auth)


def read(name: str, **query: str) -> Step:
    """Ask without a token."""
    return Step(name, query=query, auth=None)


def get(user: User, rkey: str, **query: str) -> Step:
    """Read the post at a key."""
    return read(f"{REPO}getRecord", **({"repo": user.did, "collection": POST, "rkey": rkey} | query))


def other(user: User, rkey: str, record: Any, **more: Any) -> Step:
    """Write a record of no known lexicon."""
    body = {"repo": user.did, "collection": "com.example.note", "rkey": rkey, "record": record, **more}
    return Step(f"{REPO}putRecord", body)


def apply(user: User, *writes: Mapping[str, Any]) -> Step:
    """Several writes in one commit."""
    return Step(f"{REPO}applyWrites", {"repo": user.did, "writes": list(writes)})


def one(action: str, rkey: str, **more: Any) -> dict[str, Any]:
    """A write for `apply`."""
    return {"$type": f"{REPO}applyWrites#{action}", "collection": "com.example.note", "rkey": rkey, **more}


def gate(user: User, rkey: str, kind: str, **changes: Any) -> Step:
    """Write the gate of a post at a key."""
    record = {"$type": kind, "post": f"at://{user.did}/{POST}/{rkey}", "createdAt": RECORD["createdAt"], **changes}
    return Step(f"{REPO}putRecord", {"repo": user.did, "collection": kind, "rkey": rkey, "record": record})


def with_gate(user: User, rkey: str, *actions: str) -> Step:
    """A post and its gate, each by its action, in one commit."""
    closed = gate(user, rkey, THREADGATE, allow=[]).body["record"]
    writes = [
        {"$type": f"{REPO}applyWrites#{action}", "collection": record["$type"], "rkey": rkey, "value": record}
        for action, record in zip(actions, (RECORD, closed), strict=True)
    ]
    return apply(user, *writes)


def login(identifier: str, **more: Any) -> Step:
    """Begin a session."""
    return Step("com.atproto.server.createSession", {"identifier": identifier, **more}, auth=None)


OTHER_TEXT = {**RECORD, "text": "other"}

WRITING: dict[str, Talk] = {
    "put, put again": lambda u, k: [put(u, k), put(u, k), put(u, k, swapRecord=None), get(u, k)],
    "put another": lambda u, k: [put(u, k), put(u, k, OTHER_TEXT, swapRecord=None), put(u, k, OTHER_TEXT), get(u, k)],
    "put, keys in another order": lambda u, k: [put(u, k), put(u, k, dict(reversed(RECORD.items())))],
    "swap with a wrong cid": lambda u, k: [
        put(u, k, swapRecord=NO_RECORD),
        put(u, k),
        put(u, k, OTHER_TEXT, swapRecord=NO_RECORD),
    ],
    "swap with no cid": lambda u, k: [put(u, k, swapRecord="zzz")],
    "swap commit": lambda u, k: [
        put(u, k, swapCommit=NO_RECORD),
        put(u, k, swapCommit="x"),
        put(u, k, swapCommit=None),
    ],
    "create twice": lambda u, k: [create(u, k), create(u, k), create(u, k, OTHER_TEXT), get(u, k)],
    "create without a key": lambda u, _: [
        Step(f"{REPO}createRecord", {"repo": u.did, "collection": POST, "record": RECORD})
    ],
    "delete, delete again, recreate": lambda u, k: [put(u, k), delete(u, k), delete(u, k), get(u, k), create(u, k)],
    "delete with a wrong swap": lambda u, k: [put(u, k), delete(u, k, swapRecord=NO_RECORD), get(u, k)],
    "by handle": lambda u, k: [put(u, k), put(u, k, repo=u.handle), get(u, k, repo=u.handle)],
    "of an unknown account": lambda u, k: [
        put(u, k, repo=NO_DID),
        put(u, k, repo="nobody.test"),
        put(u, k, repo="???"),
    ],
    "without a field": lambda u, k: [
        Step(f"{REPO}putRecord", {"repo": u.did, "collection": POST, "rkey": k}),
        Step(f"{REPO}putRecord", {"collection": POST, "rkey": k, "record": RECORD}),
        Step(f"{REPO}deleteRecord", {"repo": u.did, "collection": POST}),
    ],
    "no JSON": lambda _u, _k: [
        Step(f"{REPO}putRecord"),
        Step(f"{REPO}putRecord", raw=b"{"),
        Step(f"{REPO}putRecord", []),
        Step(f"{REPO}putRecord", raw=b"{}", encoding=None),
        Step(f"{REPO}putRecord", raw=b"{}", encoding="text/plain"),
    ],
    "too much JSON": lambda u, k: [other(u, k, {"x": "y" * 1_000_001})],
    "the wrong HTTP method": lambda _u, _k: [Step(f"{REPO}putRecord", query={}), Step(f"{REPO}getRecord", {})],
    "record keys": lambda u, _: (
        [put(u, key) for key in ("self", "a b", "", ".", "..", "ä", "zzzzzzzzzzzzz", "x" * 513)] + [put(u, 5)]
    ),
    "collections": lambda u, k: [
        put(u, k, collection="post"),
        put(u, k, collection="a.b"),
        other(u, k, {"$type": POST}),
    ],
    "unknown lexicons": lambda u, k: [other(u, k, {"a": 1}), other(u, k, {"a": 2}, validate=True), other(u, k, "text")],
    "the data model": lambda u, k: [
        other(u, k, {"n": None, "l": [True, False, -5, 23, 24, 255, 256, 65536, 2**40], "s": "ä" * 300, "o": {}}),
        other(u, k, {"bytes": {"$bytes": "AAE"}, "link": {"$link": NO_RECORD}, "no link": {"$link": "zzz"}}),
        other(u, k, {"whole": 1.0}),
        other(u, k, {"fraction": 1.5}),
        other(u, k, {"large": 2**60}),
    ],
    "several at once": lambda u, k: [
        apply(u, one("create", f"{k}a", value={"a": 1}), one("create", f"{k}b", value={"a": 1})),
        apply(u, one("create", f"{k}c", value={"a": 1}), one("create", f"{k}b", value={"a": 1})),
        read(f"{REPO}getRecord", repo=u.did, collection="com.example.note", rkey=f"{k}c"),
        apply(u, one("update", f"{k}a", value={"a": 2}), one("delete", f"{k}b")),
        apply(u, one("update", "nothing", value={})),
        apply(u, one("delete", "nothing")),
        apply(u, {"collection": "com.example.note"}),
        apply(u, {"$type": "com.example.other"}),
    ],
}

BLOBS: dict[str, Talk] = {
    "uploads": lambda _u, _k: [
        upload(b"abc"),
        upload(b""),
        upload(b"{}", "application/json"),
        upload(b"x", None),
        upload(b"x", auth=None),
        upload(b"x" * (5 * 2**20)),
        upload(b"x" * (5 * 2**20 + 1)),
    ],
    "used as uploaded": lambda u, k: [
        upload(b"used"),
        read("com.atproto.sync.getBlob", did=u.did, cid=USED["ref"]["$link"]),
        put(u, k, card(thumb={**USED, "mimeType": "image/jpeg"})),
        put(u, k, card(thumb={**USED, "size": 5})),
        put(u, k, card(thumb=USED)),
        read("com.atproto.sync.getBlob", did=u.did, cid=USED["ref"]["$link"]),
        put(u, k, card(thumb={**USED, "mimeType": "image/jpeg"})),
    ],
    "gone with its record": lambda u, k: [
        upload(b"used"),
        put(u, k, card(thumb=USED)),
        delete(u, k),
        put(u, k, card(thumb=USED)),
        upload(b"used"),
        put(u, k, card(thumb=USED)),
    ],
    "reading": lambda u, _: [
        read("com.atproto.sync.getBlob", did=u.did, cid=NO_BLOB),
        read("com.atproto.sync.getBlob", did=u.did, cid="x"),
        read("com.atproto.sync.getBlob", did=NO_DID, cid=NO_BLOB),
    ],
}

READING: dict[str, Talk] = {
    "a record": lambda u, k: [
        get(u, k),
        put(u, k),
        get(u, k),
        get(u, k, cid=NO_RECORD),
        get(u, "a b"),
        get(u, k, repo=NO_DID),
    ],
    "without a parameter": lambda u, _: [
        read(f"{REPO}getRecord", repo=u.did, collection=POST),
        read(f"{REPO}listRecords", repo=u.did),
        read("com.atproto.sync.getBlob", did=u.did),
    ],
    "ill-formed parameters": lambda u, k: [get(u, k, repo="???"), get(u, k, collection="post"), get(u, k, cid="x")],
    "lists": lambda u, _: [
        read(f"{REPO}listRecords", repo=u.did, collection=POST),
        read(f"{REPO}listRecords", repo=u.did, collection=POST, limit="100"),
        read(f"{REPO}listRecords", repo=u.did, collection=POST, limit="101"),
        read(f"{REPO}listRecords", repo=u.did, collection=POST, limit="0"),
        read(f"{REPO}listRecords", repo=u.did, collection=POST, limit="x"),
        read(f"{REPO}listRecords", repo="nobody.test", collection=POST),
    ],
    "handles": lambda u, _: [
        read("com.atproto.identity.resolveHandle", handle=handle)
        for handle in (u.handle, "nobody.test", "nobody.invalid", "x")
    ],
    "the server": lambda _u, _k: [
        read("com.atproto.server.describeServer"),
        read("com.atproto.sync.getLatestCommit", did=NO_DID),
        read("com.atproto.sync.getLatestCommit", did="x"),
    ],
    "profiles, which a bare PDS has not": lambda u, _: [
        Step("app.bsky.actor.getProfile", query={"actor": u.did}),
        Step("app.bsky.actor.getProfile", query={}),
        read("app.bsky.actor.getProfile", actor=u.did),
    ],
    "unknown methods": lambda _u, _k: [
        Step("com.example.none", query={}),
        Step("com.example.none", {}),
        read("com.example.none"),
        read("none"),
    ],
}

SESSIONS: dict[str, Talk] = {
    "logins": lambda u, _: [
        login(u.handle, password="wrong"),
        login("nobody.test", password="x"),
        login(u.handle),
        login(u.did, password=u.app_password),
        login(u.handle.upper(), password=u.app_password),
        login(f"@{u.handle}", password=u.app_password),
    ],
    "tokens": lambda u, k: [
        put(u, k, auth=auth)
        for auth in (None, "abc", "a.b.c", "refresh", "Basic abc", "Foo abc", "Bearer a b", "Bearer ")
    ],
    "who am I": lambda _u, _k: [
        Step("com.atproto.server.getSession", query={}, auth=auth) for auth in ("access", "refresh", None)
    ],
    "refreshing": lambda _u, _k: [
        Step("com.atproto.server.refreshSession", auth=auth, encoding=None)
        for auth in ("access", None, "refresh", "refresh")
    ],
}
