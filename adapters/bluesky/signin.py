"""Keeps one account signed in: restored without a request, renewed when needed, and signed in anew only as a last way.

Only the process that owns the account renews and saves; another uses what it finds while that is good, and else signs
in for itself. All of it is single flight: whoever comes second gets what the first has brought.
"""

import asyncio
from dataclasses import replace

from adapters.address import host_of
from adapters.base import Context
from adapters.bluesky import BlueskySettings
from adapters.bluesky.outcomes import ANOTHER_ACCOUNT, RENEWABLE, SESSION_ENDED, Failure, down, reading_outcome
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
        self._kept: bytes | None = None
        """What was in the store when we last looked or saved."""
        self._looked = False
        self._session: Session | None = None
        self._did = settings.handle if settings.handle.startswith("did:") else None
        self._refusal: Refusal | None = None

    async def session(self) -> Session:
        """A session that should be good for a call now."""
        async with self._lock:
            if not self._looked:
                await self._take_up()
                self._looked = True
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

    async def _take_up(self) -> bool:
        """Go on from what the store has. False: it is what we know; whoever worked the account meanwhile left nothing
        new."""
        sealed = await self._context.sessions.load()
        kept = unseal(sealed, self._password, context=self._whose) if sealed else None
        if kept is None or kept == self._kept:
            return False
        self._kept, found = kept, read_kept(kept)
        if isinstance(found, Refusal):
            self._refusal, self._did = found, self._did or found.did
        elif found is not None:
            self._hold(found)
        return isinstance(found, Session)

    async def _renew(self) -> None:
        if await self._take_up() and self._held().good_at(self._context.now()):
            return
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
            fresh = self._made(await self._xrpc.refresh_session(old.pds, old.refresh), old.pds)
            return replace(fresh, opened_at=old.opened_at, ended_soon=old.ended_soon)
        except Failure as failure:
            if failure.refused and failure.name in _REFRESH_IS_OVER:
                return None
            raise reading_outcome(failure) from None

    async def _log_in(self) -> Session:
        """A session from the password, of which servers take few a day: never again at once, if it came to nothing."""
        server, now, old, refusal = self._settings.server, self._context.now(), self._session, self._refusal
        if refusal is not None and self._context.owner and now < refusal.until:
            raise self._still_refused(refusal)
        ended_soon = old.ended_soon + 1 if old is not None and old.ended_soon_at(now) else 0
        if ended_soon > 1 and self._context.owner:
            raise self._still_refused(await self._refuse(SESSION_ENDED, ended_soon - 1))
        times = refusal.times if refusal is not None else 0
        try:
            tokens = await self._xrpc.create_session(server, self._settings.handle, self._password)
        except Failure as failure:
            outcome = reading_outcome(failure)
            if failure.refused and isinstance(outcome, ChannelDown):
                await self._refuse(failure.name, times + 1)
            raise outcome from None
        if self._did is not None and tokens.did != self._did:
            raise self._still_refused(await self._refuse(ANOTHER_ACCOUNT, times + 1))
        if refusal is not None and refusal.name == SESSION_ENDED:
            ended_soon = times + 1
        return replace(self._made(tokens, server), opened_at=now, ended_soon=ended_soon)

    async def _refuse(self, name: str, times: int) -> Refusal:
        """Remember not to try again at once, also over a restart."""
        self._session, self._refusal = None, Refusal(name, times, self._context.now(), self._did)
        await self._save(self._refusal)
        return self._refusal

    def _still_refused(self, refusal: Refusal) -> ChannelDown:
        outcome = down(host_of(self._settings.server), refusal.name)
        again = f"{refusal.until:%Y-%m-%d %H:%M} UTC"
        return ChannelDown(
            f"{outcome.message} It will be asked again after {again}.",
            mend=f"{outcome.mend} A new app password is tried at once.",
        )

    def _made(self, tokens: Tokens, asked: str) -> Session:
        pds = home_of(asked, tokens.pds)
        return Session(tokens.did, tokens.handle, tokens.access, tokens.refresh, pds, self._context.now())

    def _hold(self, session: Session) -> None:
        self._context.keep_secret(session.access)
        self._context.keep_secret(session.refresh)
        self._session, self._did = session, session.did

    async def _save(self, kept: Session | Refusal) -> None:
        if self._context.owner:
            text = kept.to_json()
            await self._context.sessions.save(
                seal(text, self._password, context=self._whose, random_bytes=self._context.random_bytes)
            )
            self._kept = text

    @property
    def _password(self) -> str:
        return self._settings.app_password.get_secret_value()

    @property
    def _whose(self) -> str:
        return f"{self._settings.label} at {self._settings.server}"
