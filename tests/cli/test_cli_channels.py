"""`handbill channels`, `pause` and `resume`: how the channels are, and a person's hand on them."""

import json
from pathlib import Path

import pytest

from bot.ledger import channels, pauses
from bot.ledger.channels import may_send, note_removed, pause_channel
from bot.ledger.switches import PAUSED, find_switch
from tests.cli.books import FACE, Book
from tests.cli.running import Handbill
from tests.inside import lay_ledger
from tests.process import Program, told
from tests.stage import Stage

TOML = """
[[channels]]
name = "herald"
platform = "telegram"
token = { env = "BOT_TOKEN" }
chat = "@herald"

[[channels]]
name = "bote"
platform = "mastodon"
server = "social.example"
token = { env = "BOTE_TOKEN" }
"""


@pytest.fixture
def two(handbill: Handbill, tmp_path: Path) -> Handbill:
    """The settings of two channels."""
    (tmp_path / "handbill.toml").write_text(TOML)
    tokens = {"BOT_TOKEN": "123456:AAEhBP0av28hunter2hunter2hunter2", "BOTE_TOKEN": "hunter2hunter2hunter2hunter2"}
    handbill.environment.update({**FACE, **tokens})
    return handbill


def _may(book: Book, *rows: int) -> list[bool]:
    """Which of these channels may send."""
    return book.ledger.read_now(lambda conn: [may_send(conn, row) for row in rows])


def test_channels_before_the_first_start(two: Handbill) -> None:
    """Configured and never met: both are shown, nothing is wrong, and no file is made."""
    answer = two("channels")
    assert 0 == answer.code
    assert ["herald (telegram)", "bote (mastodon)"] == [line.split("  ")[0] for line in answer.lines[1:]]
    assert ["not met yet"] * 2 == [line.split("  ")[-2].strip() for line in answer.lines[1:]]


def test_channels_tells_each_state(two: Handbill, book: Book) -> None:
    """Works, down with its reason and next try, removed: each with what it holds, and an exit code that says so."""
    herald, bote = book.channel("herald", "telegram", "@news_bot in Herald"), book.channel("bote", "mastodon")
    old = book.channel("old", "mastodon")
    (sent, failed, _) = book.article("Tram line opens", [herald, bote, old])
    book.sent(sent, "https://t.me/herald/7")
    book.failed(failed)
    book.article("Bridge closes", [herald, bote])
    book.ledger.write_now(lambda conn: note_removed(conn, [herald, bote], now=book.at(-7200)))
    assert 0 == two("channels").code
    book.ledger.write_now(
        lambda conn: pause_channel(conn, bote, reason="Revoked.", probe_at=book.at(605), now=book.at(-7200))
    )
    answer = two("channels")
    assert 1 == answer.code
    said = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in answer.lines[1:]]
    assert [
        ["herald (telegram)", "@news_bot in Herald", "works", "1 pending"],
        [
            "bote (mastodon)",
            "@bote",
            "went down 2 h ago, tried again in 10 min: Revoked.",
            "1 pending, 1 failed",
        ],
        ["old (mastodon)", "@old", "taken out of the settings 2 h ago: what is open here goes nowhere", "1 pending"],
    ] == said
    told_of = two("channels", "--json").objects
    assert ["works", "down", "removed"] == [each["state"] for each in told_of]
    assert {"pending": 1, "uncertain": 0, "held": 0, "failed": 1} == told_of[1]["counts"]
    assert book.at(605).isoformat() == told_of[1]["next_try_at"]


def test_pause_and_resume_by_name(two: Handbill, book: Book) -> None:
    """A channel that a person pauses may not send, is shown first by `status`, and goes on when it is resumed."""
    herald, bote = book.channel("herald", "telegram"), book.channel("bote", "mastodon")
    book.article("Bridge closes", [herald, bote])
    answer = two("pause", "herald")
    assert (0, "Paused: herald. Nothing new is sent; `handbill resume herald` ends it.\n") == (answer.code, answer.out)
    assert [False, True] == _may(book, herald, bote)
    assert "Channel herald was paused by a person" in two("status").lines[0]
    assert "now: `handbill resume herald` ends it." in two("status").lines[0]
    assert (3, "paused") == (two("channels").code, two("channels", "--json").objects[0]["state"])
    assert "Paused: herald (already)." in two("pause", "herald").out
    assert "Resumed: herald." in two("resume", "herald").out
    assert book.ledger.read_now(lambda conn: may_send(conn, herald))
    assert (0, 0) == (two("channels").code, two("resume", "herald").code)


def test_pause_all_leaves_what_was_paused_by_name(two: Handbill, book: Book) -> None:
    """--all is one switch over everything: taken back, a channel that was paused by name stays so, and is named."""
    herald, bote = book.channel("herald", "telegram"), book.channel("bote", "mastodon")
    two("pause", "bote")
    assert two("pause", "--all").out.startswith("Everything is paused. Nothing new is sent")
    assert two("pause", "--all").out.startswith("Everything was paused already.")
    assert [False] * 2 == _may(book, herald, bote)
    assert ["Everything", "Channel bote"] == [line.split(" was ")[0].strip("! ") for line in two("status").lines[:2]]
    assert "Everything is still paused" in two("resume", "herald").out
    assert "Still paused by name: `handbill resume bote`" in two("resume", "--all").out
    assert book.ledger.read_now(lambda conn: find_switch(conn, PAUSED)) is None
    assert [True, False] == _may(book, herald, bote)


