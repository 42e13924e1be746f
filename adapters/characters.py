"""What a reader sees as one character: extended grapheme clusters, https://www.unicode.org/reports/tr29/. Pure."""

import re
from collections.abc import Iterable, Iterator

from wcwidth import iter_graphemes
from wcwidth.table_grapheme import INCB_CONSONANT, INCB_EXTEND, INCB_LINKER


def characters_of(text: str) -> Iterator[str]:
    """Each character of `text` in turn."""
    for cluster in iter_graphemes(text):
        if len(cluster) == 1:
            yield cluster
        else:
            yield from _unbound(cluster)


def ends_of(text: str) -> list[int]:
    """Where each character ends, in code points."""
    ends, end = [], 0
    for character in characters_of(text):
        end += len(character)
        ends.append(end)
    return ends


def _unbound(cluster: str) -> Iterator[str]:
    """`cluster` in two where wcwidth (0.9.4) binds a consonant to a sign that stands on no consonant (rule GB9c)."""
    at = 0
    for found in _UNBOUND.finditer(cluster):
        yield cluster[at : found.end()]
        at = found.end()
    yield cluster[at:]


def _in_brackets(table: Iterable[tuple[int, int]]) -> str:
    return "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in table)


_CONSONANT, _LINKER = _in_brackets(INCB_CONSONANT), _in_brackets(INCB_LINKER)
_EXTENDING = _in_brackets([*INCB_EXTEND, *INCB_LINKER])
_UNBOUND = re.compile(
    rf"(?:^|[^{_CONSONANT}{_EXTENDING}])[{_EXTENDING}]*[{_LINKER}][{_EXTENDING}]*(?=[{_CONSONANT}])", re.DOTALL
)
