"""`POST /hooks/articles`: articles from a CMS or a script, signed with the operator's secret."""

from datetime import datetime
from typing import Any

import structlog
from aiohttp import web

from bot.doors import Clock
from bot.inbox import Inbox, Taken
from bot.signed import why_not
from bot.sources.push import Arrival, Mistake, read_arrivals
from bot.web.problem import problem

log = structlog.get_logger()

PATH = "/hooks/articles"
BODY_FOR = 10.0
"""Seconds in which the whole body has to be here."""


class ArticlesHook:
    """Answers 202 with what became of each article, once it is in the ledger."""

    def __init__(self, inbox: Inbox, secret: str, clock: Clock) -> None:
        self._inbox = inbox
        self._secret = secret
        self._clock = clock

    async def answer(self, request: web.Request) -> web.Response:
        """Take what is signed; nothing of what is not."""
        try:
            async with self._clock.deadline(BODY_FOR):
                body = await request.read()
        except TimeoutError:
            return problem(408, "Too slow", f"The body was not here within {BODY_FOR:.0f} seconds.")
        if refused := self._why_not(request, body, self._clock.now()):
            log.warning("hook.refused", reason=refused, sender=request.remote)
            return problem(401, "Not signed", refused)
        try:
            arrivals = read_arrivals(body)
        except Mistake as mistake:
            log.warning("hook.unreadable", field=mistake.field, reason=mistake.message)
            return problem(400, "Not understood", mistake.message, field=mistake.field)
        entries = [each.entry for each in arrivals if each.entry is not None]
        taken = iter(await self._inbox.take(entries) if entries else [])
        said = [_ignored(each) if each.entry is None else _said(next(taken)) for each in arrivals]
        return web.json_response({"articles": said}, status=202)

    def _why_not(self, request: web.Request, body: bytes, now: datetime) -> str | None:
        return why_not(request.headers, body, secret=self._secret, now=now)


def _ignored(arrival: Arrival) -> dict[str, Any]:
    return {"state": "ignored", "reason": arrival.ignored}


def _said(taken: Taken) -> dict[str, Any]:
    said: dict[str, Any] = {"id": taken.id, "state": "new" if taken.new else "known"}
    return said | ({"kept_in": taken.kept_in} if taken.kept_in else {})
