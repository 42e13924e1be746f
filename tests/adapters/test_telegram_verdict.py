"""What each way that a Bot API call can end comes to: proof, refusal, or nobody knows."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.outcomes import ChannelDown, Outcome, RateLimited, Rejected, Unavailable, Uncertain
from adapters.telegram.verdict import Seen, addresses, outcome_of_publish, outcome_of_read, receipt_of
from adapters.wire import LONGEST_WAIT, Phase

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LINK = "https://news.example/a-story"
CHAT = {"id": -1001234567890, "type": "channel", "title": "Example News", "username": "news"}
MESSAGE = {"message_id": 7, "date": 1795420800, "chat": CHAT, "text": f"Title\n\n{LINK}"}


def seen(
    status: int | None,
    body: object = b"",
    *,
    phase: Phase = "answered",
    took_for: float = 0.1,
    headers: dict[str, str] | None = None,
) -> Seen:
    """A call that ended this way."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Seen("api.telegram.org", phase, status, headers or {}, raw, took_for, "what the library said")


def refused(status: int, description: str, **parameters: object) -> Seen:
    """A refusal in the Bot API's own words."""
    body = {"ok": False, "error_code": status, "description": description}
    return seen(status, {**body, "parameters": parameters} if parameters else body)


def answered(**changes: Any) -> Seen:
    """Success, with a message that differs from the right one by `changes`."""
    return seen(200, {"ok": True, "result": {**MESSAGE, **changes}})


CONTENT = [
    "Bad Request: can't parse entities: Unsupported start tag",
    "Bad Request: message is too long",
    "Bad Request: text must be non-empty",
    "Bad Request: ENTITIES_TOO_LONG",
    "Bad Request: something that nobody has seen before",
]
RIGHTS = [
    (400, "Bad Request: chat not found"),
    (400, "Bad Request: need administrator rights in the channel chat"),
    (400, "Bad Request: not enough rights to send text messages to the chat"),
    (400, "Bad Request: have no write access to the chat"),
    (400, "Bad Request: CHAT_WRITE_FORBIDDEN"),
    (400, "Bad Request: CHAT_ADMIN_REQUIRED"),
    (400, "Logged out"),
    (400, "Bad Request: FROZEN_METHOD_INVALID"),
    (403, "Forbidden: bot was kicked from the channel chat"),
    (403, "Forbidden: bot is not a member of the channel chat"),
    (403, "Forbidden: something that nobody has seen before"),
    (401, "Unauthorized"),
    (404, "Not Found"),
]
UNKNOWN = [
    seen(500, {"ok": False, "error_code": 500, "description": "Internal Server Error: restart"}),
    seen(502, b"<html>Bad Gateway</html>"),
    seen(504, b""),
    seen(302, b""),
    seen(409, {"ok": False, "error_code": 409, "description": "Conflict"}),
    seen(400, b"<html>400 Bad Request</html>"),
    seen(403, b"<html>403 Forbidden</html>"),
    seen(400, b'{"ok":false,"descr'),
    seen(200, b"<html>Welcome to nginx!</html>"),
    seen(200, b'{"ok":true,"result":{"message_id":7'),
    seen(200, {"ok": False, "error_code": 400, "description": "Bad Request: message is too long"}),
    seen(200, {"ok": True, "result": True}),
    seen(200, [1]),
    answered(message_id=0),
    answered(message_id="7"),
    answered(message_id=True),
    answered(text="Another post", entities=[]),
    seen(None, phase="writing"),
    seen(None, phase="sent"),
]


@pytest.mark.parametrize("description", CONTENT)
def test_only_the_content_is_rejected(description: str) -> None:
    """A 400 about the post itself, or one that nobody knows, is final for this post and says what Telegram said."""
    outcome = outcome_of_publish(refused(400, description), NOW)
    assert isinstance(outcome, Rejected)
    assert description in outcome.message
    assert outcome.status == 400


@pytest.mark.parametrize(("status", "description"), RIGHTS)
def test_rights_bring_the_channel_down(status: int, description: str) -> None:
    """Errors of rights and credentials pause the channel and say how to mend it, when posting and when asking."""
    for outcome in (outcome_of_publish, outcome_of_read):
        down = outcome(refused(status, description), NOW)
        assert isinstance(down, ChannelDown)
        assert description in down.message
        assert down.mend
        assert down.status == status


def test_a_group_that_moved() -> None:
    """A group that became a supergroup is named by its new number."""
    down = outcome_of_publish(
        refused(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1009876543210),
        NOW,
    )
    assert isinstance(down, ChannelDown)
    assert down.mend == "write -1009876543210 as the chat"


@pytest.mark.parametrize("end", UNKNOWN)
def test_what_proves_nothing_is_uncertain(end: Seen) -> None:
    """Anything else after the first byte is uncertain: it is neither a receipt nor a refusal."""
    assert receipt_of(end, LINK, NOW) is None
    assert isinstance(outcome_of_publish(end, NOW), Uncertain)


