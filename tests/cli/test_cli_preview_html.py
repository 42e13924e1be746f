"""`handbill preview --html`: a page that shows what is sent, asks nobody for anything, and lets no title turn it."""

import base64
import hashlib
import json
import os
import re
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from selectolax.lexbor import LexborNode

from adapters.post import Card, Draft, Mark, Media, Picture
from adapters.registry import PLATFORMS
from bot.model import Article
from bot.previewed import Preview
from bot.render import Place, Renderer
from bot.skin import Skin
from tests.cli.page import Page
from tests.cli.running import Handbill
from tests.stage import HOME, Stage

OPEN = {"HANDBILL_FETCH__ALLOW_NETWORKS": "127.0.0.0/8", "HANDBILL_ENRICH": "false"}
AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
MEDIA = Media(b"\xff\xd8\xff", "image/jpeg", "A bridge", 1200, 630)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><style>*{display:none}",
    "</pre></details><h1>Owned</h1>",
    "{{ 7*7 }}{% for x in range(9) %}{{ x }}{% endfor %}",
    "--><svg/onload=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
)


def _names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def _page(stage: Stage, *more: str, **settings: str) -> Page:
    answer = await Handbill({**OPEN, **settings}).beside("preview", stage.feed_url, "--html", "-", *more)
    assert (0, "") == (answer.code, answer.err)
    return Page(answer.out)


async def test_the_page_shows_what_is_sent(stage: Stage, tmp_path: Path) -> None:
    """Each post stands there with the very text and links, its count, its pictures to the byte, and the whole request,
    under the article's heading; the file is whole, and the command says where it is."""
    stage.publication.publish("Bridge & “ferry” close", "For a week. " * 60, picture=True)
    handbill = Handbill({**OPEN, **stage.environment(MASTODON__ATTACH_PICTURE="true", MASTODON__LANGUAGE="de")})
    answer = await handbill.beside("preview", stage.feed_url, "--html", "page.html", "--json")
    assert (0, "") == (answer.code, answer.err)
    page = Page((tmp_path / "page.html").read_text("utf-8"))
    assert ["Bridge & “ferry” close"] == page.texts("h2")
    assert ["Telegram telegram", "Mastodon mastodon", "Bluesky bluesky"] == page.texts("h3")
    for each in answer.objects:
        post = page.post(each["platform"])
        words = post.css_first(".words")
        assert words is not None
        if each["platform"] != "mastodon":  # which shows links shorter than it is sent them
            assert each["text"] == words.text()
        targets = {mark["target"] for mark in each["marks"] if mark["kind"] == "link"}
        assert targets == {node.attributes["href"] for node in words.css("a")}
        assert ("en", "auto") == (words.attributes["lang"], words.attributes["dir"])
        assert f"{each['length']} of {each['limit']} {each['unit']}" in page.texts(".count")
        digests = {digest for digest, _ in page.pictures()}
        assert {media["sha256"] for media in each["media"]} <= digests
        for warning in each["warnings"]:
            assert warning in page.texts(".warnings li")
    assert {"Picture accompanying: Bridge & “ferry” close"} == {alt for _, alt in page.pictures()}
    assert [each["body"]["text"] for each in answer.objects if "text" in each["body"]] == [
        json.loads(node.text())["text"] for node in page.all("pre") if '"status"' not in node.text()
    ]
    assert [] == page.reaches_out()
    told = await handbill.beside("preview", stage.feed_url, "--html", "page.html")
    assert (0, ["Written: page.html (3 posts of 1 article). Open it in a browser."]) == (told.code, told.lines)
    assert ["page.html"] == _names_in(tmp_path)


