"""Keeps secrets out of everything that people and files get to see: the last step before any text leaves the process.

A known secret is masked in every spelling that libraries give it; what merely looks like a credential is masked too.
"""

import base64
import html
import io
import json
import re
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import TextIO, cast
from urllib.parse import quote, quote_plus

MASK = "***"

SHORTEST = 4
"""A secret of fewer characters is not masked: it would blank out half of every line and protect nothing."""

LEARNT_KEPT = 100
"""How many secrets learnt at run time (session tokens) are remembered; the oldest have long expired by then."""

_SHORTEST_LINE = 8
_LEFT_ALONE = ("", "/", "/:@", "!$&'()*+,;=:@/", "!$&'()*+,;=:@/?")
_SHORTEST_BASE64 = 6

_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        # A bot token: a number, a colon and letters, alone or in an address.
        r"(?<!\d)(?P<secret>\d{5,20}(?::|%3[Aa])[\w-]{30,})",
        # A JSON Web Token (https://www.rfc-editor.org/rfc/rfc7519).
        r"(?P<secret>eyJ[\w-]{6,}\.[\w-]{4,}(?:\.[\w-]*)?)",
        # Credentials of a request (https://www.rfc-editor.org/rfc/rfc9110#name-authorization).
        r"(?i:\b(?:bearer|basic|dpop)\s+)(?P<secret>(?=[\w.~+/=-]*[\dA-Z])[\w.~+/=-]{16,})",
        # The password in an address (https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1).
        r"://[^/\s:@\"']*:(?P<secret>[^/\s@\"']+)@",
    )
)
_GROUPED = re.compile(r"[a-z0-9]{4}(?:-[a-z0-9]{4}){3}")
_OPAQUE = re.compile(r"(?=.*\d)(?=.*[a-z])[\w+=-]{24,}", re.ASCII)


class Redactor:
    """Masks the secrets it knows, and credentials that it does not know, in any text. Safe to use from all threads."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._configured = frozenset(spelling for secret in secrets for spelling in spellings(secret))
        self._learnt: dict[str, frozenset[str]] = {}
        self._needles: frozenset[str] = self._configured

    def add(self, secret: str) -> None:
        """Learn a secret at run time. Only the last hundred are kept; those given to the constructor stay for good."""
        with self._lock:
            self._learnt.pop(secret, None)
            self._learnt[secret] = spellings(secret)
            while len(self._learnt) > LEARNT_KEPT:
                del self._learnt[next(iter(self._learnt))]
            self._needles = self._configured.union(*self._learnt.values())

    def redact(self, text: str) -> str:
        """`text` with every secret replaced by `***`."""
        spans = [span for needle in self._needles for span in _occurrences(needle, text)]
        spans += [match.span("secret") for pattern in _PATTERNS for match in pattern.finditer(text)]
        if not spans:
            return text
        return _masked(text, sorted(spans))


def _occurrences(needle: str, text: str) -> Iterator[tuple[int, int]]:
    """Where `needle` stands in `text`, overlaps included."""
    at = text.find(needle)
    while at >= 0:
        yield at, at + len(needle)
        at = text.find(needle, at + 1)


def _masked(text: str, spans: list[tuple[int, int]]) -> str:
    """`text` with the sorted `spans` masked; spans that overlap become one."""
    pieces, done = [], 0
    for start, end in spans:
        if start >= done:
            pieces += [text[done:start], MASK]
        done = max(done, end)
    return "".join([*pieces, text[done:]])


def spellings(secret: str) -> frozenset[str]:
    """Every form in which `secret` may turn up: in addresses, JSON, HTML, reprs and base64. Empty when too short."""
    secrets = [secret, *(line for line in secret.splitlines() if len(line) >= _SHORTEST_LINE)]
    found: set[str] = set()
    for each in secrets:
        if len(each) < SHORTEST:
            continue
        found |= set(_quoted(each))
        for spelling in _escaped(each):
            found.add(spelling)
            found.update(_escaped(spelling))
        found |= set(_base64(each.encode("utf-8", "surrogatepass")))
    return frozenset(found)


def _quoted(text: str) -> Iterator[str]:
    """`text` in an address or a form."""
    data = text.encode("utf-8", "surrogatepass")
    for quoted in (*(quote(data, safe=safe) for safe in _LEFT_ALONE), quote_plus(data)):
        yield quoted
        yield re.sub(r"%[0-9A-F]{2}", lambda code: code[0].lower(), quoted)


def _escaped(text: str) -> Iterator[str]:
    """`text` in JSON, in a repr (of a string and of bytes) and in HTML."""
    yield text
    for ascii_only in (True, False):
        inner = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        yield inner
        yield inner.replace("/", "\\/")
    yield repr(text)[1:-1]
    yield repr("'\"" + text)[4:-1]
    yield repr(text.encode("utf-8", "surrogatepass"))[2:-1]
    yield html.escape(text)


def _base64(data: bytes) -> Iterator[str]:
    """`data` in base64, and what of it can be recognised inside base64 of a longer text, however it is aligned."""
    yield base64.b64encode(data).decode().rstrip("=")
    yield base64.urlsafe_b64encode(data).decode().rstrip("=")
    for before in range(3):
        padded = bytes(before) + data
        whole = base64.b64encode(padded).decode()
        # Characters that also depend on neighbouring bytes are left out.
        stable = whole[-(-before * 8 // 6) : len(padded) * 8 // 6]
        if len(stable) >= _SHORTEST_BASE64:
            yield stable
            yield stable.replace("+", "-").replace("/", "_")


def looks_secret(text: str) -> bool:
    """Whether a whole value that stands where no secret belongs may be one that was pasted into the wrong place."""
    return any(pattern.fullmatch(text.strip()) for pattern in (_GROUPED, _OPAQUE, *_PATTERNS))


class RedactingStream(io.TextIOBase):
    """Stands before stdout or stderr and masks what is written. It passes on whole lines, the rest when flushed, so
    that a secret written in pieces is seen whole."""

    def __init__(self, stream: TextIO, redactor: Redactor) -> None:
        super().__init__()
        self._stream = stream
        self._redactor = redactor
        self._lock = threading.RLock()
        self._held = ""

    def write(self, text: str, /) -> int:
        """Pass on every line that `text` completes."""
        with self._lock:
            whole, newline, self._held = (self._held + text).rpartition("\n")
            if newline:
                self._stream.write(self._redactor.redact(whole) + newline)
        return len(text)

    def flush(self) -> None:
        """Pass on what is held, whole line or not."""
        with self._lock:
            if self.closed or self._stream.closed:
                return
            held, self._held = self._held, ""
            if held:
                self._stream.write(self._redactor.redact(held))
            self._stream.flush()

    def close(self) -> None:
        """Flush and stand aside. The stream behind is not ours to close."""
        super().close()

    def writable(self) -> bool:
        """Yes."""
        return True

    def isatty(self) -> bool:
        """What the stream behind says."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """What the stream behind says."""
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed has an attribute
        """What the stream behind says."""
        return self._stream.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]  # typeshed has an attribute
        """What the stream behind says."""
        return self._stream.errors


def guard_output(redactor: Redactor) -> None:
    """Let nothing reach stdout or stderr from here on without being redacted, tracebacks of a crash included."""
    sys.stdout = _guarded(sys.stdout, redactor)
    sys.stderr = _guarded(sys.stderr, redactor)


def _guarded(stream: TextIO, redactor: Redactor) -> TextIO:
    return cast(TextIO, RedactingStream(stream, redactor))
