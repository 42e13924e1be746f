"""Two pages to look at: what `handbill preview --html` makes of a publication, and everything that a page can show."""

import json
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from adapters.post import Card, Draft, Mark, Media, Picture
from adapters.sandbox.headlines import HEADLINES
from adapters.sandbox.publication import Publication
from adapters.sandbox.server import Answer
from bot.ledger.recorded import Recorded
from bot.ledger.reports import DeliveryRow
from bot.model import Article, State
from bot.previewed import Preview
from bot.skin import Skin
from tests.cli.running import Handbill
from tests.real.screens.drawings import DRAWN, bridge, jpeg
from tests.stage import HOME

AT = datetime(2026, 11, 27, 17, 45, tzinfo=UTC)
SLUGS = ("the-long-read", "library-arabic", "strassenbahn", "lighthouse", "bridge-opens")
"""The articles that are looked at, the newest last."""
CATEGORIES = {
    "bridge-opens": ["local news", "Traffic"],
    "lighthouse": ["Sea"],
    "strassenbahn": ["Nahverkehr"],
    "library-arabic": ["مكتبات المدينة"],
}
"""Slug → what the article is filed under."""


class Illustrated(Publication):
    """The publication, with pictures that show what its articles are about, and with their categories."""

    async def _feed(self, request: web.Request) -> Answer:
        answer = await super()._feed(request)
        document = json.loads(answer.body)
        for item in document["items"]:
            item["tags"] = CATEGORIES.get(item["url"].rpartition("/")[2], [])
        return Answer(json.dumps(document).encode(), 200, {"Content-Type": answer.headers["Content-Type"]})

    async def _picture(self, request: web.Request) -> Answer:
        url = f"{self.url}{request.path}"
        slug = next((each.link.rpartition("/")[2] for each in self.articles if each.picture == url), "")
        return Answer(jpeg(DRAWN[slug]()), 200, {"Content-Type": "image/jpeg"}) if slug in DRAWN else self.error(404)


async def page_of_the_publication(newest: int) -> str:
    """The page that the command makes of the newest articles, before there is any account."""
    publication = Illustrated(link_base=HOME)
    await publication.start()
    try:
        for headline in sorted(
            (each for each in HEADLINES if each.slug in SLUGS), key=lambda each: SLUGS.index(each.slug)
        ):
            publication.publish(
                headline.title,
                headline.summary,
                picture=headline.slug in DRAWN,
                alt=headline.alt or "",
                slug=headline.slug,
                language=headline.language,
            )
        handbill = Handbill({"HANDBILL_FETCH__ALLOW_NETWORKS": "127.0.0.0/8", "HANDBILL_ENRICH": "false"})
        feed = f"{publication.url}/feed.json"
        answer = await handbill.beside("preview", feed, "--newest", str(newest), "--html", "-")
    finally:
        await publication.stop()
    assert 0 == answer.code, answer.err
    return answer.out


def page_of_everything() -> str:
    """A page with whatever a preview can show: folded warnings, labels, photos, sent and refused posts, long words."""
    data = jpeg(bridge())
    picture = Picture(data, "image/jpeg", 1200, 630, "Cyclists on a bridge at dusk")
    media = (Media(data, "image/jpeg", picture.alt, 1200, 630),)
    link = f"{HOME}/articles/{'very-long-' * 12}end"
    title = "A title with Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    text = f"{title}\n\nA summary, and then\n\n{link}\n\n#CityNews #Köln"
    marks = (
        Mark("bold", 0, len(title)),
        Mark("link", text.index("https"), text.index("https") + len(link), link),
        *(Mark("tag", text.index(tag), text.index(tag) + len(tag)) for tag in ("#CityNews", "#Köln")),
    )
    card = Card(link, title, "A summary, and then", picture=True)
    article = Article(1, "k", title, "A summary, and then", link, AT, language="de")

    def post(platform: str, body: dict[str, Any], state: State | None = None, **more: Any) -> Preview:
        told = {name: more.pop(name) for name in ("content_warning", "details", "media", "card") if name in more}
        draft = Draft(text, 212, 300, "graphemes", {"text": text, **body}, marks=marks, warnings=WARNINGS, **told)
        recorded = Recorded(_row(state), draft.body) if state else None
        return Preview(
            article, "news", platform, AT, draft, picture=picture, platform_title=platform.title(), recorded=recorded
        )

    labels = {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "graphic-media"}]}
    details = (("visibility", "unlisted"), ("language", "de"))
    return Skin(str).page(
        [
            post("telegram", {"link_preview_options": {"url": link, "prefer_large_media": True}}, card=card),
            post("telegram", {"link_preview_options": {"url": link, "show_above_text": True}}, State.SENT, card=card),
            post("telegram", {"method": "sendPhoto", "disable_notification": True}, media=media),
            post("mastodon", {"visibility": "unlisted"}, content_warning="Traffic, with pictures", details=details),
            post(
                "mastodon", {"visibility": "private", "sensitive": True}, State.UNCERTAIN, media=media, details=details
            ),
            post("mastodon", {"visibility": "public"}, media=media),
            post("bluesky", {"labels": labels}, card=card, media=media),
            post("bluesky", {}, State.PENDING, card=card),
            post("paper", {}),
            Preview(article, "news", "bluesky", AT, None, f"the link {link!r} is not taken", platform_title="Bluesky"),
        ],
        AT,
    )


WARNINGS = ("the summary was shortened to fit", "no picture: the page has none", "the article has no language")


def _row(state: State) -> DeliveryRow:
    return DeliveryRow(*(7, 1, "Title", HOME, "news", "telegram", state, None, f"{HOME}/posts/7", 1, None, AT, AT))
