"""The picture of an article, fetched and made fit: a broken one costs the picture, never the post."""

from dataclasses import dataclass, replace

import structlog

from adapters.post import Picture
from bot.alt import alt_of
from bot.doors import Doors, FetchFailed
from bot.model import Article

log = structlog.get_logger()

MAX_BYTES = 20 * 2**20


@dataclass(frozen=True, slots=True)
class Sought:
    """What came of looking for a picture."""

    picture: Picture | None
    why_none: str = ""
    """Where there is none: the end of a sentence, as in "no picture: the article has none"."""


async def find_picture(doors: Doors, article: Article) -> Sought:
    """The article's picture as platforms take it, or why there is none that can be used."""
    if not article.picture_url:
        return Sought(None, "the article has none")
    from bot.picture import BadPicture, normalise  # noqa: PLC0415 # Pillow: several megabytes that not all need

    alt = alt_of(article.picture_alt, article.title, article.picture_url)
    try:
        fetched = await doors.web.get(article.picture_url, accept="image/*", max_bytes=MAX_BYTES)
        picture = await doors.offload(lambda: normalise(fetched.body, alt))
        # What an editor has chosen for this article counts more than what the file says for all.
        return Sought(replace(picture, focus=article.picture_focus or picture.focus))
    except (FetchFailed, BadPicture) as error:
        log.warning("picture.refused", article=article.title, reason=error.message)
        return Sought(None, _within_a_sentence(error.message))


def _within_a_sentence(message: str) -> str:
    """A sentence of its own as the end of another."""
    begins_plainly = message.startswith(("The ", "What "))
    return (message[0].lower() + message[1:] if begins_plainly else message).rstrip(".")
