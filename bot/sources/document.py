"""From bytes to a tree: encodings as they are met, and the repairs that make most broken feeds well-formed.

Nothing outside the document is ever loaded, no entity of its own is expanded, and depth and size are limited.
"""

import codecs
import re
import sys
from dataclasses import dataclass
from html.entities import html5

from lxml import etree

from bot.sources.plain import C1_AS_CP1252, join_surrogates

MAX_MARKS = 600_000
"""Opening brackets and equals signs in a document, which bound its elements and attributes. The largest real feeds have
half of it; a tree of them takes up to 200 MB."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")

# Labels that mean more than they say: https://encoding.spec.whatwg.org/#names-and-labels
_LABELS = {
    **dict.fromkeys(("ascii", "us-ascii", "latin1", "latin-1", "iso-8859-1", "iso8859-1", "iso_8859-1"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "gb_2312-80", "x-gbk", "chinese"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji"), "cp932"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "korean", "ksc5601"), "cp949"),
    **dict.fromkeys(("iso-8859-9", "latin5"), "cp1254"),
    "big5": "big5hkscs",
    "tis-620": "cp874",
    "iso-8859-11": "cp874",
    **dict.fromkeys(("iso-8859-8-i", "iso-8859-8-e", "logical", "csiso88598i"), "iso-8859-8"),
    **dict.fromkeys(("koi", "koi8", "koi8_r"), "koi8-r"),
    "koi8-ru": "koi8-u",
    **dict.fromkeys(("windows-949", "ks_c_5601-1989"), "cp949"),
    **dict.fromkeys(("windows-31j", "csshiftjis"), "cp932"),
    **dict.fromkeys(("dos-874", "windows-874"), "cp874"),
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
    "x-euc-jp": "euc-jp",
    "x-mac-cyrillic": "mac_cyrillic",
    "unicode": "utf-16",
    "x-mac-roman": "mac_roman",
}
_EURO, _EUROS = "handbill.euro", re.compile(rb"\x80+")
"""What is no character is marked as such; a lone 0x80 is the euro: https://encoding.spec.whatwg.org/#gb18030-decoder."""
_NOT_OF_THE_WEB = frozenset({"utf-7", "unicode-escape", "raw-unicode-escape", "idna", "punycode"})
"""Codecs of Python's that make ASCII mean something else, or take long."""
_SEVEN_BIT = frozenset({"iso2022_jp", "iso2022_kr", "hz"})
_CP1252_OF_ESCAPED = {0xDC00 + code: bytes([code]).decode("cp1252", "replace") for code in range(0x80, 0x100)}

_SURROGATES = re.compile(rb"(?:\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf])++")
_DECLARATION = re.compile(r"\s*<\?xml[^>]*+>\s*")
_DOCTYPE = re.compile(
    r"<!DOCTYPE(?:[^\[>\"']++|\"[^\"]*+\"|'[^']*+')*+(?:\[(?:[^\]\"']++|\"[^\"]*+\"|'[^']*+')*+\]\s*+)?>", re.IGNORECASE
)
_ROOT = re.compile(
    r"<((?:[A-Za-z_][\w.-]{0,50}:)?(?:rss|feed|rdf|channel|urlset|sitemapindex))(?=[\s>])", re.IGNORECASE
)
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{1,31}));")
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)")
_BARE_BRACKET = re.compile(r"<(?![A-Za-z_/!?])")
_VOID_TAG = re.compile(r"<(br|hr|img|wbr|input)((?:[\s/][^<>]*+)?)>", re.IGNORECASE)
_OPEN_TAG = re.compile(r"<([A-Za-z_][^\s<>/\"'=]*+)(\s(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+)>")
_ATTRIBUTE = re.compile(r"([^\s\"'<>/=]++)(?:\s*+=\s*+(\"[^\"<]*+\"|'[^'<]*+'|[^\s\"'<>]++))?+")
_ATTRIBUTE_NAME = re.compile(r"[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?")
_MAX_TAG = 100_000
"""Characters of a tag that is repaired."""
_PREFIX = re.compile(r"</?([A-Za-z_][\w.-]{0,50}):[A-Za-z_]|\s([A-Za-z_][\w.-]{0,50}):[\w.-]++\s*+=\s*+[\"']")
_DECLARED_PREFIX = re.compile(r"xmlns:([\w.-]++)\s*+=")
_ENTRY_END = re.compile(r"</(?:[A-Za-z_][\w.-]{0,50}:)?(?:item|entry)\s*>", re.IGNORECASE)
_ADDRESS_END = re.compile(r"</(?:[A-Za-z_][\w.-]{0,50}:)?(?:url|sitemap)\s*>", re.IGNORECASE)
"""The same in a sitemap; in a feed, a picture's address ends like that."""
_KNOWN_PREFIXES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "news": "http://www.google.com/schemas/sitemap-news/0.9",
    "image": "http://www.google.com/schemas/sitemap-image/1.1",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
}


