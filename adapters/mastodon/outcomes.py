"""What a Mastodon server's answers mean, read from the wire: its own rules, and what proxies in front of it add. Pure.

https://github.com/mastodon/mastodon/blob/main/app/controllers/concerns/api/error_handling.rb
"""

import json
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Literal

import ada_url

from adapters.mastodon.budget import reset_in
from adapters.outcomes import ChannelDown, Outcome, RateLimited, Rejected, Unavailable, Uncertain
from adapters.wire import Wire, retry_after

_LONGEST_QUOTE = 200
_LOCKED = "temporary problem serving your request"
"""From 4.6 on: https://github.com/mastodon/mastodon/blob/main/app/models/concerns/lockable.rb"""
_PICTURE_NEEDED = "Empty statuses are not allowed"
"""Pixelfed: https://github.com/pixelfed/pixelfed/blob/dev/app/Http/Controllers/Api/ApiV1Controller.php"""
_MEDIA_GONE = "not found or already attached"
_MEDIA_NOT_READY = "have not finished processing"
_THUMBNAIL_FAILED = "Error processing thumbnail"

_MAKE_NEW = "Make a new token under Preferences, Development, with the scopes read and write:statuses, and set it."
_SEE_ACCOUNT = f"Sign in to the account on the web to see why. If it is only the token: {_MAKE_NEW}"
_SEE_SERVER = "Check the server's address: it must be the one on which the account was made."


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that brought no usable answer: what the wire saw, and the words for it."""

    server: str
    """Its host, for people."""
    wire: Wire
    said: str = ""
    """The server's own words; empty where the answer was not in the API's form."""
    reason: str = ""
    """Why nothing was sent, in words."""

    @property
    def status(self) -> int:
        """Of the answer; 0 without one."""
        return self.wire.status or 0

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        if self.wire.nothing_sent:
            return f"{self.server} could not be reached{f': {self.reason}' if self.reason else ''}."
        if not self.status:
            return f"{self.server} did not answer."
        if self.status < HTTPStatus.MULTIPLE_CHOICES:
            return f"{self.server} gave an answer that cannot be read."
        return f"{self.server} answered {self.status}{f' ({self.said})' if self.said else ''}."


def publishing_outcome(failure: Failure, now: datetime) -> Outcome:
    """What a failed POST of a status means: whatever does not prove that nothing was executed is Uncertain."""
    status, said = failure.status, failure.said
    if failure.wire.nothing_sent:
        return Unavailable(failure.sentence)
    if wear_of(failure) in ("key", "media"):  # an earlier request has used them, and may be what made the post
        return Uncertain(failure.sentence, status=status)
    told = None if _PICTURE_NEEDED in said else _waiting_or_down(failure, now)
    if told is not None:
        return told
    match status:
        case 503 if _LOCKED in said:
            return Uncertain(f"{failure.server} is still at work on an earlier request for this post.", status=status)
        case 422 if _MEDIA_NOT_READY in said:
            return Unavailable(failure.sentence, status=status)
        case 404 if said == "Record not found":
            # The key led to a status, and that is gone: https://github.com/mastodon/mastodon/blob/main/app/services/post_status_service.rb
            return Rejected(
                f"{failure.server} had this post, and it was deleted there since: it is not posted again.",
                status=status,
            )
        case 400 | 403 | 413 | 422 if said:
            return Rejected(f"{failure.server} refuses this post ({said}).", status=status)
        case 409 | 425:
            return Uncertain(failure.sentence, status=status)
        case _ if failure.wire.body and HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return ChannelDown(failure.sentence, mend=_SEE_SERVER, status=status)
    return Uncertain(failure.sentence, status=status or None)


Wear = Literal["refusal", "key", "media"]
"""
refusal  an old refusal is repeated: nothing was executed, and under this key nothing ever will be
key      the key is used up: if the post proves not to be out, it needs another one
media    the picture is: if the post proves not to be out, it has to be uploaded again
"""


def wear_of(failure: Failure) -> Wear | None:
    """What of the request can be of no more use, whatever became of the post.

    Pleroma repeats whatever it answered first, for hours: https://git.pleroma.social/pleroma/pleroma (IdempotencyPlug).
    Pixelfed takes a key for used before it looks at the request. Iceshrimp waits in vain for a request that crashed.
    """
    status, said = failure.status, failure.said
    match status:
        case 422 if _MEDIA_GONE in said:
            return "media"
        case 400 if "idempotency" in said.lower():
            return "key"
        case 408:
            return "key"
    if failure.wire.headers.get("idempotent-replayed", "").strip().lower() != "true":
        return None
    if status in (HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY) or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "key"
    return "refusal" if status >= HTTPStatus.BAD_REQUEST else None


def uploading_outcome(failure: Failure, now: datetime) -> RateLimited | Unavailable | ChannelDown | Rejected:
    """What a failed upload means, or a failed question about one. Rejected: it is the picture's fault."""
    status, said = failure.status, failure.said
    told = None if failure.wire.nothing_sent else _waiting_or_down(failure, now)
    if told is not None:
        return told
    match status:
        case 400 | 404 | 405 | 413 | 415 | 422 | 501:
            return Rejected(failure.sentence, status=status)
        case 500 if _THUMBNAIL_FAILED in said:
            return Rejected(failure.sentence, status=status)
    return Unavailable(failure.sentence, status=status or None)


