"""How commands look: tables that stay readable at 80 columns and whole when piped, times for people, tamed strangers.

Titles, names and reasons come from strangers. Nothing of them is read as markup (the consoles here know none), and what
could act on a terminal is taken out.
"""

import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console, RenderableType
from rich.table import Column, Table
from rich.text import Text

from bot.duration import format_duration, say_in
from bot.model import State

_PIPED_WIDTH = 100_000
"""A line that a script reads is never broken."""
_ALSO_OUT = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]")
"""What turns the direction of text round (https://www.unicode.org/reports/tr9/), and interlinear annotation."""

STYLES = {
    State.SENT: "green",
    State.FAILED: "bold red",
    State.UNCERTAIN: "bold yellow",
    State.HELD: "yellow",
    State.SENDING: "cyan",
    State.PENDING: "cyan",
    State.SKIPPED: "dim",
    State.CANCELLED: "dim",
}


def plain(text: str, *, lines: bool = False) -> str:
    """`text` without what could act on a terminal; on one line, unless `lines`."""
    kept = tamed(text)
    return kept.strip() if lines else " ".join(kept.split())


def tamed(text: str) -> str:
    """`text` without what could act on a terminal, and with all its spaces and line ends: a piece of a longer one."""
    return "".join(map(_tamed, _ALSO_OUT.sub("", text)))


def _tamed(character: str) -> str:
    if character in "\n\t":
        return character
    category = unicodedata.category(character)
    if category in ("Zl", "Zp"):
        return "\n"
    return "" if category in ("Cc", "Cs") else character


def when(at: datetime | None, now: datetime) -> str:
    """A time for people, from here: "in 4 min", "2 h ago", "never"."""
    if at is None:
        return "never"
    seconds = (at - now).total_seconds()
    if seconds > -1:
        return say_in(seconds)
    return f"{format_duration(-seconds)} ago"


def console() -> Console:
    """Where tables go. Honours NO_COLOR and COLUMNS; made late, so that it writes to the guarded output."""
    made = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    if not made.is_terminal:
        made.width = _PIPED_WIDTH
    return made


@contextmanager
def progress(words: str) -> Iterator[None]:
    """Something that moves while we wait, on a terminal only."""
    aside = Console(file=sys.stderr, markup=False, emoji=False)
    if not aside.is_terminal:
        yield
        return
    with aside.status(words):
        yield


@contextmanager
def steps(words: str) -> Iterator[Callable[[int, int], None]]:
    """Something that fills while we work, on a terminal only: call it with how much is done, and of how much."""
    aside = Console(file=sys.stderr, markup=False, emoji=False)
    if not aside.is_terminal:
        yield lambda _done, _total: None
        return
    from rich.progress import Progress  # noqa: PLC0415 # for long work only

    with Progress(console=aside, transient=True) as shown:
        task = shown.add_task(words)
        yield lambda done, total: shown.update(task, completed=done, total=total)


class Page:
    """Prints on one console: lines, headings and tables."""

    def __init__(self) -> None:
        self.console = console()
        self._begun = False

    @property
    def is_terminal(self) -> bool:
        """Whether a person reads along."""
        return self.console.is_terminal

    @property
    def is_plain(self) -> bool:
        """Whether there shall be lines of text and nothing else: piped, or where colours are not wanted (NO_COLOR)."""
        return not self.is_terminal or self.console.no_color

    def heading(self, words: str) -> None:
        """Begin a section."""
        if self._begun:
            self.line("")
        self.line(words, "bold")

    def line(self, words: str, style: str = "") -> None:
        """One line; long ones are broken for a terminal only."""
        self._begun = True
        self.console.print(Text(words, style), soft_wrap=not self.is_terminal)

    def item(self, mark: str, words: str, style: str = "") -> None:
        """A line with a mark before it, under which its further lines are indented."""
        if not self.is_terminal:
            self.line(f"{mark} {words}")
            return
        grid = Table.grid(padding=(0, 1))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(Text(mark, style), Text(words))
        self._begun = True
        self.console.print(grid)

    def side_by_side(self, columns: Sequence[RenderableType]) -> None:
        """Columns of one width, across the whole terminal."""
        grid = Table.grid(padding=(0, 1), expand=True)
        for _ in columns:
            grid.add_column(ratio=1, overflow="fold")
        grid.add_row(*columns)
        self._begun = True
        self.console.print(grid)

    def row_with_link(self, cells: Sequence[Text], widths: Sequence[int]) -> None:
        """A row of a table whose last cell is an address: broken only by the terminal, so that it can be clicked."""
        row = Text()
        for cell, width in zip(cells, widths, strict=False):
            row.append_text(cell).append(" " * (width - cell.cell_len + 2))
        self._begun = True
        self.console.print(row.append_text(cells[-1]), soft_wrap=True)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str | Text]], *, headed: bool = True) -> None:
        """A table as wide as the terminal; piped, as wide as it needs, without spaces at the ends of lines."""
        self._begun = True
        table = Table(
            *columns, box=None, padding=(0, 2, 0, 0), pad_edge=False, expand=self.is_terminal, show_header=headed
        )
        for row in rows:
            table.add_row(*row)
        if self.is_terminal:
            self.console.print(table)
            return
        with self.console.capture() as captured:
            self.console.print(table)
        for line in captured.get().splitlines():
            self.console.print(Text(line.rstrip()), soft_wrap=True)


def narrow(name: str, width: int | None = None) -> Column:
    """A column that is never broken, of a `width` that several tables have in common."""
    return Column(name, no_wrap=True, width=width)


def title_column(name: str, ratio: int = 1) -> Column:
    """A column whose texts may end in "…" where space is short."""
    return Column(name, no_wrap=True, overflow="ellipsis", ratio=ratio)


def text_column(name: str, ratio: int = 1) -> Column:
    """A column of which nothing is lost: it goes on in the next line."""
    return Column(name, overflow="fold", ratio=ratio)


def state_text(state: State, words: str = "") -> Text:
    """A state in its colour, and what else is said of it."""
    return Text(f"{state.value} {words}".rstrip(), STYLES[state])
