"""What a call to the Bot API came to, judged from the wire and the answer's bytes. Pure.

The library's exceptions do not tell it: they drop the status, and some say that nothing was sent when it was.
The answers: https://core.telegram.org/bots/api#making-requests, their wordings:
https://github.com/tdlib/telegram-bot-api/blob/master/telegram-bot-api/Client.cpp
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adapters.outcomes import ChannelDown, Outcome, RateLimited, Rejected, Unavailable, Uncertain
from adapters.post import Receipt
from adapters.text import tidy_line
from adapters.wire import LONGEST_WAIT, Phase, retry_after

SLOW_FROM = 8.0
"""Seconds that a Bot API server keeps trying by itself. A 429 after that may stand for a failure on the way, of which
nobody knows how far it got: https://github.com/tdlib/td/blob/master/td/telegram/net/NetQueryDelayer.cpp"""
TINY_WAIT = 8.0

BY_RIGHTS: tuple[tuple[str, str], ...] = (
    ("chat not found", "check the chat's number or name, and that the bot was added to it"),
    ("chat_id is empty", "check the chat's number or name"),
    ("peer_id_invalid", "check the chat's number or name, and that the bot was added to it"),
    ("channel_private", "add the bot to the channel again, as an administrator with the right to post"),
    ("channel_invalid", "check the chat's number or name, and that the bot was added to it"),
    ("was kicked", "add the bot to the chat again, as an administrator with the right to post"),
    ("not a member", "add the bot to the chat, as an administrator with the right to post"),
    ("need administrator rights", "make the bot an administrator of the chat, with the right to post"),
    ("not enough rights", "make the bot an administrator of the chat, with the right to post"),
    ("have no rights", "make the bot an administrator of the chat, with the right to post"),
    ("no write access", "make the bot an administrator of the chat, with the right to post"),
    ("chat_write_forbidden", "make the bot an administrator of the chat, with the right to post"),
    ("chat_admin_required", "make the bot an administrator of the chat, with the right to post"),
    ("chat_restricted", "make the bot an administrator of the chat, with the right to post"),
    ("chat_send_plain_forbidden", "let the bot send text messages in the chat"),
    ("user_banned_in_channel", "ask @SpamBot, as the bot's owner, why the account is restricted"),
    ("topic_closed", "open the topic again, or make the bot an administrator"),
    ("upgraded to a supergroup", "write the supergroup's number as the chat"),
    ("was deactivated", "choose another chat: this one was deleted"),
    ("is deactivated", "choose another chat: this account was deleted"),
    ("chat was deleted", "choose another chat: this one was deleted"),
    ("blocked by the user", "have the user start the bot again"),
    ("logged out", "the bot has moved to another Bot API server: set api_base to it, or wait ten minutes"),
    ("frozen", "the bot's account is frozen: its owner can appeal to Telegram"),
)
"""Refusals (400, 403) that are not about the post, and how they are mended; compared in lower case."""

OF_PHOTOS = ("send photos", "chat_send_photos_forbidden", "chat_send_media_forbidden")
"""Refusals for want of a right that a text does not need: the post goes out without its photo."""

NEW_TOKEN = "get the token from @BotFather (/mybots) and set it anew"  # noqa: S105 # a sentence, no token
BY_SIZE = (400, 413)


@dataclass(frozen=True, slots=True)
class Seen:
    """A call as it was seen from outside."""

    server: str
    """Host and port, for people."""
    phase: Phase
    status: int | None
    headers: Mapping[str, str]
    body: bytes
    took_for: float
    error: str = ""
    """What the library made of it, for people; without secrets."""

    @property
    def reply(self) -> Mapping[str, Any] | None:
        """The Bot API's own answer: an object with `ok`. None: it is no such thing."""
        try:
            reply = json.loads(self.body)
        except ValueError:
            return None
        return reply if isinstance(reply, dict) and isinstance(reply.get("ok"), bool) else None

    @property
    def result(self) -> Mapping[str, Any] | None:
        """What a successful call returned, where that is an object."""
        reply = self.reply
        if self.status != 200 or reply is None or not reply["ok"]:  # noqa: PLR2004 # the one status of success
            return None
        result = reply.get("result")
        return result if isinstance(result, dict) else None

    @property
    def refusal(self) -> str | None:
        """The Bot API's own words of refusal; None where it did not refuse in its own words."""
        reply = self.reply
        if reply is None or reply["ok"]:
            return None
        return tidy_line(str(reply.get("description", "")))[:300] or "no reason given"

    def parameter(self, name: str) -> float | None:
        """A number among the answer's parameters: https://core.telegram.org/bots/api#responseparameters"""
        parameters = (self.reply or {}).get("parameters")
        number = parameters.get(name) if isinstance(parameters, dict) else None
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            return None
        return number


def receipt_of(seen: Seen, link: str | None, now: datetime) -> Receipt | None:
    """The proof that a message is out, or None: the answer must name a message of ours, with this link in it."""
    message = seen.result
    if message is None:
        return None
    number = message.get("message_id")
    # 0 stands for a message that was only scheduled: https://core.telegram.org/bots/api#message
    if isinstance(number, bool) or not isinstance(number, int) or number <= 0:
        return None
    if link is not None and link not in addresses(message):
        return None
    date = message.get("date")
    at = datetime.fromtimestamp(date, UTC) if isinstance(date, int) and 0 < date < 1 << 33 else now
    return Receipt(str(number), post_url(message.get("chat"), number), at)


