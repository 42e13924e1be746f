"""The web server of the real process, and the lines that the README gives for it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.docs.pages import README
from tests.inside import lay_ledger
from tests.process import Program, told
from tests.secrecy import hand_out
from tests.stage import Stage

SECRET = hand_out("77c1f2b4ad0e4f31bb0f6d8c9e5a2211")


@pytest.fixture
async def stage(tmp_path: Path, new_ledger: Path) -> AsyncIterator[Stage]:
    """One platform and an empty ledger."""
    async with Stage(tmp_path, platforms=["mastodon"]) as stage:
        lay_ledger(new_ledger, stage)
        yield stage


async def test_the_lines_of_the_readme_post_an_article(stage: Stage) -> None:
    """What the README gives to copy works with curl and openssl as they are, against the daemon as it is."""
    (lines,) = README.blocks("sh")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]}"
    async with Program(stage, "run", "--log-json", WEB__LISTEN=where, WEB__HOOK_SECRET=SECRET) as program:
        await program.heard(lambda events: any(each["event"] == "web.listening" for each in events))
        said = []
        for _ in range(2):
            shell = await asyncio.create_subprocess_exec(
                *("sh", "-e", "-c", lines),
                env={"PATH": "/usr/bin:/bin", "HANDBILL_WEB__HOOK_SECRET": SECRET, "HANDBILL": f"http://{where}"},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            out, _ = await shell.communicate()
            said.append(json.loads(out)["articles"][0]["state"])
        assert ["new", "known"] == said
        await program.heard(lambda events: any(each["event"] == "delivery.sent" for each in events))
        assert 0 == await program.stopped()
    (post,) = stage.seats["mastodon"].server.public()
    assert "https://news.example/trees" in post.text


async def test_an_address_that_is_taken(stage: Stage) -> None:
    """Where something else listens already, one sentence says so, and the program ends as with any wrong setting."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        code, _, err = await told(stage, "run", WEB__LISTEN=where)
    assert 2 == code
    [line] = [line for line in err.splitlines() if "listen" in line]
    assert f"The web server cannot listen on {where} (" in line
    assert "HANDBILL_WEB__LISTEN" in line
