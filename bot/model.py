"""The nouns that the whole core shares, and the one table of how a delivery moves between its states."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from adapters.outcomes import Presence
from adapters.post import Payload, Receipt


class State(StrEnum):
    """What became of a delivery."""

    HELD = "held"
    """Waits for a person (approval, flood guard)."""
    PENDING = "pending"
    """To be sent at `due_at`: first time, retry and snooze alike."""
    SENDING = "sending"
    """Claimed; the visible call may be on the wire."""
    UNCERTAIN = "uncertain"
    """Nobody knows whether it is out; at `due_at` the platform is asked, without one a person decides."""
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


FINAL = frozenset({State.SENT, State.FAILED, State.SKIPPED, State.CANCELLED})
OPEN = frozenset(State) - FINAL


class Event(StrEnum):
    """What happens to a delivery. The value is what the log and the attempts say."""

    RELEASED = "released"
    CLAIMED = "claimed"
    EXPIRED = "expired"
    DROPPED = "dropped"
    """By a person: it shall not go out."""
    SAME = "same"
    """Its article turned out to be another one, which goes to the channel, or went."""
    SENT = "sent"
    TOLD_TO_WAIT = "told_to_wait"
    CHANNEL_DOWN = "channel_down"
    NOT_EXECUTED = "not_executed"
    """Proven by the wire or by the platform's own rules."""
    REJECTED = "rejected"
    DEGRADED = "degraded"
    """Refused for its content, but the adapter has something with less to send in its place."""
    LOST = "lost"
    """No answer, an answer that proves nothing, or found `sending` at start."""
    FOUND = "found"
    ABSENT = "absent"
    ASK_AGAIN = "ask_again"
    CANNOT_TELL = "cannot_tell"
    RESOLVED_SENT = "resolved_sent"
    RESOLVED_NOT_SENT = "resolved_not_sent"
    RETRIED = "retried"
    """By a person: send it after all."""
    REVIVED = "revived"
    """By a person: it was out and has vanished, send it once more."""


_S, _E = State, Event

EDGES: Mapping[tuple[State, Event], State] = {
    (_S.HELD, _E.RELEASED): _S.PENDING,
    (_S.HELD, _E.DROPPED): _S.CANCELLED,
    (_S.HELD, _E.SAME): _S.CANCELLED,
    (_S.HELD, _E.RESOLVED_SENT): _S.SENT,
    (_S.PENDING, _E.CLAIMED): _S.SENDING,
    (_S.PENDING, _E.TOLD_TO_WAIT): _S.PENDING,  # while staging
    (_S.PENDING, _E.NOT_EXECUTED): _S.PENDING,  # while staging
    (_S.PENDING, _E.CHANNEL_DOWN): _S.PENDING,  # while staging
    (_S.PENDING, _E.REJECTED): _S.FAILED,  # while composing or staging
    (_S.PENDING, _E.FOUND): _S.SENT,  # while looking first: a restored ledger did not know of it
    (_S.PENDING, _E.ABSENT): _S.PENDING,  # while looking first
    (_S.PENDING, _E.ASK_AGAIN): _S.PENDING,  # while looking first
    (_S.PENDING, _E.CANNOT_TELL): _S.HELD,  # while looking first
    (_S.PENDING, _E.EXPIRED): _S.SKIPPED,
    (_S.PENDING, _E.DROPPED): _S.CANCELLED,
    (_S.PENDING, _E.SAME): _S.CANCELLED,
    (_S.SENDING, _E.SENT): _S.SENT,
    (_S.SENDING, _E.TOLD_TO_WAIT): _S.PENDING,
    (_S.SENDING, _E.CHANNEL_DOWN): _S.PENDING,
    (_S.SENDING, _E.NOT_EXECUTED): _S.PENDING,
    (_S.SENDING, _E.REJECTED): _S.FAILED,
    (_S.SENDING, _E.DEGRADED): _S.PENDING,
    (_S.SENDING, _E.LOST): _S.UNCERTAIN,
    (_S.UNCERTAIN, _E.FOUND): _S.SENT,
    (_S.UNCERTAIN, _E.ABSENT): _S.PENDING,
    (_S.UNCERTAIN, _E.ASK_AGAIN): _S.UNCERTAIN,
    (_S.UNCERTAIN, _E.TOLD_TO_WAIT): _S.UNCERTAIN,
    (_S.UNCERTAIN, _E.CHANNEL_DOWN): _S.UNCERTAIN,
    (_S.UNCERTAIN, _E.CANNOT_TELL): _S.UNCERTAIN,
    (_S.UNCERTAIN, _E.RESOLVED_SENT): _S.SENT,
    (_S.UNCERTAIN, _E.RESOLVED_NOT_SENT): _S.PENDING,
    (_S.UNCERTAIN, _E.DROPPED): _S.CANCELLED,
    (_S.FAILED, _E.RETRIED): _S.PENDING,
    (_S.SKIPPED, _E.RETRIED): _S.PENDING,
    (_S.CANCELLED, _E.RETRIED): _S.PENDING,
    (_S.SENT, _E.REVIVED): _S.PENDING,  # only what the audit found vanished, see bot.ledger.queue
}
"""Every way that a delivery may go; nothing else in the program changes a state."""


