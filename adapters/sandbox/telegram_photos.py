"""Pictures that are sent as photos: what Telegram takes for one.

https://core.telegram.org/bots/api#sendphoto; the words of refusal are those of Telegram's own servers, which reach bots
as they are (https://core.telegram.org/method/messages.sendMedia).
"""

import hashlib
import io
import warnings

from PIL import Image

from adapters.sandbox.telegram_chats import Photo
from adapters.sandbox.telegram_parsers import Refused

MAX_BYTES = 10 * 2**20
MAX_SUM = 10_000
"""Pixels of width and height together."""
MAX_RATIO = 20


def read_photo(data: bytes) -> Photo:
    """The photo that these bytes are. Raises Refused."""
    if not data:
        raise Refused(400, "File must be non-empty")
    if len(data) > MAX_BYTES:
        raise Refused(413, "Request Entity Too Large")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # its size is judged below
            with Image.open(io.BytesIO(data)) as image:
                mime, (width, height) = Image.MIME.get(image.format or "", ""), image.size
                if width + height > MAX_SUM or max(image.size) > min(image.size) * MAX_RATIO:
                    raise Refused(400, "PHOTO_INVALID_DIMENSIONS")
                image.load()
    except (OSError, SyntaxError, Image.DecompressionBombError):
        raise Refused(400, "IMAGE_PROCESS_FAILED") from None
    return Photo(hashlib.sha256(data).hexdigest()[:16], data, mime, width, height)
