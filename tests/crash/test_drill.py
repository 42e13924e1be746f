"""The drill of the README, with real processes: an old ledger is put back, and readers see nothing twice."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from adapters.base import CanList
from adapters.sandbox.feeds import ArticleStub
from bot.cli.beside import doors_beside
from bot.model import State
from bot.redact import Redactor
from bot.wiring import open_adapter
from tests.inside import Told, lay_ledger
from tests.process import Event, Program, told
from tests.stage import Stage

BUSY = {"BACKFILL": "1", "POLL_EVERY": "1s"}


@pytest.mark.slow
async def test_an_old_ledger_is_put_back(tmp_path: Path, new_ledger: Path) -> None:
    """Backed up while it runs, the daemon posts on; its ledger is lost, the old one restored, and nothing is posted
    twice: where the platform lists posts they are found, where it does not they are held. What is new goes out, and
    what really was not out goes when a person says so."""
    async with Stage(tmp_path) as stage:
        lay_ledger(new_ledger, stage)
        articles = [stage.publication.publish_next()]
        async with Program(stage, "run", "--log-json", **BUSY) as program:
            await program.heard(lambda events: _sent(events) == 3)
            code, out, _ = await told(stage, "backup", "backup.db")
            assert (0, True) == (code, out.startswith("The ledger was copied to backup.db"))
            for count in (2, 3):
                articles.append(stage.publication.publish_next())
                await program.heard(lambda events, count=count: _sent(events) == 3 * count)  # type: ignore[misc] # a default
            assert 0 == await program.stopped()
        code, out, _ = await told(stage, "restore", "backup.db")
        assert (0, True) == (code, out.startswith("backup.db is the ledger now, marked as restored."))
        before = _seen(stage, articles)
        assert [[1] * 3] * 3 == before
        missed = (
            stage.publication.publish_next()
        )  # published before the next start: it may be out, for all that is known
        async with Program(stage, "run", "--log-json", **BUSY) as program:
            await program.heard(lambda events: _settled(events) == 9)
            late = stage.publication.publish_next()
            await program.heard(lambda events: sum(event.get("article") == late.title for event in events) >= 4)
            assert 0 == await program.stopped()
        assert before == _seen(stage, articles)
        assert [[1], [1], [1]] == _seen(stage, [late])
        await _decide_about_the_held(stage, articles[1:], missed)
        assert 0 == (await told(stage, "once"))[0]
        assert [[1] * 5] * 3 == _seen(stage, [*articles, missed, late])


async def _decide_about_the_held(stage: Stage, out: Sequence[ArticleStub], missed: ArticleStub) -> None:
    """A person looks at each channel that does not tell, and says of each post whether it is there."""
    with Told(stage) as ledger:
        held = [row for row in ledger.undecided() if row.state is State.HELD]
    silent = await _silent(stage)
    assert silent == {row.platform for row in held}
    for platform in silent:
        rows = {row.link: row.id for row in held if row.platform == platform}
        assert {article.link for article in [*out, missed]} == rows.keys()
        for article in out:
            (post,) = stage.seats[platform].posts_of(article)
            assert 0 == (await told(stage, "resolve", str(rows[article.link]), "--sent", post.url))[0]
        assert 0 == (await told(stage, "resolve", "--held", platform, "--not-sent"))[0]


async def _silent(stage: Stage) -> set[str]:
    """The platforms that do not list an account's posts."""
    found = set()
    async with doors_beside(stage.settings(), with_ledger=True) as doors:
        for channel in stage.settings().channels:
            adapter = open_adapter(channel, doors, Redactor(), owner=False)
            if not isinstance(adapter, CanList):
                found.add(channel.platform)
            await adapter.close()
    return found


def _sent(events: list[Event]) -> int:
    return sum(event["event"] == "delivery.sent" for event in events)


def _settled(events: list[Event]) -> int:
    """What was found, sent or held."""
    held = sum(int(event["count"]) for event in events if event["event"] == "deliveries.held")
    return held + sum(event["event"] in ("delivery.sent", "delivery.found") for event in events)


def _seen(stage: Stage, articles: Sequence[ArticleStub]) -> list[list[int]]:
    """For each platform, how often readers see each article."""
    return [[len(seat.posts_of(article)) for article in articles] for seat in stage.seats.values()]
