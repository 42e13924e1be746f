"""A page of HTML as a tree that can be asked in linear time: elements and texts in document order, each element a range
of both. Pages are anybody's: what would make a tree of many times their own size, or a very deep one, is not built.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.links import absolute
from bot.sources.archive.nesting import refuse_bombs, too_deep
from bot.sources.archive.words import names
from bot.sources.document import decode_body
from bot.sources.markup import read_language
from bot.sources.plain import one_line

MAX_ELEMENTS = 100_000
"""Elements and texts that are looked at. Large front pages have a fifth of it."""
MAX_LEVELS, MAX_STEPS = 300, 3_000_000
"""The depth of the tree, and the sum of its elements' depths: what a selector may have to climb for each of them."""

_NOT_SHOWN = names("script style template noscript svg math head iframe object video audio canvas select")
_BLOCKS = names(
    "p div h1 h2 h3 h4 h5 h6 ul ol li dl dt dd blockquote pre table caption thead tbody tfoot tr td th section "
    "article header footer figure figcaption aside main nav form fieldset address center hr body html details "
    "summary"
)
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)


@dataclass(slots=True, eq=False)
class Element:
    """An element, and which ranges of the page's elements and texts are its own."""

    tag: str
    attributes: dict[str, str | None]
    parent: "Element | None"
    place: int
    depth: int
    text_from: int
    end: int = 0
    """One after the place of its last descendant."""
    text_to: int = 0
    children: "list[Element]" = field(default_factory=list)

    def get(self, name: str) -> str:
        """An attribute, empty where there is none."""
        return (self.attributes.get(name) or "").strip()

    def words(self) -> frozenset[str]:
        """The words that its class and id are made of, lower case: "post-title" is two."""
        return frozenset(re.findall(r"[a-z]+", f"{self.get('class')} {self.get('id')}"[:500].lower()))

    def above(self) -> "Iterator[Element]":
        """It and its ancestors, upwards."""
        element: Element | None = self
        while element is not None:
            yield element
            element = element.parent


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text and the element that it stands in. A line break is a text of its own."""

    content: str
    element: Element
    block: Element
    """The nearest one around it that begins a line."""


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive elements and texts of a page: an element, or some that follow each other."""

    start: int
    end: int
    text_from: int
    text_to: int


@dataclass(slots=True)
class Page:
    """A parsed page."""

    url: str
    base: str
    """What relative links build on."""
    title: str
    language: str | None
    elements: list[Element] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    cut: bool = False
    """Whether it was too large to be looked at whole."""
    source: LexborHTMLParser | None = None
    by_node: dict[int, Element] = field(default_factory=dict)
    selected: dict[str, list[Element]] = field(default_factory=dict)

    def select(self, selector: str) -> list[Element]:
        """The elements that a CSS selector matches, in document order."""
        if selector not in self.selected:
            found = self.source.css(selector) if self.source else []
            known = (self.by_node.get(node.mem_id) for node in found)
            self.selected[selector] = sorted((each for each in known if each), key=_place)
        return self.selected[selector]

    def select_inside(self, selector: str, span: "Span") -> list[Element]:
        """Those of them that are in a span."""
        found = self.select(selector)
        return found[bisect_left(found, span.start, key=_place) : bisect_left(found, span.end, key=_place)]

    def inside(self, span: Span) -> list[Element]:
        """The elements of a span, in document order."""
        return self.elements[span.start : span.end]

    def blocks(self, span: Span, *, without: frozenset[Element] = frozenset()) -> list[tuple[Element, str]]:
        """The lines of a span: (the block that each stands in, its text). `without`: elements that are left out."""
        lines: list[tuple[Element, list[str]]] = []
        for text in self.texts[span.text_from : span.text_to]:
            if without and any(element in without for element in text.element.above()):
                continue
            if not lines or lines[-1][0] is not text.block or text.content == "\n":
                lines.append((text.block, []))
            lines[-1][1].append(text.content)
        joined = ((block, one_line("".join(pieces))) for block, pieces in lines)
        return [(block, line) for block, line in joined if line]

    def after(self, element: Element) -> Iterator[Element]:
        """The siblings that follow an element."""
        at = element.end
        while element.parent is not None and at < element.parent.end:
            yield self.elements[at]
            at = self.elements[at].end

    def text(self, span: Span) -> str:
        """All text of a span on one line."""
        return " ".join(line for _, line in self.blocks(span))


def _place(element: Element) -> int:
    return element.place


def span_of(element: Element) -> Span:
    """An element as a span."""
    return Span(element.place, element.end, element.text_from, element.text_to)


def parse_page(body: bytes, charset: str | None, url: str) -> Page:
    """The page in `body`, fetched from `url`. Raises Unreadable where its markup is an attack or wreckage."""
    declared = _META_CHARSET.search(body[:2_000])
    text = decode_body(body, charset or (declared[1].decode("ascii") if declared else None)).replace("\0", "")
    refuse_bombs(text)
    source = LexborHTMLParser(text)
    base_node, title = source.css_first("base[href]"), source.css_first("title")
    base = (base_node.attributes.get("href") or "").strip() if base_node else ""
    html = source.css_first("html")
    page = Page(
        url=url,
        base=(absolute(url, base) if base else None) or url,
        title=one_line(title.text() if title else "")[:500],
        language=read_language((html.attributes.get("lang") or "") if html else ""),
        source=source,
    )
    if source.body is not None:
        _fill(page, source.body)
    return page


def _fill(page: Page, body: LexborNode) -> None:
    blocks: list[Element] = []  # by place: the block that each element's own text stands in
    steps = 0
    for node in body.traverse(include_text=True):
        if len(page.elements) + len(page.texts) >= MAX_ELEMENTS:
            page.cut = True
            break
        above = node.parent
        parent = page.by_node.get(above.mem_id) if above is not None else None
        if parent is None and page.elements:
            continue  # inside of what is not shown
        if node.is_text_node:
            if parent is not None and (content := node.text_content):
                page.texts.append(Text(content, parent, blocks[parent.place]))
        elif node.is_element_node and (tag := node.tag or "") not in _NOT_SHOWN:
            depth = parent.depth + 1 if parent else 0
            steps += depth
            if depth > MAX_LEVELS or steps > MAX_STEPS:
                raise too_deep()
            element = Element(tag, node.attributes, parent, len(page.elements), depth, len(page.texts))
            page.elements.append(element)
            page.by_node[node.mem_id] = element
            blocks.append(element if parent is None or tag in _BLOCKS else blocks[parent.place])
            if parent is not None:
                parent.children.append(element)
            if tag == "br":
                page.texts.append(Text("\n", element, blocks[element.place]))
    _close(page)


def _close(page: Page) -> None:
    """Work out where each element ends: what comes after it begins where it ends."""
    texts = [0] * len(page.elements)
    for at, text in enumerate(page.texts, start=1):
        texts[text.element.place] = at
    for element in reversed(page.elements):
        last = element.children[-1] if element.children else None
        element.end = last.end if last else element.place + 1
        inner = max((child.text_to for child in element.children[-1:]), default=0)
        element.text_to = max(texts[element.place], inner, element.text_from)
