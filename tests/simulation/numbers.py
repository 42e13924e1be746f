"""From which number on lives are played."""

import hashlib
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLAYED = ("bot", "adapters", "templates", "tests/simulation")
"""What a life runs: a change of it gives new lives."""


def of_now() -> int:
    """A number that nobody has played yet."""
    return time.time_ns() // 10**6 * 10


def of_code(root: Path = ROOT) -> int:
    """A number that is new with every change of the code, and the same for the same code.

    So a change meets lives that none before it met, and a run that failed can be repeated anywhere from the checkout.
    """
    digest = hashlib.sha256()
    for path in sorted(path for folder in PLAYED for path in (root / folder).rglob("*") if _is_code(path)):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return int.from_bytes(digest.digest()[:5], "big")


def first(text: str) -> int:
    """A number as written, or `code` for that of the code.

    Raises:
        ValueError: it is neither.
    """
    return of_code() if text == "code" else int(text)


def _is_code(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts
