"""Feeds as they are met: what comes out is what a person would read in them."""

import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.doors import Fetched
from bot.sources.entry import Entry, Feed
from bot.sources.feed import MAX_ENTRIES, NotAFeed, parse_feed

URL = "https://example.org/news/feed.xml"
ATOM = 'xmlns="http://www.w3.org/2005/Atom"'
XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'
SPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
    'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
)


def parsed(body: str | bytes, *, charset: str | None = None) -> Feed:
    """The feed in `body`."""
    return parse_feed(Fetched(URL, True, body.encode() if isinstance(body, str) else body, charset=charset))


def rss(item: str, *, channel: str = "<link>https://example.org/</link>", head: str = "") -> str:
    """An RSS feed of one item."""
    return f'{head}<rss version="2.0" {SPACES}><channel><title>News</title>{channel}<item>{item}</item></channel></rss>'


def atom(entry: str, *, attributes: str = "", head: str = "") -> str:
    """An Atom feed of one entry."""
    return f"<feed {ATOM} {attributes}><title>News</title><id>tag:feed</id>{head}<entry>{entry}</entry></feed>"


def json_feed(**item: Any) -> str:
    """A JSON Feed of one item."""
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": [item]})


def only(feed: Feed) -> Entry:
    """The one entry of `feed`."""
    (entry,) = feed.entries
    return entry


LINK = "<link>https://example.org/a</link>"
GUID = "<guid>1</guid>"
ALTERNATE = '<link href="https://example.org/a"/>'
ID = "<id>1</id>"

TITLES = [
    (rss(f"{LINK}<title>Plain</title>"), "Plain"),
    (rss(f"{LINK}<title>  Two\n   lines </title>"), "Two lines"),
    (rss(f"{LINK}<title>AT&amp;T</title>"), "AT&T"),
    (rss(f"{LINK}<title>A &amp;amp; B</title>"), "A & B"),
    (rss(f"{LINK}<title><![CDATA[A &amp; B]]></title>"), "A & B"),
    (rss(f"{LINK}<title><![CDATA[It&#8217;s]]></title>"), "It’s"),
    (rss(f"{LINK}<title>It&amp;#8217;s</title>"), "It’s"),
    (rss(f"{LINK}<title>&lt;em&gt;Big&lt;/em&gt; news</title>"), "Big news"),
    (rss(f"{LINK}<title>1 &lt; 2 &amp; 3 &gt; 2</title>"), "1 < 2 & 3 > 2"),
    (rss(f"{LINK}<title>Why List&lt;String&gt; is odd</title>"), "Why List<String> is odd"),
    (rss(f"{LINK}<title>The &lt;b&gt; tag</title>"), "The <b> tag"),
    (rss(f"{LINK}<title>Big <em>news</em> today</title>"), "Big news today"),
    (rss(f"{LINK}<title>Soft\u00adhyphen and\u200b space\u00a0!</title>"), "Softhyphen and space !"),
    (rss(f"{LINK}<title>Quotes &#147;here&#148;</title>"), "Quotes “here”"),
    (rss(f"{LINK}<title>&#x1F468;&#x200D;&#x1F469;</title>"), "👨\u200d👩"),
    (rss(f"{LINK}<title>First<![CDATA[ & ]]>second</title>"), "First & second"),
    (rss(f"{LINK}<title></title><media:title>Media</media:title>"), "Media"),
    (rss(f"{LINK}<description>No title</description>"), ""),
    (rss(f"{LINK}<title>&lt;script&gt;alert(1)&lt;/script&gt;</title>"), ""),
    (atom(f"{ID}{ALTERNATE}<title>A &amp; B</title>"), "A & B"),
    (atom(f'{ID}{ALTERNATE}<title type="text">&lt;b&gt; &amp;amp;</title>'), "<b> &amp;"),
    (atom(f'{ID}{ALTERNATE}<title type="html">A &amp;amp; &lt;b&gt;B&lt;/b&gt;</title>'), "A & B"),
    (
        atom(f'{ID}{ALTERNATE}<title type="xhtml"><div {XHTML}>A <em>b</em> &lt;c&gt;</div></title>'),
        "A b <c>",
    ),
    (
        atom(f'{ID}{ALTERNATE}<title type="xhtml" xmlns:h="{XHTML[7:-1]}"><h:div>A <h:em>b</h:em></h:div></title>'),
        "A b",
    ),
    (json_feed(id="1", title="A & <b>"), "A & <b>"),
    (json_feed(id="1", title=7), "7"),
    (json_feed(id="1", title=None), ""),
]


