"""The page of an article: what is read of it, what is believed, and what no page can do to us."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.doors import Fetched
from bot.sources.page import NotAPage, Page, read_page

URL = "https://herald.example.org/2026/11/bridge-opens"


def read(html: str | bytes, url: str = URL, *, content_type: str = "text/html", charset: str | None = None) -> Page:
    """The page with this source."""
    body = html.encode("utf-8", "surrogatepass") if isinstance(html, str) else html
    return read_page(Fetched(url, changed=True, body=body, content_type=content_type, charset=charset))


def ld(text: str) -> str:
    """A script of JSON-LD."""
    return f'<script type="application/ld+json">{text}</script>'


FULL = f"""<!doctype html><html lang="de-AT"><head><meta charset="utf-8">
<title>Brücke öffnet – Herald</title>
<link rel="canonical" href="/2026/11/bridge-opens">
<meta property="og:title" content="Brücke &amp; Tunnel öffnen">
<meta property="og:description" content="Ab morgen rollt der Verkehr.">
<meta property="og:image" content="/bilder/bridge.jpg"><meta property="og:image:alt" content="Die Brücke bei Nacht">
<meta name="fediverse:creator" content="@Ana.Lopez@Social.Example"><meta name="author" content="Redaktion">
<meta property="article:published_time" content="2026-11-23T07:00:00+01:00">
<meta property="article:tag" content="Verkehr">
{ld('{"@type": "NewsArticle", "author": [{"@type": "Person", "name": "Ana López"}], "isAccessibleForFree": false}')}
</head><body><img src="/bilder/other.jpg" alt="Anderes"></body></html>"""


def test_everything_that_a_page_states_is_read() -> None:
    """One ordinary page with all facts gives all facts."""
    assert read(FULL) == Page(
        url=URL,
        canonical=URL,
        title="Brücke & Tunnel öffnen",
        description="Ab morgen rollt der Verkehr.",
        picture_url="https://herald.example.org/bilder/bridge.jpg",
        picture_alt="Die Brücke bei Nacht",
        language="de-AT",
        author="Ana López",
        fediverse="@Ana.Lopez@social.example",
        paywalled=True,
        noindex=False,
        published_at=datetime(2026, 11, 23, 6, tzinfo=UTC),
        tags=("Verkehr",),
        alts={
            "herald.example.org/bilder/other.jpg": "Anderes",
            "herald.example.org/bilder/bridge.jpg": "Die Brücke bei Nacht",
        },
    )


def test_a_page_that_states_nothing_is_empty() -> None:
    """Nothing is made up."""
    assert read("<p>Hello</p>") == Page(url=URL)


@pytest.mark.parametrize(
    ("url", "stated", "believed"),
    [
        (URL, URL, URL),
        (f"{URL}?utm_source=x", "/2026/11/bridge-opens", URL),
        (
            "https://m.herald.example.org/b/1",
            "https://www.herald.example.org/b/1",
            "https://www.herald.example.org/b/1",
        ),
        ("https://amp.herald.example.org/b/1", "https://herald.example.org/b/1", "https://herald.example.org/b/1"),
        (f"{URL}/amp", URL, URL),
        (f"{URL}/amp/", f"{URL}/", f"{URL}/"),
        ("http://herald.example.org/b/1", "https://herald.example.org/b/1", "https://herald.example.org/b/1"),
        ("https://herald.example.org/b/1", "https://herald.example.org/?p=123", "https://herald.example.org/?p=123"),
        ("https://herald.example.org/x?id=5", "https://herald.example.org/x", "https://herald.example.org/x"),
        (URL, "https://other.example.org/2026/11/bridge-opens", None),
        (URL, "https://herald.example.org/", None),
        (URL, "https://herald.example.org", None),
        (URL, "/2026/11", None),
        (URL, "/2026/11/", None),
        ("https://herald.example.org/index.php?id=5", "/index.php", None),
        ("https://herald.example.org/?p=5", "/", None),
        (URL, "javascript:alert(1)", None),
        (URL, "https://user:word@herald.example.org/x/1", "https://herald.example.org/x/1"),
        (URL, "https://[", None),
        (URL, "", None),
    ],
)
def test_a_canonical_link_is_believed_within_its_site(url: str, stated: str, believed: str | None) -> None:
    """Not to another site, and never from an article up to a list or the home page."""
    assert believed == read(f'<link rel="canonical" href="{stated}">', url).canonical


def test_relative_addresses_build_on_the_base() -> None:
    """As in a browser, `base` counts."""
    page = read('<base href="https://herald.example.org/en/"><link href="b/1" rel=CANONICAL><meta name=x>')
    assert page.canonical == "https://herald.example.org/en/b/1"


@pytest.mark.parametrize(
    ("html", "facts"),
    [
        ("<html lang=en_GB>", {"language": "en-GB"}),
        ('<meta property="og:locale" content="fr_FR">', {"language": "fr-FR"}),
        ('<html lang="und"><meta property="og:locale" content="fr_FR">', {"language": "fr-FR"}),
        (ld('{"@type": "Article", "inLanguage": "nl"}'), {"language": "nl"}),
        ("<title> A &amp; B\n</title>", {"title": "A & B"}),
        ("<svg><title>Menu</title></svg>", {"title": ""}),
        (ld('{"@type": "Article", "headline": "From data"}') + "<title>T</title>", {"title": "From data"}),
        ('<meta name="description" content="D">', {"description": "D"}),
        ('<META NAME="Description" CONTENT=D>', {"description": "D"}),
        ('<meta name="description" content="said "yes" to"><meta name="author" content="Ana">', {"author": "Ana"}),
        ('<meta name="author" content="ana@example.org">', {"author": None}),
        ('<meta name="article:author" content="https://example.org/ana">', {"author": None}),
        (ld('{"@type": "Article", "author": "Ana"}'), {"author": "Ana"}),
        (ld('{"@type": "Article", "author": [{"name": "Ana"}, {"name": ["Bo"]}]}'), {"author": "Ana, Bo"}),
        ('<meta name="fediverse:creator" content="ana@social.example">', {"fediverse": "@ana@social.example"}),
        ('<meta name="fediverse:creator" content="https://social.example/@ana">', {"fediverse": None}),
        ('<meta name="fediverse:creator" content="@ana">', {"fediverse": None}),
        ('<meta property="article:content_tier" content="Locked">', {"paywalled": True}),
        ('<meta property="article:content_tier" content="free">', {"paywalled": False}),
        (ld('{"@type": "NewsArticle", "isAccessibleForFree": "False"}'), {"paywalled": True}),
        (ld('{"@type": "NewsArticle", "isAccessibleForFree": true}'), {"paywalled": False}),
        (ld('{"@type": "WebSite", "isAccessibleForFree": false}'), {"paywalled": False}),
        ('<meta name="robots" content="max-snippet:-1, NoIndex">', {"noindex": True}),
        ('<meta name="robots" content="none">', {"noindex": True}),
        ('<meta name="robots" content="index, follow">', {"noindex": False}),
        (
            ld('{"@type": "NewsArticle", "datePublished": "2026-11-23"}'),
            {"published_at": datetime(2026, 11, 23, tzinfo=UTC)},
        ),
        (
            '<!-- <meta name="description" content="old"> --><meta name="description" content="new">',
            {"description": "new"},
        ),
        ("""<script>var x = '<meta name="description" content="no">';</script>""", {"description": ""}),
        ('<textarea><meta name="description" content="no"></textarea>', {"description": ""}),
        ('<div title="<meta name=author content=no>">', {"author": None}),
        (ld('{"@type": "Article", "keywords": ["A", "B"]}'), {"tags": ("A", "B")}),
    ],
)
def test_each_fact_is_read_in_each_of_its_spellings(html: str, facts: Mapping[str, object]) -> None:
    """One fact a line, as pages are met."""
    page = read(html)
    assert facts == {name: getattr(page, name) for name in facts}


@pytest.mark.parametrize(
    ("html", "url", "alt"),
    [
        ('<meta property="og:image" content="/a.jpg"><meta property="og:image:alt" content="G">', "/a.jpg", "G"),
        (
            '<img src=/a.jpg alt=I><meta property="og:image" content=/a.jpg><meta property="og:image:alt" content="G">',
            "/a.jpg",
            "I",
        ),
        ('<meta property="og:image" content="/a.jpg?w=9"><img src="/a-300x200.jpg" alt="I">', "/a.jpg?w=9", "I"),
        ('<meta property="og:image" content="/a.jpg"><img data-src="/a.jpg" src="data:," alt="I">', "/a.jpg", "I"),
        ('<meta property="og:image" content="/a.jpg"><img srcset="/b.jpg 1x, /a.jpg 2x" alt="I">', "/a.jpg", "I"),
        ('<meta property="og:image" content="/a.jpg"><img src="/a.jpg" alt="DSC_12.jpg">', "/a.jpg", None),
        (
            '<title>T</title><meta property="og:image" content="/a.jpg"><meta property="og:image:alt" content="t">',
            "/a.jpg",
            None,
        ),
        (
            '<meta property="og:image" content="/a.jpg"><meta property="og:image" content="/b.jpg">'
            '<meta property="og:image:alt" content="of b">',
            "/a.jpg",
            None,
        ),
        ('<meta name="twitter:image" content="/t.jpg"><meta name="twitter:image:alt" content="T">', "/t.jpg", "T"),
        (ld('{"@type": "NewsArticle", "image": ["/j.jpg", "/k.jpg"]}') + '<img src="/j.jpg" alt="J">', "/j.jpg", "J"),
        (ld('{"@type": "Article", "image": {"@type": "ImageObject", "url": "/j.jpg"}}'), "/j.jpg", None),
        ('<link rel="image_src" href="/l.jpg">', "/l.jpg", None),
        ('<meta property="og:image" content="data:image/png;base64,AAAA">', None, None),
        ('<img src="/logo.png" alt="Logo">', None, None),
    ],
)
def test_the_picture_comes_with_the_words_of_its_author(html: str, url: str | None, alt: str | None) -> None:
    """What stands at the picture itself comes first, then Open Graph; a file's name or the headline says nothing."""
    page = read(html)
    assert (url and f"https://herald.example.org{url}", alt) == (page.picture_url, page.picture_alt)


