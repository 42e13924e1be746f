"""Whether every delivery is right, by what readers see on the platforms. Pure.

Right is: exactly one post for each article on each channel, with its title and its link, and none of what was in the
feed before the first look. The ledger is believed in one thing only: that it does not know.
"""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from adapters.sandbox.server import PublicPost

ONCE = "once"
UNCERTAIN = ("unsure, is out", "unsure, not out")
"""What is said of a delivery of which Handbill does not know whether it is out: by what readers see."""


@dataclass(frozen=True, slots=True)
class Place:
    """A channel of the demo. `name`: as readers know it."""

    platform: str
    title: str
    name: str
    library: str
    """Through which Handbill speaks to the platform."""
    may_stay_uncertain: bool = False
    """The platform can be asked only beside a post that is known: what is lost before there is any may have to wait."""


@dataclass(frozen=True, slots=True)
class Expected:
    """An article, as the publication knows it. `wanted`: it has to be posted, once on each channel."""

    title: str
    link: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """What readers see of one article on one channel."""

    right: bool
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What readers see of everything."""

    cells: Mapping[tuple[str, str], Cell]
    """(article's link, platform) → cell."""
    strays: tuple[PublicPost, ...]
    """Posts that belong to no article or stand in no channel of ours."""

    @property
    def right(self) -> bool:
        """Whether nothing is missing, double or wrong."""
        return not self.strays and not self.wrong

    @property
    def wrong(self) -> tuple[tuple[str, str], ...]:
        """The keys of the cells that are not right."""
        return tuple(key for key, cell in self.cells.items() if not cell.right)


def judge(
    articles: Sequence[Expected],
    places: Sequence[Place],
    posts: Sequence[PublicPost],
    undecided: Collection[tuple[str, str]],
) -> Verdict:
    """`undecided`: (article's link, platform) of what the ledger says waits for a person because nobody knows."""
    cells: dict[tuple[str, str], Cell] = {}
    claimed: set[tuple[str, str, str]] = set()
    for article in articles:
        for place in places:
            key = (article.link, place.platform)
            found = [post for post in posts if _is_at(post, place) and article.link in post.links]
            claimed.update((post.platform, post.place, post.id) for post in found)
            cells[key] = _cell(article, place, found, undecided=key in undecided)
    strays = tuple(post for post in posts if (post.platform, post.place, post.id) not in claimed)
    return Verdict(cells, strays)


def _is_at(post: PublicPost, place: Place) -> bool:
    return (post.platform, post.place) == (place.platform, place.name)


def _cell(article: Expected, place: Place, found: Sequence[PublicPost], *, undecided: bool) -> Cell:
    if not article.wanted:
        return Cell(not found, f"out {_times(len(found))}" if found else "not posted")
    if len(found) > 1:
        return Cell(False, f"out {_times(len(found))}")
    if found and (mistake := _mistake(article, found[0])):
        return Cell(False, mistake)
    if undecided and place.may_stay_uncertain:
        return Cell(True, UNCERTAIN[0] if found else UNCERTAIN[1])
    return Cell(True, ONCE) if found else Cell(False, "missing")


def _mistake(article: Expected, post: PublicPost) -> str:
    if _plain(article.title) not in _plain(post.text):
        return "wrong title"
    targets = {*post.links, *([post.card["link"]] if post.card else [])}
    return "" if targets == {article.link} else "wrong link"


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
