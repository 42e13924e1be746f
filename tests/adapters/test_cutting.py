"""Where a text that is too long ends, and what a reader takes for one character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.base import Limits
from adapters.characters import characters_of
from adapters.post import Part
from adapters.text import fit
from tests.posts.counting import ends


def cut(text: str, length: int) -> str:
    """`text` as a title, in at most so many code points."""
    return fit([Part("title", text)], Limits(length, "characters", len)).text


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        # a sentence ends where the limit is, or one word before it: it needs no ellipsis
        ("The council met on Monday. It decided nothing", 26, "The council met on Monday."),
        ("The council met on Monday. It decided nothing", 35, "The council met on Monday."),
        ("The council met on Monday. It decided nothing", 38, "The council met on Monday. It decided…"),
        ("Why did they meet? Nobody knows it", 22, "Why did they meet?"),
        ("“It is closed!” he said to everybody there", 20, "“It is closed!”"),
        ("Nobody came in 2026. The hall was empty", 24, "Nobody came in 2026."),
        ("قرر المجلس ذلك؟ لا أحد يعرف", 18, "قرر المجلس ذلك؟"),
        ("हम ने यह किया। फिर वे आए", 17, "हम ने यह किया।"),
        # what looks like the end of one and is none
        ("He met Prof. Miller and others at noon", 14, "He met Prof…"),
        ("In the U.S. they said so yesterday", 14, "In the U.S…"),
        ("Am 3. Oktober ist es wieder so weit", 8, "Am 3…"),
        ("So sprach er evtl. gestern noch einmal", 19, "So sprach er evtl…"),
        ("They bought example.com yesterday for nothing", 35, "They bought example.com yesterday…"),
        # a clause ends one word before the limit
        ("On Monday, they met; on Tuesday they left", 25, "On Monday, they met…"),
        ("It is closed – until further notice", 22, "It is closed…"),
        ("في يوم الاثنين، قرر المجلس", 20, "في يوم الاثنين…"),
        # no clause ends there: the last word that fits
        ("On Monday, they met again in the old hall", 34, "On Monday, they met again in the…"),
        # scripts without spaces: never before what closes or is small, never after what opens
        ("東京都は新しい計画を発表した。知事は反対した", 18, "東京都は新しい計画を発表した。"),
        ("大桥今天关闭，市长说他不知道为什么", 9, "大桥今天关闭…"),
        ("橋橋橋橋橋橋橋橋橋橋橋っ橋橋", 12, "橋橋橋橋橋橋橋橋橋橋…"),
        ("橋橋橋橋橋橋橋橋橋橋「橋橋橋」", 12, "橋橋橋橋橋橋橋橋橋橋…"),
        ("ちゃんとしたコンピューターがほしい", 10, "ちゃんとした…"),
        ("กรุงเทพเมืองหลวง", 9, "กรุงเทพ…"),
        ("กรุงเทพมหานครเป็นเมืองหลวงของประเทศไทย", 20, "กรุงเทพมหานครเป็น…"),
        ("အစိုးရသည်ယနေ့ကြေညာသည်ဟုဆိုသည်", 15, "အစိုးရသည်ယနေ့…"),
        # what is whole or not there at all
        ("See https://other.example/a/b/c/d/e/f/g/h for it", 30, "See…"),
        ("詳細はhttps://example.com/abcをご覧ください。そうすれば", 22, "詳細は…"),
        ("新しい #橋の工事 が始まる", 9, "新しい…"),
        ("橋は@name_of_bridge です", 12, "橋は…"),
        # a word that is too long
        ("Donaudampfschifffahrtsgesellschaft", 12, "Donaudampfs…"),
        ("word\u00a0" * 20, 48, "word\u00a0" * 8 + "word…"),
        ("https://other.example/" + "a" * 50, 20, "https://other.examp…"),
        ("one two " + "a" * 30 + "\u00a0" + "b" * 30 + " three", 45, "one two " + "a" * 30 + "…"),
        ("- " + "a" * 60, 20, "- " + "a" * 17 + "…"),
        # an address may end with a slash
        ("See https://other.example/a/path/\u00a0" + "b" * 30, 42, "See https://other.example/a/path/…"),
        # signs with a space before them are words of their own, and no end of a clause
        ("They met again at noon #: others", 31, "They met again at noon…"),
        ("They met again at noon #: his friends", 30, "They met again at noon #: his…"),
        ("They met again : his friends did not", 23, "They met again…"),
        # signs alone, and a short word after them that does not fit
        (":" * 20 + " nothing", 25, ":" * 20 + "…"),
    ],
)
def test_where_it_is_cut(text: str, length: int, expected: str) -> None:
    """After a sentence, else a clause, else a word, else a character, and never far from the limit."""
    assert expected == cut(text, length)


@pytest.mark.parametrize(
    "summary",
    [
        "a" * 39,
        "/https://other.example/a/path/that/is/longer/than/what/fits/here",
        "https://other.example/a/path/that/is/longer/than/what/fits/here",
    ],
)
def test_half_a_word_is_no_summary(summary: str) -> None:
    """One word or address that does not fit is left out, rather than cut within."""
    parts = [Part("title", "Bridge"), Part("text", "\n\n"), Part("summary", summary)]
    assert "Bridge" == fit(parts, Limits(45, "characters", len)).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("क्षि", ["क्षि"]),
        ("\u094dक", ["\u094d", "क"]),
        ("a\u094dक", ["a\u094d", "क"]),
        ("अ\u094dक", ["अ\u094d", "क"]),
        ("क\u094d\u200dक", ["क\u094d\u200dक"]),
        ("\u0600क", ["\u0600क"]),
        ("👨\u200d👩x", ["👨\u200d👩", "x"]),
    ],
)
def test_characters(text: str, expected: list[str]) -> None:
    """A consonant is bound only to a consonant: https://www.unicode.org/reports/tr29/#GB9c"""
    assert expected == list(characters_of(text))


SIGNS = st.sampled_from([*"aक्षিয়്ക\u094d\u0600é🇩👨🏽\u200d\u200c\ufe0f각ᄀ한\r\n"])


@given(st.lists(SIGNS, max_size=12).map("".join))
def test_characters_are_those_of_the_standard(text: str) -> None:
    """The same as by a second reading of the rules, whatever stands beside what."""
    at, found = 0, []
    for character in characters_of(text):
        at += len(character)
        found.append(at)
    assert found == ends(text)
