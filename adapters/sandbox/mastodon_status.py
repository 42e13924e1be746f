"""A status on the fake Mastodon server: how it comes to be, what is wrong with it, and how readers find it."""

from typing import Literal

from yarl import URL

from adapters.sandbox.mastodon_form import Form, invalid, valid_language
from adapters.sandbox.mastodon_json import Attachment, Status, Token
from adapters.sandbox.mastodon_text import Reading, html, length
from adapters.sandbox.server import PublicPost

VISIBILITIES = ("public", "unlisted", "private", "direct")  # app/models/concerns/status/visibility.rb


def draft(
    status_id: str,
    at: float,
    *,
    token: Token,
    form: Form,
    media: tuple[Attachment, ...],
    parent: Status | None,
    warns: Literal["always", "of sensitive"] = "always",
) -> Status:
    """What a form asks for (preprocess_attributes! and status_attributes, app/services/post_status_service.rb)."""
    text, spoiler = form.text("status"), form.text("spoiler_text")
    if warns == "of sensitive" and not form.flag("sensitive"):
        spoiler = ""
    if not text and spoiler:
        text = "🖼" if media else "."
    return Status(
        id=status_id,
        token=token,
        text=text,
        spoiler_text=spoiler,
        visibility=form.text("visibility") or token.account.privacy,
        language=valid_language(form.text("language"), token.account.language),
        sensitive=form.flag("sensitive") or bool(spoiler),
        created_at=at,
        media=media,
        in_reply_to=parent,
    )


def validate(status: Status, max_characters: int) -> None:
    """Refuse what app/models/status.rb and app/validators/status_length_validator.rb refuse."""
    problems = []
    if not status.text.strip() and not status.media:
        problems.append("Text can't be blank")
    if status.visibility not in VISIBILITIES:
        problems.append("Visibility is not included in the list")
    if length(status.text, status.spoiler_text) > max_characters:
        problems.append(f"Text character limit of {max_characters} exceeded")
    if problems:
        raise invalid(*problems)


def page_links(url: URL, page: list[Status], *, full: bool) -> dict[str, str]:
    """The Link header of a page of statuses (insert_pagination_headers, app/controllers/concerns/api/pagination.rb)."""
    if not page:
        return {}
    kept = {name: value for name, value in url.query.items() if not name.endswith("_id")}
    older = f'<{url.with_query({**kept, "max_id": page[-1].id})}>; rel="next"'
    newer = f'<{url.with_query({**kept, "min_id": page[0].id})}>; rel="prev"'
    return {"Link": ", ".join([older, newer] if full else [newer])}


def public_post(status: Status, site: str, usernames: frozenset[str]) -> PublicPost:
    """A status as a reader has it, read from its HTML alone."""
    reading = Reading(html(status.text, site, usernames))
    return PublicPost(
        platform="mastodon",
        place=f"@{status.account.username}",
        id=status.id,
        text=reading.text,
        links=tuple(reading.links),
        at=status.created_at,
        url=f"{site}/@{status.account.username}/{status.id}",
        marks=tuple(("link", link) for link in reading.links),
        language=status.language,
        extra={
            "visibility": status.visibility,
            "shown": reading.shown,
            "spoiler_text": status.spoiler_text,
            "sensitive": status.sensitive,
            "media": [(media.mime, media.width, media.height, media.description) for media in status.media],
            "focus": [media.focus for media in status.media],
            "application": status.token.application,
        },
    )