@pytest.mark.parametrize(("body", "expected"), TITLES)
def test_titles(body: str, expected: str) -> None:
    """A title is plain text: escaped once more or not, in whatever way it was written."""
    assert only(parsed(body)).title == expected


SUMMARIES = [
    (
        rss(f"{LINK}<description>&lt;p&gt;One&lt;/p&gt;&lt;p&gt;Two &amp;amp; more&lt;/p&gt;</description>"),
        "One\n\nTwo & more",
    ),
    (rss(f"{LINK}<description><![CDATA[<ul><li>a<li>b</ul>c<br>d]]></description>"), "a\nb\n\nc\nd"),
    (rss(f"{LINK}<description><p>One</p><p>Two</p></description>"), "One\n\nTwo"),
    (rss(f"{LINK}<description>a &lt; b</description>"), "a < b"),
    (rss(f"{LINK}<description>x&lt;script&gt;y&lt;/script&gt;&lt;style&gt;z&lt;/style&gt;w</description>"), "xw"),
    (rss(f"{LINK}<description/><content:encoded><![CDATA[<b>Full</b>]]></content:encoded>"), "Full"),
    (rss(f"{LINK}<content:encoded><![CDATA[Full]]></content:encoded><description>Short</description>"), "Short"),
    (
        rss(
            f"{LINK}<description>&lt;figure&gt;&lt;img src='a.jpg'&gt;&lt;figcaption&gt;Photo&lt;/figcaption&gt;"
            "&lt;/figure&gt;Text</description>"
        ),
        "Text",
    ),
    (rss(f"{LINK}<itunes:summary>Episode</itunes:summary>"), "Episode"),
    (atom(f"{ID}{ALTERNATE}<content type='html'>&lt;p&gt;A&lt;/p&gt;B</content>"), "A\n\nB"),
    (atom(f"{ID}{ALTERNATE}<summary>S</summary><content>C</content>"), "S"),
    (atom(f"{ID}{ALTERNATE}<summary type='text'>1 &lt; 2\n\n\nx</summary>"), "1 < 2\n\nx"),
    (atom(f"{ID}{ALTERNATE}<summary>&lt;p&gt;Unsaid HTML&lt;/p&gt;</summary>"), "Unsaid HTML"),
    (
        atom(f'{ID}{ALTERNATE}<content type="xhtml"><div {XHTML}><p>A</p>B</div></content>'),
        "A\n\nB",
    ),
    (atom(f'{ID}{ALTERNATE}<content type="image/png">iVBORw0KGgo=</content>'), ""),
    (json_feed(id="1", content_html="<p>A</p><p>B</p>"), "A\n\nB"),
    (json_feed(id="1", content_text="A\nB <c>"), "A\nB <c>"),
    (json_feed(id="1", summary="S", content_html="C"), "S"),
]


@pytest.mark.parametrize(("body", "expected"), SUMMARIES)
def test_summaries(body: str, expected: str) -> None:
    """A summary is plain text with its paragraphs, without what is not prose."""
    assert only(parsed(body)).summary == expected


