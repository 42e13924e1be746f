"""From a template's text to what renders it: checked, compiled, and bounded in what it may come to. Pure.

Jinja's sandbox is a second wall behind `bot.templates.language`: of its filters, tests and functions none is there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from traceback import walk_tb
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.marks import unmarked
from bot.templates.filters import FILTERS
from bot.templates.forms import Form
from bot.templates.language import DEEPEST, check
from bot.templates.wrong import Mistakes, Wrong

LARGEST = 16_000
"""Bytes of a template's file."""
LONGEST = 200_000
"""Characters that a template may come to: a dozen times what any platform takes."""

MOST_TOLD = 20
"""Mistakes of one template."""


class _Environment(ImmutableSandboxedEnvironment):
    """Without anything that a template could be given unasked."""

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=False)
        self.filters = {name: each.function for name, each in FILTERS.items()}
        self.tests = {}
        self.globals = {}


_ENVIRONMENT = _Environment()


@dataclass(frozen=True, slots=True)
class Compiled:
    """A template that may be used."""

    file: str
    """For people."""
    _template: Template = field(repr=False)

    def render(self, values: Mapping[str, Any]) -> str:
        """What it comes to. Raises Wrong, whatever goes wrong."""
        pieces, left = [], LONGEST
        try:
            for piece in self._template.generate(values):
                pieces.append(piece)
                left -= len(piece)
                if left < 0:
                    break
        except Exception as error:  # the sentence goes to where the template's owner sees it
            raise Wrong(self._line_in(error), f"it fails: {error}") from error
        if left < 0:
            raise Wrong(None, f"it comes to more than {LONGEST:,} characters; make it shorter")
        return "".join(pieces)

    def _line_in(self, error: Exception) -> int | None:
        """Jinja puts the lines of templates into its tracebacks."""
        lines = [line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == self.file]
        return lines[-1] if lines else None


def compiled(text: str, file: str, form: Form) -> Compiled:
    """A template of this text. Raises Mistakes."""
    try:
        tree = _ENVIRONMENT.parse(text, file, file)
        found = check(tree, form)
        if not found:
            code = _ENVIRONMENT.compile(tree, file, file)
            return Compiled(file, Template.from_code(_ENVIRONMENT, code, {}))
    except TemplateSyntaxError as error:
        found = [Wrong(error.lineno, f"it cannot be read: {unmarked(error.message or '')}")]
    except (RecursionError, MemoryError, SyntaxError):
        found = [Wrong(None, f"it is nested more than {DEEPEST} deep; make it simpler")]
    except ValueError:  # Python turns no number of thousands of digits into one
        found = [Wrong(None, "there is a number too long to be read; write a shorter one")]
    more = [Wrong(None, f"there are {len(found) - MOST_TOLD:,} more mistakes")] if len(found) > MOST_TOLD else []
    raise Mistakes([*found[:MOST_TOLD], *more])


def decoded(data: bytes) -> str:
    """The text of a file. Raises Wrong."""
    if len(data) > LARGEST:
        raise Wrong(None, f"it is larger than {LARGEST:,} bytes, and no post is; make it shorter")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Wrong(line, "it is not UTF-8 text; save it as such") from None
