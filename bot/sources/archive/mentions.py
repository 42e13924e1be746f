"""The links of a page that may lead to articles, and its parts that hold none: navigation, sidebars, forms."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.links import absolute, canonical_link
from bot.sources.archive.page import HEADINGS, Element, Page, span_of
from bot.sources.archive.words import names
from bot.sources.plain import one_line

_LISTS_MORE = names(  # the last or the last but one part of a path: what lists articles, or is none
    "tag tags category categories cat topic topics thema themen rubrik rubriques author authors autor auteur "
    "autoren page seite login signin sign-in logout signup sign-up register subscribe subscription newsletter "
    "newsletters search suche feed feeds rss atom wp-login.php wp-admin cart checkout account profile privacy "
    "datenschutz impressum imprint terms contact kontakt about about-us cookies sitemap"
)
_NEVER_QUERY = re.compile(r"(?:^|&)(?:replytocom|share|add-to-cart|paged?|cat|tag|author|orderby|sort)=", re.IGNORECASE)
_FILES = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|ico|css|js|xml|zip|mp3|mp4|ics)$", re.IGNORECASE)
_COMMENTS = re.compile(r"^(?:comments?|respond|disqus|reply|kommentare)", re.IGNORECASE)
_NEVER_RELATION = frozenset({"tag", "author", "next", "prev", "category", "license", "home", "search"})
_SHARING = re.compile(r"(?:^|/)(?:sharer?|intent|share\.php|shareArticle|submit)(?:/|$)")

_ASIDE_TAGS = frozenset({"nav", "aside", "form", "menu", "dialog"})
_ASIDE_ROLES = frozenset({"navigation", "complementary", "contentinfo", "banner", "search", "dialog", "menu"})
_ITEM_TAGS = frozenset({"article", "li", "section", "main", "td"})
_ASIDE_WORDS = names(
    "sidebar widget widgets footer nav navbar navigation menu submenu breadcrumb breadcrumbs related recommended "
    "recommendations newsletter signup subscribe share sharing social comments pagination pager paging cookie "
    "popular trending mostread sponsored advert advertisement masthead topbar toolbar tagcloud blogroll dropdown "
    "modal popup toc offcanvas skip"
)
_NOT_ASIDE_WORDS = names("has no with without content main wrapper wrap page layout container")
_ASIDE_TITLES = re.compile(
    r"^(?:related(?: (?:articles|posts|stories|content|links))?|more (?:from|on|in|like) .*|most (?:read|popular|"
    r"viewed|commented)|popular(?: (?:posts|articles|now))?|trending(?: now)?|recommended.*|editor'?s'? picks|"
    r"you (?:may|might) also like|recent comments|categories|tags|links|blogroll|follow us|newsletter|sign up.*|"
    r"subscribe.*|search|meistgelesen.*|beliebt.*|ähnliche.*|mehr zum thema|kategorien|schlagwörter|"
    r"les plus lus|à lire aussi|articles liés|catégories|lo más (?:leído|visto)|relacionad[oa]s|te puede interesar|"
    r"categorías|più letti|leggi anche|najczęściej czytane|meest gelezen|самое читаемое|популярное|читайте также|"
    r"похожие.*|рубрики|метки|인기.*|많이 본.*|"
    r"関連記事|人気.*|ランキング|アクセスランキング|カテゴリー?|タグ|相关文章|热门.*|"
    r"الأكثر قراءة|مقالات ذات صلة|اقرأ أيضا)\W*$",
    re.IGNORECASE,
)
_TITLES = HEADINGS - {"h1"} | {"strong", "legend", "dt", "b"}
_LONGEST_TITLE = 60
_FEW = 3
_MAX_LINKS = 5_000
_DEEP = 150
"""Elements around a link; real ones have a few dozen."""
_MOST = 0.6
"""The part of a page's links that makes what holds them the page itself, whatever it is called."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A link, as it stands at one place of the page."""

    element: Element
    link: str
    """Absolute."""
    target: str
    """Its canonical form, which all mentions of one article share."""
    text: str
    home: bool
    """Whether it leads to the site of the page itself."""


