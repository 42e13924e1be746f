"""The sandbox publication as feed parsers and a bare HTTP client meet it."""

import html
import io
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from email.utils import format_datetime

import aiohttp
import feedparser  # type: ignore[import-untyped]
import pytest
from multidict import CIMultiDictProxy
from PIL import Image
from selectolax.lexbor import LexborHTMLParser

from adapters.sandbox.faults import Fault
from adapters.sandbox.headlines import HEADLINES
from adapters.sandbox.publication import FEEDS, Publication

XML_FEEDS = [path for path in FEEDS if path.endswith(".xml")]


class Hands:
    """A clock that only a test moves."""

    def __init__(self) -> None:
        self.at = 1_795_413_600.25

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def hands() -> Hands:
    """The publication's time."""
    return Hands()


@pytest.fixture
async def herald(hands: Hands) -> AsyncIterator[Publication]:
    """A running publication without articles."""
    publication = Publication(now=hands)
    await publication.start()
    yield publication
    await publication.stop()


async def get(herald: Publication, path: str, **headers: str) -> tuple[int, bytes, CIMultiDictProxy[str]]:
    """Status, body and headers of an answer; a header's name is given with underscores."""
    asked = {name.replace("_", "-"): value for name, value in headers.items()}
    async with aiohttp.ClientSession() as session, session.get(f"{herald.url}{path}", headers=asked) as answer:
        return answer.status, await answer.read(), answer.headers


@pytest.mark.parametrize("path", XML_FEEDS)
async def test_every_xml_feed_tells_the_same_articles(herald: Publication, path: str) -> None:
    """Two independent parsers read all titles, links, summaries and dates out of each format, newest first."""
    articles = [herald.publish_next() for _ in HEADLINES][::-1]
    _, body, headers = await get(herald, path)
    assert FEEDS[path][1] == headers["Content-Type"]
    parsed = feedparser.parse(body, sanitize_html=False)
    assert not parsed.bozo
    assert [article.title for article in articles] == [entry["title"] for entry in parsed.entries]
    assert [article.link for article in articles] == [entry["link"] for entry in parsed.entries]
    summaries = [entry["summary"] for entry in parsed.entries]
    read = summaries if path == "/atom.xml" else [html.unescape(summary) for summary in summaries]  # RSS: it is HTML
    assert [article.summary for article in articles] == read
    told = parsed.entries[0].get("published_parsed") or parsed.entries[0]["updated_parsed"]
    assert articles[0].published_at.utctimetuple()[:6] == told[:6]


async def test_the_json_feed_tells_the_same_articles(herald: Publication) -> None:
    """JSON Feed 1.1, with id, language and picture."""
    articles = [herald.publish_next() for _ in HEADLINES][::-1]
    _, body, headers = await get(herald, "/feed.json")
    feed = json.loads(body)
    assert (headers["Content-Type"], feed["version"]) == ("application/feed+json", "https://jsonfeed.org/version/1.1")
    told = [(item["id"], item["url"], item["title"], item["language"], item.get("image")) for item in feed["items"]]
    assert [(each.guid, each.link, each.title, each.language, each.picture) for each in articles] == told


async def test_guids_are_told_by_rss_and_atom(herald: Publication) -> None:
    """An entry's id is the article's guid, whatever its link."""
    article = herald.publish("One", guid="tag:herald,2026:one")
    for path in ("/feed.xml", "/atom.xml"):
        _, body, _ = await get(herald, path)
        assert [article.guid] == [entry["id"] for entry in feedparser.parse(body).entries]


