"""Reads the [[channels]] of `handbill.toml`, and fetches their secrets from where the file says that they are."""

from collections.abc import Callable, Mapping
from pathlib import Path as FilePath
from typing import Any

from adapters.base import Platform
from bot.settings.document import Document, Table, validate
from bot.settings.model import ChannelConfig
from bot.settings.names import Path, fields_of, is_secret, values_in
from bot.settings.problems import Problems, listed, suggestion
from bot.settings.reporting import NOT_SHOWN, without_unknown

_HOW_TO_REFER = 'write { env = "NAME" } with the name of a variable, or { file = "path" }'

FindVariable = Callable[[str], str | None]


def read_channels(
    document: Document, platforms: Mapping[str, Platform], find_variable: FindVariable, problems: Problems
) -> list[tuple[Table, ChannelConfig]]:
    """The [[channels]] without mistakes."""
    tables = document.tables("channels", problems)
    read = ((table, _read_channel(table, platforms, find_variable, problems)) for table in tables)
    return [(table, channel) for table, channel in read if channel is not None]


def _read_channel(
    table: Table, platforms: Mapping[str, Platform], find_variable: FindVariable, problems: Problems
) -> ChannelConfig | None:
    values = dict(table.values)
    name, platform_name = values.pop("name", None), values.pop("platform", None)
    named = isinstance(name, str) and bool(name.strip())
    if not named:
        problems.missing(table.key(("name",)), 'give the channel a name, such as name = "news"')
    if platform_name is None:
        problems.missing(table.key(("platform",)), f"it is one of {listed(platforms, 'or')}")
        return None
    platform = platforms.get(platform_name) if isinstance(platform_name, str) else None
    if platform is None:
        mend = suggestion(str(platform_name), platforms)
        problems.wrong(table.key(("platform",)), platform_name, f"there is no such platform; {mend}")
        return None
    settings = _read_account(table, values, platform, find_variable, problems)
    return ChannelConfig(str(name), platform.name, settings) if named and settings is not None else None


def _read_account(
    table: Table, values: dict[str, Any], platform: Platform, find_variable: FindVariable, problems: Problems
) -> Any:
    """The platform's own settings in a [[channels]] table, with the secrets fetched from where they are."""
    values = without_unknown(values, platform.settings, table.key, problems)
    bad: set[Path] = set()
    for path, field in fields_of(platform.settings):
        section = _section(values, path)
        if not is_secret(field) or path[-1] not in section:
            continue
        secret = _fetch_secret(table, path, section.pop(path[-1]), find_variable, problems)
        if secret is None:
            bad.add(path)
        else:
            section[path[-1]] = secret
    account = validate(values, platform.settings, table, problems, bad)
    return None if bad else account


def _section(values: dict[str, Any], path: Path) -> dict[str, Any]:
    """The table that `path` ends in; empty when there is none."""
    for step in path[:-1]:
        inner = values.get(step)
        values = inner if isinstance(inner, dict) else {}
    return values


def _fetch_secret(
    table: Table, path: Path, value: object, find_variable: FindVariable, problems: Problems
) -> str | None:
    """The secret that a TOML value refers to; None, and a problem, when it is not there."""
    key = table.key(path)
    match value:
        case {"env": str(name), **others} if not others and name:
            found = find_variable(name)
            mend = "this variable is not set, or empty, in the environment and in .env; set it to the secret"
            key = table.key((*path, "env"))
        case {"file": str(name), **others} if not others and name:
            found, mend = _read_secret(table.path.parent / FilePath(name).expanduser())
            key = table.key((*path, "file"))
        case _:
            for each in values_in(value):
                problems.hide(str(each))
            problems.note(f"{key} {NOT_SHOWN}", f"a secret does not stand in this file: {_HOW_TO_REFER}")
            return None
    if found:
        problems.hide(found)
        return found
    problems.wrong(key, name, mend)
    return None


def _read_secret(path: FilePath) -> tuple[str | None, str]:
    """What a file holds, without the white space around it, or why it cannot be used."""
    try:
        return path.read_text("utf-8").strip(), "this file is empty; put the secret into it"
    except OSError as exception:
        return None, f"this file cannot be read ({exception.strerror}); name one that holds the secret"
    except UnicodeDecodeError:
        return None, "this file is not text; put the secret into it"