LINKS = [
    (rss(f"{GUID}<link>https://example.org/a?x=1&amp;y=2</link>"), "https://example.org/a?x=1&y=2"),
    (rss(f"{GUID}<link>https://example.org/a?x=1&y=2&copy=3</link>"), "https://example.org/a?x=1&y=2&copy=3"),
    (rss(f"{GUID}<link><![CDATA[ https://example.org/a ]]></link>"), "https://example.org/a"),
    (rss(f"{GUID}<link>/a</link>"), "https://example.org/a"),
    (rss(f"{GUID}<link>a</link>", channel="<link>https://other.example/blog/</link>"), "https://other.example/blog/a"),
    (rss(f"{GUID}<link>a</link>", channel=""), "https://example.org/news/a"),
    (rss(f'{GUID}<link href="https://example.org/a"/>'), "https://example.org/a"),
    (rss(f'{GUID}<atom:link rel="self" href="https://x.example/"/>{LINK}'), "https://example.org/a"),
    (rss(f'{GUID}<atom:link href="https://example.org/b"/>'), "https://example.org/b"),
    (rss("<guid>https://example.org/g</guid>"), "https://example.org/g"),
    (rss('<guid isPermaLink="false">https://example.org/g</guid>'), None),
    (rss(f"{LINK}<feedburner:origLink>https://example.org/o</feedburner:origLink>"), "https://example.org/o"),
    (rss(f"{GUID}<link>javascript:alert(1)</link>"), None),
    (rss(f"{GUID}<link>https://example.org/über uns</link>"), "https://example.org/%C3%BCber%20uns"),
    (rss(f'{GUID}<enclosure url="https://example.org/a.mp3" type="audio/mpeg"/>'), None),
    (
        atom(f'{ID}<link rel="enclosure" href="https://example.org/a.mp3"/><link href="https://example.org/a"/>'),
        "https://example.org/a",
    ),
    (
        atom(
            f'{ID}<link rel="alternate" type="application/json" href="https://example.org/a.json"/>'
            '<link rel="alternate" type="text/html" href="https://example.org/a"/>'
        ),
        "https://example.org/a",
    ),
    (
        atom(f'{ID}<link rel="http://www.iana.org/assignments/relation/alternate" href="/a"/>'),
        "https://example.org/a",
    ),
    (atom(f'{ID}<link rel="self" href="/self"/><link rel="related" href="/r"/>'), None),
    (atom("<id>https://example.org/i</id>"), "https://example.org/i"),
    (atom(f'{ID}<content src="/c" type="text/html"/>'), "https://example.org/c"),
    (atom(f'{ID}<link href="a"/>', attributes='xml:base="https://base.example/b/"'), "https://base.example/b/a"),
    (
        atom(f'{ID}<link xml:base="d/" href="a"/>', attributes='xml:base="/c/"'),
        "https://example.org/c/d/a",
    ),
    (json_feed(id="1", url="/a"), "https://example.org/a"),
    (json_feed(id="https://example.org/i", external_url="https://x.example/"), "https://example.org/i"),
    (json_feed(id="1", external_url="https://x.example/"), "https://x.example/"),
]


@pytest.mark.parametrize(("body", "expected"), LINKS)
def test_links(body: str, expected: str | None) -> None:
    """The link is the article's own, absolute, out of however many there are."""
    assert only(parsed(body)).link == expected


IDS = [
    (rss(f"<guid>\n  Tag:X \n</guid>{LINK}"), "Tag:X"),
    (rss(f"<guid>HTTP://Example.org/A/</guid>{LINK}"), "HTTP://Example.org/A/"),
    (rss(LINK), "https://example.org/a"),
    (rss(f"<guid/>{LINK}"), "https://example.org/a"),
    (atom(f"<id>urn:uuid:1</id>{ALTERNATE}"), "urn:uuid:1"),
    (atom(ALTERNATE), "https://example.org/a"),
    (json_feed(id=12345678901234567890), "12345678901234567890"),
    (json_feed(id=1.50), "1.5"),
    (json_feed(url="https://example.org/a"), "https://example.org/a"),
]


@pytest.mark.parametrize(("body", "expected"), IDS)
def test_ids(body: str, expected: str) -> None:
    """The id is as stated but for white space around it; a link stands in for a missing one."""
    assert only(parsed(body)).id == expected


