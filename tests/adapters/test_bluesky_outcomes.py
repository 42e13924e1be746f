"""What each answer of a PDS means for what is done next, as one table."""

import pytest

from adapters.bluesky.outcomes import Failure, publishing_outcome, reading_outcome
from adapters.outcomes import ChannelDown, Outcome, RateLimited, Rejected, Unavailable, Uncertain
from adapters.wire import Phase


def failure(status: int | None, name: str = "", detail: str = "", phase: Phase = "answered") -> Failure:
    """A failed call to a server called pds.example."""
    return Failure("pds.example", phase=phase, status=status, name=name, detail=detail, retry_after=3.0)


TABLE: list[tuple[Failure, type[Outcome], type[Outcome]]] = [
    # (what happened, to a put, to a look)
    (failure(None, phase="not_sent"), Unavailable, Unavailable),
    (failure(None, phase="writing"), Uncertain, Unavailable),
    (failure(None, phase="sent"), Uncertain, Unavailable),
    (failure(200), Uncertain, Unavailable),
    (failure(301), Uncertain, Unavailable),
    (failure(400), Uncertain, Unavailable),
    (failure(400, "InvalidRequest", "Invalid app.bsky.feed.post record: …"), Rejected, Unavailable),
    (failure(400, "InvalidRequest", "Could not find repo: did:plc:a"), ChannelDown, ChannelDown),
    (failure(400, "InvalidMimeType"), Rejected, Unavailable),
    (failure(400, "InvalidSwap"), Rejected, Unavailable),
    (failure(400, "ExpiredToken"), Unavailable, Unavailable),
    (failure(400, "InvalidToken"), Unavailable, Unavailable),
    (failure(401, "InvalidToken"), Unavailable, Unavailable),
    (failure(401), Uncertain, Unavailable),
    (failure(401, "AuthenticationRequired"), ChannelDown, ChannelDown),
    (failure(401, "AuthFactorTokenRequired"), ChannelDown, ChannelDown),
    (failure(401, "AccountTakedown"), ChannelDown, ChannelDown),
    (failure(401, "AccountDeactivated"), ChannelDown, ChannelDown),
    (failure(401, "SomethingNew"), ChannelDown, ChannelDown),
    (failure(403), Uncertain, Unavailable),
    (failure(403, "AccountNotFound"), ChannelDown, ChannelDown),
    (failure(404), Uncertain, Unavailable),
    (failure(404, "XRPCNotSupported"), ChannelDown, ChannelDown),
    (failure(413), Rejected, Unavailable),
    (failure(413, "PayloadTooLarge"), Rejected, Unavailable),
    (failure(429), RateLimited, RateLimited),
    (failure(429, "RateLimitExceeded"), RateLimited, RateLimited),
    (failure(500, "InternalServerError"), Uncertain, Unavailable),
    (failure(500, "AuthenticationRequired"), Uncertain, Unavailable),
    (failure(501, "MethodNotImplemented"), ChannelDown, ChannelDown),
    (failure(502, "UpstreamFailure"), Uncertain, Unavailable),
    (failure(503, "NotEnoughResources"), Uncertain, Unavailable),
    (failure(504, "UpstreamTimeout"), Uncertain, Unavailable),
]


@pytest.mark.parametrize(("seen", "put", "look"), TABLE, ids=str)
def test_every_answer_has_its_meaning(seen: Failure, put: type[Outcome], look: type[Outcome]) -> None:
    """Only what proves non-execution is anything else than uncertain for a put; a look is never final."""
    assert put is type(publishing_outcome(seen))
    assert look is type(reading_outcome(seen))
    assert "pds.example" in publishing_outcome(seen).message


@pytest.mark.parametrize("seen", [row[0] for row in TABLE if row[1] is ChannelDown], ids=lambda seen: f"{seen.name}")
def test_whatever_stops_the_channel_says_how_to_mend_it(seen: Failure) -> None:
    """An operator is never left with a sentence that does not say what to do."""
    outcome = reading_outcome(seen)
    assert isinstance(outcome, ChannelDown)
    assert outcome.mend.endswith(".")


def test_the_wait_is_handed_on() -> None:
    """A put that is told to wait says how long."""
    assert getattr(publishing_outcome(failure(429)), "retry_after", None) == 3.0


def test_a_long_answer_is_not_repeated_whole() -> None:
    """What a server says is put on one line and cut, so that a page of HTML does not become a reason."""
    said = failure(400, "InvalidRequest", "word\n" * 1000)
    assert "\n" not in said.sentence
    assert len(said.sentence) < 300
