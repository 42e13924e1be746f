"""`handbill resolve` and `handbill retry`: what a person may decide, and what not."""

import pytest

from adapters.outcomes import Presence
from bot.clock import SystemClock
from bot.ledger import person, queue
from bot.ledger.alerts import list_alerts
from bot.ledger.backlog import get_delivery
from bot.ledger.queue import NotOurs
from bot.ledger.reports import find_row
from bot.model import Event, State
from bot.settle import cause_of
from tests.cli.books import Book
from tests.cli.running import Handbill

POST = "https://t.me/herald/7"


@pytest.fixture
def lost(book: Book) -> int:
    """A delivery that a person has to decide about."""
    (delivery,) = book.article("Tram line opens", [book.channel("telegram")])
    book.uncertain(delivery)
    return delivery


def _alerts(book: Book) -> int:
    return len(book.ledger.read_now(list_alerts))


def test_resolve_sent_keeps_the_address(handbill: Handbill, book: Book, lost: int) -> None:
    """--sent makes it sent, with the address that the person gave, and clears its alert."""
    assert 1 == _alerts(book)
    answer = handbill("resolve", str(lost), "--sent", POST)
    assert (0, f"Delivery {lost} (“Tram line opens” on telegram) is sent: {POST}\n") == (answer.code, answer.out)
    row = book.ledger.read_now(lambda conn: find_row(conn, lost))
    assert row is not None
    assert (State.SENT, POST, None) == (row.state, row.url, row.due_at)
    assert 0 == _alerts(book)


def test_resolve_not_sent_sends_the_same_bytes(handbill: Handbill, book: Book, lost: int) -> None:
    """--not-sent puts it back, due at once, with the payload and key that were frozen, and clears its alert."""
    answer = handbill("resolve", str(lost), "--not-sent")
    assert 0 == answer.code
    assert "is to go out now" in answer.out
    delivery = book.ledger.read_now(lambda conn: get_delivery(conn, lost))
    assert (State.PENDING, '{"text":"as frozen"}', "key", 1) == (
        delivery.state,
        delivery.body,
        delivery.key,
        delivery.payload_number,
    )
    assert delivery.due_at is not None
    assert delivery.due_at <= SystemClock().now()
    assert 0 == _alerts(book)


def test_resolve_drop_and_retry_after_all(handbill: Handbill, book: Book, lost: int) -> None:
    """--drop leaves it cancelled; since it may be out, retry takes it up again only on a second word."""
    assert 0 == handbill("resolve", str(lost), "--drop").code
    assert (State.CANCELLED, 0) == (book.state(lost), _alerts(book))
    answer = handbill("retry", str(lost))
    assert (2, State.CANCELLED) == (answer.code, book.state(lost))
    assert f"handbill retry {lost} --even-if-out" in answer.err
    assert 0 == handbill("retry", str(lost), "--even-if-out").code
    assert State.PENDING == book.state(lost)


def test_resolve_not_sent_keeps_the_quiet_time(handbill: Handbill, book: Book) -> None:
    """Said before the lost call can no longer come through, --not-sent sends it again only after that."""
    (delivery,) = book.article("Tram line opens", [book.channel("telegram")])
    book.uncertain(delivery, asked_in=245)
    answer = handbill("resolve", str(delivery), "--not-sent")
    assert "is to go out in 4 min" in answer.out
    assert book.at(245) == book.ledger.read_now(lambda conn: get_delivery(conn, delivery)).due_at


def test_resolve_lists_what_waits(handbill: Handbill, book: Book, lost: int) -> None:
    """Without ID it lists each that waits with its reason and the command to decide it; --json gives their rows."""
    book.article("Bridge closes", [book.channel("weekly", "mastodon")])
    answer = handbill("resolve")
    assert 0 == answer.code
    assert f"Delivery {lost}: Tram line opens" == answer.lines[0]
    assert "the line was cut" in answer.out
    assert f"Look at telegram, then: handbill resolve {lost} --sent URL | --not-sent | --drop" in answer.lines[-1]
    assert [lost] == [each["id"] for each in handbill("resolve", "--json").objects]


def test_nothing_waits(handbill: Handbill, book: Book) -> None:
    """Where nothing waits for a person, both say so."""
    assert ["Nothing waits for a decision."] == handbill("resolve").lines
    assert ["Nothing has failed."] == handbill("retry").lines
    assert [] == handbill("resolve", "--json").lines


def test_uncertain_on_a_removed_channel_waits_for_a_person(handbill: Handbill, book: Book) -> None:
    """What nobody will ask about, because its channel is no longer in the settings, is listed too."""
    from bot.ledger.channels import note_removed  # noqa: PLC0415 # needed here only

    (delivery,) = book.article("Tram line opens", [book.channel("telegram")])
    book.uncertain(delivery, asked_in=60)
    assert [] == handbill("resolve", "--json").objects
    book.ledger.write_now(lambda conn: note_removed(conn, [], now=book.now))
    assert [delivery] == [each["id"] for each in handbill("resolve", "--json").objects]
    assert "its channel is not in the settings" in handbill("resolve", str(delivery), "--not-sent").out


