"""What the demo prints: posts as followers see them, what goes wrong and what is done about it, and the table."""

import sys
from collections.abc import Callable, Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters.sandbox.server import PublicPost
from bot.demo.daemon import Fields
from bot.demo.verdict import ONCE, UNCERTAIN, Expected, Place, Verdict
from bot.demo.words import CALM, GOOD

WIDEST = 100
MARGIN = 9
"""Columns that the time takes."""
COLORS = ("cyan", "magenta", "blue", "green")
"""One for each place, in order."""


class Show:
    """Prints for one demo. `seconds` tells how long it has been running."""

    def __init__(self, console: Console, places: Sequence[Place], seconds: Callable[[], float]) -> None:
        console.width = min(console.width, WIDEST)
        self._console = console
        self._places = {place.platform: place for place in places}
        self._colors = dict(zip(self._places, COLORS, strict=False))
        self._seconds = seconds
        self._timed = ""
        self._said: set[str] = set()

    # ── lines ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def opening(self, feed: str) -> None:
        """Who plays."""
        out = self._console.print
        out()
        out(Text("Handbill, a demonstration", style="bold"))
        out("The real daemon watches a small newspaper and posts what it brings out.")
        out("Newspaper and platforms are fakes on this machine, and nothing leaves it.")
        out()
        grid = Table.grid(padding=(0, 2))
        grid.add_row(Text("  Feed", style="bold"), feed)
        for place in self._places.values():
            title = Text(f"  {place.title}", style=f"bold {self._colors[place.platform]}")
            grid.add_row(title, Text(f"{place.name}, through {place.library}"))
        out(grid)

    def say(self, sentence: str, *, mark: str = "·", style: str = "") -> None:
        """One sentence, with the time before it."""
        self._line(Text.assemble((f"{mark} ", style or "bold"), (sentence, style)), hang=2)

    def article(self, article: Expected) -> None:
        """An article is in the feed."""
        self._console.print()
        self._line(Text.assemble(("● In the feed: ", "bold"), (article.title, "bold")), hang=2)
        if not article.wanted:
            self.say("It was there before Handbill looked for the first time, so it must not be posted.")

    def wrong(self, title: str, sentence: str) -> None:
        """A platform does something wrong."""
        self.say(f"{title} {sentence}", mark="⚡", style="yellow")

    def done(self, event: str, sentence: str) -> None:
        """Handbill does something about it."""
        if event in CALM:
            if sentence not in self._said:  # once: a daemon that was started again says it again
                self.say(sentence)
            self._said.add(sentence)
        elif event in GOOD:
            self.say(sentence, mark="✓", style="green")
        else:
            self.say(sentence, mark="↻")

    def log(self, fields: Fields) -> None:
        """A line of the daemon's log."""
        pairs = [f"{key}={value}" for key, value in fields.items() if key not in ("event", "time", "level")]
        self._line(Text(" ".join(["  log", str(fields["event"]), *pairs]), style="dim"), hang=6)

    def post(self, post: PublicPost) -> None:
        """A post as a follower sees it."""
        color = self._colors.get(post.platform, "white")
        self._line(Text.assemble((self._title(post), f"bold {color}"), (f"  {post.place}", "dim")))
        text = Text(str(post.extra.get("shown", post.text)))
        for kind, marked in post.marks:
            text.highlight_words([marked], "underline" if kind == "link" else "bold")
        for line in _paragraphs(text):
            for row in line.wrap(self._console, self._console.width - MARGIN - 2) or [Text()]:
                self._barred(row, color)
        if (card := _card(post)) is not None:
            self._barred(Text(card, style="dim", no_wrap=True, overflow="ellipsis"), color)

    def _title(self, post: PublicPost) -> str:
        place = self._places.get(post.platform)
        return place.title if place else post.platform

    def _barred(self, row: Text, color: str) -> None:
        row.rstrip()
        row.truncate(self._console.width - MARGIN - 2, overflow="ellipsis")
        self._console.print(Text(" " * MARGIN) + Text("│ ", style=color) + row, soft_wrap=True)

    def _line(self, text: Text, hang: int = 0) -> None:
        """With the time before it, unless it is the same as that of the line before."""
        time = f"{self._seconds():6.1f} s"
        shown = time if time != self._timed else ""
        self._timed = time
        width = self._console.width - MARGIN
        first, *others = _hanging(text, self._console, width, hang)
        self._console.print(Text.assemble((f"{shown:<{MARGIN}}", "dim"), first), soft_wrap=True)
        for row in others:
            self._console.print(Text(" " * (MARGIN + hang)) + row, soft_wrap=True)

    # ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────

    def table(self, articles: Sequence[Expected], verdict: Verdict, notes: Mapping[tuple[str, str], str]) -> None:
        """Article × channel, as readers see it. `notes`: (article's link, platform) → how it came out after all."""
        self._console.print()
        rows = [[_cell(verdict, (article.link, name), notes) for name in self._places] for article in articles]
        cells = [cell for row in rows for cell in row]
        wide = max([cell.cell_len for cell in cells] + [len(place.title) for place in self._places.values()]) + 2
        heads = [Text(place.title, "bold") for place in self._places.values()]
        self._row(heads, wide, Text("Article", "bold"))
        for row, article in zip(rows, articles, strict=True):
            self._row(row, wide, Text(article.title, "" if article.wanted else "dim"))
        self._console.print()
        for stray in verdict.strays:
            said = f"✗ A post that belongs to no article, on {self._title(stray)}: {stray.text}"
            self._console.print(Text(said, style="red"))

    def _row(self, cells: Sequence[Text], wide: int, article: Text) -> None:
        # The article stands last: no two terminals agree on how wide its letters are.
        row = Text()
        for cell in cells:
            row += cell + Text(" " * (wide - cell.cell_len))
        article.truncate(max(10, self._console.width - row.cell_len), overflow="ellipsis")
        self._console.print(row + article, soft_wrap=True)

    def closing(self, articles: Sequence[Expected], verdict: Verdict, *, stopped_well: bool) -> None:
        """The verdict in a sentence."""
        wanted = sum(article.wanted for article in articles)
        total, wrong = wanted * len(self._places), len(verdict.wrong) + len(verdict.strays)
        unknown = sum(cell.words in UNCERTAIN for cell in verdict.cells.values())
        if not stopped_well:
            self._console.print(Text("✗ The daemon did not stop as it was told to.", style="bold red"))
        if wrong:
            said = f"✗ Not right: {wrong} of the deliveries above."
        elif unknown:
            said = f"✓ Right: {total} deliveries, none twice; {unknown} of unknown outcome left to a person."
        else:
            brought_out = "1 article" if wanted == 1 else f"{wanted} articles"
            said = f"✓ Right: {total} posts from {brought_out}, each out exactly once, with title and link."
        self._console.print(Text(said, style="bold red" if wrong else "bold green"))
        said = "Counted on the platforms, as readers see them; not in Handbill's own ledger."
        self._console.print(Text(said, style="dim"))

    def died(self, sentence: str, said: Sequence[str]) -> None:
        """The daemon ended by itself."""
        self._console.print()
        self._console.print(Text(f"✗ {sentence} Its last words:", style="bold red"))
        for line in said:
            self._console.print(Text(f"  {line}", style="dim"), soft_wrap=True)

    def kept(self, addresses: Mapping[str, str], folder: str) -> None:
        """Where everything is, while it is left running."""
        self._console.print()
        self._console.print(Text("Everything is left running until you press Ctrl-C.", style="bold"))
        grid = Table.grid(padding=(0, 2))
        for name, address in addresses.items():
            grid.add_row(f"  {name}", address)
        self._console.print(grid)
        self._console.print("Look at it from another terminal:")
        self._console.print(f"  cd {folder} && {sys.executable} -m bot status", soft_wrap=True)