def test_what_was_not_sent_is_safe() -> None:
    """Nothing on the wire: it may be tried again."""
    outcome = outcome_of_publish(seen(None, phase="not_sent"), NOW)
    assert isinstance(outcome, Unavailable)
    assert outcome.message == "cannot reach api.telegram.org: what the library said"


WAITS = [
    (refused(429, "Too Many Requests: retry after 17", retry_after=17), 17.0),
    (refused(429, "Too Many Requests: retry after 1.5", retry_after=1.5), 1.5),
    (refused(429, "Too Many Requests", retry_after=10**12), LONGEST_WAIT),
    (seen(429, b"<html>Slow down</html>", headers={"retry-after": "30"}), 30.0),
    (seen(429, {"ok": False, "parameters": {"retry_after": "soon"}}, headers={"retry-after": "30"}), 30.0),
    (seen(429, b""), None),
]


@pytest.mark.parametrize(("end", "wait"), WAITS)
def test_told_to_wait(end: Seen, wait: float | None) -> None:
    """The wait is the body's, else the header's, else unknown; the same when posting and when asking."""
    for outcome in (outcome_of_publish, outcome_of_read):
        limited = outcome(end, NOW)
        assert isinstance(limited, RateLimited)
        assert wait == limited.retry_after


@pytest.mark.parametrize(
    ("took_for", "wait", "kind"),
    [
        (7.9, 5, RateLimited),
        (8.0, 9, RateLimited),
        (8.0, 8, Uncertain),
        (30.0, 1, Uncertain),
        (30.0, 3600, RateLimited),
    ],
)
def test_a_slow_429_with_a_tiny_wait(took_for: float, wait: int, kind: type[Outcome]) -> None:
    """A 429 that came late and asks for next to nothing may hide a failure behind the server: the post may be out."""
    body = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": wait}}
    assert type(outcome_of_publish(seen(429, body, took_for=took_for), NOW)) is kind
    assert type(outcome_of_read(seen(429, body, took_for=took_for), NOW)) is RateLimited


@pytest.mark.parametrize(
    "end",
    [seen(None, phase="not_sent"), seen(None, phase="sent"), seen(500, b""), seen(200, b"<html>"), seen(418, b"")],
)
def test_a_question_without_an_answer(end: Seen) -> None:
    """Asking again harms nobody: whatever gave no answer is unavailable."""
    assert isinstance(outcome_of_read(end, NOW), Unavailable)


def test_asking_the_wrong_server() -> None:
    """A server that is no Bot API server, or sends us elsewhere, is a matter of the settings."""
    for status, mend in ((404, "check api_base"), (301, "set api_base to where it is now")):
        down = outcome_of_read(seen(status, b"<html>"), NOW)
        assert isinstance(down, ChannelDown)
        assert down.mend == mend


def test_the_receipt() -> None:
    """A message with our link is the proof: its id, its address, and Telegram's time of it."""
    receipt = receipt_of(answered(), LINK, NOW)
    assert receipt is not None
    assert (receipt.id, receipt.url, receipt.at) == (
        "7",
        "https://t.me/news/7",
        datetime(2026, 11, 23, 8, 0, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("chat", "url"),
    [
        (CHAT, "https://t.me/news/7"),
        ({"id": -1001234567890}, "https://t.me/c/1234567890/7"),
        ({"id": -4242}, None),
        ({"id": 4242}, None),
        (None, None),
    ],
)
def test_where_a_person_can_open_it(chat: object, url: str | None) -> None:
    """Public chats by name, private channels and supergroups by number, others not at all."""
    receipt = receipt_of(answered(chat=chat), LINK, NOW)
    assert receipt is not None
    assert url == receipt.url


def test_a_missing_date() -> None:
    """A proof without a time is a proof: our own time stands in."""
    receipt = receipt_of(answered(date=None), LINK, NOW + timedelta(seconds=3))
    assert receipt is not None
    assert receipt.at == NOW + timedelta(seconds=3)


@pytest.mark.parametrize(
    "message",
    [
        {"text": f"Title\n\n{LINK}"},
        {"text": f"🎉({LINK})", "entities": [{"type": "url", "offset": 3, "length": len(LINK)}]},
        {"text": "Title", "entities": [{"type": "text_link", "offset": 0, "length": 5, "url": LINK}]},
        {"text": "Title", "link_preview_options": {"url": LINK}},
    ],
)
def test_the_link_is_looked_for(message: dict[str, Any]) -> None:
    """The link counts wherever a reader finds it: in the text, marked, or under the preview."""
    assert LINK in addresses(message)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"text": f"{LINK}-2"},
        {"text": None, "entities": None, "link_preview_options": None},
        {"text": "Title \ud800", "entities": [{"offset": -1, "length": 5}, "x", None, {"offset": "a"}, {"url": 5}]},
        {"entities": {"a": 1}, "link_preview_options": [LINK]},
    ],
)
def test_rubbish_carries_no_link(message: dict[str, Any]) -> None:
    """Another address is not ours, and a malformed answer is no proof and no crash."""
    assert LINK not in addresses(message)