def test_failed_is_retried_afresh_or_left(handbill: Handbill, book: Book) -> None:
    """retry composes a refused one afresh under a new number; --drop leaves one failed and says no more of it."""
    first, second = book.article("Tram line opens", [book.channel("telegram"), book.channel("weekly", "mastodon")])
    for each in (first, second):
        book.failed(each)
    assert [first, second] == [each["id"] for each in handbill("retry", "--json").objects]
    assert "handbill retry 1, or handbill resolve 1 --drop" in handbill("retry").out

    dropped = handbill("resolve", str(first), "--drop")
    assert (0, State.FAILED, 1) == (dropped.code, book.state(first), _alerts(book))
    assert "stays failed, and nothing more is said of it" in dropped.out
    assert 0 == handbill("retry", str(first), str(second)).code
    for each in (first, second):
        delivery = book.ledger.read_now(lambda conn, each=each: get_delivery(conn, each))  # type: ignore[misc]
        assert (State.PENDING, None, 2) == (delivery.state, delivery.body, delivery.payload_number)
    assert 0 == _alerts(book)


def test_skipped_is_sent_after_all(handbill: Handbill, book: Book) -> None:
    """retry takes up what was skipped, and for machines prints the row as it is then."""
    (delivery,) = book.article("Ancient news", [book.channel("telegram")], skipped="it was there before")
    (row,) = handbill("retry", str(delivery), "--json").objects
    assert ("pending", "a person asked for it") == (row["state"], row["reason"])
    assert State.PENDING == book.state(delivery)


def test_drop_stops_what_is_still_to_come(handbill: Handbill, book: Book) -> None:
    """--drop on a pending delivery cancels it."""
    (delivery,) = book.article("Premature", [book.channel("telegram")], due_in=600)
    assert 0 == handbill("resolve", str(delivery), "--drop").code
    assert State.CANCELLED == book.state(delivery)


def _in_state(book: Book, state: State) -> int:
    """A delivery in this state."""
    why = "it is old" if state is State.SKIPPED else None
    (delivery,) = book.article("Tram line opens", [book.channel("telegram")], due_in=245, skipped=why)
    if state is State.SENDING:
        book.begin(delivery)
    elif state is State.SENT:
        book.sent(delivery, POST)
    elif state is State.UNCERTAIN:
        book.uncertain(delivery)
    elif state is State.FAILED:
        book.failed(delivery)
    elif state is State.CANCELLED:
        pending = book.ledger.read_now(lambda conn: get_delivery(conn, delivery))
        book.ledger.write_now(lambda conn: queue.decide(conn, pending, Event.DROPPED, reason="no", now=book.now))
    assert state == book.state(delivery)
    return delivery


@pytest.mark.parametrize(
    ("state", "command", "words"),
    [
        (State.SENT, "--not-sent", f"is out already ({POST}), and is never sent twice"),
        (State.SENT, "--drop", "is out already"),
        (State.SENT, "retry", "is never sent twice"),
        (State.SENDING, "--not-sent", "is being sent right now"),
        (State.SENDING, "--drop", "is being sent right now"),
        (State.SENDING, "retry", "is being sent right now"),
        (State.PENDING, "--not-sent", "goes out by itself in 4 min; `handbill resolve 1 --drop` stops it"),
        (State.PENDING, "--sent", "goes out by itself in 4 min"),
        (State.PENDING, "retry", "goes out by itself in 4 min"),
        (State.UNCERTAIN, "retry", "could post it twice. Look at telegram, then: handbill resolve 1 --sent URL"),
        (State.FAILED, "--sent", "has failed, so it is not out: handbill retry 1"),
        (State.FAILED, "--not-sent", "has failed, so it is not out: handbill retry 1"),
        (State.SKIPPED, "--not-sent", "is skipped: `handbill retry 1` sends it after all"),
        (State.SKIPPED, "--drop", "is skipped"),
        (State.CANCELLED, "--sent", "is cancelled: `handbill retry 1` sends it after all"),
        (State.CANCELLED, "--drop", "is cancelled"),
    ],
)
def test_what_cannot_be_decided(handbill: Handbill, book: Book, state: State, command: str, words: str) -> None:
    """What the state does not allow changes nothing, ends with 2, and says what it is and what can be done."""
    delivery = str(_in_state(book, state))
    said = [command, *([POST] if command == "--sent" else [])]
    answer = handbill("retry", delivery) if command == "retry" else handbill("resolve", delivery, *said)
    assert (2, "") == (answer.code, answer.out)
    assert words in answer.err
    assert 1 == len(answer.err.splitlines())
    assert state == book.state(int(delivery))


