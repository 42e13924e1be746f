"""What is kept of an article's page: beside what its source says, until the source says otherwise."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, select, update

from bot.facts import Facts
from bot.ledger import backlog, intake, pages, watched
from bot.ledger.db import InlineLedger
from bot.ledger.pages import Unread, end_enriching, list_unread
from bot.ledger.schema import article_keys, articles, deliveries, sames
from bot.ledger.watched import register_source
from bot.model import Article, State
from bot.plan import candidates, plan
from tests.ledger.entries import CURSOR, NOW, RULES, SOURCE, channel, entry, feed, later, look

WAITS = replace(RULES, enrich_for=60.0)
FACTS = Facts(
    "https://news.example/1",
    title="Page",
    description="What it is about.",
    picture_url="https://news.example/p.jpg",
    picture_alt="P",
    picture_focus=(-0.42, 0.69),
    language="en",
    author="Bo",
    fediverse="@bo@social.example",
    paywalled=True,
    noindex=True,
    published_at=NOW,
    tags=("theirs",),
)


def find(conn: Connection) -> Article:
    """The one article."""
    return backlog.get_article(conn, 1)


def test_what_goes_out_waits_for_its_page_and_nothing_else_does(ledger: InlineLedger) -> None:
    """A new article may wait for a minute; one that stays in, and one of before, has nothing to wait for."""

    def work(conn: Connection) -> Sequence[Unread]:
        look(conn, feed(entry("0")), [channel(conn)])
        old = entry("old", published_at=later(-90 * 3600.0))
        look(conn, feed(entry("1", picture_url="https://news.example/s.jpg"), old), [channel(conn)], rules=WAITS)
        assert list_unread(conn, "other.example") == []
        return list_unread(conn, SOURCE)

    [unread] = ledger.write_now(work)
    assert unread == Unread(3, "Title 1", "https://news.example/1", "https://news.example/s.jpg", later(60))


def test_an_article_is_told_with_what_its_page_adds(ledger: InlineLedger) -> None:
    """What was stored comes back as it was, all of it, and the article waits no longer."""

    def work(conn: Connection) -> Article:
        look(conn, feed(entry("1", summary="", tags=("a", "é"))), [channel(conn)], rules=WAITS)
        assert find(conn).enrich_until == later(60)
        assert end_enriching(conn, 1, FACTS, now=NOW) == []
        assert end_enriching(conn, 1, replace(FACTS, author="Cy"), now=NOW) == []
        assert list_unread(conn, SOURCE) == []
        return find(conn)

    found = ledger.write_now(work)
    assert found == Article(
        *(1, "link:https://news.example/1", "Title 1", "What it is about.", "https://news.example/1", NOW),
        author="Cy",
        language="en",
        picture_url="https://news.example/p.jpg",
        picture_alt="P",
        picture_focus=(-0.42, 0.69),
        tags=("a", "é"),
        fediverse="@bo@social.example",
        paywalled=True,
        noindex=True,
        source=SOURCE,
    )


def test_one_whose_page_gave_nothing_waits_no_longer(ledger: InlineLedger) -> None:
    """It is as its source says."""

    def work(conn: Connection) -> Article:
        look(conn, feed(entry("1")), [channel(conn)], rules=WAITS)
        end_enriching(conn, 1, None, now=NOW)
        return find(conn)

    found = ledger.write_now(work)
    assert (found.summary, found.enrich_until, found.tags) == ("Words.", None, ())


def test_a_source_that_changes_its_words_is_heard_after_the_page_too(ledger: InlineLedger) -> None:
    """The page's words are neither lost at the next look nor do they stand in the way of the source's."""

    def work(conn: Connection) -> tuple[int, str, int, str]:
        look(conn, feed(entry("1", summary="")), [channel(conn)], rules=WAITS)
        end_enriching(conn, 1, FACTS, now=NOW)
        same, summary = look(conn, feed(entry("1", summary="")), [channel(conn)]).changed, find(conn).summary
        changed = look(conn, feed(entry("1", summary="Own.")), [channel(conn)]).changed
        return same, summary, changed, find(conn).summary

    assert ledger.write_now(work) == (0, "What it is about.", 1, "Own.")


def test_tags_that_an_earlier_release_did_not_keep_are_no_change(ledger: InlineLedger) -> None:
    """They are added, and the article is not called edited for it; later they are as any text."""

    def work(conn: Connection) -> list[tuple[int, tuple[str, ...]]]:
        look(conn, feed(entry("1")), [])
        shown = (("a",), ("a",), ("b",), ())
        return [(look(conn, feed(entry("1", tags=tags)), []).changed, find(conn).tags) for tags in shown]

    assert ledger.write_now(work) == [(0, ("a",)), (0, ("a",)), (1, ("b",)), (1, ())]


def _known(conn: Connection, link: str) -> int | None:
    query = select(article_keys.c.article_id).where(article_keys.c.key == f"link:{link}")
    return conn.execute(query).scalar_one_or_none()


def test_an_article_is_known_by_what_its_page_calls_itself(ledger: InlineLedger) -> None:
    """Another source that shows that address shows nothing new."""

    def work(conn: Connection) -> tuple[int | None, int]:
        look(conn, feed(entry("1")), [channel(conn)], rules=WAITS)
        assert end_enriching(conn, 1, FACTS, ["link:https://news.example/one"], now=NOW) == []
        document = feed(entry("other", link="http://www.news.example/one/?utm_source=rss"))
        return _known(conn, "https://news.example/one"), len(look(conn, document, [channel(conn)]).new)

    assert ledger.write_now(work) == (1, 0)


def _second_source(conn: Connection, link: str) -> None:
    """Another source has found an article at this address."""
    source = watched.register_source(conn, identity="b", name="b", url="https://b.example/", now=NOW)
    found = candidates("b", feed(entry("b", link=link)))
    known = intake.find_known(conn, found)
    decided = plan(found, known, first_look=False, rules=RULES, now=NOW)
    rows = [channel(conn)]
    intake.commit_look(conn, source.id, decided, known, channel_ids=rows, language=None, cursor=CURSOR, now=NOW)


def test_articles_of_two_sources_that_a_page_shows_to_be_one_are_joined(ledger: InlineLedger) -> None:
    """Only one of the two goes out, it is noted why, and what is read twice is noted once."""

    def work(conn: Connection) -> tuple[list[State], list[tuple[int, int]]]:
        look(conn, feed(entry("1")), [channel(conn)], rules=WAITS)
        _second_source(conn, "https://news.example/one")
        for expected in ([2], []):
            assert expected == end_enriching(conn, 1, FACTS, ["link:https://news.example/one"], now=NOW)
        states = conn.execute(select(deliveries.c.state).order_by(deliveries.c.id)).scalars()
        return [State(each) for each in states], [tuple(row) for row in conn.execute(select(sames.c[0], sames.c[1]))]

    assert ledger.write_now(work) == ([State.PENDING, State.CANCELLED], [(1, 2)])


def test_a_source_that_lists_two_articles_is_believed_more_than_their_pages(ledger: InlineLedger) -> None:
    """One wrong tag in a template, the same on every page, costs no article: it is noted, and both go out."""

    def work(conn: Connection) -> tuple[list[int], set[str], int]:
        look(conn, feed(entry("2"), entry("1")), [channel(conn)], rules=WAITS)
        end_enriching(conn, 1, FACTS, ["link:https://news.example/list"], now=NOW)
        same = list(end_enriching(conn, 2, FACTS, ["link:https://news.example/list"], now=NOW))
        states = set(conn.execute(select(deliveries.c.state)).scalars())
        return same, states, len(conn.execute(select(sames)).all())

    assert ledger.write_now(work) == ([1], {"pending"}, 1)


def test_a_key_of_a_merged_article_is_the_survivors(ledger: InlineLedger) -> None:
    """Whatever is learnt of the one that is no longer told by itself."""

    def work(conn: Connection) -> tuple[list[int], int | None]:
        look(conn, feed(entry("2"), entry("1")), [channel(conn)], rules=WAITS)
        conn.execute(update(articles).where(articles.c.id == 2).values(merged_into=1))
        same = list(pages.end_enriching(conn, 2, FACTS, ["link:https://news.example/1"], now=NOW))
        same += end_enriching(conn, 2, FACTS, ["link:https://news.example/x"], now=NOW)
        return same, _known(conn, "https://news.example/x")

    assert ledger.write_now(work) == ([], 1)


def test_an_article_may_wait_for_its_page_only_as_long_as_it_may_go_out(ledger: InlineLedger) -> None:
    """What must be out within twenty seconds waits for ten."""
    rules = replace(WAITS, expires_for=20.0)
    ledger.write_now(lambda conn: look(conn, feed(entry("1")), [channel(conn)], rules=rules))
    assert ledger.read_now(find).enrich_until == later(10)


def test_an_article_knows_the_source_that_showed_it_first(ledger: InlineLedger) -> None:
    """It bears that source's name as it is now, with and without a page, whoever shows it afterwards."""

    def work(conn: Connection) -> list[str]:
        look(conn, feed(entry("1")), [channel(conn)], rules=WAITS)
        register_source(conn, identity=SOURCE, name="The Herald", url=f"https://{SOURCE}/feed", now=NOW)
        look(conn, feed(entry("1")), [channel(conn)], rules=WAITS, source="other.example")
        before = find(conn).source
        end_enriching(conn, 1, FACTS, now=NOW)
        return [before, find(conn).source]

    assert ledger.write_now(work) == ["The Herald", "The Herald"]
