"""The chats of the Telegram sandbox: who may do what in them, their messages, and how the Bot API shows all that.

Objects are those of https://core.telegram.org/bots/api#available-types; access rules are check_chat_access and
check_message in telegram-bot-api/Client.cpp (https://github.com/tdlib/telegram-bot-api) and can_edit_message and
can_delete_channel_message in td/telegram/MessagesManager.cpp (https://github.com/tdlib/td).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from adapters.sandbox.telegram_parsers import Entity, Refused

Kind = Literal["channel", "supergroup", "group", "private"]
Status = Literal["administrator", "member", "left", "kicked"]
Access = Literal["read", "edit", "write"]

RIGHTS = frozenset(
    {
        "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members",
        "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories",
        "can_delete_stories", "can_post_messages", "can_edit_messages", "can_pin_messages", "can_manage_topics",
        "can_manage_direct_messages",
    }
)  # fmt: skip
"""https://core.telegram.org/bots/api#chatmemberadministrator"""
_OF_CHANNELS = {"can_post_messages", "can_edit_messages", "can_manage_direct_messages"}
_OF_GROUPS = {"can_pin_messages", "can_manage_topics"}

CACHED_FOR = 30 * 60
"""Seconds, roughly: https://github.com/tdlib/telegram-bot-api/issues/101"""
DELETABLE_FOR = 48 * 3600
"""Seconds: https://core.telegram.org/bots/api#deletemessage"""


@dataclass(frozen=True, slots=True)
class Bot:
    """An account that talks to the Bot API."""

    id: int
    username: str

    def user(self) -> dict[str, Any]:
        """https://core.telegram.org/bots/api#user"""
        return {"id": self.id, "is_bot": True, "first_name": self.username, "username": self.username}


OWNER: dict[str, Any] = {"id": 1, "is_bot": False, "first_name": "Owner"}
"""The person who made every chat, and whose hand `TelegramSandbox.write` lends."""


@dataclass(frozen=True, slots=True)
class Member:
    """What a bot is in a chat."""

    status: Status
    rights: frozenset[str] = frozenset()

    @classmethod
    def admin(cls, rights: Iterable[str]) -> "Member":
        """An administrator with exactly these rights; ValueError names one that Telegram does not have."""
        unknown = set(rights) - RIGHTS
        if unknown:
            raise ValueError(f"Telegram has no right called {', '.join(sorted(unknown))}")
        return cls("administrator", frozenset(rights) | {"can_manage_chat"})

    @property
    def inside(self) -> bool:
        """Whether the bot belongs to the chat."""
        return self.status in ("administrator", "member")


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture that was sent as such: its bytes as they came, which Telegram would encode anew."""

    id: str
    data: bytes = field(repr=False)
    mime: str
    width: int
    height: int

    def shown(self) -> list[dict[str, Any]]:
        """https://core.telegram.org/bots/api#photosize; the server has smaller ones as well."""
        size = {"width": self.width, "height": self.height, "file_size": len(self.data)}
        return [{"file_id": f"photo-{self.id}", "file_unique_id": self.id, **size}]


@dataclass(slots=True)
class Message:
    """A message as the server keeps it. `author` is a bot's id, or 0 for a person."""

    id: int
    author: int
    at: int
    text: str = ""
    entities: list[Entity] = field(default_factory=list)
    preview: dict[str, Any] | None = None
    """The link preview options, as the message shows them."""
    card: str | None = None
    """The address of the link preview, if there is one."""
    markup: dict[str, Any] | None = None
    photo: Photo | None = None
    """Then the text is its caption."""
    caption_above: bool = False
    origin: dict[str, Any] | None = None
    protected: bool = False
    silent: bool = False
    service: bool = False
    edited_at: int | None = None


@dataclass(frozen=True, slots=True)
class Cached:
    """A deleted message that the server has not forgotten yet."""

    message: Message
    until: float


