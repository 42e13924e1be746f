"""What the audit says of every delivery, and what it comes to in sums. Pure.

Each delivery falls into exactly one finding, and each finding leaves it in one of three standings: settled, it goes on
by itself, or a person has to do something. All are accounted for when all are settled.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adapters.outcomes import Presence
from bot.model import State


class Finding(StrEnum):
    """What became of an article on a channel. The value is what `handbill audit --json` says."""

    CONFIRMED = "confirmed"
    """Read back from outside: it is there."""
    ACCEPTED = "accepted"
    """The platform gave its receipt, and does not let us read the post back, or never did."""
    SENT = "sent"
    """Out by a person's word."""
    UNREAD = "unread"
    """The platform gave its receipt; it is still to be read back."""
    VANISHED = "vanished"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    FAILED = "failed"
    HELD = "held"
    UNCERTAIN = "uncertain"
    SENDING = "sending"
    PENDING = "pending"
    MISSING = "missing"
    """It should have been planned, and was not. By design that cannot be."""


class Standing(StrEnum):
    """How a delivery goes on."""

    SETTLED = "settled"
    GOES_ON = "goes on"
    NEEDS_PERSON = "needs a person"


PLAIN = frozenset({Finding.CONFIRMED, Finding.ACCEPTED, Finding.SENT, Finding.CANCELLED, Finding.SKIPPED})
"""Findings that are an end in themselves."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a finding depends on."""

    state: State
    presence: Presence | None = None
    receipt: bool = False
    """Whether the platform has given a receipt."""
    to_be_read: bool = False
    """Whether it is still to be read back."""
    asked: bool = False
    """Uncertain: whether the platform will be asked."""
    removed: bool = False
    """Whether the settings no longer name the channel."""
    down: bool = False
    """Whether the channel is paused for want of credentials or rights."""
    alerted: bool = False
    """Whether an alert about this very delivery is open: nobody has decided to leave it as it is."""


def find(facts: Facts) -> Finding:
    """What became of a delivery."""
    if facts.state is not State.SENT:
        return Finding(facts.state.value)
    if facts.presence is not None:
        return Finding(facts.presence)
    if facts.to_be_read and not facts.removed:
        return Finding.UNREAD
    return Finding.ACCEPTED if facts.receipt else Finding.SENT


def stand(finding: Finding, facts: Facts) -> Standing:
    """How it goes on."""
    if finding in PLAIN:
        return Standing.SETTLED
    match finding:
        case Finding.UNREAD:
            needs_person = False
        case Finding.VANISHED | Finding.FAILED:
            return Standing.NEEDS_PERSON if facts.alerted else Standing.SETTLED
        case Finding.HELD | Finding.MISSING:
            needs_person = True
        case Finding.SENDING:
            needs_person = facts.removed
        case Finding.UNCERTAIN:
            needs_person = facts.removed or facts.down or not facts.asked
        case _:
            needs_person = facts.removed or facts.down
    return Standing.NEEDS_PERSON if needs_person else Standing.GOES_ON


# ── what is missing ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Planned:
    """An article, and on which channels it has a delivery."""

    article_id: int
    source_id: int
    found_at: datetime
    channels: frozenset[int]


def missing(articles: Iterable[Planned], leads: Mapping[int, Mapping[int, datetime]]) -> list[tuple[int, int]]:
    """(article, channel) of what was not planned and should have been, as far as a ledger can tell.

    All that one look finds is planned for the same channels: where its source leads to (`leads`: source → channel →
    when that was added) and another article of the same look was planned, it is missing. A look without any delivery is
    missing wherever its source leads to, on channels that were there already. That a single article is not on a channel
    may come from a route, or a channel, that was not in the settings then: no ledger can tell that from a mistake.
    """
    looks: dict[tuple[int, datetime], list[Planned]] = {}
    for article in articles:
        looks.setdefault((article.source_id, article.found_at), []).append(article)
    found = []
    for (source_id, found_at), look in looks.items():
        led = frozenset[int]().union(*(article.channels for article in look))
        now = {channel for channel, added_at in leads.get(source_id, {}).items() if added_at <= found_at}
        owed = now & led if led else now
        for article in look:
            found += [(article.article_id, channel) for channel in sorted(owed - article.channels)]
    return found


# ── sums ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Sums:
    """How many deliveries there are of each finding, on each channel, in each standing."""

    total: int
    by_finding: Mapping[Finding, Mapping[str, int]]
    """Finding → channel → how many; findings in their order, without those that never occur."""
    by_standing: Mapping[Standing, int]

    @property
    def accounted(self) -> bool:
        """Whether it is known of every delivery what became of it, and nothing is left to do."""
        return self.by_standing[Standing.SETTLED] == self.total


def add_up(found: Sequence[tuple[str, Finding, Standing]]) -> Sums:
    """Add up (channel, finding, standing)."""
    counted = Counter((finding, channel) for channel, finding, _ in found)
    standings = Counter(standing for _, _, standing in found)
    names = list(dict.fromkeys(sorted(channel for channel, _, _ in found)))
    by_finding = {
        finding: {name: counted[finding, name] for name in names if counted[finding, name]}
        for finding in Finding
        if any(counted[finding, name] for name in names)
    }
    return Sums(len(found), by_finding, {standing: standings[standing] for standing in Standing})
