"""Mistakes in the settings: each one sentence that names the key, the value (never a secret) and the mend."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from bot.nearest import listed, suggestion
from bot.redact import MASK, Redactor, looks_secret
from bot.settings.names import values_in

__all__ = ["Problem", "Problems", "SettingsError", "in_words", "listed", "passwords_in", "show", "suggestion"]

_LONGEST_VALUE = 80
_PASSWORD = re.compile(r"(?:^(?!\w+://)|//)[^@/?#\s:]*:(?!\d+(?:/|$))(?P<secret>[^/?#\s]+|.+)@")
_DATABASE_PASSWORD = re.compile(r"(?i)//[^@/?#\s:]*:(?P<secret>[^/?#\s]+|.+)@|[?&][a-z]*password=(?P<told>[^&#]+)")
"""A password in the address of a database, also one that was not written in code as it should be."""
NOT_GIVEN = object()


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake."""

    key: str
    """As the operator wrote it."""
    sentence: str
    """What is wrong and how to mend it; safe to show to anybody."""

    def __str__(self) -> str:
        return self.sentence


class SettingsError(Exception):
    """The settings cannot be used. All their mistakes at once, one a line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Problems:
    """Collects mistakes, and the secrets that were seen on the way, so that no sentence shows one."""

    def __init__(self) -> None:
        self._found: list[tuple[str, object, str]] = []
        self._secrets: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def hide(self, secret: str) -> None:
        """Show this value nowhere."""
        self._secrets |= {secret, secret.strip()}

    def hide_password(self, text: str) -> None:
        """Show the password inside an address nowhere."""
        self._secrets |= passwords_in(text)

    def hide_suspects(self, value: object) -> None:
        """Show nothing inside `value` that looks like a secret, though it stands where none belongs."""
        for each in values_in(value):
            if isinstance(each, str) and looks_secret(each):
                self.hide(each)

    def wrong(self, key: str, value: object, text: str) -> None:
        """`key` holds a `value` that cannot be; `text` says what it should be."""
        self.hide_suspects(value)
        self._found.append((key, value, text))

    def missing(self, key: str, text: str) -> None:
        """`key` is not set; `text` says why it has to be, or to what."""
        self._found.append((f"{key} is missing", NOT_GIVEN, text))

    def unknown(self, key: str, name: str, known: Iterable[str], what: str = "a setting") -> None:
        """`key` is none of ours; suggests the known name that comes nearest to `name`."""
        self._found.append((f"{key} is not {what}", NOT_GIVEN, suggestion(name, known)))

    def note(self, key: str, text: str) -> None:
        """Anything else about `key`, without a value."""
        self._found.append((key, NOT_GIVEN, text))

    def render(self) -> tuple[Problem, ...]:
        """The sentences, in the order in which the mistakes were met, each once."""
        redactor = Redactor(self._secrets)
        rendered = (self._sentence(redactor, *each) for each in self._found)
        return tuple({problem.sentence: problem for problem in rendered}.values())

    def _sentence(self, redactor: Redactor, key: str, value: object, text: str) -> Problem:
        shown = "" if value is NOT_GIVEN else f" is {show(value, redactor)}"
        sentence = " ".join(f"{key}{shown}: {text}".split()).rstrip(".!") + ("" if text.endswith("?") else ".")
        return Problem(redactor.redact(key.removesuffix(" is missing")), redactor.redact(sentence))


def show(value: object, redactor: Redactor) -> str:
    """`value` as a person wrote it, short, with all that is or looks secret in it masked."""
    if isinstance(value, str) and looks_secret(value):
        return f"{MASK} (it looks like a secret)"
    text = value if isinstance(value, str) else repr(value)
    for secret in sorted(passwords_in(text), key=len, reverse=True):
        text = text.replace(secret, MASK)
    text = redactor.redact(text)
    if len(text) > _LONGEST_VALUE:
        text = text[:_LONGEST_VALUE] + "…"
    return f'"{text}"' if isinstance(value, str) else text


def passwords_in(address: str) -> set[str]:
    """The passwords inside an address, as written and decoded; empty when there is none."""
    pattern = _DATABASE_PASSWORD if address.lower().startswith("postgres") else _PASSWORD
    found = {each for match in pattern.finditer(address) for each in match.groups() if each}
    return found | {unquote(each) for each in found}


def in_words(error: Any) -> str:
    """What pydantic found wrong (one of `ValidationError.errors()`), as the second half of a sentence."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in {"value_error", "assertion_error"}:
        return str(context["error"])
    if kind == "literal_error":
        near = difflib.get_close_matches(str(error["input"]), re.findall(r"'([^']*)'", context["expected"]), n=1)
        return f"it is one of {context['expected']}" + (f"; did you mean {near[0]}?" if near else "")
    for start, words in _WORDS.items():
        if kind.startswith(start):
            return words.format(**context)
    return str(error["msg"]).replace("Input should", "it should")


_WORDS = {
    "int_": "it is a whole number",
    "float_": "it is a number",
    "bool_": "it is true or false",
    "string_type": 'it is text in quotes, such as "…"',
    "list_type": 'it is a list, such as ["…"]',
    "tuple_type": 'it is a list, such as ["…"]',
    "too_short": "it needs at least {min_length}",
    "string_too_short": "it needs at least {min_length} letter",
    "model_type": "it is a table with settings of its own",
    "extra_forbidden": "there is no such setting",
}
