"""The string formats of the AT Protocol, as regular expressions and a few rules that these cannot say.

Each is one function from a string to whether it is well-formed. https://atproto.com/specs/lexicon#string-formats
"""

import re
from collections.abc import Callable

_DID = re.compile(r"(?=.{7,2048}\Z)did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]")
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_HANDLE = re.compile(rf"(?=.{{3,253}}\Z)(?:{_LABEL}\.)+[a-zA-Z](?:[a-zA-Z0-9-]{{0,61}}[a-zA-Z0-9])?")
_NSID = re.compile(
    rf"(?=.{{5,317}}\Z)[a-zA-Z](?:[a-zA-Z0-9-]{{0,61}}[a-zA-Z0-9])?(?:\.{_LABEL})+\.[a-zA-Z][a-zA-Z0-9]{{0,62}}"
)
_RECORD_KEY = re.compile(r"[a-zA-Z0-9_~.:-]{1,512}")
_TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
_URI = re.compile(r"[A-Za-z0-9_]+:(?://)?[^\s/]\S*")
_DATETIME = re.compile(
    r"(?=.{20,64}\Z)(?P<year>\d{4})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?"
    r"(?P<offset>Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
# https://www.rfc-editor.org/rfc/rfc5646#section-2.1; the protocol wants the first subtag short and in lower case.
_LANGUAGE = re.compile(
    r"(?P<language>[a-z]{2,3}(?:-[A-Za-z]{3}){0,3})(?P<script>-[A-Za-z]{4})?(?P<region>-(?:[A-Za-z]{2}|\d{3}))?"
    r"(?P<variants>(?:-(?:[A-Za-z0-9]{5,8}|\d[A-Za-z0-9]{3}))*)"
    r"(?P<extensions>(?:-[0-9A-WY-Za-wy-z](?:-[A-Za-z0-9]{2,8})+)*)(?:-[xX](?:-[A-Za-z0-9]{1,8})+)?",
    re.ASCII,
)
_PRIVATE_LANGUAGE = re.compile(r"[xX](?:-[A-Za-z0-9]{1,8})+")
_GRANDFATHERED = re.compile(
    r"en-GB-oed|i-(?:ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)|sgn-(?:BE-FR|BE-NL|CH-DE)"
    r"|art-lojban|cel-gaulish|no-(?:bok|nyn)|zh-(?:guoyu|hakka|min|min-nan|xiang)"
)
_TID_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"


def is_did(text: str) -> bool:
    """https://atproto.com/specs/did"""
    return bool(_DID.fullmatch(text))


def is_handle(text: str) -> bool:
    """https://atproto.com/specs/handle"""
    return bool(_HANDLE.fullmatch(text))


def is_at_identifier(text: str) -> bool:
    """A DID or a handle."""
    return is_did(text) if text.startswith("did:") else is_handle(text)


def is_nsid(text: str) -> bool:
    """https://atproto.com/specs/nsid"""
    return bool(_NSID.fullmatch(text))


def is_record_key(text: str) -> bool:
    """https://atproto.com/specs/record-key"""
    return bool(_RECORD_KEY.fullmatch(text)) and text not in (".", "..")


def is_tid(text: str) -> bool:
    """https://atproto.com/specs/tid"""
    return bool(_TID.fullmatch(text))


def is_uri(text: str) -> bool:
    """A scheme, a colon and something without white space; the protocol asks for no more than that."""
    return bool(_URI.fullmatch(text))


def is_datetime(text: str) -> bool:
    """RFC 3339 with a capital T and a zone; not "-00:00", and not before the year 0 in UTC."""
    found = _DATETIME.fullmatch(text)
    if not found or found["offset"] == "-00:00":
        return False
    return not (found["year"] == "0000" and found["offset"].startswith("+"))


def is_language(text: str) -> bool:
    """BCP 47; no variant and no extension twice."""
    if _GRANDFATHERED.fullmatch(text) or _PRIVATE_LANGUAGE.fullmatch(text):
        return True
    found = _LANGUAGE.fullmatch(text)
    if not found:
        return False
    variants = found["variants"].lower().split("-")[1:]
    singletons = [part for part in found["extensions"].lower().split("-") if len(part) == 1]
    return len(set(variants)) == len(variants) and len(set(singletons)) == len(singletons)


def tid(microseconds: int, clock: int) -> str:
    """The timestamp identifier of a moment. https://atproto.com/specs/tid"""
    number = (microseconds << 10) | (clock & 0x3FF)
    return "".join(_TID_ALPHABET[(number >> shift) & 31] for shift in range(60, -1, -5))


def is_at_uri(text: str) -> bool:
    """at://AUTHORITY/COLLECTION/KEY, the last two if need be: https://atproto.com/specs/at-uri-scheme"""
    scheme, _, rest = text.partition("://")
    authority, *path = rest.split("/")
    checks = (is_nsid, is_record_key)
    well_formed = all(check(part) for check, part in zip(checks, path, strict=False))
    return scheme == "at" and is_at_identifier(authority) and len(path) <= len(checks) and well_formed


FORMATS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "at-identifier": ("AT identifier", is_at_identifier),
    "at-uri": ("AT-URI", is_at_uri),
    "datetime": ("datetime", is_datetime),
    "did": ("DID", is_did),
    "handle": ("handle", is_handle),
    "language": ("language", is_language),
    "nsid": ("NSID", is_nsid),
    "record-key": ("record key", is_record_key),
    "tid": ("TID string", is_tid),
    "uri": ("uri", is_uri),
}
"""Each format's name for people, and its rule."""
