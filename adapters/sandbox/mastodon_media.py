"""Uploads to the fake Mastodon server: taken, processed, kept for a day, attached once.

app/controllers/api/v2/media_controller.rb, app/controllers/api/v1/media_controller.rb
"""

import re
from collections.abc import Callable
from http import HTTPStatus

from adapters.sandbox.mastodon_form import Form, Refusal, invalid, not_found, read_picture, whole_number
from adapters.sandbox.mastodon_json import Attachment, Token, attachment_json
from adapters.sandbox.mastodon_store import Store
from adapters.sandbox.mastodon_traits import Traits
from adapters.sandbox.server import Answer


class Media:
    """Takes uploads, and tells what has become of them."""

    def __init__(self, now: Callable[[], float], store: Store, traits: Traits, site: Callable[[], str]) -> None:
        self._now = now
        self._store = store
        self._traits = traits
        self._site = site
        self.takes = 0.0
        """Seconds for which uploads are processed from now on."""
        self.refused: Refusal | None = None
        """What uploads are answered from now on, whatever they are; None: they are looked at."""

    @property
    def description_limit(self) -> int:
        """MAX_DESCRIPTION_LENGTH, app/models/media_attachment.rb: it grew with 4.6."""
        major, minor = (whole_number(part) for part in self._traits.version.split(".")[:2])
        return 10_000 if (major, minor) >= (4, 6) else 1500

    def upload(self, token: Token, form: Form) -> Answer:
        """Take a picture. 202: it is not ready yet."""
        if self.refused:
            raise self.refused
        picture = read_picture(form)
        description = form.text("description") or None
        if description and len(description) > self.description_limit:
            raise invalid(f"Description is too long (maximum is {self.description_limit} characters)")
        media = Attachment(
            id=self._store.next_id(),
            account=token.account,
            mime=picture.mime,
            width=picture.width,
            height=picture.height,
            description=description,
            uploaded_at=self._now(),
            data=picture.data,
            focus=_focus_of(form.text("focus")),
            ready_at=self._now() + self.takes,
        )
        self._store.media[media.id] = media
        return self._answer(media, HTTPStatus.ACCEPTED)

    def show(self, token: Token, media_id: str) -> Answer:
        """An upload that no status has taken. 206: it is not ready yet."""
        media = self._store.loose(token, media_id)
        if media is None:
            raise not_found()
        return self._answer(media, HTTPStatus.PARTIAL_CONTENT)

    def _answer(self, media: Attachment, meanwhile: HTTPStatus) -> Answer:
        ready = media.ready_at <= self._now()
        return Answer(attachment_json(media, self._site(), ready=ready), HTTPStatus.OK if ready else meanwhile)


def _focus_of(written: str) -> tuple[float, float]:
    """`focus=` in app/models/media_attachment.rb: two numbers with a comma, each read as far as it is one."""
    x, y, *_ = [*written.split(","), "", ""]
    return _float(x), _float(y)


def _float(written: str) -> float:
    found = re.match(r"\s*[+-]?\d+(?:\.\d+)?", written)
    return float(found[0]) if found else 0.0