def test_what_a_page_says_of_a_picture_of_the_feed_is_found() -> None:
    """By the picture, whatever its size and its parameters."""
    page = read('<img src="//cdn.example.org/b-1024x683.jpg?x=1" alt="A bridge">')
    assert page.alt_of("http://cdn.example.org/b.jpg") == "A bridge"
    assert page.alt_of("http://cdn.example.org/c.jpg") is None


def test_a_focal_point_is_found_at_the_picture() -> None:
    """By the picture, whatever its size; it is that of the page's own picture too, where it is the same."""
    style = "object-position: 25% 10%"
    page = read(
        f'<meta property="og:image" content="/b.jpg"><body><img src="/b-1024x683.jpg" style="{style}"><img src=x>'
    )
    assert (page.picture_focus, page.focus_of("http://herald.example.org/x")) == ((-0.5, 0.8), None)


def test_a_graph_is_followed_through_its_references() -> None:
    """As a widespread plugin writes it: the article names its author and its picture by their ids."""
    page = read(
        ld(
            '{"@context": "https://schema.org", "@graph": [{"@type": "WebPage", "@id": "#page"},'
            '{"@type": "Article", "author": {"@id": "#ana"}, "image": {"@id": "#pic"}, "mainEntity": {"@id": "#page"}},'
            '{"@type": ["Person"], "@id": "#ana", "name": "Ana"},'
            '{"@type": "ImageObject", "@id": "#pic", "contentUrl": "https://cdn.example.org/p.jpg"}]}'
        )
    )
    assert ("Ana", "https://cdn.example.org/p.jpg") == (page.author, page.picture_url)


