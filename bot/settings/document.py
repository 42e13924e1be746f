"""Reads `handbill.toml`: general settings, [[sources]], [[channels]] and [[routes]]. Secrets stand outside of it."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from adapters.base import Platform
from bot.settings.environment import Layer, hide
from bot.settings.fields import General, RouteTable, SourceTable
from bot.settings.names import CONFIG, Path, env_name, field_at, is_secret, model_of, values_in
from bot.settings.problems import Problems
from bot.settings.reporting import NOT_SHOWN, report, without_unknown

DEFAULT_FILE = FilePath("handbill.toml")
LISTS = ("sources", "channels", "routes")

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file as it was read."""

    path: FilePath
    content: Mapping[str, Any]

    def variables(self) -> set[str]:
        """The names of the variables that it refers to as `{ env = "NAME" }`."""
        return set(_references(self.content))

    def names(self, kind: str) -> set[str]:
        """The names that [[kind]] tables bear, whatever else is wrong with them."""
        found = self.content.get(kind, [])
        tables = [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
        return {str(table["name"]) for table in tables if "name" in table}

    def tables(self, kind: str, problems: Problems) -> "list[Table]":
        """All [[kind]] tables."""
        found = self.content.get(kind, [])
        if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
            problems.note(f"{self.path.name}: {kind}", f"it is written as tables, each under a line [[{kind}]]")
            return []
        for each in found:
            problems.hide_suspects(each.get("name"))
        return [Table(self.path, kind, number, values) for number, values in enumerate(found, start=1)]


@dataclass(frozen=True, slots=True)
class Table:
    """One table out of a list of tables. `number` counts from 1, as people do."""

    path: FilePath
    kind: str
    number: int
    values: Mapping[str, Any]

    @property
    def title(self) -> str:
        """This table in a sentence: [[channels]] #2 ("news")."""
        name = self.values.get("name")
        return f"[[{self.kind}]] #{self.number}" + (f' ("{name}")' if isinstance(name, str) else "")

    def key(self, path: Path) -> str:
        """A key of this table as the operator wrote it."""
        where = f"{'.'.join(path)} in " if path else ""
        return f"{self.path.name}: {where}{self.title}"

    def read(self, model: type[Model], problems: Problems) -> Model | None:
        """This table as `model`, or None when it has mistakes."""
        values = without_unknown(self.values, model, self.key, problems)
        return validate(values, model, self, problems)


def _references(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        if set(value) == {"env"}:
            yield str(value["env"])
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def read_document(named: FilePath | None, environ_says: str | None, problems: Problems) -> Document:
    """The file named on the command line, or by HANDBILL_CONFIG, or `handbill.toml` here; empty without any."""
    path = named or (FilePath(environ_says).expanduser() if environ_says else DEFAULT_FILE)
    empty = Document(path, {})
    if path is DEFAULT_FILE and not path.exists():
        return empty
    key = "--config" if named else CONFIG if environ_says else str(path)
    try:
        return Document(path, tomllib.loads(path.read_text("utf-8")))
    except OSError as exception:
        problems.wrong(key, str(path), f"the file cannot be read ({exception.strerror}); name one that exists")
    except UnicodeDecodeError:
        problems.wrong(key, str(path), "the file is not UTF-8 text; save it as such")
    except tomllib.TOMLDecodeError as exception:
        problems.note(path.name, f"this is not TOML: {exception}; mend that place")
    return empty


def general_layer(
    document: Document, model: type[General], platforms: Mapping[str, Platform], problems: Problems
) -> Layer:
    """The general settings in the file, under the same names as in the environment, in small letters."""
    for name in document.content:
        if name in platforms:
            mend = f'the accounts stand in [[channels]] tables, each with platform = "{name}"'
            problems.note(f"{document.path.name}: [{name}]", mend)
    table = {name: value for name, value in document.content.items() if name not in {*LISTS, *platforms}}
    layer = Layer(document.path.name, {}, toml=True)
    values = dict(_flat(without_unknown(table, General, layer.key, problems, beside=LISTS), General))
    for path, value in values.items():
        hide(model, path, value, problems)
    for path in [each for each in values if (field := field_at(General, each)) is not None and is_secret(field)]:
        del values[path]
        mend = f"a secret does not stand in this file: set {env_name(path)}"
        problems.note(f"{layer.key(path)} {NOT_SHOWN}", mend)
    return Layer(document.path.name, values, toml=True)


def _flat(table: Mapping[str, Any], model: type[BaseModel], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    for name, value in table.items():
        section = model_of(model.model_fields[name])
        if section is not None and isinstance(value, Mapping):
            yield from _flat(value, section, (*path, name))
        else:
            yield (*path, name), value


def validate(
    values: Mapping[str, Any], model: type[Model], table: Table, problems: Problems, bad: set[Path] | None = None
) -> Model | None:
    """`values` as `model`; None, and problems for all but the `bad` settings, when they have mistakes."""
    for each in values_in(values):
        if isinstance(each, str):
            problems.hide_password(each)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        report(error, model, problems, table.key, lambda _: f"{table.title} needs it", known_bad=bad or set())
        return None


def read_sources(document: Document, problems: Problems) -> list[tuple[Table, SourceTable]]:
    """The [[sources]] without mistakes."""
    read = ((table, table.read(SourceTable, problems)) for table in document.tables("sources", problems))
    return [(table, source) for table, source in read if source is not None]


def read_routes(document: Document, problems: Problems) -> list[tuple[Table, RouteTable]]:
    """The [[routes]] without mistakes."""
    read = ((table, table.read(RouteTable, problems)) for table in document.tables("routes", problems))
    return [(table, route) for table, route in read if route is not None]
