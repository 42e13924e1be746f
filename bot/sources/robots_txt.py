"""What a robots.txt allows: the Robots Exclusion Protocol, https://www.rfc-editor.org/rfc/rfc9309. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from bot.links import absolute
from bot.sources.document import decode_body

PRODUCT = "handbill"
"""Our product token, as the user agent names it; compared without regard to case."""
MAX_BYTES = 500 * 1024
"""Of a robots.txt that are read (§2.5)."""
_TOKEN = re.compile(r"[A-Za-z_-]+|\*")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_KEPT = "/%:@!&'()+,;=?[]~"
"""Characters that mean themselves on both sides; a star or a dollar sign in an address is no wildcard."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: whether what it matches may be asked for."""

    allows: bool
    length: int
    """Of the pattern: the longest that matches decides."""
    pieces: tuple[str, ...]
    """What stands between its stars."""
    anchored: bool
    """Whether it ends with the path ("$")."""

    def matches(self, path: str) -> bool:
        """Whether `path` (with its query, normalised) is one of those that it speaks of."""
        first, *rest = self.pieces
        if not path.startswith(first):
            return False
        at = len(first)
        if not rest:
            return not self.anchored or at == len(path)
        last = rest.pop() if self.anchored else ""
        for piece in rest:
            found = path.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        return not self.anchored or (len(path) - len(last) >= at and path.endswith(last))


@dataclass(frozen=True, slots=True)
class RobotsTxt:
    """The rules that hold for us."""

    rules: tuple[Rule, ...] = ()

    def allows(self, url: str) -> bool:
        """Whether the page may be asked for: the longest rule decides, of two alike the one that allows (§2.2.2)."""
        path = _path_of(url)
        if path == "/robots.txt":
            return True
        matching = [rule for rule in self.rules if rule.matches(path)]
        return not matching or max(matching, key=lambda rule: (rule.length, rule.allows)).allows


ALL = RobotsTxt()
"""A site that says nothing."""
NOTHING = RobotsTxt((Rule(False, 1, ("/",), False),))


def read_robots(body: bytes) -> RobotsTxt:
    """The rules for our product token, or, if none names it, those for everybody (§2.2.1)."""
    groups = _groups(decode_body(body[:MAX_BYTES], None))
    ours = [rules for agents, rules in groups if PRODUCT in agents]
    chosen = ours or [rules for agents, rules in groups if "*" in agents]
    return RobotsTxt(tuple(rule for rules in chosen for rule in rules))


def robots_address(url: str) -> str | None:
    """Where the rules for `url` stand: one file for a scheme, host and port."""
    return absolute(url, "/robots.txt")


def _groups(text: str) -> Sequence[tuple[set[str], list[Rule]]]:
    """Every group: the agents that it names and its rules. Rules before the first agent belong to nobody."""
    groups: list[tuple[set[str], list[Rule]]] = []
    naming = False
    for line in re.split(r"\r\n?|\n", text.lstrip("\ufeff")):
        name, colon, value = line.partition("#")[0].partition(":")
        name, value = name.strip().lower(), value.strip()
        if not colon:
            continue
        if name == "user-agent":
            if not naming:
                groups.append((set(), []))
            naming = True
            if token := _TOKEN.match(value):
                groups[-1][0].add(token[0].lower())
        elif name in ("allow", "disallow"):
            naming = False
            if groups and value:
                groups[-1][1].append(_rule(value, allows=name == "allow"))
    return groups


def _rule(value: str, *, allows: bool) -> Rule:
    anchored = value.endswith("$")
    pieces = [_normal(piece) for piece in value.removesuffix("$").split("*")]
    if not value.startswith(("/", "*")):  # §2.2.2 wants a slash; everybody reads it as if there were one
        pieces[0] = f"/{pieces[0]}"
    return Rule(allows, len("*".join(pieces)) + anchored, tuple(pieces), anchored)


def _path_of(url: str) -> str:
    parts = urlsplit(url)
    return _normal(parts.path or "/") + (f"?{_normal(parts.query)}" if parts.query else "")


def _normal(text: str) -> str:
    """Percent-encoding in one way for both sides (§2.2.2): unreserved characters as themselves, all others escaped."""

    def normal(match: re.Match[str]) -> str:
        character = chr(int(match[1], 16))
        return character if character in _UNRESERVED else f"%{match[1].upper()}"

    return quote(_ESCAPE.sub(normal, text), safe=_KEPT, errors="replace")
