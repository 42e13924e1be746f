"""Where settings come from, which goes first, and what they are when nothing is set."""

from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from adapters.base import Platform
from bot.settings import Settings, SettingsError, load_settings

Load = Callable[..., Settings]

PAPER = {"HANDBILL_PAPER__SERVER": "paper.example", "HANDBILL_PAPER__TOKEN": "inky-fingers"}
WIRE = {"HANDBILL_WIRE__CHAT": "@news", "HANDBILL_WIRE__APP_PASSWORD": "open-sesame"}


def test_defaults(load: Load) -> None:
    """With nothing set, every setting has the default that the README promises."""
    settings = load()
    assert not any((settings.sources, settings.channels, settings.routes))
    assert settings.database_url == "sqlite:///handbill.db"
    assert (settings.poll_every, settings.backfill, settings.settle) == (300.0, 0, 60.0)
    assert (settings.max_age, settings.log_level, settings.quiet_time) == (172800.0, "info", None)
    assert settings.fetch.allow_networks == ()


def test_all_from_the_environment(load: Load) -> None:
    """Every general setting can be given in the environment."""
    settings = load(
        HANDBILL_SOURCES="https://news.example/feed.xml, https://blog.example/",
        HANDBILL_DATABASE_URL="sqlite:////var/lib/handbill.db",
        HANDBILL_POLL_EVERY="90",
        HANDBILL_BACKFILL="3",
        HANDBILL_SETTLE="0",
        HANDBILL_MAX_AGE="1d12h",
        HANDBILL_LOG_LEVEL="WARNING",
        HANDBILL_QUIET_TIME="2m",
        HANDBILL_FETCH__ALLOW_NETWORKS="127.0.0.0/8,::1",
    )
    assert [source.url for source in settings.sources] == ["https://news.example/feed.xml", "https://blog.example/"]
    assert [source.name for source in settings.sources] == ["news.example/feed.xml", "blog.example"]
    assert {(source.poll_every, source.backfill, source.kind) for source in settings.sources} == {(90.0, 3, "auto")}
    assert settings.database_url == "sqlite:////var/lib/handbill.db"
    assert (settings.settle, settings.max_age, settings.quiet_time) == (0.0, 129600.0, 120.0)
    assert settings.log_level == "warning"
    assert settings.fetch.allow_networks == (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def test_environment_before_dotenv_before_toml(load: Load) -> None:
    """The environment goes before `.env`, and `.env` before the TOML file, setting by setting."""
    settings = load(
        'poll_every = "1m"\nsettle = "1m"\nmax_age = 60\n[fetch]\nallow_networks = ["10.0.0.0/8"]',
        "HANDBILL_POLL_EVERY=2m\nHANDBILL_SETTLE=2m\n",
        HANDBILL_POLL_EVERY="3m",
    )
    assert (settings.poll_every, settings.settle, settings.max_age) == (180.0, 120.0, 60.0)
    assert settings.fetch.allow_networks == (ip_network("10.0.0.0/8"),)


def test_sections_are_merged_from_all_places(load: Load) -> None:
    """An account may have its name in the environment and its secret in `.env`."""
    settings = load("", "HANDBILL_PAPER__TOKEN=inky-fingers\n", HANDBILL_PAPER__SERVER="paper.example")
    (channel,) = settings.channels
    assert (channel.name, channel.platform, channel.settings.label) == ("paper", "paper", "paper.example")
    assert settings.secrets() == {"inky-fingers"}


@pytest.mark.parametrize("platforms_set", [{}, PAPER, WIRE, PAPER | WIRE])
def test_any_subset_of_platforms(load: Load, platforms_set: dict[str, str]) -> None:
    """Any subset of the platforms may be configured; each becomes a channel called by the platform's name."""
    settings = load(**platforms_set)
    assert {name.split("_")[1].lower() for name in platforms_set} == {channel.name for channel in settings.channels}


def test_empty_values_count_as_not_set(load: Load) -> None:
    """A copied `.env.example` with empty lines is the same as no `.env`."""
    assert load("", "HANDBILL_SOURCES=\nHANDBILL_PAPER__TOKEN=\nHANDBILL_POLL_EVERY=\n", HANDBILL_SETTLE=" ") == load()


def test_foreign_variables_are_left_alone(load: Load) -> None:
    """Variables of other programs are none of our business, in the environment and in `.env`."""
    assert load("", "OTHER=1\nBROKEN\n", PATH="/bin", HAND="x") == load()


def test_quotes_and_comments_in_dotenv(load: Load) -> None:
    """`.env` may hold quotes, `export` and comments, as other programs write it."""
    settings = load("", "# ours\nexport HANDBILL_SETTLE='5m' # five\nHANDBILL_LOG_LEVEL=\"debug\"\n")
    assert (settings.settle, settings.log_level) == (300.0, "debug")


def test_names_in_any_case(load: Load) -> None:
    """The case of a variable's name does not matter."""
    assert load(handbill_settle="5m").settle == 300.0


@pytest.mark.parametrize("way", ["argument", "environment", "dotenv"])
def test_the_toml_file_can_be_elsewhere(
    platforms: Mapping[str, Platform], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """`--config` or HANDBILL_CONFIG, also from `.env`, name another TOML file, which then replaces `handbill.toml`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "handbill.toml").write_text('settle = "1m"')
    other = tmp_path / "news.toml"
    other.write_text('settle = "7m"')
    environ = {"HANDBILL_CONFIG": str(other)} if way == "environment" else {}
    (tmp_path / ".env").write_text(f"HANDBILL_CONFIG={other}\n" if way == "dotenv" else "")
    settings = load_settings(platforms, environ=environ, config=other if way == "argument" else None)
    assert settings.settle == 420.0


def test_the_process_environment_is_the_default(
    platforms: Mapping[str, Platform], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a mapping of variables, those of the process are read."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HANDBILL_SETTLE", "9m")
    assert load_settings(platforms).settle == 540.0


def test_settings_are_frozen(load: Load) -> None:
    """What was loaded cannot be changed."""
    settings: Any = load()
    with pytest.raises(AttributeError):
        settings.settle = 1.0


def test_nothing_to_do_is_said_in_sentences(load: Load) -> None:
    """Without sources and channels settings are fine for a preview; for sending, both are asked for, by name."""
    with pytest.raises(SettingsError) as caught:
        load().check_complete()
    assert [problem.sentence for problem in caught.value.problems] == [
        "HANDBILL_SOURCES is not set, and there is no source to read: "
        "set HANDBILL_SOURCES to the address of a feed, such as https://news.example/feed.xml.",
        "No channel to post to is configured: set HANDBILL_PAPER__SERVER and HANDBILL_PAPER__TOKEN for Paper, "
        "or HANDBILL_WIRE__CHAT and HANDBILL_WIRE__APP_PASSWORD for Wire.",
    ]
    load(HANDBILL_SOURCES="https://news.example/feed.xml", **PAPER).check_complete()


def test_secrets_include_passwords_in_addresses(load: Load) -> None:
    """Every secret value is known to the redactor, those inside addresses as written and decoded."""
    settings = load(HANDBILL_SOURCES="https://me:p%40ss-word@news.example/feed.xml", **PAPER, **WIRE)
    assert settings.secrets() == {"inky-fingers", "open-sesame", "p%40ss-word", "p@ss-word"}
    assert not any(secret in repr(settings.channels) for secret in settings.secrets())
