"""`handbill log`: article × channel, for people and for machines."""

import json
import re

from tests.cli.books import Book
from tests.cli.running import Handbill

POST = "https://social.example/@herald/posts/a-rather-long-address-of-a-post-1234567890"


def _past(book: Book) -> tuple[list[int], list[int], list[int]]:
    """Three articles on two channels: one skipped, one that is out here and failed there, one that is to come."""
    channels = [book.channel("telegram"), book.channel("weekly", "mastodon")]
    old = book.article("Ancient news", channels, skipped="it was there before the first look at its source")
    told = book.article("Tram line opens", channels)
    book.sent(told[0], POST)
    book.failed(told[1])
    new = book.article("Bridge closes", channels, due_in=240)
    return old, told, new


def test_log_json_has_a_line_for_each_article_and_channel(handbill: Handbill, book: Book) -> None:
    """--json prints an object for every delivery, oldest first, skipped ones too, with exactly the promised keys."""
    old, told, new = _past(book)
    answer = handbill("log", "--json")
    assert 0 == answer.code
    assert [*old, *told, *new] == [each["id"] for each in answer.objects]
    sent, failed = answer.objects[2:4]
    assert {
        "id": told[0],
        "article": {"title": "Tram line opens", "link": "https://herald.example.org/articles/2"},
        "channel": "telegram",
        "platform": "telegram",
        "state": "sent",
        "reason": "the platform gave its receipt",
        "url": POST,
        "attempts": 1,
        "due_at": None,
        "presence": None,
        "presence_at": None,
    } == sent
    assert ("weekly", "mastodon", "failed", "the text is too long") == tuple(
        failed[name] for name in ("channel", "platform", "state", "reason")
    )
    assert book.at(240).isoformat() == answer.objects[4]["due_at"]


def test_log_hides_what_was_skipped_and_says_so(handbill: Handbill, book: Book) -> None:
    """The table leaves out what was there before the first look and says how much; --all and --state show it."""
    _past(book)
    plainly = handbill("log")
    assert "Ancient news" not in plainly.out
    assert "Not shown: 2 skipped (--all shows them)." == plainly.lines[-1]
    assert "Not shown: 1 skipped (--all shows them)." == handbill("log", "--channel", "weekly").lines[-1]
    for arguments in (["--all"], ["--state", "skipped"], ["--grep", "ancient"]):
        answer = handbill("log", *arguments)
        assert "Ancient news" in answer.out
        assert "Not shown" not in answer.out


def test_log_filters(handbill: Handbill, book: Book) -> None:
    """--newest counts articles after the other filters; --state, --channel and --grep, in any case, narrow them."""
    old, told, new = _past(book)

    def ids(*arguments: str) -> list[int]:
        return [each["id"] for each in handbill("log", "--json", *arguments).objects]

    assert new == ids("--newest", "1")
    assert [*old, *told, *new] == ids("--newest", "0")
    assert [told[1]] == ids("--newest", "1", "--state", "failed")
    assert [told[0], *new] == ids("--state", "sent", "--state", "pending")
    assert [old[1], told[1], new[1]] == ids("--channel", "weekly")
    assert told == ids("--grep", "TRAM")
    assert old == ids("--grep", "articles/1")


def test_piped_log_has_one_whole_line_for_each_delivery(handbill: Handbill, book: Book) -> None:
    """Piped, no line is broken or cut however long, each names its article, and none ends in spaces."""
    channel = book.channel("telegram")
    title = "A title that goes on and on " * 10
    for _ in range(2):
        (delivery,) = book.article(title, [channel])
        book.sent(delivery, POST)
    lines = handbill("log").lines
    assert 3 == len(lines)
    assert ["ID", "Article", "Channel", "State", "Post"] == lines[0].split()
    for line in lines[1:]:
        assert title.strip() in line
        assert line.endswith(POST)
        assert re.search(r"sent [3-5]\d s ago", line)  # the command may be slow to start


