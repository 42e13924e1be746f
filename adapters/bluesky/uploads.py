"""Uploads of cards' pictures, of which a server takes few a day. No post waits for its picture.

A server counts them by address, 1000 a day on the reference one:
https://github.com/bluesky-social/atproto/blob/main/packages/pds/src/api/com/atproto/repo/uploadBlob.ts
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from adapters.bluesky.budget import full_for
from adapters.bluesky.outcomes import THUMB_REFUSED, Failure
from adapters.bluesky.repository import Repository
from adapters.bluesky.session import Session
from adapters.bluesky.xrpc import Xrpc
from adapters.outcomes import RateLimited, Rejected
from adapters.post import Media
from adapters.wire import Wire

PATIENCE = timedelta(minutes=10)
"""How long a picture is waited for where the server has taken enough; longer, and the post goes without."""


class Uploads:
    """Of one account."""

    def __init__(self, xrpc: Xrpc, repository: Repository, now: Callable[[], datetime]) -> None:
        self._xrpc = xrpc
        self._repository = repository
        self._now = now
        self._full_until: datetime | None = None
        """The server has said that it takes no more until then."""

    async def take(self, media: Media) -> Mapping[str, Any]:
        """The blob reference. Raises Rejected where the server never takes these bytes, or none for long; and
        RateLimited, Unavailable or ChannelDown."""
        self._check()
        try:
            return await self._repository.reading(lambda session: self._upload(session, media))
        except RateLimited as limited:
            self._note(limited.retry_after)
            self._check()
            raise

    def _check(self) -> None:
        until = self._full_until
        if until is not None and until > self._now() + PATIENCE:
            raise Rejected(f"the server takes no more pictures until {until:%Y-%m-%d %H:%M} UTC")

    def _note(self, full_for_seconds: float | None) -> None:
        if full_for_seconds is not None:
            self._full_until = self._now() + timedelta(seconds=full_for_seconds)

    async def _upload(self, session: Session, media: Media) -> Mapping[str, Any]:
        wires: list[Wire] = []
        try:
            answer = await self._xrpc.upload_blob(session, media.data, media.mime, wires.append)
        except Failure as failure:
            if failure.too_large or (failure.refused and failure.name in THUMB_REFUSED):
                raise Rejected(failure.sentence, status=failure.status) from None
            raise
        self._note(full_for(wires[-1].headers, self._now()))
        blob: Mapping[str, Any] = answer["blob"]
        return blob
