"""Checks JSON against Lexicon schemas, with the sentences that a real server answers.

A schema is a Lexicon definition as data. https://atproto.com/specs/lexicon
"""

from collections.abc import Callable, Mapping
from typing import Any

from wcwidth import iter_graphemes

from adapters.sandbox.bluesky_cbor import is_blob_cid, is_cid
from adapters.sandbox.bluesky_syntax import FORMATS

Schema = Mapping[str, Any]

_FORMATS = FORMATS | {"cid": ("CID string", is_cid)}
_BLOB_KEYS = {"$type", "ref", "mimeType", "size"}


class Invalid(Exception):
    """A value does not fit its schema; says why and where."""

    def __init__(self, why: str, path: str) -> None:
        super().__init__(f"{why} at {path}")


def check(schema: Schema, value: Any, path: str = "$") -> None:
    """Raise `Invalid` unless `value` fits `schema`."""
    if value is None and schema.get("nullable"):
        return
    _CHECKS[schema["type"]](schema, value, path)


def _check_object(schema: Schema, value: Any, path: str) -> None:
    if not isinstance(value, dict):
        raise _unexpected(value, "object", path)
    for key in schema["required"]:
        if key not in value:
            raise Invalid(f'Missing required key "{key}"', path)
    for key, inner in schema["properties"].items():
        if key in value:
            check(inner, value[key], f"{path}.{key}")


def _check_array(schema: Schema, value: Any, path: str) -> None:
    if not isinstance(value, list):
        raise _unexpected(value, "array", path)
    _check_size("array", len(value), schema.get("maxLength"), path)
    for index, item in enumerate(value):
        check(schema["items"], item, f"{path}[{index}]")


def _check_union(schema: Schema, value: Any, path: str) -> None:
    if not isinstance(value, dict) or not isinstance(value.get("$type"), str):
        raise _unexpected(value, 'an object which includes the "$type" property', path)
    kind = value["$type"]
    if kind in schema["refs"]:
        check(schema["refs"][kind], value, path)
    elif schema.get("closed"):
        raise Invalid(f"Expected one of {', '.join(schema['refs'])} (got {kind})", f"{path}.$type")


def _check_string(schema: Schema, value: Any, path: str) -> None:
    if not isinstance(value, str):
        raise _unexpected(value, "string", path)
    _check_size("string", len(value.encode()), schema.get("maxLength"), path)
    most = schema.get("maxGraphemes")
    # Text that is short enough in UTF-16 units is not counted in graphemes: there are never more of them.
    if most is not None and len(value.encode("utf-16-le")) // 2 > most:
        _check_size("grapheme", sum(1 for _ in iter_graphemes(value)), most, path)
    if "format" in schema:
        name, is_valid = _FORMATS[schema["format"]]
        if not is_valid(value):
            raise Invalid(f"Invalid {name} (got {shown(value)})", path)


def _check_integer(schema: Schema, value: Any, path: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _unexpected(value, "integer", path)
    if value < schema.get("minimum", value):
        raise Invalid(f"integer too small (minimum {schema['minimum']}, got {value})", path)
    _check_size("integer", value, schema.get("maximum"), path)


def _check_boolean(_schema: Schema, value: Any, path: str) -> None:
    if not isinstance(value, bool):
        raise _unexpected(value, "boolean", path)


def _check_blob(schema: Schema, value: Any, path: str) -> None:
    if not is_blob_ref(value):
        raise _unexpected(value, "blob", path)
    accepted = schema["accept"]
    if not value["mimeType"].startswith(accepted.removesuffix("*")):
        raise Invalid(f"Expected {shown(accepted)} (got {shown(value['mimeType'])})", f"{path}.mimeType")
    _check_size("blob", value["size"], schema["maxSize"], path)


def _check_record(_schema: Schema, value: Any, path: str) -> None:
    """Any object of the data model, which knows no fractions. https://atproto.com/specs/data-model"""
    if not isinstance(value, dict):
        raise _unexpected(value, "object", path)
    _check_model(value, path)


def _check_model(value: Any, path: str) -> None:
    if isinstance(value, float):
        kinds = "one of null, boolean, integer, string, cid, bytes, array or object"
        raise _unexpected(value, kinds, path)
    if isinstance(value, dict):
        for key, inner in value.items():
            _check_model(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _check_model(inner, f"{path}[{index}]")


def is_blob_ref(value: Any) -> bool:
    """Whether a value is a reference to a blob: these four keys and no other. https://atproto.com/specs/blob"""
    match value:
        case {"$type": "blob", "ref": {"$link": link}, "mimeType": str() as mime, "size": int() as size}:
            exact = value.keys() == _BLOB_KEYS and value["ref"].keys() == {"$link"} and not isinstance(size, bool)
            return exact and "/" in mime and size >= 0 and is_blob_cid(link)
    return False


def shown(value: Any) -> str:
    """A value as error messages show it."""
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case str():
            return f'"{value}"'
        case dict():
            return "{" + ", ".join(f'"{key}": ...' for key in value) + "}"
        case list():
            return "[...]" if value else "[]"
    return str(value)


def _check_size(what: str, got: int, most: int | None, path: str) -> None:
    if most is not None and got > most:
        raise Invalid(f"{what} too big (maximum {most}, got {got})", path)


def _unexpected(value: Any, expected: str, path: str) -> Invalid:
    return Invalid(f"Expected {expected} value type (got {shown(value)})", path)


_CHECKS: dict[str, Callable[[Schema, Any, str], None]] = {
    "object": _check_object,
    "array": _check_array,
    "union": _check_union,
    "string": _check_string,
    "integer": _check_integer,
    "boolean": _check_boolean,
    "blob": _check_blob,
    "record": _check_record,
}
