"""A small publication on loopback: feeds in four formats, article pages and pictures, with honest validators.

What it does right, it does by RFC 9110 (conditional requests); what it does wrong is scripted, as on every sandbox
server: faults of the call "read".
"""

import hashlib
import io
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import cache
from http import HTTPStatus

from aiohttp import web
from PIL import Image, ImageOps

from adapters.sandbox.feeds import ArticleStub, Front, atom, json_feed, page, rdf, rss
from adapters.sandbox.headlines import HEADLINES
from adapters.sandbox.server import Answer, PublicPost, SandboxServer

FEEDS = {
    "/feed.xml": (rss, "application/rss+xml; charset=utf-8"),
    "/atom.xml": (atom, "application/atom+xml; charset=utf-8"),
    "/rdf.xml": (rdf, "application/rdf+xml; charset=utf-8"),
    "/feed.json": (json_feed, "application/feed+json"),
}


class Publication(SandboxServer):
    """The Sandbox Herald. Start it before publishing: articles are known by its address.

    `newest` is how many articles a feed holds; `link_base` replaces the server's own address in the articles' links.
    """

    platform = "publication"

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.time,
        title: str = "The Sandbox Herald",
        language: str = "en",
        newest: int = 20,
        link_base: str | None = None,
    ) -> None:
        super().__init__(now=now)
        self.title = title
        self.language = language
        self.newest = newest
        self.link_base = link_base
        self.etags = True
        self.link = ""
        """The header Link, where there is one: a hub, such as `<https://hub.example/>; rel="hub"`."""
        self.last_modified = True
        """Whether answers carry the two validators."""
        self.max_age: int | None = None
        """Seconds in Cache-Control, if any."""
        self.paged = False
        """Whether a feed names a next page with the articles before its own (RDF has no word for that)."""
        self.unchanged = 0
        """How many requests were answered 304."""
        self._articles: list[ArticleStub] = []
        self._pages: dict[str, str] = {}
        self._changed_at = self._time()
        self._brought_out = 0
        for path in FEEDS:
            self.route("GET", path, "read", self._feed)
        self.route("GET", "/articles/{slug}", "read", self._page)
        self.route("GET", "/pictures/{number:[0-9]+}.jpg", "read", self._picture)

    # ── the editors ───────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def articles(self) -> tuple[ArticleStub, ...]:
        """In the order of the feeds: newest first, unless they were reordered."""
        return tuple(self._articles)

    def publish(
        self,
        title: str,
        summary: str = "",
        *,
        picture: bool = False,
        alt: str = "",
        published_at: datetime | None = None,
        guid: str | None = None,
        slug: str | None = None,
        language: str | None = None,
    ) -> ArticleStub:
        """Bring out an article. A guid or slug that is not given is made from the number of articles so far."""
        if not self.port:
            raise RuntimeError("start the publication first: an article's link is made of its address")
        number = len(self._pages) + 1
        slug = slug or f"{number}"
        article = ArticleStub(
            guid=guid or f"urn:x-herald:article:{number}",
            link=f"{self.link_base or self.url}/articles/{slug}",
            title=title,
            summary=summary,
            published_at=published_at or self._time(),
            updated_at=self._time(),
            language=language,
            picture=f"{self.url}/pictures/{number}.jpg" if picture else None,
            picture_size=len(draw(number)) if picture else 0,
            alt=alt,
        )
        self._pages[slug] = article.guid
        self._articles.insert(0, article)
        self._changed_at = self._time()
        return article

    def publish_next(self) -> ArticleStub:
        """Bring out the next of the built-in articles; when all are out, they come round again, numbered."""
        turn, number = divmod(self._brought_out, len(HEADLINES))
        headline = HEADLINES[number]
        article = self.publish(
            f"{headline.title} ({turn + 1})" if turn else headline.title,
            headline.summary,
            picture=headline.alt is not None,
            alt=headline.alt or "",
            slug=f"{headline.slug}-{turn + 1}" if turn else headline.slug,
            language=headline.language,
        )
        self._brought_out += 1
        return article

    def edit(self, guid: str, *, title: str | None = None, summary: str | None = None) -> ArticleStub:
        """Change an article's words; its guid, link and date stay."""
        place, old = self._get(guid)
        new = replace(
            old,
            title=old.title if title is None else title,
            summary=old.summary if summary is None else summary,
            updated_at=self._time(),
        )
        self._articles[place] = new
        self._changed_at = self._time()
        return new

    def remove(self, guid: str) -> None:
        """Take an article out of the feeds; its page is gone."""
        del self._articles[self._get(guid)[0]]
        self._changed_at = self._time()

    def reorder(self) -> None:
        """Turn the feeds' order round: the same articles, the oldest first or last."""
        self._articles.reverse()
        self._changed_at = self._time()

    def count(self, path: str) -> int:
        """How many requests for `path` have arrived."""
        return sum(1 for _, asked in self.requests if asked == path)

    # ── the readers ───────────────────────────────────────────────────────────────────────────────────────────────

    def public(self, place: str | None = None) -> list[PublicPost]:
        """The articles themselves, in order of appearance."""
        return [
            PublicPost(
                platform=self.platform,
                place=self.title,
                id=article.guid,
                text=article.title,
                links=(article.link,),
                at=article.published_at.timestamp(),
                url=article.link,
                language=article.language,
            )
            for article in sorted(self._articles, key=lambda article: article.published_at)
            if place in (None, self.title)
        ]

    def told_to_wait(self, seconds: float) -> Answer:
        """Retry-After in whole seconds (RFC 9110 §10.2.3)."""
        answer = self.error(429)
        return replace(answer, headers={**answer.headers, "Retry-After": str(round(seconds))})

    def error(self, status: int) -> Answer:
        """A web server's own page."""
        reason = f"{status} {HTTPStatus(status).phrase}"
        body = f"<!doctype html><title>{reason}</title><h1>{reason}</h1>".encode()
        return Answer(body, status, {"Content-Type": "text/html; charset=utf-8"})

    async def _feed(self, request: web.Request) -> Answer:
        write, kind = FEEDS[request.path]
        number = int(request.query.get("page", "1")) if self.paged else 1
        end = number * self.newest
        older = f"{self.url}{request.path}?page={number + 1}" if self.paged and end < len(self._articles) else None
        front = Front(self.title, self.url, self.language, self._changed_at, older)
        shown = self._articles[end - self.newest : end]
        return self._conditional(request, write(front, shown), kind, self._changed_at)

    async def _page(self, request: web.Request) -> Answer:
        guid = self._pages.get(request.match_info["slug"])
        article = next((each for each in self._articles if each.guid == guid), None)
        if article is None:
            return self.error(404)
        front = Front(self.title, self.url, self.language, self._changed_at)
        return self._conditional(request, page(front, article), "text/html; charset=utf-8", article.updated_at)

    async def _picture(self, request: web.Request) -> Answer:
        url = f"{self.url}{request.path}"
        article = next((each for each in self._articles if each.picture == url), None)
        if article is None:
            return self.error(404)
        data = draw(int(request.match_info["number"]))
        return self._conditional(request, data, "image/jpeg", article.published_at)

    def _conditional(self, request: web.Request, body: bytes, kind: str, changed_at: datetime) -> Answer:
        headers = {"Content-Type": kind}
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        if self.link:
            headers["Link"] = self.link
        if self.etags:
            headers["ETag"] = etag
        if self.last_modified:
            headers["Last-Modified"] = format_datetime(changed_at, usegmt=True)
        if self.max_age is not None:
            headers["Cache-Control"] = f"max-age={self.max_age}"
        if self._is_known(request, etag, changed_at):
            self.unchanged += 1
            return Answer(b"", 304, headers)
        return Answer(body, 200, headers)

    def _is_known(self, request: web.Request, etag: str, changed_at: datetime) -> bool:
        # RFC 9110 §13.2.2: where there is an If-None-Match, If-Modified-Since is not looked at.
        matches = request.headers.getall("If-None-Match", [])
        if matches:
            known = [tag.strip() for tag in ",".join(matches).split(",")]
            return self.etags and ("*" in known or etag in [tag.removeprefix("W/") for tag in known])
        since = request.headers.get("If-Modified-Since")
        if since is None or not self.last_modified:
            return False
        try:
            return changed_at.replace(microsecond=0) <= parsedate_to_datetime(since).replace(tzinfo=UTC)
        except ValueError:
            return False  # §13.1.3: a date that is none is ignored

    @staticmethod
    def _response(answer: Answer) -> web.Response:
        return web.Response(body=answer.body, status=answer.status, headers=answer.headers)

    def _get(self, guid: str) -> tuple[int, ArticleStub]:
        for place, article in enumerate(self._articles):
            if article.guid == guid:
                return place, article
        raise KeyError(guid)

    def _time(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)


@cache
def draw(number: int) -> bytes:
    """Picture `number`: a JPEG of 1200 × 630 in colours of its own."""
    hue = number * 67 % 360
    shades = Image.linear_gradient("L").rotate(number * 30 % 180).resize((1200, 630))
    sky = ImageOps.colorize(shades, f"hsl({hue}, 70%, 20%)", f"hsl({(hue + 60) % 360}, 80%, 80%)")
    data = io.BytesIO()
    sky.save(data, "JPEG", quality=85)
    return data.getvalue()
