"""Hard times: in the words of many countries, in zones that were abolished, and times that there are not.

Decided by RFC 822 and 2822 §4.3 (zones that nobody knows, and missing ones, count as UTC; years of two and three
digits), ISO 8601, and the W3C's note on times (https://www.w3.org/TR/NOTE-datetime), which Dublin Core follows.
"""

from tests.sources.hard.case import Category, rss, want

DATES = Category("dates")

NOON = "2026-11-23T12:00:00+00:00"
MIDNIGHT = "2026-11-23T00:00:00+00:00"


def _add(name: str, why: str, stated: str, expected: str | None, element: str = "pubDate") -> None:
    item = f"<guid>https://example.org/a</guid><{element}>{stated}</{element}>"
    DATES.add(name, why, rss(item), want(id="https://example.org/a", published=expected))


_add("zone-of-old", "RFC 822 names zones of North America.", "Mon, 23 Nov 2026 08:00:00 EDT", NOON)
_add("zone-of-the-army", "A zone of one letter means UTC: senders got them wrong.", "23 Nov 2026 12:00:00 A", NOON)
_add("zone-unknown", "A zone that nobody knows means UTC.", "Mon, 23 Nov 2026 12:00:00 LHDT", NOON)
_add("zone-minus-zero", "-0000 is UTC, by somebody who does not know his zone.", "23 Nov 2026 12:00:00 -0000", NOON)
_add("zone-twice", "A zone, and its name in brackets.", "Mon, 23 Nov 2026 04:00:00 -0800 (PST)", NOON)
_add(
    "zone-with-a-colon",
    "A zone with a colon, as ISO has it, in a time of RFC 822.",
    "23 Nov 2026 17:45:00 +05:45",
    NOON,
)
_add(
    "zone-of-summer",
    "Central Europe in summer is two hours ahead.",
    "Sat, 01 Aug 2026 14:00:00 CEST",
    "2026-08-01T12:00:00+00:00",
)
_add("zone-of-the-south", "Sydney's summer is in November.", "Mon, 23 Nov 2026 23:00:00 AEDT", NOON)
_add("no-zone", "No zone at all.", "Mon, 23 Nov 2026 12:00:00", NOON)
_add("no-seconds", "RFC 822 lets seconds be left out.", "Mon, 23 Nov 2026 12:00 GMT", NOON)
_add("wrong-weekday", "It was a Monday.", "Sat, 23 Nov 2026 12:00:00 GMT", NOON)
_add("year-of-two", "Two digits of a year of the last century.", "23 Nov 99 12:00:00 GMT", "1999-11-23T12:00:00+00:00")
_add("year-of-three", "Programs that print the years since 1900.", "Mon, 23 Nov 126 12:00:00 GMT", NOON)
_add("german", "Weekday, month and zone in German.", "Mo, 23 Dez 2026 13:00:00 MEZ", "2026-12-23T12:00:00+00:00")
_add("german-prose", "As a German would write it by hand.", "23. November 2026, 12:00 Uhr", NOON)
_add("french", "Abbreviations with full stops.", "lun., 23 nov. 2026 13:00:00 +0100", NOON)
_add(
    "french-first", "The first of a month is an ordinal in French.", "1er août 2026 12:00", "2026-08-01T12:00:00+00:00"
)
_add("spanish", "The small words between day, month and year.", "lunes, 23 de noviembre de 2026 12:00:00 GMT", NOON)
_add(
    "portuguese",
    "A month that looks like another language's.",
    "seg, 23 fev 2026 12:00:00 +0000",
    "2026-02-23T12:00:00+00:00",
)
_add("russian", "Cyrillic abbreviations.", "Пн, 23 ноя 2026 15:00:00 +0300", NOON)
_add("russian-genitive", "A month in the genitive, and the word for year.", "23 ноября 2026 г. 12:00", NOON)
_add("chinese", "Numbers with the signs for year, month and day.", "2026年11月23日 12:00", NOON)
_add("korean", "The same in Korean.", "2026년 11월 23일 12:00:00", NOON)
_add("twelve-hours", "Midnight is twelve in the morning.", "Nov 23, 2026 12:00 AM", MIDNIGHT)
_add("twelve-hours-with-stops", "Noon is twelve in the afternoon.", "November 23, 2026 at 12:00 p.m.", NOON)
_add(
    "javascript", "What JavaScript prints.", "Mon Nov 23 2026 13:00:00 GMT+0100 (Central European Standard Time)", NOON
)
_add("unix-date", "What `date` prints.", "Mon Nov 23 12:00:00 UTC 2026", NOON)
_add("epoch", "Seconds since 1970.", "1795435200", NOON)
_add("epoch-in-milliseconds", "Milliseconds since 1970.", "1795435200000", NOON)
_add("slashes-year-first", "Slashes, in the one order that cannot be mistaken.", "2026/11/23 12:00:00", NOON)
_add("slashes", "Which of them is the month, only the author knows.", "11/12/2026", None)
_add("iso-week", "A day of a week of a year.", "2026-W48-1", MIDNIGHT, "dc:date")
_add("iso-ordinal", "A day of a year.", "2026-327", MIDNIGHT, "dc:date")
_add("iso-comma", "ISO prefers the comma.", "2026-11-23T13:00:00,0+01", NOON, "dc:date")
_add("iso-no-colon", "A fraction, and a zone without its colon.", "2026-11-23T12:00:00.000+0000", NOON, "dc:date")
_add("iso-midnight", "Hour 24 is the next day.", "2026-11-22T24:00:00Z", MIDNIGHT, "dc:date")
_add(
    "iso-leap-second", "A second that few clocks have.", "2016-12-31T23:59:60Z", "2016-12-31T23:59:59+00:00", "dc:date"
)
_add("iso-year", "A year is a time as well, says the W3C.", "2026", "2026-01-01T00:00:00+00:00", "dc:date")
_add(
    "far-future",
    "A time to come is stated like any other.",
    "2099-01-01T00:00:00Z",
    "2099-01-01T00:00:00+00:00",
    "dc:date",
)
_add("year-zero", "What databases give for no time.", "0000-00-00 00:00:00", None)
_add("epoch-of-nothing", "What programs make of no time.", "Thu, 01 Jan 1970 00:00:00 +0000", None)
_add("no-such-day", "November has thirty days.", "Tue, 31 Nov 2026 12:00:00 GMT", None)
_add("no-such-zone", "No place is a hundred hours ahead.", "2026-11-23T12:00:00+99:99", None)
_add("markup-in-a-time", "A time within an element of its own.", "<time>2026-11-23T12:00:00Z</time>", NOON)