def test_log_on_a_terminal_keeps_to_its_width(handbill: Handbill, book: Book) -> None:
    """At 80 columns nothing but the address of a post goes beyond the edge, and that is whole, to be clicked."""
    channels = [book.channel("telegram"), book.channel("weekly", "mastodon")]
    told = book.article("A title that is much too long for a line of eighty columns " * 2, channels)
    book.sent(told[0], POST)
    book.failed(told[1], "the server said that it would not take this text for a reason that it told at length")
    lines = handbill.on_a_terminal("log").unstyled
    assert [line for line in lines if POST in line] == [line for line in lines if len(line) > 80]
    assert 1 == sum(line.startswith("A title that is much too long") for line in lines)
    assert "at length" in " ".join(" ".join(lines).split())


def test_log_shows_the_next_time_of_what_is_open(handbill: Handbill, book: Book) -> None:
    """What is open says when it goes on: "in 4 min", or "now" where its time has come."""
    channel = book.channel("telegram")
    book.article("Overdue", [channel], due_in=-3000)
    book.article("To come", [channel], due_in=245)
    overdue, coming = handbill("log").lines[1:]
    assert "pending now" in overdue
    assert "pending in 4 min" in coming


def test_log_of_one_delivery_shows_every_attempt(handbill: Handbill, book: Book) -> None:
    """`log ID` shows the delivery and each attempt with its outcome, status and words, for machines too."""
    (delivery,) = book.article("Tram line opens", [book.channel("telegram")])
    book.failed(delivery, "the chat is gone")
    answer = handbill("log", str(delivery))
    assert "Delivery 1: Tram line opens" == answer.lines[0]
    assert "rejected (422)" in answer.out
    assert "publish" in answer.out
    assert "the chat is gone" in answer.lines[-1]
    (told,) = handbill("log", str(delivery), "--json").objects
    (attempt,) = told.pop("tries")
    assert ("publish", "rejected", 422) == (attempt["step"], attempt["outcome"], attempt["status"])
    assert attempt["started_at"] < attempt["ended_at"]
    assert "failed" == told["state"]


def test_log_of_one_delivery_shows_what_the_audit_found(handbill: Handbill, book: Book) -> None:
    """`log ID` says that a sent post was read back from outside and when, for machines too."""
    (delivery,) = book.article("Tram line opens", [book.channel("telegram")])
    book.read_back(delivery, POST, "confirmed")
    shown = handbill("log", str(delivery)).out
    assert re.search(r"^audit    confirmed: it was read back [1-5]\d s ago$", shown, re.MULTILINE)
    (told,) = handbill("log", str(delivery), "--json").objects
    assert ("confirmed", book.at(-10).isoformat()) == (told["presence"], told["presence_at"])


def test_log_of_no_such_delivery(handbill: Handbill, book: Book) -> None:
    """An ID that is none ends with a sentence and exit code 2."""
    answer = handbill("log", "7")
    assert (2, "") == (answer.code, answer.out)
    assert "There is no delivery 7: `handbill log` shows them all.\n" == answer.err


def test_log_of_an_empty_ledger(handbill: Handbill, book: Book) -> None:
    """Where nothing has happened yet, the log says so; for machines it is empty."""
    assert ["Nothing has been posted or planned yet."] == handbill("log").lines
    assert [] == handbill("log", "--json").lines
    assert ["There is nothing to show."] == handbill("log", "--grep", "x").lines


def test_titles_cannot_act_on_the_terminal(handbill: Handbill, book: Book) -> None:
    """A title's markup is shown as it is, and its control characters and direction marks are not passed on."""
    (delivery,) = book.article(
        "[red]Alarm[/red] \x1b[31m\x07:smile: \u202ecod.exe\u2066\r\nSecond\x9b2J", [book.channel("telegram")]
    )
    book.sent(delivery, POST)
    for answer in (handbill("log"), handbill.on_a_terminal("log", columns=120), handbill("log", str(delivery))):
        assert "[red]Alarm[/red] [31m:smile: cod.exe Second2J" in answer.out
        assert not {"\x07", "\x9b", "\u202e", "\u2066", "\r"} & set(answer.out)
        assert "\x1b[31m" not in answer.out
    (row,) = handbill("log", "--json").lines
    assert "\x1b" not in row
    assert "\x1b" in json.loads(row)["article"]["title"]
