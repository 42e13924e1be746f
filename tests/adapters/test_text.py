"""Tidying, counting and shortening: tables for the rules, properties for what must hold of any text."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.base import Limits
from adapters.characters import characters_of
from adapters.cutting import _DANGLING, ELLIPSIS
from adapters.outcomes import Rejected
from adapters.post import Part
from adapters.text import SENSIBLE_SUMMARY, Fitted, fit, graphemes, most_graphemes, tidy, tidy_line

LINK = "https://news.example/2026/11/a-story"
BLANK = Part("text", "\n\n")
FAMILY = "👨‍👩‍👧‍👦"


def utf16(text: str) -> int:
    """UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def article(title: str, summary: str) -> tuple[Part, ...]:
    """The parts of the usual template."""
    return Part("title", title), BLANK, Part("summary", summary), BLANK, Part("link", LINK)


def characters(length: int) -> Limits:
    """A limit in code points."""
    return Limits(length, "characters", len)


def part_of(fitted: Fitted, kind: str) -> str | None:
    """The text of the part of `kind`, if it is still there."""
    found = [fitted.text[span.start : span.end] for span in fitted.spans if span.kind == kind]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("  two \t words ", "two words"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("one \n \n\t\n\u00a0\n two", "one\n\ntwo"),
        ("A\u030angstro\u0308m", "Ångström"),
        ("soft\u00adhy\u00adphen", "softhyphen"),
        ("bell\x07 null\x00 lone\ud800", "bell null lone"),
        ("\ufeffmark", "mark"),
        ("« no\u00a0break\u202f»", "« no\u00a0break\u202f»"),
        ("wide\u3000space", "wide space"),
        ("a\u00a0 b \u00a0\u202f c\u00a0\u00a0d", "a b c\u00a0d"),
        ("over\u202eriding\u202d", "overriding"),
        (FAMILY, FAMILY),
        (" \n\u00a0 ", ""),
        ("\u200b \u2060unseen\u205f\u2060\u200b", "unseen"),
        ("\u200fleft as it is\u200d", "\u200fleft as it is\u200d"),
    ],
)
def test_tidy(text: str, expected: str) -> None:
    """Text is composed, spaces are single, controls are gone, and typography stays."""
    assert expected == tidy(text)


def test_tidy_line() -> None:
    """A title is one line."""
    assert tidy_line(" A title\n\n on  three\u2028lines ") == "A title on three lines"


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("abc", 3), (FAMILY, 1), ("e\u0301", 1), ("🇩🇪🇫🇷", 2), ("नमस्ते", 3)]
)
def test_graphemes(text: str, count: int) -> None:
    """A reader's characters are counted, not code points."""
    assert count == graphemes(text)


def test_most_graphemes() -> None:
    """What is one character by the newest Unicode, and may be more by an older one, is counted as more."""
    newer = "\u1acf"  # a mark since Unicode 17
    known = unicodedata.category(newer) != "Cn"
    assert (1, 1 if known else 2) == (graphemes(f"a{newer}"), most_graphemes(f"a{newer}"))
    assert (1, 2) == (graphemes("क\u094dक"), most_graphemes("क\u094dक"))
    assert (1, 1) == (graphemes("e\u0301"), most_graphemes("e\u0301"))


def test_what_fits_is_left_alone() -> None:
    """Nothing is cut when all fits, and every part is found at its span."""
    fitted = fit(article("Title", "A summary."), characters(100))
    assert fitted.text == f"Title\n\nA summary.\n\n{LINK}"
    assert [part_of(fitted, kind) for kind in ("title", "summary", "link")] == ["Title", "A summary.", LINK]
    assert (fitted.cut, fitted.warnings) == ((), ())


def test_the_summary_yields_first() -> None:
    """A long summary is cut at a word, without a dangling comma, and the ellipsis is counted."""
    fitted = fit(article("Title", "One two three four five, six, seven eight nine ten eleven"), characters(81))
    assert part_of(fitted, "summary") == "One two three four five, six, seven…"
    assert (fitted.cut, fitted.warnings) == (("summary",), ("the summary was shortened to fit",))
    assert len(fitted.text) == 5 + 2 + 36 + 2 + len(LINK)


