"""`handbill backup` and `restore`, and `resolve --held`: what they say, and what they refuse."""

import json
from pathlib import Path

from sqlalchemy import update

from bot.ledger.alerts import list_alerts
from bot.ledger.doubts import doubt_all, find_restored_at, hold_doubted
from bot.ledger.schema import deliveries
from bot.ledger.version import HEAD
from bot.model import State
from bot.sender import FileLock
from tests.cli.books import Book
from tests.cli.running import Handbill


def test_backup_and_restore(handbill: Handbill, book: Book, tmp_path: Path) -> None:
    """A copy is made and put back; what was there is kept, and what happens next is said."""
    channel = book.channel("telegram")
    book.article("Tram line opens", [channel])
    answer = handbill("backup", "copy.db")
    assert (0, True) == (answer.code, answer.out.startswith("The ledger was copied to copy.db: "))
    assert answer.out.endswith(f"version {HEAD}, checked.\n")
    book.article("Bridge closes", [channel])
    assert 2 == handbill("log", "2", "--not-an-option").code
    book.close()
    answer = handbill("restore", "copy.db")
    assert 0 == answer.code
    assert "copy.db is the ledger now, marked as restored." == answer.lines[0]
    assert answer.lines[1].startswith("The one that was there is kept as ")
    assert "Open in it: 1." in answer.out
    assert ["Tram line opens"] == [row["article"]["title"] for row in handbill("log", "--json").objects]
    (kept,) = tmp_path.glob("handbill.db.replaced-*")
    url = f"sqlite:///{kept}"
    assert 2 == len(handbill("log", "--json", HANDBILL_DATABASE_URL=url).objects)


def test_backup_refuses(handbill: Handbill, tmp_path: Path) -> None:
    """Without a ledger there is nothing to copy; no file is overwritten, and none is left behind."""
    answer = handbill("backup", "copy.db")
    assert (2, True) == (answer.code, "There is no ledger yet" in answer.err)
    assert [] == list(tmp_path.iterdir())


def test_backup_overwrites_nothing(handbill: Handbill, book: Book, tmp_path: Path) -> None:
    """What is there stays as it is."""
    (tmp_path / "copy.db").write_text("mine")
    answer = handbill("backup", "copy.db")
    assert (2, "copy.db is there already, and is not overwritten: name another file.\n") == (answer.code, answer.err)
    assert "mine" == (tmp_path / "copy.db").read_text()


def test_restore_keeps_away_from_a_sender(handbill: Handbill, book: Book, tmp_path: Path) -> None:
    """While a daemon holds the ledger, nothing is put in its place."""
    handbill("backup", "copy.db")
    lock = FileLock(tmp_path / "handbill.db", command="handbill run", now=book.now)
    assert lock.acquire() is None
    answer = handbill("restore", "copy.db")
    assert (2, True) == (answer.code, "is sending from this ledger already" in answer.err)
    lock.release()
    assert book.ledger.read_now(find_restored_at) is None


def test_restore_only_marks(handbill: Handbill, book: Book) -> None:
    """A ledger that was put back by other means is marked where it is."""
    book.article("Tram line opens", [book.channel("telegram")])
    assert 2 == handbill("restore").code
    assert 2 == handbill("restore", "copy.db", "--only-mark").code
    answer = handbill("restore", "--only-mark", "--json")
    assert (0, {"kept": None, "open": 1, "undecided": 0}) == (answer.code, json.loads(answer.out))
    assert book.ledger.read_now(find_restored_at) is not None
    assert "The ledger is older than the posts: it was put back by other means" in handbill("status").out


def test_held_is_decided_of_one_or_of_all(handbill: Handbill, book: Book) -> None:
    """Of what is held, one is said to be out, and the rest is let go with one word; then the alert is over."""
    channel = book.channel("telegram")
    deliveries = [book.article(f"Article {number}", [channel])[0] for number in range(4)]
    book.ledger.write_now(lambda conn: doubt_all(conn, "it was restored", now=book.now))
    book.ledger.write_now(lambda conn: hold_doubted(conn, channel, account="telegram:1", now=book.now))
    listed = handbill("resolve")
    assert ["held"] * 4 == [row["state"] for row in handbill("resolve", "--json").objects]
    assert "handbill resolve 1 --not-sent (let it go out), --drop, or --sent URL where it is out already" in listed.out
    assert 0 == handbill("resolve", str(deliveries[0]), "--sent", "https://t.me/herald/7").code
    assert 0 == handbill("resolve", str(deliveries[1]), "--drop").code
    for slip in (("--held", "telegram"), ("--held", "telegram", "--sent", "https://t.me/herald/7")):
        assert 2 == handbill("resolve", *slip).code
    assert 2 == handbill("resolve", "3", "--held", "telegram", "--drop").code
    assert 2 == len(book.ledger.read_now(list_alerts))
    answer = handbill("resolve", "--held", "telegram", "--not-sent")
    assert (0, 2) == (answer.code, len(answer.lines))
    assert [State.SENT, State.CANCELLED, State.PENDING, State.PENDING] == [book.state(each) for each in deliveries]
    assert ["ledger:restored"] == [alert.cause for alert in book.ledger.read_now(list_alerts)]
    assert "Nothing is held on telegram" in handbill("resolve", "--held", "telegram", "--drop").err
    assert 2 == handbill("retry", str(deliveries[1])).code  # it may be out: a second word is needed


def test_prune_makes_the_file_smaller(handbill: Handbill, book: Book, tmp_path: Path) -> None:
    """On a ledger in a file, `--vacuum` says what is free inside it."""
    book.channel("telegram")
    assert (tmp_path / "handbill.db").exists()
    assert "Free inside the file, for what comes next: 0 kB." == handbill("prune", "--vacuum").lines[1]


def test_prune_says_what_went(handbill: Handbill, book: Book) -> None:
    """A rehearsal changes nothing, then it is done; what is young stays, and slips are answered with a sentence."""
    (sent,) = book.article("Tram line opens", [book.channel("telegram")])
    book.sent(sent, "https://t.me/herald/7")
    ago = book.at(-100 * 86400)
    book.ledger.write_now(lambda conn: conn.execute(update(deliveries).values(settled_at=ago)))
    would = "1 attempts, 1 payloads and 0 pictures of 1 deliveries, 0 alerts."
    assert f"Would go: {would}\n" == handbill("prune", "--dry-run").out
    assert "Would go: 0 attempts" in handbill("prune", "--dry-run", "--older-than", "101d").out
    assert f"Gone: {would}" == handbill("prune").lines[0]
    assert 0 == json.loads(handbill("prune", "--json").out)["deliveries"]
    for slip in ("1d", "soon"):
        answer = handbill("prune", "--older-than", slip)
        assert (2, True) == (answer.code, answer.err.startswith("--older-than: "))
