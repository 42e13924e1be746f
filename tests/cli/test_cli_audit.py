"""`handbill audit`: every article on every channel is accounted for, or it is said which are not and what to do."""

from sqlalchemy import delete, update

from bot.findings import Finding
from bot.ledger.channels import note_removed, pause_channel
from bot.ledger.schema import articles, deliveries
from tests.cli.books import FACE, Book
from tests.cli.running import Handbill

POST = "https://social.example/@herald/1"
NAMED = {
    **FACE,
    "HANDBILL_TELEGRAM__TOKEN": f"1234567890:{'A' * 35}",
    "HANDBILL_TELEGRAM__CHAT": "@herald",
    "HANDBILL_MASTODON__SERVER": "social.example",
    "HANDBILL_MASTODON__TOKEN": "t" * 43,
}


def _all_well(book: Book) -> None:
    """Three articles on two channels, nothing of which is open."""
    here = [book.channel("telegram"), book.channel("mastodon")]
    book.article("Ancient news", here, skipped="it was there before the first look at its source")
    for title in ("Tram line opens", "Bridge closes"):
        first, second = book.article(title, here)
        book.read_back(first, POST, "accepted")
        book.read_back(second, POST, "confirmed")


def test_all_are_accounted_for(handbill: Handbill, book: Book) -> None:
    """Where nothing is open it says so, with how many there are, shows the sums only, and ends with 0."""
    _all_well(book)
    answer = handbill("audit")
    assert (0, "") == (answer.code, answer.err)
    assert "All 6 deliveries of the last 30 days are accounted for." == answer.lines[-1]
    assert ["Sums", "Finding", "confirmed", "accepted", "skipped"] == [line.split()[0] for line in answer.lines[:5]]
    assert "Tram line opens" not in answer.out


def test_all_shows_every_row_and_json_has_them_always(handbill: Handbill, book: Book) -> None:
    """--all names every article on every channel; --json has a row for each, and counts that add up."""
    _all_well(book)
    lines = handbill("audit", "--all").lines
    assert 2 == sum("Tram line opens" in line for line in lines)
    assert 4 == sum(line.endswith(POST) for line in lines)
    (told,) = handbill("audit", "--json").objects
    assert (3, 6, True, 6, 0, 0) == tuple(
        told[name] for name in ("articles", "deliveries", "accounted_for", "settled", "goes_on", "needs_person")
    )
    assert set(Finding) == set(told["counts"])
    assert {"confirmed": 2, "accepted": 2, "skipped": 2} == {name: n for name, n in told["counts"].items() if n}
    assert ["skipped", "skipped", "accepted", "confirmed", "accepted", "confirmed"] == [
        row["finding"] for row in told["rows"]
    ]


def test_3_while_something_goes_on_by_itself(handbill: Handbill, book: Book) -> None:
    """What is to come, or still to be read back, is counted apart; nobody is called."""
    _all_well(book)
    (here,) = [book.channel("telegram")]
    (first,) = book.article("Just out", [here])
    book.sent(first, POST)
    book.ledger.write_now(
        lambda conn: conn.execute(update(deliveries).values(confirm_at=book.at(60)).where(deliveries.c.id == first))
    )
    book.article("To come", [here], due_in=245)
    answer = handbill("audit")
    assert 3 == answer.code
    assert (
        "6 of 8 deliveries of the last 30 days are accounted for; 2 going on by themselves (1 out already, to be read "
        "back)." == answer.lines[-1]
    )
    assert "Going on by themselves: 1" in answer.lines
    assert "pending in 4 min" in answer.out
    assert "Just out" not in answer.out


def test_1_when_a_person_is_needed(handbill: Handbill, book: Book) -> None:
    """Each that needs a person is named with its reason and the words that settle it; one that was left is not."""
    here = [book.channel("telegram"), book.channel("mastodon")]
    gone, failed = book.article("Tram line opens", here)
    book.read_back(gone, POST, "vanished")
    book.failed(failed)
    lost, _ = book.article("Bridge closes", here, due_in=60)
    book.uncertain(lost)
    answer = handbill("audit")
    assert 1 == answer.code
    assert "For you: 3" == answer.lines[0]
    assert f"handbill retry {gone} --even-if-out" in answer.out
    assert f"it was at {POST}" in answer.out
    assert f"handbill retry {failed}, or handbill resolve {failed} --drop" in answer.out
    assert f"handbill resolve {lost} --sent URL" in answer.out
    assert answer.lines[-1].endswith("1 going on by itself, 3 need you.")
    for each in (gone, failed):
        handbill("resolve", str(each), "--drop")
    handbill("resolve", str(lost), "--sent", POST)
    answer = handbill("audit")
    assert (3, True) == (answer.code, "Not out, and left so: 2" in answer.lines)
    assert "sent      1       out by a person's word" in answer.out


