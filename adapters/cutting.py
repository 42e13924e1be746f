"""Where a text that is too long ends: after a sentence, else a clause, else a word, else a character. Pure.

The space is there to be used, so that the end of a sentence or a clause is taken only where it lies within one word of
what fits. A text that ends with its sentence needs no ellipsis: nothing of what is there is left open. Addresses,
hashtags and names with an @ are whole or not there at all, even where they are kept from being marks.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ELLIPSIS = "…"
LONGEST_WORD = 40
"""Characters after which a stretch without a break is cut like text without spaces."""
_WORD_WITHOUT_SPACES = 8
"""Characters of a long word where words are not told apart."""

# Scripts without spaces between words: classes ID, CJ and SA of https://www.unicode.org/reports/tr14/
SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aad\u3001-\u31ff\u3400-\u9fff\ua9e0-\ua9ff"
    "\uaa60-\uaadf\uf900-\ufaff\uff00-\uffef\U00011700-\U0001173f\U00020000-\U0003ffff]"
)
_NEVER_BEFORE = frozenset(
    "、。，．：；！？）〕］｝〉》」』】〙〗〟’”»),.:;!?]}%‰…‥・ー々〻ゝゞヽヾ゛゜～〜‐゠–"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ｡｣､･ｧｨｩｪｫｬｭｮｯｰﾞﾟ"  # small letters
    "\u0e2f\u0e30\u0e32\u0e33\u0e45\u0e46\u0eaf\u0eb0\u0eb2\u0eb3\u0ec6\u0f0b"  # vowels and signs after their consonant
)
"""Characters that no line begins with: https://www.w3.org/TR/jlreq/#characters_not_starting_a_line (cl-02 to cl-11)."""
_NEVER_AFTER = frozenset(
    "（〔［｛〈《「『【〘〖〝‘“«([{￥＄￡#＃@＠\u0e40\u0e41\u0e42\u0e43\u0e44\u0ec0\u0ec1\u0ec2\u0ec3\u0ec4\u1039\u17d2"
)
"""Characters that no line ends with: opening ones, vowels before their consonant, and what binds the next one below."""
_ENDS_SYLLABLE = re.compile("\\w[\u1037\u1038]?[\u1039\u103a\u17d2]")
"""A consonant that belongs to the vowel before it (Burmese, Khmer)."""
_TIBETAN_BREAK = "\u0f0b"

_WHOLE = (
    re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\u2060?//[^\s、。，「」（）]*"),  # ends there in Chinese and Japanese, too
    re.compile(rf"(?<!\w)[#＃]\u2060?[\w\u00b7\u30fb\u200c]{{1,{LONGEST_WORD}}}(?![\w\u00b7\u30fb\u200c])"),
    re.compile(rf"(?<!\w)[@＠]\u2060?[A-Za-z0-9_.@-]{{1,{LONGEST_WORD}}}(?![A-Za-z0-9_.@-])"),
)
"""An address, a hashtag, a name."""
_DANGLING = frozenset(" \n\u00a0.,;:-–—…([{«“‘„\"'&/|•·#@、。，；：「『（〔［｛〈《【\u060c\u061b\u200b\u2060")
"""What must not stand before an ellipsis."""

_CLOSING = "\"'”’»›)\\]）」』】》〉"
_SENTENCE = re.compile(f"[.!?…‽。！？．｡\u0589\u061f\u06d4\u0964\u0965\u0f0d\u104b\u1362\u17d4][{_CLOSING}]*\\Z")
"""The full stops of many scripts."""
_STOP = re.compile(rf"(?P<before>\S*?)(?P<word>[^\W\d_]*|\d*)\.[{_CLOSING}]*\Z")
_CLAUSE = re.compile("[,;:–—\u060c\u061b、，；：]\\Z")
_JOINT = re.compile("[-–—/]|.(?=[\u00a0\u202f])", re.DOTALL)
"""Where a word that is too long comes apart: after a dash, and before a space that is meant to hold it together."""
_PHRASE = re.compile("(?<=[\u3041-\u3096])[^\u3041-\u309f]")
"""After the endings of a Japanese word, which are in Hiragana, another begins."""
_WORD = re.compile(r"\w")
_LONG_WORD = re.compile(rf"[ \n]*[^ \n]{{{LONGEST_WORD + 1}}}")
_ONE_SIGN = re.compile(r"[^\w\s]*\s?[^\w\s]?")
"""What a clause ends with: signs on its last word, or one between two words. More would be words of their own."""
_LOOK_BACK = 80
_LONG_ENOUGH = 4
_LONG_ENOUGH_FOR_A_NAME = 6
"""Letters: a shorter word with a point may be an abbreviation ("evtl.", "Prof."), after which a sentence goes on."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is kept of a text, with an ellipsis where it breaks off; `kept` is how many characters of it."""

    text: str
    kept: int


