"""What both servers are asked, each as one scene that ends in a value to compare.

A scene has keys and texts of its own, so that scenes can follow one another on one server.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import aiohttp

from adapters.sandbox.mastodon_text import Reading
from adapters.sandbox.publication import draw

LINK = "https://news.example.com/2026/11/an-article?a=1&b=2"


class Asker:
    """A bare client of the account @news."""

    def __init__(self, url: str, token: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._token = token
        self._session = session

    async def ask(self, method: str, path: str, *, token: str = "", key: str = "", **named: Any) -> tuple[int, Any]:
        """Status and body of an answer; the body is None where it is no JSON."""
        headers = {"Authorization": f"Bearer {token or self._token}"}
        if key:
            headers["Idempotency-Key"] = key
        async with self._session.request(method, f"{self.url}{path}", headers=headers, **named) as answer:
            self.headers = answer.headers
            try:
                return answer.status, await answer.json(content_type=None)
            except ValueError:
                return answer.status, None

    async def post(self, text: str, *, key: str = "", **more: str) -> tuple[int, Any]:
        """Post a status, as a form."""
        return await self.ask("POST", "/api/v1/statuses", data={"status": text, **more}, key=key)

    async def upload(self) -> tuple[int, Any]:
        """Upload a picture with a description."""
        form = aiohttp.FormData()
        form.add_field("file", draw(1), filename="picture.jpg", content_type="image/jpeg")
        form.add_field("description", "A lighthouse at dusk")
        return await self.ask("POST", "/api/v2/media", data=form)

    async def mine(self, **query: Any) -> list[str]:
        """The ids of the account's statuses, as listed."""
        _, me = await self.ask("GET", "/api/v1/accounts/verify_credentials")
        _, listed = await self.ask("GET", f"/api/v1/accounts/{me['id']}/statuses", params=query)
        return [each["id"] for each in listed]


Question = Callable[[Asker], Awaitable[object]]


def _error(answer: tuple[int, Any]) -> tuple[int, object]:
    status, body = answer
    return status, body.get("error") if isinstance(body, Mapping) else body


async def the_account(asker: Asker) -> object:
    """verify_credentials tells the names; ids are strings."""
    status, me = await asker.ask("GET", "/api/v1/accounts/verify_credentials")
    return status, me["username"], me["acct"], type(me["id"]).__name__


async def the_instance(asker: Asker) -> object:
    """The limits that a client reads."""
    status, instance = await asker.ask("GET", "/api/v2/instance")
    statuses, media = (instance["configuration"][name] for name in ("statuses", "media_attachments"))
    names = ("max_characters", "max_media_attachments", "characters_reserved_per_url")
    return status, *(statuses.get(name) for name in names), media.get("description_limit")


async def the_application(asker: Asker) -> object:
    """The token's own application has a name, which is the one that posts show their author."""
    status, application = await asker.ask("GET", "/api/v1/apps/verify_credentials")
    if status != 200:
        return status
    _, posted = await asker.post("which application?")
    shown = posted["application"]
    return status, bool(shown) and shown["name"] == application["name"]


async def a_wrong_token(asker: Asker) -> object:
    """The words for it."""
    return _error(await asker.ask("POST", "/api/v1/statuses", token="nonsense", data={"status": "hello"}))


async def a_post(asker: Asker) -> object:
    """What becomes of a text with a link."""
    status, post = await asker.post(f"A title & <more>\n\n{LINK}", language="de", visibility="unlisted")
    reading = Reading(post["content"])
    at = datetime.fromisoformat(post["created_at"])
    return status, reading.text, reading.links, post["language"], post["visibility"], at.tzinfo is not None


async def a_repeat(asker: Asker) -> object:
    """The same key with another text gives the first status."""
    (first_status, first), (second_status, second) = [
        await asker.post(text, key="repeat") for text in ("the first", "the second")
    ]
    return first_status, second_status, first["id"] == second["id"], first["content"] == second["content"]


