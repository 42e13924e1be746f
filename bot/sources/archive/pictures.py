"""The picture of an item, also one that is loaded late by a script."""

import re

from bot.links import absolute
from bot.sources.archive.items import Item
from bot.sources.archive.page import Element, Page
from bot.sources.plain import one_line

_NOT_PICTURE_WORDS = frozenset({"avatar", "gravatar", "author", "icon", "emoji", "logo", "spacer", "pixel"})
_SOURCES = ("data-src", "data-lazy-src", "data-original", "data-lazy", "data-image", "data-url")
_SOURCE_SETS = ("data-srcset", "data-lazy-srcset", "srcset")
_LARGEST = 1_600
"""Pixels of width beyond which platforms make a picture smaller anyway."""
_BACKGROUND = re.compile(r"background(?:-image)?\s*:[^;]{0,40}?url\(\s*[\"']?([^\"')]{1,2000})", re.IGNORECASE)
_NO_PICTURE = re.compile(
    r"\.svg(?:$|\?)|^data:|(?:blank|spacer|placeholder|pixel|transparent)[\w-]*\.\w{3,4}$", re.IGNORECASE
)


def find_picture(page: Page, item: Item) -> tuple[str | None, str | None]:
    """The address and alternative text of an item's first picture, also of one that is loaded late."""
    for element in page.inside(item.span):
        if element.tag == "img" and not _is_ornament(element):
            if link := next((found for each in _addresses(element) if (found := _picture(page, each))), None):
                return link, one_line(element.get("alt"))[:2_000] or None
        elif (match := _BACKGROUND.search(element.get("style"))) and (link := _picture(page, match[1])):
            return link, None
    return None, None


def _is_ornament(element: Element) -> bool:
    sizes = (element.get(side).removesuffix("px") for side in ("width", "height"))
    return bool(element.words() & _NOT_PICTURE_WORDS) or any(re.fullmatch(r"[0-4]?\d", size) for size in sizes)


def _addresses(element: Element) -> list[str]:
    late = [element.get(name) for name in _SOURCES]
    sets = [_best_of(element.get(name)) for name in _SOURCE_SETS]
    around = element.parent.children if element.parent is not None and element.parent.tag == "picture" else []
    sources = [_best_of(each.get("srcset") or each.get("data-srcset")) for each in around if each.tag == "source"]
    return [each for each in (*late, *sets, element.get("src"), *sources) if each]


def _best_of(source_set: str) -> str:
    """The widest picture of a set that is not wider than of use: https://html.spec.whatwg.org/#srcset-attributes."""
    best, width = "", -1.0
    for candidate in re.findall(r"([^\s,]\S*[^\s,])(?:\s+(\d+(?:\.\d+)?)([wx]))?", source_set[:8_000]):
        address, size, unit = candidate
        wide = float(size or 1) * (1 if unit == "w" else 800)
        if width < 0 or (width < wide <= _LARGEST) or (width > _LARGEST and wide < width):
            best, width = address, wide
    return best


def _picture(page: Page, address: str) -> str | None:
    address = address.strip()
    return None if not address or _NO_PICTURE.search(address) else absolute(page.base, address)
