"""When a page is believed."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.sources.archive.steady import LOOKED_FOR, LOOKS, Judgement, judge
from bot.sources.reading import Cursor, load_memory

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


def ids(start: int, count: int) -> list[str]:
    """So many ids, the newest first."""
    return [f"https://a.example/{number}" for number in range(start + count, start, -1)]


def look(memory: Mapping[str, Any], shown: Sequence[str], hours: float = 0.0) -> Judgement:
    """A look; the memory goes through the ledger's form."""
    judged = judge(memory, shown, NOW + timedelta(hours=hours), told=False)
    return Judgement(load_memory(Cursor(memory=judged.memory).dump()), judged.message, judged.mend)


def test_news_and_another_order_are_believed() -> None:
    """New articles, old ones that scroll away, and any order are what pages do."""
    first = look({}, ids(0, 20))
    second = look(first.memory, ids(7, 20))
    third = look(second.memory, sorted(ids(20, 20)))
    assert ["", "", ""] == [first.message, second.message, third.message]


def test_a_page_without_articles_is_never_believed() -> None:
    """Neither at first nor later, however often; what it listed before is remembered all the while."""
    empty = look({}, [])
    assert "No articles were found on the page." == empty.message
    known = look(empty.memory, ids(0, 20))
    assert "" == known.message
    memory = known.memory
    for hours in range(50):
        judged = look(memory, [], hours)
        assert "The page lists no articles any more, where it listed up to 20." == judged.message
        memory = judged.memory
    assert "" == look(memory, ids(1, 20), 60).message


def test_a_page_that_was_empty_at_first_gives_its_first_look_later() -> None:
    """The articles that appear after empty looks are believed at once, as those of a first look."""
    memory = look(look({}, []).memory, [], 1).memory
    assert "" == look(memory, ids(0, 40), 2).message


def test_absurdly_many_articles_are_refused() -> None:
    """More than three times as many as ever, and thirty more at that; a small page may grow."""
    memory = look({}, ids(0, 12)).memory
    assert "" == look(memory, ids(0, 36)).message
    refused = look(memory, ids(0, 42))
    assert "The page suddenly lists 42 articles, where it listed 12 at most." == refused.message
    assert "selectors" in refused.mend
    assert "" == look(look({}, ids(0, 3)).memory, ids(0, 32)).message


def test_strangers_are_refused() -> None:
    """None of the last articles left, however many others there are: the template is broken, or so it seems."""
    memory = look({}, ids(0, 20)).memory
    for count in (3, 20, 30):
        refused = look(memory, ids(100, count))
        assert (
            f"None of the articles that the page listed last is there any more; it lists {count} others."
            == refused.message
        )


def test_a_page_with_one_or_two_articles_may_change_them_all() -> None:
    """Where only the newest are listed, nothing stays."""
    assert "" == look(look({}, ids(0, 2)).memory, ids(2, 2)).message


def looks_until_believed(every: timedelta) -> int:
    """How many looks a page that changed completely needs."""
    memory, count = look({}, ids(0, 20)).memory, 0
    while True:
        judged = look(memory, ids(100 + count, 20), hours=count * every / timedelta(hours=1))
        count += 1
        if not judged.message:
            return count
        memory = judged.memory


def test_what_stays_changed_is_believed_in_the_end() -> None:
    """After six looks and three hours, whichever takes longer, new articles or not."""
    assert LOOKS == looks_until_believed(timedelta(hours=2))
    assert 1 + 18 == looks_until_believed(LOOKED_FOR / 18)


def test_a_doubt_that_changes_begins_anew() -> None:
    """A page that looks different at every look is broken in ever new ways."""
    memory = look({}, ids(0, 20)).memory
    for hours in range(30):
        judged = look(memory, ids(1_000 * (hours + 1), 20), hours)
        assert judged.message
        memory = judged.memory


def test_a_page_that_is_itself_again_ends_the_doubt() -> None:
    """One look at what was known before, and a later doubt counts from the beginning."""
    memory = look({}, ids(0, 20)).memory
    for hours in range(5):
        memory = look(memory, ids(100, 20), hours).memory
    memory = look(memory, ids(1, 20), 6).memory
    assert look(memory, ids(100, 20), 12).message


@given(
    st.dictionaries(
        st.sampled_from(["ids", "most", "doubt"]),
        st.recursive(
            st.none() | st.integers(-9, 9) | st.text(max_size=3),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["ids", "looks", "since"]), inner, max_size=3)
            ),
            max_leaves=6,
        ),
    ),
    st.lists(st.text(max_size=5), max_size=5),
)
def test_any_memory_can_be_read(memory: dict[str, Any], shown: list[str]) -> None:
    """What a later release wrote is no reason to stumble."""
    assert set(judge(memory, shown, NOW, told=True).memory) >= {"doubt"} or shown
