"""No secret in any sentence about a mistake, wherever it was put."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.base import Platform
from bot.settings import SettingsError, load_settings

Mistakes = Callable[..., list[str]]

BOT_TOKEN = "123456789:AAFzQ0_abcdefghijklmnopqrstuv-wxyz1"
LONG_TOKEN = "kX9vQ2mLr7TzB4nWc8YpJ3hDs6FgA1eu"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJub2JvZHkifQ.c2lnbmF0dXJl"
APP_PASSWORD = "ab3d-efgh-1jkl-mn0p"

SECRETS = [BOT_TOKEN, LONG_TOKEN, JWT, APP_PASSWORD]
PLACES = ["POLL_EVERY", "BACKFILL", "LOG_LEVEL", "DATABASE_URL", "SOURCES", "QUIET_TIME", "FETCH__ALLOW_NETWORKS"]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("place", [*PLACES, "PAPER__SERVER", "PAPER__PER_MINUTE", "NOT_A_SETTING", "PAPER__TOKN"])
def test_a_secret_in_the_wrong_place(mistakes: Mistakes, place: str, secret: str) -> None:
    """What looks like a secret is not repeated, though no setting says that it is one."""
    sentences = mistakes(**{f"HANDBILL_{place}": secret})
    assert any(f"HANDBILL_{place}" in sentence for sentence in sentences)
    assert not any(secret in sentence for sentence in sentences)


@pytest.mark.parametrize("place", [*PLACES, "PAPER__SERVER", "PAPER__PER_MINUTE"])
def test_a_configured_secret_in_the_wrong_place(mistakes: Mistakes, place: str) -> None:
    """A value that is also a configured secret is masked wherever it turns up, however plain it looks."""
    sentences = mistakes(HANDBILL_WIRE__APP_PASSWORD="sesame", **{f"HANDBILL_{place}": "open sesame, please"})
    assert any("***" in sentence for sentence in sentences)
    assert not any("sesame" in sentence for sentence in sentences)


@pytest.mark.parametrize(
    "toml",
    [
        'token = "{}"',
        'token = {{ value = "{}" }}',
        'token = {{ env = "{}" }}',
        'token = {{ file = "{}" }}',
        'token = ["{}"]',
        'tone = ["{}"]',
        'per_minute = "{}"',
        'name = "{}"',
        'nmae = "{}"',
        'platform = "{}"',
    ],
)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_anywhere_in_a_table(mistakes: Mistakes, toml: str, secret: str) -> None:
    """A secret in plain in a TOML file is refused without being repeated."""
    platform = "" if toml.startswith("platform") else 'platform = "paper"'
    sentences = mistakes(f"[[channels]]\n{platform}\n{toml.format(secret)}")
    assert not any(secret in sentence for sentence in sentences)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hush/hush@db/news",
        "postgresql://me:hush@hush@db/news",
        "postgresql://:hush-hush@db",
        "mysql+driver://me:hush hush@db",
        "me:hush-hush@db/news",
    ],
)
@pytest.mark.parametrize("name", ["DATABASE_URL", "SOURCES", "PAPER__SERVER"])
def test_a_password_in_a_broken_address(mistakes: Mistakes, name: str, url: str) -> None:
    """The password in an address is masked, also where the address is malformed."""
    sentences = mistakes(**{f"HANDBILL_{name}": url})
    assert not any("hush" in sentence for sentence in sentences)


@given(secret=st.text("abcXYZ019_-:./+= \"'\\%", min_size=6, max_size=40).filter(lambda text: len(text.strip()) >= 6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_a_secret_is_masked_everywhere_at_once(
    platforms: Mapping[str, Platform], tmp_path_factory: pytest.TempPathFactory, secret: str
) -> None:
    """Whatever characters a configured secret has, pasting it into every other setting never shows it."""
    config = tmp_path_factory.getbasetemp() / "masking.toml"
    lines = [f"{key} = {json.dumps(secret)}" for key in ("settle", "log_level", "unknown")]
    config.write_text("\n".join([*lines, "[[channels]]", *lines, 'platform = "papr"']))
    names = [*PLACES, "PAPER__SERVER", "PAPER__PER_MINUTE"]
    environ = {f"HANDBILL_{name}": secret for name in names} | {"HANDBILL_WIRE__APP_PASSWORD": secret}
    with pytest.raises(SettingsError) as caught:
        load_settings(platforms, environ=environ, env_file=None, config=Path(config))
    assert not [problem for problem in caught.value.problems if secret.strip() in problem.sentence]
