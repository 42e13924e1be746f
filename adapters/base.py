"""The contract between the core and the code that speaks one platform.

An adapter has four steps, of which exactly one is visible to followers: `compose` (pure), `stage` (invisible uploads),
`publish` (the one visible call) and `find` (read only, settles an unknown outcome). What they hand on is in
`adapters.post`, how they end in `adapters.outcomes`. Nothing here imports a platform.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

from adapters.outcomes import Answer, Marker, Presence
from adapters.post import Draft, Json, Media, Payload, Post, Receipt
from adapters.shaping import Shape

# ── how it is identified ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class KeySeed:
    """The stable identity that an idempotency key is made from: never a row number, so that it outlives the ledger."""

    account_id: str
    article_key: str
    action: str
    revision: int
    payload_number: int
    published_at: datetime | None
    """As the source stated it; None when it stated none."""

    def digest(self) -> bytes:
        """32 bytes that are the same for the same obligation, whichever ledger it stands in."""
        identity = [self.account_id, self.article_key, self.action, self.revision, self.payload_number]
        return hashlib.sha256(json.dumps(identity, ensure_ascii=False).encode()).digest()


@dataclass(frozen=True, slots=True)
class Limits:
    """How much text a place takes. It belongs to the instance and may be learnt from the server."""

    length: int
    unit: str
    measure: Callable[[str], int]
    """Counts text as this platform counts it."""
    max_bytes: int | None = None
    """A second limit, in UTF-8 bytes, where the platform has one."""

    def fits(self, text: str) -> bool:
        """Whether the platform would take `text` by its length."""
        return self.measure(text) <= self.length and (
            self.max_bytes is None or len(text.encode("utf-8")) <= self.max_bytes
        )


@dataclass(frozen=True, slots=True)
class Pace:
    """At most `count` visible calls in any `per_for` seconds, for one place or for the whole account."""

    count: int
    per_for: float
    scope: Literal["place", "account"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Whom the credentials belong to, what they may do, and what is missing. (platform, account_id, place_id) is a
    channel's identity."""

    account_id: str
    place_id: str
    who: str
    """For people: "@news_bot in @news (Example News)"."""
    url: str | None
    limits: Limits
    problems: tuple[str, ...] = ()
    """What stands in the way of posting, each a sentence with the mend; empty when all is well."""
    notes: tuple[str, ...] = ()
    """What the operator should know but need not mend."""


# ── how often it may be called ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Budget:
    """What the platform said, in the headers of an answer, of the visible calls that an account may still make.

    It counts in visible calls, not in the platform's points. A window is named by how long it is (`per_for`, seconds),
    as in `Pace`; a new window begins at `resets_at` with all of `limit`.
    """

    limit: int
    remaining: int
    per_for: float
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class Waits:
    """The waits that protect against posting twice, in seconds. As a `Platform` has them they are the least that is
    safe, and the defaults; only towards a server on this machine may settings undercut them."""

    quiet_for: float
    """How long an unknown outcome rests before the platform is asked."""
    probe_gap_for: float = 30.0
    """Between two rounds of asking, where one alone proves nothing."""
    replay_for: float = 0.0
    """Before a call is made again with the same key: the first one may still be running."""
    deadline_for: float = 45.0
    """After which a visible call has ended for sure on our side, one way or the other."""


# ── the adapter ───────────────────────────────────────────────────────────────────────────────────────────────────


class SessionStore(Protocol):
    """Where an account's session is kept between runs. The adapter seals what it saves; the ledger sees no secret."""

    async def load(self) -> str | None:
        """The sealed session saved last, or None."""

    async def save(self, sealed: str) -> None:
        """Replace the sealed session."""


def _ignore(_budget: Budget) -> None:
    """Nobody keeps budgets here (a command beside the daemon)."""


@dataclass(frozen=True, slots=True)
class Context:
    """What an adapter is given of the world around it, instead of reaching for it."""

    now: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    keep_secret: Callable[[str], None]
    """Tell the redactor of a secret that was learnt at run time (a session token)."""
    sessions: SessionStore
    owner: bool = True
    """Whether this process owns the account: only the owner renews and saves a session."""
    user_agent: str = "Handbill"
    waits: Waits | None = None
    """None: the platform's own."""
    note_budget: Callable[[Budget], None] = _ignore
    """Tell the owner of the account what an answer's headers said."""