def test_what_nobody_sends_needs_a_person(handbill: Handbill, book: Book) -> None:
    """Pending on a channel that is down, or that the settings no longer name: it says what to do about either."""
    down, gone = book.channel("telegram"), book.channel("mastodon")
    first, second = book.article("Tram line opens", [down, gone])

    book.ledger.write_now(
        lambda conn: pause_channel(conn, down, reason="No right to post.", probe_at=book.at(60), now=book.now)
    )
    book.ledger.write_now(lambda conn: note_removed(conn, [down], now=book.now))
    answer = handbill("audit")
    assert 1 == answer.code
    assert "the channel is paused: No right to post." in answer.out
    assert "mend telegram: handbill channels says how" in answer.out
    assert f"put mastodon back into the settings, or handbill resolve {second} --drop" in answer.out
    assert [first, second] == [row["id"] for row in handbill("audit", "--json").objects[0]["rows"]]


def test_what_is_missing_is_found(handbill: Handbill, book: Book) -> None:
    """A row that the ledger has lost is named, where the rest of it shows that there was one; nothing can be missing
    from a channel that came later."""
    here = [book.channel("telegram"), book.channel("mastodon")]
    book.article("Tram line opens", here)
    assert 0 == handbill("audit", "--json", **NAMED).objects[0]["counts"]["missing"]
    book.ledger.write_now(lambda conn: conn.execute(delete(deliveries)))
    assert 0 == handbill("audit", "--json", **NAMED).objects[0]["counts"]["missing"]
    book.ledger.write_now(lambda conn: conn.execute(update(articles).values(found_at=book.at(1))))
    answer = handbill("audit", **NAMED)
    assert 1 == answer.code
    assert "missing on mastodon" in answer.out
    assert "post it on telegram by hand" in answer.out
    assert "0 of 2 deliveries of the last 30 days are accounted for; 2 need you." == answer.lines[-1]


def test_the_period_and_the_channel(handbill: Handbill, book: Book) -> None:
    """--since looks at what was found in that time, and at whatever is open besides; --channel at one channel."""
    _all_well(book)
    assert ["Nothing was to be delivered: there is no article of the last minute."] == handbill(
        "audit", "--since", "60"
    ).lines
    assert "All 6 deliveries of the last hour are accounted for." == handbill("audit", "--since", "1h").lines[-1]
    assert (
        "All 3 deliveries of the last 2 days on mastodon are accounted for."
        == (handbill("audit", "--since", "2d", "--channel", "mastodon").lines[-1])
    )
    (old,) = book.article("Long ago", [book.channel("telegram")], due_in=60)
    (told,) = handbill("audit", "--since", "60", "--json").objects
    assert [old] == [row["id"] for row in told["rows"]]


def test_2_for_mistakes(handbill: Handbill, book: Book) -> None:
    """A period that is none, a channel that nobody knows: a sentence each."""
    for arguments, words in (
        (["--since", "a while"], "--since: this is not a duration"),
        (["--channel", "mastadon"], "There is no channel mastadon"),
    ):
        answer = handbill("audit", *arguments)
        assert (2, "", True) == (answer.code, answer.out, words in answer.err)


def test_an_empty_ledger(handbill: Handbill, book: Book) -> None:
    """Where nothing has happened yet there is nothing to account for."""
    answer = handbill("audit")
    assert (0, ["Nothing was to be delivered: there is no article of the last 30 days."]) == (answer.code, answer.lines)


def test_the_page_keeps_to_eighty_columns(handbill: Handbill, book: Book) -> None:
    """However long titles, names and reasons are, no line goes beyond the edge of a terminal; piped, none is broken."""
    here = [book.channel("telegram"), book.channel("a-long-name-of-a-channel", "mastodon")]
    title = "A title that is much too long for a line of eighty columns " * 2
    for _ in range(3):
        first, second = book.article(title, here)
        book.read_back(first, POST, "confirmed")
        book.failed(second, "the server said that it would not take this text for a reason that it told at length")
    book.article(title, here, due_in=245)
    for arguments in (["audit"], ["audit", "--all"]):
        lines = handbill.on_a_terminal(*arguments).unstyled
        assert [] == [line for line in lines if len(line.rstrip()) > 80]
        assert any(title.strip() in line for line in handbill(*arguments).lines)


def test_a_long_list_is_cut_and_says_so(handbill: Handbill, book: Book) -> None:
    """Of a backlog the first ten are shown; --all shows every one."""
    here = [book.channel("telegram")]
    for number in range(25):
        book.article(f"Article {number:02}", here, due_in=245)
    answer = handbill("audit")
    assert "… and 15 more (--all shows every one)." in answer.lines
    assert (True, False) == ("Article 09" in answer.out, "Article 10" in answer.out)
    assert 25 == sum("Article " in line and "pending" in line for line in handbill("audit", "--all").lines)
