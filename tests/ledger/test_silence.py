"""A server that no longer answers is given up in time, and the next connection serves again."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from bot.clock import SystemClock
from bot.ledger import bell, silence
from bot.ledger.bell import listen, open_line, ring
from bot.ledger.db import InlineLedger, ThreadLedger, open_engine, session_of
from bot.ledger.silence import Silence, cut, watch
from bot.ledger.trouble import passes
from tests.ledger.engines import ON_SERVER
from tests.real.postgres.blackhole import Blackhole


@pytest.fixture
async def way(new_database: str) -> AsyncIterator[Blackhole]:
    """A way to an empty ledger."""
    async with Blackhole(new_database) as way:
        yield way


def loss_on(way: Blackhole) -> asyncio.Event:
    """From now on everything vanishes; set when something has."""
    lost = asyncio.Event()
    way.on_loss = lost.set
    way.swallow()
    return lost


async def test_a_statement_without_an_answer_is_given_up(way: Blackhole, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails as on any lost connection, which passes, and the next one works, in another session."""
    monkeypatch.setattr(silence, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(silence, "UNANSWERED_FOR", 0.05)
    engine, clock = open_engine(way.url), SystemClock()
    quiet, ledger = Silence(engine, clock.monotonic), ThreadLedger(engine)
    first = await ledger.write(session_of)
    assert 0.0 == quiet.lasts_for()
    loss_on(way)
    watching = asyncio.create_task(watch(quiet, clock))
    with pytest.raises(OperationalError) as given_up:
        await ledger.write(lambda conn: conn.exec_driver_sql("SELECT 1").scalar_one())
    watching.cancel()
    assert passes(given_up.value)
    assert 0.0 == quiet.lasts_for()
    way.mend()
    assert first < await ledger.write(session_of)
    ledger.close()


async def test_a_commit_without_an_answer_is_given_up(way: Blackhole) -> None:
    """The line goes dead between the last statement and the commit: that, too, is waited for in vain, and seen."""
    engine, clock = open_engine(way.url), SystemClock()
    quiet, ledger = Silence(engine, clock.monotonic), ThreadLedger(engine)
    lost = asyncio.Event()
    way.on_loss = lost.set

    def work(conn: Connection) -> None:
        ring(conn)
        way.swallow()

    writing = asyncio.create_task(ledger.write(work))
    await lost.wait()
    assert 0.0 < quiet.lasts_for()
    cut(quiet._line)
    with pytest.raises(OperationalError):
        await writing
    assert 0.0 == quiet.lasts_for()
    ledger.close()


@ON_SERVER
def test_what_is_answered_is_no_silence(ledger: InlineLedger) -> None:
    """After a statement, a commit and an error nothing is waited for any more."""
    now = [0.0]
    quiet = Silence(ledger.engine, lambda: now[0])
    ledger.write_now(lambda conn: conn.exec_driver_sql("SELECT 1"))
    with pytest.raises(Exception, match="division by zero"):
        ledger.write_now(lambda conn: conn.exec_driver_sql("SELECT 1/0"))
    now[0] = 100.0
    assert 0.0 == quiet.lasts_for()


async def test_a_bell_whose_line_is_dead_is_heard_again(way: Blackhole, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who only listens asks now and then whether the line stands; on a new one the bell is heard."""
    for name, seconds in (("ASK_EVERY", 0.05), ("ANSWER_WITHIN", 0.5), ("AGAIN_AFTER", 0.01)):
        monkeypatch.setattr(bell, name, seconds)
    heard: asyncio.Queue[None] = asyncio.Queue()
    listening = asyncio.create_task(listen(way.url, lambda: heard.put_nowait(None), SystemClock()))
    await heard.get()
    lost = loss_on(way)
    await lost.wait()
    way.mend()
    await heard.get()  # it listens again
    while not heard.empty():
        heard.get_nowait()
    engine = open_engine(way.url)
    ledger = ThreadLedger(engine)
    await ledger.write(ring)
    await heard.get()
    listening.cancel()
    await asyncio.wait([listening])
    ledger.close()


def _watch_of(driver: Any) -> dict[str, int]:
    with socket.socket(fileno=os.dup(driver.fileno())) as its:
        return {
            "keeps alive": its.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
            "after": its.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
            "every": its.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
            "times": its.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
            "unheard for": its.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
        }


async def test_tcp_gives_up_a_lost_host_within_30_s(new_database: str) -> None:
    """On both connections of a worker and by both sides: what is set, as the system and the server say it."""
    async with await open_line(new_database) as line:
        of_bell = _watch_of(line)
    ledger = InlineLedger(open_engine(new_database))

    def work(conn: Connection) -> tuple[dict[str, int], dict[str, str]]:
        theirs = conn.exec_driver_sql("SELECT name, setting FROM pg_settings WHERE name LIKE 'tcp_%%'").all()
        return _watch_of(conn.connection.driver_connection), {row.name: row.setting for row in theirs}

    of_ledger, of_server = ledger.read_now(work)
    ledger.close()
    assert {"keeps alive": 1, "after": 10, "every": 5, "times": 2, "unheard for": 20_000} == of_bell == of_ledger
    assert {
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "2",
        "tcp_user_timeout": "20000",
    } == of_server
