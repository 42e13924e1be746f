"""Which entries are new articles, and what becomes of each on its channels. Pure: decides, touches nothing.

One article however it arrives: by its id within its source, and by its canonical link across sources; never by title.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.flood import Before, Newcomer, Suspect, suspects
from bot.links import canonical_link
from bot.sources.entry import Entry, Feed

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry with every key that it could be known by, the most stable first."""

    entry: Entry
    link: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator has decided about a source. Durations in seconds."""

    settle: float
    max_age: float
    backfill: int
    expires_for: float | None = None
    enrich_for: float = 0.0
    """How long after its discovery an article waits for its page at the most; 0: pages are not read."""


@dataclass(frozen=True, slots=True)
class NewArticle:
    """An article that nobody knew. It goes out at `due_at`, unless it is held or `skipped` says why it stays in."""

    candidate: Candidate
    due_at: datetime
    skipped: str | None
    held: Suspect | None = None
    expires_at: datetime | None = None
    """When it is too late for it."""
    enrich_until: datetime | None = None
    """Until when it waits for its page."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a look at a source comes to."""

    new: tuple[NewArticle, ...]
    """Oldest first: the order in which they go out."""
    seen: tuple[tuple[int, Candidate], ...]
    """(article id, candidate) of those known already; a key that was not known is added to the article."""
    also: tuple[tuple[int, NewArticle], ...] = ()
    """(article id, what it would be here) of known ones that this source shows for the first time: it may lead to
    channels that the source which had them first does not."""
    same: tuple[tuple[int, int], ...] = ()
    """Known articles that an entry shows to be one: it has the id of one and the link of the other."""


def candidates(source_identity: str, feed: Feed) -> tuple[Candidate, ...]:
    """The entries of a feed as candidates, oldest first. An entry without a link that can be posted is left out."""
    linked = [(entry, link) for entry in feed.entries if (link := entry.link or feed.link)]
    shared = _links_of_different_entries([entry for entry, _ in linked])
    linked.reverse()  # documents are newest first; what is dated alike, or not at all, keeps that order
    if all(entry.published_at for entry in feed.entries):
        linked.sort(key=lambda pair: pair[0].published_at or LONG_AGO)
    return tuple(Candidate(entry, link, _keys(source_identity, entry, shared)) for entry, link in linked)


def _keys(source_identity: str, entry: Entry, shared: frozenset[str]) -> tuple[str, ...]:
    keys = []
    if entry.id:
        keys.append(f"id:{source_identity}:{entry.id}")
    canonical = canonical_link(entry.link) if entry.link else None
    if canonical and canonical not in shared:
        keys.append(f"link:{canonical}")
    if not keys:  # no id, and a link that tells nothing apart: it and the title together are all there is
        keys.append(f"text:{source_identity}:{entry.link or ''}:{entry.title}")
    return tuple(keys)


def _links_of_different_entries(entries: Sequence[Entry]) -> frozenset[str]:
    """Links that stand in one document under several ids *and* titles: they lead to a page, not to an article.

    (A feed whose every item links to the same list page, a link blog that comments on one address twice.)
    """
    titles: dict[str, set[str]] = {}
    ids: Counter[str] = Counter()
    for entry in entries:
        canonical = canonical_link(entry.link) if entry.link else None
        if canonical and entry.id:
            titles.setdefault(canonical, set()).add(entry.title.casefold())
            ids[canonical] += 1
    return frozenset(link for link, different in titles.items() if ids[link] > 1 and len(different) > 1)


