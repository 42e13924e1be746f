"""Telegram through python-telegram-bot: one bot in one chat.

The Bot API has no idempotency key: a call whose answer was lost is repeated only once the message is known not to be
there (`adapters.telegram.probe`).
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from telegram import Bot, InputFile, LinkPreviewOptions, MessageEntity

from adapters.base import Context, KeySeed, Pace, Standing
from adapters.outcomes import (
    Absent,
    Answer,
    AskAgain,
    CannotTell,
    ChannelDown,
    Found,
    Marker,
    Presence,
    Rejected,
    Uncertain,
)
from adapters.post import Draft, Json, Media, Part, Payload, Post, Receipt
from adapters.telegram import WAITS, TelegramSettings
from adapters.telegram.client import BotClient
from adapters.telegram.compose import LIMITS, compose
from adapters.telegram.less import is_photo, with_less
from adapters.telegram.probe import Trail, in_a_row, link_of
from adapters.telegram.prober import Place, Prober
from adapters.telegram.standing import edits_own_only, standing_of
from adapters.telegram.verdict import outcome_of_publish, outcome_of_read, post_url, receipt_of
from adapters.text import fit

READ_DEADLINE_FOR = 30.0

Call = Callable[[Bot], Awaitable[Any]]


class TelegramAdapter:
    """One bot in one chat. See `adapters.base.Adapter`."""

    platform = "telegram"
    key_good_for: float | None = None

    def __init__(self, settings: TelegramSettings, context: Context) -> None:
        self.quiet_for = (context.waits or WAITS).quiet_for
        self.deadline_for = (context.waits or WAITS).deadline_for
        self.paces: tuple[Pace, ...] = (Pace(settings.per_minute, 60, "place"), Pace(settings.per_second, 1, "account"))
        self.takes_picture = settings.picture == "photo"
        self._settings = settings
        self._now = context.now
        self._client = BotClient(settings.token.get_secret_value(), settings.api_base, user_agent=context.user_agent)
        self._chat = _chat_id(settings.chat)
        self._place: Place | None = None
        self._newest: str | None = None
        """The newest message of ours, as long as no call after it has an unknown outcome."""
        ops_chat = None if settings.ops_chat is None else _chat_id(settings.ops_chat)
        gap = (context.waits or WAITS).probe_gap_for
        self._prober = Prober(self._client, context.now, name=settings.chat, ops_chat=ops_chat, gap_for=gap)

    async def verify(self) -> Standing:
        """Ask who the bot is, which chat this is, and what the bot may do there."""
        bot = await self._ask(lambda bot: bot.get_me())
        try:
            chat = await self._ask(lambda bot: bot.get_chat(self._chat))
        except ChannelDown as down:
            name = f"@{bot.get('username')}"
            mend = f"check {self._settings.chat} and make {name} an administrator there, with the right to post"
            raise ChannelDown(down.message, mend=mend, status=down.status) from None
        try:
            member = await self._ask(lambda bot_: bot_.get_chat_member(chat["id"], bot["id"]))
        except ChannelDown as down:
            if down.status not in (400, 403):
                raise
            member = None  # who is not an administrator of a channel is not even told about itself
        self._chat = chat["id"]  # a number outlives a renaming of the chat
        self._place = Place(chat, bot, edits_own_only(chat, member or {}))
        has_ops_chat = self._settings.ops_chat is not None
        return standing_of(bot, chat, member, has_ops_chat=has_ops_chat, photos=self.takes_picture)

    def compose(self, post: Post, at: datetime) -> Draft:
        """Pure."""
        own = self._settings
        draft = compose(post, at, own.picture, above=own.preview_above, silent=own.silent)
        return replace(draft, body={"chat_id": self._chat, **draft.body})

    async def stage(self, draft: Draft) -> Payload:
        """Nothing is uploaded: Telegram fetches the preview by itself, and a photo goes with the visible call."""
        return Payload({"chat_id": self._chat, **draft.body}, draft.media)

    def key(self, seed: KeySeed) -> str:
        """A label only: the Bot API takes no key."""
        return hashlib.sha256(seed.digest()).hexdigest()[:32]

    async def mark(self, last: str | None) -> Marker:
        """The newest known message of the place: a lost one would come after it. Nothing is asked for it."""
        return {"last": last, "at": self._now().timestamp(), "alone": last is not None and last == self._newest}

    async def publish(self, payload: Payload, key: str) -> Receipt:  # noqa: ARG002 # the contract's, and Telegram has none
        """Send the message, once."""
        call = _call_of(payload)
        before, self._newest = self._newest, None
        seen = await self._client.call(call, self.deadline_for)
        receipt = receipt_of(seen, link_of(payload.body) or None, self._now())
        if receipt is not None:
            self._newest = receipt.id
            return receipt
        outcome = outcome_of_publish(seen, self._now())
        if not isinstance(outcome, Uncertain):
            self._newest = before
        if isinstance(outcome, Rejected):
            outcome.instead = _with_less(payload, seen.refusal or "")
        raise outcome

    async def find(self, payload: Payload, key: str, marker: Marker) -> Answer:  # noqa: ARG002 # the contract's, and Telegram has none
        """Look at the messages after the last known one, number by number. `marker` is that of an attempt's intent.

        With an ops chat, each is forwarded there, compared, and taken away again: text and link make it ours, whoever
        else posts in the channel. Without, an edit that changes nothing tells which messages are the bot's own, where
        it may edit no others; the one after `last` is this one if nothing else of ours is unaccounted for, and if this
        bot's token is Handbill's alone, which is assumed. Absence needs no such assumption: only that fewer than
        `probe.MISSES` messages in a row were deleted between, or a later post of ours (`infer`), which ends the search.
        A chat's very first post has nothing before it: it waits for the next one, or for a person.
        """
        trail = Trail.of(marker)
        place = await self._ready()
        if not in_a_row(place.id):
            return CannotTell(
                f"the messages of {self._settings.chat} are not numbered in a row: look whether it is there"
            )
        answer = await self._prober.find(payload, trail, place)
        if isinstance(answer, Found):
            self._newest = answer.receipt.id
        elif isinstance(answer, Absent) and trail.alone:
            self._newest = str(marker["last"])
        return answer

    def infer(self, marker: Marker, later: str) -> Answer:
        """The very next number went to a later post of ours: then nothing came between. Otherwise that post is an end
        up to which can be looked, which needs no guess at where the messages end, nor a known one to begin at."""
        trail = Trail.of(marker)
        if not (later.isascii() and later.isdigit() and in_a_row(self._chat)):
            return CannotTell("the number of a later post of ours does not tell")
        if trail.last is not None and int(later) == trail.last + 1:
            return Absent("the next post of ours took the number that it would have had")
        bounded = trail.until(int(later))
        return CannotTell("a later post of ours does not tell") if bounded is None else AskAgain(0.0, bounded.marker())

    async def notice(self, last: str) -> Sequence[Receipt]:
        """By edits that change nothing, number by number: where the bot may edit others' posts too, nothing is told."""
        place = await self._ready()
        if not (in_a_row(place.id) and last.isascii() and last.isdigit()):
            return ()
        numbers = await self._prober.notice(place, int(last))
        return [Receipt(str(number), post_url(place.chat, number), self._now()) for number in numbers]

    async def confirm(self, payload: Payload, receipt: Receipt) -> Presence:  # noqa: ARG002 # a bot cannot read a channel
        """Whether the message is still there, by an edit that changes nothing.

        What it says, a bot could read only by forwarding it, which counts up the forwards that readers see: that is
        done to settle an unknown outcome, not here. So it is "accepted", unless it is surely gone.
        """
        if in_a_row(self._chat) and await self._prober.is_gone(self._place or await self._ready(), int(receipt.id)):
            return "vanished"
        return "accepted"

    async def _ready(self) -> Place:
        """The place as it is now. Raises ChannelDown where a missing right would make all look absent."""
        standing = await self.verify()
        if standing.problems or self._place is None:
            raise ChannelDown(f"{self._settings.chat} cannot be looked at", mend=" ".join(standing.problems))
        return self._place

    async def alert(self, text: str) -> bool:
        """Send `text` to the ops chat, if there is one."""
        if self._settings.ops_chat is None:
            return False
        body: Json = {
            "chat_id": _chat_id(self._settings.ops_chat),
            "text": fit([Part("summary", text)], LIMITS).text,
            "entities": [],
            "link_preview_options": {"is_disabled": True},
        }
        seen = await self._client.call(_send_message(body), self.deadline_for)
        if receipt_of(seen, None, self._now()) is None:
            raise outcome_of_publish(seen, self._now())
        return True

    async def close(self) -> None:
        """Let go of the lines at once."""
        await self._client.close()

    async def _ask(self, call: Call) -> Mapping[str, Any]:
        seen = await self._client.call(call, READ_DEADLINE_FOR)
        if seen.result is None:
            raise outcome_of_read(seen, self._now())
        return seen.result


