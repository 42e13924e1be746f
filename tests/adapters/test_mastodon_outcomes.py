"""What a Mastodon server's answers mean."""

import json
from datetime import UTC, datetime

import pytest

from adapters.mastodon.outcomes import (
    Failure,
    asking_outcome,
    confirming_outcome,
    publishing_outcome,
    uploading_outcome,
    wear_of,
    when_to_return,
    words_of,
)
from adapters.outcomes import ChannelDown, Outcome, RateLimited, Rejected, Unavailable, Uncertain
from adapters.wire import Wire

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TOKEN = "k3Y-of-the-account"
HTML = b"<html>no API here</html>"


def answered(status: int, body: object = HTML, **headers: str) -> Failure:
    """A failure for which the server's answer was this."""
    wire = Wire()
    wire.begin()
    wire.start_writing()
    wire.finish_writing()
    wire.answer(status, {name.replace("_", "-"): value for name, value in headers.items()})
    wire.body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Failure("mastodon.example", wire, words_of(wire.body, TOKEN))


def error(words: str) -> dict[str, str]:
    """The API's form of an error."""
    return {"error": words}


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        # Not the API's form: from something in between.
        (answered(200), Uncertain),
        (answered(200, {"id": "1"}), Uncertain),
        (answered(202, {}), Uncertain),
        (answered(302, b"", location="https://elsewhere.example/login?x=1"), ChannelDown),
        (answered(308, b""), ChannelDown),
        (answered(400), ChannelDown),
        (answered(400, error("Duplicate idempotency key.")), Uncertain),
        (answered(400, error("param is missing or the value is empty: status")), Rejected),
        (answered(401, error("The access token was revoked")), ChannelDown),
        (answered(401), ChannelDown),
        (answered(403, error("This action is outside the authorized scopes")), ChannelDown),
        (answered(403), ChannelDown),
        (answered(403, error("Empty statuses are not allowed")), Rejected),
        (answered(404, error("Record not found")), Rejected),
        (answered(404), ChannelDown),
        (answered(405), ChannelDown),
        (answered(408, error("Request timed out")), Uncertain),
        (answered(409, error("Conflict")), Uncertain),
        (answered(410), ChannelDown),
        (answered(413), ChannelDown),
        (answered(413, error("Too large")), Rejected),
        (answered(422, error("Validation failed: Text character limit of 500 exceeded")), Rejected),
        (answered(422, error("This method requires an authenticated user")), ChannelDown),
        (answered(422, b""), Uncertain),
        (answered(422, error("Media 7 not found or already attached to another post")), Uncertain),
        (answered(422, error("Cannot attach files that have not finished processing. Try again!")), Unavailable),
        (answered(400, error("Duplicate idempotency key."), idempotent_replayed="true"), Uncertain),
        (answered(500, error("?"), idempotent_replayed="true"), Uncertain),
        (answered(429, error("Too many requests")), RateLimited),
        (answered(429), RateLimited),
        (answered(500, error("Internal Server Error")), Uncertain),
        (answered(502), Uncertain),
        (
            answered(503, error("There was a temporary problem serving your request, please try again")),
            Uncertain,
        ),
        (answered(503), Uncertain),
        (answered(504), Uncertain),
        (answered(521), Uncertain),
    ],
)
def test_publishing(failure: Failure, outcome: type[Outcome]) -> None:
    """Each answer to a post means one thing; what proves nothing is uncertain."""
    told = publishing_outcome(failure, NOW)
    assert type(told) is outcome
    assert told.status == failure.status
    assert told.message.endswith(".")
    assert not isinstance(told, ChannelDown) or told.mend.endswith(".")


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (answered(200), Unavailable),
        (answered(301, b"", location="/elsewhere"), ChannelDown),
        (answered(401, error("The access token is invalid")), ChannelDown),
        (answered(403, error("Your login is currently disabled")), ChannelDown),
        (answered(404), ChannelDown),
        (answered(410), ChannelDown),
        (answered(429), RateLimited),
        (answered(422, error("?")), Unavailable),
        (answered(500), Unavailable),
        (answered(503), Unavailable),
        (answered(524), Unavailable),
    ],
)
def test_asking(failure: Failure, outcome: type[Outcome]) -> None:
    """A question that got no answer is asked again later, unless the channel is down."""
    assert type(asking_outcome(failure, NOW)) is outcome