@pytest.mark.parametrize(
    "script",
    [
        "{",
        "[" * 100_000,
        '{"a": ' * 50_000,
        "null",
        "7" * 10_000,
        '"x"',
        '{"@type": {"a": 1}, "@graph": 7}',
        "[[[[]]]]",
    ],
)
def test_broken_linked_data_costs_nothing_else(script: str) -> None:
    """The next script and the rest of the page are read."""
    page = read(ld(script) + ld('<!-- {"@type": "Article",\n "headline": "Still\there"} -->') + "<html lang=en>")
    assert ("Still here", "en") == (page.title, page.language)


@pytest.mark.parametrize(
    ("body", "charset", "title"),
    [
        ("<meta charset=windows-1251><title>Мост</title>".encode("cp1251"), None, "Мост"),
        (
            '<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS"><title>橋</title>'.encode("cp932"),
            None,
            "橋",
        ),
        ("<meta charset=iso-8859-2><title>Wrocław</title>".encode("iso-8859-2"), "iso-8859-1", "Wrocław"),
        ("<title>Müller</title>".encode("cp1252"), None, "Müller"),
        ("<title>Müller</title>".encode("utf-16"), None, "Müller"),
        ("<meta charset=latin1><title>Müller</title>".encode(), None, "Müller"),
        (b"<meta charset=nonsense><title>Plain</title>", "rot13", "Plain"),
    ],
)
def test_the_encoding_is_made_out(body: bytes, charset: str | None, title: str) -> None:
    """By the bytes themselves, the page's own word, and the server's."""
    assert title == read(body, charset=charset).title


