"""The page of `handbill preview --html`, as a browser takes it apart."""

import base64
import hashlib
import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

_LOADS = frozenset({"src", "srcset", "poster", "data", "background", "action", "formaction", "ping", "manifest"})
"""Attributes that make a browser ask for something, or send something."""


class Page:
    """A parsed page."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.tree = LexborHTMLParser(html)

    def all(self, selector: str) -> list[LexborNode]:
        """The elements that a CSS selector finds."""
        return self.tree.css(selector)

    def texts(self, selector: str) -> list[str]:
        """Their texts, with white space as browsers show it."""
        return [" ".join(node.text().split()) for node in self.all(selector)]

    def post(self, platform: str) -> LexborNode:
        """The first post of a platform."""
        return self.all(f".stage.{platform}")[0]

    def pictures(self) -> list[tuple[str, str | None]]:
        """Of every picture: the digest of its bytes, and its description."""
        found = [(node.attributes.get("src") or "", node.attributes.get("alt")) for node in self.all("img")]
        return [
            (hashlib.sha256(base64.b64decode(src.removeprefix("data:image/jpeg;base64,"))).hexdigest(), alt)
            for src, alt in found
        ]

    def reaches_out(self) -> list[str]:
        """Everything in it that would load something, run something or send something."""
        found = [node.tag or "" for node in self.all("script, iframe, object, embed, link, base, form, audio, video")]
        for node in self.all("*"):
            for name, value in node.attributes.items():
                said = (value or "").strip()
                if not _is_harmless(name, said):
                    found.append(f"{node.tag} {name}={said[:40]}")
        for style in self.all("style"):
            found += re.findall(r"@import|url\(|expression\(", style.text())
        return found


def _is_harmless(name: str, said: str) -> bool:
    if name in _LOADS:
        return said.startswith("data:image/")
    if name in ("href", "xlink:href"):
        return re.match(r"https?://|#", said) is not None
    if name == "http-equiv":
        return said.lower() == "content-security-policy"
    return not name.startswith("on") and name != "style"
