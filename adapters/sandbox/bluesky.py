"""A fake Bluesky PDS (personal data server): as strict as a real one, and stricter where that lets nonsense through.

Written from the public lexicons and specifications (https://atproto.com/specs) and from what a real PDS answers;
tests/real/test_real_pds_harness.py holds it to one.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from aiohttp import web

from adapters.sandbox import bluesky_methods as methods
from adapters.sandbox.bluesky_accounts import Account, Accounts
from adapters.sandbox.bluesky_budgets import ANY_REQUEST, LOGINS, WRITES, Charge, Till, wait_headers
from adapters.sandbox.bluesky_methods import Method
from adapters.sandbox.bluesky_post import COLLECTION
from adapters.sandbox.bluesky_public import feed
from adapters.sandbox.bluesky_records import Records, Taken
from adapters.sandbox.bluesky_repo import Write
from adapters.sandbox.bluesky_sessions import ACCESS, REFRESH, Sessions, Tokens
from adapters.sandbox.bluesky_xrpc import XrpcError, read_input, read_params
from adapters.sandbox.server import Answer, PublicPost, SandboxServer

SERVICE = "did:web:pds.sandbox"
_WRITE_POINTS = {"create": 3, "update": 2, "delete": 1}


@dataclass(frozen=True, slots=True)
class Call:
    """One request that has passed the gate: its parameters or its JSON, and who sent it."""

    data: dict[str, Any]
    claims: dict[str, Any]
    body: bytes
    encoding: str


class BlueskySandbox(SandboxServer):
    """A PDS with the accounts that tests give it. `paced=False` lifts every rate limit; `taken`: what it makes of a put
    at a key that is taken; `app_view`: there is one that answers for accounts that are not active."""

    platform = "bluesky"

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.time,
        paced: bool = True,
        taken: Taken = "compare",
        app_view: bool = False,
    ) -> None:
        super().__init__(now=now)
        self._accounts = Accounts(now)
        self._sessions = Sessions(now, SERVICE)
        self._till = Till(now, paced=paced)
        self._known: dict[str, Method] = {}
        self._records = Records(self._accounts, self.came_out, taken, app_view=app_view)
        self._add_methods()
        self.app.on_response_prepare.append(self._date)

    # ── what tests and the demo do to it ──────────────────────────────────────────────────────────────────────────

    def add_account(self, handle: str, app_password: str) -> str:
        """Open an account; returns its DID."""
        return self._accounts.add(handle, app_password).did

    def logins(self, handle: str) -> int:
        """How many sessions were begun with the app password."""
        return self._accounts.get(handle).logins

    def expire_tokens(self, handle: str, *, refresh: bool = False) -> None:
        """Let the access tokens handed out so far be expired, and the refresh tokens too if told so."""
        account = self._accounts.get(handle)
        self._sessions.expire_access(account.did)
        if refresh:
            self._sessions.revoke_all(account.did)

    def change_app_password(self, handle: str, app_password: str) -> None:
        """Revoke the app password, which ends its sessions at their next refresh, and make a new one."""
        account = self._accounts.get(handle)
        account.app_password = app_password
        self._sessions.revoke_all(account.did)

    def take_down(self, handle: str) -> None:
        """Moderators take the account down."""
        account = self._accounts.get(handle)
        account.status = "takendown"
        self._sessions.revoke_all(account.did)

    def deactivate(self, handle: str) -> None:
        """The owner deactivates the account; sessions go on."""
        self._accounts.get(handle).status = "deactivated"

    def restore(self, handle: str) -> None:
        """Put the account back into good standing."""
        self._accounts.get(handle).status = "active"

    def delete_by_hand(self, handle: str, rkey: str) -> None:
        """The owner deletes a post."""
        self._accounts.get(handle).repo.commit([Write("delete", (COLLECTION, rkey))], None)

    def public(self, place: str | None = None) -> list[PublicPost]:
        """What readers of the accounts see, oldest first; a place is a handle."""
        return feed(account for account in self._accounts.every() if place in (None, account.handle))

    # ── the gate: parameters, token, body, budget, in the order of a real server ──────────────────────────────────

    def told_to_wait(self, seconds: float) -> Answer:
        """A 429 as the write budget gives it."""
        limited = XrpcError(429)
        return Answer(limited.body(), limited.status, wait_headers(WRITES[0], self.now(), seconds))

    def error(self, status: int) -> Answer:
        """An XRPC error of this status."""
        return Answer(XrpcError(status).body(), status)

    def _serve(self, method: Method, handle: Callable[[Call], Answer]) -> None:
        async def answer(request: web.Request) -> Answer:
            body = await request.read()
            headers: dict[str, str] = {}
            try:
                call = self._admit(method, request, body)
                headers = self._till.take(self._charges(method, call, request.remote or ""))
                given = handle(call)
            except XrpcError as error:
                return Answer(error.body(), error.status, headers | error.headers)
            return Answer(given.body, given.status, headers | given.headers)

        self._known[method.nsid] = method
        self.route(method.verb, f"/xrpc/{method.nsid}", method.call, answer)

    def _admit(self, method: Method, request: web.Request, body: bytes) -> Call:
        data = read_params(method.nsid, method.params, request.query) if method.params else {}
        claims: dict[str, Any] = {}
        if method.auth is not None:
            kind = ACCESS if method.auth == "access" else REFRESH
            authorization = request.headers.get("Authorization")
            claims = self._sessions.read(authorization, kind, even_expired=method.auth == "refresh-even-expired")
        encoding = request.headers.get("Content-Type")
        if method.body:
            if len(body) > methods.WRITE_BYTES:
                raise XrpcError(413, "PayloadTooLargeError", "request entity too large")
            data = read_input(method.body, body, encoding)
        if method is methods.UPLOAD_BLOB:
            self._holder(claims).check_not_taken_down()
            if encoding is None:
                raise XrpcError(400, message="Request encoding (Content-Type) required but not provided")
        return Call(data, claims, body, (encoding or "").partition(";")[0].strip())

    @staticmethod
    def _charges(method: Method, call: Call, address: str) -> list[Charge]:
        payer, points = address, method.points
        if method.budgets is WRITES:
            payer = call.claims["sub"]
            kinds = [write["$type"].partition("#")[2] for write in call.data.get("writes", [])]
            points += sum(_WRITE_POINTS[kind] for kind in kinds)
        elif method.budgets is LOGINS:
            payer = f"{call.data['identifier']}-{address}"
        own = [Charge(budget, payer, points) for budget in method.budgets]
        return [*own, Charge(ANY_REQUEST, address)]

    @staticmethod
    def _response(answer: Answer) -> web.Response:
        if isinstance(answer.body, bytes):  # a blob, or nothing at all
            return web.Response(body=answer.body, status=answer.status, headers=answer.headers)
        return web.json_response(answer.body, status=answer.status, headers=answer.headers)

    async def _date(self, _request: web.Request, response: web.StreamResponse) -> None:
        # Clients reckon with the difference between this clock and theirs.
        response.headers["Date"] = formatdate(self.now(), usegmt=True)

    # ── the methods ───────────────────────────────────────────────────────────────────────────────────────────────

    def _add_methods(self) -> None:
        self._serve(methods.CREATE_SESSION, self._create_session)
        self._serve(methods.REFRESH_SESSION, self._refresh_session)
        self._serve(methods.GET_SESSION, self._get_session)
        self._serve(methods.DELETE_SESSION, self._delete_session)
        self._serve(methods.DESCRIBE_SERVER, self._describe_server)
        self._serve(methods.RESOLVE_HANDLE, self._resolve_handle)
        self._serve(methods.GET_PROFILE, self._get_profile)
        self._serve(methods.UPLOAD_BLOB, self._upload_blob)
        for method, write in self._records.writes().items():
            self._serve_write(method, write)
        for method, read in self._records.reads().items():
            self._serve_read(method, read)
        self.route("*", "/xrpc/{nsid}", "read", self._elsewhere)

    def _serve_write(self, method: Method, write: Callable[[Account, dict[str, Any]], Answer]) -> None:
        self._serve(method, lambda call: write(self._holder(call.claims), call.data))

    def _serve_read(self, method: Method, read: Callable[[dict[str, Any]], Answer]) -> None:
        self._serve(method, lambda call: read(call.data))

    def _holder(self, claims: dict[str, Any]) -> Account:
        account = self._accounts.find(claims["sub"])
        if account is None:
            raise XrpcError(403, "AccountNotFound", "Account not found")
        return account

    def _create_session(self, call: Call) -> Answer:
        account = self._accounts.find(call.data["identifier"])
        # With an app password there is no way into an account that was taken down; only its own password hears why.
        if account is None or account.status == "takendown" or call.data["password"] != account.app_password:
            raise XrpcError(401, message="Invalid identifier or password")
        account.logins += 1
        return Answer(_session(account, self._sessions.open(account.did)))

    def _refresh_session(self, call: Call) -> Answer:
        account = self._holder(call.claims)
        account.check_not_taken_down()
        return Answer(_session(account, self._sessions.rotate(call.claims["jti"])))

    def _get_session(self, call: Call) -> Answer:
        account = self._holder(call.claims)
        if account.status == "takendown":
            raise XrpcError(400, message=f"Could not find user info for account: {account.did}")
        return Answer(_session(account))

    def _delete_session(self, call: Call) -> Answer:
        self._sessions.revoke(call.claims["jti"])
        return Answer(b"")

    def _upload_blob(self, call: Call) -> Answer:
        return self._records.upload(self._holder(call.claims), call.body, call.encoding)

    def _describe_server(self, _call: Call) -> Answer:
        domains = self._accounts.domains()
        limits = {"inviteCodeRequired": False, "blobUploadLimit": methods.BLOB_BYTES}
        return Answer({"did": SERVICE, "availableUserDomains": domains, **limits, "links": {}, "contact": {}})

    def _resolve_handle(self, call: Call) -> Answer:
        handle = call.data["handle"].lower()
        account = self._accounts.find_active(handle)
        if account is None:
            ours = handle.endswith(tuple(self._accounts.domains()))
            raise XrpcError(400, "HandleNotFound" if ours else None, "Unable to resolve handle")
        return Answer({"did": account.did})

    def _get_profile(self, _call: Call) -> Answer:
        raise XrpcError(502)  # profiles live in an AppView, and a bare PDS has none behind it

    async def _elsewhere(self, request: web.Request) -> Answer:
        """A method that is not ours: a PDS passes it on for its users, and there is nobody to pass it on to."""
        method = self._known.get(request.match_info["nsid"])
        if method is not None:
            wrong = XrpcError(400, message=f"Incorrect HTTP method ({request.method}) expected {method.verb}")
            return Answer(wrong.body(), wrong.status)
        try:
            self._sessions.read(request.headers.get("Authorization"), ACCESS)
        except XrpcError as error:
            return Answer(error.body(), error.status)
        return self.error(502)


def _session(account: Account, tokens: Tokens | None = None) -> dict[str, Any]:
    """No `didDoc`: clients would follow its address away from this machine."""
    status = {} if account.status == "active" else {"status": account.status}
    session = {"did": account.did, "handle": account.handle, "emailConfirmed": False}
    jwts = {"accessJwt": tokens.access, "refreshJwt": tokens.refresh} if tokens else {}
    return {**jwts, **session, "active": account.status == "active", **status}