def beginnings(text: str, ends: Sequence[int], most: int, *, even_within: bool) -> Iterator[Beginning]:
    """Beginnings of `text` of about `most` characters, the best first; `ends` is where each character ends.

    `even_within`: where an address or a long word is all there is, a piece of that is better than nothing.
    """
    last = _last_break(text, ends, most) or most * even_within
    if not last:
        return
    if not _WORD.search(text, 0, ends[last - 1]) and _LONG_WORD.match(text, ends[last - 1]):
        if not even_within and _is_within_whole(text, ends[most - 1]):
            return
        last = most  # signs alone say nothing
    within_one_word = range(min(most + 1, len(ends) - 1), _one_word_before(text, ends, last) - 1, -1)
    for kept in within_one_word:
        if _ends_sentence(text, ends[kept - 1]):
            yield Beginning(text[: ends[kept - 1]], kept)
    for ends_well in (_ends_clause, _ends_phrase):
        for kept in within_one_word:
            if kept <= last and ends_well(text, ends[kept - 1]):
                beginning = _broken_off(text, ends, kept)
                if _ONE_SIGN.fullmatch(text, ends[beginning.kept - 1], ends[kept - 1]):
                    yield beginning
    yield _broken_off(text, ends, last)


def _broken_off(text: str, ends: Sequence[int], most: int) -> Beginning:
    kept = most
    while kept and _dangles(text, ends[kept - 2] if kept > 1 else 0, ends[kept - 1]):
        kept -= 1
    kept = kept or most  # what consists of nothing else is no better for being left out
    return Beginning(text[: ends[kept - 1]] + ELLIPSIS, kept)


def _dangles(text: str, at: int, end: int) -> bool:
    character = text[at:end]
    return character in _DANGLING and not (character == "/" and _is_within_whole(text, at))  # an address may end so


def _last_break(text: str, ends: Sequence[int], most: int) -> int:
    """The largest number of characters, at most `most`, after which a reader would break the text; 0: none."""
    while most and _is_within_whole(text, ends[most - 1]):
        most -= 1
    joint = 0
    for kept in range(most, 0, -1):
        at = ends[kept - 1]
        if _is_break(text, at):
            return joint if joint and _LONG_WORD.match(text, at) else kept
        if not joint and _JOINT.match(text, at - 1) and not _is_within_whole(text, at):
            joint = kept
        if most - kept >= LONGEST_WORD:
            return joint or most
    return joint or (most if _LONG_WORD.match(text) else 0)


def _one_word_before(text: str, ends: Sequence[int], last: int) -> int:
    """Where the last word before the break at `last` begins, as far as a word may be given up for a better end."""
    if not SPACELESS.match(text[ends[last - 1] - 1]):
        a_word = range(last - 1, max(0, last - LONGEST_WORD), -1)
        return next((kept for kept in a_word if _is_break(text, ends[kept - 1])), last)
    least = max(1, last - _WORD_WITHOUT_SPACES)
    return next((kept for kept in range(last - 1, least, -1) if text[ends[kept - 1]] in " \n"), least)


def _is_break(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if after in " \n":
        return True
    if not (SPACELESS.match(before) or SPACELESS.match(after) or before == _TIBETAN_BREAK):
        return False
    bound = after in _NEVER_BEFORE or before in _NEVER_AFTER or _ENDS_SYLLABLE.match(text, at)
    return not bound and not _is_within_whole(text, at)


def _is_within_whole(text: str, at: int) -> bool:
    """Whether something that is whole or not there at all goes on at `at`."""
    start = max(text.rfind(" ", 0, at), text.rfind("\n", 0, at)) + 1
    around = text[start : at + LONGEST_WORD + 2]
    return any(found.start() < at - start < found.end() for pattern in _WHOLE for found in pattern.finditer(around))


def _ends_sentence(text: str, at: int) -> bool:
    before, after = text[max(0, at - _LOOK_BACK) : at], text[at]
    found = _SENTENCE.search(before)
    if (
        not found
        or not _WORD.search(before)
        or not (after in " \n" or (SPACELESS.match(before[-1]) and _is_break(text, at)))
    ):
        return False
    stop = _STOP.search(before)
    return stop is None or (_is_full_stop(stop["before"], stop["word"]) and not _goes_on_small(text, at))


def _is_full_stop(before: str, word: str) -> bool:
    """Whether a point after `word` ends a sentence, and not just an abbreviation or an ordinal number."""
    if "." in before:
        return False
    return len(word) >= (_LONG_ENOUGH_FOR_A_NAME if word[:1].isupper() else _LONG_ENOUGH)


def _goes_on_small(text: str, at: int) -> bool:
    return re.match(r"\s*\W*(\w?)", text[at : at + _LOOK_BACK])[1].islower()  # type: ignore[index] # it matches anything


def _ends_clause(text: str, at: int) -> bool:
    """A comma or dash with a space after it, one of a script without spaces, or the end of a line."""
    if text[at] == "\n":
        return True
    spaced = text[at] == " " or bool(SPACELESS.match(text[at - 1]))
    return spaced and _CLAUSE.search(text[max(0, at - 1) : at]) is not None


def _ends_phrase(text: str, at: int) -> bool:
    return _PHRASE.match(text, at) is not None and _is_break(text, at)
