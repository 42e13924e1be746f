"""Which entries are new: by id within a source, by link across sources, never by title; and what becomes of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plan import Candidate, Plan, Rules, candidates, plan
from bot.sources.entry import Entry, Feed

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RULES = Rules(settle=60.0, max_age=48 * 3600.0, backfill=0)
SOURCE = "news"


def entry(id_: str | None, link: str | None = None, title: str = "", hours_ago: float | None = None) -> Entry:
    """An entry of this id; its link and title follow from it unless they are given."""
    at = None if hours_ago is None else NOW - timedelta(hours=hours_ago)
    return Entry(id_, link or f"https://news.example/{id_}", title or f"Title {id_}", "Words.", published_at=at)


def feed(*entries: Entry, link: str | None = "https://news.example/") -> Feed:
    """A feed with these entries in document order (the newest first, as feeds go)."""
    return Feed(None, "News", link, None, entries, "RSS 2.0")


class Memory:
    """What a ledger remembers of planning: which key belongs to which article."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}
        self.looked = False

    def look(self, document: Feed, *, source: str = SOURCE, rules: Rules = RULES, first: bool = False) -> Plan:
        """Plan a document and remember it."""
        decided = plan(candidates(source, document), self.known, first_look=first, rules=rules, now=NOW)
        for new in decided.new:
            article = len(self.known) + 1
            for key in new.candidate.keys:
                assert key not in self.known
                self.known[key] = article
        for article, candidate in decided.seen:
            for key in candidate.keys:
                self.known.setdefault(key, article)
        return decided


def titles(decided: Plan) -> list[str]:
    """The titles of what is new and goes out, in order."""
    return [new.candidate.entry.title for new in decided.new if new.skipped is None]


def test_what_is_new_goes_out_oldest_first_after_it_has_settled() -> None:
    """Dated entries go in the order of their times, each due when its settle time is over."""
    decided = Memory().look(feed(entry("b", hours_ago=1), entry("c", hours_ago=0.5), entry("a", hours_ago=3)))
    assert titles(decided) == ["Title a", "Title b", "Title c"]
    assert {new.due_at for new in decided.new} == {NOW + timedelta(seconds=60)}


def test_without_times_the_document_is_read_from_its_end() -> None:
    """Where only some entries are dated, times are not compared with none: the document's own order counts."""
    decided = Memory().look(feed(entry("c"), entry("b", hours_ago=9), entry("a")))
    assert titles(decided) == ["Title a", "Title b", "Title c"]


def test_entries_of_one_time_keep_the_order_of_the_document() -> None:
    """Three articles of one minute go out in the order in which they were added."""
    decided = Memory().look(feed(entry("c", hours_ago=1), entry("b", hours_ago=1), entry("a", hours_ago=1)))
    assert titles(decided) == ["Title a", "Title b", "Title c"]


@pytest.mark.parametrize(
    ("backfill", "expected"), [(0, []), (1, ["c"]), (2, ["b", "c"]), (3, ["a", "b", "c"]), (9, ["a", "b", "c"])]
)
def test_the_first_look_posts_the_newest_as_far_as_was_asked(backfill: int, expected: list[str]) -> None:
    """The first look keeps everything in but the newest N, however old those are, and says why."""
    document = feed(entry("a", hours_ago=900), entry("c", hours_ago=700), entry("b", hours_ago=800))
    decided = Memory().look(document, rules=replace(RULES, backfill=backfill), first=True)
    assert titles(decided) == [f"Title {id_}" for id_ in expected]
    assert len(decided.new) == 3
    assert {new.skipped for new in decided.new} - {None} <= {"it was there before the first look at its source"}


@pytest.mark.parametrize(
    ("hours", "skipped"), [(47.9, False), (48.0, False), (48.1, True), (-5.0, False), (None, False)]
)
def test_an_article_older_than_max_age_is_skipped(hours: float | None, skipped: bool) -> None:
    """Old at its discovery: stored as skipped with the reason. Undated or of the future: it goes out now."""
    [new] = Memory().look(feed(entry("a", hours_ago=hours))).new
    assert (new.skipped is not None, new.due_at) == (skipped, NOW + timedelta(seconds=60))
    if new.skipped:
        assert "HANDBILL_MAX_AGE" in new.skipped


SAME: Mapping[str, tuple[Entry, Entry]] = {
    "the id": (entry("a"), entry("a", link="https://news.example/moved", title="Other words")),
    "the link": (entry("a"), entry("b", link="https://news.example/a", title="Other words")),
    "the link in another spelling": (entry("a"), entry("b", link="http://www.news.example/a/?utm_source=x")),
    "the title and nothing else": (
        entry(None, link="https://news.example/", title="Only words"),
        entry(None, link="https://news.example/", title="Only words"),
    ),
}
OTHER: Mapping[str, tuple[Entry, Entry]] = {
    "the title only": (entry("a", title="Weather"), entry("b", title="Weather")),
    "nothing": (entry("a"), entry("b")),
    "a home page for a link": (entry("a", link="https://news.example/"), entry("b", link="https://news.example/")),
}