def _send_message(body: Mapping[str, Any]) -> Call:
    """The call that a frozen body stands for: the same body gives the same bytes."""
    entities = [MessageEntity(**entity) for entity in body["entities"]]
    preview = LinkPreviewOptions(**body["link_preview_options"])

    def send(bot: Bot) -> Awaitable[Any]:
        return bot.send_message(
            chat_id=body["chat_id"],
            text=body["text"],
            entities=entities or None,
            link_preview_options=preview,
            disable_notification=body.get("disable_notification"),
        )

    return send


def _send_photo(body: Mapping[str, Any], photo: Media) -> Call:
    entities = [MessageEntity(**entity) for entity in body["entities"]]

    def send(bot: Bot) -> Awaitable[Any]:
        return bot.send_photo(
            chat_id=body["chat_id"],
            photo=InputFile(photo.data, filename=f"picture.{photo.mime.rpartition('/')[2]}"),
            caption=body["text"],
            caption_entities=entities or None,
            disable_notification=body.get("disable_notification"),
        )

    return send


def _call_of(payload: Payload) -> Call:
    """Raises Rejected, with nothing sent, where the bytes of a photo are no longer kept."""
    if not is_photo(payload.body):
        return _send_message(payload.body)
    if not payload.media:
        raise Rejected("the photo is no longer kept", instead=_with_less(payload, ""))
    return _send_photo(payload.body, payload.media[0])


def _with_less(payload: Payload, refusal: str) -> Payload | None:
    less = with_less(payload.body, refusal)
    return None if less is None else Payload(less)


def _chat_id(chat: str) -> int | str:
    return chat if chat.startswith("@") else int(chat)
