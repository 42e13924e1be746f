"""Documents of up to ten megabytes that are made to take long or much: none does, within stated limits."""

import json
from collections.abc import Callable

import pytest

from tests.sources.hard.case import Case
from tests.sources.hard.readers import handbill, limited

pytestmark = pytest.mark.slow

SIZE = 10 * 2**20
"""Characters: as many as are fetched of a document."""
GROWTH = 400 * 2**20
"""Bytes of address space that one of them may take. The patient parser, which has limits of its own, needs more."""
BEGINS = '<rss version="2.0"><channel><item><guid>1</guid><link>https://example.org/a</link>'
ENDS = "</item></channel></rss>"


def times(unit: str, size: int = SIZE) -> str:
    """`unit`, until the document is `size` long."""
    return (unit * (size // len(unit) + 1))[:size]


def numbered(unit: str, count: int) -> str:
    """`unit` with the numbers up to `count` where it has a #."""
    return "".join(unit.replace("#", str(number)) for number in range(count))


def text(inner: str) -> str:
    """An item with descriptions of as many characters as are looked at of one, and as many of them as fit."""
    return BEGINS + times(f"<description>{inner[:190_000]}</description>") + ENDS


BURNING: dict[str, Callable[[], str]] = {
    "brackets": lambda: times("<"),
    "ampersands": lambda: f"{BEGINS}<title>{times('&')}</title>{ENDS}",
    "references": lambda: f"{BEGINS}<title>{times('&#1')}</title>{ENDS}",
    "attributes": lambda: f"{BEGINS}<x{numbered(' a#=``', 500_000).replace('`', chr(34))}/>{ENDS}",
    "attributes without values": lambda: f"{BEGINS}<x {times('a ')}>{ENDS}",
    "one attribute": lambda: f"{BEGINS}<x {times('a=``').replace('`', chr(34))}/>{ENDS}",
    "open quotes": lambda: BEGINS + times('<x "') + ENDS,
    "unquoted attributes": lambda: BEGINS + times("<x a=b>", 4_000_000) + ENDS,
    "entries": lambda: "<rss><channel>" + numbered("<item><guid>#</guid></item>", 140_000) + "</channel></rss>",
    "entries, cut off": lambda: "<rss><channel>&" + numbered("<item><guid>#</guid></item>", 140_000),
    "depth": lambda: times("<a>", 1_700_000),
    "prefixes": lambda: BEGINS + numbered("<p#:x/>", 200_000) + ENDS,
    "prefixes of attributes": lambda: f"{BEGINS}<x{numbered(' p#:x=``', 200_000).replace('`', chr(34))}/>{ENDS}",
    "one long prefix": lambda: f"<{times('a')}:rss>",
    "namespaces": lambda: BEGINS + numbered("<x xmlns:p#='u'/>", 100_000) + ENDS,
    "comments": lambda: times("<!---->", 4_000_000),
    "comments before a page": lambda: times("<!---->", 1_900) + "<p>",
    "declarations": lambda: times("<?xml?>", 4_000_000),
    "document types": lambda: times("<!DOCTYPE ", 5_000_000),
    "document type": lambda: "<!DOCTYPE rss [" + times("<!ENTITY a '", 5_000_000),
    "sections": lambda: BEGINS + "&<description>" + times("<![CDATA[x]]>", 7_000_000) + "</description>" + ENDS,
    "spaces in a line break": lambda: f"{BEGINS}<br{times(' ')}",
    "spaces in line breaks": lambda: BEGINS + times("<br" + " " * 1_000) + ENDS,
    "spaces": lambda: times(" "),
    "ends of items": lambda: BEGINS + "&" + times("</item ") + ENDS,
    "controls": lambda: BEGINS + times("\x01") + ENDS,
    "surrogates": lambda: BEGINS + times("&#xD800;&#xDC00;") + ENDS,
    "titles": lambda: BEGINS + times("<title>&lt;b&gt;&lt;/b&gt;</title>", 7_000_000) + ENDS,
    "tags that never end": lambda: text("&lt;a '" * 40_000),
    "ends in quotes": lambda: text("&lt;/a &quot;>&quot;" * 10_000),
    "hidden": lambda: text("&lt;b hidden&gt;" * 20_000),
    "scripts": lambda: text("&lt;script&gt;&lt;/script " * 10_000),
    "pictures": lambda: text("&lt;img src=a.png " * 15_000),
    "links": lambda: BEGINS + times("<link>http://[</link>", 6_000_000) + ENDS,
    "names of hosts": lambda: BEGINS + times(f"<link>http://{'ü.' * 1_000}</link>", 5_000_000) + ENDS,
    "bases": lambda: (
        "<rss xml:base='http://a/'>"
        + numbered("<item xml:base='a/'><guid>#</guid><link>a</link></item>", 60_000)
        + "<channel/></rss>"
    ),
    "times": lambda: BEGINS + times(f"<pubDate>{'1 a ' * 24}</pubDate>", 7_000_000) + ENDS,
    "authors": lambda: BEGINS + times(f"<author>{'a@b ' * 50}</author>") + ENDS,
    "media": lambda: BEGINS + times("<media:content url='a.jpg'/>", 6_000_000) + ENDS,
    "a namespace of its own": lambda: f"<rss xmlns='urn:x'><channel>{times('<a/>', 2_000_000)}</channel></rss>",
    "json, lists in lists": lambda: '{"items":' + times("["),
    "json, items": lambda: '{"items":[' + numbered('{"id":"#"},', 700_000) + '{"id":"x"}]}',
    "json, a number": lambda: '{"items":[{"id":' + times("9") + "}]}",
    "json, authors": lambda: '{"items":[{"id":"1","authors":[' + '{"name":"a"},' * 700_000 + "{}]}]}",
    "json, a text": lambda: '{"items":[{"id":"1","content_html":"' + times("<p> ") + '"}]}',
}
"""Made when wanted: all of them together are hundreds of megabytes."""


@pytest.mark.parametrize("name", BURNING)
def test_nothing_burns(name: str) -> None:
    """A document that was made to take long ends as a feed or as a sentence, within 8 s of CPU and 400 MiB."""
    told = limited(handbill, Case("burning", name, "", BURNING[name]().encode(), None), memory=GROWTH)
    found = json.loads(told)
    assert found is None or len(found) <= 5_000


BYTES: dict[str, Callable[[], bytes]] = {
    "no encoding": lambda: b"\xe9" * SIZE,
    "surrogates": lambda: b"<rss>" + b"\xed\xa0\x80\xed\xb0\x80" * (SIZE // 6),
    "half surrogates": lambda: b"<rss>" + b"\xed" * SIZE,
    "euros": lambda: b'<?xml version="1.0" encoding="gbk"?><rss>' + b"\x80" * SIZE,
    "no gbk": lambda: b'<?xml version="1.0" encoding="gbk"?><rss>' + b"\x81\x20" * (SIZE // 2),
    "escapes": lambda: b'<?xml version="1.0" encoding="iso-2022-jp"?><rss>' + b"\x1b$B" * (SIZE // 3),
    "utf-16": lambda: b"\xff\xfe" + b"\x00\xd8" * (SIZE // 2),
    "zeros": lambda: b"\0" * SIZE,
}


@pytest.mark.parametrize("name", BYTES)
def test_no_encoding_burns(name: str) -> None:
    """Ten megabytes of bytes that mean nothing in their encoding end within the same limits."""
    assert json.loads(limited(handbill, Case("burning", name, "", BYTES[name](), None), memory=GROWTH)) is None
