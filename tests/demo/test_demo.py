"""The demo from end to end: the real daemon against the sandbox, and a judge that can say no."""

import asyncio
import io
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

import bot
from adapters.sandbox.server import PublicPost
from bot.demo.daemon import DaemonDied
from bot.demo.play import Wishes, play
from bot.demo.stage import CHAT, Stage

TITLES = ("Fish & chips", "Family day", "„Endlich!“", "The long read", "桜前線が北上")


async def start(*options: str, folder: Path) -> Process:
    """`handbill demo` as a process, in a folder whose .env would spoil it if anybody read it."""
    (folder / ".env").write_text("HANDBILL_SOURCES=not an address\nHANDBILL_TELEGRAM__TOKEN=nonsense\n")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HANDBILL_")}
    here = str(Path(bot.__file__).parent.parent)
    # What runs in a shell's background ignores SIGINT, and whatever it starts inherits that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "demo", *options),
            cwd=folder,
            env={**clean, "HANDBILL_MASTODON__TOKEN": "of the operator's", "COLUMNS": "80", "PYTHONPATH": here},
            stdout=PIPE,
            stderr=STDOUT,
        )
    finally:
        signal.signal(signal.SIGINT, before)


async def run(*options: str, folder: Path) -> tuple[int, str]:
    """Exit code and output of a demo."""
    process = await start(*options, folder=folder)
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


def table(output: str) -> list[str]:
    """The rows of the table, without its head."""
    lines = output.splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("Telegram ") and "Article" in line)
    return lines[head + 1 : lines.index("", head)]


@pytest.mark.slow
async def test_the_demo_shows_posts_trouble_and_a_table_and_succeeds(tmp_path: Path) -> None:
    """Its own programme: a lost answer, an outage, being told to wait, a SIGKILL; everything is out exactly once."""
    code, output = await run("--articles", "5", "--every", "0.2", folder=tmp_path)
    assert code == 0, output
    old, *rows = table(output)
    assert old.count("– not posted") == 3
    assert [row.count("✓ once") for row in rows] == [3] * 5
    assert [title for title, row in zip(TITLES, rows, strict=True) if title not in row] == []
    assert [re.findall(r"✓ once, (\w+)", row) for row in rows] == [[], ["found"], ["resent"], ["waited"], ["found"]]
    for title in TITLES:
        posts = [line for line in output.splitlines() if line.lstrip().startswith(f"│ {title}")]
        assert len(posts) == 3
    assert "Telegram  @sandbox_herald" in output
    assert "https://herald.example.org/articles/fish-and-chips" in output
    assert "Mastodon takes the post, then cuts the line before it has answered." in output
    assert "Bluesky is out of order: it answers 503" in output
    assert "is killed" in output
    assert "✓ Right: 15 posts from 5 articles" in output
    assert "\x1b" not in output


@pytest.mark.slow
async def test_faults_of_the_operators_own(tmp_path: Path) -> None:
    """Telegram's very first answer is lost: it steps aside, the next post tells where it is; the others are asked at
    once, and all is out once."""
    faults = ("telegram:cut", "mastodon:error-after=502", "bluesky:drop")
    options = [option for fault in faults for option in ("--fault", fault)]
    code, output = await run("--articles", "2", "--every", "0", *options, folder=tmp_path)
    assert code == 0, output
    _, first, second = table(output)
    assert re.split(r"  +", first)[:3] == ["✓ once, found", "✓ once, found", "✓ once, resent"]
    assert second.count("✓ once") == 3
    assert "The next post there may tell" in " ".join(output.split())
    assert re.search(r"handbill\s+resolve\s+\d+\s+--sent\s+URL", output)
    assert "✓ Right: 6 posts from 2 articles" in output


