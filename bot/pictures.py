"""The picture of an article, fetched and made fit: a broken one costs the picture, never the post."""

import structlog

from adapters.post import Picture
from bot.doors import Doors, FetchFailed
from bot.model import Article

log = structlog.get_logger()

MAX_BYTES = 20 * 2**20


async def find_picture(doors: Doors, article: Article) -> Picture | None:
    """The article's picture as platforms take it, or None where there is none that can be used."""
    if not article.picture_url:
        return None
    from bot.picture import BadPicture, normalise  # noqa: PLC0415 # Pillow: several megabytes that not all need

    # A fallback must never describe what nobody has looked at: it says only what the picture belongs to.
    alt = article.picture_alt or f"Picture accompanying: {article.title}"
    try:
        fetched = await doors.web.get(article.picture_url, accept="image/*", max_bytes=MAX_BYTES)
        return await doors.offload(lambda: normalise(fetched.body, alt))
    except (FetchFailed, BadPicture) as error:
        log.warning("picture.refused", article=article.title, reason=error.message)
        return None
