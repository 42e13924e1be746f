"""How a call may end and what asking a platform can tell: flat, named by what the caller does next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from adapters.post import Payload, Receipt

# ── the five outcomes, named by what the caller does next ─────────────────────────────────────────────────────────


class Outcome(Exception):
    """Why a call gave no receipt. `message` never holds a secret; `status` is the HTTP status, if one was seen."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class RateLimited(Outcome):
    """Proven not executed; the platform says to come back in `retry_after` seconds (None: it did not say when)."""

    def __init__(self, message: str, *, retry_after: float | None = None, status: int | None = None) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


class Unavailable(Outcome):
    """Proven not executed by the platform's own rules or by the wire (nothing was sent); try again later."""


class Rejected(Outcome):
    """The platform will never take this content. `instead`: the same post with less, which it may take (without the
    picture that it refused, without the card); None when nothing is left to leave out."""

    def __init__(self, message: str, *, status: int | None = None, instead: "Payload | None" = None) -> None:
        super().__init__(message, status=status)
        self.instead = instead


class ChannelDown(Outcome):
    """Credentials, rights or suspension: proven not executed, and no other post would fare better until mended."""

    def __init__(self, message: str, *, mend: str = "", status: int | None = None) -> None:
        super().__init__(message, status=status)
        self.mend = mend


class Uncertain(Outcome):
    """Nobody knows whether it was executed."""


# ── what asking the platform can tell ─────────────────────────────────────────────────────────────────────────────

Marker = Mapping[str, Any]
"""The adapter's own state for `find`: the last known id, the probes so far. JSON, committed with the intent."""


Presence = Literal["confirmed", "accepted", "vanished"]
"""
confirmed  read back from outside: it is there
accepted   the platform took it, and does not let us read it back
vanished   the platform itself, asked where it cannot be wrong, says that it is not there
"""


@dataclass(frozen=True, slots=True)
class Found:
    """It is out."""

    receipt: Receipt
    seen: Presence = "confirmed"
    """How well: read back, or only told to be there."""


@dataclass(frozen=True, slots=True)
class Absent:
    """Proven not out: it may be sent again, byte for byte."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Cannot be told yet: ask again in `after_for` seconds, with this marker."""

    after_for: float
    marker: Marker


@dataclass(frozen=True, slots=True)
class CannotTell:
    """The platform will not tell: a person decides, unless a later post of ours proves something (`CanInfer`)."""

    why: str
    marker: Marker | None = None
    """What is known by now, kept for that; None: as before."""


Answer = Found | Absent | AskAgain | CannotTell
