"""A fake Mastodon server, as strict as the real one about who may post what, how often, and how often the same.

Written from https://docs.joinmastodon.org and from the public sources at https://github.com/mastodon/mastodon; each
rule names its file there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from email.utils import formatdate
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler as Next

from adapters.sandbox.faults import Fault
from adapters.sandbox.mastodon_form import Form, Refusal, not_found, read_form
from adapters.sandbox.mastodon_gate import TOO_MANY, Admission, Gate
from adapters.sandbox.mastodon_json import (
    Account,
    Status,
    Token,
    application_json,
    credentials_json,
    instance_json,
    old_instance_json,
    status_json,
)
from adapters.sandbox.mastodon_keys import Turn
from adapters.sandbox.mastodon_limits import rate_limit_headers
from adapters.sandbox.mastodon_media import Media
from adapters.sandbox.mastodon_publish import Publisher
from adapters.sandbox.mastodon_status import draft, page_links, public_post, validate
from adapters.sandbox.mastodon_store import Store
from adapters.sandbox.mastodon_traits import Traits
from adapters.sandbox.server import Answer, Handler, PublicPost, SandboxServer

Action = Callable[[web.Request, Token | None], Awaitable[Answer]]
TURN = web.RequestKey("turn", Turn)


class MastodonSandbox(SandboxServer):
    """One instance, with the accounts that `add_account` makes. `like`: whose traits it has, of `TRAITS`."""

    platform = "mastodon"

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.time,
        paced: bool = True,
        like: str | None = None,
    ) -> None:
        super().__init__(now=now)
        self.traits = Traits()
        if like:
            self.traits.become(like)
        self.store = Store(now)
        self._gate = Gate(now, paced=paced)
        self.media = Media(now, self.store, self.traits, lambda: self.url)
        self.publisher = Publisher(
            now=now,
            store=self.store,
            gate=self._gate,
            traits=self.traits,
            tell=lambda status: self.came_out(self._post(status)),
            say=self._status_json,
        )
        self.app.middlewares.append(self._take_turn)
        self._serve("GET", "/api/v1/instance", "read", self._old_instance, "anybody")
        self._serve("GET", "/api/v2/instance", "read", self._instance, "anybody")
        me = "/api/v1/accounts/verify_credentials"
        self._serve("GET", me, "auth", self._whoami, "users", "profile", "read:accounts")
        self._serve("GET", "/api/v1/apps/verify_credentials", "read", self._application, "users")
        self._serve("GET", "/api/v1/accounts/{id}/statuses", "read", self._list, "readers", "read:statuses")
        self._serve("POST", "/api/v1/statuses", "publish", self._publish, "users", "write:statuses")
        self._serve("GET", "/api/v1/statuses/{id}", "read", self._show, "readers", "read:statuses")
        self._serve("GET", "/api/v1/statuses/{id}/source", "read", self._source, "users", "read:statuses")
        self._serve("DELETE", "/api/v1/statuses/{id}", "read", self._delete, "users", "write:statuses")
        self._serve("POST", "/api/v2/media", "upload", self._upload, "users", "write:media")
        self._serve("GET", "/api/v1/media/{id}", "read", self._show_media, "users", "write:media")
        self._serve("*", "/{rest:.*}", "read", self._nowhere, "anybody")

    # ── for whoever sets the stage ────────────────────────────────────────────────────────────────────────────────

    def add_account(
        self,
        token: str,
        username: str,
        scopes: Iterable[str] = ("read", "write"),
        *,
        application: str = "Handbill",
        website: str | None = None,
    ) -> Account:
        """Make an account with an access token, or give one that exists another token."""
        new = Account(self.store.next_id(), username, self.now())
        account = self.store.accounts.setdefault(username, new)
        self._gate.tokens[token] = Token(self.store.next_id(), account, tuple(scopes), application, website)
        return account

    def suspend(self, username: str) -> None:
        """The moderators suspend an account: it can do nothing, and its posts cannot be seen."""
        self.store.accounts[username].suspended = True

    def restore(self, username: str) -> None:
        """The moderators take the suspension back."""
        self.store.accounts[username].suspended = False

    def revoke(self, token: str) -> None:
        """The owner takes an access token back."""
        self._gate.tokens[token].revoked = True

    def post_by_hand(
        self, username: str, text: str, *, application: str = "Web", reply_to: str | None = None
    ) -> PublicPost:
        """The owner posts with another client: the web interface, an app."""
        account = self.store.accounts[username]
        token = Token(self.store.next_id(), account, ("read", "write"), application)
        parent = self.store.statuses[reply_to] if reply_to else None
        form = Form({"status": text})
        status = draft(self.store.next_id(), self.now(), token=token, form=form, media=(), parent=parent)
        validate(status, self.traits.max_characters)
        self.publisher.commit(status)
        return self._post(status)

    def delete_by_hand(self, status_id: str) -> None:
        """The owner deletes a post."""
        self.store.remove(self.store.statuses[status_id])

    def public(self, place: str | None = None) -> list[PublicPost]:
        """What readers see, oldest first; followers-only posts too, marked by `extra["visibility"]`."""
        posts = [self._post(status) for status in self.store.statuses.values() if status.has_readers]
        return [post for post in posts if place in (None, post.place)]

    def told_to_wait(self, seconds: float) -> Answer:
        """A 429 that is over in `seconds`; nothing but the headers says when."""
        return Answer({"error": TOO_MANY}, 429, self._dated(rate_limit_headers(300, 0, self.now() + seconds)))

    def error(self, status: int) -> Answer:
        """What Rails says when the application fails (ActionDispatch::PublicExceptions)."""
        return Answer({"status": status, "error": HTTPStatus(status).phrase}, status, self._dated({}))

    # ── every request ─────────────────────────────────────────────────────────────────────────────────────────────

    @web.middleware
    async def _take_turn(self, request: web.Request, handler: Next) -> web.StreamResponse:
        # A request holds its lock until it is over, however it ends: answered, late, cut off.
        turn = request[TURN] = Turn()
        try:
            return await handler(request)
        finally:
            self.publisher.keys.leave(turn)

    async def _faulty(self, request: web.Request, handler: Handler, fault: Fault) -> web.StreamResponse:
        if fault.kind == "late":
            request[TURN].runs_until = asyncio.get_running_loop().time() + fault.seconds
        return await super()._faulty(request, handler, fault)

    async def stop(self) -> None:
        """Close every line and stop listening; what was posted stays, and so do the keys."""
        await super().stop()
        self.publisher.keys.end_all()

    def _serve(self, method: str, path: str, call: str, action: Action, admission: Admission, *scopes: str) -> None:
        async def handle(request: web.Request) -> Answer:
            token = self._gate.token_of(request)
            headers: dict[str, str] = {}
            try:
                headers = self._gate.count(request, token)
                self._gate.authorize(request, token, admission, scopes)
                answer = await action(request, token)
            except Refusal as refusal:
                answer = refusal.answer
            if token and call == "publish" and headers:
                headers = self._gate.status_headers(token, headers)
            return Answer(answer.body, answer.status, self._dated({**headers, **answer.headers}))

        self.route(method, path + "{slash:/?}", call, handle)  # Rails does not mind, and Mastodon.py adds one

    def _dated(self, headers: dict[str, str]) -> dict[str, str]:
        # Clients reckon with the difference between this clock and theirs.
        return {"Date": formatdate(self.now(), usegmt=True), **headers}

    # ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _publish(self, request: web.Request, token: Token | None) -> Answer:
        given = request.headers.get("Idempotency-Key", "").strip()
        return await self.publisher.publish(request[TURN], _known(token), await read_form(request), given)

    async def _upload(self, request: web.Request, token: Token | None) -> Answer:
        return self.media.upload(_known(token), await read_form(request))

    async def _show_media(self, request: web.Request, token: Token | None) -> Answer:
        return self.media.show(_known(token), request.match_info["id"])

    # ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _whoami(self, _request: web.Request, token: Token | None) -> Answer:
        return Answer(credentials_json(_known(token), self.url))

    async def _instance(self, _request: web.Request, _token: Token | None) -> Answer:
        traits = self.traits
        limit = self.media.description_limit
        return Answer(instance_json(self.url, traits.version, traits.max_characters, limit))

    async def _application(self, _request: web.Request, token: Token | None) -> Answer:
        return Answer(application_json(_known(token)))

    async def _old_instance(self, request: web.Request, token: Token | None) -> Answer:
        new = (await self._instance(request, token)).body
        return Answer(old_instance_json(new, self.url, len(self.store.statuses), len(self.store.accounts)))

    async def _show(self, request: web.Request, token: Token | None) -> Answer:
        return Answer(self._status_json(self.store.get_status(request.match_info["id"], token)))

    async def _source(self, request: web.Request, token: Token | None) -> Answer:
        status = self.store.get_status(request.match_info["id"], token)
        return Answer({"id": status.id, "text": status.text, "spoiler_text": status.spoiler_text})

    async def _delete(self, request: web.Request, token: Token | None) -> Answer:
        status = self.store.get_status(request.match_info["id"], token)
        if status.account is not _known(token).account:
            raise not_found()
        body = {**self._status_json(status), "text": status.text}
        del body["content"]
        self.store.remove(status)
        return Answer(body)

    async def _list(self, request: web.Request, token: Token | None) -> Answer:
        page, full = self.store.page(request.match_info["id"], request.query, token)
        return Answer([self._status_json(status) for status in page], headers=page_links(request.url, page, full=full))

    async def _nowhere(self, _request: web.Request, _token: Token | None) -> Answer:
        raise Refusal(404, "Not Found")

    def _status_json(self, status: Status) -> dict[str, object]:
        return status_json(status, self.url, self.store.usernames, self.traits.application)

    def _post(self, status: Status) -> PublicPost:
        return public_post(status, self.url, self.store.usernames)


def _known(token: Token | None) -> Token:
    if token is None:
        raise Refusal(422, "This method requires an authenticated user")
    return token
