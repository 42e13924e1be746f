"""Articles that are posted to the daemon, from the request to the posts."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from bot.web.server import LIVES_FOR, MAX_BODY
from tests.inside import Told
from tests.leaping import run
from tests.stage import HOME
from tests.web.desk import desk, json_of


def article(slug: str, **more: object) -> dict[str, object]:
    """An article of the publication, in our own shape."""
    return {"url": f"{HOME}/{slug}", "title": f"About {slug}", **more}


def test_one_request_becomes_one_post_everywhere(tmp_path: Path, new_ledger: Path) -> None:
    """The very first request already is posted, on each platform once; sent again, it is known and does nothing."""

    async def life() -> None:
        async with desk(tmp_path, new_ledger, platforms=("telegram", "mastodon", "bluesky")) as here:
            sent = article("trees", id="7", summary="What there is to say.")
            status, said = await here.post(sent)
            assert (202, "new") == (status, said["articles"][0]["state"])
            once_each = {"telegram": 1, "mastodon": 1, "bluesky": 1}
            assert once_each == await here.posts(str(sent["url"]))
            for again in (sent, sent | {"title": "Corrected"}, sent | {"url": f"{HOME}/moved"}):
                assert (202, {"articles": [said["articles"][0] | {"state": "known"}]}) == await here.post(again)
            await here.post(article("woods"))
            assert once_each == await here.posts(f"{HOME}/woods")
            assert once_each == await here.posts(str(sent["url"]))
            with Told(here.stage) as ledger:
                assert ["sent"] * 6 == [str(row.state) for row in ledger.log()]

    run(life())


def test_an_article_that_the_feed_shows_too_is_one(tmp_path: Path, new_ledger: Path) -> None:
    """What was posted here first and then is seen in the feed, is known by its address."""

    async def life() -> None:
        async with desk(tmp_path, new_ledger, more={"POLL_EVERY": "1m"}) as here:
            await here.clock.sleep(90)
            stub = here.stage.publication.publish("Both ways", "Posted and polled.")
            await here.post({"url": stub.link, "title": "Both ways"})
            assert {"mastodon": 1} == await here.posts(stub.link)
            await here.clock.sleep(180)
            assert {"mastodon": 1} == await here.posts(stub.link)

    run(life())


def test_several_in_one_request(tmp_path: Path, new_ledger: Path) -> None:
    """A dozen undated articles at once are no flood, and go out in the order in which they stand; twins are one."""

    async def life() -> None:
        async with desk(tmp_path, new_ledger) as here:
            await here.post(article("before"))
            many = [article(f"part-{number:02}") for number in range(12)]
            status, said = await here.post([*many, many[0], {"post": {"current": {}, "previous": {}}}])
            ids = [each.get("id") for each in said["articles"]]
            assert (202, 12, ids[0], None) == (status, len(set(ids[:12])), ids[12], ids[13])
            await here.posts(str(many[-1]["url"]))
            links = [link for post in here.stage.seats["mastodon"].server.public() for link in post.links]
            assert [f"{HOME}/before", *(each["url"] for each in many)] == [each for each in links if HOME in each]

    run(life())


def test_the_usual_rules_count(tmp_path: Path, new_ledger: Path) -> None:
    """What is older than the operator allows is kept in, and the sender is told."""

    async def life() -> None:
        async with desk(tmp_path, new_ledger) as here:
            old = here.clock.now() - timedelta(days=30)
            _, said = await here.post(article("old", published_at=old.isoformat()))
            assert "longer ago than" in said["articles"][0]["kept_in"]
            with Told(here.stage) as ledger:
                assert ["skipped"] == [str(row.state) for row in ledger.log()]

    run(life())


def test_what_is_refused(tmp_path: Path, new_ledger: Path) -> None:
    """A wrong signature, an old one, too much and nonsense each have their answer, and leave nothing."""

    async def life() -> None:
        async with desk(tmp_path, new_ledger) as here:
            body = json.dumps(article("x")).encode()
            status, said = await here.post(None, body=body, **here.signed(body, secret="x" * 32))
            assert (401, "application/problem+json") == (status, here.answered_as)
            assert "made with the secret" in said["detail"]
            for ago in (400.0, -400.0):
                status, said = await here.post(None, body=body, **here.signed(body, ago=ago))
                assert (401, True) == (status, "clock" in said["detail"])
            status, said = await here.post(article("x", titel="?"))
            assert (400, "titel", "Not understood") == (status, said["field"], said["title"])
            status, _ = await here.post(None, body=b"x" * (MAX_BODY + 1))
            assert 413 == status
            async with here.session.get(here.url()) as response:
                assert 405 == response.status
            async with here.session.get(here.url("/")) as response:
                assert (404, None) == (response.status, response.headers.get("Server"))
                assert "application/problem+json" == response.content_type
            with Told(here.stage) as ledger:
                assert [] == ledger.log()

    run(life())


def test_health(tmp_path: Path, new_ledger: Path) -> None:
    """200 while the ledger can be read."""

    async def life() -> None:
        async with desk(tmp_path, new_ledger) as here, here.session.get(here.url("/healthz")) as response:
            assert (200, {"status": "ok"}) == (response.status, await json_of(response))

    run(life())


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /hooks/articles HTTP/1.1\r\nHost: x\r\n",
        b"POST /hooks/articles HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
    ],
    ids=["silent", "in the headers", "in the body"],
)
def test_slow_clients_are_cut(sent: bytes, tmp_path: Path, new_ledger: Path) -> None:
    """Who says nothing, or stops in the middle, does not stay."""

    async def life() -> None:
        async with desk(tmp_path, new_ledger) as here:
            reader, writer = await asyncio.open_connection("127.0.0.1", here.server.port)
            began = here.clock.monotonic()
            writer.write(sent)
            answer = await reader.read()
            assert b"" == answer or answer.startswith(b"HTTP/1.1 408")
            assert here.clock.monotonic() - began <= LIVES_FOR + 1
            writer.close()

    run(life())