def test_a_stump_of_a_summary_is_left_out() -> None:
    """Where less than a sensible rest would stay, the summary goes, and the blank lines close up."""
    fitted = fit(article("Title", "One two three four five six seven eight"), characters(len(LINK) + 7 + 20))
    assert fitted.text == f"Title\n\n{LINK}"
    assert (fitted.cut, fitted.warnings) == (("summary",), ("the summary was left out to fit",))


def test_then_the_title_yields() -> None:
    """Without room for the whole title, the summary goes and the title is cut at a word."""
    fitted = fit(article("A rather long title of a story", "Summary"), characters(len(LINK) + 2 + 16))
    assert fitted.text == f"A rather long…\n\n{LINK}"
    assert fitted.cut == ("summary", "title")


TAGGED = (Part("tag", "#One"), Part("text", " "), Part("tag", "#Two"), Part("text", " "), Part("tag", "#Three"))


def test_hashtags_yield_after_the_summary_and_before_the_title() -> None:
    """One by one from the last on, and all of them before any of the title."""
    parts = (*article("A title of twenty-six", "Summary"), BLANK, *TAGGED)
    texts = [fit(parts, characters(21 + 2 + len(LINK) + most)).text.rpartition("\n\n")[2] for most in (18, 17, 10, 5)]
    assert ["#One #Two #Three", "#One #Two", "#One", LINK] == texts
    fitted = fit(parts, characters(16 + len(LINK)))
    assert (fitted.text, fitted.cut) == (f"A title of…\n\n{LINK}", ("summary", "tag", "title"))
    assert fitted.warnings[1:] == ("all hashtags were left out to fit", "the title was shortened to fit")


def test_a_summary_takes_the_place_of_a_hashtag_that_was_too_long_for_it() -> None:
    """What a hashtag leaves is used: by the whole summary, or by a beginning of it."""
    parts = (*article("A title", "A short summary of it."), BLANK, Part("tag", "#" + "x" * 39))
    fitted = fit(parts, characters(7 + 2 + 22 + 2 + len(LINK)))
    assert (fitted.text, fitted.cut) == (f"A title\n\nA short summary of it.\n\n{LINK}", ("tag",))
    parts = (*article("A title", "A summary that goes on and on until it ends"), BLANK, Part("tag", "#" + "x" * 39))
    fitted = fit(parts, characters(7 + 2 + 38 + 2 + len(LINK)))
    assert fitted.text == f"A title\n\nA summary that goes on and on until…\n\n{LINK}"
    assert fitted.cut == ("summary", "tag")


def test_a_title_of_nothing_but_an_address_is_cut() -> None:
    """Half an address, which is no link here, is better than no post; in a summary it is left out."""
    address = "https:\u2060//other.example/" + "a" * 90
    fitted = fit(article(address, f"{address}?b"), characters(len(LINK) + 42))
    assert (fitted.text, fitted.cut) == (f"{address[:39]}…\n\n{LINK}", ("summary", "title"))


def test_a_missing_summary_leaves_no_gap() -> None:
    """A part that is empty takes the space around it along."""
    assert fit(article("Title", " \n "), characters(100)).text == f"Title\n\n{LINK}"
    assert fit(article("", ""), characters(100)).text == LINK


def test_literal_text_stays() -> None:
    """What a template says itself is never cut."""
    parts = (Part("text", "News:  "), *article("Title " * 50, "Summary " * 50), Part("text", "\n\n #news \n"))
    fitted = fit(parts, characters(80))
    assert fitted.text.startswith("News: Title Title")
    assert fitted.text.endswith(f"\n\n{LINK}\n\n#news")


