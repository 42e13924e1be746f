"""The collection's documents cut up, spliced and flipped: whatever comes of it, parsers end and keep their promises.

Bounded by a number of examples, each with documents of at most 60 kB; all of them together, in a process that may take
no more memory than it is given.
"""

import re
from collections.abc import Callable
from datetime import UTC

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.doors import Fetched
from bot.links import absolute, canonical_link, clean_link
from bot.sources.dates import read_time
from bot.sources.document import Broken, decode_body, parse_document
from bot.sources.entry import Feed
from bot.sources.fallback import read_patiently
from bot.sources.feed import NotAFeed, parse_feed
from bot.sources.plain import images, title_of, to_text
from tests.sources.hard.case import URL
from tests.sources.hard.collection import CASES
from tests.sources.hard.contained import contained

pytestmark = pytest.mark.slow

GROWTH = 150 * 2**20
"""Bytes of address space that all examples of one test may take besides what there was before."""

DOCUMENTS = [case.document for case in CASES if len(case.document) <= 20_000]
PIECES: list[bytes] = sorted(
    {piece for document in DOCUMENTS for piece in re.findall(rb"<[^<>]{1,200}>|[^<>]{1,200}", document)}
)
CHARSETS = st.sampled_from([None, "utf-8", "iso-8859-1", "gb2312", "shift_jis", "utf-16", "utf-7", "hz", "klingon"])


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A document of the collection after up to five changes."""
    body = draw(st.sampled_from(DOCUMENTS))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.integers(0, 300)))
        change = draw(st.sampled_from(CHANGES))
        body = change(draw, body, start, end)[:60_000]
    return body


def _cut(_: st.DrawFn, body: bytes, start: int, end: int) -> bytes:
    return body[:start]


def _drop(_: st.DrawFn, body: bytes, start: int, end: int) -> bytes:
    return body[:start] + body[end:]


def _repeat(draw: st.DrawFn, body: bytes, start: int, end: int) -> bytes:
    return body[:start] + body[start:end] * draw(st.integers(2, 200)) + body[end:]


def _flip(draw: st.DrawFn, body: bytes, start: int, end: int) -> bytes:
    return body[:start] + draw(st.binary(min_size=1, max_size=4)) + body[start + 1 :]


def _insert(draw: st.DrawFn, body: bytes, start: int, end: int) -> bytes:
    return body[:start] + draw(st.sampled_from(PIECES)) + body[start:]


def _splice(draw: st.DrawFn, body: bytes, start: int, end: int) -> bytes:
    other = draw(st.sampled_from(DOCUMENTS))
    return body[:start] + other[draw(st.integers(0, len(other))) :]


CHANGES: list[Callable[[st.DrawFn, bytes, int, int], bytes]] = [_cut, _drop, _repeat, _flip, _insert, _splice]


def told_of(work: Callable[[], None]) -> bytes:
    """What `work` raised, in words."""
    try:
        work()
    except BaseException as error:  # also what it says when it is out of memory
        return repr((error, getattr(error, "__notes__", ()))).encode("utf-8", "replace")[:8_000]
    return b""


bounded = settings(
    max_examples=1_000,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@bounded
@given(mutated(), CHARSETS)
def feeds(body: bytes, charset: str | None) -> None:
    """Whatever was made of a feed is a feed or a NotAFeed, and what is in it is what was promised."""
    feed = parsed(body, charset)
    for entry in feed.entries if feed else ():
        assert entry.id
        assert entry.link is None or entry.link.startswith(("http://", "https://"))
        assert entry.picture_url is None or entry.picture_url.startswith(("http://", "https://"))
        assert "\n" not in entry.title
        assert all(at is None or at.tzinfo is UTC for at in (entry.published_at, entry.updated_at))
        for text in (entry.id, entry.title, entry.summary, entry.author or "", *entry.tags):
            text.encode()


def parsed(body: bytes, charset: str | None) -> Feed | None:
    """The feed, if it is one; not by the patient parser, which has a process and tests of its own."""
    try:
        parse_document(decode_body(body, charset))
    except Broken:
        return None
    try:
        return parse_feed(Fetched(URL, True, body, charset=charset))
    except NotAFeed as error:
        told = error.message
        assert told.endswith(".")
        return None


@bounded
@given(
    st.lists(st.sampled_from(PIECES), max_size=60), st.sampled_from(["", "&lt;", "<!--", "<b hidden>", '<a "', "<pre>"])
)
def texts(pieces: list[bytes], before: str) -> None:
    """Whatever is put together out of the collection's pieces becomes text that can be encoded."""
    html = before + b"".join(pieces).decode("utf-8", "replace")
    for text in (to_text(html), title_of(html), *(image.alt for image in images(html))):
        text.encode()
        assert text == text.strip()
        assert not set(text) & {"\x00", "\r", "\t", "\u202e", "\u200b"}


PARTS: list[str] = sorted(
    {part for case in CASES if case.category == "dates" for part in re.findall(r"\w+|\W", case.document.decode())}
)


@bounded
@given(st.lists(st.sampled_from(PARTS), max_size=20).map("".join))
def times(text: str) -> None:
    """Whatever is put together out of the parts of times is none, or one in UTC."""
    at = read_time(text)
    assert at is None or at.tzinfo is UTC


ADDRESS_PARTS = (
    *(
        "https:",
        "http:",
        "javascript:",
        "//",
        "/",
        "\\",
        "@",
        ":",
        "?",
        "#",
        "%",
        "%2e",
        "..",
        "[",
        "::1",
        "]",
        "a",
        "ü",
    ),
    *("х", "example.org", "0x7f.1", "\t", "\n", " ", "\0", "\ud800", "&", "=", "utm_source=x", "🙂", "xn--", "." * 70),
    "a" * 300,
)
ADDRESS = st.lists(st.sampled_from(ADDRESS_PARTS), max_size=12).map("".join)


@bounded
@given(ADDRESS, ADDRESS)
def links(base: str, link: str) -> None:
    """Whatever is put together out of the parts of addresses is none, or one of the web's, and stays the one it is."""
    for url in (
        clean_link(link),
        absolute("https://example.org/", link),
        absolute(clean_link(base) or "http://a/", link),
    ):
        if url is not None:
            assert url.startswith(("http://", "https://"))
            assert url.isascii()
            assert not set(url) & set(' \t\r\n\0"<>')
            assert url == clean_link(url)
            canonical_link(url)


@pytest.mark.parametrize("work", [feeds, texts, times, links], ids=lambda work: str(work.__name__))
def test_fuzz(work: Callable[[], None]) -> None:
    """A thousand mutants each of the collection's documents, texts, times and addresses break no promise."""
    assert b"" == contained(lambda: told_of(work), memory=GROWTH, cpu_for=60)


@settings(max_examples=6, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(mutated())
def test_the_patient_parser_too(body: bytes) -> None:
    """What the patient parser is given comes back as something or as nothing, never as an error of its own."""
    found = read_patiently(body.decode("utf-8", "replace"), cpu_for=4)
    assert found is None or isinstance(found["entries"], list)
