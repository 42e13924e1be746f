"""Telegram: its settings and its line in the registry. Its library is imported only when a channel is opened."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field, PositiveInt, SecretStr, field_validator

from adapters.address import is_loopback, server_url
from adapters.base import Adapter, Context, Platform, Waits
from adapters.post import Draft, Json, Media, Post
from adapters.shaping import Shaping

API_BASE = "https://api.telegram.org/bot"
WAITS = Waits(quiet_for=60.0, probe_gap_for=30.0, deadline_for=60.0)
"""A call may live on inside a Bot API server for a while after its line was lost; and one look at what is there may
come out of a cache."""

_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{3,}")
"""As @BotFather gives it: https://core.telegram.org/bots/api#authorizing-your-bot"""
_NAME = re.compile(r"@[A-Za-z][A-Za-z0-9_]{3,31}")
_NUMBER = re.compile(r"-?[1-9]\d*")


class TelegramSettings(Shaping):
    """One Telegram channel or group to post to, and the bot that posts there."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    token: SecretStr = Field(description="The bot's token, from @BotFather.")
    chat: str = Field(
        description="The channel: its number (-100…), which outlives a renaming, or its public name (@news). "
        "The bot must be an administrator there, with the right to post."
    )
    ops_chat: str | None = Field(
        default=None,
        description="A private chat or group that the bot may write to, where alerts go, and where a post whose answer "
        "was lost is forwarded to be looked at, and taken away again. Not one that followers see.",
    )
    silent: bool = Field(default=False, description="Whether posts reach followers without a sound.")
    api_base: str = Field(
        default=API_BASE,
        description="The Bot API server; the token is appended. Only for a server of your own.",
    )
    picture: Literal["preview", "preview-large", "preview-small", "photo", "none"] = Field(
        default="preview",
        description="What stands with the text: preview (of the article, as large as Telegram likes), preview-large, "
        "preview-small, photo (the article's picture, the text as its caption, at most 1024 characters) or none.",
    )
    preview_above: bool = Field(default=False, description="Show the preview above the text.")
    per_minute: PositiveInt = Field(default=20, description="At most so many posts a minute in one chat.")
    per_second: PositiveInt = Field(default=30, description="At most so many messages a second with one token.")

    @field_validator("token")
    @classmethod
    def _check_token(cls, secret: SecretStr) -> SecretStr:
        plain = secret.get_secret_value().strip()
        if not _TOKEN.fullmatch(plain):
            raise ValueError("the token is not one of a bot: copy it whole from @BotFather, number, colon and letters")
        return SecretStr(plain)

    @field_validator("chat", "ops_chat", mode="before")
    @classmethod
    def _check_chat(cls, chat: object) -> object:
        if chat is None:
            return None
        text = str(chat).strip() if isinstance(chat, str | int) and not isinstance(chat, bool) else ""
        if _NAME.fullmatch(text) or _NUMBER.fullmatch(text):
            return text
        shown = "this" if ":" in text else repr(chat)  # a token that landed in the wrong place is not repeated
        raise ValueError(
            f"{shown} is not a chat: write its number, e.g. -1001234567890, or its public name, e.g. @news"
        )

    @field_validator("api_base")
    @classmethod
    def _check_api_base(cls, text: str) -> str:
        if re.search(r"bot/?\d+:", text):
            raise ValueError(f"the address holds a token, which is appended to it: write it without, e.g. {API_BASE}")
        url = server_url(text)
        if not url.endswith("/bot"):
            raise ValueError(f"{text!r} does not end in /bot, to which the token is appended: write {url}/bot")
        return url

    @property
    def account(self) -> str:
        """The bot, by the number that its token begins with."""
        return self.token.get_secret_value().partition(":")[0]

    @property
    def label(self) -> str:
        """The chat as it was written: "@news", "-1001234567890"."""
        return self.chat

    @property
    def loopback(self) -> bool:
        """Whether the Bot API server is on this machine."""
        return is_loopback(self.api_base)


def _open(settings: TelegramSettings, context: Context) -> Adapter:
    from adapters.telegram.adapter import TelegramAdapter  # noqa: PLC0415 # 30 MB that others need not pay for

    return TelegramAdapter(settings, context)


def _compose(settings: TelegramSettings | None, post: Post, at: datetime) -> Draft:
    from adapters.telegram.compose import compose  # noqa: PLC0415 # keeps the registry light

    if settings is None:
        return compose(post, at)
    return compose(post, at, settings.picture, above=settings.preview_above, silent=settings.silent)


def _shown(body: Json, media: Sequence[Media]) -> Draft:
    from adapters.telegram.shown import shown  # noqa: PLC0415 # keeps the registry light

    return shown(body, media)


PLATFORM = Platform(
    name="telegram",
    title="Telegram",
    settings=TelegramSettings,
    open=_open,
    compose=_compose,
    shown=_shown,
    waits=WAITS,
    takes_picture=False,
)
