"""What all commands have in common: mistakes are one sentence each, nothing is a traceback, help is quick."""

import sqlite3
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bot.ledger import sqlite
from tests.cli.books import FACE, Book
from tests.cli.running import Handbill

LEDGER_COMMANDS = (
    ["status"],
    ["log"],
    ["log", "1"],
    ["resolve"],
    ["resolve", "1", "--drop"],
    ["retry"],
    ["retry", "1"],
)
HEAVY = (
    *(
        "sqlalchemy",
        "alembic",
        "pydantic",
        "pydantic_settings",
        "aiohttp",
        "httpx",
        "requests",
        "lxml",
        "PIL",
        "jinja2",
    ),
    *("structlog", "rich", "telegram", "mastodon", "atproto_client"),
)


async def test_the_command_line_imports_nothing_heavy() -> None:
    """Until a command runs, no library that takes long to load has been imported: help is quick."""
    script = f"import sys, bot.cli; print([name for name in {HEAVY!r} if name in sys.modules])"
    process = await create_subprocess_exec(sys.executable, "-c", script, stdout=PIPE, cwd=Path(__file__).parents[2])
    out, _ = await process.communicate()
    assert b"[]" == out.strip()


def test_help_names_every_command(handbill: Handbill) -> None:
    """`handbill --help` lists every command with a sentence that is not cut short."""
    answer = handbill("--help")
    assert 0 == answer.code
    for command in ("run", "once", "check", "preview", "status", "log", "resolve", "retry", "demo"):
        assert f"│ {command} " in answer.out
    assert "..." not in answer.out.replace("[ARGS]...", "")


@pytest.mark.parametrize("command", ["run", "once", "check", "preview", "status", "log", "resolve", "retry"])
def test_settings_mistakes_end_every_command(handbill: Handbill, command: str) -> None:
    """Wrong settings end every command with 2, each mistake a line on stderr, and nothing on stdout."""
    arguments = [command, "https://news.example/feed"] if command == "preview" else [command]
    answer = handbill(*arguments, HANDBILL_POLL_EVERY="often", HANDBILL_BAKFILL="3")
    assert (2, "") == (answer.code, answer.out)
    assert ["HANDBILL_BAKFILL is not a setting: did you mean HANDBILL_BACKFILL?"] == [
        line for line in answer.err.splitlines() if "BAKFILL" in line
    ]
    assert 2 == len(answer.err.splitlines())


@pytest.mark.parametrize(
    "arguments", [["--nonsense"], ["nonsense"], ["log", "--newest", "-1"], ["log", "--state", "lost"], ["retry", "x"]]
)
def test_usage_mistakes(handbill: Handbill, arguments: list[str]) -> None:
    """An unknown option, command or value ends with 2."""
    answer = handbill(*arguments)
    assert (2, "") == (answer.code, answer.out)
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("arguments", LEDGER_COMMANDS)
def test_no_ledger_yet_is_not_made(handbill: Handbill, tmp_path: Path, arguments: list[str]) -> None:
    """A command that only looks makes no ledger, and says who will."""
    answer = handbill(*arguments)
    assert "There is no ledger yet (sqlite:///" in answer.err
    assert "`handbill run` or `handbill once` makes it." in answer.err
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", LEDGER_COMMANDS)
def test_a_database_of_somebody_else(handbill: Handbill, tmp_path: Path, arguments: list[str]) -> None:
    """A file that is another program's database, or none at all, is refused with one sentence and left as it is."""
    other = tmp_path / "handbill.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
    connection.close()
    answer = handbill(*arguments)
    assert (2, "", 1) == (answer.code, answer.out, len(answer.err.splitlines()))
    assert "is not a Handbill ledger" in answer.err
    other.write_text("Dear diary, this is no database, and never has been one. " * 99)
    answer = handbill(*arguments)
    assert (2, "", 1) == (answer.code, answer.out, len(answer.err.splitlines()))
    assert other.read_text().startswith("Dear diary")


def test_a_newer_ledger(handbill: Handbill, book: Book, tmp_path: Path) -> None:
    """A ledger that a newer release has written is refused with one sentence."""
    engine = create_engine(f"sqlite:///{tmp_path / 'handbill.db'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    answer = handbill("status")
    assert (2, "", 1) == (answer.code, answer.out, len(answer.err.splitlines()))
    assert "was written by a newer Handbill (version 9999" in answer.err


def test_a_locked_ledger(handbill: Handbill, book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another program keeps the ledger locked, decisions and rounds end with one sentence and change nothing."""
    monkeypatch.setattr(sqlite, "BUSY_FOR", 0.05)
    (delivery,) = book.article("Tram line opens", [book.channel("telegram")])
    book.uncertain(delivery)
    other = sqlite3.connect(tmp_path / "handbill.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    account = {
        "HANDBILL_TELEGRAM__TOKEN": "123456:AAEhBP0av28hunter2hunter2hunter2",
        "HANDBILL_TELEGRAM__CHAT": "@herald",
    }
    answers = [handbill("resolve", str(delivery), "--drop"), handbill("once", **FACE, **account)]
    other.execute("ROLLBACK")
    other.close()
    for answer in answers:
        assert (2, "", 1) == (answer.code, answer.out, len(answer.err.splitlines()))
        assert "cannot be used right now (database is locked): try again in a moment." in answer.err
    assert "uncertain" == book.state(delivery)


async def test_a_process_of_its_own(handbill: Handbill, book: Book) -> None:
    """`python -m bot` does all that in a process too, with warnings as errors, and tells by its exit code."""
    (delivery,) = book.article("Zug um Zug – „neu“", [book.channel("telegram")])
    book.uncertain(delivery)
    listed = await handbill.process("resolve")
    assert (0, "") == (listed.code, listed.err)
    assert "Delivery 1: Zug um Zug – „neu“" == listed.lines[0]
    assert 1 == (await handbill.process("status")).code
    done = await handbill.process("resolve", "1", "--not-sent", "--json")
    assert ["pending"] == [each["state"] for each in done.objects]
    again = await handbill.process("resolve", "1", "--not-sent")
    assert (2, "", 1) == (again.code, again.out, len(again.err.splitlines()))
    assert 3 == (await handbill.process("status", "--json")).code


async def test_a_terminal_without_unicode(handbill: Handbill, book: Book) -> None:
    """Where the output takes ASCII only, tables spell out what it lacks, and JSON loses nothing."""
    (delivery,) = book.article("Grünau", [book.channel("telegram")])
    book.failed(delivery)
    shown = await handbill.process("log", PYTHONIOENCODING="ascii")
    assert 0 == shown.code
    assert "Gr\\xfcnau" in shown.out
    (row,) = (await handbill.process("log", "--json", PYTHONIOENCODING="ascii")).objects
    assert "Grünau" == row["article"]["title"]
