"""Two platforms that exist nowhere, and a way to load settings from texts."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from adapters.base import Adapter, Context, Platform, Waits
from adapters.post import Draft, Json, Media, Post
from bot.settings import Settings, SettingsError, load_settings

Load = Callable[..., Settings]
Mistakes = Callable[..., list[str]]


class PaperSettings(BaseModel):
    """A platform with a server, a secret, and two settings that have defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    server: str = Field(description="Where the printing house is.", examples=["paper.example"])
    token: SecretStr = Field(description="What opens its door.")
    tone: str = Field(default="plain", description="How it is told.")
    per_minute: int = Field(default=20, ge=1, description="How many sheets in a minute.")

    @field_validator("server")
    @classmethod
    def _server(cls, server: str) -> str:
        if "." not in server:
            raise ValueError(f"{server!r} is not a host; write it like paper.example")
        return server

    @field_validator("token")
    @classmethod
    def _token(cls, token: SecretStr) -> SecretStr:
        if " " in token.get_secret_value():
            raise ValueError(f"{token.get_secret_value()} has a space in it; copy it again")
        return token

    @property
    def account(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return self.server

    @property
    def loopback(self) -> bool:
        return self.server.startswith("127.")


class WireSettings(BaseModel):
    """A platform with two required settings, one of them secret."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    chat: str = Field(description="Which room.")
    app_password: SecretStr = Field(description="The password for programs.")

    @property
    def account(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return self.chat

    @property
    def loopback(self) -> bool:
        return False


def _open(settings: Any, context: Context) -> Adapter:
    raise AssertionError("settings open no channel")


def _compose(settings: Any | None, post: Post, at: datetime) -> Draft:
    raise AssertionError("settings compose nothing")


def _shown(body: Json, media: Sequence[Media]) -> Draft:
    raise AssertionError("settings show nothing")


@pytest.fixture
def platforms() -> Mapping[str, Platform]:
    """A registry of the two."""
    return {
        "paper": Platform(
            "paper", "Paper", PaperSettings, _open, _compose, _shown, waits=Waits(60.0), takes_picture=False
        ),
        "wire": Platform("wire", "Wire", WireSettings, _open, _compose, _shown, waits=Waits(10.0), takes_picture=False),
    }


@pytest.fixture
def load(platforms: Mapping[str, Platform], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load settings in an empty directory from variables, the text of a `.env` and the text of a `handbill.toml`."""
    monkeypatch.chdir(tmp_path)

    def load(toml: str = "", dotenv: str = "", **variables: str) -> Settings:
        if toml:
            (tmp_path / "handbill.toml").write_text(toml, "utf-8")
        if dotenv:
            (tmp_path / ".env").write_text(dotenv, "utf-8")
        return load_settings(platforms, environ=variables)

    return load


@pytest.fixture
def mistakes(load: Load) -> Mistakes:
    """The sentences with which settings are refused."""

    def mistakes(*args: str, **variables: str) -> list[str]:
        with pytest.raises(SettingsError) as caught:
            load(*args, **variables)
        assert str(caught.value) == "\n".join(problem.sentence for problem in caught.value.problems)
        return [problem.sentence for problem in caught.value.problems]

    return mistakes
