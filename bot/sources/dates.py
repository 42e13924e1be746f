"""The times that sources state, in all their spellings. Always aware and in UTC; nonsense is None, never a guess."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone

_ISO = re.compile(
    r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?"
    r"(?:[Tt ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?)?"
    r"\s*([+-]\d{2}(?::?\d{2})?|[A-Za-z]{1,5})?$"
)
_YEAR = re.compile(r"(?:19|20)\d\d$")
_WEEK = re.compile(r"(\d{4})-?W(\d{2})(?:-?([1-7]))?(?=$|[T ])")
_ORDINAL = re.compile(r"(\d{4})-(\d{3})(?=$|[T ])")
_YEAR_FIRST = re.compile(
    r"(\d{4})(?:([/.])(\d{1,2})\2(\d{1,2})(?!\d)|\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일])"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?)?()(Z|[+-]\d{2}:?\d{2})?$")
_CLOCK = r"(?:(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([AaPp]\.?[Mm]\b\.?)?)?"
_ZONE = r"\s*\(?((?:GMT|UTC|UT)?\s?[+-]\d{1,2}:?(?:\d{2})?|[A-Za-z]{1,5})?\)?(?:\s*\([^)]*\))?"
_DAY_FIRST = re.compile(
    r"(\d{1,2})(?:er|st|nd|rd|th|º)?[. -]+(?:de |of )?([^\W\d_]+)\.?[ ,-]+(?:del? )?(\d{2,4})\b(?: г\.?)?"
    r"[ ,]*(?:at |um |à |a las |às )?" + _CLOCK + _ZONE + "$"
)
_MONTH_FIRST = re.compile(
    r"([^\W\d_]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b[ ,]*(?:at )?" + _CLOCK + _ZONE + "$"
)
_ASCTIME = re.compile(r"([^\W\d_]+)\s+(\d{1,2})\s+(\d{1,2}):(\d{2}):(\d{2})\s+(?:([A-Za-z]{1,5})\s+)?(\d{4})$")
_WEEKDAY = re.compile(r"([^\W\d_]{2,12})(?:-feira)?\.?(,)?\s*")

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar jänner janvier enero ene gennaio gen janeiro januari styczeń stycznia "
            "янв января январь",
            "feb february februar feber février févr fevrier febrero febbraio fevereiro fev februari luty lutego "
            "фев февр февраля февраль",
            "mar march märz mär mrz mars marzo março maart marzec marca мар марта март",
            "apr april avril avr abril aprile abr kwi kwietnia апр апреля апрель",
            "may mai mayo maggio mag maio mei maj maja мая май",
            "jun june juni juin junio giugno giu junho cze czerwca июн июня июнь",
            "jul july juli juillet juil julio luglio lug julho lip lipca июл июля июль",
            "aug august août aout agosto augustus sie sierpnia ago авг августа август",
            "sep sept september septembre septiembre settembre setembro set wrz września сен сент сентября сентябрь",
            "oct october oktober okt octobre octubre ottobre ott outubro out paź października окт октября октябрь",
            "nov november novembre noviembre novembro lis listopada ноя нояб ноября ноябрь",
            "dec december dezember dez décembre déc diciembre dicembre dezembro dic dez gru grudnia "
            "дек декабря декабрь",
        ),
        start=1,
    )
    for name in names.split()
}

# Names as RFC 822 §5 has them, and those that feeds use beside them, in hours east of Greenwich.
_ZONES = {
    name: offset
    for offset, names in (
        (0.0, "Z UT UTC GMT WET"),
        (1.0, "WEST BST CET MEZ MET"),
        (2.0, "CEST MESZ MEST EET SAST"),
        (3.0, "EEST MSK"),
        (5.0, "PKT"),
        (5.5, "IST"),
        (7.0, "WIB"),
        (8.0, "HKT SGT AWST"),
        (9.0, "JST KST"),
        (9.5, "ACST"),
        (10.0, "AEST"),
        (10.5, "ACDT"),
        (11.0, "AEDT"),
        (12.0, "NZST"),
        (13.0, "NZDT"),
        (-2.5, "NDT"),
        (-3.0, "ADT BRT ART"),
        (-3.5, "NST"),
        (-4.0, "AST EDT"),
        (-5.0, "EST CDT"),
        (-6.0, "CST MDT"),
        (-7.0, "MST PDT"),
        (-8.0, "PST AKDT"),
        (-9.0, "AKST"),
        (-10.0, "HST"),
    )
    for name in names.split()
}

_EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)  # the year 1 and the epoch are how programs spell "no time"
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_LEAP_SECOND = 60


def read_time(text: str | None) -> datetime | None:
    """The time that `text` states, in UTC: RFC 822, ISO 8601, and the mixtures met in feeds. No zone means UTC."""
    text = " ".join((text or "")[:100].split())
    if not text:
        return None
    try:
        at = _read(text)
    except (ValueError, OverflowError):
        return None
    return at if at is not None and _EARLIEST <= at < _LATEST else None


def _read(text: str) -> datetime | None:
    if text.isdecimal() and len(text) in (10, 13):  # UNIX time, in seconds or milliseconds
        return datetime.fromtimestamp(int(text[:10]), UTC)
    text = _spelt_as_iso(text)
    if match := _ISO.match(text) or _COMPACT.match(text):
        year, month, day, hour, minute, second, fraction, zone = match.groups()
        stated = date(int(year), int(month or 1), int(day or 1))
        at = _moment(stated, int(hour or 0), int(minute or 0), int(second or 0), zone)
        return at + timedelta(microseconds=int((fraction or "0")[:6].ljust(6, "0")))
    text = _without_weekday(text)
    if match := _DAY_FIRST.match(text):
        day, month_name, year, *clock = match.groups()
    elif match := _MONTH_FIRST.match(text):
        month_name, day, year, *clock = match.groups()
    elif match := _ASCTIME.match(text):
        month_name, day, hour, minute, second, zone, year = match.groups()
        clock = [hour, minute, second, None, zone]
    else:
        return None
    month = MONTHS.get(month_name.lower())
    return _named(date(_full_year(year), month, int(day)), *clock) if month else None


def _spelt_as_iso(text: str) -> str:
    """Dates whose year comes first, as ISO 8601 spells them for the most part."""
    if _YEAR.match(text):  # https://www.w3.org/TR/NOTE-datetime has them
        return f"{text}-01"
    if match := _YEAR_FIRST.match(text):
        return f"{match[1]}-{match[3] or match[5]}-{match[4] or match[6]}{text[match.end() :]}"
    if match := _WEEK.match(text):
        day = date.fromisocalendar(int(match[1]), int(match[2]), int(match[3] or 1))
        return f"{day.isoformat()}{text[match.end() :]}"
    if match := _ORDINAL.match(text):
        day = date(int(match[1]), 1, 1) + timedelta(days=int(match[2]) - 1)
        return f"{day.isoformat()}{text[match.end() :]}"
    return text


def _without_weekday(text: str) -> str:
    """The weekday is what comes before a comma, or any first word that is not a month ("mar." is both)."""
    match = _WEEKDAY.match(text)
    if match and (match[2] or match[1].lower() not in MONTHS):
        return text[match.end() :]
    return text


def _full_year(year: str) -> int:
    """Two and three digits mean what RFC 2822 §4.3 says."""
    if len(year) == len("2026"):
        return int(year)
    return int(year) + (2000 if len(year) == len("26") and year < "50" else 1900)


def _named(day: date, hour: str | None, minute: str | None, second: str | None, *rest: str | None) -> datetime:
    half, zone = rest
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half[0] in "Pp" else 0)
    return _moment(day, hours, int(minute or 0), int(second or 0), zone)


def _moment(day: date, hour: int, minute: int, second: int, zone: str | None) -> datetime:
    """Hour 24 is the next day's midnight (ISO 8601); a leap second is the second before."""
    next_day = timedelta(days=1) if (hour, minute) == (24, 0) else timedelta(0)
    clock = time(0 if next_day else hour, minute, _LEAP_SECOND - 1 if second == _LEAP_SECOND else second)
    return (datetime.combine(day, clock, _zone(zone)) + next_day).astimezone(UTC)


def _zone(name: str | None) -> timezone:
    """The offset that `name` means; a name that nobody knows means UTC, as RFC 2822 §4.3 says."""
    name = (name or "").upper().replace(" ", "")
    offset = re.fullmatch(r"(?:GMT|UTC|UT)?([+-])(\d{1,2}):?(\d{2})?", name)
    if offset is None:
        return timezone(timedelta(hours=_ZONES.get(name, 0.0)))
    east = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
    return timezone(-east if offset[1] == "-" else east)
