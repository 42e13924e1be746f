"""Looks at messages that a bot cannot read: by a forward to the ops chat, or by an edit that changes nothing."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from telegram import Bot

from adapters.outcomes import Absent, Answer, AskAgain, ChannelDown, Found, RateLimited, Unavailable
from adapters.post import Payload, Receipt
from adapters.telegram.client import BotClient
from adapters.telegram.probe import MISSES, Sight, Trail, dated, sight_of_edit, sight_of_forward
from adapters.telegram.standing import edits_own_only, problems_of
from adapters.telegram.verdict import Seen, outcome_of_read, post_url, receipt_of

LOOK_FOR = 30.0
AT_ONCE = 25
"""Numbers looked at in one go; the rest has its turn a little later, so that a lane can be stopped in between."""
FORWARDS_AT_ONCE = 5
FORWARD_EVERY = 3.0
"""Seconds: what Telegram lets into one group, each forward being a message there, though it is taken away again.
https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this"""
NEXT_PART_AFTER = 1.0
"""Seconds until the next numbers of a round that is not over."""

Chat = int | str

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """The chat that is looked at, by whom, and what the bot may do there."""

    chat: Mapping[str, Any]
    """As Telegram shows it."""
    bot: Mapping[str, Any]
    edits_own_only: bool
    """Whether an edit that Telegram would allow tells a message of ours from others'."""

    @property
    def id(self) -> int:
        """The chat's number."""
        return int(self.chat["id"])


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
        self._ops_id: int | None = None
        self._gap_for = gap_for

    async def find(self, payload: Payload, trail: Trail, place: Place) -> Answer:
        """Go on looking where the trail ends. Raises RateLimited, Unavailable or ChannelDown before anything was seen.

        What was seen is kept when it stops in the middle: then it says when to go on.
        """
        start, forwards = trail, 0
        ops_id = await self._find_ops_chat(place) if trail.next is not None else None
        for _ in range(AT_ONCE):
            number = trail.next or 0
            try:
                if answer := await self._answered(trail, place):
                    return answer
                look = await self._look(payload, number, place, ops_id, alone=trail.alone)
            except (RateLimited, Unavailable) as hindrance:
                if trail == start:
                    raise
                told = hindrance.retry_after if isinstance(hindrance, RateLimited) else None
                return AskAgain(self._gap_for if told is None else told, trail.marker())
            if look.sight == "ours":
                receipt = Receipt(str(number), post_url(place.chat, number), look.at or self._now())
                # An edit tells that it is there and ours, but not what it says.
                return Found(receipt, "confirmed" if look.forwarded else "accepted")
            trail = trail.after(number, look.sight, look.at.timestamp() if look.at else None)
            forwards += look.forwarded
            if forwards >= FORWARDS_AT_ONCE:
                break
        return AskAgain(max(NEXT_PART_AFTER, forwards * FORWARD_EVERY), trail.marker())

    async def notice(self, place: Place, last: int) -> Sequence[int]:
        """The numbers after `last` at which messages of ours are met, before MISSES in a row are empty. None as well
        where an edit does not tell whose they are."""
        if not place.edits_own_only:
            return ()
        ours, number, end = [], last, last + MISSES
        while number < min(end, last + AT_ONCE):
            number += 1
            sight = await self._edited(place, number)
            if sight == "ours":
                ours.append(number)
            end = end if sight == "nothing" else number + MISSES
        return ours

    async def is_gone(self, place: Place, number: int) -> bool:
        """Whether there is surely no such message. Raises ChannelDown where the rights are not in order: then a
        message that is there may look as if it were not."""
        if await self._edited(place, number) != "nothing":
            return False
        await self._need_rights(place)
        return True

    async def _answered(self, trail: Trail, place: Place) -> Answer | None:
        answer = trail.answer(gap_for=self._gap_for, look=self._where(trail))
        if isinstance(answer, AskAgain | Absent):
            await self._need_rights(place)
        return answer

    async def _look(self, payload: Payload, number: int, place: Place, ops_id: int | None, *, alone: bool) -> "_Look":
        """What stands at a number: its content, where that is shown, or else whose it is."""
        shown = _Look("closed")
        if ops_id is not None:
            shown = await self._forwarded(payload, number, place, ops_id)
            if shown.sight not in ("closed", "like ours"):
                return shown
        sight = await self._edited(place, number)
        if sight == "ours":
            member = await self._need_rights(place)
            # It may be another call's, of which nobody knew either; or a person's, if the right to edit has just come.
            known = alone or shown.sight == "like ours"
            sight = "ours" if known and edits_own_only(place.chat, member) else "closed"
        return _Look(sight, shown.at, forwarded=shown.forwarded)

    async def _forwarded(self, payload: Payload, number: int, place: Place, ops_id: int) -> "_Look":
        seen = await self._call(lambda bot: bot.forward_message(ops_id, place.id, number, disable_notification=True))
        sight = sight_of_forward(seen, payload.body, chat=place.id, number=number, bot=str(place.bot["id"]))
        if sight is None:
            raise outcome_of_read(seen, self._now())
        copy = receipt_of(seen, None, self._now())
        if copy is None:
            return _Look(sight)
        await self._take_away(ops_id, int(copy.id))
        written = dated(seen)
        return _Look(sight, datetime.fromtimestamp(written, UTC) if written is not None else None, forwarded=True)

    async def _take_away(self, ops_id: int, number: int) -> None:
        seen = await self._call(lambda bot: bot.delete_message(ops_id, number))
        if seen.refusal is not None or seen.status is None:  # it stays there, which does no harm
            log.debug("forward.left", extra={"reason": seen.refusal or seen.error})

    async def _edited(self, place: Place, number: int) -> Sight:
        # Not editMessageReplyMarkup: it would take away the buttons that another bot has put under the post.
        seen = await self._call(lambda bot: bot.stop_message_live_location(place.id, number))
        sight = sight_of_edit(seen, edits_own_only=place.edits_own_only)
        if sight is None:
            raise outcome_of_read(seen, self._now())
        return sight

    async def _find_ops_chat(self, place: Place) -> int | None:
        """The ops chat's number, if the bot may write there and it is not the very chat that followers read."""
        if self._ops_chat is None or self._ops_id is not None:
            return self._ops_id
        ops_chat = self._ops_chat
        seen = await self._call(lambda bot: bot.get_chat(ops_chat))
        if seen.result is not None and seen.result.get("id") != place.id:
            self._ops_id = int(seen.result["id"])
        elif seen.refusal is None and seen.result is None:
            raise outcome_of_read(seen, self._now())
        return self._ops_id

    async def _need_rights(self, place: Place) -> Mapping[str, Any]:
        """What the bot may do there now. Raises ChannelDown where it may not post: to one that has lost its rights, all
        messages are gone. Any 400 of a look-up is told as "not found":
        https://github.com/tdlib/telegram-bot-api/blob/master/telegram-bot-api/Client.cpp (fail_query_with_error)"""
        seen = await self._call(lambda bot: bot.get_chat_member(place.id, int(place.bot["id"])))
        if seen.result is None:
            raise outcome_of_read(seen, self._now())
        if problems := problems_of(place.bot, place.chat, seen.result):
            raise ChannelDown(f"{self._name} cannot be looked at", mend=" ".join(problems))
        return seen.result

    async def _call(self, method: Callable[[Bot], Awaitable[Any]]) -> Seen:
        return await self._client.call(method, LOOK_FOR)

    def _where(self, trail: Trail) -> str:
        after = f" after message {trail.last}" if trail.last is not None else ""
        before = f" and before message {trail.below}" if trail.below is not None else ""
        return f"look in {self._name}{after}{before} whether it is there"


@dataclass(frozen=True, slots=True)
class _Look:
    sight: Sight
    at: datetime | None = None
    """When the message was written."""
    forwarded: bool = False
    """Whether the ops chat has had one more message."""
