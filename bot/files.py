"""The door for files that people keep: written whole or not at all."""

import os
from pathlib import Path


def put_whole(path: Path, data: bytes) -> None:
    """Put `data` into the file at `path`, in one step for whoever reads it, with the rights that it had.

    Raises OSError, and then the file is as it was.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            beside.chmod(path.stat().st_mode & 0o777)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