@pytest.mark.parametrize("words", HOSTILE)
def test_the_page_takes_no_harm_from_strangers(words: str) -> None:
    """Whatever stands in titles, summaries, names, descriptions and warnings is text and nothing else, everywhere."""
    link = f"{HOME}/1?{words.replace(' ', '/')}"
    article = Article(1, "k", words, f"{words} {words}", link, AT, language=words, tags=(words,))
    picture = Picture(b"\xff\xd8\xff", "image/jpeg", 1200, 630, words)
    previews = []
    for platform in PLATFORMS.values():
        draft = platform.compose(None, Renderer().post(article, Place(platform.name), picture), AT)
        draft = replace(draft, content_warning=words, details=((words, words),), warnings=(words,))
        names = {"platform_title": words, "label": words, "publication": words, "picture": picture}
        previews.append(Preview(article, words, platform.name, AT, draft, None, (words,), **names))  # type: ignore[arg-type]
    previews.append(Preview(article, words, "paper", AT, None, words))
    page = Page(Skin(str).page(previews, AT))
    assert [] == page.reaches_out()
    assert [words] == [node.text() for node in page.all("h2")]
    assert [1, 1, 4, 1, 3] == [len(page.all(each)) for each in ("h1", "h2", "h3", "style", "pre")]
    assert {words} == {alt for _, alt in page.pictures()}
    assert {words} == set(page.texts(".warnings li")) == {page.all(".refused")[0].text().split(". ", 1)[1]}


