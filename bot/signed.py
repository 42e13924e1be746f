"""Whether a request with articles comes from somebody who has the secret, and is not an old one sent again. Pure.

A signature that is seen a second time within the window does nothing twice: articles are known by their ids and links,
so no memory of signatures is needed.
"""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime

WINDOW = 300.0
"""Seconds that a sender's clock may be off, and that a request may be on its way."""

TIMESTAMP, SIGNATURE = "X-Handbill-Timestamp", "X-Handbill-Signature"
GHOST = "X-Ghost-Signature"
_PAIRS = ((TIMESTAMP, SIGNATURE), ("X-SOW-Timestamp", "X-SOW-Signature"))
"""Our own headers, and those of a WordPress plugin that signs in the same way ("Simple Outbound Webhooks")."""
_HEX = re.compile(r"sha256=([0-9a-fA-F]{64})")
_GHOSTS = re.compile(r"sha256=([0-9a-fA-F]{64}),\s*t=([0-9]{1,16})")


def why_not(headers: Mapping[str, str], body: bytes, *, secret: str, now: datetime) -> str | None:
    """Why the request is not believed, a sentence for whoever sent it; None: it is. `headers` in any case."""
    for timestamp, signature in _PAIRS:
        if timestamp in headers or signature in headers:
            return _why_not_ours(headers.get(timestamp, ""), headers.get(signature, ""), body, secret, now)
    if GHOST in headers:
        return _why_not_ghosts(headers[GHOST], body, secret, now)
    return f"It is not signed: the headers {TIMESTAMP} and {SIGNATURE} are missing."


def sign(body: bytes, *, secret: str, timestamp: int) -> str:
    """What belongs into the signature's header for a body that is sent at `timestamp` (seconds since 1970)."""
    return f"sha256={_mac(secret, f'{timestamp}.'.encode() + body)}"


def _why_not_ours(timestamp: str, signature: str, body: bytes, secret: str, now: datetime) -> str | None:
    stated = _HEX.fullmatch(signature.strip())
    if stated is None:
        return "The signature is not written as sha256= and 64 hexadecimal digits."
    if not re.fullmatch(r"[0-9]{1,12}", timestamp.strip()):
        return "The timestamp is not a number of seconds since 1970."
    if not hmac.compare_digest(stated[1].lower(), _mac(secret, timestamp.strip().encode() + b"." + body)):
        return "The signature is not that of the timestamp, a full stop and the body, made with the secret."
    return _why_not_now(float(timestamp), now)


def _why_not_ghosts(header: str, body: bytes, secret: str, now: datetime) -> str | None:
    """https://github.com/TryGhost/Ghost/blob/main/ghost/core/core/server/services/webhooks/webhook-trigger.js"""
    stated = _GHOSTS.fullmatch(header.strip())
    if stated is None:
        return "The signature is not written as Ghost writes it: sha256=…, t=…"
    if not hmac.compare_digest(stated[1].lower(), _mac(secret, body + stated[2].encode())):
        return "The signature is not that of the body and the time, made with the secret."
    return _why_not_now(float(stated[2]) / 1000, now)


def _why_not_now(at: float, now: datetime) -> str | None:
    off = now.timestamp() - at
    if abs(off) <= WINDOW:
        return None
    how = "before the time of" if off > 0 else "ahead of"
    return f"It was signed {abs(off):.0f} seconds {how} this server's clock; {WINDOW:.0f} are allowed."


def _mac(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, "sha256").hexdigest()