def test_retry_of_several_says_which_were_not_done(handbill: Handbill, book: Book) -> None:
    """One that cannot be retried, or does not exist, does not keep the others back; the exit code tells."""
    first, second = book.article("Tram line opens", [book.channel("telegram"), book.channel("weekly", "mastodon")])
    book.failed(first)
    book.sent(second, POST)
    answer = handbill("retry", str(first), str(second), "99")
    assert 2 == answer.code
    assert [f"Delivery {first} "] == [line[: len("Delivery 1 ")] for line in answer.lines]
    assert 2 == len(answer.err.splitlines())
    assert "There is no delivery 99: `handbill log` shows them with their IDs." in answer.err
    assert State.PENDING == book.state(first)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["1"], "Say what became of delivery 1, one of the three: --sent URL, --not-sent or --drop."),
        (["1", "--not-sent", "--drop"], "one of the three"),
        (["1", "--sent", POST, "--drop"], "one of the three"),
        (["--drop"], "--drop of which delivery?"),
        (["1", "--sent", "t.me/herald/7"], "is not the address of a post"),
        (["1", "--sent", "javascript:alert(1)"], "is not the address of a post"),
        (["1", "--sent", "https:///7"], "is not the address of a post"),
        (["1", "--sent", "https://[7"], "is not the address of a post"),
        (["9", "--drop"], "There is no delivery 9"),
    ],
)
def test_resolve_needs_one_clear_word(
    handbill: Handbill, book: Book, lost: int, arguments: list[str], words: str
) -> None:
    """Too little, too much, or an address that is none changes nothing and ends with 2 and one sentence."""
    answer = handbill("resolve", *arguments)
    assert (2, "") == (answer.code, answer.out)
    assert words in answer.err
    assert State.UNCERTAIN == book.state(lost)


def test_somebody_was_faster(book: Book, lost: int) -> None:
    """A decision on what has moved on in the meantime raises NotOurs and leaves the ledger as it is, alert included."""
    stale = book.ledger.read_now(lambda conn: get_delivery(conn, lost))

    def drop() -> None:
        book.ledger.write_now(
            lambda conn: person.decide(
                conn, stale, Event.DROPPED, cause=cause_of(lost), reason="a person dropped it", now=book.now
            )
        )

    book.ledger.write_now(lambda conn: queue.decide(conn, stale, Event.RESOLVED_SENT, reason="found", now=book.now))
    assert 1 == _alerts(book)
    with pytest.raises(NotOurs):
        drop()
    assert (State.SENT, 1) == (book.state(lost), _alerts(book))


# ── what has vanished ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def vanished(book: Book) -> int:
    """A delivery that was out and is not there any more."""
    (delivery,) = book.article("Tram line opens", [book.channel("telegram")])
    book.read_back(delivery, POST, "vanished")
    return delivery


def test_what_vanished_is_sent_once_more_on_a_second_word_only(handbill: Handbill, book: Book, vanished: int) -> None:
    """retry refuses, and says why; with --even-if-out it is composed afresh under a new number, its alert over."""
    answer = handbill("retry", str(vanished))
    assert (2, State.SENT, 1) == (answer.code, book.state(vanished), _alerts(book))
    assert "has vanished; if that is wrong, sending it would post it twice" in answer.err
    assert f"handbill retry {vanished} --even-if-out" in answer.err
    assert 0 == handbill("retry", str(vanished), "--even-if-out").code
    delivery = book.ledger.read_now(lambda conn: get_delivery(conn, vanished))
    assert (State.PENDING, None, None, 2, 0) == (
        delivery.state,
        delivery.body,
        delivery.key,
        delivery.payload_number,
        _alerts(book),
    )
    row = book.ledger.read_now(lambda conn: find_row(conn, vanished))
    assert row is not None
    assert (None, None, f"a person asked for it: the post at {POST} had vanished") == (
        row.url,
        row.presence,
        row.reason,
    )


def test_what_vanished_may_be_left(handbill: Handbill, book: Book, vanished: int) -> None:
    """--drop leaves it as it is and says no more of it; --not-sent is not the word for it, and says which are."""
    answer = handbill("resolve", str(vanished), "--not-sent")
    assert (2, 1) == (answer.code, _alerts(book))
    assert f"handbill retry {vanished} --even-if-out to post it once more" in answer.err
    answer = handbill("resolve", str(vanished), "--drop")
    assert (0, State.SENT, 0) == (answer.code, book.state(vanished), _alerts(book))
    assert "stays as it is, vanished, and nothing more is said of it" in answer.out


@pytest.mark.parametrize("presence", ["confirmed", "accepted"])
def test_what_is_out_is_never_sent_twice(handbill: Handbill, book: Book, presence: Presence) -> None:
    """What was read back is not sent again, whatever is said."""
    (delivery,) = book.article("Tram line opens", [book.channel("telegram")])
    book.read_back(delivery, POST, presence)
    answer = handbill("retry", str(delivery), "--even-if-out")
    assert (2, State.SENT) == (answer.code, book.state(delivery))
    assert "is never sent twice" in answer.err


def test_only_what_vanished_takes_the_edge(book: Book) -> None:
    """The ledger itself refuses to take up a sent delivery that has not vanished, whoever asks."""
    (delivery,) = book.article("Tram line opens", [book.channel("telegram")])
    book.read_back(delivery, POST, "confirmed")
    sent = book.ledger.read_now(lambda conn: get_delivery(conn, delivery))
    with pytest.raises(NotOurs):
        book.ledger.write_now(lambda conn: queue.decide(conn, sent, Event.REVIVED, reason="again", now=book.now))
    assert State.SENT == book.state(delivery)
