"""`handbill sources`: what is watched, what could be, how it is read, and lists from elsewhere."""

import json
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cli.running import Handbill
from tests.sources.test_discover import linked, page, rss
from tests.sources.wild import Site

LOCAL = {"HANDBILL_FETCH__ALLOW_NETWORKS": "127.0.0.0/8"}


@pytest.fixture
async def news() -> AsyncIterator[Site]:
    """A site whose home page names a feed of two articles."""
    site = Site()
    await site.start()
    site.page("/", page(linked("/feed.xml")))
    site.page("/feed.xml", rss("The Herald", "first", "second"))
    yield site
    await site.stop()


@pytest.fixture
def bare() -> Handbill:
    """The command line without any setting but the right to read from this machine."""
    return Handbill(LOCAL)


def config(before: str | None = None) -> str:
    """What stands in handbill.toml, "" where there is none; with `before`, that is put there first, for the group."""
    path = Path("handbill.toml")
    if before is not None:
        path.write_text(before, "utf-8")
        path.chmod(0o640)
    return path.read_text("utf-8") if path.exists() else ""


def mode() -> int:
    """Who may read handbill.toml."""
    return Path("handbill.toml").stat().st_mode & 0o777


async def test_add_finds_recommends_and_writes(bare: Handbill, news: Site) -> None:
    """From the address of a home page to a source in handbill.toml, which the next command reads."""
    answer = await bare.beside("sources", "add", news.url(), "--name", "herald")
    assert 0 == answer.code
    for words in ("recommended", news.url("/feed.xml"), "first", "Added herald to handbill.toml"):
        assert words in answer.out
    assert {"sources": [{"url": news.url("/feed.xml"), "name": "herald"}]} == tomllib.loads(config())
    [row] = [json.loads(line) for line in bare("sources", "--json").out.splitlines()]
    assert ("herald", news.url("/feed.xml"), None) == (row["name"], row["url"], row["polled_at"])


async def test_add_touches_nothing_that_stands_in_the_file(bare: Handbill, news: Site) -> None:
    """Comments, order and the file's mode stay; the new table comes at the end."""
    before = config('# mine\nsettle = "2m"  # patience\n\n[[sources]]\nurl = "https://a.example/feed"\n')
    assert 0 == (await bare.beside("sources", "add", news.url("/feed.xml"))).code
    assert config().startswith(before)
    assert (2, 0o640) == (len(tomllib.loads(config())["sources"]), mode())


async def test_add_what_is_watched_already_changes_nothing(bare: Handbill, news: Site) -> None:
    """The same feed a second time: one sentence, and the file is as it was."""
    await bare.beside("sources", "add", news.url())
    before = config()
    answer = await bare.beside("sources", "add", news.url("/feed.xml"))
    assert (2, True) == (answer.code, "watched already" in answer.err)
    assert before == config()


async def test_looking_only_changes_nothing(bare: Handbill, news: Site) -> None:
    """--look-only shows the offers, for machines as well, and writes no file."""
    answer = await bare.beside("sources", "add", news.url(), "--look-only", "--json")
    [offer, *_] = [json.loads(line) for line in answer.out.splitlines()]
    assert ("feed", 2, ["first", "second"]) == (
        offer["kind"],
        offer["articles"],
        [entry["title"] for entry in offer["newest"]],
    )
    assert "" == config()


async def test_an_address_where_nothing_can_be_watched(bare: Handbill, news: Site) -> None:
    """Nothing there, or no such address: a sentence, and nothing is written."""
    assert 1 == (await bare.beside("sources", "add", news.url("/missing"))).code
    answer = bare("sources", "add", "ftp://news.example/")
    assert (2, True) == (answer.code, "write it in full" in answer.err)
    assert "" == config()


async def test_test_shows_the_articles_as_a_table(bare: Handbill, news: Site) -> None:
    """What is read from an address, each article a line; machines get the whole of it."""
    answer = await bare.beside("sources", "test", news.url())
    assert 0 == answer.code
    for words in ("The Herald (RSS 2.0, 2 articles)", "first", "https://news.example/second"):
        assert words in answer.out
    lines = (await bare.beside("sources", "test", news.url(), "--json")).out.splitlines()
    assert ["first", "second"] == [json.loads(line)["title"] for line in lines]


def test_opml_goes_in_and_out(bare: Handbill) -> None:
    """A list of another program is taken over without what is watched already, and comes out again."""
    Path("list.opml").write_text(
        '<opml version="2.0"><body><outline text="A" xmlUrl="https://a.example/feed"/>'
        '<outline text="B" xmlUrl="https://b.example/feed"/></body></opml>',
        "utf-8",
    )
    config('[[sources]]\nurl = "https://a.example/feed"\n')
    assert "Added https://b.example/feed" in bare("sources", "import", "list.opml").out
    assert "Nothing to add" in bare("sources", "import", "list.opml").out
    exported = bare("sources", "export").out
    assert ("https://a.example/feed" in exported, "https://b.example/feed" in exported) == (True, True)
    assert "Wrote 2 sources to out.opml." in bare("sources", "export", "out.opml").out
    assert exported == Path("out.opml").read_text("utf-8")


@pytest.mark.parametrize("content", [None, "no list"])
def test_a_list_that_cannot_be_read_changes_nothing(bare: Handbill, content: str | None) -> None:
    """A missing file and one that is no list have their sentences."""
    if content is not None:
        Path("list.opml").write_text(content, "utf-8")
    assert 2 == bare("sources", "import", "list.opml").code
    assert "" == config()
