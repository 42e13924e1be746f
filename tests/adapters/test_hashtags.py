"""Categories become hashtags that read well, and that every platform takes for one: held against its own rule."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.hashtags import LONGEST, hashtag_of, hashtags_of
from adapters.post import Part
from adapters.sandbox.mastodon_text import hashtags as on_mastodon
from adapters.sandbox.telegram_parsers import best_parser
from adapters.sandbox.telegram_text import piece
from adapters.telegram.compose import with_whole_tags
from tests.posts.counting import graphemes


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        # words, told apart by their capitals
        ("city council", "#CityCouncil"),
        ("City Council", "#CityCouncil"),
        ("city_council", "#CityCouncil"),
        ("#CityCouncil", "#CityCouncil"),
        ("#tag", "#Tag"),
        ("＃橋", "#橋"),
        ("são-paulo", "#SãoPaulo"),
        ("Sa\u0303o-Paulo", "#SãoPaulo"),
        ("a/b", "#AB"),
        ("Politics, Germany", "#PoliticsGermany"),
        ("ελλάδα", "#Ελλάδα"),
        ("ǆ", "#ǅ"),
        # capitals that its writer meant, and those that shout
        ("iPhone", "#iPhone"),
        ("iPhone cases", "#iPhoneCases"),
        ("best iPhone", "#BestIPhone"),
        ("EU", "#EU"),
        ("NATO summit", "#NATOSummit"),
        ("NEW YORK CITY", "#NewYorkCity"),
        ("U.S. ELECTIONS", "#USElections"),
        # the innermost of levels
        ("News > Local", "#Local"),
        ("Sport » Football", "#Football"),
        # punctuation that belongs to a name
        ("U.S.", "#US"),
        ("AT&T", "#ATT"),
        ("R&D", "#RD"),
        ("Q&A", "#QA"),
        ("Food & Drink", "#FoodDrink"),
        ("C++", "#Cpp"),
        ("C# news", "#CSharpNews"),
        (".NET", "#DotNet"),
        ("Node.js", "#NodeJs"),
        ("Disney+", "#DisneyPlus"),
        ("A++", ""),
        ("women's rights", "#WomensRights"),
        ("women\u2019s rights", "#WomensRights"),
        ("O'Neill", "#ONeill"),
        ("l'équipe", "#LÉquipe"),
        ("п'ять", "#Пять"),
        # figures
        ("2026 elections", "#2026Elections"),
        ("COVID-19", "#COVID19"),
        ("Web 2.0", "#Web20"),
        ("top 10 2026", "#Top10_2026"),
        ("CO₂", "#CO2"),
        ("Ⅻ century", "#XIICentury"),
        ("½ price", "#Price"),
        ("2026", ""),
        ("24/7", ""),
        ("٢٠٢٦", ""),
        ("1\ufe0f\u20e3", ""),
        # every script keeps its letters and its marks
        ("हिन्दी समाचार", "#हिन्दी_समाचार"),
        ("การเมือง", "#การเมือง"),
        ("العَرَبِيَّة", "#العَرَبِيَّة"),
        ("علوم\u200cانسانی", "#علوم\u200cانسانی"),
        ("שלום עליכם", "#שלום_עליכם"),
        ("ශ්\u200dරී ලංකා", "#ශ්රී_ලංකා"),
        ("日本 経済", "#日本経済"),
        ("トム・クルーズ", "#トムクルーズ"),
        ("한국 경제", "#한국경제"),
        ("col·lecció", "#Col·lecció"),
        ("·dot·", "#Dot"),
        # what says nothing
        ("", ""),
        (" \u200b\u3000", ""),
        ("–", ""),
        ("🎉", ""),
        ("🎉 Party", "#Party"),
        ("❤\ufe0f love", "#Love"),
        ("\u0301", ""),
        ("\u3164", ""),
        ("http://schemas.google.com/blogger/2008/kind#post", ""),
        # too long: left out, never cut
        ("a" * LONGEST, "#A" + "a" * (LONGEST - 1)),
        ("a" * (LONGEST + 1), ""),
        ("นี่" * LONGEST, ""),
    ],
)
def test_one_category(category: str, expected: str) -> None:
    """Spelled as a careful editor would, or left out."""
    assert expected == hashtag_of(category)


def test_no_two_are_the_same() -> None:
    """Another case, other signs or another way of writing an accent make no second hashtag; the first one stays."""
    assert ("#News", "#CaféSociety") == hashtags_of(
        ["News", "news", "#NEWS", " news! ", "café society", "CAFE\u0301-SOCIETY"], most=9
    )


def test_as_many_as_asked_for() -> None:
    """The first ones, in the order of the publisher; what is left out takes up none of them."""
    categories = ["2026", "One", "one", "Uncategorized", "Two", "Three"]
    assert ("#One", "#Two") == hashtags_of(categories, most=2)
    assert () == hashtags_of(categories, most=0)


@pytest.mark.parametrize("never", ["city council", "CITY-COUNCIL", "#CityCouncil", "City  Council"])
def test_the_stop_list_knows_every_spelling(never: str) -> None:
    """A category is left out however the operator and the publisher spell it."""
    assert ("#Parks",) == hashtags_of(["City Council", "city_council", "Parks"], most=9, never=[never, "", "🎉"])


@pytest.mark.parametrize("default", ["Uncategorized", "uncategorised", "Sin categori\u0301a", "Allgemein", "未分類"])
def test_what_the_software_says_is_none(default: str) -> None:
    """The name that WordPress gives to no category at all is left out without being asked."""
    assert () == hashtags_of([default], most=9)


def test_telegram_gets_no_half_hashtags() -> None:
    """What it would link only the beginning of is left out with a word on it; points that Arabic can do without go."""
    parts, left_out = with_whole_tags([Part("tag", tag) for tag in ("#हिन्दी", "#العَرَبِيَّة", "#ශ්රීලංකා", "#Köln")])
    assert ["", "#العربية", "#ශ්රීලංකා", "#Köln"] == [part.text for part in parts]
    assert ("the hashtag #हिन्दी was left out: Telegram would link only the beginning of it",) == left_out


TELEGRAM = best_parser()
WORDS = st.sampled_from(
    [
        *(
            "news",
            "EU",
            "iPhone",
            "C++",
            "l'été",
            "R&D",
            "हिन्दी",
            "ไทย",
            "علوم\u200cانسانی",
            "橋",
            "·",
            "_",
            "2026",
            "½",
        ),
        *("🎉", "#", "＃", ">", "\u0301", "\u200d", "\ufe0f", "\u3164", "x\u0303", "Ⅻ", "・", "'", "+"),
    ]
)
CATEGORIES = st.text(max_size=50) | st.lists(WORDS | st.text(max_size=3), max_size=6).map(" ".join) | WORDS


@given(CATEGORIES)
def test_every_platform_takes_the_whole_of_it(category: str) -> None:
    """Whatever the category: nothing, or a hashtag by Mastodon's pattern, Telegram's parser and Bluesky's limits."""
    tag = hashtag_of(category)
    if not tag:
        return
    assert unicodedata.is_normalized("NFC", tag)
    assert [tag] == [f"#{found.value}" for found in on_mastodon(f"word\n\n{tag} #other")][:1]
    ((part,), left_out) = with_whole_tags([Part("tag", tag)])
    assert bool(part.text) != bool(left_out)
    text = f"word\n\n{part.text}"
    assert [part.text] * bool(part.text) == [piece(text, entity) for entity in TELEGRAM.find(text)]
    # https://github.com/bluesky-social/atproto/blob/main/packages/api/src/rich-text/util.ts
    value = tag.removeprefix("#")
    assert graphemes(value) <= 64
    assert len(value.encode()) <= 640
    assert re.search(r"[^\d\W_]", value)
    assert not unicodedata.category(value[-1]).startswith("P")
    assert not re.search(r"[\s\xad\u200a\u200b\u200d\u2060\u20e2\ufe0f]", value)


@given(st.lists(CATEGORIES, max_size=8), st.integers(0, 10))
def test_any_categories(categories: list[str], most: int) -> None:
    """Never more than asked for, no two that differ by case alone, and making hashtags of hashtags changes none."""
    tags = hashtags_of(categories, most=most)
    assert len(tags) <= most
    assert len(tags) == len({tag.casefold() for tag in tags})
    assert tags == hashtags_of([*categories, *tags], most=max(most, 0))
