"""How settings are called, and which of them are secret: read off the models that declare them."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from adapters.base import Platform

PREFIX = "HANDBILL_"
DELIMITER = "__"
CONFIG = "HANDBILL_CONFIG"

Path = tuple[str, ...]
"""Where a setting stands inside its model: ("fetch", "allow_networks")."""


def env_name(path: Path) -> str:
    """The environment name of a setting: HANDBILL_FETCH__ALLOW_NETWORKS."""
    return PREFIX + DELIMITER.join(path).upper()


def required_names(platform: Platform) -> tuple[str, ...]:
    """The environment names of the settings without which `platform` cannot be used."""
    return tuple(
        env_name((platform.name, *path)) for path, field in fields_of(platform.settings) if field.is_required()
    )


def fields_of(model: type[BaseModel]) -> Iterator[tuple[Path, FieldInfo]]:
    """Every single setting in `model`, those of models inside it included."""
    for name, field in model.model_fields.items():
        inner = model_of(field)
        if inner is None:
            yield (name,), field
        else:
            for path, each in fields_of(inner):
                yield (name, *path), each


def field_at(model: type[BaseModel], path: Path) -> FieldInfo | None:
    """The field at `path`, or None where there is no such setting or it is a whole section."""
    return next((field for each, field in fields_of(model) if each == path), None)


def model_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model that a field holds ("a section"), if it holds one."""
    return next((each for each in _types(field.annotation) if issubclass(each, BaseModel)), None)


def is_secret(field: FieldInfo) -> bool:
    """Whether the value of `field` must never be shown."""
    return any(issubclass(each, SecretStr) for each in _types(field.annotation))


def _types(annotation: Any) -> Iterator[type]:
    """The classes that an annotation is made of."""
    if isinstance(annotation, type) and not get_args(annotation):
        yield annotation
    for each in get_args(annotation):
        yield from _types(each)


def values_in(value: Any) -> Iterator[Any]:
    """Every single value inside a model, a table or a list."""
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from values_in(getattr(value, name))
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from values_in(each)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for each in value:
            yield from values_in(each)
    else:
        yield value


def secrets_in(value: Any) -> set[str]:
    """The secrets inside a settings model."""
    return {str(each.get_secret_value()) for each in values_in(value) if isinstance(each, SecretStr)}
