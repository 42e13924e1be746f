"""Seals what an adapter keeps in the ledger, with a key that only the operator's secret yields.

AES-256-GCM under a key derived by HKDF-SHA256 (RFC 5869) from the secret and a salt that is fresh for every sealing:
whoever has the ledger but not the secret reads nothing, and a changed secret makes old sealings unreadable.
"""

import base64
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = "v1"
_SALT = 16
_NONCE = 12
_TAG = 16


def seal(plaintext: bytes, secret: str, *, context: str, random_bytes: Callable[[int], bytes]) -> str:
    """Seal `plaintext` so that only `unseal` with the same secret and context gives it back. ASCII.

    `context` says whose it is ("@news.example at https://bsky.social"); it is bound to the sealing, not stored in it.
    """
    salt, nonce = random_bytes(_SALT), random_bytes(_NONCE)
    closed = AESGCM(_key(secret, salt)).encrypt(nonce, plaintext, _bound(context))
    return f"{_VERSION}.{base64.b64encode(salt + nonce + closed).decode('ascii')}"


def unseal(sealed: str, secret: str, *, context: str) -> bytes | None:
    """What was sealed, or None: another secret, another context, another version, or not one character as it was."""
    version, _, body = sealed.partition(".")
    raw = _decode(body)
    if version != _VERSION or raw is None or len(raw) < _SALT + _NONCE + _TAG:
        return None
    salt, nonce, closed = raw[:_SALT], raw[_SALT : _SALT + _NONCE], raw[_SALT + _NONCE :]
    try:
        return AESGCM(_key(secret, salt)).decrypt(nonce, closed, _bound(context))
    except InvalidTag:
        return None


def _decode(body: str) -> bytes | None:
    """Base64 in its one canonical spelling: the last character has spare bits that the seal would not cover."""
    try:
        raw = base64.b64decode(body, validate=True)
    except ValueError:
        return None
    return raw if base64.b64encode(raw).decode("ascii") == body else None


def _key(secret: str, salt: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"handbill session").derive(secret.encode())


def _bound(context: str) -> bytes:
    return f"{_VERSION} {context}".encode()