class Adapter(Protocol):
    """One channel: an account on a platform, and the place there that it posts to."""

    platform: str
    quiet_for: float
    """Seconds that an unknown outcome rests before the platform is asked."""
    deadline_for: float
    """Seconds after which `publish` has ended, one way or the other, enforced at the socket."""
    paces: tuple[Pace, ...]
    takes_picture: bool
    """Whether `compose` makes use of `Post.picture`."""
    key_good_for: float | None
    """Seconds after the first attempt for which a key protects a repeat; then a new key is taken. None: for ever."""

    async def verify(self) -> Standing:
        """Ask who we are and what we may do; learn the limits. Raises RateLimited, Unavailable or ChannelDown."""

    def compose(self, post: Post, at: datetime) -> Draft:
        """Pure. `at` is the planned time of sending. Raises Rejected when nothing can be made to fit."""

    async def stage(self, draft: Draft) -> Payload:
        """Upload what the post refers to, invisible to followers, and freeze the request. Repeatable.

        Raises RateLimited, Unavailable, Rejected or ChannelDown.
        """

    def key(self, seed: KeySeed) -> str:
        """The platform's idempotency key for this obligation, or an opaque label where the platform has none. Pure."""

    async def mark(self, last: str | None) -> Marker:
        """What `find` will need, taken just before the intent is committed. `last`: the newest receipt id of this
        place in the ledger. Read only; raises like `verify`."""

    async def publish(self, payload: Payload, key: str) -> Receipt:
        """The one visible call. Raises one of the five outcomes; anything that is not a proof is `Uncertain`.

        When cancelled, it makes sure that nothing more is written to the socket and re-raises at once.
        """

    async def find(self, payload: Payload, key: str, marker: Marker) -> Answer:
        """Ask the platform whether this payload is out. Read only; raises RateLimited, Unavailable or ChannelDown.

        It is also asked before a first attempt, after a ledger was restored: then `marker` is that of a fresh `mark`
        from the last receipt that the ledger knows.
        """

    async def confirm(self, payload: Payload, receipt: Receipt) -> Presence:
        """Read a sent post back from outside, once. Nothing that followers see; raises like `find`.

        Only an answer that proves absence is "vanished": never that of a replica or of a view that lags behind.
        """

    async def close(self) -> None:
        """Let go of connections. Never waits for a call that hangs."""


@runtime_checkable
class CanAlert(Protocol):
    """An adapter that can carry a sentence to the operator, where the settings name a place for it."""

    async def alert(self, text: str) -> bool:
        """Send `text` to the operator's own place. False when no such place is configured; raises an `Outcome`."""


@runtime_checkable
class CanInfer(Protocol):
    """An adapter that learns from a later post of ours what became of an earlier call (message numbers in a row)."""

    def infer(self, marker: Marker, later: str) -> Answer:
        """What the receipt id of a `later` post of ours in this place proves about a call before it that left `marker`.

        Pure. The quiet time of that call was over before the later one was begun. AskAgain: `find` may tell now."""


@runtime_checkable
class CanList(Protocol):
    """An adapter of a platform that lists an account's own posts: a ledger can be held against it."""

    async def newest(self) -> Receipt | None:
        """The account's newest post that may be ours; None when it has none. Read only; raises like `verify`."""


@runtime_checkable
class CanNotice(Protocol):
    """An adapter of a platform that lists nothing, but tells of single posts whether they are there, and whose."""

    async def notice(self, last: str) -> Sequence[Receipt]:
        """The posts of ours that are met close after the one with receipt id `last`, in order; that none was met proves
        nothing. Their times do not count. Read only; raises like `verify`."""


class ChannelSettings(Protocol):
    """What the core needs of a platform's settings model (a pydantic model)."""

    @property
    def account(self) -> str:
        """What owns the budgets, as far as the settings tell without asking: the bot, the login. Two channels with one
        `account` are worked by one process. Holds no secret; the same in every process with the same settings."""

    @property
    def label(self) -> str:
        """What tells two channels of this platform apart without asking it: "@news", "news@mastodon.example"."""

    @property
    def shape(self) -> Shape:
        """What the operator asks of the channel's posts; `adapters.shaping.Shaping` reads it."""

    @property
    def loopback(self) -> bool:
        """Whether the server is on this machine (a sandbox): only then may protective waits be cut short."""


@dataclass(frozen=True, slots=True)
class Platform:
    """One line of the registry: what can be known of a platform without importing its library."""

    name: str
    title: str
    settings: type[Any]
    """A pydantic model (extra="forbid") that satisfies `ChannelSettings`; its SecretStr fields are secrets."""
    open: Callable[[Any, Context], Adapter]
    """Make the adapter of a channel from its settings. Imports the library; makes no request."""
    compose: Callable[[Any | None, Post, datetime], Draft]
    """Compose without an account, for previews: settings may be None; limits are the platform's defaults."""
    shown: Callable[[Json, Sequence[Media]], Draft]
    """The other way round: what a frozen payload, with the media that are kept of it, looks like. Pure, takes any JSON,
    and never raises; limits are the platform's defaults."""
    waits: Waits
    takes_picture: bool

    @property
    def quiet_for(self) -> float:
        """Seconds that an unknown outcome rests at least."""
        return self.waits.quiet_for
