"""A WordPress site by its REST interface: what is read of a post, and that none is missed however many came."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.doors import FetchFailed
from bot.sources.entry import Entry, Feed
from bot.sources.fetch import AiohttpWeb
from bot.sources.reading import Cursor, Reading, Unreadable, Watched, load_memory
from bot.sources.wordpress import MOST_PAGES, NEWEST, PAGE, read_wordpress
from bot.sources.wordpress_posts import NotPosts, read_posts, route_of
from tests.sources.blog import HOME, ROUTE, Blog, BlogDoor, inline
from tests.sources.wild import Site


async def look(web: AiohttpWeb | BlogDoor, blog: Blog, url: str = HOME, cursor: Cursor | None = None) -> Reading:
    """One look, whose cursor went through the ledger."""
    reading = await read_wordpress(web, inline, Watched(url, "wordpress"), cursor or Cursor(), blog.now)
    kept = reading.cursor
    return Reading(reading.feed, Cursor(kept.etag, kept.last_modified, load_memory(kept.dump())), reading.fresh_for)


def feed_of(reading: Reading) -> Feed:
    """The feed of a look that brought one."""
    assert reading.feed is not None
    return reading.feed


def guids(reading: Reading) -> list[str | None]:
    """The ids that a look gave."""
    return [entry.id for entry in feed_of(reading).entries]


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("https://a.example", "https://a.example/wp-json/wp/v2/posts?page=2"),
        ("https://a.example/blog/", "https://a.example/blog/wp-json/wp/v2/posts?page=2"),
        ("https://u:p@a.example/?lang=de", "https://u:p@a.example/wp-json/wp/v2/posts?lang=de&page=2"),
        ("https://a.example/wp-json", "https://a.example/wp-json/wp/v2/posts?page=2"),
        ("https://a.example/b/wp-json/wp/v2/", "https://a.example/b/wp-json/wp/v2/posts?page=2"),
        (
            "https://a.example/wp-json/wp/v2/posts?categories=3&per_page=5&_embed=1&page=9",
            "https://a.example/wp-json/wp/v2/posts?categories=3&page=2",
        ),
        ("https://a.example/wp-json/wp/v2/news", "https://a.example/wp-json/wp/v2/news?page=2"),
        (
            "https://a.example/?rest_route=/wp/v2/posts&tags=7",
            "https://a.example/?rest_route=/wp/v2/posts&tags=7&page=2",
        ),
        ("https://a.example/?rest_route=/", "https://a.example/?rest_route=/wp/v2/posts&page=2"),
        ("https://api.example/wp/v2/sites/9/posts", "https://api.example/wp/v2/sites/9/posts?page=2"),
    ],
)
def test_the_route_is_made_of_any_address(address: str, asked: str) -> None:
    """The site, its interface or a route with filters lead to the posts; paging and the like is ours."""
    assert asked == route_of(address).url(page=2)


def test_the_home_page_has_no_password() -> None:
    """A name and password in the address are used and not shown."""
    assert "https://a.example/blog/" == route_of("https://u:p@a.example/blog/wp-json").home


def post(**more: Any) -> Entry:
    """A post with this in its JSON, as it is read."""
    stated = {"id": 7, "link": f"{HOME}/a/", "title": {"rendered": "A"}, **more}
    (entry,) = read_posts(json.dumps([stated]).encode(), None, HOME).entries
    return entry


def test_everything_of_a_post_is_read() -> None:
    """Texts as plain text, times in UTC, the author, the picture with its alternative text, the names of its terms."""
    entry = post(
        guid={"rendered": f"{HOME}/?post_type=news&#038;p=7"},
        date="2026-11-23T02:00:00",
        date_gmt="2026-11-23T07:00:00",
        modified_gmt="2026-11-23T08:00:00",
        title={"rendered": "Fish &amp; <em>chips</em> &#8211; 5 &lt; 6"},
        excerpt={"rendered": "<p>One.</p>\n<p>Two&hellip;</p>", "protected": False},
        lang="de_DE",
        _embedded={
            "author": [{"id": 1, "name": "Ann O&#8217;Neil"}],
            "wp:featuredmedia": [
                {"source_url": "/p.jpg", "mime_type": "image/jpeg", "alt_text": "Two &quot;fish&quot; <3 "}
            ],
            "wp:term": [
                [{"name": "Food &amp; Drink", "taxonomy": "category"}],
                [{"name": "sea", "taxonomy": "post_tag"}, {"name": "aside", "taxonomy": "post_format"}],
            ],
        },
    )
    assert entry == Entry(
        id=f"{HOME}/?post_type=news&p=7",
        link=f"{HOME}/a/",
        title="Fish & chips – 5 < 6",
        summary="One.\n\nTwo…",
        published_at=datetime(2026, 11, 23, 7, tzinfo=UTC),
        updated_at=datetime(2026, 11, 23, 8, tzinfo=UTC),
        author="Ann O’Neil",
        language="de-DE",
        picture_url=f"{HOME}/p.jpg",
        picture_alt='Two "fish" <3',
        tags=("Food & Drink", "sea"),
    )


@pytest.mark.parametrize(
    ("more", "name", "value"),
    [
        ({}, "id", "7"),
        ({"id": True}, "id", f"{HOME}/a/"),
        ({"date": "2026-11-23T02:00:00", "date_gmt": None}, "published_at", None),
        ({"date_gmt": "0000-00-00T00:00:00"}, "published_at", None),
        ({"excerpt": {"rendered": "<p>Secret</p>", "protected": True}}, "summary", ""),
        ({"_embedded": {"author": [{"code": "rest_user_invalid_id", "message": "No."}]}}, "author", None),
        ({"_embedded": {"wp:featuredmedia": [{"code": "rest_forbidden"}]}}, "picture_url", None),
        (
            {"_embedded": {"wp:featuredmedia": [{"source_url": "/p.svg", "mime_type": "image/svg+xml"}]}},
            "picture_url",
            None,
        ),
        ({"_embedded": {"wp:featuredmedia": [{"source_url": "/p.png", "alt_text": ""}]}}, "picture_alt", None),
        ({"_embedded": []}, "tags", ()),
        ({"wpml_current_locale": "fr_FR"}, "language", "fr-FR"),
        ({"title": None}, "title", ""),
        ({"link": 5}, "link", None),
    ],
)
def test_what_is_not_there_is_not_invented(more: dict[str, Any], name: str, value: object) -> None:
    """Missing, hidden and nonsensical fields are none."""
    assert value == getattr(post(**more), name)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<!doctype html><p>Hello", "a web page"),
        ("Warning: something", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"code": "rest_cannot_access", "message": "<b>Only for members</b>"}', "“Only for members”"),
        ('{"id": 7}', "not a list"),
    ],
)
def test_what_is_no_list_of_posts_is_said_in_words(body: str, words: str) -> None:
    """Anything but a list of posts is refused with one sentence."""
    with pytest.raises(NotPosts) as caught:
        read_posts(body.encode(), None, HOME)
    assert words in str(caught.value)


@settings(max_examples=40)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_any_list_is_read_without_an_error(document: object) -> None:
    """JSON of the wrong shape gives fewer entries, or NotPosts."""
    for body in (document, [document], [{"_embedded": {"wp:term": document, "author": document}, "guid": document}]):
        try:
            read_posts(json.dumps(body).encode(), None, HOME)
        except NotPosts:
            assert not isinstance(body, list)


async def test_a_look_costs_one_request(the_web: AiohttpWeb, site: Site) -> None:
    """The newest page with only the fields that are used, embedded; with a validator, if the site has one."""
    blog = Blog(etags=True)
    url = blog.on(site)
    first, second = blog.publish(), blog.publish()
    reading = await look(the_web, blog, url)
    assert [second, first] == guids(reading)
    assert (site.url("/"), "127.0.0.1") == (feed_of(reading).link, feed_of(reading).title)
    assert "content" not in blog.asked[0]["_fields"].split(",")
    assert {"_links", "_embedded"} <= set(blog.asked[0]["_fields"].split(","))
    assert (await look(the_web, blog, url, reading.cursor)).feed is None
    third = blog.publish()
    again = await look(the_web, blog, url, reading.cursor)
    assert ([third, second, first], True) == (guids(again), feed_of(again).gapless)
    assert 3 == len(blog.asked)


async def test_filters_and_the_form_without_pretty_addresses(the_web: AiohttpWeb, site: Site) -> None:
    """A site without pretty addresses is found from its home page; the operator's filter goes along."""
    blog = Blog()
    blog.plain = True
    url = blog.on(site)
    blog.publish()
    mine = blog.publish(category="3")
    assert [mine] == guids(await look(the_web, blog, f"{url}?categories=3"))
    assert [ROUTE, "/"] == [request.path for request in site.requests]


