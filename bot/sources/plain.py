"""HTML to plain text and the few other things wanted of it, by one pass over its tokens.

No tree is built: 21 kB of crafted formatting tags make a conforming tree builder use a gigabyte (each open one is
opened again in every later paragraph), and what feeds hold is anybody's text. One pass is linear in the input.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from itertools import islice

MAX_CHARS = 200_000
"""Characters of HTML that are looked at; what is wanted stands at the beginning."""

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)((?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+)>")
_ROUGH_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)([^>]*+)>")
_IMAGE = re.compile(r"<img(?=[\s/])", re.IGNORECASE)
_MAX_TAG = 10_000
"""Characters of a tag."""
_ATTRIBUTE = re.compile(r"([^\s\"'>/=]++)\s*+(?:=\s*+(\"[^\"]*+\"|'[^']*+'|[^\s\"'>]++))?+")
_REFERENCE_IN_ATTRIBUTE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_LONG_REFERENCE = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{7,});?")
C1_AS_CP1252 = {code: bytes([code]).decode("cp1252", "replace") for code in range(0x80, 0xA0)}
"""What the control characters of Latin-1 mean wherever they are met: https://encoding.spec.whatwg.org/#windows-1252."""
_SURROGATES = re.compile(
    "&#(?:[xX]([dD][89abAB][0-9a-fA-F]{2})|(5[56][0-9]{3}));&#(?:[xX]([dD][c-fC-F][0-9a-fA-F]{2})|(5[67][0-9]{3}));"
)
_OVERRIDES = (0x202D, 0x202E)
"""Turn round all that follows, also what is not of this text: https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing."""
_UNSEEN = dict.fromkeys((*range(0x20), 0x7F, 0xAD, 0x200B, *_OVERRIDES, 0xFEFF, *range(0xD800, 0xE000), 0xFFFE, 0xFFFF))
_CLEAN = {**_UNSEEN, **C1_AS_CP1252, 9: " ", 10: "\n", 13: "\n", 0x85: "…", 0x2028: "\n", 0x2029: "\n"}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NOT_TEXT = _words(
    "script style template noscript title textarea iframe svg math object video audio select figcaption xmp "
    "noembed noframes"
)
_PARAGRAPHS = _words(
    "p div h1 h2 h3 h4 h5 h6 ul ol dl blockquote pre table section hr article header footer figure aside main nav "
    "form fieldset address center"
)
_LINES = frozenset({"br", "li", "tr", "dt", "dd", "option", "caption"})
_CELLS = frozenset({"td", "th"})
_INLINE = _words(
    "a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd mark q s samp small span strike strong sub "
    "sup time tt u var"
)
_VOID = frozenset({"br", "wbr", "img", "hr"})
_ENDED_BY_THE_NEXT = frozenset({"p", "li", "tr", "td", "th", "dt", "dd", "option"})
_NOT_DISPLAYED = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_TITLE_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)(?=[\s/>])")


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of HTML: its name in lower case and its attributes as they stand."""

    name: str
    closing: bool
    source: str

    def attributes(self) -> dict[str, str]:
        """Values by lower-case name, references decoded; the first of a name counts."""
        found: dict[str, str] = {}
        for name, value in _ATTRIBUTE.findall(self.source[:_MAX_TAG]):
            found.setdefault(name.lower(), _attribute_value(value))
        return found


@dataclass(frozen=True, slots=True)
class Image:
    """An `img`: its address as it stands and its alternative text."""

    source: str
    alt: str


def tokens(html: str) -> Iterator[str | Tag]:
    """The text (references decoded) and tags of `html`, in order; what stands in scripts and the like is left out,
    their tags are not."""
    html = html[:MAX_CHARS]
    pattern, at = _TAG, 0
    while (start := html.find("<", at)) >= 0:
        if start > at:
            yield decode(html[at:start])
        match = pattern.match(html, start)
        if match is None and pattern is _TAG and html[start + 1 : start + 3].lstrip("/")[:1].isalpha():
            pattern = _ROUGH_TAG  # a quote that never ends: from here on tags end at the first ">"
            match = pattern.match(html, start)
        if match is None:
            literal, at = _after_other(html, start)
            if literal:
                yield literal
            continue
        name, at = match[2].lower(), match.end()
        yield Tag(name, bool(match[1]), match[3])
        if name in _NOT_TEXT and not match[1] and not match[3].endswith("/"):
            at = _end_of(name, html, at)
    if at < len(html):
        yield decode(html[at:])


def to_text(html: str, limit: int = 10_000) -> str:
    """`html` as a reader sees it: paragraphs parted by an empty line, lines by a line break; at most `limit`
    characters, cut between tokens."""
    pieces: list[str] = []
    length = preformatted = 0
    for token in _displayed(tokens(html)):
        if isinstance(token, Tag):
            piece = _break_of(token)
            preformatted += (-1 if token.closing else 1) if token.name == "pre" else 0
        else:
            piece = token.replace("\r\n", "\n") if preformatted > 0 else _one_space(token)
        pieces.append(piece)
        length += len(piece)
        if length > 2 * limit:
            break
    return tidy("".join(pieces))[:limit].rstrip()


def tidy(text: str) -> str:
    """`text` without invisible characters, with single spaces, and with at most one empty line between paragraphs."""
    lines = [" ".join(line.split()) for line in text.translate(_CLEAN).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def one_line(text: str) -> str:
    """`text` without invisible characters, on one line."""
    return " ".join(text.translate(_CLEAN).split())


def title_of(text: str) -> str:
    """A title of which the format does not say whether it is HTML: known inline tags count as such where they are
    closed, and every other "<" is itself. RSS leaves this open: https://www.rssboard.org/rss-encoding-examples."""
    text = text[:20_000]
    closed = {name.lower() for slash, name in _TITLE_TAG.findall(text) if slash}

    def is_markup(name: str) -> bool:
        return name in _VOID or (name in closed and (name in _INLINE or name in _PARAGRAPHS or name in _NOT_TEXT))

    parts: list[str] = []
    at = 0
    for found in re.finditer("<", text):
        match = _TITLE_TAG.match(text, found.start())
        if match is None or not is_markup(match[2].lower()):
            parts += [text[at : found.start()], "&lt;"]
            at = found.end()
    return one_line(to_text("".join(parts) + text[at:], limit=5_000))