def _cell(verdict: Verdict, key: tuple[str, str], notes: Mapping[tuple[str, str], str]) -> Text:
    cell = verdict.cells[key]
    mark, style = ("✓", "green") if cell.right else ("✗", "bold red")
    if cell.right and cell.words != ONCE:
        mark, style = ("?", "yellow") if cell.words in UNCERTAIN else ("–", "dim")
    words = Text.assemble((f"{mark} {cell.words}", style))
    if cell.words == ONCE and key in notes:
        words.append(f", {notes[key]}", style="dim")
    return words


def _card(post: PublicPost) -> str | None:
    if post.card is None:
        return None
    picture = " with a picture" if post.card["picture"] else ""
    about = f": {post.card['title']}" if post.card["title"] else ""
    return f"▢ link preview{picture}{about}"


def _paragraphs(text: Text) -> list[Text]:
    return list(text.split("\n", allow_blank=True))


def _hanging(text: Text, console: Console, width: int, hang: int) -> list[Text]:
    """`text` in lines of `width`, all but the first leaving room for the indent."""
    lines = list(text.wrap(console, width))
    if len(lines) > 1:
        rest = len(text.plain) - len(text.plain[len(lines[0].plain) :].lstrip())
        lines = [lines[0], *text[rest:].wrap(console, width - hang)]
    for line in lines:
        line.rstrip()
    return lines
