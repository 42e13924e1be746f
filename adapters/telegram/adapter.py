"""Telegram through python-telegram-bot: one bot in one chat.

The Bot API has no idempotency key: a call whose answer was lost is repeated only once the message is known not to be
there (`adapters.telegram.probe`).
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from telegram import Bot, LinkPreviewOptions, MessageEntity

from adapters.base import (
    Absent,
    Answer,
    CannotTell,
    ChannelDown,
    Context,
    Draft,
    Json,
    KeySeed,
    Marker,
    Pace,
    Part,
    Payload,
    Post,
    Presence,
    Receipt,
    Standing,
)
from adapters.telegram import WAITS, TelegramSettings
from adapters.telegram.client import BotClient
from adapters.telegram.compose import LIMITS, compose
from adapters.telegram.probe import Trail, in_a_row
from adapters.telegram.prober import Prober, Way
from adapters.telegram.standing import standing_of
from adapters.telegram.verdict import outcome_of_publish, outcome_of_read, receipt_of
from adapters.text import fit

READ_DEADLINE_FOR = 30.0

Call = Callable[[Bot], Awaitable[Any]]


class TelegramAdapter:
    """One bot in one chat. See `adapters.base.Adapter`."""

    platform = "telegram"
    takes_picture = False
    key_good_for: float | None = None

    def __init__(self, settings: TelegramSettings, context: Context) -> None:
        self.quiet_for = (context.waits or WAITS).quiet_for
        self.deadline_for = (context.waits or WAITS).deadline_for
        self.paces: tuple[Pace, ...] = (Pace(settings.per_minute, 60, "place"), Pace(settings.per_second, 1, "account"))
        self._settings = settings
        self._now = context.now
        self._client = BotClient(settings.token.get_secret_value(), settings.api_base, user_agent=context.user_agent)
        self._chat = _chat_id(settings.chat)
        self._edits_own_only = False
        """Whether an edit that Telegram would allow tells a message of ours from others'."""
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
        self._prober.place = chat
        self._edits_own_only = chat.get("type") != "channel" or not (member or {}).get("can_edit_messages", True)
        return standing_of(bot, chat, member, has_ops_chat=self._settings.ops_chat is not None)

    def compose(self, post: Post, at: datetime) -> Draft:
        """Pure."""
        return compose(post, at)

    async def stage(self, draft: Draft) -> Payload:
        """Nothing is uploaded: Telegram fetches the preview by itself."""
        return Payload({"chat_id": self._chat, **draft.body})

    def key(self, seed: KeySeed) -> str:
        """A label only: the Bot API takes no key."""
        return hashlib.sha256(seed.digest()).hexdigest()[:32]

    async def mark(self, last: str | None) -> Marker:
        """The newest known message of the place: a lost one would come after it."""
        return {"last": last}

    async def publish(self, payload: Payload, key: str) -> Receipt:  # noqa: ARG002 # the contract's, and Telegram has none
        """Send the message, once."""
        call = _send_message(payload.body)
        link = payload.body["link_preview_options"].get("url")
        seen = await self._client.call(call, self.deadline_for)
        receipt = receipt_of(seen, link, self._now())
        if receipt is None:
            raise outcome_of_publish(seen, self._now())
        return receipt

    async def find(self, payload: Payload, key: str, marker: Marker) -> Answer:  # noqa: ARG002 # the contract's, and Telegram has none
        """Look at the messages after the last known one, number by number. `marker` is that of an attempt's intent.

        With an ops chat, each is forwarded there and compared, then taken away again. Without, an edit that changes
        nothing tells which are the bot's own, if it may edit no others; then the bot must be Handbill's alone.
        """
        trail = Trail.of(marker)
        if trail is None:
            return CannotTell(
                f"no message of {self._settings.chat} was known before this one: look whether it is there"
            )
        ways = await self._ways()
        if not in_a_row(self._chat):
            return CannotTell(f"the messages of {self._settings.chat} are not numbered in a row: {self._look(trail)}")
        return await self._prober.find(payload, trail, self._chat, ways=ways)

    def infer(self, marker: Marker, later: str) -> Answer:
        """The very next number went to a later post of ours: then nothing came between."""
        trail = Trail.of(marker)
        if trail is not None and in_a_row(self._chat) and later == str(trail.last + 1):
            return Absent("the next post of ours took the number that it would have had")
        return CannotTell("a later post of ours does not tell")

    async def confirm(self, payload: Payload, receipt: Receipt) -> Presence:  # noqa: ARG002 # a bot cannot read a channel
        """Whether the message is still there, by an edit that changes nothing; what it says, a bot cannot read."""
        if not in_a_row(self._chat):
            return "accepted"
        if await self._prober.is_gone(self._chat, int(receipt.id)):
            await self._need_rights()
            return "vanished"
        return "accepted"

    async def _ways(self) -> list[Way]:
        """The ways to look, the best first. Raises ChannelDown where a missing right would make all look absent."""
        await self._need_rights()
        forwarding: list[Way] = ["forward"] if self._settings.ops_chat is not None else []
        return [*forwarding, "edit"] if self._edits_own_only else forwarding

    async def _need_rights(self) -> None:
        standing = await self.verify()
        if standing.problems:
            raise ChannelDown(f"{self._settings.chat} cannot be looked at", mend=" ".join(standing.problems))

    def _look(self, trail: Trail) -> str:
        return f"look after message {trail.last} whether it is there"

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
            chat_id=body["chat_id"], text=body["text"], entities=entities or None, link_preview_options=preview
        )

    return send


def _chat_id(chat: str) -> int | str:
    return chat if chat.startswith("@") else int(chat)
