"""One article on one channel as it is shown beforehand: what is known of it, and its line for machines."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from adapters.post import Draft, Media, Picture
from bot.model import Article, State

if TYPE_CHECKING:
    from bot.ledger.recorded import Recorded


@dataclass(frozen=True, slots=True)
class Preview:
    """One article on one channel: a draft, or why there can be none."""

    article: Article
    channel: str | None
    platform: str
    at: datetime
    draft: Draft | None
    refused: str | None = None
    notes: tuple[str, ...] = ()
    platform_title: str = ""
    label: str | None = None
    """The account or place as the settings name it."""
    publication: str = ""
    """What the source calls itself, where it was just read."""
    picture: Picture | None = None
    """The article's picture, where it was looked for; whether the post has it, the draft says."""
    recorded: "Recorded | None" = None
    """What the ledger has of this article on this channel."""

    @property
    def frozen(self) -> bool:
        """Whether the draft is a payload of the ledger, and no new composition."""
        return self.recorded is not None and self.recorded.body is not None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the operator should know: what the composition says, and what was noticed on the way to it."""
        return (*(self.draft.warnings if self.draft else ()), *self.notes)

    @property
    def standing(self) -> str | None:
        """What became of it in the ledger, in a sentence; None where the ledger has nothing of it."""
        if self.recorded is None:
            return None
        row = self.recorded.row
        if not self.frozen:
            why = f" ({row.reason})" if row.reason else ""
            return f"Delivery {row.id} is {row.state.value}{why}; composed anew, as it would be sent now."
        if row.state is State.SENT:
            return f"Delivery {row.id} is sent: this is the payload that went out, byte for byte."
        return f"Delivery {row.id} is {row.state.value}: this is its frozen payload, which is sent byte for byte."

    def as_json(self) -> dict[str, Any]:
        """One line of `handbill preview --json`."""
        article = self.article
        head = {
            "article": {"title": article.title, "link": article.link, "language": article.language},
            "channel": self.channel,
            "platform": self.platform,
            "at": self.at.isoformat(),
            "delivery": self._delivery(),
        }
        if self.draft is None:
            return {**head, "refused": self.refused, "warnings": list(self.warnings)}
        draft = self.draft
        return {
            **head,
            "frozen": self.frozen,
            "text": draft.text,
            "length": draft.length,
            "limit": draft.limit,
            "unit": draft.unit,
            "marks": [{**asdict(mark), "text": draft.text[mark.start : mark.end]} for mark in draft.marks],
            "card": asdict(draft.card) if draft.card else None,
            "content_warning": draft.content_warning,
            "details": [{"name": name, "value": value} for name, value in draft.details],
            "media": [_media(each) for each in draft.media],
            "warnings": list(self.warnings),
            "body": draft.body,
        }

    def _delivery(self) -> dict[str, Any] | None:
        if self.recorded is None:
            return None
        row = self.recorded.row
        return {"id": row.id, "state": row.state.value, "reason": row.reason, "url": row.url}


def _media(media: Media) -> dict[str, Any]:
    return {
        "mime": media.mime,
        "bytes": len(media.data),
        "sha256": hashlib.sha256(media.data).hexdigest(),
        "width": media.width,
        "height": media.height,
        "alt": media.alt,
        "focus": media.focus,
    }