@pytest.mark.parametrize(
    ("failure", "wear"),
    [
        (answered(400, error("Duplicate idempotency key.")), "key"),
        (answered(408, error("Request timed out")), "key"),
        (answered(422, error("Media 7 not found or already attached to another post")), "media"),
        (answered(422, error("Media 7 not found or already attached"), idempotent_replayed="true"), "media"),
        (answered(429, error("Too many requests"), idempotent_replayed="true"), "refusal"),
        (answered(422, error("Bad"), idempotent_replayed="True"), "refusal"),
        (answered(500, error("?"), idempotent_replayed="true"), "key"),
        (answered(409, error("?"), idempotent_replayed="true"), "key"),
        (answered(200, {"id": "1"}, idempotent_replayed="true"), None),
        (answered(422, error("Bad")), None),
        (answered(503, error("There was a temporary problem serving your request, please try again")), None),
        (answered(500), None),
    ],
)
def test_what_is_used_up(failure: Failure, wear: str | None) -> None:
    """Some answers say that the key or the picture can be of no more use; the lock of a running request does not."""
    assert wear == wear_of(failure)


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (answered(400, error("?")), Rejected),
        (answered(404), Rejected),
        (answered(413), Rejected),
        (answered(422, error("?")), Rejected),
        (answered(500, error("Error processing thumbnail for uploaded media")), Rejected),
        (answered(500), Unavailable),
        (answered(200), Unavailable),
        (answered(429), RateLimited),
        (answered(401), ChannelDown),
        (answered(403, error("This action is outside the authorized scopes")), ChannelDown),
    ],
)
def test_uploading(failure: Failure, outcome: type[Outcome]) -> None:
    """A picture that is refused is told from a server that is busy and from a right that is missing."""
    assert type(uploading_outcome(failure, NOW)) is outcome


def test_a_missing_page_confirms_nothing() -> None:
    """Reading back, a page that is not there neither pauses the channel nor proves anything."""
    assert type(confirming_outcome(answered(404), NOW)) is Unavailable
    assert type(confirming_outcome(answered(401), NOW)) is ChannelDown


def test_nothing_sent() -> None:
    """What was never sent is proven not executed, whatever was asked; what was sent unanswered is not."""
    silent = Failure("mastodon.example", Wire(), reason="it refuses connections")
    told = publishing_outcome(silent, NOW)
    assert type(told) is Unavailable
    assert told.message == "mastodon.example could not be reached: it refuses connections."
    assert type(asking_outcome(silent, NOW)) is Unavailable

    wire = Wire()
    wire.begin()
    wire.start_writing()
    lost = Failure("mastodon.example", wire)
    told = publishing_outcome(lost, NOW)
    assert (type(told), told.message, told.status) == (Uncertain, "mastodon.example did not answer.", None)
    assert type(asking_outcome(lost, NOW)) is Unavailable


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-reset": "2026-11-23T12:05:00.000000Z"}, 300.0),
        # The server's clock is an hour ahead of ours: what counts is the distance on its own.
        ({"x-ratelimit-reset": "2026-11-23T13:05:00Z", "date": "Mon, 23 Nov 2026 13:00:00 GMT"}, 300.0),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 60)}, 60.0),
        ({"x-ratelimit-reset": "90"}, 90.0),
        ({"retry-after": "7", "x-ratelimit-reset": "2026-11-23T12:05:00Z"}, 7.0),
        ({"x-ratelimit-reset": "2026-11-23T11:00:00Z"}, None),
        ({"x-ratelimit-reset": "tomorrow"}, None),
        ({}, None),
    ],
)
def test_when_to_return(headers: dict[str, str], seconds: float | None) -> None:
    """The wait is read in every form that servers and proxies write it in."""
    wire = Wire()
    wire.answer(429, headers)
    assert seconds == when_to_return(wire, NOW)


def test_words_are_tame() -> None:
    """A server's words are one short line, and the token is taken out of them should it be echoed."""
    words = words_of(json.dumps({"error": f"Bearer {TOKEN}\n is bad " + "x" * 500}).encode(), TOKEN)
    assert words.startswith("Bearer *** is bad xxx")
    assert len(words) == 200
    assert words_of(b'{"error": {"code": 1}}', TOKEN) == ""
    assert words_of(b"[]", TOKEN) == ""
    assert words_of(b"\xff\xfe", TOKEN) == ""


def test_redirects_name_the_new_address() -> None:
    """Of where a server moved to, the operator is told the origin, without what a link may carry besides."""
    told = publishing_outcome(answered(302, b"", location="https://new.example/login?code=1"), NOW)
    assert told.message == "mastodon.example has moved: it answers with a redirect to https://new.example."