@pytest.mark.parametrize(
    ("title", "length", "expected"),
    [
        ("Donaudampfschifffahrtsgesellschaft", 12, "Donaudampfs…"),
        ("東京都は二十三日、新しい計画を発表した", 10, "東京都は二十三日…"),
        ("กรุงเทพมหานคร", 8, "กรุงเทพ…"),
        ("👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 14, "👨‍👩‍👧‍👦…"),
        ("Read “the” story", 11, "Read “the”…"),
        ("Read (the) story", 7, "Read…"),
    ],
)
def test_where_a_text_breaks(title: str, length: int, expected: str) -> None:
    """Without spaces a text breaks at a character; opening brackets and commas do not stand before the ellipsis."""
    assert expected == fit([Part("title", title)], characters(length)).text


def test_no_half_address() -> None:
    """An address inside a summary is kept whole or not at all."""
    summary = "This is what you can read in full at https://other.example/a/very/long/path and nowhere else at all."
    limits = characters(len(summary) + len(LINK) + 9 - 26)
    assert part_of(fit(article("Title", summary), limits), "summary") == "This is what you can read in full at…"


@pytest.mark.parametrize("parts", [(), (BLANK,), (Part("title", " "),)])
def test_nothing_to_say(parts: tuple[Part, ...]) -> None:
    """An empty post is rejected."""
    with pytest.raises(Rejected, match="empty"):
        fit(parts, characters(100))


def test_no_room_for_a_title() -> None:
    """A link that leaves no room for any of the title is rejected, not cut."""
    with pytest.raises(Rejected, match="does not fit into 37 characters"):
        fit(article("Title", "Summary"), characters(len(LINK) + 1))


def test_long_summaries_cost_little() -> None:
    """The platform's measure is not run over the whole of a long text again and again."""
    measured = 0

    def measure(text: str) -> int:
        nonlocal measured
        measured += len(text)
        return len(text)

    fit(article("Title", "word " * 20_000), Limits(500, "characters", measure))
    assert measured < 100_000 + 15_000


SENTENCE = re.compile(r"[.!?。…][\"'”’»›)\]）」』】》〉]*\Z")
WORDS = st.text(alphabet="abcdefghäöüÅ", min_size=1, max_size=12)
ODD = st.sampled_from(
    [FAMILY, "🇩🇪", "e\u0301", "नि", "한국", "日本語", "ไทย", "\u0600a", "…", "(", "https://x.example/y", "a\u030a"]
)
TEXTS = st.lists(WORDS | ODD | st.sampled_from(["\n", "\n\n", "\u00a0"]), max_size=60).map(" ".join) | st.text(
    max_size=200
)
LIMITS = st.builds(
    lambda length, measure, max_bytes: Limits(length, "characters", measure, max_bytes),
    st.integers(50, 300),
    st.sampled_from([len, utf16, graphemes]),
    st.none() | st.integers(100, 600),
)


@given(TEXTS, TEXTS, LIMITS)
def test_any_article_fits(title: str, summary: str, limits: Limits) -> None:
    """Whatever the text: within the limit, the link whole, spans true, and only whole graphemes of a beginning kept."""
    try:
        fitted = fit(article(title, summary), limits)
    except Rejected:
        # Then not even one character of the title fits, or it begins with what no shortened text ends with.
        start = next(characters_of(tidy_line(title)))
        if start not in _DANGLING:
            with pytest.raises(Rejected):
                fit(article(start + ELLIPSIS, ""), limits)
        return
    assert limits.fits(fitted.text)
    assert part_of(fitted, "link") == LINK
    assert fitted.spans == tuple(sorted(fitted.spans, key=lambda span: span.start))
    for kind, whole in (("title", tidy_line(title)), ("summary", tidy(summary))):
        kept = part_of(fitted, kind)
        if kept is None or kind not in fitted.cut:
            assert (kept or "") == ("" if kind in fitted.cut else whole)
            continue
        beginning = list(characters_of(kept.removesuffix(ELLIPSIS)))
        assert kept.endswith(ELLIPSIS) or SENTENCE.search(kept)
        assert beginning == list(characters_of(whole))[: len(beginning)]
        assert len(beginning) >= (SENSIBLE_SUMMARY if kind == "summary" else 1)
    assert "title" not in fitted.cut or part_of(fitted, "summary") is None


@given(st.lists(WORDS, min_size=60, max_size=120), st.integers(100, 400))
def test_the_space_is_used(words: list[str], length: int) -> None:
    """A summary that is cut ends within one word of the limit."""
    limits = Limits(length, "graphemes", graphemes)
    fitted = fit(article("Title", " ".join(words)), limits)
    if "summary" in fitted.cut:
        assert length - graphemes(fitted.text) <= max(map(len, words)) + 1


@given(st.text())
def test_tidying_twice_changes_nothing(text: str) -> None:
    """Tidy text is tidy, encodable and composed."""
    once = tidy(text)
    assert once == tidy(once)
    assert once == unicodedata.normalize("NFC", once.encode().decode())


def test_an_empty_summary_is_not_said_to_have_been_cut() -> None:
    """Where only the title was too long, only the title is reported as shortened."""
    parts = (Part("title", "word " * 100), Part("text", "\n\n"), Part("summary", ""), Part("link", "https://e.org/a"))
    assert fit(parts, Limits(100, "characters", len)).cut == ("title",)
