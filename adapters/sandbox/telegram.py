"""A strict fake of Telegram's Bot API server, for bots that post to channels.

Written from https://core.telegram.org/bots/api, https://core.telegram.org/bots/faq and the server's public source,
https://github.com/tdlib/telegram-bot-api (Client.cpp, ClientManager.cpp, HttpConnection.cpp, Query.cpp). There is no
idempotency: the same request sent twice is two posts.
"""

import re
import time
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web

from adapters.sandbox.server import Answer
from adapters.sandbox.telegram_chats import OWNER, Bot, Chat, Message
from adapters.sandbox.telegram_fields import (
    Fields,
    description,
    markup_of,
    number,
    preview_options,
    read_fields,
    too_many,
    truth,
)
from adapters.sandbox.telegram_parsers import Entity, Refused, best_parser
from adapters.sandbox.telegram_photos import read_photo
from adapters.sandbox.telegram_stage import TelegramStage
from adapters.sandbox.telegram_text import first_address, fix_text, read_text

Method = Callable[[Bot, Fields], Any]

_TOKEN = re.compile(r"[1-9][0-9]{0,15}:[A-Za-z0-9_-]{24,64}")
_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)


class TelegramSandbox(TelegramStage):
    """`paced` enforces `per_minute` posts in a chat and `per_second` of a token.

    Telegram states no exact limits; these are the ones its FAQ names:
    https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
    """

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.time,
        paced: bool = True,
        per_minute: int = 20,
        per_second: int = 30,
    ) -> None:
        super().__init__(now=now)
        self.paced = paced
        self.per_minute = per_minute
        self.per_second = per_second
        self._parser = best_parser()
        self._posted_at: dict[tuple[str, int], deque[float]] = {}
        methods: dict[str, tuple[str, Method]] = {
            "getMe": ("auth", self._get_me),
            "getChat": ("read", self._get_chat),
            "getChatMember": ("read", self._get_chat_member),
            "getChatAdministrators": ("read", self._get_chat_administrators),
            "sendMessage": ("publish", self._send_message),
            "sendPhoto": ("publish", self._send_photo),
            "forwardMessage": ("read", self._forward_message),
            "deleteMessage": ("read", self._delete_message),
            "editMessageReplyMarkup": ("read", self._edit_message_reply_markup),
            "stopMessageLiveLocation": ("read", self._stop_message_live_location),
        }
        for name, (call, method) in methods.items():
            # Methods are matched in lower case: Query.cpp.
            self._serve(f"/bot{{token}}/{{method:(?i:{name})}}", call, method)
        self._serve("/bot{token}/{method}", "read", self._no_method)
        self._serve("/{path:.*}", "read", None)

    @property
    def parser(self) -> str:
        """Which parser reads texts: "tdjson", Telegram's own, or "plain"."""
        return self._parser.name

    def told_to_wait(self, seconds: float) -> Answer:
        """Both in the body and in the header: set_retry_after_error in Query.cpp, HttpConnection.cpp."""
        return self._refusal(too_many(seconds))

    def error(self, status: int) -> Answer:
        """As api.telegram.org answers when something breaks; HttpConnection.cpp, send_http_error."""
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return self.told_to_wait(1)
        try:
            phrase = HTTPStatus(status).phrase
        except ValueError:
            phrase = "Unknown Error"
        return Answer({"ok": False, "error_code": status, "description": phrase}, status)

    # ── requests ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _serve(self, path: str, call: str, method: Method | None) -> None:
        async def handle(request: web.Request) -> Answer:
            fields = await read_fields(request)
            try:
                if method is None:
                    return self.error(404)
                return Answer({"ok": True, "result": method(self._bot_of(request.match_info["token"]), fields)})
            except Refused as refused:
                return self._refusal(refused)

        for verb in ("GET", "POST"):
            self.route(verb, path, call, handle)

    def _refusal(self, refused: Refused) -> Answer:
        body = {"ok": False, "error_code": refused.code, "description": description(refused)}
        headers = {}
        if refused.parameters:
            body["parameters"] = refused.parameters
            headers = {"Retry-After": str(refused.parameters["retry_after"])}
        return Answer(body, refused.code, headers)

    def _bot_of(self, token: str) -> Bot:
        if token not in self._tokens and not _TOKEN.fullmatch(token):
            raise Refused(404, "Not Found")
        bot = self._tokens.get(token)
        if bot is None:
            raise Refused(401, "Unauthorized")
        return bot

    def _find_chat(self, value: str) -> Chat:
        # check_chat in Client.cpp.
        if not value:
            raise Refused(400, "chat_id is empty")
        for chat in self._chats.values():
            if value == str(chat.id) or (chat.username and value.lower() == f"@{chat.username.lower()}"):
                return chat
        raise Refused(400, "chat not found")

    # ── methods ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _no_method(self, _bot: Bot, _fields: Fields) -> Any:
        raise Refused(404, "Not Found: method not found")

    def _get_me(self, bot: Bot, _fields: Fields) -> Any:
        # https://core.telegram.org/bots/api#getme
        abilities = ("can_join_groups", "can_connect_to_business", "has_main_web_app")
        refusals = ("can_read_all_group_messages", "supports_inline_queries")
        return {**bot.user(), "can_join_groups": True, **dict.fromkeys((*abilities[1:], *refusals), False)}

    def _get_chat(self, bot: Bot, fields: Fields) -> Any:
        chat = self._find_chat(fields.get("chat_id", ""))
        chat.check_access(bot, "read")
        return chat.shown_in_full()

    def _get_chat_member(self, bot: Bot, fields: Fields) -> Any:
        # https://core.telegram.org/bots/api#getchatmember: sure to work only where the bot is an administrator.
        user_id = number(fields, "user_id")
        if user_id <= 0:
            raise Refused(400, "invalid user_id specified")
        chat = self._find_chat(fields.get("chat_id", ""))
        chat.check_access(bot, "read")
        if user_id == bot.id:
            return chat.member_shown(bot)
        self._check_list(chat, bot)
        if user_id == OWNER["id"]:
            return _owner_shown()
        if user_id not in self._bots:
            raise Refused(400, "user not found")
        return chat.member_shown(self._bots[user_id])

    def _get_chat_administrators(self, bot: Bot, fields: Fields) -> Any:
        chat = self._find_chat(fields.get("chat_id", ""))
        chat.check_access(bot, "read")
        if chat.kind == "private":
            raise Refused(400, "there are no administrators in the private chat")
        self._check_list(chat, bot)
        admins = [bot_id for bot_id, member in chat.members.items() if member.status == "administrator"]
        return [_owner_shown(), *(chat.member_shown(self._bots[bot_id]) for bot_id in admins)]

    @staticmethod
    def _check_list(chat: Chat, bot: Bot) -> None:
        if chat.kind == "channel" and not chat.allows(bot, "can_manage_chat"):
            raise Refused(400, "member list is inaccessible")

    def _send_message(self, bot: Bot, fields: Fields) -> Any:
        # In the server's order: preview options and text are read before the chat is looked at, and the text is fixed
        # and measured after it (process_send_message_query and do_send_message in Client.cpp).
        options = preview_options(fields)
        text, entities = read_text(
            self._parser, fields.get("text", ""), fields.get("parse_mode", ""), fields.get("entities", "")
        )
        markup = markup_of(fields)
        chat = self._find_chat(fields.get("chat_id", ""))
        chat.check_posting(bot)
        text, entities = fix_text(self._parser, text, entities)
        self._pace(chat, bot)
        card = None if options.get("is_disabled") else options.get("url") or first_address(text, entities)
        message = Message(chat.next_id(), bot.id, int(self.now()), text, entities, options or None, card, markup)
        message.protected = truth(fields.get("protect_content", ""))
        message.silent = truth(fields.get("disable_notification", ""))
        return chat.message_shown(self._keep(chat, message), self._bots)

    def _send_photo(self, bot: Bot, fields: Fields) -> Any:
        # process_send_photo_query and do_send_message in Client.cpp. Of what is to be sent by its id or its address,
        # this server knows nothing.
        data = fields.files.get("photo")
        if data is None:
            raise Refused(400, "There is no photo in the request")
        caption, entities = fields.get("caption"), list[Entity]()
        if caption:
            caption, entities = read_text(
                self._parser, caption, fields.get("parse_mode"), fields.get("caption_entities")
            )
        markup = markup_of(fields)
        chat = self._find_chat(fields.get("chat_id"))
        chat.check_posting(bot)
        if not chat.photos:
            raise Refused(400, "Not enough rights to send photos to the chat")
        caption, entities = fix_text(self._parser, caption, entities, caption=True)
        photo = read_photo(data)
        self._pace(chat, bot)
        message = Message(chat.next_id(), bot.id, int(self.now()), caption, entities, markup=markup, photo=photo)
        message.caption_above = truth(fields.get("show_caption_above_media"))
        message.protected = truth(fields.get("protect_content"))
        message.silent = truth(fields.get("disable_notification"))
        return chat.message_shown(self._keep(chat, message), self._bots)

    def _forward_message(self, bot: Bot, fields: Fields) -> Any:
        # https://core.telegram.org/bots/api#forwardmessage
        source = self._find_chat(fields.get("from_chat_id", ""))
        original = self._forwardable(source, bot, number(fields, "message_id"))
        chat = self._find_chat(fields.get("chat_id", ""))
        chat.check_posting(bot)
        if original.protected or source.protected:
            raise Refused(400, "message has protected content and can't be forwarded")
        if original.service:
            raise Refused(400, "message can't be forwarded")
        self._pace(chat, bot)
        message = Message(
            chat.next_id(), bot.id, int(self.now()), original.text, original.entities, original.preview, original.card
        )
        message.photo, message.caption_above = original.photo, original.caption_above
        message.origin = source.origin_of(original, self._bots)
        message.protected = truth(fields.get("protect_content", ""))
        message.silent = truth(fields.get("disable_notification", ""))
        return chat.message_shown(self._keep(chat, message), self._bots)

    def _forwardable(self, source: Chat, bot: Bot, message_id: int) -> Message:
        """What the server still has of a message counts, for half an hour after it was deleted:
        https://github.com/tdlib/telegram-bot-api/issues/101"""
        kept = source.cached.get(message_id)
        if self.caches and kept is not None and self.now() - kept.until < 0:
            source.check_access(bot, "read")
            return kept.message
        return source.get_message(bot, message_id, "read", "message to forward")

    def _delete_message(self, bot: Bot, fields: Fields) -> Any:
        # https://core.telegram.org/bots/api#deletemessage
        chat = self._find_chat(fields.get("chat_id", ""))
        message_id = number(fields, "message_id")
        if message_id <= 0:
            raise Refused(400, "Message identifier is not specified")
        message = chat.get_message(bot, message_id, "write", "message to delete")
        if not chat.can_delete(bot, message, self.now()):
            raise Refused(400, "message can't be deleted")
        self._drop(chat, message_id)
        return True

    def _edit_message_reply_markup(self, bot: Bot, fields: Fields) -> Any:
        # https://core.telegram.org/bots/api#editmessagereplymarkup
        markup = markup_of(fields)
        chat = self._find_chat(fields.get("chat_id", ""))
        message = chat.get_message(bot, number(fields, "message_id"), "edit", "message to edit")
        if not chat.can_edit(bot, message):
            raise Refused(400, "message can't be edited")
        if markup == message.markup:
            raise Refused(400, _NOT_MODIFIED)
        message.markup = markup
        message.edited_at = int(self.now())
        return chat.message_shown(message, self._bots)

    def _stop_message_live_location(self, bot: Bot, fields: Fields) -> Any:
        # https://core.telegram.org/bots/api#stopmessagelivelocation; no message here is a live location. The order is
        # that of edit_message_live_location in td/telegram/MessagesManager.cpp.
        markup_of(fields)
        chat = self._find_chat(fields.get("chat_id", ""))
        message = chat.get_message(bot, number(fields, "message_id"), "edit", "message to edit")
        if not chat.can_edit(bot, message):
            raise Refused(400, "message can't be edited")
        raise Refused(400, "there is no live location in the message to edit")

    def _pace(self, chat: Chat, bot: Bot) -> None:
        # A request that comes too early is not executed: https://core.telegram.org/bots/api#responseparameters
        if not self.paced:
            return
        now = self.now()
        windows = [
            (self._posted_at.setdefault(("chat", chat.id), deque()), self.per_minute, 60.0),
            (self._posted_at.setdefault(("bot", bot.id), deque()), self.per_second, 1.0),
        ]
        for times, count, span in windows:
            while times and times[0] <= now - span:
                times.popleft()
            if len(times) >= count:
                raise too_many(times[0] + span - now)
        for times, _count, _span in windows:
            times.append(now)


def _owner_shown() -> dict[str, Any]:
    return {"user": OWNER, "status": "creator", "is_anonymous": False}
