"""`handbill preview`: what it shows is what is sent, to the byte."""

import json

from adapters.registry import PLATFORMS
from adapters.sandbox.faults import Fault
from adapters.sandbox.mastodon import MastodonSandbox
from tests.cli.running import Handbill
from tests.sources.wild import Site
from tests.stage import HOME, Stage

OPEN = {"HANDBILL_FETCH__ALLOW_NETWORKS": "127.0.0.0/8", "HANDBILL_ENRICH": "false"}


async def test_preview_needs_no_account_and_no_ledger(stage: Stage) -> None:
    """Without any channel it shows the newest article on every platform by its defaults, and leaves no file."""
    stage.publication.publish("Older")
    stage.publication.publish("Bridge closes", "For a week.", picture=True, alt="A bridge")
    answer = await Handbill(OPEN).beside("preview", stage.feed_url, "--json")
    assert (0, "") == (answer.code, answer.err)
    assert list(PLATFORMS) == [each["platform"] for each in answer.objects]
    for each in answer.objects:
        assert {"title": "Bridge closes", "link": f"{HOME}/articles/2", "language": "en"} == each["article"]
        assert None is each["channel"]
        assert each["text"].startswith("Bridge closes\n\nFor a week.\n\n")
        assert 0 < each["length"] <= each["limit"]
        for mark in each["marks"]:
            assert each["text"][mark["start"] : mark["end"]] == mark["text"]
    by_platform = {each["platform"]: each for each in answer.objects}
    assert by_platform["bluesky"]["card"]["picture"]
    assert ("graphemes", 300) == (by_platform["bluesky"]["unit"], by_platform["bluesky"]["limit"])
    assert by_platform["telegram"]["body"]["link_preview_options"]["url"] == f"{HOME}/articles/2"
    assert not stage.ledger.exists()


async def test_preview_reads_the_articles_page_as_the_daemon_does() -> None:
    """What the feed leaves open comes from the page; one that cannot be read is told of, and costs nothing else."""
    site = Site()
    await site.start()
    try:
        page = site.page(
            "/one", '<meta name="description" content="All about it.">', headers={"Content-Type": "text/html"}
        )
        items = [{"id": "1", "url": page, "title": "One"}, {"id": "2", "url": site.url("/two"), "title": "Two"}]
        feed = site.page("/f", json.dumps({"version": "https://jsonfeed.org/version/1", "title": "F", "items": items}))
        handbill = Handbill({**OPEN, "HANDBILL_ENRICH": "true"})
        answer = await handbill.beside("preview", feed, "--newest", "2", "--json")
        texts = {(each["article"]["title"], "All about it." in each["text"]) for each in answer.objects}
        assert {("One", True), ("Two", False)} == texts
        assert "does not exist (404)" in answer.err
    finally:
        await site.stop()


async def test_preview_for_people(stage: Stage) -> None:
    """For people: the text line by line, count of limit with its unit, marks, card and where they lead."""
    stage.publication.publish("Bridge [red]closes", "For a week.", picture=True)
    answer = await Handbill(stage.environment()).beside("preview", stage.feed_url)
    assert (0, "") == (answer.code, answer.err)
    assert ["Bridge [red]closes", f"{HOME}/articles/1", ""] == answer.lines[:3]
    telegram = answer.lines[answer.lines.index("telegram") : answer.lines.index("mastodon")]
    assert [
        "telegram",
        "│ Bridge [red]closes",
        "│ ",
        "│ For a week.",
        "│ ",
        f"│ {HOME}/articles/1",
        "· 70 of 4096 characters",
        "· bold: Bridge [red]closes",
        f"· link: {HOME}/articles/1",
        f"· card: Bridge [red]closes — For a week. → {HOME}/articles/1",
        "",
    ] == telegram
    assert "· 62 of 300 graphemes" in answer.lines
    assert f"· link: herald.example.org/articles/1 → {HOME}/articles/1" in answer.lines
    assert f"· card with picture: Bridge [red]closes — For a week. → {HOME}/articles/1" in answer.lines