async def test_the_policy_allows_what_is_there_and_nothing_else(stage: Stage) -> None:
    """The page forbids every request and every script, and names its one style sheet by its digest."""
    stage.publication.publish("Bridge closes", picture=True)
    page = await _page(stage)
    (meta,) = page.all("meta[http-equiv]")
    policy = dict(part.strip().split(" ", 1) for part in (meta.attributes["content"] or "").split(";"))
    (style,) = re.findall(r"<style>(.*?)</style>", page.html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": f"'sha256-{digest}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    } == policy
    assert page.html.index("Content-Security-Policy") < page.html.index("<style>")


def _skinned(platform: str, body: dict[str, object], **more: object) -> LexborNode:
    article = Article(1, "k", "Title", "Summary", f"{HOME}/1", AT, language="ar")
    draft = Draft("Title\nlink", 10, 100, "characters", body, **more)  # type: ignore[arg-type] # each test knows
    page = Page(Skin(str).page([Preview(article, None, platform, AT, draft)], AT))
    assert [] == page.reaches_out()
    return page.all(".stage")[0]


@pytest.mark.parametrize(
    ("focus", "place"),
    [((0.0, 0.0), (50, 50)), ((-1.0, 1.0), (0, 0)), ((1.0, -1.0), (100, 100)), ((0.5, 0.3), (75, 35))],
)
def test_what_is_cropped_keeps_its_focal_point(focus: tuple[float, float], place: tuple[int, int]) -> None:
    """A tall picture is placed as Mastodon's own page places it, by a rule of the one style sheet."""
    article = Article(1, "k", "Title", "Summary", f"{HOME}/1", AT)
    picture = Picture(b"\xff\xd8\xff", "image/jpeg", 600, 1200, "A bridge", focus)
    draft = Draft("Title", 5, 500, "characters", {}, media=(picture_of(picture),))
    page = Page(Skin(str).page([Preview(article, None, "mastodon", AT, draft)], AT))
    left, top = place
    (shown,) = page.all(".attached img")
    assert f"focus-{left}-{top}" == shown.attributes["class"]
    assert f".focus-{left}-{top} {{ object-position: {left}% {top}% }}" in page.html
    assert 1 == page.html.count("object-position")


def picture_of(picture: Picture) -> Media:
    """`picture` as it is uploaded."""
    return Media(picture.data, picture.mime, picture.alt, picture.width, picture.height, picture.focus)


def test_only_web_addresses_become_links() -> None:
    """An address that would run or load something is shown as text, wherever it stands: in a mark, a card, a title."""
    article = Article(1, "k", "Title", "Summary", "javascript:alert(1)", AT)
    for target in (
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        " JaVaScRiPt:alert(1)",
        "http://[",
    ):
        draft = Draft(
            "Title link",
            10,
            100,
            "characters",
            {"link_preview_options": {"url": target}, "text": "Title link"},
            marks=(Mark("link", 6, 10, target),),
            card=Card(target, "Title", "Summary"),
        )
        posts = [
            Preview(article, None, platform, AT, draft) for platform in ("telegram", "mastodon", "bluesky", "paper")
        ]
        page = Page(Skin(str).page(posts, AT))
        assert [] == page.reaches_out()
        assert {"#"} >= {node.attributes["href"] for node in page.all("a")}


def test_each_platform_has_its_looks() -> None:
    """What a platform shows of a request can be seen: the kind of preview, a folded warning, who may see it, labels."""
    url = f"{HOME}/1"
    large = _skinned("telegram", {"link_preview_options": {"url": url, "prefer_large_media": True}, "text": "T"})
    assert large.css_first(".page.large") is not None
    photo = _skinned("telegram", {"method": "sendPhoto", "text": "T"}, media=(MEDIA,))
    assert (1, None) == (len(photo.css("img.photo")), photo.css_first(".page"))
    off = _skinned("telegram", {"link_preview_options": {"is_disabled": True}, "disable_notification": True})
    assert None is off.css_first(".page")
    assert None is not off.css_first('[aria-label="sent silently"]')

    folded = _skinned("mastodon", {"status": "T", "visibility": "unlisted"}, content_warning="Spoilers <b>")
    assert ["Spoilers <b>"] == [node.text() for node in folded.css("details:not([open]) > summary")]
    assert None is not folded.css_first("details .words")
    assert None is not folded.css_first('[aria-label="unlisted"]')

    labels = {"values": [{"val": "graphic-media"}]}
    labelled = _skinned("bluesky", {"labels": labels}, card=Card(url, "T", ""))
    assert "Labelled by its author: graphic-media" == " ".join(labelled.css("summary")[0].text().split())
    assert None is not labelled.css_first("details .card")
    for post in (large, folded, labelled):
        words = post.css_first(".words")
        assert words is not None
        assert ("ar", "auto") == (words.attributes["lang"], words.attributes["dir"])


def test_a_platform_without_a_skin_has_a_plain_one() -> None:
    """A platform that nobody has drawn yet is shown all the same; what cannot be posted says why."""
    plain = _skinned("paper", {}, marks=(Mark("bold", 0, 5), Mark("tag", 6, 10)))
    assert (["Title"], ["link"]) == (
        [node.text() for node in plain.css("b")][-1:],
        [node.text() for node in plain.css(".tag")],
    )
    article = Article(1, "k", "Title", "Summary", f"{HOME}/1", AT)
    page = Page(Skin(str).page([Preview(article, "news", "paper", AT, None, "the link is <none>")], AT))
    assert ["It cannot be posted. the link is <none>"] == page.texts(".refused")


def test_secrets_stay_out_of_the_page() -> None:
    """What is secret is masked in every word of the page, and pictures are left alone."""
    article = Article(1, "k", "The s3cret-word", "Summary", f"{HOME}/1", AT)
    draft = Draft("s3cret-word", 11, 100, "characters", {"text": "s3cret-word"})
    skin = Skin(lambda text: text.replace("s3cret-word", "***"))
    assert "s3cret" not in skin.page([Preview(article, "s3cret-word", "telegram", AT, draft)], AT)


@pytest.mark.parametrize("name", ["nowhere/page.html", ".", "", "a\0b"])
async def test_a_file_that_cannot_be_written(stage: Stage, tmp_path: Path, name: str) -> None:
    """A path that nothing can be written to ends with one sentence and the mend, and leaves nothing behind."""
    stage.publication.publish("Bridge closes")
    before = _names_in(tmp_path)
    answer = await Handbill(OPEN).beside("preview", stage.feed_url, "--html", name)
    assert (2, "", 1) == (answer.code, answer.out, len(answer.err.splitlines()))
    assert "name a file in a folder that you may write to." in answer.err
    assert before == _names_in(tmp_path)


async def test_a_page_is_put_in_the_place_of_an_older_one(stage: Stage, tmp_path: Path) -> None:
    """An older page is replaced in one step and its rights stay; a link to it stays a link; a pipe is written to."""
    stage.publication.publish("Bridge closes")
    old, link = tmp_path / "old.html", tmp_path / "link.html"
    old.write_text("old")
    old.chmod(0o640)
    link.symlink_to(old)
    assert 0 == (await Handbill(OPEN).beside("preview", stage.feed_url, "--html", str(link))).code
    assert (True, 0o640) == (link.is_symlink(), stat.S_IMODE(old.stat().st_mode))
    assert old.read_text("utf-8").endswith("</html>")
    assert 0 == (await Handbill(OPEN).beside("preview", stage.feed_url, "--html", os.devnull)).code
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)  # noqa: PTH116 # no path of ours


async def test_two_answers_do_not_share_one_output(stage: Stage) -> None:
    """A page and JSON cannot both go to standard output."""
    answer = await Handbill(OPEN).beside("preview", stage.feed_url, "--html", "-", "--json")
    assert (2, "") == (answer.code, answer.out)
    assert "name a file for the page" in answer.err