PICTURES = [
    (rss(f'{LINK}<enclosure url="/p.jpg" type="image/jpeg" length="1"/>'), ("https://example.org/p.jpg", None)),
    (
        rss(f'{LINK}<enclosure url="/p.mp3" type="audio/mpeg"/><media:thumbnail url="/t.jpg"/>'),
        ("https://example.org/t.jpg", None),
    ),
    (
        rss(
            f'{LINK}<media:group><media:content url="/s.jpg" width="100"/><media:content url="/l.jpg" width="900">'
            "<media:description>A dog</media:description></media:content></media:group>"
        ),
        ("https://example.org/l.jpg", "A dog"),
    ),
    (
        rss(f'{LINK}<media:content url="/v.mp4" type="video/mp4"><media:thumbnail url="/v.jpg"/></media:content>'),
        ("https://example.org/v.jpg", None),
    ),
    (rss(f'{LINK}<media:content url="/x" medium="image"/>'), ("https://example.org/x", None)),
    (rss(f'{LINK}<media:content url="/x.svg" type="image/svg+xml"/>'), (None, None)),
    (
        rss(
            f'{LINK}<description>&lt;img src="../i.png?a=1&amp;amp;b=2" alt="A &amp;quot;c&amp;quot;"&gt;</description>'
        ),
        ("https://example.org/i.png?a=1&b=2", 'A "c"'),
    ),
    (rss(f'{LINK}<description>&lt;img src="//t.example/pixel" width="1" height="1"&gt;</description>'), (None, None)),
    (rss(f'{LINK}<description>&lt;img src="data:image/gif;base64,R0"&gt;</description>'), (None, None)),
    (rss(f'{LINK}<description>&lt;img class="wp-smiley emoji" src="/s.png"&gt;</description>'), (None, None)),
    (
        rss(f'{LINK}<media:thumbnail url="/t.jpg" width="75"/><description>&lt;img src="/i.jpg"&gt;</description>'),
        ("https://example.org/i.jpg", None),
    ),
    (
        rss(f'{LINK}<media:content url="/i.jpg"/><description>&lt;img src="/i.jpg" alt="Seen"&gt;</description>'),
        ("https://example.org/i.jpg", "Seen"),
    ),
    (
        atom(f'{ID}{ALTERNATE}<link rel="enclosure" href="e.png" type="image/png"/>'),
        ("https://example.org/news/e.png", None),
    ),
    (json_feed(id="1", image="/i.png"), ("https://example.org/i.png", None)),
    (
        json_feed(
            id="1", attachments=[{"url": "/a.mp3", "mime_type": "audio/mpeg"}, {"url": "/b", "mime_type": "image/png"}]
        ),
        ("https://example.org/b", None),
    ),
]


@pytest.mark.parametrize(("body", "expected"), PICTURES)
def test_pictures(body: str, expected: tuple[str | None, str | None]) -> None:
    """The picture is the largest that is marked as one, else what the text shows; never a pixel or a smiley."""
    entry = only(parsed(body))
    assert (entry.picture_url, entry.picture_alt) == expected


NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TIMES = [
    (rss(f"{LINK}<pubDate>Mon, 23 Nov 2026 13:00:00 CET</pubDate>"), (NOON, None)),
    (rss(f"{LINK}<dc:date>2026-11-23T13:00:00+01:00</dc:date>"), (NOON, None)),
    (rss(f"{LINK}<pubDate>nonsense</pubDate><dc:date>2026-11-23T12:00</dc:date>"), (NOON, None)),
    (rss(f"{LINK}<atom:updated>2026-11-23T12:00:00Z</atom:updated>"), (None, NOON)),
    (rss(f"{LINK}<pubDate>0001-01-01T00:00:00</pubDate>"), (None, None)),
    (atom(f"{ID}{ALTERNATE}<updated>2026-11-23T12:00:00Z</updated>"), (None, NOON)),
    (atom(f"{ID}{ALTERNATE}<published>2026-11-23T14:00:00+02:00</published>"), (NOON, None)),
    (json_feed(id="1", date_published="2026-11-23T12:00:00Z"), (NOON, None)),
]


