"""The record methods of a PDS: writing, reading back, and blobs."""

from collections.abc import Callable
from typing import Any, Literal

from adapters.sandbox import bluesky_methods as methods
from adapters.sandbox.bluesky_accounts import Account, Accounts
from adapters.sandbox.bluesky_gates import GATES, check_gate
from adapters.sandbox.bluesky_methods import Method
from adapters.sandbox.bluesky_post import COLLECTION, TooLoose, check_post, is_readable
from adapters.sandbox.bluesky_public import public_post
from adapters.sandbox.bluesky_repo import ANY, Commit, Path, Repo, Write, record_cid
from adapters.sandbox.bluesky_schema import Invalid
from adapters.sandbox.bluesky_syntax import is_tid
from adapters.sandbox.bluesky_xrpc import XrpcError
from adapters.sandbox.server import Answer, PublicPost

Data = dict[str, Any]
"""Checked parameters or a checked body."""
MOST_WRITES = 200
Taken = Literal["compare", "conflict", "error"]
"""
What becomes of a put with `swapRecord: null` at a key that is taken:
compare    nothing where the very same record is there, else InvalidSwap: the reference server
conflict   409, as other servers answer to a create there
error      500, as the reference server answers to a create there
"""


class Records:
    """Handlers of the methods on records and blobs. `came_out` hears of each new post."""

    def __init__(
        self, accounts: Accounts, came_out: Callable[[PublicPost], None], taken: Taken, *, app_view: bool
    ) -> None:
        self._accounts = accounts
        self._app_view = app_view
        self._taken = taken
        self._came_out = came_out

    def writes(self) -> dict[Method, Callable[[Account, Data], Answer]]:
        """The methods that change a repository."""
        return {
            methods.PUT_RECORD: self._put,
            methods.CREATE_RECORD: self._create,
            methods.DELETE_RECORD: self._delete,
            methods.APPLY_WRITES: self._apply,
        }

    def reads(self) -> dict[Method, Callable[[Data], Answer]]:
        """The methods that anybody may call."""
        return {
            methods.GET_RECORD: self._get,
            methods.LIST_RECORDS: self._list,
            methods.GET_BLOB: self._get_blob,
            methods.GET_LATEST_COMMIT: self._get_latest_commit,
        }

    def upload(self, holder: Account, data: bytes, encoding: str) -> Answer:
        """Take a blob. Its type is what the bytes say, else what the client says."""
        if len(data) > methods.BLOB_BYTES:
            raise XrpcError(413, message="request entity too large")
        return Answer({"blob": holder.repo.upload(data, _sniffed(data) or encoding).ref()})

    def _put(self, holder: Account, data: Data) -> Answer:
        """Create or replace; with `swapRecord: null` create only. Nothing happens, and no `commit` is told, when the
        very same record is there already. https://docs.bsky.app/docs/api/com-atproto-repo-put-record"""
        repo = self._own_repo(holder, data)
        path = (data["collection"], data["rkey"])
        value, status = _prepared(repo, path, data["record"], data.get("validate"))
        current = repo.records.get(path)
        if current and "swapRecord" in data and data["swapRecord"] is None and self._taken != "compare":
            raise XrpcError(409) if self._taken == "conflict" else XrpcError(500)
        # The comparison comes before the condition: repeating a create-only put is no conflict.
        if current and current.cid == record_cid(value):
            return _written(repo, path, value, status, None)
        write = Write("update" if current else "create", path, value, data.get("swapRecord", ANY))
        commit = self._commit(holder, [write], data)
        return _written(repo, path, value, status, commit)

    def _create(self, holder: Account, data: Data) -> Answer:
        repo = self._own_repo(holder, data)
        path = (data["collection"], data.get("rkey") or repo.next_tid())
        value, status = _prepared(repo, path, data["record"], data.get("validate"))
        commit = self._commit(holder, [Write("create", path, value)], data)
        return _written(repo, path, value, status, commit)

    def _delete(self, holder: Account, data: Data) -> Answer:
        repo = self._own_repo(holder, data)
        path = (data["collection"], data["rkey"])
        if path not in repo.records:
            return Answer({})  # already gone, and that is fine
        commit = self._commit(holder, [Write("delete", path, swap=data.get("swapRecord", ANY))], data)
        return Answer({"commit": _told(commit)})

    def _apply(self, holder: Account, data: Data) -> Answer:
        repo = self._own_repo(holder, data)
        if len(data["writes"]) > MOST_WRITES:
            raise XrpcError(400, message=f"Too many writes. Max: {MOST_WRITES}")
        writes: list[Write] = []
        results: list[Data] = []
        for item in data["writes"]:
            action = item["$type"].partition("#")[2]
            path = (item["collection"], item.get("rkey") or repo.next_tid())
            result: Data = {"$type": f"{methods.APPLY_WRITES.nsid}#{action}Result"}
            value: Data = {}
            if action != "delete":
                value, status = _prepared(repo, path, item["value"], data.get("validate"))
                result |= {"uri": _uri(repo, path), "cid": record_cid(value)} | status
            if action == "create" and path in repo.records and self._taken == "conflict":
                raise XrpcError(409)
            writes.append(Write(action, path, value))
            results.append(result)
        commit = self._commit(holder, writes, data)
        return Answer({"commit": _told(commit), "results": results})

    def _get(self, data: Data) -> Answer:
        account = self._accounts.find_active(data["repo"])
        path = (data["collection"], data["rkey"])
        if account is None:  # asked of the AppView, which a bare PDS has not, and which knows nothing here
            asked = f"at://{data['repo']}/{path[0]}/{path[1]}"
            raise XrpcError(400, message=f"Could not locate record: {asked}") if self._app_view else XrpcError(502)
        uri = _uri(account.repo, path)
        record = account.repo.records.get(path)
        if record is None or data.get("cid", record.cid) != record.cid:
            raise XrpcError(400, "RecordNotFound", f"Could not locate record: {uri}")
        return Answer({"uri": uri, "cid": record.cid, "value": record.value})

    def _list(self, data: Data) -> Answer:
        """Sorted by record key, highest first unless `reverse`; the cursor is the last key of a page."""
        account = self._accounts.find_active(data["repo"])
        if account is None:
            raise XrpcError(400, message=f"Could not find repo: {data['repo']}")
        ascending = data.get("reverse", False)
        cursor = data.get("cursor")
        rkeys = sorted(
            (
                rkey
                for collection, rkey in account.repo.records
                if collection == data["collection"]
                and (cursor is None or (rkey > cursor if ascending else rkey < cursor))
            ),
            reverse=not ascending,
        )[: data.get("limit", 50)]
        paths = [(data["collection"], rkey) for rkey in rkeys]
        records = [(_uri(account.repo, path), account.repo.records[path]) for path in paths]
        page = {"records": [{"uri": uri, "cid": record.cid, "value": record.value} for uri, record in records]}
        return Answer(page | ({"cursor": rkeys[-1]} if rkeys else {}))

    def _get_blob(self, data: Data) -> Answer:
        blob = self._available(data["did"]).find_blob(data["cid"])
        if blob is None:
            raise XrpcError(400, message="Blob not found")
        return Answer(blob.data, headers={"Content-Type": blob.mime, "X-Content-Type-Options": "nosniff"})

    def _get_latest_commit(self, data: Data) -> Answer:
        return Answer(_told(self._available(data["did"]).head))

    def _available(self, did: str) -> Repo:
        account = self._accounts.find(did)
        if account is None:
            raise XrpcError(400, "RepoNotFound", f"Could not find repo for DID: {did}")
        if account.status != "active":
            raise XrpcError(400, f"Repo{account.status.capitalize()}", f"Repo has been {account.status}: {did}")
        return account.repo

    def _own_repo(self, holder: Account, data: Data) -> Repo:
        account = self._accounts.find(data["repo"])
        if account is None:
            raise XrpcError(403, "AccountNotFound", "Account not found")
        account.check_may_write()
        if account is not holder:
            raise XrpcError(401)
        return account.repo

    def _commit(self, holder: Account, writes: list[Write], data: Data) -> Commit:
        commit = holder.repo.commit(writes, data.get("swapCommit"))
        for write in writes:
            record = holder.repo.records.get(write.path)
            if write.action == "create" and record and is_readable(write.path, record.value):
                self._came_out(public_post(holder, write.path[1], record))
        return commit


