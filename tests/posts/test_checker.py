"""The checker itself: it counts as Unicode does, and finds what is wrong with a post."""

from dataclasses import replace

import pytest

from tests.posts.checker import Meant, Seen, SeenMark, faults
from tests.posts.counting import graphemes, utf8_to_points, utf16_to_points

LINK = "https://herald.example.org/a"
MEANT = Meant("Bridge closes", "It was decided on Monday, after a debate that had gone on for hours.", LINK)


def published(text: str, platform: str = "telegram") -> Seen:
    """A post whose last line is the link, with nothing else marked."""
    return Seen(platform, text, (SeenMark("link", len(text) - len(LINK), len(text), LINK),), LINK)


GOOD = published(f"{MEANT.title}\n\n{MEANT.summary}\n\n{LINK}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("plain", 5),
        ("\r\n", 1),
        ("e\u0301", 1),
        ("👨\u200d👩\u200d👧\u200d👦", 1),
        ("👋🏽👋", 2),
        ("🇩🇪🇫🇷🇮", 3),
        ("1\ufe0f\u20e3", 1),
        ("क्षि", 1),
        ("น้ำ", 1),
        ("\u1112\u1161\u11ab한글", 3),
        ("a\u2060b", 3),
        ("a\u200db", 2),
    ],
)
def test_counts_what_a_reader_sees(text: str, expected: int) -> None:
    """Examples of each rule of https://www.unicode.org/reports/tr29/."""
    assert expected == graphemes(text)


def test_a_post_without_a_title_has_to_use_the_space_too() -> None:
    """A summary is missing only where nothing of it fits: an address that is too long, but no plain words."""
    words, address = replace(MEANT, title=""), "https://other.example/" + "a" * 480
    assert any("left out" in fault for fault in faults(published(LINK, "mastodon"), words))
    assert [] == faults(published(LINK, "mastodon"), replace(words, summary=address))


def test_an_offset_within_a_character_is_none() -> None:
    """Offsets of UTF-16 and UTF-8 become code points only where a character begins."""
    assert (2, 2) == (utf16_to_points("a😀b", 3), utf8_to_points("a😀b", 5))
    for points, offset in ((utf16_to_points, 2), (utf8_to_points, 3), (utf16_to_points, 9), (utf8_to_points, 9)):
        with pytest.raises(ValueError, match=r"decode|outside"):
            points("a😀b", offset)


def test_a_good_post_has_no_faults() -> None:
    """Whole, or cut where there is no more space."""
    assert [] == faults(GOOD, MEANT)
    long = replace(MEANT, summary="word " * 100 + "end")
    kept = " ".join(["word"] * 92)
    assert [] == faults(published(f"{MEANT.title}\n\n{kept}…\n\n{LINK}", "mastodon"), long)


TAGGED = replace(MEANT, tags=("#CityCouncil", "#Köln"))


def tagged(*tags: str, marks: int) -> Seen:
    """The good post with a last line of hashtags, of which the first `marks` are marked."""
    text, found = f"{GOOD.text}\n\n", list(GOOD.marks)
    for tag in tags:
        found.append(SeenMark("hashtag", len(text), len(text) + len(tag)))
        text += f"{tag} "
    return replace(GOOD, text=text.strip(), marks=tuple(found[: 1 + marks]))


def test_hashtags_stand_last() -> None:
    """In a line of their own below the link, each with its mark."""
    assert [] == faults(tagged("#CityCouncil", "#Köln", marks=2), TAGGED)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (tagged("#CityCouncil", "#Köln", marks=1), "are marked as"),
        (tagged("#CityCouncil", marks=1), "left out although"),
        (tagged("#Köln", "#CityCouncil", marks=2), "its hashtags are"),
        (GOOD, "left out although"),
        (replace(tagged("#CityCouncil", "#Köln", marks=2), marks=(SeenMark("tag", 0, 6),)), "become a tag"),
    ],
)
def test_finds_what_is_wrong_with_hashtags(seen: Seen, expected: str) -> None:
    """Missing, out of order, unmarked, or elsewhere: the checker names it."""
    assert any(expected in fault for fault in faults(seen, TAGGED)), faults(seen, TAGGED)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (published("word " * 900 + f"\n\n{LINK}"), "too long"),
        (published(GOOD.text.replace("closes", "close\u0301s")), "NFC"),
        (published(GOOD.text.replace("closes", "clo\xadses")), "in it"),
        (published(GOOD.text.replace("was ", "was  ")), "untidy"),
        (published(GOOD.text.replace("decided", "&lt;b&gt;decided")), "was meant"),
        (published(GOOD.text.replace("hours.", "days.")), "was meant"),
        (published(f"Bridge closes\n\nIt was decided…\n\n{LINK}"), "another word had fitted"),
        (published(f"Bridge closes\n\nIt was deci…\n\n{LINK}"), "within the word"),
        (published(f"Bridge closes\n\nIt was decided on Monday,…\n\n{LINK}"), "before the ellipsis"),
        (published(f"Bridge closes\n\n{LINK}"), "left out"),
        (published(GOOD.text.replace("hours.", "hours.…")), "although nothing was cut"),
        (replace(GOOD, marks=()), "no link covers"),
        (replace(GOOD, marks=(SeenMark("link", 0, len(GOOD.text), LINK),)), "no link covers"),
        (replace(GOOD, marks=(replace(GOOD.marks[0], target=f"{LINK}b"),)), "leads to"),
        (replace(GOOD, leads_to="https://other.example/"), "card leads to"),
        (replace(GOOD, marks=(SeenMark("mention", 0, 6), *GOOD.marks)), "become a mention"),
        (replace(GOOD, marks=(SeenMark("bold", 0, 6), *GOOD.marks)), "not the title"),
        (replace(GOOD, marks=(SeenMark("broken mark", 0, 0), *GOOD.marks)), "broken mark"),
    ],
)
def test_finds_what_is_wrong(seen: Seen, expected: str) -> None:
    """One mistake each, and the checker names it."""
    assert any(expected in fault for fault in faults(seen, MEANT)), faults(seen, MEANT)
