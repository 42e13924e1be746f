"""What a document asks of those who look at it: how often, at what hours not, and where to be told instead."""

import re
from collections.abc import Mapping
from dataclasses import replace

from lxml import etree

from bot.sources.entry import Feed
from bot.sources.markup import Fields, base_of, fields_of, first_text, link_in, text_of

_MINUTE, _DAY = 60.0, 86_400.0
_LONGEST = 366 * _DAY
"""Seconds. What asks for longer waits than this, or for none, asks for nothing that anybody could mean."""
_PERIODS = {
    "hourly": 3_600.0,
    "daily": _DAY,
    "weekly": 7 * _DAY,
    "monthly": 30 * _DAY,
    "yearly": 365 * _DAY,
}
_DAYS = {day: number for number, day in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
HOURS_OF_THE_WEEK = 168
_NUMBER = re.compile(r"[0-9]{1,9}")
_HOUR = re.compile(r"0?[0-9]|1[0-9]|2[0-4]")
"""0 to 23 in RSS 2.0, and 1 to 24 before."""


def ask_every(fields: Fields) -> float | None:
    """Seconds between two looks: `ttl`, in minutes (https://www.rssboard.org/rss-specification), else what RSS 1.0's
    module says, which is daily where only half of it is there (https://web.resource.org/rss/1.0/modules/syndication/)."""
    stated = _number(first_text(fields, "ttl"))
    if stated is not None:
        return _sane(stated * _MINUTE)
    period, frequency = first_text(fields, "sy:updateperiod").lower(), first_text(fields, "sy:updatefrequency")
    if not (period or frequency) or (period and period not in _PERIODS):
        return None
    return _sane(_PERIODS[period or "daily"] / (_number(frequency) or 1))


def quiet_hours(fields: Fields) -> frozenset[int]:
    """The hours of the week, from Monday 00:00 UTC, in which nobody is to look. None are, where all would be: an author
    who says so is mistaken."""
    hours = {int(text) % 24 for text in _inner(fields, "skiphours", "hour") if _HOUR.fullmatch(text)}
    days = {_DAYS[name] for text in _inner(fields, "skipdays", "day") if (name := text[:3].lower()) in _DAYS}
    quiet = frozenset(hour for hour in range(HOURS_OF_THE_WEEK) if hour % 24 in hours or hour // 24 in days)
    return quiet if len(quiet) < HOURS_OF_THE_WEEK else frozenset()


def hub_and_topic(links: list[etree._Element], url: str) -> tuple[str | None, str | None]:
    """Where one may ask to be told of changes, and under which address the document is known there
    (https://www.w3.org/TR/websub/#discovery): the first of Atom's `links` of each relation."""
    found: dict[str, str] = {}
    for element in links:
        relation = (element.get("rel") or "").strip().lower()
        if relation in ("hub", "self") and (link := link_in(element.get("href") or "", base_of(element, url))):
            found.setdefault(relation, link)
    return found.get("hub"), found.get("self")


def with_hub(feed: Feed, links: Mapping[str, str], url: str) -> Feed:
    """`feed`, fetched at `url`, with hub and topic as the headers of the answer say (`links`), which go first; where
    nothing says under which address the hub knows it, by the one at which it was found."""
    if "hub" in links:
        return replace(feed, hub=links["hub"], topic=links.get("self") or feed.topic or url)
    return feed if feed.hub is None or feed.topic is not None else replace(feed, topic=url)


def _inner(fields: Fields, outer: str, inner: str) -> list[str]:
    """The texts of the elements `inner` within those named `outer`."""
    return [text_of(one) for element in fields.get(outer, ()) for one in fields_of(element, "rss").get(inner, ())]


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None


def _sane(seconds: float) -> float | None:
    return seconds if 0 < seconds <= _LONGEST else None
