"""Texts that every engine can keep: what others say may hold characters that one refuses, or be too long for an index.

Pure. SQLite takes nearly anything; PostgreSQL neither U+0000 (https://www.postgresql.org/docs/current/datatype-character.html)
nor, in an index, more than a third of a page (https://www.postgresql.org/docs/current/btree.html).
"""

import hashlib
import re

MOST_BYTES = 1_000
"""Of a key, as it stands; none that we have met in a real feed is half as long."""
_HEAD = 100
"""Characters of a longer one that are kept, for people."""

_REFUSED = re.compile("[\0\ud800-\udfff]")


def keepable(text: str) -> str:
    """`text` with U+FFFD for what cannot be kept: U+0000, and halves of surrogate pairs, which are no characters."""
    return _REFUSED.sub("\ufffd", text) if _REFUSED.search(text) else text


def key_of(stated: str) -> str:
    """The key that the ledger has for a stated one: itself where it can be kept and is no longer than MOST_BYTES, else
    its beginning and a digest of the whole."""
    whole = stated.encode("utf-8", "surrogatepass")
    if len(whole) <= MOST_BYTES and not _REFUSED.search(stated):
        return stated
    return f"{keepable(stated[:_HEAD])}…{hashlib.sha256(whole).hexdigest()}"
