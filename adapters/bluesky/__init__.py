"""Bluesky: its settings and its line in the registry. The atproto client is imported only when a channel is opened."""

import re
from datetime import datetime

from pydantic import ConfigDict, Field, SecretStr, field_validator

from adapters.address import is_loopback, server_url
from adapters.base import Adapter, Context, Platform, Waits
from adapters.post import Draft, Post
from adapters.shaping import Shaping

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
    def loopback(self) -> bool:
        """Whether the server is on this machine."""
        return is_loopback(self.server)


def _open(settings: BlueskySettings, context: Context) -> Adapter:
    from adapters.bluesky.adapter import BlueskyAdapter  # noqa: PLC0415 # 50 MB that others need not pay for

    return BlueskyAdapter(settings, context)


def _compose(_settings: BlueskySettings | None, post: Post, at: datetime) -> Draft:
    from adapters.bluesky.compose import compose  # noqa: PLC0415 # keeps the registry light

    return compose(post, at)


PLATFORM = Platform(
    name="bluesky",
    title="Bluesky",
    settings=BlueskySettings,
    open=_open,
    compose=_compose,
    waits=WAITS,
    takes_picture=True,
)