async def test_a_page_has_its_card_and_its_picture(herald: Publication) -> None:
    """og: tags, canonical link, language and a picture that can be opened."""
    herald.publish_next(), herald.publish_next()
    article = herald.publish_next()
    _, body, headers = await get(herald, "/articles/family-day")
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    tree = LexborHTMLParser(body)
    card = {tag.attributes["property"]: tag.attributes["content"] for tag in tree.css("meta[property]")}
    assert (article.title, article.summary) == (card["og:title"], card["og:description"])
    assert (article.picture, article.alt) == (card["og:image"], card["og:image:alt"])
    canonical, root = tree.css_first("link[rel=canonical]"), tree.css_first("html")
    assert canonical is not None
    assert root is not None
    assert (article.link, article.language) == (canonical.attributes["href"], root.attributes["lang"])
    _, data, headers = await get(herald, "/pictures/3.jpg")
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1200, 630))
    assert article.picture_size == len(data)
    assert headers["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize("path", [*FEEDS, "/articles/lighthouse", "/pictures/1.jpg"])
async def test_what_has_not_changed_is_not_sent_again(herald: Publication, path: str) -> None:
    """Each validator alone, sent back verbatim, earns a 304 without a body and with the validators."""
    herald.publish_next()
    _, body, headers = await get(herald, path)
    etag, modified = headers["ETag"], headers["Last-Modified"]
    for asked in (
        {"If_None_Match": etag},
        {"If_None_Match": f"W/{etag}"},
        {"If_None_Match": f'"other", {etag}'},
        {"If_None_Match": "*"},
        {"If_Modified_Since": modified},
        {"If_None_Match": etag, "If_Modified_Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    ):
        status, nothing, told = await get(herald, path, **asked)
        assert (304, b"", etag, modified) == (status, nothing, told["ETag"], told["Last-Modified"])
    for asked in (
        {"If_None_Match": '"other"', "If_Modified_Since": modified},
        {"If_Modified_Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"If_Modified_Since": "yesterday"},
    ):
        assert (200, body) == (await get(herald, path, **asked))[:2]
    assert (herald.unchanged, herald.count(path)) == (6, 10)


async def test_every_change_changes_the_validators(herald: Publication, hands: Hands) -> None:
    """A new article, an edit, another order, a removal and another length each make the feed a new one."""
    herald.publish("One", "first")
    two = herald.publish("Two", "second")
    changes: list[Callable[[], object]] = [
        lambda: herald.publish("Three"),
        lambda: herald.edit(two.guid, title="Two, corrected"),
        herald.reorder,
        lambda: herald.remove(two.guid),
    ]
    etag, titles = "", []
    for change in changes:
        hands.at += 60
        change()
        status, body, headers = await get(herald, "/feed.xml", If_None_Match=etag or '"none"')
        assert (200, format_datetime(datetime.fromtimestamp(int(hands.at), UTC), usegmt=True)) == (
            status,
            headers["Last-Modified"],
        )
        etag = headers["ETag"]
        titles.append([entry["title"] for entry in feedparser.parse(body).entries])
    assert titles == [
        ["Three", "Two", "One"],
        ["Three", "Two, corrected", "One"],
        ["One", "Two, corrected", "Three"],
        ["One", "Three"],
    ]
    herald.newest = 1
    assert (await get(herald, "/feed.xml", If_None_Match=etag))[0] == 200
    assert (await get(herald, "/articles/2"))[0] == 404
    with pytest.raises(KeyError):
        herald.edit(two.guid, title="gone")


async def test_an_edit_keeps_what_an_article_is_known_by(herald: Publication, hands: Hands) -> None:
    """Guid, link and date stay when the words change."""
    old = herald.publish_next()
    hands.at += 60
    new = herald.edit(old.guid, title="Another title", summary="Another summary")
    assert (old.guid, old.link, old.published_at) == (new.guid, new.link, new.published_at)
    assert new.updated_at > old.updated_at


async def test_validators_and_freshness_can_be_left_out(herald: Publication) -> None:
    """A publication without validators never says 304; max-age is told when it is set."""
    herald.etags = herald.last_modified = False
    herald.max_age = 900
    asked = {"If_None_Match": "*", "If_Modified_Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    status, _, headers = await get(herald, "/feed.xml", **asked)
    assert (status, headers["Cache-Control"]) == (200, "max-age=900")
    assert not {"ETag", "Last-Modified"} & set(headers)


async def test_the_built_in_articles_come_in_order_and_come_round(herald: Publication) -> None:
    """All are different, they try out what trips up software, and after the last the first comes again, numbered."""
    articles = [herald.publish_next() for _ in range(len(HEADLINES) + 1)]
    assert len(articles) == len({article.link for article in articles}) == len({each.guid for each in articles})
    assert articles[-1].title == f"{articles[0].title} (2)"
    words = "".join(article.title + article.summary for article in articles)
    assert all(piece in words for piece in ("👨‍👩‍👧‍👦", "&", "<", "“", "«", "桜", "مكتبة", "नदी"))
    assert max(len(article.summary) for article in articles) > 600
    assert len(herald.public()) == len(articles)


async def test_links_can_be_of_another_place(hands: Hands) -> None:
    """With `link_base` the links look like a real publication's, while the pages stay here."""
    herald = Publication(now=hands, link_base="https://herald.example.org")
    with pytest.raises(RuntimeError, match="start the publication first"):
        herald.publish_next()
    await herald.start()
    assert herald.publish_next().link == "https://herald.example.org/articles/lighthouse"
    assert (await get(herald, "/articles/lighthouse"))[0] == 200
    await herald.stop()


async def test_scripted_faults_strike_the_feed(herald: Publication) -> None:
    """An error, a wait, a cut line and garbage come as scripted, and then the feed is well again."""
    herald.publish_next()
    herald.faults.add(
        *(Fault.parse(fault) for fault in ("error=503@read", "wait=30@read", "cut@read*2", "garbage@read"))
    )
    assert (await get(herald, "/feed.xml"))[0] == 503
    status, _, headers = await get(herald, "/feed.xml")
    assert (status, headers["Retry-After"]) == (429, "30")
    with pytest.raises(aiohttp.ClientError):
        await get(herald, "/feed.xml")  # aiohttp asks a second time by itself when the line of a GET is cut
    assert b"Welcome to nginx!" in (await get(herald, "/feed.xml"))[1]
    assert b"<rss" in (await get(herald, "/feed.xml"))[1]
    assert herald.count("/feed.xml") == 6
