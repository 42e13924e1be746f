"""The documents as these tests read them: what stands in code, in tables, and which commands and targets that names."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_INDENTED = re.compile(r"^ {4}(\S.*)$", re.MULTILINE)
_COMMAND = re.compile(r"\bhandbill +([a-z]+)\b(.*)")
_OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]*)")


@dataclass(frozen=True)
class Page:
    """One document."""

    name: str

    @property
    def text(self) -> str:
        """All of it."""
        return (ROOT / self.name).read_text("utf-8")

    @property
    def lines(self) -> list[str]:
        """Its lines."""
        return self.text.splitlines()

    def blocks(self, language: str) -> list[str]:
        """The fenced blocks in a language."""
        return [body for named, body in _FENCED.findall(self.text) if named == language]

    @property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _FENCED.sub("", self.text)

    @property
    def code(self) -> list[str]:
        """Everything that is set as code outside fenced blocks: spans, and lines that are indented by four."""
        return _SPAN.findall(self.prose) + _INDENTED.findall(self.prose)

    @property
    def commands(self) -> list[tuple[str, list[str]]]:
        """The commands that it gives, each with the options that stand beside it."""
        found = [match for each in self.code if (match := _COMMAND.search(each))]
        return [(match[1], options_in(match[2])) for match in found]

    @property
    def targets(self) -> set[str]:
        """The targets of make that it names."""
        return {target for each in self.code for target in re.findall(r"\bmake ([a-z][a-z-]*)", each)}

    def table(self, heading: str) -> list[tuple[str, str]]:
        """The rows of the two-column table whose first column has this heading."""
        _, found, rest = self.text.partition(f"\n| {heading} | ")
        assert found, f"{self.name} has no table of {heading}s"
        rows = rest.split("\n\n")[0].splitlines()[2:]
        return [(first.strip(), second.strip()) for first, second in (row.strip("|").split("|") for row in rows)]


def options_in(text: str) -> list[str]:
    """The options that a text names."""
    return _OPTION.findall(text)


README = Page("README.md")
CHANGELOG = Page("CHANGELOG.md")
CONTRIBUTING = Page("CONTRIBUTING.md")
TEMPLATES = Page("templates/README.md")
ALL = (
    README,
    CHANGELOG,
    CONTRIBUTING,
    TEMPLATES,
    Page("docs/posts.md"),
    *map(Page, (".env.example", "Makefile", ".ci/run", "pyproject.toml")),
)
