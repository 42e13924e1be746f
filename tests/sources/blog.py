"""A small WordPress: its REST interface for posts, after the public documentation, served by a `Site` or in memory."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from bot.doors import Fetched, FetchFailed
from tests.sources.wild import Site

T = TypeVar("T")

ROUTE = "/wp-json/wp/v2/posts"
HOME = "https://herald.example"


async def inline(work: Callable[[], T]) -> T:
    """Work at once, as in simulation."""
    return work()


@dataclass(frozen=True)
class BlogPost:
    """A post as its authors know it."""

    number: int
    at: datetime
    title: str
    modified_at: datetime
    appears_at: datetime
    more: Mapping[str, Any] = field(default_factory=dict)
    """What its JSON has besides, or instead."""

    @property
    def guid(self) -> str:
        """As it stands in the feed."""
        return f"{HOME}/?post_type=news&p={self.number}"


class Blog:
    """A WordPress whose own clock is `offset` away from UTC; it compares `after` and `before` with its local time."""

    def __init__(self, *, offset: timedelta = timedelta(hours=-5), etags: bool = False) -> None:
        self.offset = offset
        self.etags = etags
        self.now = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
        self.posts: list[BlogPost] = []
        self.asked: list[dict[str, str]] = []
        self.closed: tuple[int, str] | None = None
        """(status, body) of every answer, if any."""
        self.plain = False
        """Whether only `?rest_route=` works."""
        self._made = 0

    def publish(self, title: str = "", *, at: datetime | None = None, late: float = 0.0, **more: Any) -> str:
        """Bring out a post, dated `at` or now, which appears so many seconds late; its guid."""
        self._made += 1
        at = at or self.now
        post = BlogPost(
            self._made, at, title or f"Post {self._made}", self.now, self.now + timedelta(seconds=late), more
        )
        self.posts.append(post)
        return post.guid

    def edit(self, guid: str, title: str) -> None:
        """Change a title now."""
        self.posts = [
            replace(post, title=title, modified_at=self.now) if post.guid == guid else post for post in self.posts
        ]

    def delete(self, guid: str) -> None:
        """Take a post away."""
        self.posts = [post for post in self.posts if post.guid != guid]

    def on(self, site: Site, path: str = ROUTE) -> str:
        """Serve it there; the address of the site."""

        async def answer(request: web.Request) -> web.StreamResponse:
            status, body = self.answer(dict(request.query))
            tag = f'"{hash(body)}"'
            headers = {"ETag": tag} if self.etags else {}
            if self.etags and request.headers.get("If-None-Match") == tag:
                return web.Response(status=304, headers=headers)
            kind = "text/html" if body.startswith("<") else "application/json"
            return web.Response(text=body, status=status, content_type=kind, headers=headers)

        site.handle("/" if self.plain else path, answer)
        return site.url("/")

    def answer(self, query: Mapping[str, str]) -> tuple[int, str]:
        """Status and body."""
        self.asked.append(dict(query))
        if self.closed:
            return self.closed
        if self.plain and query.get("rest_route") != "/wp/v2/posts":
            return 200, "<!doctype html><title>Home</title>"
        size, number = int(query.get("per_page", "10")), int(query.get("page", "1"))
        found = [post for post in self.posts if post.appears_at <= self.now and self._within(post, query)]
        found.sort(key=lambda post: (self._local(self._ordered(post, query)), post.number))
        if query.get("order", "desc") == "desc":
            found.reverse()
        pages = -(-len(found) // size)
        if number > max(pages, 1):
            return 400, json.dumps({"code": "rest_post_invalid_page_number", "message": "No.", "data": {"status": 400}})
        shown = found[(number - 1) * size : number * size]
        return 200, json.dumps([self._json(post, query) for post in shown])

    def _ordered(self, post: BlogPost, query: Mapping[str, str]) -> datetime:
        return post.modified_at if query.get("orderby") == "modified" else post.at

    def _local(self, at: datetime) -> datetime:
        return (at + self.offset).replace(tzinfo=None)

    def _within(self, post: BlogPost, query: Mapping[str, str]) -> bool:
        local, modified = self._local(post.at), self._local(post.modified_at)
        for name, keeps in (("after", local.__gt__), ("before", local.__lt__), ("modified_after", modified.__gt__)):
            if stated := query.get(name):
                at = datetime.fromisoformat(stated)
                if not keeps(self._local(at.astimezone(UTC)) if at.tzinfo else at):
                    return False
        return "categories" not in query or query["categories"] == str(post.more.get("category", "1"))

    def _json(self, post: BlogPost, query: Mapping[str, str]) -> dict[str, Any]:
        def stamp(at: datetime) -> str:
            return at.strftime("%Y-%m-%dT%H:%M:%S")

        shown = {
            "id": post.number,
            "date": stamp(self._local(post.at)),
            "date_gmt": stamp(post.at),
            "guid": {"rendered": escape(post.guid).replace("&amp;", "&#038;")},
            "modified_gmt": stamp(post.modified_at),
            "link": f"{HOME}/{post.number}/",
            "title": {"rendered": escape(post.title)},
            "excerpt": {"rendered": "<p>What there is to say.</p>\n", "protected": False},
            "content": {"rendered": "<p>A very long story.</p>", "protected": False},
            "_links": {},
            **post.more,
        }
        if "_embed" not in query:
            shown.pop("_embedded", None)
        fields = query.get("_fields")
        return {name: value for name, value in shown.items() if fields is None or name in fields.split(",")}


class BlogDoor:
    """The door to the web, with nothing behind it but one WordPress, in memory."""

    def __init__(self, blog: Blog) -> None:
        self.blog = blog

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,  # WordPress has none by itself
        last_modified: str | None = None,
        accept: str = "*/*",
        max_bytes: int = 10 * 2**20,
    ) -> Fetched:
        """What the blog says."""
        status, body = self.blog.answer(dict(parse_qsl(urlsplit(url).query)))
        if status != 200:
            raise FetchFailed(f"It answers with status {status}.", status=status)
        return Fetched(url, changed=True, body=body.encode(), content_type="application/json")
