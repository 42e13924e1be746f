"""`/websub/…`: where hubs ask whether a subscription is meant, and push. https://www.w3.org/TR/websub/"""

from dataclasses import dataclass

import structlog
from aiohttp import web

from bot.doors import Clock
from bot.subscribe import Subscriber
from bot.web.problem import problem
from bot.websub import Signature

log = structlog.get_logger()

PATH = "/websub/{token}"
MAX_PUSH = 10 * 2**20
"""Bytes: as much as a feed may have. It is read for its signature, piece by piece, and not kept."""
BODY_FOR = 10.0
"""Seconds in which the whole body has to be here."""


@dataclass(frozen=True, slots=True)
class PushHook:
    """Answers hubs."""

    subscriber: Subscriber
    public_url: str
    clock: Clock

    async def verify(self, request: web.Request) -> web.Response:
        """The challenge, where the question is about something that we have asked for; else 404."""
        said = await self.subscriber.answer(self._callback(request), request.query)
        return problem(404, "Not Found") if said is None else web.Response(text=said)

    async def push(self, request: web.Request) -> web.Response:
        """Whatever is pushed is taken at once; what is not signed as it should be is taken for nothing."""
        subscription = await self.subscriber.find(self._callback(request))
        if subscription is None:
            return problem(404, "Not Found")
        secret = self.subscriber.secret_of(subscription)
        signature = Signature(request.headers.get("X-Hub-Signature"), secret or "")
        size = 0
        try:
            async with self.clock.deadline(BODY_FOR):
                async for piece in request.content.iter_any():
                    signature.add(piece)
                    if (size := size + len(piece)) > MAX_PUSH:
                        return problem(413, "Too large", f"A push may have {MAX_PUSH} bytes.")
        except TimeoutError:
            return problem(408, "Too slow", f"The body was not here within {BODY_FOR:.0f} seconds.")
        if secret is None or signature.is_good():
            await self.subscriber.pushed(subscription)
        else:  # it may not be told apart from a good one by who sent it: https://www.w3.org/TR/websub/#signature-validation
            log.warning("push.refused", source=subscription.identity, reason="its signature is wrong or missing")
        return web.Response(status=202)

    def _callback(self, request: web.Request) -> str:
        return f"{self.public_url}/websub/{request.match_info['token']}"
