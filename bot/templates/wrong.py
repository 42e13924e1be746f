"""Mistakes in a template. Pure."""

from collections.abc import Iterable


class Wrong(Exception):
    """What a template must not say, and the mend, as the second half of a sentence."""

    def __init__(self, line: int | None, text: str) -> None:
        super().__init__(text)
        self.line = line
        """Counted from 1; None: it is about the whole."""
        self.text = text

    def told_of(self, file: str) -> str:
        """The whole sentence, without its full stop."""
        return f"{self.place_in(file)}: {self.text.rstrip('.')}"

    def place_in(self, file: str) -> str:
        """Where it is, for people."""
        return file if self.line is None else f"{file}, line {self.line}"


class Mistakes(Exception):
    """All that is wrong with one template."""

    def __init__(self, found: Iterable[Wrong]) -> None:
        self.found = tuple(found)
        super().__init__(*self.found)
