"""Pictures on their way to a status: uploaded once, asked for until the server is done with them, attached once.

https://docs.joinmastodon.org/methods/media/#v2
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.base import Context
from adapters.mastodon.calls import Calls
from adapters.mastodon.entities import Upload, upload_of
from adapters.mastodon.outcomes import uploading_outcome
from adapters.outcomes import Rejected, Unavailable
from adapters.post import Media

PROCESSING_FOR = timedelta(minutes=10)
"""After which a picture that is still being processed is given up."""
KEPT_FOR = timedelta(hours=12)
"""The server drops what is not attached after a day:
https://github.com/mastodon/mastodon/blob/main/app/lib/vacuum/media_attachments_vacuum.rb"""


@dataclass(frozen=True, slots=True)
class _Known:
    upload: Upload
    since: datetime


class Uploads:
    """The account's uploads that no status has taken. One request for each time that it is asked."""

    def __init__(self, calls: Calls, context: Context) -> None:
        self._calls = calls
        self._now = context.now
        self._known: dict[str, _Known] = {}

    async def take(self, media: Media) -> str:
        """The id to attach `media` by. Raises Unavailable while it is not ready: come again; Rejected: never."""
        name = hashlib.sha256(media.data + f"{media.alt} {media.focus}".encode()).hexdigest()
        try:
            known = self._known[name] = await self._further(media, self._known.get(name))
        except Rejected:
            self._known.pop(name, None)
            raise
        if not known.upload.ready:
            raise Unavailable(f"{self._calls.server} is still processing the picture.")
        return known.upload.id

    async def _further(self, media: Media, known: _Known | None) -> _Known:
        if known is None or self._now() - known.since > KEPT_FOR:
            return _Known(await self._upload(media), self._now())
        if known.upload.ready:
            return known
        if self._now() - known.since > PROCESSING_FOR:
            raise Rejected(f"{self._calls.server} does not come to an end with the picture.")
        return _Known(await self._look(known.upload), known.since)

    def forget(self, ids: object) -> None:
        """A status may have taken these."""
        if isinstance(ids, list):
            self._known = {name: known for name, known in self._known.items() if known.upload.id not in ids}

    async def _upload(self, media: Media) -> Upload:
        return await self._calls.ask(
            lambda _: upload_of(
                self._calls.client.media_post(
                    media.data,
                    mime_type=media.mime,
                    description=media.alt or None,
                    focus=media.focus,
                    file_name=f"picture.{media.mime.rpartition('/')[2]}",
                )
            ),
            uploading_outcome,
        )

    async def _look(self, upload: Upload) -> Upload:
        return await self._calls.ask(lambda _: upload_of(self._calls.client.media(upload.id)), uploading_outcome)
