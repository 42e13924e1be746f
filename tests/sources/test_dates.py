"""The times that sources state."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.dates import read_time

STATED = [
    ("Mon, 23 Nov 2026 06:48:50 GMT", "2026-11-23T06:48:50"),
    ("Mon, 23 Nov 2026 06:48:50 +0100", "2026-11-23T05:48:50"),
    ("Mon, 23 Nov 2026 06:48:50 -0800", "2026-11-23T14:48:50"),
    ("Mon, 23 Nov 2026 06:48:50 +01:00", "2026-11-23T05:48:50"),
    ("Mon, 23 Nov 2026 06:48:50", "2026-11-23T06:48:50"),
    ("Mon, 23 Nov 2026 06:48 Z", "2026-11-23T06:48:00"),
    ("23 Nov 2026 06:48:50 UT", "2026-11-23T06:48:50"),
    ("23 Nov 26 06:48:50 GMT", "2026-11-23T06:48:50"),
    ("Sat, 01 Aug 2026 10:00:00 CEST", "2026-08-01T08:00:00"),
    ("Sat, 01 Aug 2026 10:00:00 MESZ", "2026-08-01T08:00:00"),
    ("Sun, 01 Nov 2026 10:00:00 CET", "2026-11-01T09:00:00"),
    ("Sun, 01 Nov 2026 10:00:00 EST", "2026-11-01T15:00:00"),
    ("Sat, 01 Aug 2026 10:00:00 PDT", "2026-08-01T17:00:00"),
    ("Sat, 01 Aug 2026 10:00:00 BST", "2026-08-01T09:00:00"),
    ("Sat, 01 Aug 2026 10:00:00 AEST", "2026-08-01T00:00:00"),
    ("Sat, 01 Aug 2026 10:00:00 XYZ", "2026-08-01T10:00:00"),
    ("Sat, 01 Aug 2026 10:00:00 GMT+0200", "2026-08-01T08:00:00"),
    ("Sat, 01 Aug 2026 10:00:00 GMT+0200 (CEST)", "2026-08-01T08:00:00"),
    ("Sat, 01 Aug 2026 10:00:00 UTC+2", "2026-08-01T08:00:00"),
    ("Sat, 01 Aug 2026 10:00:00 +0200 (CEST)", "2026-08-01T08:00:00"),
    ("Saturday, 1 August 2026 10:00:00 GMT", "2026-08-01T10:00:00"),
    ("Sat,01 Aug 2026 10:00:00 GMT", "2026-08-01T10:00:00"),
    ("Sat Aug  1 10:00:00 2026", "2026-08-01T10:00:00"),
    ("Sat Aug 01 10:00:00 CEST 2026", "2026-08-01T08:00:00"),
    ("August 1, 2026", "2026-08-01T00:00:00"),
    ("Aug 1st, 2026 6:05 PM", "2026-08-01T18:05:00"),
    ("01-Aug-2026 10:00:00", "2026-08-01T10:00:00"),
    ("Di, 03. März 2026 10:00:00 +0100", "2026-03-03T09:00:00"),
    ("3. Dezember 2026", "2026-12-03T00:00:00"),
    ("mar., 3 févr. 2026 10:00:00 +0100", "2026-02-03T09:00:00"),
    ("Mon, 23 Nov 2026 24:00:00 GMT", "2026-11-24T00:00:00"),
    ("Sat, 31 Dec 2016 23:59:60 GMT", "2016-12-31T23:59:59"),
    ("2026-11-23T06:48:50Z", "2026-11-23T06:48:50"),
    ("2026-11-23t06:48:50z".upper(), "2026-11-23T06:48:50"),
    ("2026-11-23T06:48:50.123456789+01:00", "2026-11-23T05:48:50.123456"),
    ("2026-11-23T06:48:50.5-0330", "2026-11-23T10:18:50.500000"),
    ("2026-11-23T06:48+01", "2026-11-23T05:48:00"),
    ("2026-11-23 06:48:50", "2026-11-23T06:48:50"),
    ("2026-11-23 06:48:50 +0100", "2026-11-23T05:48:50"),
    ("2026-11-23 06:48:50 CET", "2026-11-23T05:48:50"),
    ("2026-11-23T24:00:00Z", "2026-11-24T00:00:00"),
    ("2026-11-23", "2026-11-23T00:00:00"),
    ("2026-11", "2026-11-01T00:00:00"),
    ("2026-1-3", "2026-01-03T00:00:00"),
    ("20261123", "2026-11-23T00:00:00"),
    ("20261123T064850Z", "2026-11-23T06:48:50"),
    ("1795416530", "2026-11-23T06:48:50"),
    ("1795416530000", "2026-11-23T06:48:50"),
    ("\n  Mon, 23 Nov 2026\t06:48:50 GMT ", "2026-11-23T06:48:50"),
]

NONSENSE = [
    *(None, "", " ", "yesterday", "soon, 2026", "Mon, 30 Feb 2026 10:00:00 GMT", "2026-02-30", "2026-13-01"),
    *("0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT", "9999-12-31T23:59:59Z"),
    *("Mon, 23 Nov 2026 25:00:00 GMT", "2026-11-23T10:61:00Z", "11/12/2026", "2026-11-23T10:00:00+99:99", "0", "-1"),
    *("23 Foo 2026 10:00:00 GMT", "9" * 5000),
]


@pytest.mark.parametrize(("text", "expected"), STATED)
def test_stated_times(text: str, expected: str) -> None:
    """A stated time is read, with its zone, into aware UTC."""
    assert datetime.fromisoformat(expected).replace(tzinfo=UTC) == read_time(text)


@pytest.mark.parametrize("text", NONSENSE)
def test_nonsense_is_no_time(text: str | None) -> None:
    """What is no time, or the spelling of none, is None."""
    assert read_time(text) is None


@given(st.text(alphabet="0123456789 -+:.,TZJanebruy/()", max_size=60))
def test_any_text_is_survived(text: str) -> None:
    """Whatever stands there, the answer is None or an aware time in UTC."""
    at = read_time(text)
    assert at is None or at.utcoffset() == UTC.utcoffset(None)


@given(st.datetimes(min_value=datetime(1972, 1, 1), max_value=datetime(2199, 1, 1)))  # noqa: DTZ001 - made aware below
def test_iso_round_trip(at: datetime) -> None:
    """A time in ISO 8601 comes back as itself."""
    aware = at.replace(tzinfo=UTC)
    assert aware == read_time(aware.isoformat())
