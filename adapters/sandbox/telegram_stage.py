"""The stage of the Telegram sandbox: its bots and chats, how they are set up, and what readers see in them."""

import time
from collections.abc import Callable, Iterable, Mapping

from adapters.sandbox.server import PublicPost, SandboxServer
from adapters.sandbox.telegram_chats import CACHED_FOR, Bot, Cached, Chat, Kind, Member, Message, Status
from adapters.sandbox.telegram_text import addresses, piece


class TelegramStage(SandboxServer):
    """Bots, chats and their messages."""

    platform = "telegram"

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        super().__init__(now=now)
        self._tokens: dict[str, Bot | None] = {}
        self._bots: dict[int, Bot] = {}
        self._chats: dict[int, Chat] = {}
        self.caches = False
        """Whether deleted messages can still be forwarded for a while."""

    @property
    def api_base(self) -> str:
        """What clients put before the token."""
        return f"{self.url}/bot"

    def add_bot(self, token: str, username: str = "handbill_bot") -> None:
        """Make a bot known by its token, "123456:ABC-..."; what stands before the colon is its id."""
        bot_id, colon, secret = token.partition(":")
        if not (bot_id.isdecimal() and colon and secret):
            raise ValueError("a token is the bot's id, a colon, and a secret")
        self._tokens[token] = self._bots[int(bot_id)] = Bot(int(bot_id), username)

    def revoke(self, token: str) -> None:
        """Make a token invalid, as its owner does through @BotFather: 401 from now on."""
        self._tokens[token] = None

    def add_chat(
        self,
        chat_id: int,
        username: str | None,
        title: str,
        kind: Kind = "channel",
        *,
        admins: Mapping[str, Iterable[str]] | None = None,
        members: Iterable[str] = (),
    ) -> None:
        """Make a chat. `admins`: token → its rights ("can_post_messages", …); `members`: tokens without rights.

        A private chat is with a person; a bot is its member once that person has started it.
        """
        chat = self._chats[chat_id] = Chat(chat_id, kind, title, username)
        if kind != "private":
            # "Channel created": https://core.telegram.org/constructor/messageActionChannelCreate
            self._keep(chat, Message(chat.next_id(), 0, int(self.now()), service=True))
        for token in members:
            self.set_status(token, chat_id, "member")
        for token, rights in (admins or {}).items():
            self.grant(token, chat_id, *rights)

    def grant(self, token: str, chat_id: int, *rights: str) -> None:
        """Make the bot an administrator with exactly these rights."""
        self._chats[chat_id].members[self._id_of(token)] = Member.admin(rights)

    def set_status(self, token: str, chat_id: int, status: Status) -> None:
        """Make the bot a plain member, or let it have left or been kicked (of a private chat: blocked)."""
        self._chats[chat_id].members[self._id_of(token)] = Member(status)

    def write(self, chat_id: int, text: str) -> int:
        """Post by a person's hand, plain; the message's id."""
        chat = self._chats[chat_id]
        return self._keep(chat, Message(chat.next_id(), 0, int(self.now()), text)).id

    def copy_in(self, chat_id: int, from_chat_id: int, message_id: int) -> int:
        """Forward a message into this chat by a person's hand; the new message's id."""
        source, chat = self._chats[from_chat_id], self._chats[chat_id]
        message = source.messages[message_id]
        forward = Message(chat.next_id(), 0, int(self.now()), message.text, message.entities, message.preview)
        forward.photo = message.photo
        forward.origin = source.origin_of(message, self._bots)
        return self._keep(chat, forward).id

    def happen(self, chat_id: int) -> int:
        """Something happens that takes a number (a new title, a pinned post): a service message; its id."""
        chat = self._chats[chat_id]
        return self._keep(chat, Message(chat.next_id(), 0, int(self.now()), service=True)).id

    def protect(self, chat_id: int, *, on: bool = True) -> None:
        """Let nothing be forwarded out of the chat: https://core.telegram.org/bots/api#chatfullinfo"""
        self._chats[chat_id].protected = on

    def forbid_photos(self, chat_id: int, *, on: bool = True) -> None:
        """Let bots send no photos to the chat: https://core.telegram.org/bots/api#chatpermissions"""
        self._chats[chat_id].photos = not on

    def remove(self, chat_id: int, message_id: int) -> None:
        """Delete by a person's hand. KeyError when there is no such message."""
        self._drop(self._chats[chat_id], message_id)

    def public(self, place: str | None = None) -> list[PublicPost]:
        """Messages, oldest first: of one chat, by its @username or its id; without one, of all channels.

        `extra`: chat_id, silent, forwarded, preview (the link preview options as the message shows them), photo (its
        type, width and height).
        """
        chats = [
            chat
            for chat in self._chats.values()
            if (chat.kind == "channel" if place is None else place in (chat.place, str(chat.id)))
        ]
        posts = [
            (message.at, self._public_post(chat, message))
            for chat in chats
            for message in chat.messages.values()
            if not message.service
        ]
        return [post for _at, post in sorted(posts, key=lambda item: item[0])]

    def _id_of(self, token: str) -> int:
        bot = self._tokens[token]
        if bot is None:
            raise KeyError("this token was revoked")
        return bot.id

    def _drop(self, chat: Chat, message_id: int) -> None:
        chat.cached[message_id] = Cached(chat.messages.pop(message_id), self.now() + CACHED_FOR)

    def _keep(self, chat: Chat, message: Message) -> Message:
        chat.messages[message.id] = message
        if chat.kind == "channel" and not message.service:
            self.came_out(self._public_post(chat, message))
        return message

    def _public_post(self, chat: Chat, message: Message) -> PublicPost:
        links = addresses(message.text, message.entities) + ([message.card] if message.card else [])
        preview, photo = message.preview or {}, message.photo
        return PublicPost(
            platform=self.platform,
            place=chat.place,
            id=str(message.id),
            text=message.text,
            links=tuple(dict.fromkeys(links)),
            at=float(message.at),
            url=chat.url(message.id),
            card=None if not message.card else {"title": "", "description": "", "link": message.card, "picture": False},
            marks=tuple(
                ("link" if entity["type"] in ("url", "text_link") else entity["type"], piece(message.text, entity))
                for entity in message.entities
            ),
            extra={
                "chat_id": chat.id,
                "silent": message.silent,
                "forwarded": message.origin is not None,
                "preview": preview,
                "photo": photo and (photo.mime, photo.width, photo.height),
            },
        )
