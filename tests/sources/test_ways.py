"""How sources are reached: one connection a site at a time, by a proxy, with certificates of one's own, by IPv6."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp import web

from bot.doors import FetchFailed
from bot.sources.fetch import AiohttpWeb
from tests.sources.wild import AGENT, NOW, Site
from tests.trouble.tls import Authority, in_front_of

LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]


@asynccontextmanager
async def proxy(answer: bytes) -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy that answers everything alike; its address, and the first lines of what it was asked."""
    asked: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.decode().split("\r\n", 1)[0])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(answer), answer))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        server.close()


async def test_a_proxy_of_the_settings_resolves_names(site: Site) -> None:
    """A host that this machine cannot resolve is fetched through the proxy, which alone is connected to."""
    async with proxy(b"through") as (address, asked):
        door = AiohttpWeb(AGENT, now=lambda: NOW, proxy=address)
        got = await door.get("http://news.example/feed")
        await door.close()
    assert b"through" == got.body
    assert ["GET http://news.example/feed HTTP/1.1"] == asked
    assert [] == site.requests


async def test_a_proxy_is_not_asked_for_what_is_not_public() -> None:
    """An address that is written as a number is vetted here: the proxy may stand inside the network."""
    async with proxy(b"secret") as (address, asked):
        door = AiohttpWeb(AGENT, now=lambda: NOW, proxy=address)
        with pytest.raises(FetchFailed, match="not public"):
            await door.get("http://10.0.0.1/")
        await door.close()
    assert [] == asked


async def test_a_proxy_that_is_away_is_named() -> None:
    """What is to be mended is the proxy, and the sentence says so."""
    door = AiohttpWeb(AGENT, now=lambda: NOW, proxy="http://127.0.0.1:9")
    with pytest.raises(FetchFailed, match="proxy") as caught:
        await door.get("http://news.example/feed")
    await door.close()
    assert "HANDBILL_FETCH__PROXY" in caught.value.mend


async def test_an_authority_of_ones_own_is_trusted(site: Site, tmp_path: Path) -> None:
    """With its certificate in a file the site is read; without, its certificate is refused."""
    authority, context = Authority(tmp_path), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.give(context, valid_for=timedelta(days=1))
    site.page("/feed", b"inside")
    async with in_front_of(site.port, context) as address:
        trusting = AiohttpWeb(AGENT, now=lambda: NOW, allow_networks=LOOPBACK, ca_file=authority.file)
        wary = AiohttpWeb(AGENT, now=lambda: NOW, allow_networks=LOOPBACK)
        assert b"inside" == (await trusting.get(f"{address}/feed")).body
        with pytest.raises(FetchFailed, match="certificate"):
            await wary.get(f"{address}/feed")
        await trusting.close()
        await wary.close()


async def test_a_site_has_one_connection_of_ours_at_a_time(the_web: AiohttpWeb, site: Site) -> None:
    """Ten sources on one host are asked one after the other; another host does not wait for them."""
    busy, most, release = 0, 0, asyncio.Event()

    async def slow(_: web.Request) -> web.StreamResponse:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await release.wait()
        busy -= 1
        return web.Response(body=b"x")

    url = site.handle("/slow", slow)
    site.page("/other", b"at once")
    waiting = [asyncio.create_task(the_web.get(f"{url}?{number}")) for number in range(10)]
    other = await the_web.get(site.url("/other", host="127.0.0.2"))
    release.set()
    await asyncio.gather(*waiting)
    assert (b"at once", 1) == (other.body, most)


async def test_a_fetch_that_waits_for_its_turn_has_its_whole_time(site: Site) -> None:
    """Behind one that hangs until its end, the next still gets its answer."""
    door = AiohttpWeb(AGENT, now=lambda: NOW, allow_networks=LOOPBACK, total_for=0.5)

    async def hangs(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    site.handle("/hangs", hangs)
    first = asyncio.create_task(door.get(site.url("/hangs")))
    second = asyncio.create_task(door.get(site.page("/quick", b"x")))
    with pytest.raises(FetchFailed, match="no whole answer"):
        await first
    assert b"x" == (await second).body
    await door.close()


async def test_a_host_that_has_only_ipv6_is_reached() -> None:
    """An address of the sixth version is connected to like any other."""
    runner = web.AppRunner(_app(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "::1", 0).start()
    except OSError:
        pytest.fail("this machine has no IPv6 on loopback, which this proof needs")
    door = AiohttpWeb(AGENT, now=lambda: NOW, allow_networks=LOOPBACK)
    got = await door.get(f"http://[::1]:{runner.addresses[0][1]}/feed")
    await door.close()
    await runner.cleanup()
    assert b"six" == got.body


def _app() -> web.Application:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"six")

    app = web.Application()
    app.router.add_get("/feed", answer)
    return app
