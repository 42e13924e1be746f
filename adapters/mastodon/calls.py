"""One account's line to its server: Mastodon.py over a watched session, with the library's traps closed."""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar

from mastodon import Mastodon

from adapters.address import host_of
from adapters.base import Context
from adapters.mastodon import MastodonSettings
from adapters.mastodon.entities import Account, Status, account_of, object_of, statuses_of
from adapters.mastodon.outcomes import Failure, asking_outcome, confirming_outcome, words_of
from adapters.outcomes import Outcome
from adapters.reach import why_unreachable
from adapters.wire import Wire, watch
from adapters.wire_blocking import WatchedSession, call_blocking

T = TypeVar("T")

ASKING_FOR = 30.0
CONNECTING_FOR = 15.0

_NOT_OFFERED = frozenset({400, 401, 403, 404, 405, 410, 422, 501})
"""Answers of servers that do not know a call that we can do without, or not with this token."""

# The library raises for a reset that it cannot read, and warns of deprecations, on answers that are successes.
_KEPT_FROM_LIBRARY = frozenset(
    {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "deprecation", "link"}
)


class Calls:
    """Asks, and tells why an answer did not come. `client` is the library, for use under `ask` and `watch`."""

    def __init__(self, settings: MastodonSettings, context: Context, *, deadline_for: float) -> None:
        self._base = settings.server
        self._context = context
        self._token = settings.token.get_secret_value()
        self.server = host_of(settings.server)
        self._session = WatchedSession(hide_headers=_KEPT_FROM_LIBRARY)
        # A constant version: with the server's own the library refuses calls to servers that count otherwise, and
        # without one it asks the server in a recursion: https://github.com/halcy/Mastodon.py/issues/450
        self.client = Mastodon(
            api_base_url=settings.server,
            session=self._session,
            ratelimit_method="throw",
            mastodon_version="4.6.0",
            version_check_mode="created",
            request_timeout=(CONNECTING_FOR, deadline_for),  # type: ignore[arg-type] # `requests` takes a pair
            user_agent=context.user_agent,
        )
        # Not through the constructor, which would open a file that happens to be called like the token.
        self.client.access_token = self._token
        self._account: str | None = None

    async def whoami(self) -> Account:
        """Whose token it is."""
        me = await self.ask(lambda _: account_of(self.client.account_verify_credentials()))
        self._account = me.id
        return me

    async def own_statuses(self, *, limit: int, **edges: str | None) -> list[Status]:
        """A page of the account's own statuses, newest first."""
        mine = self._account or (await self.whoami()).id

        def listing(wire: Wire) -> list[Status]:
            page = self.client.account_statuses(mine, exclude_reblogs=True, limit=limit, **edges)
            return statuses_of(page, wire.body)

        return await self.ask(listing)

    async def find_object(self, path: str) -> Mapping[str, Any] | None:
        """What a server may offer; None where it does not."""
        return await self.ask(lambda _: self._get(path, _NOT_OFFERED))

    async def is_there(self, path: str) -> bool:
        """Whether the server shows the thing at `path`. Only its own "not found" proves that it does not."""

        def look(wire: Wire) -> bool:
            found = self._get(path, frozenset({HTTPStatus.NOT_FOUND}))
            if found is None and not words_of(wire.body, self._token):
                raise ValueError("somebody else's page")
            return found is not None

        return await self.ask(look, confirming_outcome)

    async def ask(
        self, work: Callable[[Wire], T], outcome_of: Callable[[Failure, datetime], Outcome] = asking_outcome
    ) -> T:
        """Do `work`, which makes one request. Raises what `outcome_of` makes of a failure."""
        with watch() as wire:
            try:
                return await call_blocking(lambda: work(wire), ASKING_FOR)
            except Exception as error:  # whatever the library makes of an answer, the wire tells what was answered
                failure = self.failure(wire, error)
        # Raised out here, so that no error that holds the request, with the token in its headers, travels along.
        raise outcome_of(failure, self._context.now())

    def failure(self, wire: Wire, error: Exception | None = None) -> Failure:
        """What went wrong, without a secret."""
        reason = why_unreachable(error) if error and wire.nothing_sent else ""
        return Failure(self.server, wire, words_of(wire.body, self._token), reason)

    def close(self) -> None:
        """Let go of connections; a call that hangs keeps its own until its time is up."""
        self._session.close()

    def _get(self, path: str, missing: frozenset[int]) -> Mapping[str, Any] | None:
        # By hand: the library adds a slash that not every server forgives.
        response = self._session.get(
            f"{self._base}{path}",
            headers={"Authorization": f"Bearer {self._token}", "User-Agent": self._context.user_agent},
            timeout=(CONNECTING_FOR, ASKING_FOR),
        )
        if response.status_code in missing:
            return None
        response.raise_for_status()
        return object_of(response.json())
