"""The Mastodon adapter, over Mastodon.py: the only place that knows this library and its traps."""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar

from mastodon import Mastodon

from adapters.address import host_of
from adapters.base import (
    Absent,
    Answer,
    AskAgain,
    Context,
    Draft,
    Found,
    KeySeed,
    Marker,
    Pace,
    Payload,
    Post,
    Presence,
    Receipt,
    Standing,
)
from adapters.mastodon import WAITS, MastodonSettings
from adapters.mastodon.compose import DEFAULT_LIMITS, compose
from adapters.mastodon.content import carries
from adapters.mastodon.entities import Account, Status, account_of, is_between, object_of, order, status_of, statuses_of
from adapters.mastodon.outcomes import Failure, asking_outcome, publishing_outcome, words_of
from adapters.mastodon.standing import instance_limits, standing
from adapters.wire import Wire, watch
from adapters.wire_blocking import WatchedSession, call_blocking, why_unreachable

T = TypeVar("T")

ASKING_FOR = 30.0
CONNECTING_FOR = 15.0
PAGE = 40
"""The most that a server gives at once."""
PAGES_AT_ONCE = 20
NEXT_PAGES_AFTER = 60.0

_NOT_OFFERED = frozenset({400, 403, 404, 405, 410, 501})
"""Answers of servers that do not know a call that we can do without."""

# The library raises for a reset that it cannot read, and warns of deprecations, on answers that are successes.
_KEPT_FROM_LIBRARY = frozenset(
    {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "deprecation", "link"}
)


