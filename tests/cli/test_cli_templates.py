"""Templates of the operator's own, from the command line to what readers see."""

from pathlib import Path

import pytest

from tests.cli.running import Handbill
from tests.stage import HOME, Stage

OPEN = {"HANDBILL_FETCH__ALLOW_NETWORKS": "127.0.0.0/8", "HANDBILL_ENRICH": "false"}


@pytest.mark.parametrize(
    "command", [["run"], ["once"], ["check"], ["preview", "https://herald.example.org/feed.xml"]], ids=" ".join
)
def test_mistakes_in_templates_are_mistakes_in_the_settings(command: list[str], stage: Stage, tmp_path: Path) -> None:
    """Every command that makes or checks posts tells them all, each by file and line, and ends with exit code 2 before
    anything else happens."""
    tmp_path.joinpath("posts").mkdir()
    tmp_path.joinpath("posts", "default.txt").write_text("{{ titel }}\n{{ link }}")
    tmp_path.joinpath("posts", "mastodon.txt").write_text("{{ title }}")
    answer = Handbill(stage.environment(TEMPLATES="posts"))(*command)
    assert (2, "") == (answer.code, answer.out)
    assert [
        "posts/default.txt, line 1: titel is not a name: did you mean title?",
        "posts/mastodon.txt: there is no link, and a post leads to its article; write {{ link }} once.",
    ] == answer.err.splitlines()
    assert not stage.ledger.exists()


async def test_posts_are_made_by_the_operators_templates(stage: Stage, tmp_path: Path) -> None:
    """The preview shows what each channel's most specific template makes, and that is what readers get."""
    posts = tmp_path / "posts"
    posts.mkdir()
    posts.joinpath("mastodon.txt").write_text("{{ source }}: {{ title | upper }} {{ link }}")
    posts.joinpath("channel-bluesky.source-the-herald.txt").write_text("{{ link }}\n{{ title | shorten(8) }}")
    posts.joinpath("source-the-herald.txt").write_text("New: {{ title }} {{ link }}")
    config = tmp_path / "handbill.toml"
    config.write_text(f'templates = "posts"\n[[sources]]\nname = "The Herald"\nurl = "{stage.feed_url}"\n')
    environment = {**stage.environment(BACKFILL="1"), "HANDBILL_CONFIG": str(config)}
    del environment["HANDBILL_SOURCES"]
    stage.publication.publish("Bridge closes")
    handbill = Handbill(environment)
    checked = (await handbill.beside("check", "--json")).objects[0]
    names = [f"{posts}/{name}" for name in sorted(path.name for path in posts.iterdir())]
    assert [f"Posts are made by templates of your own: {names[0]}, {names[1]} and {names[2]}."] == checked["notes"]
    previews = (await handbill.beside("preview", "The Herald", "--json")).objects
    link = f"{HOME}/articles/1"
    assert {
        "telegram": f"New: Bridge closes {link}",
        "mastodon": f"The Herald: BRIDGE CLOSES {link}",
        "bluesky": f"{link.removeprefix('https://')}\nBridge…",
    } == {each["platform"]: each["text"] for each in previews}
    assert 0 == (await handbill.process("once")).code
    sent = {
        name: [post.text for posts in seat.by_link().values() for post in posts] for name, seat in stage.seats.items()
    }
    assert {each["platform"]: [each["text"]] for each in previews} == sent


@pytest.mark.slow
async def test_a_post_that_a_template_fails_on_is_not_lost_silently(stage: Stage, tmp_path: Path) -> None:
    """The delivery has failed with file and mend as its reason; once the template is mended, `retry` sends it."""
    posts = tmp_path / "posts"
    posts.mkdir()
    posts.joinpath("mastodon.txt").write_text("{{ title }} {{ link }}" + "{{ summary | upper }}" * 15)
    stage.publication.publish("Bridge closes", "ß" * 9_500)
    handbill = Handbill(stage.environment(BACKFILL="1", TEMPLATES=str(posts)))
    first = await handbill.process("once")
    (failed,) = [each for each in handbill("log", "--json").objects if each["state"] == "failed"]
    why = f"{posts}/mastodon.txt: it comes to more than 200,000 characters; make it shorter."
    assert ("mastodon", f"{why} Start Handbill anew once that is mended; `handbill retry` sends this then.") == (
        failed["channel"],
        failed["reason"],
    )
    assert "delivery.failed" in first.err
    assert {"telegram": 1, "mastodon": 0, "bluesky": 1} == {
        name: len(seat.server.public()) for name, seat in stage.seats.items()
    }
    posts.joinpath("mastodon.txt").write_text("{{ title }} {{ link }}")
    assert 0 == handbill("retry", str(failed["id"])).code
    await handbill.process("once")
    assert 1 == len(stage.seats["mastodon"].server.public())


async def test_without_its_settings_a_feed_is_shown_by_the_defaults(stage: Stage, tmp_path: Path) -> None:
    """An address that no setting names has no source's name: templates for every source count."""
    tmp_path.joinpath("default.txt").write_text("[{{ source }}] {{ title }} {{ link }}")
    mine = tmp_path / "mine"
    mine.mkdir()
    tmp_path.joinpath("default.txt").rename(mine / "default.txt")
    stage.publication.publish("Bridge closes")
    answer = await Handbill({**OPEN, "HANDBILL_TEMPLATES": str(mine)}).beside("preview", stage.feed_url, "--json")
    assert all(each["text"].startswith("[] Bridge closes ") for each in answer.objects)
    assert 3 == len(answer.objects)
