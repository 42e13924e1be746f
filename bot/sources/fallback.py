"""The patient parser, for feeds that no repair makes XML: feedparser, in a child process with limits.

It reads nearly anything, but some bodies of a few hundred kilobytes keep it busy for half a minute, in one go, holding
the interpreter. So it gets a process that can be ended, little time, little memory, and nothing of our environment.
"""

import json
import os
import resource
import subprocess
import sys
from typing import Any

CPU_FOR = 8
"""Seconds of CPU that the child may use."""
WALL_FOR = 30
"""Seconds after which it is ended in any case."""
MEMORY = 1_500 * 2**20
"""Bytes of address space."""
MAX_CHARS = 4_000_000
"""Characters of a document that it is given."""


def read_patiently(text: str, cpu_for: int = CPU_FOR) -> dict[str, Any] | None:
    """What feedparser makes of `text`, or None where it finds no feed or does not finish in time. Blocks."""
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONIOENCODING": "utf-8"}
    try:
        done = subprocess.run(  # noqa: S603 - our own module in our own interpreter; the text goes to its input
            [sys.executable, "-m", "bot.sources.fallback", str(cpu_for)],
            input=text[:MAX_CHARS].encode("utf-8", "replace"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=WALL_FOR,
            check=True,
        )
        found = json.loads(done.stdout)
    except (subprocess.SubprocessError, OSError, ValueError):
        return None
    return found if isinstance(found, dict) and (found["entries"] or found["version"]) else None


def main() -> None:
    """Read a request from standard input, write what was found to standard output. Runs in the child."""
    cpu_for = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_for, cpu_for))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    json.dump(_parse(sys.stdin.buffer.read()), sys.stdout)


def _parse(document: bytes) -> dict[str, Any]:
    import feedparser  # type: ignore[import-untyped]  # noqa: PLC0415 - only the child pays for it

    # Told no address, it leaves alone what looks relative: an id must be the same by whatever way it is read.
    headers = {"content-type": "application/xml; charset=utf-8"}
    parsed = feedparser.parse(document, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    head = parsed.feed
    return {
        "version": parsed.get("version") or "",
        "id": head.get("id"),
        "title": head.get("title") or "",
        "link": head.get("link"),
        "language": head.get("language") or "",
        "entries": [_entry(entry) for entry in parsed.entries],
    }


def _entry(entry: Any) -> dict[str, Any]:
    media = [*entry.get("media_content", ()), *entry.get("media_thumbnail", ())]
    return {
        "id": entry.get("id") or "",
        "link": entry.get("link") or "",
        "title": entry.get("title") or "",
        "htmls": [entry.get("summary") or "", *(part.get("value") or "" for part in entry.get("content", ()))],
        "published": entry.get("published") or "",
        "updated": entry.get("updated") if "updated" in entry.keys() else "",  # noqa: SIM118 - `in` would follow an alias
        "author": entry.get("author") or "",
        "tags": [tag.get("term") or "" for tag in entry.get("tags", ())],
        "pictures": [
            (part.get("url") or part.get("href") or "", part.get("type") or "")
            for part in (*media, *entry.get("enclosures", ()))
        ],
    }


if __name__ == "__main__":
    main()