def addresses(message: Mapping[str, Any]) -> set[str]:
    """Every address that a message carries: in its text or caption, their entities, and its preview."""
    text = text_of(message)
    found = {*text.split(), _string(message.get("link_preview_options"), "url")}
    wide = text.encode("utf-16-le", "surrogatepass")
    entities = message.get("entities", message.get("caption_entities"))
    for entity in entities if isinstance(entities, list) else ():
        found.add(_string(entity, "url"))
        match entity:
            case {"offset": int(start), "length": int(length)} if start >= 0 and length > 0:
                found.add(wide[start * 2 : (start + length) * 2].decode("utf-16-le", "replace"))
    return found - {""}


def text_of(message: Mapping[str, Any]) -> str:
    """What a message says: its text, or the caption of its photo. https://core.telegram.org/bots/api#message"""
    return str(message.get("text", message.get("caption", "")))


def _string(value: Any, name: str) -> str:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def post_url(chat: Any, number: int) -> str | None:
    """Where a person can open the message: https://core.telegram.org/api/links#message-links"""
    if not isinstance(chat, dict):
        return None
    if chat.get("username"):
        return f"https://t.me/{chat['username']}/{number}"
    place = str(chat.get("id", ""))
    return f"https://t.me/c/{place.removeprefix('-100')}/{number}" if place.startswith("-100") else None


def outcome_of_publish(seen: Seen, now: datetime) -> Outcome:
    """Why a call that should have posted gave no receipt. What does not prove the contrary is `Uncertain`."""
    match seen.phase, seen.status:
        case "not_sent", _:
            return _unreachable(seen)
        case _, None:
            return Uncertain(f"the answer of {seen.server} was lost after the post was sent: {seen.error}")
        case _, 429:
            return _told_to_wait(seen, now)
        case _, 401 | 404:
            return _wrong_token(seen)
        case _, 400 | 403 | 413 if seen.refusal is not None:
            return _refused(seen, seen.refusal)
        case _, 200 if seen.result is not None:
            return Uncertain(f"{seen.server} answered with something that is not this post", status=seen.status)
    said = seen.refusal or "nothing that the Bot API says"
    return Uncertain(f"{seen.server} answered {seen.status}, which proves nothing: {said}", status=seen.status)


def outcome_of_read(seen: Seen, now: datetime) -> RateLimited | Unavailable | ChannelDown:
    """Why a question was not answered."""
    match seen.phase, seen.status:
        case _, None:
            return _unreachable(seen)
        case _, 429:
            return RateLimited(f"{seen.server} said to wait", retry_after=_wait_of(seen, now), status=seen.status)
        case _, 401 | 404:
            return _wrong_token(seen)
        case _, 301 | 302 | 303 | 307 | 308:
            said = f"{seen.server} sends us elsewhere ({seen.status})"
            return ChannelDown(said, mend="set api_base to where it is now", status=seen.status)
        case _, 400 | 403 if seen.refusal is not None:
            refused = _refused(seen, seen.refusal)
            mend = refused.mend if isinstance(refused, ChannelDown) else ""
            return ChannelDown(refused.message, mend=mend, status=seen.status)
    said = seen.refusal or "nothing that the Bot API says"
    return Unavailable(f"{seen.server} answered {seen.status}: {said}", status=seen.status)


def _unreachable(seen: Seen) -> Unavailable:
    return Unavailable(f"cannot reach {seen.server}: {seen.error}", status=seen.status)


def _wrong_token(seen: Seen) -> ChannelDown:
    if seen.refusal is None:
        return ChannelDown(
            f"{seen.server} answered {seen.status} and is no Bot API server", mend="check api_base", status=seen.status
        )
    return ChannelDown(f"Telegram does not know the token: {seen.refusal}", mend=NEW_TOKEN, status=seen.status)


def _told_to_wait(seen: Seen, now: datetime) -> RateLimited | Uncertain:
    wait = _wait_of(seen, now)
    if seen.took_for >= SLOW_FROM and (wait or 0) <= TINY_WAIT:
        return Uncertain(
            f"{seen.server} said to wait only after {seen.took_for:.0f} s: the post may be out", status=seen.status
        )
    return RateLimited(f"{seen.server} said to wait", retry_after=wait, status=seen.status)


def _wait_of(seen: Seen, now: datetime) -> float | None:
    wait = seen.parameter("retry_after")
    return retry_after(seen.headers, now) if wait is None or wait < 0 else min(wait, LONGEST_WAIT)


def _refused(seen: Seen, refusal: str) -> ChannelDown | Rejected:
    moved_to = seen.parameter("migrate_to_chat_id")
    if moved_to is not None:
        return ChannelDown(
            f"the group has become a supergroup: {refusal}",
            mend=f"write {moved_to:.0f} as the chat",
            status=seen.status,
        )
    words = refusal.lower()
    if any(wording in words for wording in OF_PHOTOS):
        return Rejected(f"Telegram refused the photo: {refusal}", status=seen.status)
    for wording, mend in BY_RIGHTS:
        if wording in words:
            return ChannelDown(f"Telegram refused: {refusal}", mend=mend, status=seen.status)
    if seen.status in BY_SIZE:
        return Rejected(f"Telegram refused the post: {refusal}", status=seen.status)
    return ChannelDown(f"Telegram refused: {refusal}", mend="check the bot's rights in the chat", status=seen.status)
