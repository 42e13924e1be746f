"""`handbill check`: every source and every channel, before servers that behave and servers that do not."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.sandbox.faults import Fault
from adapters.sandbox.telegram import TelegramSandbox
from bot import check
from bot.clock import SystemClock
from bot.ledger.version import HEAD
from tests.cli.running import Answer, Handbill
from tests.stage import Stage


def _line(answer: Answer, start: str) -> str:
    """The one line about a thing."""
    (line,) = [line for line in answer.lines if line[2:].startswith(start)]
    return line


async def test_all_is_well(stage: Stage) -> None:
    """A line for the settings, the ledger, each source with its newest title and each channel, all well: exit 0."""
    for hours, title in ((5, "Older"), (2, "Newest"), (3, "In between")):
        stage.publication.publish(title, published_at=SystemClock().now() - timedelta(hours=hours, minutes=1))
    answer = await Handbill(stage.environment()).beside("check")
    assert (0, "") == (answer.code, answer.err)
    assert "✓ settings: 1 source, 3 channels." == answer.lines[0]
    assert "✓ ledger: sqlite:///" in answer.lines[1]
    assert "will be made by `handbill run` or `handbill once`." in answer.lines[1]
    source = _line(answer, "source 127.0.0.1:")
    assert source.startswith("✓ ")
    assert "feed.xml: “Newest”, 2 h ago (RSS 2.0, 3 entries)" in source
    telegram = _line(
        answer, "channel telegram: @handbill_bot in The Sandbox Herald (@herald) may post, up to 4096 char"
    )
    assert telegram.endswith("(https://t.me/herald)")
    assert "✓ channel mastodon: @herald@127.0.0.1" in answer.out
    assert "may post, up to 500 characters" in _line(answer, "channel mastodon")
    assert "✓ channel bluesky: @herald.example.org may post, up to 300 graphemes" in answer.out
    assert "All is well." == answer.lines[-1]
    assert not stage.ledger.exists()


async def test_what_is_wrong_comes_with_its_mend(stage: Stage) -> None:
    """A missing address, an expired token and a missing right each cost a line with the mend: exit 1. A page does not:
    it is watched by the feed that it names."""
    page = stage.publication.publish("A story", slug="story")
    telegram = stage.seats["telegram"].server
    assert isinstance(telegram, TelegramSandbox)
    environment = stage.environment(
        SOURCES=f"{stage.feed_url},{stage.publication.url}/articles/story,{stage.publication.url}/nothing,http://127.0.0.1:1/",
        MASTODON__TOKEN="not-the-token-at-all",
    )
    telegram.grant(environment["HANDBILL_TELEGRAM__TOKEN"], -1001234567890)
    answer = await Handbill(environment).beside("check")
    assert 1 == answer.code
    assert page.title in _line(answer, f"source 127.0.0.1:{stage.publication.port}/feed.xml")
    story = _line(answer, f"source 127.0.0.1:{stage.publication.port}/articles/story")
    assert story.startswith("✓")
    assert page.title in story
    missing = _line(answer, f"source 127.0.0.1:{stage.publication.port}/nothing")
    assert missing.endswith("does not exist (404). Check the address in a browser.")
    assert _line(answer, "source 127.0.0.1:1").startswith("✗")
    told = _line(answer, "channel telegram")
    assert told.startswith("✗")
    assert "cannot post" in told
    assert "administrator" in told
    refused = _line(answer, "channel mastodon")
    assert refused.startswith("✗")
    assert "token" in refused
    assert "✓ channel bluesky" in answer.out
    assert "4 of 9 to mend." == answer.lines[-1]


async def test_check_for_machines(stage: Stage) -> None:
    """--json prints an object for each thing that was looked at, with what was said and whether it is well."""
    stage.publication.publish("Newest")
    stage.seats["mastodon"].server.faults.add(Fault("error", "auth", times=9, status=503))
    answer = await Handbill(stage.environment()).beside("check", "--json")
    assert 1 == answer.code
    found = {(each["what"], each["name"]): each for each in answer.objects}
    assert 6 == len(found)
    assert [("channel", "mastodon")] == [key for key, each in found.items() if not each["ok"]]
    assert "503" in found["channel", "mastodon"]["said"]
    assert {"what", "name", "ok", "said", "notes"} == found["channel", "bluesky"].keys()


async def test_check_neither_renews_nor_saves_a_session(stage: Stage) -> None:
    """Beside the daemon it uses the session that is kept, without a sign-in, and never touches it."""
    stage.publication.publish("Newest")
    handbill = Handbill(stage.environment(BACKFILL="1"))
    assert 0 == (await handbill.process("once")).code
    asked = stage.seats["bluesky"].server.requests
    before, sealed = len(asked), _sealed(stage.ledger)
    assert 1 == len(sealed)
    answer = await handbill.beside("check")
    assert 0 == answer.code
    assert f"version {HEAD}." in answer.lines[1]
    assert not [path for _, path in asked[before:] if "Session" in path and "getSession" not in path]
    assert sealed == _sealed(stage.ledger)


def _sealed(ledger: Path) -> list[str]:
    with sqlite3.connect(ledger) as connection:
        found = [sealed for (sealed,) in connection.execute("SELECT sealed FROM sessions")]
    connection.close()
    return found


async def test_a_platform_that_never_answers(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that hangs costs its own line only, after the total time for a look."""
    monkeypatch.setattr(check, "LOOK_FOR", 0.5)
    stage.seats["telegram"].server.faults.add(Fault("hang", "auth", times=9))
    stage.publication.faults.add(Fault("hang", "read", times=9))
    answer = await Handbill(stage.environment()).beside("check")
    assert 1 == answer.code
    assert "No answer within" in _line(answer, "channel telegram")
    assert "gave nothing within" in _line(answer, "source")
    assert "✓ channel mastodon" in answer.out