@pytest.mark.parametrize(("body", "expected"), TIMES)
def test_times(body: str, expected: tuple[datetime | None, datetime | None]) -> None:
    """Times are the stated ones, in UTC; the time of an update is not taken for that of publication."""
    entry = only(parsed(body))
    assert (entry.published_at, entry.updated_at) == expected


AUTHORS = [
    (rss(f"{LINK}<author>jane@example.org (Jane Doe)</author>"), "Jane Doe"),
    (rss(f"{LINK}<author>jane@example.org</author>"), None),
    (rss(f"{LINK}<dc:creator>Jane</dc:creator><dc:creator>Joe</dc:creator>"), "Jane, Joe"),
    (atom(f"{ID}{ALTERNATE}<author><name>Jane</name><email>j@example.org</email></author>"), "Jane"),
    (atom(f"{ID}{ALTERNATE}", head="<author><name>All</name></author>"), "All"),
    (json_feed(id="1", authors=[{"name": "Jane"}, {"name": "Joe"}]), "Jane, Joe"),
    (json_feed(id="1", author={"name": "Jane"}), "Jane"),
]


@pytest.mark.parametrize(("body", "expected"), AUTHORS)
def test_authors(body: str, expected: str | None) -> None:
    """Authors are names, never e-mail addresses."""
    assert only(parsed(body)).author == expected


LANGUAGES = [
    (rss(LINK, channel="<language>de_AT</language>"), "de-AT"),
    (rss(f"{LINK}<dc:language>fr</dc:language>", channel="<language>de</language>"), "fr"),
    (rss(LINK, channel="<language>German, of course</language>"), None),
    (atom(f"{ID}{ALTERNATE}", attributes='xml:lang="pt-BR"'), "pt-BR"),
    (atom(f'{ID}{ALTERNATE}<title xml:lang="en">x</title>', attributes='xml:lang="de"'), "en"),
    (json_feed(id="1", language="nl"), "nl"),
]


@pytest.mark.parametrize(("body", "expected"), LANGUAGES)
def test_languages(body: str, expected: str | None) -> None:
    """The language is the entry's own, else its feed's, as BCP 47; what is none is none."""
    assert only(parsed(body)).language == expected


def declared(encoding: str, text: str = "Zürich – «schön»", python: str | None = None) -> bytes:
    """A feed that says how it is encoded, and is."""
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    return rss(f"{LINK}<title>{text}</title>", head=head).encode(python or encoding)


def undeclared(encoding: str, text: str) -> bytes:
    """A feed that does not say how it is encoded."""
    return rss(f"{LINK}<title>{text}</title>").encode(encoding)


ENCODINGS = [
    (declared("utf-8"), None, "Zürich – «schön»"),
    (b"\xef\xbb\xbf" + declared("utf-8"), "iso-8859-1", "Zürich – «schön»"),
    (declared("utf-16"), None, "Zürich – «schön»"),
    (declared("utf-16", python="utf-16-le"), None, "Zürich – «schön»"),
    (declared("utf-16", python="utf-16-be"), None, "Zürich – «schön»"),
    (declared("iso-8859-1", python="cp1252"), None, "Zürich – «schön»"),
    (declared("utf-8", python="cp1252"), None, "Zürich – «schön»"),
    (declared("utf-8", python="cp1252"), "utf-8", "Zürich – «schön»"),
    (declared("iso-8859-1", python="utf-8"), "iso-8859-1", "Zürich – «schön»"),
    (declared("windows-1251", "Новости"), "iso-8859-1", "Новости"),
    (declared("koi8-r", "Новости"), None, "Новости"),
    (declared("gb2312", "囍新聞镕", python="gb18030"), None, "囍新聞镕"),
    (declared("Shift_JIS", "①ニュース", python="cp932"), None, "①ニュース"),
    (declared("iso-2022-jp", "ニュース"), None, "ニュース"),
    (declared("euc-kr", "뉴스"), None, "뉴스"),
    (declared("big5", "新聞"), None, "新聞"),
    (undeclared("windows-1251", "Новости"), "windows-1251", "Новости"),
    (undeclared("cp1252", "schön €"), None, "schön €"),
    (undeclared("cp1252", "schön"), "no-such-charset", "schön"),
    (declared("klingon", "schön", python="utf-8"), "base64", "schön"),
    (undeclared("utf-8", "Zürich schMARKn").replace(b"MARK", b"\xf6"), None, "Zürich schön"),
]


