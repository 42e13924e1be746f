"""`handbill preview` before a person: side by side where there is room, and plain where that is wanted."""

from tests.cli.running import Handbill
from tests.stage import Stage

OPEN = {"HANDBILL_FETCH__ALLOW_NETWORKS": "127.0.0.0/8", "HANDBILL_ENRICH": "false"}
COLOURS = {"FORCE_COLOR": "1", "TERM": "xterm", "HANDBILL_FETCH__ALLOW_NETWORKS": "127.0.0.0/8"}


async def _on_a_terminal(stage: Stage, columns: int, **more: str) -> list[str]:
    stage.publication.publish("Bridge [red]closes", "For a week. " * 60, picture=True)
    answer = await Handbill(OPEN).beside("preview", stage.feed_url, **COLOURS, COLUMNS=str(columns), **more)
    assert 0 == answer.code, answer.err
    return answer.unstyled


async def test_channels_stand_side_by_side(stage: Stage) -> None:
    """On a wide terminal the three posts begin in one line, and no line is wider than the terminal."""
    lines = await _on_a_terminal(stage, 132)
    names = [line for line in lines if "telegram" in line]
    assert all(each in names[0] for each in ("telegram", "mastodon", "bluesky"))
    assert max(map(len, lines)) <= 132
    whole = "\n".join(lines)
    for words in (
        "of 500 characters",
        "of 300 graphemes",
        "the summary was shortened to fit",
        "picture: JPEG, 1200",
        "card with picture",
    ):
        assert words in whole


async def test_channels_stand_below_each_other(stage: Stage) -> None:
    """On a narrow terminal each post has its full width."""
    lines = await _on_a_terminal(stage, 70)
    starts = [number for number, line in enumerate(lines) if line.startswith(("telegram", "mastodon", "bluesky"))]
    assert 3 == len(starts)
    assert max(map(len, lines)) <= 70


async def test_without_colours_it_is_lines(stage: Stage) -> None:
    """With NO_COLOR there are no boxes and no columns, however wide the terminal is: a screen reader reads it aloud."""
    lines = await _on_a_terminal(stage, 200, NO_COLOR="1")
    assert not any(character in "╭╮╰╯─" for line in lines for character in line)
    assert any(line.startswith("· ") and "of 300 graphemes" in line for line in lines)


async def test_what_is_missing_is_said(stage: Stage) -> None:
    """An article without a picture and a language says so where it matters: a platform that tells no language does
    not ask for one."""
    stage.publication.language = ""
    stage.publication.publish("Bridge closes")
    told = {
        each["platform"]: each["warnings"]
        for each in (await Handbill(OPEN).beside("preview", stage.feed_url, "--json")).objects
    }
    unread = "no picture: the source names none, and the page was not read"
    assert {
        "telegram": [unread],
        "mastodon": [unread, "the article has no language"],
        "bluesky": [unread, "the article has no language"],
    } == told
