"""What an operator may write for a Telegram channel."""

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.telegram import PLATFORM, TelegramSettings

TOKEN = "123456:AAH-secret_part"


def settings(**changes: Any) -> TelegramSettings:
    """Settings that are right but for `changes`."""
    return TelegramSettings(**{"token": TOKEN, "chat": "@news", **changes})


@pytest.mark.parametrize(
    ("written", "chat"),
    [("@news", "@news"), (" @news_42 ", "@news_42"), ("-1001234567890", "-1001234567890"), (-100123, "-100123")],
)
def test_chats(written: object, chat: str) -> None:
    """A chat is a public name or a number, also where the file has it as one."""
    assert chat == settings(chat=written).chat
    assert chat == settings(ops_chat=written).ops_chat
    assert chat == settings(chat=written).label


@pytest.mark.parametrize(
    ("field", "value", "mend"),
    [
        ("token", "AAH-hunter2", "copy it whole from @BotFather"),
        ("token", "bot123456:AAH-hunter2", "copy it whole from @BotFather"),
        ("token", "123456:AAH hunter2", "copy it whole from @BotFather"),
        ("chat", "news", "write its number"),
        ("chat", "https://t.me/news", "write its number"),
        ("chat", "", "write its number"),
        ("chat", 0, "write its number"),
        ("chat", True, "write its number"),
        ("chat", "123456:AAH-hunter2", "write its number"),
        ("ops_chat", ["@ops"], "write its number"),
        ("api_base", "http://127.0.0.1:8081", "write http://127.0.0.1:8081/bot"),
        ("api_base", "http://api.telegram.org/bot", "write https://api.telegram.org/bot"),
        ("api_base", "https://api.telegram.org/bot123456:AAH-hunter2", "write it without"),
        ("per_minute", 0, "greater than 0"),
        ("per_second", -1, "greater than 0"),
        ("tocken", "x", "Extra inputs are not permitted"),
    ],
)
def test_mistakes(field: str, value: object, mend: str) -> None:
    """Each mistake is one sentence with the mend, and never repeats what may be a secret."""
    with pytest.raises(ValidationError) as mistake:
        settings(**{field: value})
    (error,) = mistake.value.errors()
    assert mend in error["msg"]
    assert "\n" not in error["msg"]
    assert "hunter2" not in str(mistake.value)


def test_the_secret_is_masked() -> None:
    """Neither the settings' text nor their JSON shows the token."""
    assert "secret_part" not in f"{settings()!r} {settings()} {settings().model_dump_json()}"


def test_loopback() -> None:
    """Only a server on this machine is on loopback."""
    assert settings(api_base="http://127.0.0.1:8081/bot").loopback
    assert not settings().loopback
    assert not settings(api_base="http://10.0.0.7:8081/bot").loopback


def test_every_setting_is_explained() -> None:
    """Each setting has a line of help."""
    assert all(field.description for field in TelegramSettings.model_fields.values())


def test_the_library_is_not_imported_for_the_settings() -> None:
    """Reading settings and composing a preview leave python-telegram-bot alone."""
    script = (
        "import sys, datetime; from adapters.telegram import PLATFORM; from adapters.post import Part, Post;"
        "PLATFORM.compose(None, Post((Part('title', 'T'),), 'https://x.example/', 'T', ''), datetime.datetime.min);"
        "print(sorted(name for name in sys.modules if name.partition('.')[0] == 'telegram'))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert PLATFORM.settings is TelegramSettings
