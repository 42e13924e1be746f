"""What an operator asks of an account's posts on Bluesky, and how records say it: languages, labels, and the gates,
which tell who may reply to a post and who may quote it. Pure.

A gate is a record of its own at the key of its post, in which it names the post's address. Until the post has a key the
gates wait beside its record, as `gates` of a frozen body; a body without is the record itself, as it always was.
https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/threadgate.json
https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/postgate.json
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from adapters.post import Json, Post
from adapters.rules import Rule, texts_of

Who = Literal["everyone", "followers", "following", "mentioned", "nobody"]
"""following: whom the account follows."""

EVERYONE: Final = ("everyone",)
NOBODY: Final = ("nobody",)
LABELS = ("!no-unauthenticated", "porn", "sexual", "nudity", "graphic-media")
"""Those that an author may give: https://docs.bsky.app/docs/advanced-guides/moderation#self-labels"""
MOST_LANGUAGES: Final = 3

_RULES: Mapping[str, str] = {
    "followers": "app.bsky.feed.threadgate#followerRule",
    "following": "app.bsky.feed.threadgate#followingRule",
    "mentioned": "app.bsky.feed.threadgate#mentionRule",
}


@dataclass(frozen=True, slots=True)
class Choices:
    """Of one channel."""

    languages: tuple[str, ...] = ()
    """Of posts that tell none, as BCP 47 writes them."""
    labels: tuple[Rule, ...] = ()
    replies: tuple[Who, ...] = EVERYONE
    quotes: bool = True
    hidden_parameters: frozenset[str] = frozenset()
    """Names of those of a link's that are not shown to readers."""

    @property
    def gates(self) -> int:
        """How many a post gets."""
        return (self.replies != EVERYONE) + (not self.quotes)


def labels_of(choices: Choices, post: Post) -> tuple[str, ...]:
    """The labels that a post gets."""
    return texts_of(choices.labels, post)


def self_labels(labels: tuple[str, ...]) -> Json:
    """How a record says them: https://github.com/bluesky-social/atproto/blob/main/lexicons/com/atproto/label/defs.json"""
    return {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": label} for label in labels]}


def gates_of(choices: Choices, created_at: str) -> list[Json]:
    """The gates of a post, but for its address."""
    gates: list[Json] = []
    if choices.replies != EVERYONE:
        allow = [{"$type": _RULES[who]} for who in choices.replies if who in _RULES]
        gates.append({"$type": "app.bsky.feed.threadgate", "allow": allow, "createdAt": created_at})
    if not choices.quotes:
        rules = [{"$type": "app.bsky.feed.postgate#disableRule"}]
        gates.append({"$type": "app.bsky.feed.postgate", "embeddingRules": rules, "createdAt": created_at})
    return gates


def details_of(choices: Choices, languages: tuple[str, ...], labels: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What is decided, for people."""
    if languages:
        yield "language", ", ".join(languages)
    if labels:
        yield "labels", ", ".join(labels)
    if choices.replies != EVERYONE:
        yield "replies", ", ".join(choices.replies)
    if not choices.quotes:
        yield "quotes", "not allowed"


# ── a frozen body ─────────────────────────────────────────────────────────────────────────────────────────────────


def record_in(body: Json) -> Json:
    """The post's own record."""
    return {name: value for name, value in body.items() if name != "gates"}


def gates_in(body: Json) -> list[Mapping[str, Any]]:
    """The gates that wait beside it."""
    return list(body.get("gates", ()))
