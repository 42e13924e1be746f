"""Post → draft for Telegram: text with entities, exactly as Telegram will publish it, and what stands with it.

Entities instead of a parse mode: nothing needs escaping, and what is counted is what is sent.
https://core.telegram.org/bots/api#sendmessage, https://core.telegram.org/bots/api#sendphoto
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from adapters.base import Limits
from adapters.outcomes import Rejected
from adapters.post import Card, Draft, Mark, Media, Part, Picture, Post
from adapters.text import Fitted, fit, tidied
from adapters.unmarked import without_entities

MAX_LENGTH = 4096
MAX_CAPTION = 1024
PHOTO = "sendPhoto"
"""The `method` of a body whose picture is sent with it; without one, a body is that of sendMessage."""

Choice = Literal["preview", "preview-large", "preview-small", "photo", "none"]
"""What stands with the text."""

_SIZES = {"preview-large": "prefer_large_media", "preview-small": "prefer_small_media"}

# Telegram rewrites what it is sent without a word. What it would drop is dropped here, so that the draft is what
# followers read: clean_input_string, https://github.com/tdlib/td/blob/master/td/telegram/misc.cpp
_DROPPED = re.compile("[\u2028-\u202e\u030a\u0333\u033f]")
_DIRECTION_MARKS = re.compile("[\u200e\u200f]+(?=[\u200e\u200f])")
"""All but the last of a run become something else."""

_FOUND_WHOLE = re.compile(
    r"https?://(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}(?::\d{1,5})?"
    r"(?:[/?#][A-Za-z0-9._~:/?#@!$&*+,;=%-]*)?"
)
_FOUND_LAST = re.compile(r"[A-Za-z0-9/_=&%+#-]\Z")

# match_hashtags, https://github.com/tdlib/td/blob/master/td/telegram/MessageEntity.cpp: no marks, but for Sinhala ones.
_TAG = re.compile(r"#(?=.*[^\W\d_])[\w\xb7\u200c\u0d80-\u0dff]{1,256}")
_TAKEN_FOR_TAG = re.compile(r"[\w\xb7\u200c\u0d80-\u0dff]")
_POINTS = re.compile("[\u0591-\u05bd\u05bf\u05c1-\u05c7\u0610-\u061a\u064b-\u0652\u0670\u06d6-\u06ed]")


def utf16(text: str) -> int:
    """The length of `text` in UTF-16 code units, which entities are placed by."""
    return len(text.encode("utf-16-le")) // 2


# The server counts code points (utf8_length in TDLib's MessageContent.cpp) although clients count UTF-16 units: the
# larger of the two is always safe.
LIMITS = Limits(length=MAX_LENGTH, unit="characters", measure=utf16)
CAPTION_LIMITS = replace(LIMITS, length=MAX_CAPTION)
"""https://core.telegram.org/bots/api#sendphoto"""


def compose(
    post: Post, _at: datetime, choice: Choice = "preview", *, above: bool = False, silent: bool = False
) -> Draft:
    """Pure. The post's text with its title in bold, and a preview pinned to the article, `above` the text or below; or
    the post's picture with the text as its caption; or the text alone. Where nothing else leads to the article, the
    text does, whatever the template says. `silent`: without a sound. Raises Rejected."""
    draft = _chosen(post, choice, above=above)
    if not silent:
        return draft
    return replace(
        draft, body={**draft.body, "disable_notification": True}, details=(*draft.details, ("silent", "yes"))
    )


def _chosen(post: Post, choice: Choice, *, above: bool) -> Draft:
    if choice == "photo" and post.picture is not None:
        try:
            return _with_photo(post, post.picture, above=above)
        except Rejected as refusal:
            draft = _chosen(post, "preview", above=above)
            return replace(draft, warnings=(*draft.warnings, f"the photo was left out: {refusal.message}"))
    preview = {"is_disabled": True} if choice == "none" else _preview(post, choice, above=above)
    parts = _with_link(post) if choice == "none" else post.parts
    card = None if choice == "none" else Card(post.link, post.title, post.description)
    return replace(_draft(post, parts, LIMITS, preview), card=card)