class MastodonAdapter:
    """One account on one server."""

    platform = "mastodon"
    # https://github.com/mastodon/mastodon/blob/main/app/lib/rate_limiter.rb
    paces: tuple[Pace, ...] = (Pace(300, 3 * 3600, "account"),)
    takes_picture = False
    key_good_for: float | None = 55 * 60.0
    """The server forgets a key an hour after the call was over:
    https://github.com/mastodon/mastodon/blob/main/app/services/post_status_service.rb"""

    def __init__(self, settings: MastodonSettings, context: Context) -> None:
        waits = context.waits or WAITS
        self.quiet_for, self.deadline_for = waits.quiet_for, waits.deadline_for
        self._settings = settings
        self._context = context
        self._token = settings.token.get_secret_value()
        self._server = host_of(settings.server)
        self._session = WatchedSession(hide_headers=_KEPT_FROM_LIBRARY)
        # A constant version: with the server's own the library refuses calls to servers that count otherwise, and
        # without one it asks the server in a recursion: https://github.com/halcy/Mastodon.py/issues/450
        self._client = Mastodon(
            api_base_url=settings.server,
            session=self._session,
            ratelimit_method="throw",
            mastodon_version="4.6.0",
            version_check_mode="created",
            request_timeout=(CONNECTING_FOR, self.deadline_for),  # type: ignore[arg-type] # `requests` takes a pair
            user_agent=context.user_agent,
        )
        # Not through the constructor, which would open a file that happens to be called like the token.
        self._client.access_token = self._token
        self._limits = DEFAULT_LIMITS
        self._account: str | None = None

    async def verify(self) -> Standing:
        """Ask whose token it is, and what the instance takes."""
        me = await self._ask(self._whoami)
        instance = await self._get("/api/v2/instance") or await self._get("/api/v1/instance") or {}
        application = await self._get("/api/v1/apps/verify_credentials") or {}
        self._account = me.id
        self._limits = instance_limits(instance)
        return standing(me, self._server, instance, application, self._limits)

    def compose(self, post: Post, at: datetime) -> Draft:  # noqa: ARG002 # part of the contract
        """The status for `post`, by the instance's limits as far as they are known."""
        settings = self._settings
        return compose(post, self._limits, visibility=settings.visibility, language=settings.language)

    async def stage(self, draft: Draft) -> Payload:
        """There is nothing to upload: the server makes the card."""
        return Payload(body=draft.body)

    def key(self, seed: KeySeed) -> str:
        """The Idempotency-Key. Unique beyond the account, since some servers do not ask whose key it is."""
        return seed.digest().hex()

    async def mark(self, last: str | None) -> Marker:
        """The newest of the account's own statuses that is known: what we look for will be newer."""
        if last is None:
            newest = await self._own_statuses(limit=1)
            last = newest[0].id if newest else None
        return {"after": last}

    async def publish(self, payload: Payload, key: str) -> Receipt:
        """Post the status: one request, ended at the socket after `deadline_for`."""
        body = payload.body

        def post() -> Status:
            return status_of(
                self._client.status_post(
                    body["status"],
                    visibility=body["visibility"],
                    language=body.get("language"),
                    sensitive=None,  # left to the account; some servers refuse the library's "0"
                    idempotency_key=key,
                )
            )

        with watch() as wire:
            try:
                status = await call_blocking(post, self.deadline_for)
                if wire.status == HTTPStatus.OK and carries(status.content, body["link"]):
                    return self._receipt(status)
                failure = self._failure(wire)
            except Exception as error:  # whatever the library makes of an answer, the wire tells what was answered
                failure = self._failure(wire, error)
        # Raised out here, so that no error that holds the request, with the token in its headers, travels along.
        raise publishing_outcome(failure, self._context.now())

    async def find(self, payload: Payload, key: str, marker: Marker) -> Answer:  # noqa: ARG002 # part of the contract
        """Look through the account's own statuses since the marker, newest first, for one with the article's link."""
        after, before = marker.get("after"), marker.get("before")
        for _ in range(PAGES_AT_ONCE):
            page = await self._own_statuses(limit=PAGE, since_id=after, max_id=before)
            newer = [status for status in page if is_between(status.id, after, before)]
            ours = [status for status in newer if not status.boost and carries(status.content, payload.body["link"])]
            if ours:
                return Found(self._receipt(min(ours, key=lambda status: order(status.id))))
            if not newer:
                return Absent("the account has no status with the article's link")
            before = min((status.id for status in newer), key=order)
        return AskAgain(NEXT_PAGES_AFTER, {**marker, "before": before})

    async def confirm(self, payload: Payload, receipt: Receipt) -> Presence:  # noqa: ARG002 # its id is enough
        """Ask for the status by its id: the server answers 200 to some posts that it has dropped."""
        found = await self._get(f"/api/v1/statuses/{receipt.id}")
        return "vanished" if found is None else "confirmed"

    async def close(self) -> None:
        """Let go of connections; a call that hangs keeps its own until its time is up."""
        self._session.close()

    async def _own_statuses(self, *, limit: int, **edges: str | None) -> list[Status]:
        if self._account is None:
            me = await self._ask(self._whoami)
            self._account = me.id
        mine = self._account

        def listing(wire: Wire) -> list[Status]:
            page = self._client.account_statuses(mine, exclude_reblogs=True, limit=limit, **edges)
            return statuses_of(page, wire.body)

        return await self._ask(listing)

    def _whoami(self, _: Wire) -> Account:
        return account_of(self._client.account_verify_credentials())

    async def _get(self, path: str) -> Mapping[str, Any] | None:
        # By hand: the library adds a slash that not every server forgives.
        def get(_: Wire) -> Mapping[str, Any] | None:
            response = self._session.get(
                f"{self._settings.server}{path}",
                headers={"Authorization": f"Bearer {self._token}", "User-Agent": self._context.user_agent},
                timeout=(CONNECTING_FOR, ASKING_FOR),
            )
            if response.status_code in _NOT_OFFERED:
                return None
            response.raise_for_status()
            return object_of(response.json())

        return await self._ask(get)

    async def _ask(self, work: Callable[[Wire], T]) -> T:
        with watch() as wire:
            try:
                return await call_blocking(lambda: work(wire), ASKING_FOR)
            except Exception as error:  # as in `publish`
                failure = self._failure(wire, error)
        raise asking_outcome(failure, self._context.now())

    def _failure(self, wire: Wire, error: Exception | None = None) -> Failure:
        reason = why_unreachable(error) if error and wire.nothing_sent else ""
        return Failure(self._server, wire, words_of(wire.body, self._token), reason)

    def _receipt(self, status: Status) -> Receipt:
        return Receipt(id=status.id, url=status.url, at=status.at or self._context.now())