@pytest.mark.parametrize(("body", "charset", "expected"), ENCODINGS)
def test_encodings(body: bytes, charset: str | None, expected: str) -> None:
    """Text comes out right whatever header and declaration say, as far as the bytes can tell."""
    assert only(parsed(body, charset=charset)).title == expected


ITEM = f"<item>{GUID}{LINK}<title>Title</title></item>"
MALFORMED = [
    f"\n\n <?xml version='1.0'?><rss><channel>{ITEM}</channel></rss>",
    f"<br />\n<b>Warning</b>: mysql & co in <b>x.php</b>\n<?xml version='1.0'?><rss><channel>{ITEM}</channel></rss>",
    f"<rss><channel>{ITEM}</channel></rss>\n<!-- cached --><script>track()</script>",
    f"<rss><channel>{ITEM}</channel></rss>junk & more",
    f"<rss><channel><title>Q & A</title>{ITEM}</channel></rss>",
    f"<rss><channel><title>caf&eacute;&nbsp;&hellip;</title>{ITEM}</channel></rss>",
    f"<rss><channel><title>a\x00b\x0bc</title>{ITEM}</channel></rss>",
    f"<rss><channel><title>&#x0;&#xD800;&#99999999;x</title>{ITEM}</channel></rss>",
    f"<rss><channel><title>1 < 2</title>{ITEM}</channel></rss>",
    f"<rss><channel><description>one<br>two<hr>three <img src='a'></description>{ITEM}</channel></rss>",
    f"<rss><channel><media:thumbnail url='x'/><odd:thing odd:a='1'>x</odd:thing>{ITEM}</channel></rss>",
    "<!DOCTYPE rss PUBLIC '-//Netscape' 'http://my.netscape.com/rss-0.91.dtd'>"
    f"<rss version='0.91'><channel>{ITEM}</channel></rss>",
    f"<!DOCTYPE rss [<!ENTITY nbsp '&#160;'>]><rss><channel><title>a&nbsp;b</title>{ITEM}</channel></rss>",
    f"<rss><channel><description><p>open <b>bold</p> <a href=x>y</a></description>{ITEM}</channel></rss>",
    f"<RSS><channel>{ITEM}</channel></RSS>",
    f"<rss>{ITEM}<channel><title>beside</title></channel></rss>",
    f"<channel>{ITEM}</channel>",
    f"<rss xmlns='http://backend.userland.com/rss2'><channel>{ITEM}</channel></rss>",
    f"<rss xmlns='http://purl.org/rss/1.0/'><channel>{ITEM}</channel></rss>",
    f"<rss><channel><title><![CDATA[R&D <b> &eacute;]]></title><title>&</title>{ITEM}</channel></rss>",
    f"<?xml version='1.0' encoding='utf-16'?><rss><channel>{ITEM}</channel></rss>",
    f"<?xml version='1.1'?><rss><channel>{ITEM}</channel></rss>",
]


@pytest.mark.parametrize("body", MALFORMED)
def test_malformed(body: str) -> None:
    """A feed that is not quite XML, or not quite RSS, is read all the same."""
    entry = only(parsed(body))
    assert (entry.id, entry.link, entry.title) == ("1", "https://example.org/a", "Title")


def test_repair_is_noted() -> None:
    """That a document had to be repaired is told; of a good one nothing is."""
    assert parsed(f"<rss><channel>{ITEM}</channel></rss>").notes == ()
    assert "repaired" in parsed(f"<rss><channel><title>&</title>{ITEM}</channel></rss>").notes[0]


