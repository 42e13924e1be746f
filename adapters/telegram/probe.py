"""What became of a message whose answer was lost: the decisions of asking, number by number. Pure.

The messages of a channel are numbered in a row, whoever writes them; deleted ones leave holes. So a lost message of
ours, if it is out, has one of the numbers after the last that was known before the call, and one before that of a post
of ours that was sent later, if there is one. A round looks at each number once. Without a later post it is over when so
many numbers in a row are empty. What two rounds, apart in time, have not met is not out.

https://core.telegram.org/bots/api#message, https://github.com/tdlib/telegram-bot-api/issues/464
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from adapters.outcomes import Absent, Answer, AskAgain, CannotTell
from adapters.telegram.verdict import Seen, addresses, text_of
from adapters.tracking import without_tracking

MISSES = 12
"""Numbers in a row that lead to nothing, after which a round without an upper end is over. An album takes up to ten
numbers (https://core.telegram.org/bots/api#sendmediagroup): one that was deleted must not look like the end."""
ROUNDS = 2
"""One round may come too early, or out of the server's cache: https://github.com/tdlib/telegram-bot-api/issues/101"""
MOST = 200
"""Numbers that are looked at before it is left to a person, or to a later post of ours, from which we look back."""
LONG_BEFORE = 86400.0
"""Seconds: a message so much older than the call has a lower number than its. Our clock may be wrong by less."""

Sight = Literal["ours", "like ours", "another", "nothing", "closed"]
"""
ours       the message that was lost
like ours  it carries the article's link, but another text: somebody's own post of it, or ours, changed since
another    something else, a service message for instance
nothing    there is no such message
closed     it may be there, and does not tell whose it is
"""


@dataclass(frozen=True, slots=True)
class Trail:
    """Where the message may be, and how far asking has come. Kept as the marker, so that it survives a crash."""

    last: int | None
    """Whatever has this number or a lower one was there before the call; None: nothing is known to have been."""
    at: float
    """When the call was about to be made, UNIX seconds by our clock."""
    alone: bool = False
    """Whether a message of this bot's after `last` can only be this one."""
    below: int | None = None
    """The number of a post of ours that was sent later."""
    passed: tuple[int, ...] = ()
    """Numbers of messages that are not ours; they are not looked at again."""
    closed: tuple[int, ...] = ()
    """Numbers at which it may be, and nobody can tell."""
    empty: tuple[int, ...] = ()
    """Numbers that led to nothing in this round."""
    rounds: int = 0
    """Those that are over."""

    @classmethod
    def of(cls, marker: Mapping[str, Any]) -> "Trail":
        """The trail that a marker holds."""
        kept: dict[str, Any] = {name: tuple(marker.get(name, ())) for name in ("passed", "closed", "empty")}
        kept |= {name: marker[name] for name in ("alone", "below", "rounds") if name in marker}
        return cls(_number(marker.get("last")), marker.get("at", 0.0), **kept)

    def marker(self) -> Mapping[str, Any]:
        """What is kept of it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def fresh(self) -> "Trail":
        """The same question, with nothing seen yet."""
        return replace(self, passed=(), closed=(), empty=(), rounds=0)

    def until(self, later: int) -> "Trail | None":
        """The question anew, now that a later post of ours has this number. None: nothing new can come of it."""
        if self.below is not None or later <= (self.last or 0):
            return None
        return replace(self.fresh(), below=later)

    @property
    def bounded(self) -> bool:
        """Whether there is an end to where it may be: then it can be proven not to be there."""
        return self.last is not None or self.below is not None

    @property
    def next(self) -> int | None:
        """The number to look at next: from the last known one upwards, or from a later post of ours downwards, until
        what is there is old. None: the round is over."""
        first, seen = (self.last or 0) + 1, {*self.passed, *self.closed, *self.empty}
        if self.below is not None:
            return next((number for number in range(self.below - 1, first - 1, -1) if number not in seen), None)
        if self.last is None:
            return None
        end = max(self.last, *self.passed, *self.closed, 0) + MISSES
        return next((number for number in range(first, end + 1) if number not in seen), None)

    def after(self, number: int, sight: Sight, dated: float | None = None) -> "Trail":
        """One number further. `dated`: when that message was written, by Telegram's clock."""
        if sight == "nothing":
            return replace(self, empty=(*self.empty, number))
        if sight != "another":
            return replace(self, closed=(*self.closed, number))
        if dated is not None and dated < self.at - LONG_BEFORE:
            return replace(self, passed=(*self.passed, number), last=max(self.last or 0, number))
        return replace(self, passed=(*self.passed, number))

    def answer(self, *, gap_for: float, look: str) -> Answer | None:
        """What is known by now; None: look at the next number. `gap_for`: seconds between two rounds; `look`: where a
        person would look."""
        if self.next is None and self.bounded and not self.closed:
            if self.rounds + 1 < ROUNDS:
                return AskAgain(gap_for, replace(self, empty=(), rounds=self.rounds + 1).marker())
            return Absent(f"{look}: it is not there, {ROUNDS} rounds have shown")
        if self.next is None and self.closed:
            there = ", ".join(map(str, self.closed[:3]))
            return CannotTell(f"{look}, at {there} above all: the bot cannot see what it is", self.fresh().marker())
        if self.next is None:
            return CannotTell(f"{look}: no message was known before this one", self.fresh().marker())
        if len(self.passed) + len(self.closed) + len(self.empty) >= MOST:
            return CannotTell(f"{look}: too much was posted there meanwhile", self.fresh().marker())
        return None


def sight_of_forward(seen: Seen, body: Mapping[str, Any], *, chat: int | str, number: int, bot: str) -> Sight | None:
    """What a forward showed of the message whose payload is `body`. None: the answer says nothing about it.

    Ours was written here, by this bot: a forward of it from another chat carries the same text, and another origin.
    https://core.telegram.org/bots/api#messageorigin
    """
    message = seen.result
    if message is not None:
        if address(link_of(body)) not in {address(found) for found in addresses(message)}:
            return "another"
        if not _is_from_here(message.get("forward_origin"), chat, number, bot):
            return "another"
        return "ours" if plain(text_of(message)) == plain(body["text"]) else "like ours"
    words = (seen.refusal or "").lower()
    if "message to forward not found" in words or "message_id_invalid" in words:
        return "nothing"
    if "can't be forwarded" in words and "protected content" not in words:  # a service message
        return "another"
    return "closed" if seen.refusal is not None and seen.status in (400, 403) else None


def sight_of_edit(seen: Seen, *, edits_own_only: bool) -> Sight | None:
    """What ending a live location that is none showed: nothing is changed by it, whatever the message is.

    The order of the checks is that of edit_message_live_location in
    https://github.com/tdlib/td/blob/master/td/telegram/MessagesManager.cpp
    `edits_own_only`: whether Telegram would let the bot edit its own messages only.
    """
    words = (seen.refusal or "").lower()
    if "no live location in the message" in words:
        return "ours" if edits_own_only else "closed"
    if "message to edit not found" in words or "message_id_invalid" in words:
        return "nothing"
    if "can't be edited" in words:
        return "another"
    return "closed" if seen.refusal is not None and seen.status in (400, 403) else None


def dated(seen: Seen) -> float | None:
    """When a forwarded message was written first."""
    origin = (seen.result or {}).get("forward_origin")
    date = origin.get("date") if isinstance(origin, dict) else None
    return float(date) if isinstance(date, int) and 0 < date < 1 << 33 else None


def link_of(body: Mapping[str, Any]) -> str:
    """The article's link, wherever a payload carries it: in its preview, behind its text, or in it."""
    marked = [entity["url"] for entity in body["entities"] if "url" in entity]
    shown = [word for word in str(body["text"]).split() if word.startswith(("https://", "http://"))]
    return str(body["link_preview_options"].get("url") or (marked or shown or [""])[-1])


def plain(text: str) -> str:
    """`text` without what Telegram rewrites: white space, control and format characters, how accents are composed.

    clean_input_string, https://github.com/tdlib/td/blob/master/td/telegram/misc.cpp
    """
    kept = (each for each in unicodedata.normalize("NFC", text) if unicodedata.category(each) not in ("Cf", "Mn"))
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", "".join(kept)).split())


def address(link: str) -> str:
    """`link` in one spelling: the host in lower case, the root with its slash, and without what statistics are made of,
    which may have been set otherwise when the message went out."""
    return without_tracking(link)


def in_a_row(chat: int | str) -> bool:
    """Whether the numbers of this chat's messages are its own: those of channels and supergroups are, those of small
    groups and private chats count all that the account writes anywhere."""
    return str(chat).startswith("-100")


def _is_from_here(origin: Any, chat: int | str, number: int, bot: str) -> bool:
    match origin:
        case {"type": "channel", "chat": {"id": int(place)}, "message_id": int(original)}:
            return (place, original) == (chat, number)
        case {"type": "user", "sender_user": {"id": int(author)}}:
            return str(author) == bot
    return False


def _number(written: Any) -> int | None:
    text = "" if written is None else str(written)
    return int(text) if text.isascii() and text.isdigit() else None
