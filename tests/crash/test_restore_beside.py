"""`handbill restore` while somebody sends from the ledger: refused, with who it is, and nothing is changed."""

from pathlib import Path

import psycopg
import pytest

from adapters.sandbox.feeds import ArticleStub
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.doubts import find_restored_at
from tests.inside import lay_ledger
from tests.process import Event, Program, told
from tests.real.postgres.server import RealPostgres
from tests.stage import Stage

REFUSED = 2
BUSY = {"BACKFILL": "1", "POLL_EVERY": "1s"}


def _sent(events: list[Event]) -> int:
    return sum(event["event"] == "delivery.sent" for event in events)


def _is_marked(url: str) -> bool:
    ledger = InlineLedger(open_engine(url))
    try:
        return ledger.read_now(find_restored_at) is not None
    finally:
        ledger.close()


def _kept(folder: Path) -> list[Path]:
    return list(folder.glob("*.replaced-*"))


async def test_beside_the_daemon(tmp_path: Path, new_ledger: Path) -> None:
    """On a file: neither a backup is put in its place nor is it marked, the daemon is named, and it goes on."""
    async with Stage(tmp_path, platforms=["mastodon"]) as stage:
        lay_ledger(new_ledger, stage)
        stage.publication.publish_next()
        async with Program(stage, "run", "--log-json", **BUSY) as daemon:
            await daemon.heard(lambda events: _sent(events) == 1)
            assert 0 == (await told(stage, "backup", "copy.db"))[0]
            for arguments in (("copy.db",), ("--only-mark",)):
                code, _, err = await told(stage, "restore", *arguments)
                assert (REFUSED, True) == (code, f"handbill run (process {daemon.process.pid} on " in err)
            assert _kept(tmp_path) == []
            stage.publication.publish_next()
            await daemon.heard(lambda events: _sent(events) == 2)
            assert 0 == await daemon.stopped()
        assert not _is_marked(f"sqlite:///{stage.ledger}")


@pytest.mark.slow
async def test_beside_workers_on_a_server(tmp_path: Path, new_database: str, postgres: RealPostgres) -> None:
    """On a server an old state is put back by its own means once every worker has ended. While one is there the mark is
    refused, even if its own row is no longer in the tables; afterwards nothing that is out is posted again."""
    articles: list[ArticleStub] = []
    async with Stage(tmp_path, platforms=["mastodon"]) as stage:
        on_server = {"DATABASE_URL": new_database, **BUSY}
        articles.append(stage.publication.publish_next())
        async with Program(stage, "run", "--log-json", **on_server) as worker:
            await worker.heard(lambda events: _sent(events) == 1)
            for disguise in (False, True):
                if disguise:
                    with psycopg.connect(new_database) as conn:
                        conn.execute("DELETE FROM workers")
                code, _, err = await told(stage, "restore", "--only-mark", **on_server)
                assert (REFUSED, True) == (code, "is sending from this ledger already: end it first" in err)
                assert not _is_marked(new_database)
            assert 0 == await worker.stopped()
        with psycopg.connect(postgres.url("postgres", user="postgres"), autocommit=True) as admin:
            name = new_database.rpartition("/")[2].partition("?")[0]
            admin.execute(f'CREATE DATABASE "{name}_copy" TEMPLATE "{name}" OWNER handbill')
            articles.append(stage.publication.publish_next())
            assert 0 == (await told(stage, "once", **on_server))[0]
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            admin.execute(f'ALTER DATABASE "{name}_copy" RENAME TO "{name}"')
        code, out, _ = await told(stage, "restore", "--only-mark", **on_server)
        assert (0, True) == (code, out.startswith("The ledger is marked as restored."))
        assert 0 == (await told(stage, "once", **on_server))[0]
        articles.append(stage.publication.publish_next())
        assert 0 == (await told(stage, "once", **on_server))[0]
        assert [1, 1, 1] == [len(stage.seats["mastodon"].posts_of(article)) for article in articles]
