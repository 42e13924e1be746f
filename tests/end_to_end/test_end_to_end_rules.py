"""Rules of a channel, from `handbill.toml` to what readers see: by the names that sources have there."""

import asyncio
from pathlib import Path

import pytest

from adapters.registry import PLATFORMS
from bot.settings import Settings, load_settings
from tests.inside import LONG, core_on, lay_ledger
from tests.leaping import LoopClock, run
from tests.stage import Stage

FILE = """
[[sources]]
name = "The Herald"
url = "{url}/feed.xml"

[[channels]]
name = "news"
platform = "mastodon"
server = "{server}"
token = {{ env = "TOKEN" }}
content_warnings = [
    {{ text = "From the Herald", sources = ["the herald"] }},
    {{ text = "Never", sources = ["Herald"] }},
    {{ text = "Light", keywords = ["lighthouse"] }},
]
"""


def test_a_rule_by_source(tmp_path: Path, new_ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source is known to rules by its name in the file, through the ledger and all, and a title by its words."""
    run(_play(tmp_path, new_ledger, monkeypatch))


async def _play(folder: Path, ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = LoopClock()
    async with Stage(folder, now=clock.seconds, platforms=["mastodon"]) as stage:
        lay_ledger(ledger, stage)
        file = folder / "rules.toml"
        seat = stage.seats["mastodon"]
        file.write_text(FILE.format(url=stage.publication.url, server=seat.server.url), "utf-8")

        def settings(**more: str) -> Settings:
            shared = {name: value for name, value in stage.environment(**more).items() if "MASTODON" not in name}
            shared.pop("HANDBILL_SOURCES")
            environ = {**shared, "TOKEN": seat.settings["HANDBILL_MASTODON__TOKEN"]()}
            return load_settings(PLATFORMS, environ=environ, env_file=None, config=file)

        monkeypatch.setattr(stage, "settings", settings)
        stage.publication.publish("The lighthouse shines", "Again.")
        stage.publication.publish("A lighthousekeeper retires", "At last.")
        async with core_on(stage, clock, BACKFILL="2") as core:
            await core.once(LONG, asyncio.Event())
        met = {post.text.partition("\n")[0]: post.extra["spoiler_text"] for post in seat.server.public()}
        assert {
            "The lighthouse shines": "From the Herald, Light",
            "A lighthousekeeper retires": "From the Herald",
        } == met
