"""An account's session, as a value: what it is, how long it is good, how it is kept. Pure."""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.address import is_loopback, server_url

_MARGIN = timedelta(seconds=60)
_MAIN_PASSWORD_SCOPE = "com.atproto.access"  # noqa: S105 # the name of a scope

_FIRST_WAIT = timedelta(minutes=15)
"""Between two uses of the password, the first time that something is wrong with it."""
_LONGEST_WAIT = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Session:
    """A pair of tokens, whose they are, and where they are taken."""

    did: str
    handle: str
    access: str
    refresh: str
    pds: str
    """The account's own server, which holds its records."""
    obtained_at: datetime
    opened_at: datetime | None = None
    """When the password was used for it; it has been renewed since, maybe often."""
    ended_soon: int = 0
    """How many sessions before it were ended by the server right after they had been opened."""

    def good_at(self, now: datetime) -> bool:
        """Whether the access token still has some time to live. One that does not say is good until it is refused.

        Its lifetime counts from when we got it, by our own clock, so that a clock that is wrong does no harm.
        """
        claims = _claims(self.access)
        issued, expires = claims.get("iat"), claims.get("exp")
        if not isinstance(expires, int):
            return True
        if isinstance(issued, int):
            return now + _MARGIN < self.obtained_at + timedelta(seconds=expires - issued)
        return (now + _MARGIN).timestamp() < expires

    def ended_soon_at(self, now: datetime) -> bool:
        """Whether it was hardly opened, when the server takes it no more."""
        return self.opened_at is not None and now < self.opened_at + _FIRST_WAIT

    @property
    def by_main_password(self) -> bool:
        """Whether it was opened with the account's main password, which can do far more than post."""
        return _claims(self.access).get("scope") == _MAIN_PASSWORD_SCOPE

    def to_json(self) -> bytes:
        """For keeping, sealed."""
        return json.dumps(asdict(self), default=datetime.isoformat).encode()


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server would not let us in. Kept in the session's place, so that restarts do not use up the few sign-ins that
    an account has a day (https://docs.bsky.app/docs/advanced-guides/rate-limits); another password makes it unreadable
    and so forgotten."""

    name: str
    """The XRPC error name."""
    times: int
    at: datetime
    did: str | None = None
    """The account that it was, where that is known."""

    @property
    def until(self) -> datetime:
        """When it may be tried again: after 15 minutes, doubling to 4 hours."""
        return self.at + min(_LONGEST_WAIT, _FIRST_WAIT * (1 << min(self.times - 1, 10)))

    def to_json(self) -> bytes:
        """For keeping, sealed."""
        fields = {"refused": self.name, "times": self.times, "at": self.at.isoformat(), "did": self.did}
        return json.dumps(fields).encode()


def read_kept(kept: bytes) -> Session | Refusal | None:
    """What `to_json` made, or None where another version made it."""
    try:
        fields = json.loads(kept)
        if "refused" in fields:
            return Refusal(str(fields["refused"]), int(fields["times"]), _moment(fields["at"]), fields.get("did"))
        times = {name: _moment(fields[name]) for name in ("obtained_at", "opened_at") if fields.get(name)}
        return Session(**{**fields, **times})
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def home_of(server: str, given: str | None) -> str:
    """The account's own server: `given` by its DID document, where that may be trusted with the tokens; else `server`.

    Never from a server on this machine to one elsewhere or the reverse, and never to plain http over a network.
    """
    try:
        home = server_url(given or "")
    except ValueError:
        return server
    if is_loopback(home):
        return home if is_loopback(server) else server
    return home if home.startswith("https:") and not is_loopback(server) else server


def _claims(token: str) -> Mapping[str, Any]:
    """What a JWT says of itself, unverified: only the server can verify it. Empty for an opaque token."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, IndexError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