def test_pause_says_what_is_on_the_wire(two: Handbill, book: Book) -> None:
    """A call that has begun cannot be taken back: the command names its delivery."""
    (sending,) = book.article("Tram line opens", [book.channel("herald", "telegram")])
    book.begin(sending)
    assert f"  Delivery {sending} (“Tram line opens” on herald)" == two("pause", "--all").lines[-1]
    (said,) = two("pause", "--all", "--json").objects
    assert [sending] == [row["id"] for row in said["on_the_wire"]]


def test_resume_tries_a_channel_that_is_down_at_once(two: Handbill, book: Book) -> None:
    """A person who has mended the credentials need not wait for the next try."""
    bote = book.channel("bote", "mastodon")
    book.ledger.write_now(
        lambda conn: pause_channel(conn, bote, reason="revoked", probe_at=book.at(3000), now=book.at(-60))
    )
    assert "tried at once" in two("resume", "bote").out
    state = book.ledger.read_now(lambda conn: channels.get_channel(conn, bote))
    assert state.probe_at is not None
    assert state.probe_at < book.at(60)
    assert state.paused_at is not None


def test_pause_of_a_channel_that_was_never_met(two: Handbill, book: Book) -> None:
    """A configured channel may be paused before its first start."""
    assert 0 == two("pause", "bote").code
    assert [("bote", True)] == [
        (stop.channel, stop.since <= book.at(60)) for stop in book.ledger.read_now(pauses.list_stops)
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("pause",), "Name the channels to pause, or say --all"),
        (("pause", "herald", "--all"), "Name the channels to pause, or say --all"),
        (("resume",), "Name the channels to resume, or say --all"),
        (("pause", "heral"), "There is no channel heral"),
    ],
)
def test_slips(two: Handbill, book: Book, arguments: tuple[str, ...], said: str) -> None:
    """A slip of the keyboard changes nothing and is answered with a sentence."""
    answer = two(*arguments)
    assert (2, True) == (answer.code, said in answer.err)
    assert () == book.ledger.read_now(pauses.list_stops)


def test_pause_without_a_ledger(two: Handbill) -> None:
    """Where nothing was ever sent there is nothing to pause, and no file is made that would say otherwise."""
    answer = two("pause", "--all")
    assert (2, True) == (answer.code, "There is no ledger yet" in answer.err)


def test_a_pause_goes_with_the_name(book: Book) -> None:
    """The label of a paused channel that turns out to be another account's stays paused."""
    first = book.channel("herald", "telegram")
    book.ledger.write_now(lambda conn: pauses.stop(conn, [first], now=book.now))
    second = book.ledger.write_now(
        lambda conn: channels.bind_channel(
            conn, first, account_id="other", place_id="other", who="@other", url=None, now=book.now
        )
    )
    assert first != second
    assert not book.ledger.read_now(lambda conn: may_send(conn, second))


@pytest.mark.slow
async def test_a_paused_ledger_sends_nothing_and_goes_on(tmp_path: Path, new_ledger: Path) -> None:
    """`once` on a paused ledger finds articles, sends none of them and says why; resumed, all are out, in order."""
    async with Stage(tmp_path) as stage:
        lay_ledger(new_ledger, stage)
        assert 0 == (await told(stage, "pause", "--all"))[0]
        articles = [stage.publication.publish_next() for _ in range(2)]
        code, out, _ = await told(stage, "once", BACKFILL="2")
        assert (3, []) == (code, [post for seat in stage.seats.values() for post in seat.server.public()])
        assert "Everything was paused by a person" in out.splitlines()[0]
        assert "6 open, waiting for that." == out.splitlines()[-1]
        code, out, _ = await told(stage, "once", "--json")
        assert (3, ["everything"]) == (code, json.loads(out)["paused"])
        await told(stage, "resume", "--all")
        code, out, _ = await told(stage, "once")
        assert (0, "Nothing is open.\n") == (code, out + "\n")
        assert [[article.link for article in articles]] * 3 == [list(seat.by_link()) for seat in stage.seats.values()]


async def test_pause_beside_the_daemon(tmp_path: Path, new_ledger: Path) -> None:
    """Paused while the daemon runs, what is published after the command has returned is planned, and goes nowhere."""
    async with Stage(tmp_path) as stage:
        lay_ledger(new_ledger, stage)
        stage.publication.publish_next()
        async with Program(stage, "run", "--log-json", BACKFILL="1", POLL_EVERY="1s") as program:
            await program.heard(lambda events: sum(e["event"] == "delivery.sent" for e in events) == 3)
            await told(stage, "pause", "--all")
            late = stage.publication.publish_next()
            await program.heard(lambda events: sum(e["event"] == "article.found" for e in events) == 2)
            assert 0 == await program.stopped()
        assert [[]] * 3 == [seat.posts_of(late) for seat in stage.seats.values()]
        code, out, _ = await told(stage, "status", "--json")
        assert (3, 3) == (code, json.loads(out)["open"])
