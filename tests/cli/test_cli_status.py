"""`handbill status`: what needs a person first, and exit codes that a script can go by."""

from bot.ledger import watched
from bot.ledger.channels import note_removed, pause_channel
from tests.cli.books import FACE, Book
from tests.cli.running import Handbill

ACCOUNT = {
    **FACE,
    "HANDBILL_TELEGRAM__TOKEN": "123456:AAEhBP0av28hunter2hunter2hunter2",
    "HANDBILL_TELEGRAM__CHAT": "@herald",
}
POST = "https://t.me/herald/7"


def test_status_of_nothing(handbill: Handbill) -> None:
    """With neither settings nor a ledger it says what is missing, makes no file, and nothing is open."""
    answer = handbill("status")
    assert 0 == answer.code
    assert "set HANDBILL_SOURCES" in answer.out
    assert "`handbill check` says what each platform needs" in answer.out
    assert "Nothing is open." == answer.lines[-1]
    assert "There is no ledger yet" in answer.err
    (told,) = handbill("status", "--json").objects
    assert ([], [], 0, False) == (told["undecided"], told["sources"], told["open"], told["needs_person"])
    assert "There is no ledger yet" in handbill("status").err


def test_status_before_the_first_round(handbill: Handbill) -> None:
    """Configured but never run, it shows the sources and channels as not met yet."""
    answer = handbill("status", **ACCOUNT)
    assert 0 == answer.code
    assert "herald.example.org/feed.xml  never   at the start" in answer.out
    assert "telegram  not met yet  nothing yet" in answer.out


def test_status_lists_the_undecided_first(handbill: Handbill, book: Book) -> None:
    """Undecided deliveries come first, then failed ones, each with what to do, then what goes by itself."""
    channel = book.channel("telegram")
    (failed,), (undecided,) = book.article("Refused", [channel]), book.article("Tram line opens", [channel])
    book.failed(failed)
    book.uncertain(undecided)
    book.article("Bridge closes", [channel], due_in=245)
    answer = handbill("status", **ACCOUNT)
    assert 1 == answer.code
    assert ["Undecided: 1", "", "Delivery 2: Tram line opens"] == answer.lines[:3]
    order = (
        "Undecided: 1",
        "handbill resolve 2 --sent URL",
        "Failed: 1",
        "handbill retry 1",
        "Open: 1",
        "Sources",
        "Channels",
    )
    places = [answer.out.index(words) for words in order]
    assert sorted(places) == places
    assert "pending in 4 min" in answer.out
    assert "1 pending, 1 uncertain, 1 failed" in answer.out
    assert "Alerts" not in answer.out
    assert "Nothing is open" not in answer.out


def test_status_json_is_one_object(handbill: Handbill, book: Book) -> None:
    """--json prints one object with everything that the page shows."""
    channel = book.channel("telegram", who="@news_bot in The Herald")
    (failed,), (undecided,) = book.article("Refused", [channel]), book.article("Tram line opens", [channel])
    book.failed(failed)
    book.uncertain(undecided)
    (coming,) = book.article("Bridge closes", [channel], due_in=245)
    (told,) = handbill("status", "--json", **ACCOUNT).objects
    assert ([undecided], [failed], [coming]) == tuple(
        [row["id"] for row in told[name]] for name in ("undecided", "failed", "next")
    )
    assert (1, book.at(245).isoformat(), True) == (told["open"], told["next_at"], told["needs_person"])
    assert {f"delivery:{failed}", f"delivery:{undecided}"} == {alert["cause"] for alert in told["alerts"]}
    (source,) = told["sources"]
    assert ("Bridge closes", book.at(-120).isoformat(), 0) == (
        source["newest_title"],
        source["polled_at"],
        source["failures"],
    )
    (known,) = told["channels"]
    assert {"pending": 1, "uncertain": 1, "failed": 1} == known["counts"]
    assert ("telegram", "@news_bot in The Herald", None) == (known["name"], known["who"], known["paused_at"])


