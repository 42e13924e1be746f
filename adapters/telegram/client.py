"""The one door to the Bot API: python-telegram-bot's `Bot`, over a transport that sees how far each call got."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from telegram import Bot
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from adapters.address import host_of
from adapters.reach import why_unreachable
from adapters.telegram.verdict import Seen
from adapters.wire import PhaseTransport, current, watch, within

CONNECT_FOR = 10.0
READ_FOR = 45.0
"""A Bot API server itself keeps trying for some 8 s before it answers; giving up sooner would only make uncertain."""
WRITE_FOR = 20.0

_LOGGERS = ("httpx", "httpcore", "telegram")


class BotClient:
    """Makes calls with one token. Makes no request until it is asked to; can be closed at any time."""

    def __init__(self, token: str, api_base: str, *, user_agent: str) -> None:
        for name in _LOGGERS:  # at INFO they print the address of every call, and the token is in it
            logger = logging.getLogger(name)
            logger.setLevel(max(logger.level, logging.WARNING))
        self.server = host_of(api_base)
        self._token = token
        self._request = _Answering(
            connect_timeout=CONNECT_FOR,
            read_timeout=READ_FOR,
            write_timeout=WRITE_FOR,
            pool_timeout=CONNECT_FOR,
            httpx_kwargs={
                "transport": PhaseTransport(),
                "trust_env": False,
                "headers": {"Accept-Encoding": "identity", "User-Agent": user_agent},
            },
        )
        # Never initialised: that would make a request, and its error message would show the token.
        self._bot = Bot(token, base_url=api_base, request=self._request, get_updates_request=self._request)

    async def call(self, method: Callable[[Bot], Awaitable[Any]], deadline_for: float) -> Seen:
        """Make one call and tell what was seen of it. Never raises for what the server or the network does."""
        loop = asyncio.get_running_loop()
        began_at, error = loop.time(), ""
        with watch() as wire:
            try:
                await within(deadline_for, method(self._bot))
            except TimeoutError:
                error = f"no answer within {deadline_for:g} s"
            except Exception as problem:
                # Whatever the library makes of an answer, the answer itself is judged. Some of its errors hold the
                # token (InvalidToken), so only the words are kept, without it.
                if wire.requests == 0 and not isinstance(problem, RuntimeError | TelegramError):
                    raise  # a mistake of ours, made before anything was sent
                why = why_unreachable(problem) if wire.nothing_sent else ""
                error = why or f"{problem}".replace(self._token, "…")
        return Seen(
            self.server, wire.phase, wire.status, wire.headers, wire.body, loop.time() - began_at, error or "no answer"
        )

    async def close(self) -> None:
        """Let go of the lines; a call that is under way ends with an error."""
        await self._request.shutdown()


class _Answering(HTTPXRequest):
    """Keeps the bytes of each answer beside its status, where the library would keep only an exception."""

    async def do_request(self, *args: Any, **options: Any) -> tuple[int, bytes]:
        """As in the base class, but the answer's body is left at the current wire, and only success is passed on."""
        status, body = await super().do_request(*args, **options)
        wire = current()
        if wire is not None:
            wire.body = body
        if status != HTTPStatus.OK:  # the library would drop the status, and warn about its own types while at it
            raise TelegramError(f"status {status}")
        return status, body

    @staticmethod
    def parse_json_payload(payload: bytes) -> Any:
        """As in the base class, but an answer that is no JSON is not printed into the log."""
        try:
            return json.loads(payload.decode("utf-8", "replace"))
        except ValueError:
            raise TelegramError("the answer is not JSON") from None
