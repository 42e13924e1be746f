"""What a subscriber of WebSub (https://www.w3.org/TR/websub/) decides. Pure.

Nothing secret is kept: a subscription's address and what its pushes are signed with are made from the operator's
secret and what it is for. A push is never taken for what it says: it is the word that there is something to look at.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LEASE = 10 * 86_400.0
"""Seconds that we ask for; the hub decides."""
SHORTEST_LEASE, LONGEST_LEASE = 60.0, 90 * 86_400.0
"""Seconds, whatever a hub says."""
RENEW_AFTER = 0.7
"""Share of the lease after which it is asked for anew: time for many tries before it ends."""
VERIFIES_WITHIN = 300.0
"""Seconds in which a hub that has taken a request asks back; then it is asked again."""
AGAIN_FROM, AGAIN_TO = 300.0, 86_400.0
"""Seconds between two tries at a hub that does not answer, or not well."""
DENIED_FOR = 86_400.0
"""Seconds after which a hub that has refused is asked once more."""
LONGEST_CHALLENGE = 4_096

BACKSTOP_TIMES, BACKSTOP_UP_TO = 12.0, 3_600.0
"""While pushes come, looks are so many times rarer, but at least hourly: a push may get lost."""
ANNOUNCED_FOR = 120.0
"""Seconds after a push within which what is found counts as announced."""

_METHODS = {"sha1", "sha256", "sha384", "sha512"}
_UNREAD = re.compile(r"https://|http://(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])(?:[:/]|$)", re.IGNORECASE)
"""Addresses to which nobody listens on the way: encrypted, or on this machine."""
_SIGNATURE = re.compile(r"([a-z0-9]{1,10})=([0-9a-fA-F]{40,128})")


class Standing(StrEnum):
    """How a subscription is."""

    WANTED = "wanted"
    ASKED = "asked"
    VERIFIED = "verified"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Subscription:
    """What the ledger knows of the pushes for one source."""

    source_id: int
    identity: str
    """Of the source."""
    hub: str
    topic: str
    callback: str | None
    """The fingerprint of the address that the hub was given; None: it was not asked yet."""
    standing: Standing
    due_at: datetime
    """When the hub is asked, for the first time or anew."""
    lease_until: datetime | None = None
    pushed_at: datetime | None = None
    failures: int = 0
    """In a row."""


# ── addresses and secrets ─────────────────────────────────────────────────────────────────────────────────────────


def callback_of(subscription: Subscription, *, public_url: str, key: str) -> str:
    """The address for the hub, which nobody can guess. Another secret or server makes another address."""
    return f"{public_url}/websub/{_derived(subscription, 'callback', key)[:43]}"


def secret_of(subscription: Subscription, *, key: str) -> str | None:
    """What the hub is to sign with; None where others could read it on the way."""
    return _derived(subscription, "secret", key) if _UNREAD.match(subscription.hub) else None


def fingerprint(callback: str) -> str:
    """What the ledger keeps of an address: enough to know it again, not enough to use it."""
    return hashlib.sha256(callback.encode()).hexdigest()[:32]


def _derived(subscription: Subscription, what: str, key: str) -> str:
    message = "\n".join((what, subscription.identity, subscription.hub, subscription.topic))
    return hmac.new(key.encode(), message.encode(), "sha256").hexdigest()


# ── what the hub is asked and told ────────────────────────────────────────────────────────────────────────────────


def request_of(subscription: Subscription, *, public_url: str, key: str) -> dict[str, str]:
    """The form that asks the hub for pushes."""
    form = {
        "hub.mode": "subscribe",
        "hub.topic": subscription.topic,
        "hub.callback": callback_of(subscription, public_url=public_url, key=key),
        "hub.lease_seconds": f"{LEASE:.0f}",
        "hub.verify": "async",  # versions before the W3C's want to know how
    }
    secret = secret_of(subscription, key=key)
    return form if secret is None else form | {"hub.secret": secret}


@dataclass(frozen=True, slots=True)
class Verified:
    """The hub's question was ours to confirm: it gets its challenge back."""

    challenge: str
    lease_for: float


@dataclass(frozen=True, slots=True)
class Denied:
    """The hub will not push."""

    reason: str


def answer(query: Mapping[str, str], subscription: Subscription | None) -> Verified | Denied | None:
    """What a hub's question at a callback comes to; None: we want nothing of the kind (404)."""
    mode, challenge = query.get("hub.mode", ""), query.get("hub.challenge", "")
    if subscription is None or query.get("hub.topic") != subscription.topic:
        return None
    if mode == "denied":
        return Denied(query.get("hub.reason", "")[:200])
    if mode != "subscribe" or not 0 < len(challenge) <= LONGEST_CHALLENGE:
        return None
    stated = query.get("hub.lease_seconds", "")
    lease = float(stated) if re.fullmatch(r"[0-9]{1,10}", stated) else LEASE
    return Verified(challenge, min(max(lease, SHORTEST_LEASE), LONGEST_LEASE))


def renew_at(now: datetime, lease_for: float) -> datetime:
    """When a lease that begins now is asked for anew."""
    return now + timedelta(seconds=lease_for * RENEW_AFTER)


# ── pushes ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Signature:
    """Compares what a push is signed with to its body, piece by piece."""

    def __init__(self, header: str | None, secret: str) -> None:
        """`header`: X-Hub-Signature, as it came."""
        stated = _SIGNATURE.fullmatch((header or "").strip())
        known = stated is not None and stated[1] in _METHODS
        self._stated = stated[2].lower() if stated is not None and known else ""
        self._mac = hmac.new(secret.encode(), digestmod=stated[1] if stated is not None and known else "sha256")

    def add(self, piece: bytes) -> None:
        """The next piece of the body."""
        self._mac.update(piece)

    def is_good(self) -> bool:
        """Whether the body so far is what was signed."""
        return hmac.compare_digest(self._mac.hexdigest(), self._stated)


def slowed(every: float, *, pushed_at: datetime | None, lease_until: datetime | None, now: datetime) -> float:
    """Seconds between two looks at a source that is usually looked at `every` so many: rarer while pushes come."""
    if pushed_at is None or lease_until is None or now >= lease_until:
        return every
    return max(every, min(every * BACKSTOP_TIMES, BACKSTOP_UP_TO))


def was_announced(pushed_at: datetime | None, now: datetime) -> bool:
    """Whether a push told of what is found now."""
    return pushed_at is not None and timedelta() <= now - pushed_at <= timedelta(seconds=ANNOUNCED_FOR)
