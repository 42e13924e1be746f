"""Mastodon: its settings and its line in the registry. Mastodon.py is imported only when a channel is opened."""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field, SecretStr, field_validator

from adapters.address import host_of, is_loopback, server_url
from adapters.base import Adapter, Context, Platform, Waits
from adapters.language import language_of
from adapters.post import Draft, Json, Media, Post
from adapters.rules import Choice, Rules
from adapters.shaping import Shaping

_TOKEN = re.compile(r"[\x21-\x7e]+")
"""What a header takes: anything else, and `requests` would refuse it with a message that holds the token."""

WAITS = Waits(quiet_for=90.0, replay_for=90.0)
"""Until 4.5 two requests with one key make two posts while the first still runs, so it has to be over for sure:
https://github.com/mastodon/mastodon/pull/37879"""


class MastodonSettings(Shaping):
    """One account on a Mastodon server, or on one that speaks the same API."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    server: str = Field(description="The server's address, e.g. mastodon.example.")
    token: SecretStr = Field(
        description="An access token of the account with the scopes read and write:statuses,"
        " made under Preferences, Development, New application."
    )
    visibility: Literal["public", "unlisted", "private"] = Field(
        default="public",
        description="Who sees the posts: public, unlisted (not in the server's feeds) or private (followers only).",
    )
    language: str | None = Field(
        default=None,
        description="The posts' language where the article does not tell its own, e.g. en;"
        " without it, the language set in the account.",
    )
    content_warnings: Rules = Field(
        default=(),
        description="What readers see in the place of the text, until they ask for it, comma-separated;"
        " in handbill.toml also by category, keyword or source (see the README).",
    )
    sensitive: Choice = Field(
        default=False,
        description="Whether pictures are hidden until readers ask for them; in handbill.toml also by category, keyword"
        " or source.",
    )
    attach_picture: bool = Field(
        default=False,
        description="Whether the article's picture is attached to the post, with its description; readers then see no"
        " link card. The token needs the scope write:media too.",
    )

    @field_validator("server")
    @classmethod
    def _check_server(cls, text: str) -> str:
        return server_url(text)

    @field_validator("token")
    @classmethod
    def _check_token(cls, secret: SecretStr) -> SecretStr:
        plain = secret.get_secret_value().strip()
        if not _TOKEN.fullmatch(plain):
            raise ValueError("the access token is empty or has spaces or foreign letters in it: copy it once more")
        return SecretStr(plain)

    @field_validator("language")
    @classmethod
    def _check_language(cls, text: str | None) -> str | None:
        if text is None or not text.strip():
            return None
        try:
            language_of(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a language: write its code of two or three letters, e.g. en") from None
        return text.strip()

    @property
    def account(self) -> str:
        """The login: its server, and a digest of the token, which is too random to be guessed from it."""
        return f"{self.label}:{hashlib.sha256(self.token.get_secret_value().encode()).hexdigest()[:16]}"

    @property
    def label(self) -> str:
        """The server; whose account it is, only the server could tell."""
        return host_of(self.server)

    @property
    def loopback(self) -> bool:
        """Whether the server is on this machine."""
        return is_loopback(self.server)


def _open(settings: MastodonSettings, context: Context) -> Adapter:
    from adapters.mastodon.adapter import MastodonAdapter  # noqa: PLC0415 # a library that others need not pay for

    return MastodonAdapter(settings, context)


def _compose(settings: MastodonSettings | None, post: Post, _at: datetime) -> Draft:
    from adapters.mastodon.compose import DEFAULT_DESCRIPTION, DEFAULT_LIMITS, compose  # noqa: PLC0415 # keeps the registry light

    if settings is None:
        return compose(post, DEFAULT_LIMITS)
    return compose(
        post,
        DEFAULT_LIMITS,
        visibility=settings.visibility,
        language=settings.language,
        content_warnings=settings.content_warnings,
        sensitive=settings.sensitive,
        description_limit=DEFAULT_DESCRIPTION if settings.attach_picture else None,
    )


def _shown(body: Json, media: Sequence[Media]) -> Draft:
    from adapters.mastodon.shown import shown  # noqa: PLC0415 # keeps the registry light

    return shown(body, media)


PLATFORM = Platform(
    name="mastodon",
    title="Mastodon",
    settings=MastodonSettings,
    open=_open,
    compose=_compose,
    shown=_shown,
    waits=WAITS,
    takes_picture=False,
)
