"""One account's repository: its records, its blobs, and commits that happen whole or not at all.

https://atproto.com/specs/repository, and packages/pds/src/actor-store of the reference server.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from adapters.sandbox.bluesky_cbor import cid_of_blob, cid_of_record
from adapters.sandbox.bluesky_post import blobs_in
from adapters.sandbox.bluesky_syntax import tid
from adapters.sandbox.bluesky_xrpc import XrpcError

Path = tuple[str, str]
"""(collection, record key)."""


@dataclass(frozen=True, slots=True)
class Record:
    """A stored record."""

    value: dict[str, Any]
    cid: str
    indexed_at: float
    number: int = 0
    """Which one it was of all that were ever written here."""


@dataclass(slots=True)
class Blob:
    """Uploaded bytes. They are temporary until a record refers to them, and gone when the last one no longer does."""

    data: bytes
    mime: str
    users: set[Path] = field(default_factory=set)

    def ref(self) -> dict[str, Any]:
        """The reference that records hold."""
        link = {"$link": cid_of_blob(self.data)}
        return {"$type": "blob", "ref": link, "mimeType": self.mime, "size": len(self.data)}


ANY = "any"
"""No condition on what the record was."""


@dataclass(frozen=True, slots=True)
class Write:
    """One change. `swap` is the CID that must be there before it (None: there must be no record)."""

    action: Literal["create", "update", "delete"]
    path: Path
    value: dict[str, Any] = field(default_factory=dict)
    swap: str | None = ANY


@dataclass(frozen=True, slots=True)
class Commit:
    """A state of the repository."""

    cid: str
    rev: str


def record_cid(value: dict[str, Any]) -> str:
    """The CID of a record; the reference server trips over integers beyond 2**53."""
    try:
        return cid_of_record(value)
    except OverflowError as error:
        raise XrpcError(500) from error


class Repo:
    """The records and blobs of one account."""

    def __init__(self, did: str, now: Callable[[], float]) -> None:
        self.did = did
        self.records: dict[Path, Record] = {}
        self._blobs: dict[str, Blob] = {}
        self._now = now
        self._clock = 0
        self._written = 0
        self.head = Commit(cid_of_record({"did": did}), self.next_tid())

    def next_tid(self) -> str:
        """A fresh identifier, later than every one before."""
        self._clock = max(self._clock + 1, int(self._now() * 1_000_000))
        return tid(self._clock, 0)

    def upload(self, data: bytes, mime: str) -> Blob:
        """Keep bytes for a record to come. The same bytes are the same blob, which keeps the type it first had."""
        blob = Blob(data, mime)
        self._blobs.setdefault(cid_of_blob(data), blob)
        return blob

    def find_blob(self, cid: str) -> Blob | None:
        """A blob that some record refers to."""
        blob = self._blobs.get(cid)
        return blob if blob and blob.users else None

    def commit(self, writes: list[Write], swap_commit: str | None = None) -> Commit:
        """Apply all writes or none. Raises `XrpcError`."""
        if swap_commit is not None and swap_commit != self.head.cid:
            raise XrpcError(400, "InvalidSwap", f"Commit was at {self.head.cid}")
        staged: dict[Path, Record | None] = {}
        for write in writes:
            current = staged.get(write.path, self.records.get(write.path))
            _check_swap(write, current.cid if current else None)
            staged[write.path] = self._outcome(write, current)
        self._check_blobs(staged)
        self._apply(staged)
        operations = [[write.action, *write.path] for write in writes]
        rev = self.next_tid()
        self.head = Commit(cid_of_record({"prev": self.head.cid, "rev": rev, "operations": operations}), rev)
        return self.head

    def _outcome(self, write: Write, current: Record | None) -> Record | None:
        # The tree of records refuses a key that is taken, and a key that is not there; the reference server does not
        # expect either and answers 500. https://github.com/bluesky-social/atproto/issues/3718
        if (write.action == "create") is not (current is None):
            raise XrpcError(500)
        if write.action == "delete":
            return None
        self._written += 1
        return Record(write.value, record_cid(write.value), self._now(), self._written)

    def _check_blobs(self, staged: dict[Path, Record | None]) -> None:
        for ref in (ref for record in staged.values() if record for ref in blobs_in(record.value)):
            cid = ref["ref"]["$link"]
            blob = self._blobs.get(cid)
            if blob is None:
                raise XrpcError(400, "BlobNotFound", f"Could not find blob: {cid}")
            # Only the first use of an upload is held to what was uploaded, as on the reference server.
            if not blob.users:
                _check_ref(ref, blob)

    def _apply(self, staged: dict[Path, Record | None]) -> None:
        for path, record in staged.items():
            for cid in _blob_cids(record):
                self._blobs[cid].users.add(path)
        for path, record in staged.items():
            old = self.records.pop(path, None)
            if record:
                self.records[path] = record
            for cid in _blob_cids(old) - _blob_cids(record):
                self._blobs[cid].users.discard(path)
                if not self._blobs[cid].users:
                    del self._blobs[cid]


def _blob_cids(record: Record | None) -> set[str]:
    return {ref["ref"]["$link"] for ref in blobs_in(record.value)} if record else set()


def _check_ref(ref: dict[str, Any], blob: Blob) -> None:
    checks = (("InvalidMimeType", "Mimetype", "mimeType", blob.mime), ("InvalidSize", "Size", "size", len(blob.data)))
    for error, name, key, stored in checks:
        if ref[key] != stored:
            sentence = f"Referenced {name} does not match stored blob. Expected: {stored}, Got: {ref[key]}"
            raise XrpcError(400, error, sentence)


def _check_swap(write: Write, current: str | None) -> None:
    if write.swap not in (ANY, current):
        raise XrpcError(400, "InvalidSwap", f"Record was at {current or 'null'}")
