"""Keeps one account signed in: restored without a request, renewed when needed, and signed in anew only as a last way.

Only the process that owns the account renews and saves; another uses what it finds while that is good, and else signs
in for itself. All of it is single flight: whoever comes second gets what the first has brought.
"""

import asyncio

from adapters.address import host_of
from adapters.base import Context
from adapters.bluesky import BlueskySettings
from adapters.bluesky.outcomes import RENEWABLE, Failure, down, reading_outcome
from adapters.bluesky.session import Refusal, Session, home_of, read_kept
from adapters.bluesky.xrpc import Tokens, Xrpc
from adapters.outcomes import ChannelDown
from adapters.seal import seal, unseal

_REFRESH_IS_OVER = RENEWABLE | {"AuthMissing", "AuthenticationRequired"}
"""What a PDS says of a refresh token that is expired, revoked or of no known session."""


class SignIn:
    """The account's way in. Raises RateLimited, Unavailable or ChannelDown; nothing it does is seen by followers."""

    def __init__(self, settings: BlueskySettings, context: Context, xrpc: Xrpc) -> None:
        self._settings = settings
        self._context = context
        self._xrpc = xrpc
        self._lock = asyncio.Lock()
        self._looked = False
        self._session: Session | None = None
        self._did = settings.handle if settings.handle.startswith("did:") else None
        self._refusal: Refusal | None = None

    async def session(self) -> Session:
        """A session that should be good for a call now."""
        async with self._lock:
            if not self._looked:
                await self._restore()
            if self._session is None or not self._session.good_at(self._context.now()):
                await self._renew()
            return self._held()

    async def renewed(self, refused: Session) -> Session:
        """Another session than `refused`, whose access token the server does not take any more."""
        async with self._lock:
            if self._session is None or self._session == refused:
                await self._renew()
            return self._held()

    def _held(self) -> Session:
        if self._session is None:
            raise AssertionError("unreachable: renewing brings a session or raises")
        return self._session

    async def _restore(self) -> None:
        sealed = await self._context.sessions.load()
        kept = unseal(sealed, self._password, context=self._whose) if sealed else None
        found = read_kept(kept) if kept else None
        if isinstance(found, Refusal):
            self._refusal = found
        elif found is not None:
            self._hold(found)
        self._looked = True

    async def _renew(self) -> None:
        fresh = await self._refresh() or await self._log_in()
        self._hold(fresh)
        self._refusal = None
        await self._save(fresh)

    async def _refresh(self) -> Session | None:
        """A session from the refresh token. None: there is none to use. A lost answer does no harm: the old token stays
        good for a while and yields the same successor."""
        old = self._session
        if old is None or not self._context.owner:
            return None
        try:
            return self._made(await self._xrpc.refresh_session(old.pds, old.refresh), old.pds)
        except Failure as failure:
            if failure.refused and failure.name in _REFRESH_IS_OVER:
                return None
            raise reading_outcome(failure) from None

    async def _log_in(self) -> Session:
        server = self._settings.server
        refusal = self._refusal
        if refusal is not None and self._context.owner and self._context.now() < refusal.until:
            raise self._still_refused(refusal)
        try:
            return self._made(await self._xrpc.create_session(server, self._settings.handle, self._password), server)
        except Failure as failure:
            outcome = reading_outcome(failure)
            if failure.refused and isinstance(outcome, ChannelDown):
                times = refusal.times + 1 if refusal is not None else 1
                self._session, self._refusal = None, Refusal(failure.name, times, self._context.now())
                await self._save(self._refusal)
            raise outcome from None

    def _still_refused(self, refusal: Refusal) -> ChannelDown:
        outcome = down(host_of(self._settings.server), refusal.name)
        again = f"{refusal.until:%Y-%m-%d %H:%M} UTC"
        return ChannelDown(
            f"{outcome.message} It will be asked again after {again}.",
            mend=f"{outcome.mend} A new app password is tried at once.",
        )

    def _made(self, tokens: Tokens, asked: str) -> Session:
        if self._did is not None and tokens.did != self._did:
            raise ChannelDown(
                f"{self._settings.label} is now another account ({tokens.did}, not {self._did}).",
                mend="Check the handle, and give this account a channel of its own.",
            )
        pds = home_of(asked, tokens.pds)
        return Session(tokens.did, tokens.handle, tokens.access, tokens.refresh, pds, self._context.now())

    def _hold(self, session: Session) -> None:
        self._context.keep_secret(session.access)
        self._context.keep_secret(session.refresh)
        self._session, self._did = session, session.did

    async def _save(self, kept: Session | Refusal) -> None:
        if self._context.owner:
            await self._context.sessions.save(
                seal(kept.to_json(), self._password, context=self._whose, random_bytes=self._context.random_bytes)
            )

    @property
    def _password(self) -> str:
        return self._settings.app_password.get_secret_value()

    @property
    def _whose(self) -> str:
        return f"{self._settings.label} at {self._settings.server}"
