"""Web addresses: variants of one address meet, different articles do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.links import absolute, canonical_link, clean_link

ARTICLE = "https://example.org/2026/a-title"

SAME = [
    "http://example.org/2026/a-title",
    "https://www.example.org/2026/a-title/",
    "HTTPS://Example.ORG:443/2026/a-title",
    "http://example.org:80/2026/a-title",
    "https://example.org./2026/a-title",
    "https://example.org/2026/x/../a-title",
    "https://example.org/2026/%61-title",
    "https://example.org/2026/a%2dtitle",
    "https://user:secret@example.org/2026/a-title",
    f"{ARTICLE}?",
    f"{ARTICLE}#",
    f"{ARTICLE}?utm_source=rss&utm_medium=feed",
    f"{ARTICLE}?fbclid=abc",
    f"{ARTICLE}?at_medium=RSS&at_campaign=KARANGA",
    f"{ARTICLE}?ref=rss",
    f"{ARTICLE}?&&",
    f"{ARTICLE}#xtor=RSS-1",
    f"{ARTICLE}#:~:text=some%20words",
    f"{ARTICLE}#rss",
    f"{ARTICLE}/#comments",
    f"  {ARTICLE}\n",
]

DIFFERENT = [
    ARTICLE,
    "https://example.org/2026/A-title",
    "https://example.org/2026/a-title.html",
    "https://example.org/2027/a-title",
    "https://news.example.org/2026/a-title",
    "https://example.org:8443/2026/a-title",
    "https://example.com/2026/a-title",
    "https://example.org/?p=1",
    "https://example.org/?p=2",
    "https://example.org/?p=1&page=2",
    "https://example.org/?page=2&p=1",
    "https://example.org/live#update-1",
    "https://example.org/live#update-2",
    "https://example.org/?ref=main",
    "https://example.org/#!/article/1",
    "https://example.org/#!id=2",
    "https://example.org/a%2Fb",
    "https://example.org/a/b",
    "https://example.org/über",
]

NOTHING = [
    "",
    " ",
    "https://example.org",
    "http://www.example.org/?utm_source=rss",
    "https://example.org/#rss",
    "mailto:a@example.org",
    "ftp://example.org/a",
    "javascript:alert(1)",
    "/2026/a-title",
    "tag:example.org,2026:1",
    "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a",
    "http://ex ample.org/a",
    "https://example.org/\ud800",
    "https://example.org/" + "a" * 9000,
]


@pytest.mark.parametrize("url", SAME)
def test_variants_meet(url: str) -> None:
    """Every spelling of one article's address has one key."""
    assert canonical_link(ARTICLE) == canonical_link(url)


def test_different_articles_do_not_meet() -> None:
    """Addresses of different articles have different keys."""
    keys = [canonical_link(url) for url in DIFFERENT]
    assert None not in keys
    assert len(DIFFERENT) == len(set(keys))


@pytest.mark.parametrize("url", NOTHING)
def test_nothing_is_identified(url: str) -> None:
    """A home page, another scheme or a broken address identifies nothing."""
    assert canonical_link(url) is None


def test_idn_meets_its_punycode() -> None:
    """A host name with umlauts and its punycode are one host."""
    assert canonical_link("https://xn--bcher-kva.example/a") == canonical_link("http://www.Bücher.example/a")


PIECES = st.text(alphabet="aZ09-._~%/;:@!$&'()*+,=|[]{}^ü漢 <>\"\\?#\t", max_size=20)


@st.composite
def urls(draw: st.DrawFn) -> str:
    """Addresses with every kind of odd character in every place."""
    scheme = draw(st.sampled_from(["http", "https", "HTTP"]))
    host = draw(
        st.sampled_from(["example.org", "www.example.org", "www.www.example.org", "www.de", "BÜCHER.example.", "[::1]"])
    )
    port = draw(st.sampled_from(["", ":80", ":443", ":8080"]))
    return f"{scheme}://{host}{port}/{draw(PIECES)}"


@given(urls())
def test_canonical_is_idempotent(url: str) -> None:
    """The key of a key is the key itself."""
    key = canonical_link(url)
    assert key is None or key == canonical_link(key)


@given(urls())
def test_postable_form_keeps_the_key(url: str) -> None:
    """Cleaning a link for posting is idempotent, gives ASCII, and does not change what it identifies."""
    link = clean_link(url)
    assert link is None or (link.isascii() and link == clean_link(link) and canonical_link(link) == canonical_link(url))


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    """No text, however odd, raises."""
    canonical_link(text)
    clean_link(text)
    absolute("https://example.org/", text)


@given(urls(), st.sampled_from(["utm_source=rss", "fbclid=1", "xtor=RSS-1", "UTM_MEDIUM=feed"]))
def test_tracking_changes_nothing(url: str, parameter: str) -> None:
    """A tracking parameter, wherever it stands in the query, leaves the key as it was."""
    bare = url.partition("#")[0].strip()
    joiner = "&" if "?" in bare else "?"
    assert canonical_link(bare) == canonical_link(f"{bare}{joiner}{parameter}")


def test_postable_form_is_the_links_own() -> None:
    """The posted link keeps scheme, www, parameters and anchor; it is percent-encoded and carries no password."""
    assert (
        clean_link(" http://me:secret@www.example.org/ü b?utm_source=rss&q=ä#a\n")
        == "http://www.example.org/%C3%BC%20b?utm_source=rss&q=%C3%A4#a"
    )


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("b", "https://example.org/dir/b"),
        ("/b", "https://example.org/b"),
        ("//cdn.example/b", "https://cdn.example/b"),
        ("?p=1", "https://example.org/dir/a?p=1"),
        ("#x", "https://example.org/dir/a#x"),
        ("http://other.example", "http://other.example/"),
        ("mailto:a@example.org", None),
        ("javascript:void(0)", None),
        ("data:text/plain,a", None),
        ("http://[", None),
    ],
)
def test_absolute(href: str, expected: str | None) -> None:
    """A reference is resolved as a browser would, and only web addresses come out."""
    assert expected == absolute("https://example.org/dir/a", href)


def test_absolute_on_a_broken_base() -> None:
    """A full address stands by itself; a relative one on a base that is none is nothing."""
    assert absolute("not a base", "b") is None