@dataclass(slots=True)
class Chat:
    """A chat, with the messages that are still there and the bots that belong or belonged to it."""

    id: int
    kind: Kind
    title: str
    username: str | None
    members: dict[int, Member] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    last_id: int = 0
    protected: bool = False
    """Whether nothing may be forwarded out of it."""
    photos: bool = True
    """Whether photos may be sent to it."""
    cached: dict[int, Cached] = field(default_factory=dict)
    """What was deleted, as the server remembers it."""

    # One counter for everybody and everything, service messages included; deleted messages leave holes:
    # https://github.com/tdlib/telegram-bot-api/issues/464
    def next_id(self) -> int:
        """Use up the next message id."""
        self.last_id += 1
        return self.last_id

    @property
    def place(self) -> str:
        """How readers know it."""
        return f"@{self.username}" if self.username else str(self.id)

    def url(self, message_id: int) -> str:
        """https://core.telegram.org/api/links#message-links"""
        return f"https://t.me/{self.username or 'c/' + str(self.id).removeprefix('-100')}/{message_id}"

    def check_access(self, bot: Bot, access: Access) -> None:
        """Raise what the server says to a bot that may not come in; `write` includes `edit` includes `read`."""
        member = self.members.get(bot.id)
        if self.kind == "private":
            if member is None:
                raise Refused(400, "chat not found")
            if member.status == "kicked" and access == "write":
                raise Refused(403, "bot was blocked by the user")
            return
        # A bot learns of a chat without a username only by becoming its member.
        if member is None and self.username is None:
            raise Refused(400, "chat not found")
        if member is not None and member.status == "kicked":
            raise Refused(403, f"bot was kicked from the {self.kind} chat")
        need = access != "read" if self.username or self.kind == "group" else True
        if need and (member is None or not member.inside):
            raise Refused(403, f"bot is not a member of the {self.kind} chat")

    def check_posting(self, bot: Bot) -> None:
        """In a channel, only administrators post, with the right to: https://core.telegram.org/bots/features"""
        self.check_access(bot, "write")
        if self.kind == "channel" and not self.allows(bot, "can_post_messages"):
            raise Refused(400, "need administrator rights in the channel chat")

    def get_message(self, bot: Bot, message_id: int, access: Access, called: str) -> Message:
        """The message, or the refusal: `called` is "message to edit" and the like. check_message in Client.cpp."""
        self.check_access(bot, access)
        member = self.members.get(bot.id)
        message = self.messages.get(message_id)
        if message is None or (self.kind in ("channel", "supergroup") and not (member and member.inside)):
            raise Refused(400, f"{called} not found")
        return message

    def allows(self, bot: Bot, right: str) -> bool:
        """Whether the bot is an administrator with this right."""
        return right in self.members.get(bot.id, Member("left")).rights

    def can_edit(self, bot: Bot, message: Message) -> bool:
        """Its own posts as long as it may post; others' with can_edit_messages; never forwards or service messages."""
        if message.service or message.origin:
            return False
        if self.kind != "channel":
            return message.author == bot.id
        own = message.author == bot.id and self.allows(bot, "can_post_messages")
        return own or self.allows(bot, "can_edit_messages")

    def can_delete(self, bot: Bot, message: Message, now: float) -> bool:
        """Never after 48 hours; own posts with can_post_messages, others' with can_delete_messages."""
        if now - message.at >= DELETABLE_FOR or message.id == 1:
            return False
        if self.allows(bot, "can_delete_messages"):
            return True
        return message.author == bot.id and (self.kind != "channel" or self.allows(bot, "can_post_messages"))

    # ── as JSON ───────────────────────────────────────────────────────────────────────────────────────────────────

    def shown(self) -> dict[str, Any]:
        """https://core.telegram.org/bots/api#chat"""
        name = {"first_name": self.title} if self.kind == "private" else {"title": self.title}
        username = {"username": self.username} if self.username else {}
        return {"id": self.id, **name, **username, "type": self.kind}

    def shown_in_full(self) -> dict[str, Any]:
        """https://core.telegram.org/bots/api#chatfullinfo"""
        gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
        names = {"active_usernames": [self.username]} if self.username else {}
        return {
            **self.shown(),
            **names,
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": dict.fromkeys(gifts, False),
            **({"has_protected_content": True} if self.protected else {}),
        }

    def member_shown(self, bot: Bot) -> dict[str, Any]:
        """https://core.telegram.org/bots/api#chatmember"""
        member = self.members.get(bot.id, Member("left"))
        shown: dict[str, Any] = {"user": bot.user(), "status": member.status}
        if member.status == "kicked":
            shown["until_date"] = 0
        if member.status == "administrator":
            elsewhere = _OF_GROUPS if self.kind == "channel" else _OF_CHANNELS
            shown |= {right: right in member.rights for right in sorted(RIGHTS - elsewhere)}
            shown |= {"can_be_edited": False, "is_anonymous": False}
        return shown

    def message_shown(self, message: Message, bots: dict[int, Bot]) -> dict[str, Any]:
        """https://core.telegram.org/bots/api#message"""
        shown: dict[str, Any] = {"message_id": message.id}
        if self.kind == "channel":
            shown["sender_chat"] = self.shown()
        else:
            shown["from"] = bots[message.author].user() if message.author in bots else OWNER
        shown |= {"chat": self.shown(), "date": message.at}
        optional = {
            "edit_date": message.edited_at,
            "forward_origin": message.origin,
            "has_protected_content": message.protected or self.protected or None,
            "photo": message.photo.shown() if message.photo else None,
            "caption" if message.photo else "text": message.text or None,
            "caption_entities" if message.photo else "entities": message.entities or None,
            "show_caption_above_media": message.caption_above or None,
            "link_preview_options": message.preview,
            "reply_markup": message.markup,
        }
        return shown | {name: value for name, value in optional.items() if value is not None}

    def origin_of(self, message: Message, bots: dict[int, Bot]) -> dict[str, Any]:
        """https://core.telegram.org/bots/api#messageorigin: of a forward, the first place."""
        if message.origin:
            return message.origin
        if self.kind == "channel":
            return {"type": "channel", "date": message.at, "chat": self.shown(), "message_id": message.id}
        sender = bots[message.author].user() if message.author in bots else OWNER
        return {"type": "user", "date": message.at, "sender_user": sender}
