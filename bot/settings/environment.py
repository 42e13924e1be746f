"""Reads the environment, `.env` and the general part of the TOML file, in that order of precedence.

The one place that looks at the process's environment.
"""

import logging
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
)

from bot.settings.fields import General
from bot.settings.names import CONFIG, DELIMITER, PREFIX, Path, env_name, field_at, fields_of, is_secret
from bot.settings.problems import Problems, listed, suggestion
from bot.settings.reporting import report

_SOUNDS_SECRET = ("TOKEN", "PASSWORD", "SECRET", "KEY")


def process_environment() -> Mapping[str, str]:
    """The environment of this process."""
    return os.environ


def color_refused() -> bool:
    """Whether the operator wants no colour in any output (https://no-color.org)."""
    return bool(os.environ.get("NO_COLOR"))


@dataclass(frozen=True, slots=True)
class Layer:
    """The settings that one place gives. `file` is empty for the environment itself."""

    file: str
    values: Mapping[Path, Any]
    toml: bool = False

    def key(self, path: Path) -> str:
        """The setting at `path` as the operator wrote it here."""
        if self.toml:
            return f"{self.file}: {'.'.join(path)}"
        return env_name(path) + (f" (in {self.file})" if self.file else "")

    def without(self, sections: Collection[str]) -> "Layer":
        """This layer without some of the top-level settings."""
        return replace(self, values={path: value for path, value in self.values.items() if path[0] not in sections})

    def source(self, model: type[BaseSettings]) -> PydanticBaseSettingsSource:
        """This layer as pydantic-settings takes it."""
        if self.toml:
            return InitSettingsSource(model, _nested(self.values))
        source = EnvSettingsSource(model)
        source.env_vars = {env_name(path).lower(): value for path, value in self.values.items()}
        return source


def _nested(values: Mapping[Path, Any]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for (*sections, name), value in values.items():
        table = document
        for section in sections:
            table = table.setdefault(section, {})
        table[name] = value
    return document


def read_dotenv(path: FilePath | None, problems: Problems) -> dict[str, str]:
    """All variables in a `.env` file, ours and others; none when there is no such file."""
    if path is None or not path.exists():
        return {}
    try:
        with _complaints() as lines:
            found = DotEnvSettingsSource(General, env_file=path, case_sensitive=True).env_vars
    except (OSError, UnicodeDecodeError) as exception:
        problems.note(str(path), f"the file cannot be read ({_reason(exception)})")
        return {}
    for line in lines:
        problems.note(f"{path.name}, line {line}", 'this cannot be read: write NAME=value, or NAME="value" with quotes')
    for name, value in found.items():
        if value is None and name.upper().startswith(PREFIX):
            problems.note(f"{name} (in {path.name})", f"there is no value: write {name}=value")
    return {name: value for name, value in found.items() if value is not None}


@contextmanager
def _complaints() -> Iterator[list[int]]:
    """The numbers of the lines that python-dotenv cannot parse; it only logs them."""
    lines: list[int] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if isinstance(record.args, tuple):
                lines.extend(each for each in record.args if isinstance(each, int))

    logger, listener = logging.getLogger("dotenv.main"), Listener()
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(listener)
    try:
        yield lines
    finally:
        logger.removeHandler(listener)
        logger.propagate = propagated


def _reason(exception: OSError | UnicodeDecodeError) -> str:
    return "it is not UTF-8 text" if isinstance(exception, UnicodeDecodeError) else str(exception.strerror)


def environment_layer(
    file: str, variables: Mapping[str, str], model: type[General], spoken_for: Collection[str], problems: Problems
) -> Layer:
    """Our own variables among `variables`. One without a value counts as not set; an unknown one is a mistake, unless
    the TOML file refers to it (`spoken_for`)."""
    known = {env_name(path): path for path, _ in fields_of(model)}
    values: dict[Path, str] = {}
    for name, value in variables.items():
        upper = name.upper()
        if not upper.startswith(PREFIX) or not value.strip() or upper == CONFIG or name in spoken_for:
            continue
        if path := known.get(upper):
            values[path] = value.strip()
            hide(model, path, value, problems)
        else:
            if any(word in upper for word in _SOUNDS_SECRET):
                problems.hide(value)
            _unknown(name + (f" (in {file})" if file else ""), upper, [*known, CONFIG], problems)
    return Layer(file, values)


def hide(model: type[General], path: Path, value: object, problems: Problems) -> None:
    """Keep what is secret in a raw value out of every sentence."""
    field = field_at(model, path)
    if isinstance(value, str):
        if field is not None and is_secret(field):
            problems.hide(value)
        else:
            problems.hide_password(value)


def _unknown(key: str, upper: str, known: Collection[str], problems: Problems) -> None:
    """Suggests within the section that was written, where there is one of that name."""
    section = upper.partition(DELIMITER)[0]
    siblings = [name for name in known if name.startswith(section + DELIMITER)]
    prefix = section + DELIMITER if siblings else PREFIX
    names = [name.removeprefix(prefix) for name in siblings or known]
    problems.note(f"{key} is not a setting", suggestion(upper.removeprefix(prefix), names, prefix))


def read_general(
    model: type[General], layers: Sequence[Layer], titles: Mapping[str, str], problems: Problems
) -> General:
    """The settings that `layers` give, the first before the next. A top-level setting with a mistake in it is reported
    and left at its default, so that the others can still be judged."""
    try:
        return _read(model, layers)
    except ValidationError as error:
        report(error, model, problems, lambda path: key_of(layers, path), lambda path: _why(layers, path, titles))
        bad = {str(each["loc"][0]) for each in error.errors(include_url=False)}
        return _read(model, [layer.without(bad) for layer in layers])


def _read(model: type[General], layers: Sequence[Layer]) -> General:
    class Layered(model):  # type: ignore[misc, valid-type]
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: Any, **__: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(layer.source(settings_cls) for layer in layers)

    return Layered()


def key_of(layers: Sequence[Layer], path: Path) -> str:
    """`path` as it was written in the first layer that has it, or as the environment would have it."""
    if layer := next((layer for layer in layers if path in layer.values), None):
        return layer.key(path)
    section = any(each[: len(path)] == path for layer in layers for each in layer.values)
    return env_name(path) + (f"{DELIMITER}…" if section else "")


def find_written(layers: Sequence[Layer], path: Path) -> Any:
    """What was written at `path` in the first layer that has it, if any has."""
    return next((layer.values[path] for layer in layers if path in layer.values), None)


def _why(layers: Sequence[Layer], path: Path, titles: Mapping[str, str]) -> str:
    """Why a missing setting of a platform is needed."""
    given = {each: layer for layer in reversed(layers) for each in layer.values if each[0] == path[0]}
    there = listed(layer.key(each) for each, layer in given.items())
    who = titles.get(path[0], path[0])
    return f"{who} needs it where {there} is set; set it as well, or remove the others to do without {who}"