async def test_two_channels_that_are_one_place(stage: Stage, tmp_path: Path) -> None:
    """Two channels of one identity, which no setting shows, would post everything twice: the second is to be mended."""
    stage.publication.publish("Newest")
    environment = stage.environment()
    config = tmp_path / "handbill.toml"
    config.write_text(
        f"""
        [[channels]]
        name = "again"
        platform = "telegram"
        chat = "-1001234567890"
        token = {{ env = "OTHER_NAME" }}
        api_base = "{environment["HANDBILL_TELEGRAM__API_BASE"]}"
        """
    )
    handbill = Handbill({**environment, "OTHER_NAME": environment["HANDBILL_TELEGRAM__TOKEN"]})
    answer = await handbill.beside("check", "--config", str(config))
    assert 1 == answer.code
    line = _line(answer, "channel again")
    assert "✗ channel again: It is the same place as channel telegram: take one of the two out of the settings." == line


def test_nothing_configured(handbill: Handbill) -> None:
    """Without sources and channels it says which settings each platform needs, and ends with 2."""
    answer = handbill("check")
    assert 2 == answer.code
    assert answer.lines[0].startswith("✗ settings: HANDBILL_SOURCES is not set")
    assert "HANDBILL_TELEGRAM__TOKEN and HANDBILL_TELEGRAM__CHAT for Telegram" in answer.lines[0]


def test_a_ledger_that_cannot_be(handbill: Handbill, tmp_path: Path) -> None:
    """A folder that does not exist, and a file that is no ledger, are told before the first start fails on them."""
    answer = handbill("check", HANDBILL_DATABASE_URL=f"sqlite:///{tmp_path}/no/where.db")
    assert f"the folder {tmp_path}/no does not exist; mend that, or name another" in answer.lines[1]
    (tmp_path / "diary.db").write_text("Dear diary, this is no database, and never has been one. " * 99)
    answer = handbill("check", HANDBILL_DATABASE_URL=f"sqlite:///{tmp_path}/diary.db")
    assert answer.lines[1].startswith("✗ ledger")
    assert "file is not a database" in answer.lines[1]
