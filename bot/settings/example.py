"""Writes `.env.example` from the settings models, so that it says what the code does."""

from collections.abc import Mapping
from typing import Any

from pydantic.fields import FieldInfo

from adapters.base import Platform
from adapters.shaping import Shaping
from bot.duration import write_duration
from bot.settings.fields import General
from bot.settings.names import CONFIG, Path, env_name, fields_of

_INTRODUCTION = """\
# Settings of Handbill. Copy this file to .env and fill in what you need: your sources and at least one platform.
# A line that begins with #HANDBILL_ shows the default, or an example where there is none; remove the # to change it.
# What stands in the environment goes before what stands here.
# More than one account of a platform, and which source goes where: see handbill.toml in the README.
"""
_WIDTH = 120


def env_example(platforms: Mapping[str, Platform]) -> str:
    """The text of `.env.example`: what an operator has to set comes first, each setting with one line of help."""
    fields = dict(fields_of(General))
    quietest = max((platform.quiet_for for platform in platforms.values()), default=60.0)
    examples: Mapping[Path, str] = {("quiet_time",): write_duration(quietest)}
    sections = [_INTRODUCTION, _lines(("sources",), fields.pop(("sources",)))]
    for platform in platforms.values():
        # what every platform has comes after what is its own
        own = sorted(fields_of(platform.settings), key=lambda each: each[0][0] in Shaping.model_fields)
        lines = (_lines((platform.name, *path), field) for path, field in own)
        sections += [_heading(platform.title), *lines]
    sections += [
        _heading("Everything else"),
        *(_lines(path, field, examples.get(path)) for path, field in fields.items()),
    ]
    sections.append(
        f"# A TOML file with more settings (default: handbill.toml in the working directory).\n#{CONFIG}=\n"
    )
    return "\n".join(sections)


def _heading(title: str) -> str:
    return f"# ── {title} ".ljust(_WIDTH, "─") + "\n"


def _lines(path: Path, field: FieldInfo, example: str | None = None) -> str:
    """A setting: its help, and the line to fill in. Required settings are empty, which counts as not set."""
    help_text = " ".join((field.description or "").split())
    if field.is_required() or path == ("sources",):
        shown = f" Example: {field.examples[0]}" if field.examples else ""
        return f"# {help_text}{shown}\n{env_name(path)}=\n"
    return f"# {help_text}\n#{env_name(path)}={example or _default(field)}\n"


def _default(field: FieldInfo) -> str:
    """The default as it is written in the environment, or else the example."""
    if field.examples:
        return str(field.examples[0])
    default: Any = field.get_default(call_default_factory=True, validated_data={})
    if default is None:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, Mapping):
        return ",".join(f"{name}={value}" for name, value in default.items())
    if isinstance(default, (tuple, list, set, frozenset)):
        return ",".join(map(str, default))
    return f"{default:g}" if isinstance(default, float) else str(default)