@pytest.mark.parametrize("pair", SAME.values(), ids=SAME)
def test_one_article_however_it_arrives(pair: tuple[Entry, Entry]) -> None:
    """What agrees in its id or in its link is one article, in one document and in the next."""
    together, later = Memory(), Memory()
    assert len(later.look(feed(pair[0])).new) == 1
    assert later.look(feed(pair[1])).new == ()
    if pair[0].title == pair[1].title or pair[0].id == pair[1].id:
        assert len(together.look(feed(*pair)).new) == 1


@pytest.mark.parametrize("pair", OTHER.values(), ids=OTHER)
def test_articles_are_never_told_by_their_titles(pair: tuple[Entry, Entry]) -> None:
    """What agrees in its title only is two articles, in one document and in the next."""
    together, later = Memory(), Memory()
    assert len(together.look(feed(*pair)).new) == 2
    assert [len(later.look(feed(each)).new) for each in pair] == [1, 1]


def test_ids_count_within_a_source_and_links_across_sources() -> None:
    """Another source's entry with the same id is another article; with the same link it is the same one."""
    memory = Memory()
    memory.look(feed(entry("1", link="https://news.example/one")))
    assert len(memory.look(feed(entry("1", link="https://other.example/x")), source="other").new) == 1
    assert memory.look(feed(entry("9", link="https://news.example/one")), source="third").new == ()


def test_a_link_that_many_entries_share_is_a_page_and_no_identity() -> None:
    """Items of a programme guide that all lead to one page are articles each, now and at the next look."""
    page = "https://news.example/guide"
    memory = Memory()
    assert len(memory.look(feed(entry("a", page), entry("b", page))).new) == 2
    assert len(memory.look(feed(entry("c", page), entry("b", page), entry("a", page))).new) == 1


def test_an_entry_without_a_link_leads_to_the_site_or_is_left_out() -> None:
    """A note without an address is posted with its site's; where there is none either, nothing can be posted."""
    note = replace(entry("a"), link=None)
    [new] = Memory().look(feed(note)).new
    assert new.candidate.link == "https://news.example/"
    assert candidates(SOURCE, feed(note, link=None)) == ()


# ── properties ────────────────────────────────────────────────────────────────────────────────────────────────────

LINKS = ("https://news.example/1", "https://news.example/2", "https://news.example/3", "https://news.example/")
entries = st.builds(
    entry,
    st.sampled_from(["1", "2", "3", "4", "5"]),
    st.sampled_from(LINKS),
    st.sampled_from(["A", "B"]),
    st.none() | st.floats(-2, 100),
)
documents = st.lists(entries, max_size=6).map(lambda found: feed(*found))


@given(st.lists(documents, min_size=1, max_size=4))
def test_planning_a_document_again_gives_nothing_new(looks: Sequence[Feed]) -> None:
    """Whatever was there before, a document that has been planned is known from then on, in any order."""
    memory = Memory()
    for document in looks:
        memory.look(document)
        assert memory.look(document).new == ()
        assert memory.look(replace(document, entries=document.entries[::-1])).new == ()


@given(st.lists(documents, min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_an_id_that_was_met_is_never_new_again(looks: Sequence[Feed], random: Random) -> None:
    """Editing titles and links, dropping and reordering entries makes no article of an id that has been met."""
    memory, met = Memory(), set()
    for document in looks:
        memory.look(document)
        met |= {each.id for each in document.entries}
        again = [replace(each, title="Edited", link=random.choice(LINKS)) for each in document.entries]
        random.shuffle(again)
        for new in memory.look(feed(*again[: random.randint(0, 6)])).new:
            assert new.candidate.entry.id not in met


@given(documents, st.integers(0, 7))
def test_the_first_look_posts_at_most_the_backfill(document: Feed, backfill: int) -> None:
    """However odd the document, no more than the newest N go out, and they are the last of the order."""
    decided = Memory().look(document, rules=replace(RULES, backfill=backfill), first=True)
    out = [new.skipped is None for new in decided.new]
    assert sum(out) == min(backfill, len(out))
    assert out == sorted(out)


def test_a_candidate_is_known_by_its_id_first() -> None:
    """The keys of a candidate are its id within the source and its canonical link."""
    [found] = candidates(SOURCE, feed(entry("a", link="http://www.news.example/a?utm_source=x#rss")))
    assert found == Candidate(
        found.entry, "http://www.news.example/a?utm_source=x#rss", ("id:news:a", "link:https://news.example/a")
    )
