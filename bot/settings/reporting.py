"""Turns what the models refuse into sentences that name each key as the operator wrote it."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from bot.settings.names import Path, field_at, is_secret, model_of
from bot.settings.problems import Problems, in_words

NOT_SHOWN = "(its value is not shown)"

KeyOf = Callable[[Path], str]


def report(
    error: ValidationError,
    model: type[BaseModel],
    problems: Problems,
    key_of: KeyOf,
    needs: Callable[[Path], str],
    *,
    known_bad: Collection[Path] = (),
) -> None:
    """Add a problem for each error; `needs` says why a missing setting is needed; `known_bad` were reported before."""
    for each in error.errors(include_url=False):
        path = _path(each["loc"], model)
        field = field_at(model, path)
        if path in known_bad:
            continue
        if each["type"] == "missing":
            problems.missing(key_of(path), needs(path))
        elif field is None:
            problems.note(key_of(path), in_words(each))
        elif is_secret(field):
            problems.note(f"{key_of(path)} {NOT_SHOWN}", in_words(each))
        else:
            problems.wrong(key_of(path), each["input"], in_words(each))


def _path(loc: tuple[int | str, ...], model: type[BaseModel]) -> Path:
    """The part of an error's place that names a setting: without indices, and without members of unions."""
    path: Path = ()
    for step in loc:
        field = model.model_fields.get(str(step))
        if field is None:
            break
        path = (*path, str(step))
        inner = model_of(field)
        if inner is None:
            break
        model = inner
    return path


def without_unknown(
    table: Mapping[str, Any], model: type[BaseModel], key_of: KeyOf, problems: Problems, *, beside: Collection[str] = ()
) -> dict[str, Any]:
    """`table` without the keys that `model` does not have, each of which becomes a problem. `beside`: names that may
    have been meant as well."""
    known = {}
    for name, value in table.items():
        field = model.model_fields.get(name)
        inner = model_of(field) if field else None
        if field is None:
            problems.unknown(key_of((name,)), name, dict.fromkeys([*beside, *model.model_fields]))
        elif inner is not None and isinstance(value, Mapping):
            known[name] = without_unknown(value, inner, lambda path, name=name: key_of((name, *path)), problems)  # type: ignore[misc]
        else:
            known[name] = value
    return known
