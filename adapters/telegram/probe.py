"""What became of a message whose answer was lost: the decisions of asking, number by number. Pure.

The messages of a channel are numbered in a row, whoever writes them; deleted ones leave holes. So a lost message of
ours, if it is out, is one of the next after the last that was known before the call. A round looks at them one at a
time until so many in a row are not there. What is not there in two rounds, apart in time, is not out.

https://core.telegram.org/bots/api#message, https://core.telegram.org/bots/api#forwardmessage
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from adapters.telegram.verdict import Seen, addresses

MISSES = 5
"""Numbers in a row that lead to nothing, after which a round is over: deleted messages may leave a few holes."""
ROUNDS = 2
"""One round may come too early, or out of the server's cache: https://github.com/tdlib/telegram-bot-api/issues/101"""
AT_ONCE = 15
"""Numbers looked at in one go; the rest has its turn a little later, lest the ops chat's own limits be used up."""

Sight = Literal["ours", "like ours", "another", "nothing", "closed"]
"""
ours       the message that was lost: its text and its link
like ours  it carries the article's link, but another text: somebody's own post of it, or ours, changed since
another    something else, a service message for instance
nothing    there is no such message
closed     this way of looking does not work here: the ops chat is gone, or the content is protected
"""


@dataclass(frozen=True, slots=True)
class Trail:
    """How far asking has come. Kept as the marker, so that it survives a crash."""

    last: int
    """The last known message before the call."""
    next: int
    misses: int = 0
    rounds: int = 0
    """Those that are over."""
    doubt: bool = False
    """Something like ours was seen."""

    @classmethod
    def of(cls, marker: Mapping[str, Any]) -> "Trail | None":
        """The trail that a marker holds; None where no message before the call was known."""
        last = str(marker.get("last") or "")
        if not last.isascii() or not last.isdigit():
            return None
        start = cls(int(last), int(last) + 1)
        return replace(
            start, **{name: marker[name] for name in ("next", "misses", "rounds", "doubt") if name in marker}
        )

    def marker(self) -> Mapping[str, Any]:
        """What is kept of it."""
        return {**asdict(self), "last": str(self.last)}

    def after(self, sight: Sight) -> "Trail":
        """One number further."""
        misses = self.misses + 1 if sight == "nothing" else 0
        seen = replace(self, next=self.next + 1, misses=misses, doubt=self.doubt or sight == "like ours")
        if misses < MISSES:
            return seen
        return replace(seen, next=self.last + 1, misses=0, rounds=self.rounds + 1)

    @property
    def over(self) -> bool:
        """Whether it is known not to be there."""
        return self.rounds >= ROUNDS


def sight_of_forward(seen: Seen, body: Mapping[str, Any]) -> Sight | None:
    """What a forward showed of the message whose payload is `body`. None: the answer says nothing about it."""
    message = seen.result
    if message is not None:
        if body["link_preview_options"].get("url", "") not in addresses(message) - {""}:
            return "another"
        return "ours" if message.get("text") == body["text"] else "like ours"
    words = (seen.refusal or "").lower()
    if "message to forward not found" in words or "message_id_invalid" in words:
        return "nothing"
    if "protected content" in words:
        return "closed"
    if "can't be forwarded" in words:  # a service message
        return "another"
    return "closed" if seen.refusal is not None and seen.status in (400, 403) else None


def sight_of_edit(seen: Seen) -> Sight | None:
    """What an edit that would change nothing showed, to a bot that may edit its own messages only.

    https://github.com/tdlib/telegram-bot-api/blob/master/telegram-bot-api/Client.cpp (fail_query_with_error)
    """
    words = (seen.refusal or "").lower()
    if "message is not modified" in words:
        return "ours"
    if "message to edit not found" in words or "message_id_invalid" in words:
        return "nothing"
    if "can't be edited" in words:
        return "another"
    return "closed" if seen.refusal is not None and seen.status in (400, 403) else None


def in_a_row(chat: int | str) -> bool:
    """Whether the numbers of this chat's messages are its own: those of channels and supergroups are, those of small
    groups and private chats count all that the account writes anywhere."""
    return str(chat).startswith("-100")
