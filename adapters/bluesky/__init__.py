"""Bluesky: its settings and its line in the registry. The atproto client is imported only when a channel is opened."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field, SecretStr, field_validator

from adapters.address import is_loopback, server_url
from adapters.base import Adapter, Context, Platform, Waits
from adapters.bluesky.choices import EVERYONE, LABELS, MOST_LANGUAGES, Choices, Who
from adapters.language import language_of
from adapters.post import Draft, Json, Media, Post
from adapters.rules import Rule, Rules
from adapters.shaping import Shaping, Words, split

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HANDLE = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?")
"""https://atproto.com/specs/handle"""
_DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]*[A-Za-z0-9._-]")
"""https://atproto.com/specs/did"""

WAITS = Waits(quiet_for=5.0)
"""Short: asking is cheap, the answer is certain, and putting the same record again is harmless at any time."""


class BlueskySettings(Shaping):
    """One Bluesky account to post to."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    server: str = Field(
        default="https://bsky.social",
        description="Where the account signs in: bsky.social, or the address of your own PDS.",
    )
    handle: str = Field(description="The account's handle, e.g. news.example.com or name.bsky.social (or its DID).")
    app_password: SecretStr = Field(
        description="An app password of the account, made under Settings, Privacy and security, App passwords."
    )

    language: Words = Field(
        default=(),
        description="The posts' language where the article does not tell its own, such as en; up to three, "
        "comma-separated.",
    )
    labels: Rules = Field(
        default=(),
        description=f"What the posts are labelled with, of {', '.join(LABELS)}; in handbill.toml also by category,"
        " keyword or source (see the README).",
    )
    replies: Annotated[tuple[Who, ...], BeforeValidator(split)] = Field(
        default=EVERYONE,
        description="Who may reply: everyone, nobody, or one or several of followers, following (whom the account"
        " follows) and mentioned, comma-separated.",
    )
    quotes: bool = Field(default=True, description="Whether others may quote the posts.")

    @field_validator("language")
    @classmethod
    def _check_language(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        if len(tags) > MOST_LANGUAGES:
            raise ValueError(f"a post has {MOST_LANGUAGES} languages at most: leave out those that matter least")
        languages = [language for tag in tags if (language := language_of(tag))]
        return tuple(dict.fromkeys(language.tag for language in languages))

    @field_validator("labels")
    @classmethod
    def _check_labels(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        for rule in rules:
            if rule.text not in LABELS:
                raise ValueError(f"there is no label {rule.text!r}: it is one of {', '.join(LABELS)}")
        return rules

    @field_validator("replies")
    @classmethod
    def _check_replies(cls, who: tuple[Who, ...]) -> tuple[Who, ...]:
        some = tuple(dict.fromkeys(who))
        if not some or (len(some) > 1 and {"everyone", "nobody"} & set(some)):
            raise ValueError("it is everyone alone, nobody alone, or some of followers, following and mentioned")
        return some

    @field_validator("server")
    @classmethod
    def _check_server(cls, text: str) -> str:
        return server_url(text)

    @field_validator("handle")
    @classmethod
    def _check_handle(cls, text: str) -> str:
        name = text.strip().removeprefix("@")
        if _DID.fullmatch(name):
            return name
        if _HANDLE.fullmatch(name.lower()):
            return name.lower()
        raise ValueError(f"{text!r} is not a handle: write it in full, e.g. news.example.com or name.bsky.social")

    @field_validator("app_password")
    @classmethod
    def _check_app_password(cls, secret: SecretStr) -> SecretStr:
        plain = secret.get_secret_value().strip()
        if not plain:
            raise ValueError("the app password is empty: make one under Settings, Privacy and security, App passwords")
        return SecretStr(plain)

    @property
    def account(self) -> str:
        """The login."""
        return f"{self.label} at {self.server}"

    @property
    def label(self) -> str:
        """The account as people name it: "@news.example.com"."""
        return self.handle if self.handle.startswith("did:") else f"@{self.handle}"

    @property
    def choices(self) -> Choices:
        """What is asked of the posts beyond their text."""
        hidden = frozenset(self.link_parameters)
        return Choices(self.language, self.labels, self.replies, self.quotes, hidden)

    @property
    def loopback(self) -> bool:
        """Whether the server is on this machine."""
        return is_loopback(self.server)


def _open(settings: BlueskySettings, context: Context) -> Adapter:
    from adapters.bluesky.adapter import BlueskyAdapter  # noqa: PLC0415 # 50 MB that others need not pay for

    return BlueskyAdapter(settings, context)


def _compose(settings: BlueskySettings | None, post: Post, at: datetime) -> Draft:
    from adapters.bluesky.compose import compose  # noqa: PLC0415 # keeps the registry light

    return compose(post, at, Choices() if settings is None else settings.choices)


def _shown(body: Json, media: Sequence[Media]) -> Draft:
    from adapters.bluesky.shown import shown  # noqa: PLC0415 # keeps the registry light

    return shown(body, media)


PLATFORM = Platform(
    name="bluesky",
    title="Bluesky",
    settings=BlueskySettings,
    open=_open,
    compose=_compose,
    shown=_shown,
    waits=WAITS,
    takes_picture=True,
)