def test_patient_parser() -> None:
    """What no repair makes XML is read by the patient parser, with everything an entry has."""
    body = (
        f"<rss><channel><title>News</title><language>de</language><item>{GUID}<link>/a</link><title>T &amp; U</title>"
        "<pubDate>Mon, 23 Nov 2026 14:00:00 CEST</pubDate><author>j@example.org (Jane)</author>"
        "<category>c</category><description><p>open <b>bold</p> <a href=x>y</a></description></item></channel></rss>"
    )
    feed = parsed(body)
    expected = Entry(
        "1", "https://example.org/a", "T & U", "open bold\n\ny", NOON, None, "Jane", "de", None, None, ("c",)
    )
    assert only(feed) == expected
    assert "not XML" in feed.notes[0]


RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://example.org/rdf"><title>News</title>'
    '<link>https://example.org/</link></channel><item rdf:about="https://example.org/1"><title>One</title>'
    "<link>https://example.org/one</link><dc:date>2026-11-23</dc:date><dc:subject>s</dc:subject></item>"
    '<item rdf:about="https://example.org/2"><title>Two</title></item></rdf:RDF>'
)


def test_rdf() -> None:
    """RSS 1.0 is read: items beside the channel, known by rdf:about."""
    feed = parsed(RDF)
    assert (feed.id, feed.title, feed.link, feed.kind) == (
        "https://example.org/rdf",
        "News",
        "https://example.org/",
        "RSS 1.0",
    )
    assert [(entry.id, entry.link, entry.title, entry.tags) for entry in feed.entries] == [
        ("https://example.org/1", "https://example.org/one", "One", ("s",)),
        ("https://example.org/2", "https://example.org/2", "Two", ()),
    ]


def test_atom_03() -> None:
    """Atom 0.3 is read, with the names and modes that it had."""
    feed = parsed(
        '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>News</title><entry><id>1</id>'
        '<title mode="escaped" type="text/html">A &lt;b&gt;b&lt;/b&gt;</title><issued>2026-11-23T12:00:00Z</issued>'
        '<link rel="alternate" type="text/html" href="/a"/><modified>2026-11-23T12:00:00Z</modified></entry></feed>'
    )
    entry = only(feed)
    assert (entry.title, entry.published_at, entry.updated_at, feed.kind) == ("A b", NOON, NOON, "Atom 0.3")


@pytest.mark.parametrize("space", ["", 'xmlns="http://purl.org/atom/ns#"', 'xmlns:x="http://www.w3.org/2005/Atom"'])
def test_atom_in_other_dress(space: str) -> None:
    """Atom without its namespace, in an old one, or with a prefix, is Atom."""
    prefix = "x:" if space.startswith("xmlns:x") else ""
    p = prefix
    body = (
        f"<{p}feed {space}><{p}title>News</{p}title><{p}entry><{p}id>1</{p}id><{p}title>T</{p}title>"
        f"<{p}link href='/a'/></{p}entry></{p}feed>"
    )
    entry = only(parsed(body))
    assert (entry.id, entry.title, entry.link) == ("1", "T", "https://example.org/a")


def test_json_feed_head() -> None:
    """A JSON Feed's own fields are read, with a byte order mark or without."""
    body = json.dumps(
        {
            "version": "https://jsonfeed.org/version/1",
            "title": "News",
            "home_page_url": "/",
            "feed_url": "https://example.org/feed.json",
            "items": [{"id": "1", "tags": ["a", "a", 3, "b"]}, "no item", {"title": "nothing identifies me"}],
        }
    )
    feed = parsed("\ufeff" + body)
    assert (feed.id, feed.title, feed.link, feed.kind) == (
        *("https://example.org/feed.json", "News", "https://example.org/", "JSON Feed 1"),
    )
    assert only(feed).tags == ("a", "3", "b")
    assert feed.dropped == 1