@dataclass(frozen=True, slots=True)
class Article:
    """A published article, as the ledger knows it. Texts are plain; `link` is posted, `key` is what it is known by."""

    id: int
    key: str
    title: str
    summary: str
    link: str
    found_at: datetime
    published_at: datetime | None = None
    author: str | None = None
    language: str | None = None
    picture_url: str | None = None
    picture_alt: str | None = None
    picture_focus: tuple[float, float] | None = None
    """What of the picture its page wants to be seen, as in `bot.focal`."""
    tags: tuple[str, ...] = ()
    fediverse: str | None = None
    """The author's address in the fediverse, "@name@host"."""
    paywalled: bool = False
    """Whether its page says that one has to pay."""
    noindex: bool = False
    """Whether its page asks search engines to leave it out."""
    source: str = ""
    """The name of the source that showed it first, for templates and rules."""
    enrich_until: datetime | None = None
    """Until then its page is being read, and it is not sent for the first time; None: it may be."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The obligation to bring one article to one channel, as a lane needs it."""

    id: int
    article_id: int
    channel_id: int
    action: str
    revision: int
    state: State
    due_at: datetime | None
    planned_at: datetime
    settled_at: datetime | None
    """When it came to its present state, and `due_at` was set; None where that was when it was planned."""
    attempts: int
    """Attempts made so far, the running one included; the running attempt's number."""
    failures: int
    """Failed attempts, from which the backoff grows; being told to wait is not one."""
    payload_number: int
    key: str | None
    body: str | None
    """The frozen payload, canonical JSON."""
    marker: str | None
    attempt_started_at: datetime | None
    first_attempt_at: datetime | None
    """The first attempt with this key."""
    expires_at: datetime | None
    """Not sent later than this."""
    look_first: bool
    """Whether it may be out already, unknown to this ledger: then it is looked for before it is sent."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """How an attempt ended, and what that makes of the delivery."""

    event: Event
    due_at: datetime | None
    reason: str | None
    failed: bool = False
    status: int | None = None
    receipt: Receipt | None = None
    marker: str | None = None
    """A new marker, when the platform is to be asked again."""
    confirm_at: datetime | None = None
    """Sent: when it is to be read back."""
    presence: Presence | None = None
    """What is known of a sent post from outside."""
    instead: Payload | None = None
    """What is sent in place of a payload that was refused: payload n+1, under a new key."""

    def cleaned(self, redact: Callable[[str], str]) -> "Settlement":
        """The same, with what secrets the reason may hold taken out: it goes into the ledger."""
        return replace(self, reason=redact(self.reason)) if self.reason else self
