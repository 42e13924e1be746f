"""The settings with the platforms that there really are, and `.env.example`, which is held to them."""

import re
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from adapters.registry import PLATFORMS
from bot.settings import SettingsError, load_settings
from bot.settings.example import env_example
from bot.settings.fields import compose
from bot.settings.names import env_name, fields_of

ROOT = Path(__file__).parents[2]

TOKEN = "123456789:AAFzQ0_abcdefghijklmnopqrstuv-wxyz1"
ACCOUNTS = {
    "HANDBILL_TELEGRAM__TOKEN": TOKEN,
    "HANDBILL_TELEGRAM__CHAT": "@news",
    "HANDBILL_MASTODON__SERVER": "mastodon.example",
    "HANDBILL_MASTODON__TOKEN": "kX9vQ2mLr7TzB4nWc8YpJ3hDs6FgA1eu",
    "HANDBILL_BLUESKY__HANDLE": "news.example",
    "HANDBILL_BLUESKY__APP_PASSWORD": "ab3d-efgh-1jkl-mn0p",
}
FIXED = {
    "SOURCES", "DATABASE_URL", "POLL_EVERY", "POLL_SLOWEST", "BACKFILL", "SETTLE", "ENRICH", "MAX_AGE", "LOG_LEVEL",
    "QUIET_TIME", "PROBE_GAP", "REPLAY_WAIT", "CALL_DEADLINE", "BACKOFF", "LATE_AFTER", "CONFIRM_AFTER", "EXPIRES_FOR",
    "FETCH__ALLOW_NETWORKS", "FETCH__PROXY", "FETCH__CA_FILE", "CONTACT", "TEMPLATES",
    "WEB__LISTEN", "WEB__PUBLIC_URL", "WEB__HOOK_SECRET",
    "TELEGRAM__TOKEN", "TELEGRAM__CHAT", "TELEGRAM__OPS_CHAT", "TELEGRAM__API_BASE", "TELEGRAM__PER_MINUTE",
    "TELEGRAM__SILENT",
    "TELEGRAM__PER_SECOND", "TELEGRAM__PICTURE", "TELEGRAM__PREVIEW_ABOVE",
    "MASTODON__SERVER", "MASTODON__TOKEN", "MASTODON__VISIBILITY", "MASTODON__LANGUAGE",
    "MASTODON__ATTACH_PICTURE", "MASTODON__CONTENT_WARNINGS", "MASTODON__SENSITIVE",
    "BLUESKY__SERVER", "BLUESKY__HANDLE", "BLUESKY__APP_PASSWORD", "BLUESKY__LANGUAGE",
    "BLUESKY__LABELS", "BLUESKY__REPLIES", "BLUESKY__QUOTES",
    *(
        f"{platform}__{name}"
        for platform in ("TELEGRAM", "MASTODON", "BLUESKY")
        for name in ("HASHTAGS", "HASHTAGS_NEVER", "LINK_PARAMETERS")
    ),
}  # fmt: skip


def test_the_names_are_the_promised_ones() -> None:
    """Exactly the published names exist: an operator's `.env` keeps working."""
    assert {env_name(path) for path, _ in fields_of(compose(PLATFORMS))} == {f"HANDBILL_{name}" for name in FIXED}


def test_every_platform_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six variables configure the three platforms; nothing that is shown of them holds a secret."""
    monkeypatch.chdir(tmp_path)
    settings = load_settings(PLATFORMS, environ=ACCOUNTS)
    assert [channel.name for channel in settings.channels] == ["telegram", "mastodon", "bluesky"]
    secrets = {ACCOUNTS[name] for name in ACCOUNTS if name.endswith(("TOKEN", "PASSWORD"))}
    assert settings.secrets() == secrets
    assert not any(secret in repr(settings) for secret in secrets)


@pytest.mark.parametrize("name", ACCOUNTS)
def test_every_required_setting_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A platform of which one required setting is missing is told in one sentence with that setting's name."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError) as caught:
        load_settings(PLATFORMS, environ={each: value for each, value in ACCOUNTS.items() if each != name})
    (problem,) = caught.value.problems
    assert problem.sentence.startswith(f"{name} is missing: ")


def test_misplaced_secrets_of_real_platforms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets put into one another's places, as after a slip of the mouse, are shown in no sentence."""
    monkeypatch.chdir(tmp_path)
    secrets = [value for name, value in ACCOUNTS.items() if name.endswith(("TOKEN", "PASSWORD"))]
    for secret in secrets:
        with pytest.raises(SettingsError) as caught:
            load_settings(PLATFORMS, environ={f"HANDBILL_{name}": secret for name in FIXED})
        assert not any(secret in problem.sentence for problem in caught.value.problems)
        assert len(caught.value.problems) >= 8


def test_env_example_is_up_to_date() -> None:
    """`.env.example` says what the code does (after a change, write `env_example(PLATFORMS)` into it)."""
    assert (ROOT / ".env.example").read_text("utf-8") == env_example(PLATFORMS)


def test_env_example_holds_every_setting_with_help() -> None:
    """Every setting is there once, with one line of help above it."""
    example = env_example(PLATFORMS)
    written = re.findall(r"^# (\S.*)\n#?(HANDBILL_\w+)=", example, re.MULTILINE)
    assert sorted(name for _, name in written) == sorted({f"HANDBILL_{name}" for name in FIXED} | {"HANDBILL_CONFIG"})
    assert all(text for text, _ in written)


def test_env_example_as_it_is_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of `.env.example` that nobody filled in is the same as none."""
    monkeypatch.chdir(tmp_path)
    without = load_settings(PLATFORMS, environ={})
    (tmp_path / ".env").write_text(env_example(PLATFORMS), "utf-8")
    assert load_settings(PLATFORMS, environ={}) == without


def test_env_example_shows_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every shown default spelt out, the settings are the same as without, but for examples of what has none."""
    monkeypatch.chdir(tmp_path)
    without = load_settings(PLATFORMS, environ=ACCOUNTS)
    spelt = re.sub(r"^#(HANDBILL_\w+=.+)$", r"\1", env_example(PLATFORMS), flags=re.MULTILINE)
    (tmp_path / ".env").write_text(spelt, "utf-8")
    settings = load_settings(PLATFORMS, environ=ACCOUNTS)
    assert (settings.quiet_time, settings.fetch.allow_networks) == (90.0, (ip_network("127.0.0.0/8"),))
    assert (settings.probe_gap, settings.replay_wait, settings.call_deadline) == (30.0, 90.0, 60.0)
    assert settings.expires_for == 43200.0
    spared = replace(settings, quiet_time=None, probe_gap=None, replay_wait=None, call_deadline=None, expires_for=None)
    assert replace(spared, fetch=without.fetch, contact=None, templates=None) == without
