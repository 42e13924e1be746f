"""A channel or a source is taken out of the settings, with an operator's commands in processes of their own."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.sandbox.publication import Publication
from tests.process import told
from tests.stage import HOME, Stage

pytestmark = pytest.mark.slow

GONE = "mastodon"
NOTHING_OPEN, NEEDS_PERSON = 0, 1


async def _log(stage: Stage) -> list[dict[str, Any]]:
    _, out, _ = await told(stage, "log", "--json", "--channel", GONE)
    return [json.loads(line) for line in out.splitlines()]


async def test_a_channel_is_taken_out_and_comes_back(tmp_path: Path) -> None:
    """What it had pending is kept, shown as `channel removed` by every command, and goes nowhere, though others go on;
    one is cancelled meanwhile; put back, the rest goes out, in order, before what is new."""
    async with Stage(tmp_path, platforms=["telegram", GONE]) as stage:
        articles = [stage.publication.publish_next() for _ in range(3)]
        seat = stage.seats[GONE]
        await seat.server.stop()
        await told(stage, "once", "--wait", "0s", BACKFILL="3")
        await seat.server.start()
        del stage.seats[GONE]

        articles.append(stage.publication.publish_next())
        assert NOTHING_OPEN == (await told(stage, "once"))[0]
        assert (4, 0) == (len(stage.seats["telegram"].server.public()), len(seat.server.public()))
        rows = await _log(stage)
        assert [("pending", "channel removed", None)] * 3 == [(r["state"], r["reason"], r["due_at"]) for r in rows]
        assert "channel removed" in (await told(stage, "log", str(rows[0]["id"])))[1]
        assert "taken out of the settings" in (await told(stage, "status"))[1]
        _, out, _ = await told(stage, "channels", "--json")
        known = {each["name"]: each for each in map(json.loads, out.splitlines())}
        assert ("removed", 3) == (known[GONE]["state"], known[GONE]["counts"]["pending"])
        code, out, _ = await told(stage, "audit", "--json")
        said = json.loads(out)
        assert (NEEDS_PERSON, 3) == (code, sum(row["why"] == "channel removed" for row in said["rows"]))
        code, out, _ = await told(stage, "resolve", str(rows[1]["id"]), "--drop")
        assert (0, True) == (code, out.strip().endswith("is cancelled: it stays as it is."))

        stage.seats[GONE] = seat
        articles.append(stage.publication.publish_next())
        assert NOTHING_OPEN == (await told(stage, "once"))[0]
        out_there = [link for post in seat.server.public() for link in post.links if link.startswith(HOME)]
        assert [articles[index].link for index in (0, 2, 4)] == out_there
        assert ["sent", "cancelled", "sent", "sent"] == [row["state"] for row in await _log(stage)]


async def test_a_source_is_taken_out(tmp_path: Path) -> None:
    """What was found there was promised: it goes out when the platform is back, though the source is asked no more."""
    async with Stage(tmp_path, platforms=[GONE]) as stage:
        article, seat = stage.publication.publish_next(), stage.seats[GONE]
        await seat.server.stop()
        await told(stage, "once", "--wait", "0s", BACKFILL="1")
        await seat.server.start()
        asked = len(stage.publication.requests)
        other = Publication()
        await other.start()
        assert NOTHING_OPEN == (await told(stage, "once", SOURCES=f"{other.url}/feed.xml"))[0]
        await other.stop()
        assert (1, asked) == (len(seat.posts_of(article)), len(stage.publication.requests))
