"""An awkward article, and the feeds that a publisher could have put it into."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

from lxml import etree

from tests.posts.checker import Meant
from tests.stage import HOME

SUMMARY = "The council decided it on Monday, after a long debate."


@dataclass(frozen=True, slots=True)
class Awkward:
    """One article. `title` and `summary` are as its feed has them; what a reader is to see is told where it differs."""

    name: str
    why: str
    title: str = "Bridge closes for a week"
    summary: str = SUMMARY
    form: Literal["json", "html", "rss", "atom"] = "json"
    """json: title and summary are plain. html: the summary is HTML. rss, atom: title and summary are HTML, as text."""
    link: str = ""
    shows_title: str | None = None
    shows_summary: str | None = None
    language: str = ""
    tags: tuple[str, ...] = ()
    shows_tags: tuple[str, ...] = ()
    """The hashtags that readers are to see."""
    telegram_shows: tuple[str, ...] | None = None
    """Those of them that Telegram knows the whole of, where that is not all."""
    more: dict[str, Any] = field(default_factory=dict)
    """Further fields of its JSON item."""

    @property
    def address(self) -> str:
        """Where it leads."""
        return self.link or f"{HOME}/articles/{self.name.replace(' ', '-')}"

    def meant(self, platform: str) -> Meant:
        """What a careful editor would say there."""
        title = self.title if self.shows_title is None else self.shows_title
        summary = self.summary if self.shows_summary is None else self.shows_summary
        tags = self.shows_tags if platform != "telegram" or self.telegram_shows is None else self.telegram_shows
        return Meant(" ".join(title.split()), summary, self.address, tags)

    def feed(self) -> bytes:
        """A feed with nothing but this article."""
        return self._xml() if self.form in ("rss", "atom") else self._json()

    def _json(self) -> bytes:
        item: dict[str, Any] = {
            "id": self.name,
            "url": self.address,
            "title": self.title,
            ("content_html" if self.form == "html" else "summary"): self.summary,
            "tags": list(self.tags),
            **({"language": self.language} if self.language else {}),
            **self.more,
        }
        return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Herald", "items": [item]}).encode()

    def _xml(self) -> bytes:
        rss = self.form == "rss"
        root = etree.Element("rss", version="2.0") if rss else etree.Element("feed")
        parent = etree.SubElement(root, "channel") if rss else root
        item = etree.SubElement(parent, "item" if rss else "entry")
        etree.SubElement(item, "guid" if rss else "id", {"isPermaLink": "false"} if rss else {}).text = self.name
        title = etree.SubElement(item, "title", {} if rss else {"type": "html"})
        summary = etree.SubElement(item, "description" if rss else "summary", {} if rss else {"type": "html"})
        title.text, summary.text = self.title, self.summary
        link = etree.SubElement(item, "link", {} if rss else {"href": self.address})
        link.text = self.address if rss else None
        for tag in self.tags:
            category = etree.SubElement(item, "category", {} if rss else {"term": tag})
            category.text = tag if rss else None
        data: bytes = etree.tostring(root if rss else etree.fromstring(_in_atom(root)), encoding="utf-8")
        return data


_ATOM = "http://www.w3.org/2005/Atom"


def _in_atom(root: etree._Element) -> bytes:
    """Every element of `root` in the namespace of Atom."""
    for element in root.iter():
        element.tag = f"{{{_ATOM}}}{etree.QName(element).localname}"
    data: bytes = etree.tostring(root, encoding="utf-8")
    return data