def _euro(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    euros = _EUROS.match(error.object, error.start)
    return ("€" * len(euros[0]), euros.end()) if euros else ("\N{REPLACEMENT CHARACTER}", error.start + 1)


codecs.register_error(_EURO, _euro)


class Broken(Exception):
    """A document that no repair made well-formed. `text` is what is left of it, cut after its last whole entry; empty
    where a more patient parser should not be let near it. `reason` ends a sentence."""

    def __init__(self, text: str, complete: bool, reason: str) -> None:
        super().__init__(reason)
        self.text = text
        self.complete = complete
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document."""

    root: etree._Element
    repaired: bool
    complete: bool
    """False when it ends before its root does: its last, cut entry is left out."""


def decode_body(body: bytes, charset: str | None, meta: str | None = None) -> str:
    """The text of `body`: by its byte order mark, as UTF-8 where it is that, else as header or declaration say.

    `meta`: what a web page declares in a tag of its own.
    """
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(encoding, "replace")
    if body[:2] in (b"<\0", b"{\0"):
        return body.decode("utf-16-le", "replace")
    if body[:2] in (b"\0<", b"\0{"):
        return body.decode("utf-16-be", "replace")
    match = _DECLARED.match(body[:1000])
    stated, declared = _codec(charset), _codec(match[1].decode("ascii") if match else meta)
    if declared in _SEVEN_BIT or stated in _SEVEN_BIT:
        return body.decode(declared if declared in _SEVEN_BIT else str(stated), "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_other(_SURROGATES.sub(_joined, body), stated, declared)


def parse_document(text: str) -> Document:
    """The tree of `text`. Raises Broken where even repairs do not make it XML."""
    if text.count("<") + text.count("=") > MAX_MARKS:
        raise Broken("", True, f"it has more than {MAX_MARKS:,} elements and attributes")
    text = _DECLARATION.sub("", text, count=1) if _DECLARATION.match(text) else text.lstrip()
    doctype = text[:2_000].upper().find("<!DOCTYPE")
    if doctype >= 0 and (match := _DOCTYPE.match(text, doctype)):
        text = text[:doctype] + text[match.end() :]
    try:
        return Document(_parse(text), repaired=False, complete=True)
    except etree.XMLSyntaxError:
        text, complete = _whole_entries(_without_junk(_ILLEGAL.sub("", text)))
    text = _declare_prefixes(_repair_outside_cdata(text))
    try:
        return Document(_parse(text), repaired=True, complete=complete)
    except etree.XMLSyntaxError as error:
        reason = str(error.msg or "unreadable").removesuffix(" (<string>)")
        raise Broken("" if "depth" in reason.lower() else text, complete, reason) from None


def _codec(label: str | None) -> str | None:
    """The codec that Python has for `label`, or None; UTF-8 is not told apart from no label."""
    label = (label or "").strip().strip("\"'").lower()
    try:
        name = codecs.lookup(_LABELS.get(label, label)).name
        "".encode(name)  # a codec that is not one of text has no business here
    except (LookupError, ValueError):
        return None
    return None if name == "utf-8" or name in _NOT_OF_THE_WEB else name


def _decode_other(body: bytes, stated: str | None, declared: str | None) -> str:
    """Servers call anything Latin-1 that they know nothing of, so a document's own word counts more than that."""
    candidates = ["utf-8", *([declared, stated] if stated == "cp1252" else [stated, declared])]
    codecs_left = [codec for codec in candidates if codec]
    for codec in codecs_left:
        try:
            return body.decode(codec)
        except UnicodeDecodeError:
            continue
    for codec in codecs_left:
        if codec not in ("utf-8", "cp1252"):
            return body.decode(codec, _EURO if codec == "gb18030" else "replace")
    return body.decode("utf-8", "surrogateescape").translate(_CP1252_OF_ESCAPED)


def _joined(match: re.Match[bytes]) -> bytes:
    """Pairs of surrogates that were encoded one by one (CESU-8), as the characters that they are."""
    return match[0].decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16").encode()


def _parse(text: str) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        strip_cdata=True,
    )
    return etree.fromstring(text.encode("utf-8", "replace"), parser)


