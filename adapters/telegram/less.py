"""The same post with less, after Telegram has refused it for its content. Pure.

First the photo; then what was refused by name, else the preview, then the marks in the text; then nothing is left to
leave out.
"""

from collections.abc import Mapping
from typing import Any

from adapters.telegram.compose import LIMITS, PHOTO
from adapters.telegram.probe import link_of

WITHOUT_PREVIEW: Mapping[str, Any] = {"is_disabled": True}
OF_ENTITIES = ("entit",)
NOT_BY_LESS = ("too long", "text is empty", "must be non-empty", "text must be encoded")
"""What fewer marks do not help against: the text itself is refused."""


def is_photo(body: Mapping[str, Any]) -> bool:
    """Whether this is sent as a photo with its text as the caption."""
    return body.get("method") == PHOTO


def with_less(body: Mapping[str, Any], refusal: str) -> Mapping[str, Any] | None:
    """What to send in place of `body`; None: nothing. `refusal`: Telegram's words.

    The text stays; where it does not show the article's link, and what carried it is left out, the link is put under
    it. https://core.telegram.org/bots/api#sendmessage
    """
    if is_photo(body):
        return {name: value for name, value in body.items() if name != "method"}
    words = refusal.lower()
    if any(wording in words for wording in NOT_BY_LESS) and not any(wording in words for wording in OF_ENTITIES):
        return None
    has_preview = body["link_preview_options"] != WITHOUT_PREVIEW
    if body["entities"] and (any(wording in words for wording in OF_ENTITIES) or not has_preview):
        return _with_link({**body, "entities": []}, link_of(body))
    if has_preview:
        return _with_link({**body, "link_preview_options": dict(WITHOUT_PREVIEW)}, link_of(body))
    return None


def _with_link(body: Mapping[str, Any], link: str) -> Mapping[str, Any] | None:
    if link_of(body) == link:
        return body
    text = f"{body['text']}\n\n{link}"
    return {**body, "text": text} if LIMITS.fits(text) else None