async def test_what_was_changed_is_given_again(the_web: AiohttpWeb, site: Site) -> None:
    """A post of the newest page that was edited comes with its new words and the time of the change."""
    blog = Blog()
    url = blog.on(site)
    guid = blog.publish("Fisch")
    reading = await look(the_web, blog, url)
    blog.now += timedelta(hours=1)
    blog.edit(guid, "Fish")
    (entry,) = feed_of(await look(the_web, blog, url, reading.cursor)).entries
    assert (guid, "Fish", blog.now) == (entry.id, entry.title, entry.updated_at)


async def test_what_is_changed_beyond_the_newest_page_is_asked_for_once_an_hour(
    the_web: AiohttpWeb, site: Site
) -> None:
    """An old post that is mended, and a new one under an old date, are found; what was there before the first look and
    was never given is left alone."""
    blog = Blog()
    url = blog.on(site)

    def changes() -> list[str]:
        return [asked["modified_after"] for asked in blog.asked if "modified_after" in asked]

    never = blog.publish("From the archive", at=blog.now - timedelta(days=400))
    guid = blog.publish("Fisch", at=blog.now - timedelta(days=2))
    for _ in range(NEWEST - 1):
        blog.publish()
    reading = await look(the_web, blog, url)
    blog.now += timedelta(minutes=30)
    for _ in range(NEWEST):
        blog.publish()
    reading = await look(the_web, blog, url, reading.cursor)
    blog.edit(never, "Mended")
    blog.edit(guid, "Fish")
    late = blog.publish("Late", at=blog.now - timedelta(days=1))
    reading = await look(the_web, blog, url, reading.cursor)
    assert (set(), []) == ({guid, late} & set(guids(reading)), changes())
    blog.now += timedelta(minutes=31)
    reading = await look(the_web, blog, url, reading.cursor)
    found = {entry.id: entry.title for entry in feed_of(reading).entries}
    assert ("Fish", "Late", None) == (found.get(guid), found.get(late), found.get(never))
    await look(the_web, blog, url, reading.cursor)
    assert ["2026-11-23T06:00:00Z"] == changes()