def looks_like_html(text: str) -> bool:
    """Whether text of unstated kind holds HTML: a known tag, or a character reference."""
    text = text[:MAX_CHARS]
    names = (name.lower() for _, name in _TITLE_TAG.findall(text))
    return any(name in _INLINE or name in _PARAGRAPHS or name in _LINES or name in _VOID for name in names) or bool(
        _REFERENCE_IN_ATTRIBUTE.search(text)
    )


def images(html: str) -> Iterator[Image]:
    """The pictures in `html` that can be meant to be looked at: no emoji, no counting pixels, no inline data."""
    html = html[:MAX_CHARS]
    for found in islice(_IMAGE.finditer(html), 100):
        tag = html[found.start() : found.start() + _MAX_TAG]
        match = _TAG.match(tag) or _ROUGH_TAG.match(tag)
        if match:
            attributes = Tag("img", False, match[3]).attributes()
            source = attributes.get("src", "").strip()
            if source and not source.startswith("data:") and not _is_ornament(attributes):
                yield Image(source, one_line(attributes.get("alt", ""))[:2_000])


def decode(text: str) -> str:
    """`text` with its character references decoded, once."""
    if "&" not in text:
        return text
    return unescape(_LONG_REFERENCE.sub("\N{REPLACEMENT CHARACTER}", join_surrogates(text)))


def join_surrogates(text: str) -> str:
    """`text` with each pair of references to surrogates as the one character that it means."""
    return _SURROGATES.sub(_joined, text) if "&#" in text else text


def _joined(match: re.Match[str]) -> str:
    high = int(match[1], 16) if match[1] else int(match[2])
    low = int(match[3], 16) if match[3] else int(match[4])
    if 0xD800 <= high < 0xDC00 <= low < 0xE000:  # noqa: PLR2004 - https://www.unicode.org/glossary/#surrogate_pair
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    return match[0]


def _displayed(stream: Iterator[str | Tag]) -> Iterator[str | Tag]:
    """What of `stream` is not in an element that is hidden. One that is never closed hides all that follows."""
    hidden, depth = "", 0
    for token in stream:
        of_its_kind = isinstance(token, Tag) and token.name == hidden
        if hidden and not (of_its_kind and hidden in _ENDED_BY_THE_NEXT):
            if isinstance(token, Tag) and of_its_kind:
                depth += -1 if token.closing else 1
                hidden = hidden if depth else ""
        elif isinstance(token, Tag) and _is_hidden(token):
            hidden, depth = token.name, 1
        else:
            hidden = ""
            yield token


def _is_hidden(tag: Tag) -> bool:
    if tag.closing or tag.name in _VOID or not re.search("hidden|none", tag.source[:_MAX_TAG], re.IGNORECASE):
        return False
    attributes = tag.attributes()
    return "hidden" in attributes or bool(_NOT_DISPLAYED.search(attributes.get("style", "")))


def _attribute_value(value: str) -> str:
    if value[:1] in ("'", '"'):
        value = value[1:-1]
    return _REFERENCE_IN_ATTRIBUTE.sub(lambda match: unescape(match[0]), value)


def _after_other(html: str, start: int) -> tuple[str, int]:
    """What a "<" that opens no tag gives as text, and where to go on: comments, declarations, or a plain "<"."""
    if html.startswith("<!--", start):
        end = html.find("-->", start + 4)
        return "", end + 3 if end >= 0 else len(html)
    following = html[start + 1 : start + 2]
    if following in ("!", "?", "/") or (following.isascii() and following.isalpha()):
        end = html.find(">", start)
        return "", end + 1 if end >= 0 else len(html)
    return "<", start + 1


def _end_of(name: str, html: str, at: int) -> int:
    match = re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE).search(html, at)
    return match.start() if match else len(html)


def _break_of(tag: Tag) -> str:
    if tag.name in _PARAGRAPHS:
        return "\n\n"
    if tag.name in _LINES:
        return "\n" if tag.name == "br" or not tag.closing else ""
    return " " if tag.name in _CELLS else ""


def _one_space(text: str) -> str:
    """White space as HTML shows it: any run is one space."""
    return re.sub(r"[ \t\r\n\f]+", " ", text)


def _is_ornament(attributes: dict[str, str]) -> bool:
    sizes = [attributes.get(side, "").strip().removesuffix("px") for side in ("width", "height")]
    small = any(re.fullmatch(r"[0-4]?\d", size) for size in sizes)
    return small or any(word in attributes.get("class", "") for word in ("emoji", "smiley"))
