"""How the AT Protocol names data: canonical DAG-CBOR bytes and the content identifiers (CIDs) over them.

Records come and go as JSON, in which {"$link": …} stands for a CID and {"$bytes": …} for bytes.
https://atproto.com/specs/data-model
"""

import base64
import binascii
import hashlib
import re
from typing import Any

_SAFE_INTEGER = 2**53 - 1
_RAW, _DAG_CBOR = 0x55, 0x71
_SHA_256 = b"\x12\x20"
_CID = re.compile(r"b[a-z2-7]{58}")
_WIDTHS = {1: 24, 2: 25, 4: 26, 8: 27}
"""How many bytes of a number follow a CBOR head, and how the head says so; smaller numbers stand in the head itself."""


def cid_of_record(value: Any) -> str:
    """The CID of a record: version 1, DAG-CBOR, SHA-256. OverflowError for integers that JavaScript cannot hold."""
    return _cid(_DAG_CBOR, encode(value))


def cid_of_blob(data: bytes) -> str:
    """The CID of a blob: version 1, raw, SHA-256."""
    return _cid(_RAW, data)


def is_cid(text: object) -> bool:
    """Whether `text` is a CID of a record or a blob as the protocol has them."""
    return _decode_cid(text) is not None


def is_blob_cid(text: object) -> bool:
    """Whether `text` is the CID of a blob."""
    decoded = _decode_cid(text)
    return decoded is not None and decoded[1] == _RAW


def encode(value: Any) -> bytes:
    """Canonical DAG-CBOR: shortest heads, keys by length and then by bytes. https://ipld.io/specs/codecs/dag-cbor/"""
    match value:
        case None:
            return b"\xf6"
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            if abs(value) > _SAFE_INTEGER:
                raise OverflowError(f"{value} is no safe integer")
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case str():
            data = value.encode()
            return _head(3, len(data)) + data
        case list():
            return _head(4, len(value)) + b"".join(map(encode, value))
        case {"$link": link} if len(value) == 1 and (decoded := _decode_cid(link)):
            return b"\xd8\x2a" + _head(2, len(decoded) + 1) + b"\x00" + decoded  # tag 42
        case {"$bytes": str() as text} if len(value) == 1 and (blob := _decode_bytes(text)) is not None:
            return _head(2, len(blob)) + blob
        case dict():
            keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
            return _head(5, len(keys)) + b"".join(encode(key) + encode(value[key]) for key in keys)
    raise TypeError(f"{type(value).__name__} is not in the data model")


def _head(major: int, count: int) -> bytes:
    if count < min(_WIDTHS.values()):
        return bytes([major << 5 | count])
    size = next(size for size in _WIDTHS if count < 1 << 8 * size)
    return bytes([major << 5 | _WIDTHS[size]]) + count.to_bytes(size, "big")


def _cid(codec: int, data: bytes) -> str:
    binary = bytes([1, codec]) + _SHA_256 + hashlib.sha256(data).digest()
    return "b" + base64.b32encode(binary).decode().lower().rstrip("=")


def _decode_cid(text: object) -> bytes | None:
    if not isinstance(text, str) or not _CID.fullmatch(text):
        return None
    binary = base64.b32decode(text[1:].upper() + "======")
    known = binary[0] == 1 and binary[1] in (_RAW, _DAG_CBOR) and binary[2:4] == _SHA_256
    return binary if known else None


def _decode_bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return None