async def test_many_posts_at_once_are_not_gone_through_for_ever(the_web: AiohttpWeb, site: Site) -> None:
    """After an import the newest page is full of one minute; some hours later it is known that nothing is behind it."""
    blog = Blog()
    url = blog.on(site)
    reading = await look(the_web, blog, url)
    for _ in range(NEWEST):
        blog.publish()
    walks = []
    for _ in range(3):
        blog.now += timedelta(minutes=91)
        blog.asked.clear()
        reading = await look(the_web, blog, url, reading.cursor)
        walks.append(sum("after" in asked for asked in blog.asked))
    assert [1, 1, 0] == walks


async def test_changes_that_cannot_be_had_cost_nothing(the_web: AiohttpWeb, site: Site) -> None:
    """A site that refuses the question has its newest page read all the same."""
    blog = Blog()
    url = blog.on(site)
    for _ in range(NEWEST):
        blog.publish()
    reading = await look(the_web, blog, url)
    answer = blog.answer
    blog.answer = lambda query: (400, "{}") if "modified_after" in query else answer(query)  # type: ignore[method-assign]
    blog.now += timedelta(hours=2)
    assert NEWEST == len(guids(await look(the_web, blog, url, reading.cursor)))


@pytest.mark.parametrize("hours", [-9, 0, 13])
async def test_after_an_outage_all_are_there(the_web: AiohttpWeb, site: Site, hours: int) -> None:
    """More posts than the newest page holds are caught up with, wherever the site's clock is."""
    blog = Blog(offset=timedelta(hours=hours))
    url = blog.on(site)
    old = blog.publish()
    reading = await look(the_web, blog, url)
    new = []
    for _ in range(2 * PAGE + 30):
        blog.now += timedelta(minutes=10)
        new.append(blog.publish())
    reading = await look(the_web, blog, url, reading.cursor)
    assert [*reversed(new), old] == guids(reading)
    assert (True, ()) == (feed_of(reading).gapless, feed_of(reading).notes)
    asked = len(blog.asked)
    await look(the_web, blog, url, reading.cursor)
    assert asked + 1 == len(blog.asked)


