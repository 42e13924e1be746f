"""Files that a command writes for people: whole or not at all."""

from pathlib import Path

from bot.files import put_whole


class NotWritten(Exception):
    """The file is as it was. The text is one sentence, with the mend."""


def write_whole(name: str, data: bytes) -> None:
    """Put `data` into the file, in one step for whoever reads it. Raises NotWritten.

    A link is followed, and what is no file (a pipe, a device) is written to as it is.
    """
    try:
        path = Path(name).resolve()
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(data)
            return
        put_whole(path, data)
    except (OSError, ValueError) as error:  # ValueError: no name that a file could have
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise NotWritten(f"{name} cannot be written ({why}): name a file in a folder that you may write to.") from None
