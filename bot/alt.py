"""What is said of a picture to those who do not see it: the author's own words, or what nobody can call a lie. Pure."""

import re
from urllib.parse import unquote, urlsplit

from bot.sources.plain import one_line

_LONGEST_NAME = 300
"""Characters; what is longer is no name of a file."""
_FILE = r"\.(?:jpe?g|jfif|png|gif|webp|avif|svg|heic|bmp|tiff?)"
_NO_WORDS = re.compile(
    rf"https?://\S+|.*{_FILE}(?:\?\S*)?|[\d\s!-/:-@\[-`{{-~]*"
    r"|(?:an? )?(?:image|img|photo|picture|pic|pxl|mvimg|dsc[nf]?|screenshot|unnamed|untitled|placeholder|thumbnail"
    r"|alt|alt text|null|none|undefined)[\W_\d]*",
    re.IGNORECASE,
)
"""An address, the name of a file, nothing but figures and signs, what a camera calls its files, what a form leaves."""


def alt_of(stated: str | None, title: str, picture_url: str) -> str:
    """The description of the picture at `picture_url`: `stated`, if it is one; else that it belongs to the article
    called `title`. "": nothing can be said.

    A fallback must never describe what nobody has looked at.
    """
    said, title = one_line(stated or ""), one_line(title)
    if len(said) > _LONGEST_NAME:
        return said
    if said and said.casefold() != title.casefold() and not (_NO_WORDS.fullmatch(said) or _is_name(said, picture_url)):
        return said
    return f"Picture accompanying: {title}" if title else ""


def _is_name(said: str, picture_url: str) -> bool:
    """Whether this is the picture's file name without its ending: "school-roof-2". One word may be both."""
    path = unquote(urlsplit(picture_url).path)
    stem = re.sub(rf"{_FILE}\Z", "", path.rpartition("/")[2], flags=re.IGNORECASE)
    return said.lower() == stem.lower() and re.search(r"[-_\d]", said) is not None and " " not in said