async def test_a_whole_number_of_pages_ends_beyond_the_last(the_web: AiohttpWeb, site: Site) -> None:
    """Where the last page is full, the next one is an error, and that is the end."""
    blog = Blog()
    url = blog.on(site)
    reading = await look(the_web, blog, url)
    new = [blog.publish() for _ in range(PAGE)]
    assert set(new) == set(guids(await look(the_web, blog, url, reading.cursor)))
    assert ["1", "2"] == [asked["page"] for asked in blog.asked if "page" in asked]


async def test_what_is_too_much_for_one_look_follows_at_the_next() -> None:
    """One look is bounded, and says so; the next goes on where it ended."""
    blog, given = Blog(), set()
    reading = await look(BlogDoor(blog), blog)
    for _ in range(MOST_PAGES * PAGE + 3 * PAGE):
        blog.now += timedelta(minutes=10)
        blog.publish()
    reading = await look(BlogDoor(blog), blog, cursor=reading.cursor)
    given.update(guids(reading))
    assert (MOST_PAGES * PAGE + NEWEST, True) == (len(given), feed_of(reading).gapless)
    assert "follow at the next look" in feed_of(reading).notes[0]
    reading = await look(BlogDoor(blog), blog, cursor=reading.cursor)
    given.update(guids(reading))
    assert ({each.guid for each in blog.posts}, ()) == (given, feed_of(reading).notes)


