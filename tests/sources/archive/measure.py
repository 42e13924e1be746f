"""How much of each layout the parser finds: precision and recall of links, and how many fields come out as expected."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.doors import Fetched
from bot.sources.archive.parse import parse_archive
from bot.sources.entry import Entry, Feed
from bot.sources.reading import Selectors

HERE = Path(__file__).parent
SETS = ("layouts", "held_out", "unseen")
FIELDS = ("title", "summary", "day", "picture")


@dataclass(frozen=True)
class Layout:
    """A page that we wrote, and the articles that a reader sees on it."""

    name: str
    url: str
    body: bytes
    expected: Sequence[dict[str, str | None]]
    missed: Mapping[str, str]
    """The links that are not found, each with why: a sentence."""

    def read(self, selectors: Selectors | None = None) -> Feed:
        """What the parser makes of it, by default without configuration."""
        return parse_archive(Fetched(url=self.url, changed=True, body=self.body), selectors or Selectors())


@dataclass(frozen=True)
class Score:
    """What came of a layout."""

    expected: int
    found: int
    right: int
    """Links that are articles of the page."""
    fields: int
    """Fields of these that are as expected, of four each."""

    @property
    def precision(self) -> float:
        """The part of what was found that is right."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """The part of what is there that was found."""
        return self.right / self.expected if self.expected else 1.0


def layouts(folder: str) -> list[Layout]:
    """All layouts of a folder, by name."""
    return [_layout(path) for path in sorted((HERE / folder).glob("*.html"))]


def _layout(path: Path) -> Layout:
    expected: dict[str, Any] = json.loads(path.with_suffix(".json").read_text("utf-8"))
    blank = dict.fromkeys(FIELDS)
    return Layout(
        path.stem,
        expected["url"],
        path.read_bytes(),
        [blank | each for each in expected["entries"]],
        expected.get("missed", {}),
    )


def shown(entry: Entry) -> dict[str, str | None]:
    """An entry in the form in which it is expected."""
    day = entry.published_at.date().isoformat() if entry.published_at else None
    return {
        "link": entry.link,
        "title": entry.title,
        "summary": entry.summary,
        "day": day,
        "picture": entry.picture_url,
    }


def score(layout: Layout) -> Score:
    """Compare a layout with what the parser makes of it."""
    found = {entry.link: shown(entry) for entry in layout.read().entries}
    pairs = [(each, found[each["link"]]) for each in layout.expected if each["link"] in found]
    fields = sum(one[name] == other[name] for one, other in pairs for name in FIELDS)
    return Score(len(layout.expected), len(found), len(pairs), fields)


def table(folder: str) -> Iterator[str]:
    """The scores of a folder, a line for each layout and one for all."""
    yield f"{folder:<20} {'articles':>8} {'found':>6} {'precision':>9} {'recall':>7} {'fields':>7}"
    scores = {layout.name: score(layout) for layout in layouts(folder)}
    every = scores.values()
    together = Score(*(sum(getattr(each, name) for each in every) for name in ("expected", "found", "right", "fields")))
    for name, each in (*scores.items(), ("together", together)):
        fields = each.fields / (len(FIELDS) * each.right) if each.right else 0.0
        yield f"{name:<20} {each.expected:>8} {each.found:>6} {each.precision:>9.0%} {each.recall:>7.0%} {fields:>7.0%}"
    for layout in layouts(folder):
        yield from (f"  {layout.name} misses {link}: {why}" for link, why in layout.missed.items())
