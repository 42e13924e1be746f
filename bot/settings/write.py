"""Adds sources to `handbill.toml`: at its end, so that nothing that stands in it is touched."""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.files import put_whole


class NotWritten(Exception):
    """The file is as it was. The text is one sentence."""


@dataclass(frozen=True, slots=True)
class NewSource:
    """What is to be added."""

    url: str
    kind: str = "auto"
    name: str | None = None

    def table(self) -> str:
        """As a [[sources]] table."""
        lines = ["[[sources]]", f"url = {_quoted(self.url)}"]
        if self.name:
            lines.append(f"name = {_quoted(self.name)}")
        if self.kind != "auto":
            lines.append(f"kind = {_quoted(self.kind)}")
        return "\n".join(lines) + "\n"


def append_sources(path: Path, new: Sequence[NewSource]) -> None:
    """Add tables to the file, which is made where it is not there; whole or not at all. Raises NotWritten."""
    try:
        before = path.read_text("utf-8") if path.exists() else ""
        text = "\n".join([*([before.rstrip("\n") + "\n"] if before.strip() else []), *(each.table() for each in new)])
        tomllib.loads(text)
        put_whole(path, text.encode("utf-8"))
    except OSError as error:
        raise NotWritten(f"{path} cannot be written ({error.strerror}): nothing was changed.") from None
    except tomllib.TOMLDecodeError as error:
        raise NotWritten(f"{path.name} would not be TOML any more ({error}): nothing was changed.") from None


def _quoted(text: str) -> str:
    """A basic string: https://toml.io/en/v1.0.0#string. JSON's escapes are among TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