def _without_junk(text: str) -> str:
    """Cut what stands before the root element and after its end."""
    match = _ROOT.search(text)
    if match is None:
        return text
    text = text[match.start() :]
    end = text.rfind(f"</{match[1]}")
    return text if end < 0 else text[: text.find(">", end) + 1 or len(text)]


def _whole_entries(text: str) -> tuple[str, bool]:
    """`text`, and whether it ends with its root element; if not, cut after its last whole entry and closed. Raises
    Broken where there is no whole entry."""
    match = _ROOT.match(text)
    if match is None or re.search(rf"</{re.escape(match[1])}\s*>\s*$", text[-200:]):
        return text, True
    ends = [found.end() for found in (_ADDRESS_END if _is_sitemap(match[1]) else _ENTRY_END).finditer(text)]
    if not ends:
        raise Broken("", False, "it is cut off before its first entry ends")
    text = text[: ends[-1]]
    inner = "</channel>" if "<channel" in text[:5_000] and "</channel" not in text and match[1] != "channel" else ""
    return f"{text}{inner}</{match[1]}>", False


def _is_sitemap(root: str) -> bool:
    return root.lower().rpartition(":")[2] in ("urlset", "sitemapindex")


def _repair_outside_cdata(text: str) -> str:
    first, *others = text.split("<![CDATA[")
    pieces = [_repair(first)]
    for other in others:
        inside, end, outside = other.partition("]]>")
        pieces += ["<![CDATA[", inside, "]]>", _repair(outside) if end else ""]
    return "".join(pieces)


def _repair(text: str) -> str:
    """Make references and brackets in text that is not CDATA legal."""
    if "&" in text:
        text = _BARE_AMPERSAND.sub("&amp;", _REFERENCE.sub(_legal_reference, join_surrogates(text)))
    return _VOID_TAG.sub(_closed, _OPEN_TAG.sub(_legal_attributes, _BARE_BRACKET.sub("&lt;", text)))


def _closed(match: re.Match[str]) -> str:
    return f"<{match[1]}{match[2].rstrip().removesuffix('/')}/>"


def _legal_attributes(match: re.Match[str]) -> str:
    """A tag whose attributes have values in quotes, and stand once: as in HTML, the first of a name counts."""
    if len(match[0]) > _MAX_TAG:
        return match[0]
    inner = match[2].rstrip()
    closed = inner.endswith("/")
    stated: dict[str, str] = {}
    for name, value in _ATTRIBUTE.findall(inner.removesuffix("/")):
        if _ATTRIBUTE_NAME.fullmatch(name):
            stated.setdefault(name, value if value[:1] in ("'", '"') and value else f'"{value}"')
    attributes = "".join(f" {name}={value}" for name, value in stated.items())
    return f"<{match[1]}{attributes}{'/' if closed else ''}>"


def _legal_reference(match: re.Match[str]) -> str:
    if match[3]:
        if match[3] in ("amp", "lt", "gt", "quot", "apos"):
            return match[0]
        named = html5.get(f"{match[3]};")
        return match[0] if named is None else _ILLEGAL.sub("", named).replace("&", "&amp;").replace("<", "&lt;")
    code = int(match[1]) if match[1] else int(match[2], 16)
    if code > sys.maxunicode or _ILLEGAL.match(chr(code)):
        return ""
    return C1_AS_CP1252.get(code, f"&#{code};")


def _declare_prefixes(text: str) -> str:
    """Declare the namespace prefixes that are used and nowhere declared, the usual ones by what they usually mean."""
    match = _ROOT.match(text)
    if match is None:
        return text
    used = {one or other for one, other in _PREFIX.findall(text)} - {"xml", "xmlns"}
    missing = sorted(used.difference(_DECLARED_PREFIX.findall(text)))
    declarations = "".join(
        f' xmlns:{prefix}="{_KNOWN_PREFIXES.get(prefix, "urn:x-undeclared")}"' for prefix in missing[:50]
    )
    return f"{text[: match.end()]}{declarations}{text[match.end() :]}"