def test_order_and_drop() -> None:
    """Entries keep their order in the document; those that nothing identifies are counted and left out."""
    items = "".join(f"<item><guid>{number}</guid></item><item><title>lost</title></item>" for number in (3, 1, 2))
    feed = parsed(f"<rss><channel>{items}</channel></rss>")
    assert [entry.id for entry in feed.entries] == ["3", "1", "2"]
    assert feed.dropped == 3


def test_empty_feed() -> None:
    """A feed without entries is a feed."""
    feed = parsed('<rss version="2.0"><channel><title>News</title></channel></rss>')
    assert (feed.title, feed.entries, feed.kind, feed.complete) == ("News", (), "RSS 2.0", True)


@pytest.mark.parametrize("cut", ["<item><guid>2</guid><title>Half", "<item><guid>2</guid></it", "<it", "", "&am"])
def test_cut_off(cut: str) -> None:
    """A document that ends too early gives its whole entries and says that it is not complete."""
    feed = parsed(f"<rss><channel><title>News</title>{ITEM}{cut}")
    assert (only(feed).id, feed.complete) == ("1", False)
    assert "cut off" in feed.notes[0]


def test_cut_off_atom() -> None:
    """The same holds for Atom."""
    feed = parsed(f"<feed {ATOM}><entry>{ID}{ALTERNATE}</entry><entry><id>2</id>")
    assert (only(feed).id, feed.complete) == ("1", False)


def test_too_many_entries() -> None:
    """Of a feed that is too long the newest entries are kept, in document order, and it says so."""
    count = MAX_ENTRIES + 10
    items = "".join(
        f"<item><guid>{number}</guid><pubDate>{1_700_000_000 + number}</pubDate></item>" for number in range(count)
    )
    feed = parsed(f"<rss><channel>{items}</channel></rss>")
    assert [entry.id for entry in feed.entries] == [str(number) for number in range(10, count)]
    assert "the 5,000 newest" in feed.notes[0]


def test_too_many_entries_without_times() -> None:
    """Where entries have no time, the first are kept."""
    items = "".join(f"<item><guid>{number}</guid></item>" for number in range(MAX_ENTRIES + 1))
    feed = parsed(f"<rss><channel>{items}</channel></rss>")
    assert (len(feed.entries), feed.entries[0].id) == (MAX_ENTRIES, "0")
    assert "the 5,000 first" in feed.notes[0]


PAGE = '<!DOCTYPE html><html><head><link rel="alternate" type="application/rss+xml" href="/feed?a=1&amp;b=2"></html>'
NO_FEEDS = [
    ("", "empty", "address"),
    (" \n ", "empty", "address"),
    ("<!DOCTYPE html><p>Hi", "web page", "the feed itself"),
    ("<!-- x -->\n<html>", "web page", "the feed itself"),
    (PAGE, "web page", "https://example.org/feed?a=1&b=2"),
    ("{}", "without a list of items", ""),
    ("[1]", "without a list of items", ""),
    ("{broken", "not valid JSON", ""),
    ('{"items": {}}', "without a list of items", ""),
    ("Not found", "not a feed", ""),
    ("<opml version='2.0'><body/></opml>", "list of feeds", ""),
    ("<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'/>", "sitemap", ""),
    (f"<entry {ATOM}><id>1</id></entry>", "single Atom entry", ""),
    ("<svg xmlns='http://www.w3.org/2000/svg'/>", "<svg>", ""),
    ("<rss version='2.0'/>", "no channel", ""),
    ("<rss><channel><item><title>Half", "cut off", ""),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not a feed", ""),
    (gzip.compress(b"<rss/>", mtime=0), "not a feed", ""),
]


@pytest.mark.parametrize(("body", "sentence", "mend"), NO_FEEDS)
def test_not_a_feed(body: str | bytes, sentence: str, mend: str) -> None:
    """What is no feed is told as what it is, with the mend; a page that names its feed gives that address."""
    with pytest.raises(NotAFeed) as caught:
        parsed(body)
    assert sentence in caught.value.message
    assert caught.value.message.endswith(".")
    assert mend in caught.value.mend