def _prepared(repo: Repo, path: Path, record: Data, validate: bool | None) -> tuple[Data, Data]:
    """The record as it is stored, and what is told of its validation. Posts and gates have a known lexicon here."""
    collection, rkey = path
    value = {"$type": collection} | record
    if value["$type"] != collection:
        raise XrpcError(400, message=f"Invalid $type: expected {collection}, got {value['$type']}")
    if validate is False:
        return value, {}
    if collection != COLLECTION and collection not in GATES:
        if validate:
            raise XrpcError(400, message=f"Unknown lexicon type: {collection}")
        return value, {"validationStatus": "unknown"}
    if not is_tid(rkey):
        raise XrpcError(400, message=f'Invalid record key for {collection}: Invalid TID string (got "{rkey}")')
    try:
        if collection == COLLECTION:
            check_post(value)
        else:
            check_gate(repo.did, path, value)
    except Invalid as invalid:
        raise XrpcError(400, message=f"Invalid {collection} record: {invalid}") from invalid
    except TooLoose as loose:
        raise XrpcError(400, message=f"The sandbox is stricter here than a real PDS: {loose}") from loose
    return value, {"validationStatus": "valid"}


def _written(repo: Repo, path: Path, value: Data, status: Data, commit: Commit | None) -> Answer:
    body = {"uri": _uri(repo, path), "cid": record_cid(value)} | ({"commit": _told(commit)} if commit else {})
    return Answer(body | status)


def _told(commit: Commit) -> Data:
    return {"cid": commit.cid, "rev": commit.rev}


def _uri(repo: Repo, path: Path) -> str:
    return f"at://{repo.did}/{path[0]}/{path[1]}"


def _sniffed(data: bytes) -> str | None:
    """The type of the pictures that we post, by their first bytes. https://mimesniff.spec.whatwg.org/"""
    if data.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    return None
