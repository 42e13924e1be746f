"""Looks at messages that a bot cannot read: by a forward to the ops chat, or by an edit that changes nothing."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from telegram import Bot

from adapters.base import Absent, Answer, AskAgain, CannotTell, Found, Payload, RateLimited, Receipt
from adapters.telegram.client import BotClient
from adapters.telegram.probe import AT_ONCE, Sight, Trail, sight_of_edit, sight_of_forward
from adapters.telegram.verdict import Seen, outcome_of_read, post_url, receipt_of

LOOK_FOR = 30.0
NEXT_PART_AFTER = 5.0
"""Seconds until the next numbers of an unfinished round."""

Way = Literal["forward", "edit"]
Chat = int | str

log = logging.getLogger(__name__)


class Prober:
    """Asks about one chat's messages. Nothing that it does is seen by followers."""

    def __init__(
        self, client: BotClient, now: Callable[[], datetime], *, name: str, ops_chat: Chat | None, gap_for: float
    ) -> None:
        """`name`: the chat, for people; `gap_for`: seconds between two rounds."""
        self._client = client
        self._now = now
        self._name = name
        self._ops_chat = ops_chat
        self._gap_for = gap_for
        self.place: Mapping[str, Any] = {}
        """The chat, as Telegram shows it."""

    async def find(self, payload: Payload, trail: Trail, chat: Chat, *, ways: Sequence[Way]) -> Answer:
        """Go on looking where the trail ends. Raises RateLimited or Unavailable before anything was seen."""
        rounds = trail.rounds
        for _ in range(AT_ONCE):
            try:
                sight, receipt = await self._look(payload, trail.next, chat, ways)
            except RateLimited as told:
                if told.retry_after is None or trail.next == trail.last + 1:
                    raise
                return AskAgain(told.retry_after, trail.marker())  # what was seen is not looked at again
            if receipt is not None:
                return Found(receipt)
            if sight == "closed":
                return CannotTell(f"{self._where(trail)}: Telegram does not show it to the bot", trail.marker())
            trail = trail.after(sight)
            if trail.over and trail.doubt:
                return CannotTell(f"{self._where(trail)}: a post with the link, but with another text, is there")
            if trail.over:
                return Absent(f"{self._name} has no such message after {trail.last}, looked at {trail.rounds} times")
            if trail.rounds > rounds:
                return AskAgain(self._gap_for, trail.marker())
        return AskAgain(NEXT_PART_AFTER, trail.marker())

    async def is_gone(self, chat: Chat, number: int) -> bool:
        """Whether there is no such message. Only together with rights that are in order is that a proof."""
        return await self._edited(chat, number) == "nothing"

    async def _look(
        self, payload: Payload, number: int, chat: Chat, ways: Sequence[Way]
    ) -> tuple[Sight, Receipt | None]:
        for way in ways:
            if way == "forward":
                sight, receipt = await self._forwarded(payload.body, chat, number)
            else:
                sight, receipt = await self._edited(chat, number), None
                if sight == "ours":
                    receipt = Receipt(str(number), post_url(self.place, number), self._now())
            if sight != "closed":
                return sight, receipt
        return "closed", None

    async def _forwarded(self, body: Mapping[str, Any], chat: Chat, number: int) -> tuple[Sight, Receipt | None]:
        ops_chat = self._ops_chat
        if ops_chat is None:
            return "closed", None
        seen = await self._call(lambda bot: bot.forward_message(ops_chat, chat, number, disable_notification=True))
        sight = sight_of_forward(seen, body)
        if sight is None:
            raise outcome_of_read(seen, self._now())
        copy = receipt_of(seen, None, self._now())
        if copy is None:
            return sight, None
        await self._take_away(ops_chat, int(copy.id))
        return sight, self._receipt(seen, number) if sight == "ours" else None

    def _receipt(self, seen: Seen, number: int) -> Receipt:
        origin = (seen.result or {}).get("forward_origin")
        date = origin.get("date") if isinstance(origin, dict) else None
        at = datetime.fromtimestamp(date, UTC) if isinstance(date, int) and 0 < date < 1 << 33 else self._now()
        return Receipt(str(number), post_url(self.place, number), at)

    async def _take_away(self, ops_chat: Chat, number: int) -> None:
        seen = await self._call(lambda bot: bot.delete_message(ops_chat, number))
        if seen.refusal is not None:  # it stays there, which does no harm
            log.debug("forward.left", extra={"reason": seen.refusal})

    async def _edited(self, chat: Chat, number: int) -> Sight:
        seen = await self._call(lambda bot: bot.edit_message_reply_markup(chat, number))
        sight = sight_of_edit(seen)
        if sight is None:
            raise outcome_of_read(seen, self._now())
        return sight

    async def _call(self, method: Callable[[Bot], Awaitable[Any]]) -> Seen:
        return await self._client.call(method, LOOK_FOR)

    def _where(self, trail: Trail) -> str:
        return f"look in {self._name} after message {trail.last} whether it is there"