@pytest.mark.slow
async def test_a_first_post_of_all_without_a_second(tmp_path: Path) -> None:
    """Telegram's very first answer is lost and no post follows: it waits for a person, and that is right."""
    code, output = await run("--articles", "1", "--every", "0", "--fault", "telegram:cut", folder=tmp_path)
    assert code == 0, output
    _, row = table(output)
    assert re.split(r"  +", row)[:3] == ["? unsure, is out", "✓ once", "✓ once"]
    assert "1 of unknown outcome left to a person" in output


@pytest.mark.parametrize("fault", ["telegram:cats", "nowhere:cut", "cut"])
async def test_a_fault_that_is_none_is_one_sentence(fault: str, tmp_path: Path) -> None:
    """A slip in --fault ends with one sentence and exit code 2, before anything is started."""
    code, output = await run("--fault", fault, folder=tmp_path)
    assert code == 2
    assert output.startswith("--fault: ")
    assert output.count("\n") == 1


async def test_ctrl_c_leaves_nothing_running(tmp_path: Path) -> None:
    """SIGINT in the middle: the daemon is ended too, and the exit code is the one of an interrupted program."""
    process = await start("--articles", "3", "--every", "60", folder=tmp_path)
    assert process.stdout is not None
    daemon = 0
    async for line in process.stdout:
        if found := re.search(rb"handbill run, process (\d+)", line):
            daemon = int(found[1])
        if b"looked at the feed" in line:
            process.send_signal(signal.SIGINT)
            break
    rest = (await process.stdout.read()).decode()
    assert await process.wait() == 130
    assert "Nothing of the demo is left running" in rest
    with pytest.raises(ProcessLookupError):
        os.kill(daemon, 0)


# ── in this process, on a stage of our own ────────────────────────────────────────────────────────────────────────


def printed() -> tuple[Console, io.StringIO]:
    """A console of 80 columns, and what is printed on it."""
    out = io.StringIO()
    return Console(file=out, width=80, highlight=False, markup=False, emoji=False), out


class Spoilt(Stage):
    """A stage on which people post and delete by hand behind Handbill's back."""

    def public(self) -> list[PublicPost]:
        """Telegram's post twice, Mastodon's gone, and a stray on Telegram."""
        chat = self.telegram._chats[CHAT]
        last = chat.messages[chat.last_id]
        self.telegram._keep(chat, replace(last, id=chat.next_id()))
        self.telegram.write(CHAT, "Buy cheap watches at https://watches.example")
        for status in list(self.mastodon.store.statuses.values()):
            self.mastodon.store.remove(status)
        return super().public()


async def test_the_judge_says_no(tmp_path: Path) -> None:
    """What readers see decides: with a double, a missing and a stray post the demo fails, whatever the ledger says."""
    console, out = printed()
    stage = Spoilt()
    assert not await play(Wishes(articles=1, every=0, log=True), console, stage)
    output = out.getvalue()
    _, row = [line for line in table(output) if line]
    assert re.split(r"  +", row)[:3] == ["✗ out twice", "✗ missing", "✓ once"]
    assert "A post that belongs to no article, on Telegram: Buy cheap watches" in output
    assert "✗ Not right: 3 of the deliveries" in output
    secrets = [value for name, value in stage.settings(tmp_path).items() if re.search("TOKEN|PASSWORD", name)]
    assert len(secrets) == 3
    assert [secret for secret in secrets if secret in output] == []


class Misconfigured(Stage):
    """A stage whose operator has made a mistake."""

    def settings(self, folder: Path) -> Mapping[str, str]:
        """As ever, but for the interval."""
        return {**super().settings(folder), "HANDBILL_POLL_EVERY": "soon"}


async def test_a_daemon_that_dies_is_heard() -> None:
    """When the daemon ends by itself, the demo shows what it said last, and fails."""
    console, out = printed()
    with pytest.raises(DaemonDied, match="exit code 2"):
        await play(Wishes(articles=1, every=0), console, Misconfigured())
    assert "Its last words" in out.getvalue()
    assert "HANDBILL_POLL_EVERY" in out.getvalue()