@pytest.mark.parametrize("deleted", [0, 20, 75])
async def test_a_day_with_more_posts_than_a_look_takes(deleted: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next look goes on at the page where the last one ended, though all of it is from one day; where posts were
    deleted meanwhile, so that others moved up, it begins again."""
    monkeypatch.setattr("bot.sources.wordpress.NEWEST", 5)
    monkeypatch.setattr("bot.sources.wordpress.PAGE", 4)
    blog, given = Blog(), set[str | None]()
    reading = await look(BlogDoor(blog), blog)
    for _ in range(250):
        blog.now += timedelta(minutes=1)
        blog.publish()
    notes = []
    for number in range(8):
        blog.now += timedelta(hours=1)
        reading = await look(BlogDoor(blog), blog, cursor=reading.cursor)
        given.update(guids(reading))
        assert feed_of(reading).gapless
        notes += [feed_of(reading).notes]
        for each in blog.posts[:deleted] * (number == 0):
            blog.delete(each.guid)
    assert {each.guid for each in blog.posts} <= given
    assert ((), True) == (notes[-1], "the rest follow at the next look" in notes[0][0])


async def test_countless_posts_of_one_second() -> None:
    """Where more have one date than a look can hold, the rest of them follow as well."""
    blog = Blog()
    blog.publish()
    reading = await look(BlogDoor(blog), blog)
    new: set[str | None] = {blog.publish() for _ in range(MOST_PAGES * PAGE + 2 * NEWEST)}
    for _ in range(2):
        reading = await look(BlogDoor(blog), blog, cursor=reading.cursor)
        new -= set(guids(reading))
        assert feed_of(reading).gapless
    assert set() == new


async def test_a_site_that_gives_one_page_again_and_again() -> None:
    """It is not asked for ever: what may be missing is said, and life goes on."""
    blog = Blog()
    blog.publish()
    reading = await look(BlogDoor(blog), blog)
    answer = blog.answer
    blog.answer = lambda query: answer({**query, "page": "1"})  # type: ignore[method-assign]
    for _ in range(2 * PAGE):
        blog.publish()
    asked = len(blog.asked)
    reading = await look(BlogDoor(blog), blog, cursor=reading.cursor)
    assert (False, 3) == (feed_of(reading).gapless, len(blog.asked) - asked)
    assert "may be missing: the site gives the same page again and again" in feed_of(reading).notes[0]


async def test_a_site_that_does_not_take_times(the_web: AiohttpWeb, site: Site) -> None:
    """Where catching up is refused, the newest are taken, and it is said what may be missing."""
    blog = Blog()
    url = blog.on(site)
    blog.publish()
    reading = await look(the_web, blog, url)
    answer = blog.answer
    blog.answer = lambda query: (400, "{}") if {"after", "modified_after"} & query.keys() else answer(query)  # type: ignore[method-assign]
    blog.now += timedelta(days=1)
    for _ in range(NEWEST):
        blog.publish()
    reading = await look(the_web, blog, url, reading.cursor)
    assert (NEWEST, False) == (len(guids(reading)), feed_of(reading).gapless)
    assert "Posts since 2026-11-23 07:00 UTC may be missing" in feed_of(reading).notes[0]


@pytest.mark.parametrize(
    ("closed", "words"),
    [
        ((401, "{}"), "closed to us (401)"),
        ((403, "<p>No"), "closed to us (403)"),
        ((404, "{}"), "no such REST interface (404)"),
        ((200, "<!doctype html>"), "a web page"),
    ],
)
async def test_a_closed_interface_is_said_in_words(
    the_web: AiohttpWeb, site: Site, closed: tuple[int, str], words: str
) -> None:
    """What is wrong is one sentence, what to do another."""
    blog = Blog()
    blog.closed = closed
    with pytest.raises(Unreadable) as caught:
        await look(the_web, blog, blog.on(site))
    assert (True, True) == (words in caught.value.message, f"{site.url('/')}feed/" in caught.value.mend)


async def test_trouble_on_the_way_costs_the_look_and_nothing_else(the_web: AiohttpWeb, site: Site) -> None:
    """A server in trouble is asked again later, from the same cursor."""
    blog = Blog()
    blog.closed = (503, "")
    with pytest.raises(FetchFailed) as caught:
        await look(the_web, blog, blog.on(site))
    assert 503 == caught.value.status


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, int, int]]:
    """What happens between looks: (what, how many, minutes)."""
    step = st.tuples(
        st.sampled_from(["publish", "at once", "schedule", "delete", "ahead", "look", "look"]),
        st.integers(1, 13),
        st.integers(0, 3_000),
    )
    return draw(st.lists(step, max_size=10))


@example([("schedule", 1, 0), ("publish", 6, 1), ("look", 1, 0), ("publish", 4, 60)], 0)
@example([("publish", 13, 0)] * 8, 0)
@settings(max_examples=40)
@given(histories(), st.integers(-12, 14))
def test_every_post_is_given_over_any_history(history: list[tuple[str, int, int]], hours: int) -> None:
    """Whatever is published, scheduled, deleted and dated ahead between looks: when no look has any left for the next
    one, all that can still be seen has been given, each under one id."""
    with pytest.MonkeyPatch.context() as patch:
        for name, size in (("NEWEST", 5), ("PAGE", 4)):
            patch.setattr(f"bot.sources.wordpress.{name}", size)
        _live_through(history, Blog(offset=timedelta(hours=hours)))


def _live_through(history: list[tuple[str, int, int]], blog: Blog) -> None:
    cursor, given = Cursor(), set[str | None]()
    for _ in range(6):
        blog.publish(at=blog.now - timedelta(days=1))
    before = {each.guid for each in blog.posts}

    def see() -> bool:
        """Whether nothing is left for the next look."""
        nonlocal cursor
        reading = asyncio.run(look(BlogDoor(blog), blog, cursor=cursor))
        ids = guids(reading)
        assert len(set(ids)) == len(ids)
        assert feed_of(reading).gapless is (True if given else None)
        given.update(ids)
        cursor = reading.cursor
        return not feed_of(reading).notes

    see()
    for what, count, minutes in history:
        blog.now += timedelta(minutes=minutes)
        if what == "look":
            see()
        elif what == "delete":
            for each in blog.posts[-count:][: count // 2]:
                blog.delete(each.guid)
        elif what == "ahead":
            blog.publish(at=blog.now + timedelta(days=count))
        else:
            for _ in range(count):
                blog.now += timedelta(seconds=0 if what == "at once" else 60)
                blog.publish(late=59 * 60.0 if what == "schedule" else 0.0)
    blog.now += timedelta(hours=1)
    assert any(see() for _ in range(3))  # one look takes no more than eighty of these posts
    assert {each.guid for each in blog.posts} - before <= given
