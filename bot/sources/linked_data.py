"""What a page says of its article in JSON-LD (https://schema.org/Article). Tolerant: what is broken says nothing."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MAX_CHARS = 500_000
"""Characters of one script that are read."""
_MAX_NODES = 2_000
_MAX_DEPTH = 6
_ARTICLE = re.compile(r"(?:\w*Article|\w*BlogPosting|SocialMediaPosting|Report)")
_WRAPPED = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?://\s*)?(?:-->|\]\]>)\s*$")

Node = Mapping[str, Any]


class LinkedData:
    """The first article that the scripts of a page describe, with what its references lead to."""

    def __init__(self, scripts: Iterable[str]) -> None:
        nodes = [node for script in scripts for node in _nodes(_parsed(script))][:_MAX_NODES]
        self._by_id = {node["@id"]: node for node in reversed(nodes) if _is_whole(node)}
        self._article: Node = next((node for node in nodes if _is_article(node)), {})

    def text(self, name: str) -> str:
        """The first text under this name; empty where there is none."""
        return next((value for value in self.texts(name) if value.strip()), "")

    def texts(self, name: str) -> list[str]:
        """All texts under this name."""
        return [value for value in _listed(self._article.get(name)) if isinstance(value, str)]

    def named(self, name: str) -> list[str]:
        """The names of the people or things under this name, or the texts that stand there."""
        found = [value if isinstance(value, str) else self._told(value, "name") for value in self._values(name)]
        return [text for text in found if text.strip()]

    def pictures(self) -> list[str]:
        """The addresses of the article's pictures, as they stand."""
        found = [
            value if isinstance(value, str) else self._told(value, "url") or self._told(value, "contentUrl")
            for name in ("image", "thumbnailUrl")
            for value in self._values(name)
        ]
        return [text for text in found if text.strip()]

    def denies_free_access(self) -> bool:
        """Whether it says that one has to pay: https://schema.org/isAccessibleForFree."""
        values = _listed(self._article.get("isAccessibleForFree"))
        return any(value is False or str(value).strip().lower() in ("false", "no", "0") for value in values)

    def _values(self, name: str) -> list[Any]:
        return _listed(self._article.get(name))[:20]

    def _told(self, value: Any, name: str) -> str:
        """The text under `name` of a node, or of the one that it refers to."""
        if not isinstance(value, dict):
            return ""
        told = value.get(name) or self._by_id.get(_id(value), {}).get(name)
        return next((text for text in _listed(told) if isinstance(text, str)), "")


def _parsed(script: str) -> Any:
    """The JSON in `script`; None where it is none."""
    if len(script) > MAX_CHARS:
        return None
    try:
        return json.loads(_WRAPPED.sub("", script), strict=False)
    except (ValueError, RecursionError):
        return None


def _nodes(data: Any) -> Iterator[Node]:
    """The nodes of a document in order, those in graphs and what a page is about among them."""
    waiting, count = [(data, 0)], 0
    while waiting and count < _MAX_NODES:
        value, depth = waiting.pop()
        count += 1
        if isinstance(value, dict):
            yield value
            inner: Iterable[Any] = (value.get(name) for name in ("@graph", "mainEntity", "mainEntityOfPage"))
        else:
            inner = value if isinstance(value, list) else ()
        if depth < _MAX_DEPTH:
            waiting += [
                (each, depth + 1) for each in reversed(list(inner)[:_MAX_NODES]) if isinstance(each, dict | list)
            ]


def _is_article(node: Node) -> bool:
    kinds = [kind for kind in _listed(node.get("@type")) if isinstance(kind, str)]
    return any(_ARTICLE.fullmatch(kind.rpartition("/")[2].rpartition(":")[2]) for kind in kinds)


def _is_whole(node: Node) -> bool:
    """Whether it is the node itself, and not only a reference to it."""
    return isinstance(node.get("@id"), str) and len(node) > 1


def _id(value: Mapping[str, Any]) -> str:
    name = value.get("@id")
    return name if isinstance(name, str) else ""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
