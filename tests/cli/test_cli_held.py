"""`handbill held`, `release` and `discard`: what looked new and was not believed."""

import json

import pytest

from bot.flood import Suspect, Suspicion
from bot.ledger.alerts import list_alerts
from bot.model import State
from tests.cli.books import SOURCE, Book
from tests.cli.running import Handbill

NAME = SOURCE.removeprefix("https://")
OLD = Suspect(Suspicion.OLD, "it is one of 2 old articles that look new all at once")


@pytest.fixture
def batch(book: Book) -> list[int]:
    """Two old articles held on two channels."""
    channels = [book.channel("telegram"), book.channel("mastodon")]
    return [each for title in ("Old one", "Old two") for each in book.article(title, channels, held=OLD)]


def alerts(book: Book) -> int:
    """How many alerts are open."""
    return len(book.ledger.read_now(list_alerts))


@pytest.mark.usefixtures("batch")
def test_held_shows_what_and_why(handbill: Handbill) -> None:
    """Each source with its articles, the reason, and what can be done; the exit code says that somebody is needed."""
    answer = handbill("held")
    assert 1 == answer.code
    for words in (f"{NAME}: 2 articles, 4 deliveries held", "Old one", "look new all at once", "handbill release"):
        assert words in answer.out
    lines = [json.loads(line) for line in handbill("held", "--json").out.splitlines()]
    assert [("held", NAME)] * 4 == [(line["state"], line["source"]) for line in lines]


def test_nothing_held_is_said_in_words(handbill: Handbill, book: Book) -> None:
    """An empty ledger has nothing to show, and nothing is wrong."""
    book.channel("telegram")
    answer = handbill("held")
    assert (0, "Nothing is held.\n") == (answer.code, answer.out)


def test_release_lets_a_source_go_out(handbill: Handbill, book: Book, batch: list[int]) -> None:
    """All of it is pending afterwards, the alert is over, and a second time there is nothing to release."""
    assert 1 == alerts(book)
    answer = handbill("release", NAME)
    assert (0, "Released: 4 deliveries of 2 articles. They go out in order, as fast as the platforms allow.\n") == (
        answer.code,
        answer.out,
    )
    assert [State.PENDING] * 4 == [book.state(each) for each in batch]
    assert 0 == alerts(book)
    again = handbill("release", NAME)
    assert (2, True) == (again.code, "Nothing is held under" in again.err)


def test_discard_keeps_single_ones_in(handbill: Handbill, book: Book, batch: list[int]) -> None:
    """Single deliveries by their IDs; the rest stays held, and the alert says how much that is."""
    assert 0 == handbill("discard", str(batch[0]), str(batch[1])).code
    assert [State.CANCELLED] * 2 + [State.HELD] * 2 == [book.state(each) for each in batch]
    [alert] = book.ledger.read_now(list_alerts)
    assert "1 article that looks new is held" in alert.message
    assert 0 == handbill("retry", str(batch[0])).code
    assert State.PENDING == book.state(batch[0])


@pytest.mark.parametrize("arguments", [[], ["elsewhere"], ["4711"], [NAME, "4711"]])
def test_what_is_not_held_changes_nothing(
    handbill: Handbill, book: Book, batch: list[int], arguments: list[str]
) -> None:
    """A name or a number that nothing is held under: one sentence, and nothing is half done."""
    answer = handbill("release", *arguments)
    assert 2 == answer.code
    assert "handbill held" in answer.err
    assert [State.HELD] * 4 == [book.state(each) for each in batch]
