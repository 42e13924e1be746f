"""Sessions as a PDS keeps them: signed tokens, refresh tokens that rotate, and what ends them.

https://atproto.com/specs/xrpc#authentication; the times and the grace period are those of the reference server,
packages/pds/src/account-manager.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapters.sandbox.bluesky_xrpc import XrpcError

ACCESS_FOR = 2 * 3600
REFRESH_FOR = 90 * 86400
GRACE_FOR = 2 * 3600
"""How long a refresh token still works after its first use, each time for the same successor."""

ACCESS, REFRESH = "at+jwt", "refresh+jwt"
"""The two types of token, as their headers say."""
_SCOPES = {ACCESS: "com.atproto.appPass", REFRESH: "com.atproto.refresh"}


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a login or a refresh hands out."""

    access: str
    refresh: str


@dataclass(slots=True)
class _Refresh:
    did: str
    expires_at: float
    successor: str | None = None


class Sessions:
    """The sessions of one server."""

    def __init__(self, now: Callable[[], float], audience: str) -> None:
        self._now = now
        self._audience = audience
        self._key = secrets.token_bytes(32)
        self._refreshes: dict[str, _Refresh] = {}
        self._access_ids: dict[str, list[str]] = {}
        self._ended: set[str] = set()

    def open(self, did: str) -> Tokens:
        """Begin a session."""
        return self._issue(did, secrets.token_urlsafe(32))

    def rotate(self, refresh_id: str) -> Tokens:
        """Trade a refresh token in. Used again within its grace it gives the same successor."""
        used = self._refreshes.get(refresh_id)
        if used is None or used.expires_at <= self._now():
            raise XrpcError(400, "ExpiredToken", "Token has been revoked")
        used.expires_at = min(used.expires_at, self._now() + GRACE_FOR)
        used.successor = used.successor or secrets.token_urlsafe(32)
        return self._issue(used.did, used.successor)

    def revoke(self, refresh_id: str) -> None:
        """End the session that this refresh token continues; access tokens live on until they expire."""
        self._refreshes.pop(refresh_id, None)

    def revoke_all(self, did: str) -> None:
        """End every session of an account, as revoking its app password does."""
        for refresh_id in [key for key, token in self._refreshes.items() if token.did == did]:
            del self._refreshes[refresh_id]

    def expire_access(self, did: str) -> None:
        """Let every access token handed out so far be past its time, whatever its `exp` says."""
        self._ended.update(self._access_ids.pop(did, []))

    def read(self, authorization: str | None, kind: str, *, even_expired: bool = False) -> dict[str, Any]:
        """The claims of the bearer token in an `Authorization` header. Expired is 400, not 401."""
        if authorization is None:
            raise XrpcError(401, "AuthMissing")
        scheme, _, token = authorization.partition(" ")
        if not token or " " in token:
            raise XrpcError(400, "InvalidToken", "Malformed authorization header")
        if scheme.lower() != "bearer":
            raise XrpcError(400, "InvalidToken", "Unexpected authorization type")
        claims = self._verified(token, kind)
        if not even_expired and (claims["exp"] <= self._now() or claims["jti"] in self._ended):
            raise XrpcError(400, "ExpiredToken", "Token has expired")
        return claims

    def _issue(self, did: str, refresh_id: str) -> Tokens:
        access_id = secrets.token_urlsafe(16)
        self._access_ids.setdefault(did, []).append(access_id)
        known = self._refreshes.setdefault(refresh_id, _Refresh(did, self._now() + REFRESH_FOR))
        return Tokens(
            access=self._sign(ACCESS, did, access_id, self._now() + ACCESS_FOR),
            refresh=self._sign(REFRESH, did, refresh_id, known.expires_at),
        )

    def _sign(self, kind: str, did: str, token_id: str, expires_at: float) -> str:
        claims = {
            "scope": _SCOPES[kind],
            "aud": self._audience,
            "sub": did,
            "jti": token_id,
            "iat": int(self._now()),
            "exp": int(expires_at),
        }
        signed = f"{_segment(_header(kind))}.{_segment(claims)}"
        return f"{signed}.{self._signature(signed)}"

    def _verified(self, token: str, kind: str) -> dict[str, Any]:
        signed, _, signature = token.rpartition(".")
        header, _, payload = signed.partition(".")
        genuine = hmac.compare_digest(signature.encode(), self._signature(signed).encode())
        if not genuine or header != _segment(_header(kind)):
            raise XrpcError(400, "InvalidToken", "Token could not be verified")
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return claims

    def _signature(self, signed: str) -> str:
        return _base64url(hmac.digest(self._key, signed.encode(), hashlib.sha256))


def _header(kind: str) -> dict[str, str]:
    return {"typ": kind, "alg": "HS256"}


def _segment(value: dict[str, Any]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
