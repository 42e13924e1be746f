"""Certificates have expired, or names no longer resolve: said once for each host, nothing counted, and on by itself."""

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import aiohttp
import pytest
import requests
from structlog.typing import EventDict

import adapters.wire
from tests.inside import Told, core_on, lay_ledger
from tests.leaping import LoopClock, run
from tests.stage import Stage
from tests.trouble.tls import Authority, in_front_of

ADDRESSES = {
    "telegram": ("TELEGRAM__API_BASE", "/bot"),
    "mastodon": ("MASTODON__SERVER", ""),
    "bluesky": ("BLUESKY__SERVER", ""),
}
"""Platform → the setting that names its server, and what follows the address there."""
MINUTE = 60.0


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that every client of this process trusts."""
    made = Authority(tmp_path)
    context = made.trusted()
    monkeypatch.setattr(adapters.wire, "shared_tls", lambda: context)
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(made.file))
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", context)
    return made


class Expired:
    """All certificates have expired, until they are renewed."""

    of_source = r"The certificate of https://127\.0\.0\.1:.* is not valid\. The publisher has to renew it\."
    of_platform = r"its certificate is not valid \(certificate has expired\)"

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self.source, self.platforms = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
        for context in (self.source, self.platforms):
            authority.give(context, valid_for=timedelta(days=-1))

    @asynccontextmanager
    async def settings(self, stage: Stage) -> AsyncIterator[dict[str, str]]:
        """What leads to the stage through TLS."""
        async with AsyncExitStack() as stack:

            async def front(port: int, context: ssl.SSLContext) -> str:
                return await stack.enter_async_context(in_front_of(port, context))

            found = {"SOURCES": f"{await front(stage.publication.port, self.source)}{stage.feed}"}
            for name, seat in stage.seats.items():
                setting, after = ADDRESSES[name]
                found[setting] = f"{await front(seat.server.port, self.platforms)}{after}"
            yield found

    def mend(self, what: Literal["source", "platforms"]) -> None:
        """A new one is in place."""
        self._authority.give(getattr(self, what), valid_for=timedelta(days=30))


class Nameless:
    """No name resolves, until one after the other does again."""

    of_source = r"The host name of http://localhost:.* cannot be resolved\. Check the address and the network\."
    of_platform = r"its name does not resolve"

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._gone: set[int] = set()
        self._ports: dict[str, set[int]] = {}
        resolve = socket.getaddrinfo

        def ask(host: Any, port: Any, *more: Any, **named: Any) -> Any:
            if host in ("localhost", b"localhost"):
                if int(port) in self._gone:
                    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
                host = "127.0.0.1"
            return resolve(host, port, *more, **named)

        patch.setattr(socket, "getaddrinfo", ask)

    @asynccontextmanager
    async def settings(self, stage: Stage) -> AsyncIterator[dict[str, str]]:
        """What leads to the stage by name."""
        self._ports = {
            "source": {stage.publication.port},
            "platforms": {seat.server.port for seat in stage.seats.values()},
        }
        self._gone = set[int]().union(*self._ports.values())
        found = {"SOURCES": f"http://localhost:{stage.publication.port}{stage.feed}"}
        for name, seat in stage.seats.items():
            setting, after = ADDRESSES[name]
            found[setting] = f"http://localhost:{seat.server.port}{after}"
        yield found

    def mend(self, what: Literal["source", "platforms"]) -> None:
        """These resolve again."""
        self._gone -= self._ports[what]


def said(logged: list[EventDict], event: str) -> list[str]:
    """The reasons that the operator reads for an event."""
    return [line["reason"] for line in logged if line["event"] == event and line["log_level"] != "debug"]


@pytest.fixture(params=["expired", "nameless"])
def trouble(
    request: pytest.FixtureRequest, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> Expired | Nameless:
    """What is the matter with every host."""
    return Expired(authority) if request.param == "expired" else Nameless(monkeypatch)


@pytest.mark.slow
def test_one_after_the_other_is_mended(
    tmp_path: Path, new_ledger: Path, trouble: Expired | Nameless, logged: list[EventDict]
) -> None:
    """The source is out of reach, and so are the platforms: each is told once, with why, not at every look; no attempt
    is counted; first the source is back, then the platforms, and the article is out once on each."""
    run(_passing(tmp_path, new_ledger, trouble, logged))


async def _passing(folder: Path, ledger: Path, trouble: Expired | Nameless, logged: list[EventDict]) -> None:
    clock, stop = LoopClock(), asyncio.Event()
    async with Stage(folder, now=clock.seconds) as stage, trouble.settings(stage) as settings:
        lay_ledger(ledger, stage)
        article = stage.publication.publish_next()
        async with core_on(stage, clock, BACKFILL="1", **settings) as core:
            working = asyncio.create_task(core.run(stop))
            await clock.sleep(2.5 * MINUTE)
            [reason] = said(logged, "source.failed")
            assert re.fullmatch(trouble.of_source, reason)
            trouble.mend("source")
            await clock.sleep(1.5 * MINUTE)
            assert 1 == sum(line["event"] == "source.answers" for line in logged)
            reasons = said(logged, "channel.unavailable")
            assert len(stage.seats) == len(reasons)
            assert all(re.search(trouble.of_platform, each) for each in reasons)
            with Told(stage) as book:
                assert [("pending", 0, [])] * len(stage.seats) == [
                    (row.state, row.attempts, seat.posts_of(article))
                    for row, seat in zip(book.log(), stage.seats.values(), strict=True)
                ]
            trouble.mend("platforms")
            await clock.sleep(9 * MINUTE)
            stop.set()
            await working
        assert [1] * len(stage.seats) == [len(seat.posts_of(article)) for seat in stage.seats.values()]
