"""A second way of counting what a reader sees, written from the Unicode standard alone.

The program and the sandbox count with wcwidth; a mistake there would go unseen if this did too. The rules GB1 to GB13:
https://www.unicode.org/reports/tr29/#Grapheme_Cluster_Boundary_Rules
"""

import re
import unicodedata

_ZWJ, _ZWNJ = "\u200d", "\u200c"
_PREPENDED = re.compile("[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd]")
_SPACING_BUT_NO_MARK = re.compile(
    "[\u102b\u102c\u1038\u1062-\u1064\u1067-\u106d\u1083\u1087-\u108c\u108f\u109a-\u109c]"
)
"""Of category Mc, and yet no SpacingMark: https://www.unicode.org/reports/tr29/#SpacingMark"""
_EXTENDING = re.compile("[\u200c\uff9e\uff9f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
"""Extend, although no mark by category: joiners, voiced marks of narrow Katakana, skin tones, tags."""
_SPACING = re.compile("[\u0e33\u0eb3]")
"""SpacingMark, although a letter by category."""
_PICTOGRAPH = re.compile(
    "[\xa9\xae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u2388\u23cf\u23e9-\u23f3\u23f8-\u23fa"
    "\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u2605\u2607-\u2612\u2614-\u2685\u2690-\u2705\u2708-\u2712\u2714"
    "\u2716\u271d\u2721\u2728\u2733\u2734\u2744\u2747\u274c\u274e\u2753-\u2755\u2757\u2763-\u2767\u2795-\u2797\u27a1"
    "\u27b0\u27bf\u2934\u2935\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001f0ff"
    "\U0001f10d-\U0001f10f\U0001f12f\U0001f16c-\U0001f171\U0001f17e\U0001f17f\U0001f18e\U0001f191-\U0001f19a"
    "\U0001f1ad-\U0001f1e5\U0001f201-\U0001f20f\U0001f21a\U0001f22f\U0001f232-\U0001f23a\U0001f23c-\U0001f23f"
    "\U0001f249-\U0001f3fa\U0001f400-\U0001f53d\U0001f546-\U0001f64f\U0001f680-\U0001f6ff\U0001f774-\U0001f77f"
    "\U0001f7d5-\U0001f7ff\U0001f80c-\U0001f80f\U0001f848-\U0001f84f\U0001f85a-\U0001f85f\U0001f888-\U0001f88f"
    "\U0001f8ae-\U0001f8ff\U0001f90c-\U0001f93a\U0001f93c-\U0001f945\U0001f947-\U0001faff\U0001fc00-\U0001fffd]"
)
"""Extended_Pictographic: https://www.unicode.org/Public/UCD/latest/ucd/emoji/emoji-data.txt"""
_VIRAMAS = frozenset("\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d")
_CONJOINED = re.compile(
    "[\u0915-\u0939\u0958-\u095f\u0978-\u097f\u0995-\u09a8\u09aa-\u09b0\u09b2\u09b6-\u09b9\u09dc\u09dd\u09df\u09f0\u09f1"
    "\u0a95-\u0aa8\u0aaa-\u0ab0\u0ab2\u0ab3\u0ab5-\u0ab9\u0af9\u0b15-\u0b28\u0b2a-\u0b30\u0b32\u0b33\u0b35-\u0b39\u0b5c"
    "\u0b5d\u0b5f\u0b71\u0c15-\u0c28\u0c2a-\u0c39\u0c58-\u0c5a\u0d15-\u0d3a]"
)
"""Consonants that a virama binds to the next (GB9c)."""


def ends(text: str) -> list[int]:
    """Where each character that a reader sees ends, in code points."""
    return [at for at in range(1, len(text) + 1) if at == len(text) or _breaks(text, at)]


def graphemes(text: str) -> int:
    """How many characters a reader sees."""
    return len(text) if text.isascii() and "\r" not in text else len(ends(text))


def bound(text: str) -> int:
    """How many more a server counts whose Unicode is older than 15.1, and knows nothing of GB9c."""
    return 0 if text.isascii() else sum(_conjunct(text, at) for at in range(1, len(text)))


def utf16_to_points(text: str, offset: int) -> int:
    """The code point at which a UTF-16 `offset` falls. ValueError when it is within one, or outside."""
    units = text.encode("utf-16-le")
    if not 0 <= offset * 2 <= len(units):
        raise ValueError(f"{offset} is outside a text of {len(units) // 2} UTF-16 units")
    return len(units[: offset * 2].decode("utf-16-le"))


def utf8_to_points(text: str, offset: int) -> int:
    """The code point at which a UTF-8 `offset` falls. ValueError when it is within one, or outside."""
    data = text.encode()
    if not 0 <= offset <= len(data):
        raise ValueError(f"{offset} is outside a text of {len(data)} bytes")
    return len(data[:offset].decode())


def _breaks(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if before == "\r" and after == "\n":
        return False
    if _controls(before) or _controls(after):
        return True
    if _hangul(before, after) or _extends(after) or after == _ZWJ or _spaces(after) or _PREPENDED.match(before):
        return False
    if _joined(text, at) or _conjunct(text, at):
        return False
    return not (_flag(before) and _flag(after) and _run_of_flags(text, at) % 2)


def _controls(character: str) -> bool:
    if character in (_ZWJ, _ZWNJ) or _EXTENDING.match(character) or _PREPENDED.match(character):
        return False
    return unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs")


def _extends(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me") or bool(_EXTENDING.match(character))


def _spaces(character: str) -> bool:
    spacing = unicodedata.category(character) == "Mc" and not _SPACING_BUT_NO_MARK.match(character)
    return spacing or bool(_SPACING.match(character))


def _hangul(before: str, after: str) -> bool:
    kinds = [_hangul_kind(character) for character in (before, after)]
    first, second = kinds
    return (
        (first == "L" and second in ("L", "V", "LV", "LVT"))
        or (first in ("LV", "V") and second in ("V", "T"))
        or (first in ("LVT", "T") and second == "T")
    )


def _hangul_kind(character: str) -> str:
    code = ord(character)
    if 0xAC00 <= code <= 0xD7A3:
        return "LVT" if (code - 0xAC00) % 28 else "LV"
    blocks = {"L": ((0x1100, 0x115F), (0xA960, 0xA97C)), "V": ((0x1160, 0x11A7), (0xD7B0, 0xD7C6))}
    blocks["T"] = ((0x11A8, 0x11FF), (0xD7CB, 0xD7FB))
    return next((kind for kind, spans in blocks.items() if any(a <= code <= b for a, b in spans)), "")


def _joined(text: str, at: int) -> bool:
    """GB11: a pictograph, what extends it, a joiner, and a pictograph."""
    if text[at - 1] != _ZWJ or not _PICTOGRAPH.match(text[at]):
        return False
    start = at - 2
    while start >= 0 and _extends(text[start]):
        start -= 1
    return start >= 0 and bool(_PICTOGRAPH.match(text[start]))


def _conjunct(text: str, at: int) -> bool:
    """GB9c: a consonant, at least one virama among what extends it, and a consonant."""
    if not _CONJOINED.match(text[at]):
        return False
    start, bound = at - 1, False
    while start >= 0 and (_extends(text[start]) or text[start] == _ZWJ) and text[start] != _ZWNJ:
        bound = bound or text[start] in _VIRAMAS
        start -= 1
    return bound and start >= 0 and bool(_CONJOINED.match(text[start]))


def _flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _run_of_flags(text: str, at: int) -> int:
    start = at
    while start and _flag(text[start - 1]):
        start -= 1
    return at - start
