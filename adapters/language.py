"""Languages as sources, pages and operators write them: de_AT, zh-Hant-TW, pt-br. Pure.

https://www.rfc-editor.org/rfc/rfc5646#section-2.1, the part that is met in practice.
"""

import re
from dataclasses import dataclass

_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-(?P<extended>[a-z]{3}))?(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|[0-9]{3}))?"
    r"(?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)(?:-[a-z0-9](?:-[a-z0-9]{1,8})+)*"
)
"""What comes after a single letter says how to sort or to write numbers, or is private."""
_NO_LANGUAGE = frozenset({"und", "mul", "zxx", "mis"})
_RENAMED = {"iw": "he", "in": "id", "ji": "yi"}
_WITHIN = frozenset({"cmn"})
"""Mandarin is what is meant by Chinese, so "zh-cmn-Hans" is written "zh-Hans"."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language, each part in its usual spelling; empty where a part is not told."""

    code: str
    script: str = ""
    region: str = ""
    variants: tuple[str, ...] = ()

    @property
    def tag(self) -> str:
        """As BCP 47 writes it: "zh-Hant-TW"."""
        return "-".join(filter(None, (self.code, self.script, self.region, *self.variants)))


def language_of(written: str | None) -> Language | None:
    """The language that a tag names; None where it names none. Raises ValueError where it is no tag at all."""
    tag = re.split("[.@]", (written or "").strip(), maxsplit=1)[0].replace("_", "-").lower()
    if not tag:
        return None
    found = _TAG.fullmatch(tag)
    variants = tuple(found["variants"].split("-")[1:]) if found else ()
    if not found or len(set(variants)) < len(variants):
        raise ValueError(f"{written!r} is not a language: write it like de or pt-BR")
    code, extended = found["language"], found["extended"]
    if extended and extended not in _WITHIN:
        code = extended
    if code in _NO_LANGUAGE:
        return None
    script, region = (found["script"] or "").title(), (found["region"] or "").upper()
    return Language(_RENAMED.get(code, code), script, region, variants)


def left_out(written: str | None) -> str:
    """The warning about a tag that is none."""
    return f"the language {written!r} was left out: it is not a BCP 47 tag such as de or pt-BR"