async def two_at_once(asker: Asker) -> object:
    """The same key twice in the same moment makes one status."""
    answers = await asyncio.gather(*(asker.post("at once", key="at once") for _ in range(2)))
    return [status for status, _ in answers], len({post["id"] for _, post in answers})


async def a_repeat_of_a_refusal(asker: Asker) -> object:
    """A refused text does not use up its key."""
    refused, _ = await asker.post("x" * 501, key="refused")
    return refused, (await asker.post("short", key="refused"))[0]


async def a_repeat_after_deletion(asker: Asker) -> object:
    """A key whose status was deleted."""
    _, post = await asker.post("to be deleted", key="deleted")
    deleted, _ = await asker.ask("DELETE", f"/api/v1/statuses/{post['id']}")
    status, body = await asker.post("to be deleted", key="deleted")
    return deleted, status, body and body.get("error")


async def too_long(asker: Asker) -> object:
    """One character too many."""
    return _error(await asker.post("x" * 501))


async def just_short_enough(asker: Asker) -> object:
    """A link counts 23, however long it is."""
    return (await asker.post("x" * 476 + " " + LINK + "c" * 200))[0]


async def empty(asker: Asker) -> object:
    """No text at all."""
    return _error(await asker.post("  "))


async def a_strange_visibility(asker: Asker) -> object:
    """A visibility that does not exist."""
    return _error(await asker.post("hello", visibility="secret"))


async def a_missing_status(asker: Asker) -> object:
    """The words for it."""
    return _error(await asker.ask("GET", "/api/v1/statuses/1"))


async def listing(asker: Asker) -> object:
    """Newest first, with exclusive edges, as many as asked for."""
    ids = [(await asker.post(f"listed {number}"))[1]["id"] for number in range(5)]
    asked = (
        {"limit": 2},
        {"limit": 2, "since_id": ids[0]},
        {"limit": 2, "min_id": ids[0]},
        {"limit": 40, "max_id": ids[3], "since_id": ids[0]},
        {"limit": 40, "since_id": ids[4]},
    )
    return [[ids.index(each) for each in await asker.mine(exclude_reblogs="true", **query)] for query in asked]


async def a_picture(asker: Asker) -> object:
    """An upload is ready at once, and goes out with its description."""
    status, media = await asker.upload()
    shown, _ = await asker.ask("GET", f"/api/v1/media/{media['id']}")
    _, post = await asker.post("with a picture", **{"media_ids[]": media["id"]})
    (attached,) = post["media_attachments"]
    return status, bool(media["url"]), shown, attached["id"] == media["id"], attached["description"]


async def a_picture_twice(asker: Asker) -> object:
    """An upload that a status has taken: asked for, and attached again."""
    _, media = await asker.upload()
    await asker.post("the first to have it", **{"media_ids[]": media["id"]})
    shown, _ = await asker.ask("GET", f"/api/v1/media/{media['id']}")
    status, body = await asker.post("the second", **{"media_ids[]": media["id"]})
    return shown, status, "not found or already attached" in str(body.get("error"))


async def an_unknown_picture(asker: Asker) -> object:
    """An upload that never was."""
    status, body = await asker.post("with what?", **{"media_ids[]": "12"})
    return status, "not found or already attached" in str(body.get("error"))


async def rate_limits(asker: Asker) -> object:
    """The headers' names and forms."""
    await asker.post("how many are left?")
    told = {name: asker.headers.get(f"X-RateLimit-{name}", "") for name in ("Limit", "Remaining", "Reset")}
    iso = "T" in told["Reset"] and datetime.fromisoformat(told["Reset"]).tzinfo is not None
    return told["Limit"].isdigit(), told["Remaining"].isdigit(), iso, "Date" in asker.headers


QUESTIONS: Mapping[str, Question] = {
    question.__name__: question
    for question in (
        *(the_account, the_instance, the_application, a_wrong_token, a_post, a_repeat, two_at_once),
        *(a_repeat_of_a_refusal, a_repeat_after_deletion, too_long, just_short_enough, empty, a_strange_visibility),
        *(a_missing_status, listing, a_picture, a_picture_twice, an_unknown_picture, rate_limits),
    )
}