def test_status_exit_codes(handbill: Handbill, book: Book) -> None:
    """0 where nothing is open, 3 where something goes by itself, 1 where a person is needed, and 0 once they have."""
    channel = book.channel("telegram")
    assert 0 == handbill("status", **ACCOUNT).code
    (delivery,) = book.article("Tram line opens", [channel], due_in=60)
    assert 3 == handbill("status", **ACCOUNT).code
    book.uncertain(delivery)
    assert 1 == handbill("status", **ACCOUNT).code
    handbill("resolve", str(delivery), "--sent", POST)
    answer = handbill("status", **ACCOUNT)
    assert (0, "Nothing is open.") == (answer.code, answer.lines[-1])


def test_status_shows_trouble_of_sources_and_channels(handbill: Handbill, book: Book) -> None:
    """A failing source, a paused channel and what is left on a removed one are told, each with the reason."""
    paused, gone = book.channel("telegram"), book.channel("weekly", "mastodon")
    book.article("Tram line opens", [paused, gone])
    coming, again = book.at(1845), book.at(605)
    book.ledger.write_now(
        lambda conn: watched.note_failure(
            conn, 1, message="It does not exist (404).", next_poll_at=coming, told_until_at=None, now=book.now
        )
    )
    book.ledger.write_now(
        lambda conn: pause_channel(conn, paused, reason="the token was revoked.", probe_at=again, now=book.at(-7200))
    )
    book.ledger.write_now(lambda conn: note_removed(conn, [paused], now=book.at(-7200)))
    answer = handbill("status", **ACCOUNT)
    assert "in 31 min" in answer.out
    assert "failing, 1 in a row: It does not exist (404)." in answer.out
    assert "@telegram; went down 2 h ago, tried again in 10 min: the token was revoked." in answer.out
    assert "@weekly; taken out of the settings 2 h ago: what is open here goes nowhere" in answer.out
    assert "Open: 1, going by themselves" in answer.out


def test_status_notices_that_nobody_looks(handbill: Handbill, book: Book) -> None:
    """When a look is long overdue, the daemon does not seem to be running, and status says so."""
    book.article("Tram line opens", [book.channel("telegram")])
    assert "overdue" not in handbill("status", **ACCOUNT).out
    ago = book.at(-1080)
    book.ledger.write_now(lambda conn: watched.note_unchanged(conn, 1, next_poll_at=ago, now=ago))
    out = handbill("status", **ACCOUNT).out
    assert "! A look is overdue by 18 min: `handbill run` does not seem to be running." in out


def test_status_of_many_is_short(handbill: Handbill, book: Book) -> None:
    """A long backlog is counted, and only the next of it shown; of many undecided the first ten."""
    channel = book.channel("telegram")
    deliveries = [book.article(f"Article {number}", [channel], due_in=number)[0] for number in range(31)]
    for delivery in deliveries[:11]:
        book.uncertain(delivery)
    out = handbill("status", **ACCOUNT).out
    assert "… and 1 more: handbill resolve lists them all." in out
    assert "Open: 20, going by themselves" in out
    assert "… and 15 more (handbill log --state pending)." in out
    assert "Article 15" in out
    assert "Article 16" not in out


def test_status_keeps_to_80_columns(handbill: Handbill, book: Book) -> None:
    """Before a person with 80 columns no line is longer, whatever the titles and reasons."""
    channel = book.channel("telegram", who="@a_bot_with_a_long_name in A Channel With a Very Long Name (@herald)")
    first, second = book.article("A title for the page " * 8, [channel]), book.article("Another " * 20, [channel])
    book.uncertain(first[0])
    book.failed(second[0], "the server said that it would not take this text for a reason that it told at length")
    book.article("To come " * 20, [channel], due_in=600)
    answer = handbill.on_a_terminal("status")
    assert handbill.on_a_terminal("status", columns=60).unstyled != answer.unstyled
    assert [] == [line for line in answer.unstyled if len(line) > 80]
    assert ACCOUNT["HANDBILL_TELEGRAM__TOKEN"] not in answer.out
