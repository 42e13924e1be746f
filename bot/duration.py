"""Durations as people write and read them: "90", "30s", "1h30m" in; "5m" or "in 4 min" out. Seconds in between."""

import re
from fractions import Fraction

UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
"""Seconds in each unit, largest first."""

LONGEST_FOR = 100 * 365 * 86400
"""A hundred years. Anything longer is a slip of the keyboard, and would not fit into a date."""

MEND = 'write it like "90" or "30s" (seconds), "5m", "48h", "2d" or "1h30m"'

_NUMBER = r"\d{1,12}(?:\.\d{1,6})?"
_PLAIN = re.compile(_NUMBER, re.ASCII)
_PARTS = re.compile(rf"(?:({_NUMBER})d)?\s*(?:({_NUMBER})h)?\s*(?:({_NUMBER})m)?\s*(?:({_NUMBER})s)?", re.ASCII)

_ROUGH_UNTIL = ((90, 1, "s"), (90 * 60, 60, "min"), (48 * 3600, 3600, "h"))
_DAY = 86400


def parse_duration(text: str) -> float:
    """Seconds. A bare number counts seconds; units come largest first, each once. Raises ValueError with a sentence."""
    trimmed = text.strip().lower()
    if _PLAIN.fullmatch(trimmed):
        seconds = Fraction(trimmed)
    else:
        parts = _PARTS.fullmatch(trimmed)
        if parts is None or not any(parts.groups()):
            raise ValueError(f"this is not a duration: {MEND}")
        counts = zip(parts.groups(), UNITS.values(), strict=True)
        seconds = sum((Fraction(count) * unit for count, unit in counts if count), Fraction(0))
    if seconds > LONGEST_FOR:
        raise ValueError(f"this is longer than a hundred years: {MEND}")
    return float(seconds)


def write_duration(seconds: float) -> str:
    """The short form that `parse_duration` reads back exactly, to a thousandth of a second: "0", "5m", "1h30m"."""
    left = round(Fraction(seconds) * 1000)
    if left < 0:
        raise ValueError("a duration is not negative")
    written = ""
    for unit, size in UNITS.items():
        if unit == "s":
            break
        count, left = divmod(left, size * 1000)
        written += f"{count}{unit}" if count else ""
    if left:
        written += f"{left / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    return written or "0"


def format_duration(seconds: float) -> str:
    """About how long, in one number, for people: "30 s", "4 min", "2 h", "3 d". Negative counts as nothing."""
    for until, size, unit in _ROUGH_UNTIL:
        if seconds < until:
            return f"{max(0, round(seconds / size))} {unit}"
    return f"{round(seconds / _DAY)} d"


def say_in(seconds: float) -> str:
    """When, for people: "in 4 min"; "now" for what is due."""
    return "now" if seconds < 1 else f"in {format_duration(seconds)}"