def find_mentions(page: Page) -> list[Mention]:
    """All links of the page that could lead to articles, wherever they stand, in document order."""
    here = canonical_link(page.url)
    host = _site(page.url)
    found: list[Mention] = []
    for element in page.elements:
        if len(found) == _MAX_LINKS:
            page.cut = True
            break
        if element.tag != "a" or element.depth > _DEEP or not (href := element.get("href")) or href.startswith("#"):
            continue
        link = absolute(page.base, href)
        target = canonical_link(link) if link else None
        if link and target and target != here and _may_be_article(element, link, page.url):
            text = one_line(page.text(span_of(element)))
            found.append(Mention(element, link, target, text, _site(link) == host))
    return found


def generic_texts(mentions: Iterable[Mention]) -> frozenset[str]:
    """Texts of links to different articles, in lower case: "Read more"."""
    targets: dict[str, set[str]] = {}
    for mention in mentions:
        if mention.text:
            targets.setdefault(mention.text.casefold(), set()).add(mention.target)
    return frozenset(text for text, those in targets.items() if len(those) > 1)


def _site(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.").removeprefix("m.")


def _may_be_article(element: Element, link: str, url: str) -> bool:
    parts = urlsplit(link)
    if _NEVER_RELATION & set(element.get("rel").lower().split()) or _COMMENTS.match(parts.fragment):
        return False
    if _FILES.search(parts.path) or _NEVER_QUERY.search(parts.query) or _SHARING.search(parts.path):
        return False
    segments = [segment for segment in parts.path.lower().split("/") if segment]
    own = [segment for segment in urlsplit(url).path.lower().split("/") if segment]
    shared = 0
    while shared < min(len(own), len(segments)) and own[shared] == segments[shared]:
        shared += 1
    return not _LISTS_MORE & set(segments[max(shared, len(segments) - 2) :])


def find_asides(page: Page, mentions: list[Mention], *, guess: bool = True) -> set[Element]:
    """The elements whose links are no articles. `guess`: also those that only their names or headings tell of."""
    links = Counter[Element]()
    targets: dict[Element, set[str]] = {}
    for mention in mentions:
        for element in mention.element.above():
            links[element] += 1
            few = targets.setdefault(element, set())
            if len(few) < _FEW:
                few.add(mention.target)
    most = _MOST * len(mentions)
    chosen = set(_by_tag(page))
    if guess:
        chosen |= {each for each in _by_name(page) if len(targets.get(each, ())) >= _FEW and each.parent is not None}
        chosen |= set(_by_heading(page))
    return {each for each in chosen if each.tag == "nav" or links[each] <= most}


def _by_tag(page: Page) -> Iterator[Element]:
    for element in page.elements:
        if (
            element.tag in _ASIDE_TAGS
            or element.get("role").lower() in _ASIDE_ROLES
            or (element.tag in ("header", "footer") and not any(each.tag in _ITEM_TAGS for each in element.above()))
        ):
            yield element


def _by_name(page: Page) -> Iterator[Element]:
    for element in page.elements:
        words = element.words() if "class" in element.attributes or "id" in element.attributes else frozenset()
        if words & _ASIDE_WORDS and not words & _NOT_ASIDE_WORDS:
            yield element


def _by_heading(page: Page) -> Iterator[Element]:
    """What stands under "Most read" and the like: all that follows it, to the next heading that is as high."""
    for element in page.elements:
        if element.tag not in _TITLES or element.text_to - element.text_from > _FEW:
            continue
        text = page.text(span_of(element))
        if text and len(text) <= _LONGEST_TITLE and _ASIDE_TITLES.match(text):
            top = element
            while top.parent is not None and top.parent.children == [top] and top.parent.parent is not None:
                top = top.parent
            for sibling in page.after(top):
                if sibling.tag == top.tag or (sibling.tag in HEADINGS and sibling.tag <= element.tag):
                    break
                yield sibling