def plan(
    found: Sequence[Candidate],
    known: Mapping[str, int],
    *,
    first_look: bool,
    rules: Rules,
    now: datetime,
    read_at: datetime | None = None,
    read_beside_at: datetime | None = None,
    moved: Collection[str] = (),
) -> Plan:
    """Sort candidates (oldest first) into new articles and known ones. `known`: key → article id, from the ledger.

    `read_at`: when the source was last read before this look, if it had articles; `read_beside_at`: when another one
    was that shows the same articles; `moved`: keys whose path is known under another host.
    """
    owners, met = dict(known), []
    seen: list[tuple[int, Candidate]] = []
    for candidate in found:
        if (article_id := _owner(owners, candidate)) is None:
            met.append(candidate)
        else:
            seen.append((article_id, candidate))
    for article_id, candidate in seen:
        for key in candidate.keys:
            owners.setdefault(key, article_id)
    fresh: list[Candidate] = []
    places: dict[str, int] = {}
    for candidate in met:
        if (article_id := _owner(owners, candidate)) is not None:  # by a link that a known article has only now
            seen.append((article_id, candidate))
        elif (place := _owner(places, candidate)) is None:
            places |= dict.fromkeys(candidate.keys, len(fresh))
            fresh.append(candidate)
        else:  # a second entry of the same article: its id is remembered too, lest it be new when its link changes
            more = tuple(key for key in candidate.keys if key not in places)
            places |= dict.fromkeys(more, place)
            fresh[place] = replace(fresh[place], keys=fresh[place].keys + more)
    backfilled = len(fresh) - rules.backfill if first_look else 0
    held: Mapping[int, Suspect] = {}
    if not first_look:
        newcomers = [Newcomer(each.entry.published_at, any(key in moved for key in each.keys)) for each in fresh]
        held = suspects(newcomers, Before(read_at, met_again=bool(seen)), max_age=rules.max_age, now=now)

    def article(candidate: Candidate, *, before: bool, suspect: Suspect | None = None) -> NewArticle:
        why_not = None if suspect else _why_not(candidate, before, first_look, rules, now)
        due_at = now + timedelta(seconds=rules.settle)
        expires_at = None if rules.expires_for is None else due_at + timedelta(seconds=rules.expires_for)
        return NewArticle(candidate, due_at, why_not, suspect, expires_at, _enrich_until(rules, why_not, now))

    news = [_is_news(each, read_beside_at, rules, now) for each in fresh]
    new = tuple(
        article(candidate, before=index < backfilled and not news[index], suspect=held.get(index))
        for index, candidate in enumerate(fresh)
    )
    also = tuple((known_as, article(each, before=first_look)) for known_as, each in seen if each.keys[0] not in known)
    return Plan(new, tuple(seen), also, _same(found, known))


def _is_news(candidate: Candidate, read_beside_at: datetime | None, rules: Rules, now: datetime) -> bool:
    """Whether another source would have brought this article at its next look: then being shown first by one that was
    added a moment ago must not cost it. What would be too old by then it would not have brought."""
    published = candidate.entry.published_at
    if read_beside_at is None or published is None:
        return False
    return read_beside_at < published <= now and now - published <= timedelta(seconds=rules.max_age)


def _enrich_until(rules: Rules, why_not: str | None, now: datetime) -> datetime | None:
    """Until when an article that goes out waits for its page; what must be out soon waits for half of its time."""
    if why_not is not None or not rules.enrich_for:
        return None
    time = rules.enrich_for if rules.expires_for is None else rules.settle + rules.expires_for / 2
    return now + timedelta(seconds=min(rules.enrich_for, time))


def _same(found: Sequence[Candidate], known: Mapping[str, int]) -> tuple[tuple[int, int], ...]:
    pairs: dict[tuple[int, int], None] = {}
    for candidate in found:
        owners = sorted({known[key] for key in candidate.keys if key in known})
        pairs |= dict.fromkeys((owners[0], other) for other in owners[1:])
    return tuple(pairs)


def may_be_out(candidate: Candidate, *, restored_at: datetime | None, read_at: datetime | None) -> bool:
    """Whether an article that is new to a restored ledger may have been posted by the one that it took the place of.

    Certainly not where the source had it only after the restore: later than the first time that it was read since, and
    not dated before. `read_at`: when the source was last read before this look.
    """
    if restored_at is None:
        return False
    if read_at is None or read_at <= restored_at:
        return True
    published = candidate.entry.published_at
    return published is not None and published <= restored_at


def _owner(owners: Mapping[str, int], candidate: Candidate) -> int | None:
    return next((owners[key] for key in candidate.keys if key in owners), None)


def _why_not(candidate: Candidate, before: bool, first_look: bool, rules: Rules, now: datetime) -> str | None:
    """Why a new article is not posted, as a sentence for the operator; None: it is."""
    if before:
        return "it was there before the first look at its source"
    published = candidate.entry.published_at
    if not first_look and published and now - published > timedelta(seconds=rules.max_age):
        return f"it was published {published:%Y-%m-%d %H:%M} UTC, longer ago than HANDBILL_MAX_AGE allows"
    return None