async def test_preview_goes_by_the_channels_own_limits(stage: Stage) -> None:
    """A configured channel composes by what its server tells, and when that cannot be asked, says so and goes on."""
    server = stage.seats["mastodon"].server
    assert isinstance(server, MastodonSandbox)
    server.traits.max_characters = 1234
    stage.publication.publish("Bridge closes", "For a week. " * 200)
    handbill = Handbill(stage.environment(MASTODON__VISIBILITY="unlisted", MASTODON__LANGUAGE="de"))
    (told,) = (await handbill.beside("preview", stage.feed_url, "--channel", "mastodon", "--json")).objects
    assert (1234, "mastodon", "unlisted") == (told["limit"], told["channel"], told["body"]["visibility"])
    assert 1100 < told["length"] <= 1234
    assert [] != told["warnings"]
    await server.stop()
    (told,) = (await handbill.beside("preview", stage.feed_url, "--channel", "mastodon", "--json")).objects
    assert (500, "unlisted") == (told["limit"], told["body"]["visibility"])
    assert any("without having asked the platform for its limits" in warning for warning in told["warnings"])


async def test_preview_of_several(stage: Stage) -> None:
    """--newest N shows the newest N, newest first, each on every channel; more than there are is all there are."""
    for number in range(4):
        stage.publication.publish(f"Article {number}")
    handbill = Handbill(stage.environment())
    answer = await handbill.beside("preview", stage.feed_url, "--newest", "2", "--json")
    found = [(each["article"]["title"], each["platform"]) for each in answer.objects]
    assert [(title, platform) for title in ("Article 3", "Article 2") for platform in PLATFORMS] == found
    assert 12 == len((await handbill.beside("preview", stage.feed_url, "--newest", "99", "--json")).objects)


async def test_preview_takes_names_and_platforms(stage: Stage) -> None:
    """A source may be given by its name, and --channel may be a platform that is not configured, by its defaults."""
    stage.publication.publish("Bridge closes")
    handbill = Handbill({**OPEN, "HANDBILL_SOURCES": stage.feed_url})
    name = f"127.0.0.1:{stage.publication.port}/feed.xml"
    (told,) = (await handbill.beside("preview", name, "--channel", "bluesky", "--json")).objects
    assert (None, "bluesky") == (told["channel"], told["platform"])
    unknown = await handbill.beside("preview", name, "--channel", "blueski")
    assert (2, "", "There is no channel blueski: did you mean bluesky?\n") == (unknown.code, unknown.out, unknown.err)


async def test_preview_of_what_is_no_feed(stage: Stage) -> None:
    """An address that gives nothing and a word end with one sentence each, an empty feed says that it is; a page is
    shown by the feed that it names."""
    handbill = Handbill(OPEN)
    empty = await handbill.beside("preview", stage.feed_url)
    assert (1, ["The feed has no article that could be posted."]) == (empty.code, empty.lines)
    stage.publication.publish("A story", slug="story")
    for address, code, words in (
        (f"{stage.publication.url}/nothing", 1, "does not exist (404). Check the address in a browser."),
        ("herald", 2, "herald is neither the name of a source nor an address"),
        ("ftp://herald.example.org/feed", 1, "is not a web address."),
    ):
        answer = await handbill.beside("preview", address)
        assert (code, "", 1) == (answer.code, answer.out, len(answer.err.splitlines()))
        assert words in answer.err
    page = await handbill.beside("preview", f"{stage.publication.url}/articles/story")
    assert (0, True) == (page.code, "A story" in page.out)


async def test_preview_says_that_an_article_has_no_picture(stage: Stage) -> None:
    """Where a picture would be shown and the article has none, a warning says just that."""
    stage.publication.publish("Bridge closes")
    answer = await Handbill(OPEN).beside("preview", stage.feed_url, "--channel", "bluesky")
    assert "! no picture: the source names none, and the page was not read" in answer.lines


async def test_preview_says_when_a_picture_is_left_out(stage: Stage) -> None:
    """A picture that cannot be fetched costs the picture alone, and a warning says so where it was wanted."""
    stage.publication.publish("Bridge closes", picture=True)
    handbill = Handbill(OPEN)
    for broken in (False, True):
        if broken:
            # The first request is for the feed, the second for the picture.
            stage.publication.faults.add(Fault("error", "read", after=1, status=404))
        answer = await handbill.beside("preview", stage.feed_url, "--json")
        assert 0 == answer.code
        told = {each["platform"]: each for each in answer.objects}
        assert broken != told["bluesky"]["card"]["picture"]
        warned = {platform: [w for w in each["warnings"] if "no picture" in w] for platform, each in told.items()}
        assert [] == warned["telegram"]
        assert broken == any("/pictures/1.jpg" in warning for warning in warned["bluesky"])
        assert broken == ("picture.refused" in answer.err)