def asking_outcome(failure: Failure, now: datetime) -> RateLimited | Unavailable | ChannelDown:
    """What a failed look-up means."""
    told = None if failure.wire.nothing_sent else _waiting_or_down(failure, now)
    if told is not None:
        return told
    if failure.status == HTTPStatus.NOT_FOUND:
        return ChannelDown(failure.sentence, mend=_SEE_SERVER, status=failure.status)
    return Unavailable(failure.sentence, status=failure.status or None)


def confirming_outcome(failure: Failure, now: datetime) -> RateLimited | Unavailable | ChannelDown:
    """What a failed reading back means: a page that is missing says nothing of the channel, nor of the post."""
    if failure.status == HTTPStatus.NOT_FOUND:
        return Unavailable(failure.sentence, status=failure.status)
    return asking_outcome(failure, now)


def words_of(body: bytes, secret: str) -> str:
    """The error that an answer's body tells of, on one line, short, and without `secret`; empty when it tells none."""
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    error = told.get("error") if isinstance(told, dict) else None
    if not isinstance(error, str):
        return ""
    return " ".join(error.replace(secret, "***").split())[:_LONGEST_QUOTE]


def when_to_return(wire: Wire, now: datetime) -> float | None:
    """Seconds to wait after a 429. Mastodon itself tells only when its window ends, by its own clock."""
    told = retry_after(wire.headers, now)
    return reset_in(wire.headers, now) if told is None else told


def _waiting_or_down(failure: Failure, now: datetime) -> RateLimited | ChannelDown | None:
    status, said = failure.status, failure.said
    match status:
        case 429:
            wait = when_to_return(failure.wire, now)
            return RateLimited(f"{failure.server} asks to wait.", retry_after=wait, status=status)
        case 301 | 302 | 303 | 307 | 308:
            return ChannelDown(
                f"{failure.server} has moved: it answers with a redirect{_whither(failure)}.",
                mend="Set the server's present address.",
                status=status,
            )
        case 401:
            return ChannelDown(f"{failure.server} does not take the token{_quoted(said)}.", mend=_MAKE_NEW, status=401)
        case 422 if "authenticated user" in said:
            return ChannelDown(f"{failure.server} does not take the token{_quoted(said)}.", mend=_MAKE_NEW, status=422)
        case 403 if said:
            return ChannelDown(f"{failure.server} refuses the account{_quoted(said)}.", mend=_SEE_ACCOUNT, status=403)
        case 403:
            return ChannelDown(
                f"Something in front of {failure.server} refuses us.",
                mend="Ask the server's administrators whether they block this machine.",
                status=403,
            )
        case 410:
            return ChannelDown(
                f"{failure.server} says that it is gone for good.",
                mend="Move the account to another server.",
                status=410,
            )
    return None


def _whither(failure: Failure) -> str:
    location = failure.wire.headers.get("location", "")
    try:
        return f" to {ada_url.URL(location).origin}"
    except ValueError:
        return ""


def _quoted(said: str) -> str:
    return f' ("{said}")' if said else ""