@pytest.mark.parametrize("content_type", ["application/pdf", "image/jpeg", "video/mp4"])
def test_what_is_no_page_is_refused(content_type: str) -> None:
    """An article may be a document or a film: there is nothing to read in it."""
    with pytest.raises(NotAPage):
        read(b"%PDF", content_type=content_type)


def test_every_text_has_a_limit() -> None:
    """A page cannot fill the ledger."""
    many = "x" * 15_000
    page = read(
        f'<title>{many}</title><meta name="description" content="{many}"><meta name=author content="{many}">'
        f'<meta property="og:image" content="/a.jpg"><img src="/a.jpg" alt="{many}">'
        + "".join(f'<meta property="article:tag" content="t{n}"><img src="/{n}.jpg" alt="{n}">' for n in range(3_000))
    )
    assert (500, 2_000, 200, 2_000) == (
        len(page.title),
        len(page.description),
        len(page.author or ""),
        len(page.picture_alt or ""),
    )
    assert len(page.tags) <= 30
    assert len(page.alts) <= 1_000


PIECES = (
    *(
        "<html lang=",
        "<meta name=",
        "<meta property=og:image content=",
        "<link rel=canonical href=",
        "<base href=",
        '"',
    ),
    *(
        "'",
        ">",
        "<",
        "</",
        "<!--",
        "-->",
        "<script type=application/ld+json>",
        "</script>",
        '{"@type": "Article", ',
        "}",
    ),
    *(
        '"image": ',
        '"author": {"@id": 1}',
        "[",
        "]",
        "<title>",
        "<img src=",
        " alt=",
        "http://",
        "//[",
        "\0",
        "\ud800",
        "é",
    ),
    *(
        "<body",
        " ",
        "=",
        "&#0;",
        "&#xD800;",
        "&amp",
        "canonical",
        "og:image:alt",
        "fediverse:creator",
        "@a@b.c",
        "\u2028",
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=60).map("".join))
@example("<a " * 30_000 + 'x=">"')
@example('<a x=">"' * 30_000)
@example("<div>" * 60_000)
@example("<meta " + " ".join(f"a{number}=1" for number in range(30_000)) + ">")
@example('<meta content="' * 30_000)
@example("<!--" * 30_000)
@example("<" * 300_000)
@example("</" * 100_000)
@example("<title>" * 30_000)
@example("<script" * 30_000)
def test_no_page_can_hurt(html: str) -> None:
    """Whatever stands in it, in time that grows with its length only."""
    page = read(html)
    assert page.canonical is None or page.canonical.startswith(("http://", "https://"))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_can_hurt(body: bytes) -> None:
    """Not even as text."""
    assert URL == read(body).url