def _with_photo(post: Post, picture: Picture, *, above: bool) -> Draft:
    draft = _draft(post, _with_link(post), CAPTION_LIMITS, _preview(post, "preview", above=above))
    media = Media(picture.data, picture.mime, picture.alt, picture.width, picture.height, picture.focus)
    # The preview is for the text alone, should Telegram refuse the photo: `adapters.telegram.less`.
    return replace(draft, body={**draft.body, "method": PHOTO}, media=(media,))


def _preview(post: Post, choice: Choice, *, above: bool) -> dict[str, Any]:
    # Without its address the first one in the text gets the preview, be it "Node.js" in the title:
    # https://core.telegram.org/bots/api#linkpreviewoptions
    size = {_SIZES[choice]: True} if choice in _SIZES else {}
    return {"url": _address(post.link), **size, **({"show_above_text": True} if above else {})}


def _with_link(post: Post) -> tuple[Part, ...]:
    if any(part.kind == "link" for part in post.parts):
        return post.parts
    return (*post.parts, Part("text", "\n\n"), Part("link", post.link))


def _draft(post: Post, parts: Sequence[Part], limits: Limits, preview: Mapping[str, Any]) -> Draft:
    whole, left_out = with_whole_tags([_as_published(part) for part in parts])
    fitted = fit(whole, limits)
    marks = tuple(_marks(fitted, _address(post.link)))
    return Draft(
        text=fitted.text,
        length=utf16(fitted.text),
        limit=limits.length,
        unit=limits.unit,
        body={
            "text": fitted.text,
            "entities": [entity for mark in marks for entity in _entities(fitted.text, mark)],
            "link_preview_options": dict(preview),
        },
        marks=marks,
        warnings=(*left_out, *fitted.warnings),
    )


def with_whole_tags(parts: Sequence[Part]) -> tuple[list[Part], tuple[str, ...]]:
    """`parts` without the hashtags that Telegram would link no further than to their first mark, and words on each.

    It takes letters and figures, but no marks on them, which most scripts of India and South East Asia write vowels
    with. Those of Hebrew and Arabic are pronunciation, and are left out when that is enough.
    """
    kept, left_out = [], []
    for part in parts:
        plain = _POINTS.sub("", part.text) if part.kind == "tag" else part.text
        if part.kind != "tag" or _TAG.fullmatch(part.text):
            kept.append(part)
        elif _TAG.fullmatch(plain):
            kept.append(Part("tag", plain))
        else:
            kept.append(Part("tag", ""))
            left_out.append(f"the hashtag {part.text} was left out: Telegram would link only the beginning of it")
    return kept, tuple(left_out)


def _as_published(part: Part) -> Part:
    if part.kind == "link":
        return replace(part, text=_address(part.text))
    if part.kind == "tag":
        return part
    dropped = _DIRECTION_MARKS.sub("", _DROPPED.sub("", tidied(part).text))
    text = tidied(replace(part, text=dropped)).text
    return replace(part, text=text if part.kind == "text" else without_entities(text))


def _address(link: str) -> str:
    """`link` with what Telegram would drop from it spelled in another way, so that it leads to the same place."""
    return _DROPPED.sub(lambda found: quote(found[0]), link)


def _marks(fitted: Fitted, link: str) -> Iterator[Mark]:
    for span in fitted.spans:
        if span.kind == "title":
            yield Mark("bold", span.start, span.end)
        elif span.kind == "link":
            yield Mark("link", span.start, span.end, link)
        elif span.kind == "tag" and not _TAKEN_FOR_TAG.match(fitted.text[: span.start][-1:]):
            yield Mark("tag", span.start, span.end)


def _entities(text: str, mark: Mark) -> Iterator[dict[str, Any]]:
    place = {"offset": utf16(text[: mark.start]), "length": utf16(text[mark.start : mark.end])}
    if mark.kind == "bold":
        yield {"type": "bold", **place}
    elif mark.target and _needs_marking(text[mark.start : mark.end], mark.target):
        yield {"type": "text_link", **place, "url": mark.target}


def _needs_marking(shown: str, link: str) -> bool:
    """Whether the reader would not get to `link` by what Telegram finds in the text by itself.

    Only then do we mark it: before opening an address that was marked, clients ask the reader. A host without a dot
    cannot be marked at all: check_link_impl, https://github.com/tdlib/td/blob/master/td/telegram/LinkManager.cpp
    """
    if shown == link and _FOUND_WHOLE.fullmatch(link) and _FOUND_LAST.search(link):
        return False
    return "." in (urlsplit(link).hostname or "")
