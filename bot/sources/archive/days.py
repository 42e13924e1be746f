"""The day that a line of text states, in the languages and orders that pages are written in. Pure.

Only the day is read: a page's clock times have no zone. What could be two days is none, and so is a day without a year.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

from bot.sources.dates import MONTHS as _FEED_MONTHS

Order = Literal["day first", "month first"]

_MORE_MONTHS = (
    "январь января янв януари ocak sijecanj leden ledna ιανουάριος ιανουαρίου ιαν januari januára siječanj siječnja "
    "січня січень يناير ژانویه ינואר tammikuu tammikuuta ianuarie január",
    "февраль февраля февр фев февруари şubat únor února φεβρουάριος φεβρουαρίου φεβ veljača veljače лютого лютий "
    "فبراير شباط فوریه פברואר helmikuu helmikuuta februarie február",
    "март марта мар mart březen března μάρτιος μαρτίου μαρ ožujak ožujka березня березень مارس آذار מרץ "
    "maaliskuu maaliskuuta martie március",
    "апрель апреля апр април nisan duben dubna απρίλιος απριλίου απρ travanj travnja квітня квітень أبريل ابريل "
    "إبريل نيسان آوریل אפריל huhtikuu huhtikuuta aprilie április",
    "май мая mayıs květen května μάιος μαΐου μαϊ svibanj svibnja травня травень مايو أيار مه מאי "
    "toukokuu toukokuuta május maj",
    "июнь июня июн юни haziran červen června ιούνιος ιουνίου ιουν lipanj lipnja червня червень يونيو حزيران "
    "ژوئن יוני kesäkuu kesäkuuta iunie június",
    "июль июля июл юли temmuz červenec července ιούλιος ιουλίου ιουλ srpanj srpnja липня липень يوليو تموز "
    "ژوئیه יולי heinäkuu heinäkuuta iulie július",
    "август августа авг ağustos srpen srpna αύγουστος αυγούστου αυγ kolovoz kolovoza серпня серпень أغسطس "
    "اغسطس آب اوت אוגוסט elokuu elokuuta",
    "сентябрь сентября сент сен септември eylül září σεπτέμβριος σεπτεμβρίου σεπ rujan rujna вересня вересень "
    "سبتمبر أيلول سپتامبر ספטמבר syyskuu syyskuuta septembrie szeptember",
    "октябрь октября окт октомври ekim říjen října οκτώβριος οκτωβρίου οκτ жовтня жовтень أكتوبر اكتوبر "
    "اکتبر אוקטובר lokakuu lokakuuta octombrie október",
    "ноябрь ноября нояб ноя ноември kasım νοέμβριος νοεμβρίου νοε studeni studenoga листопада "
    "листопад نوفمبر نوامبر נובמבר marraskuu marraskuuta noiembrie",
    "декабрь декабря дек декември aralık prosinec prosince δεκέμβριος δεκεμβρίου δεκ prosinac prosinca грудня "
    "грудень ديسمبر دسامبر דצמבר joulukuu joulukuuta decembrie",
)
# "listopad" is October in Croatian and November in Polish and Czech; it is in no table.
_MONTHS = {name: number for number, names in enumerate(_MORE_MONTHS, start=1) for name in names.split()} | _FEED_MONTHS

_CJK = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일号]")
_YEAR_FIRST = re.compile(r"(?<![\d./-])(\d{4})([-./])(\d{1,2})\2(\d{1,2})(?![\d/-]|\.\d)")
_NUMBERS = re.compile(r"(?<![\d./-])(\d{1,2})([./-])\s?(\d{1,2})\2\s?(\d{4})(?![\d/-]|\.\d)")
_WORD = r"([^\W\d_]{2,14})"
_DAY_FIRST = re.compile(
    rf"(?<![\d.,:/-])(?<!\w)(\d{{1,2}})(?:\.|st|nd|rd|th|er|º|ª)?[\s-]*(?:(?:de|of|d['’]|ב-?|ה-?)\s*)?{_WORD}\.?,?[\s-]*"
    r"(?:(?:de|del)\s+)?(\d{4})(?!\d)"
)
_MONTH_FIRST = re.compile(rf"(?<!\w){_WORD}\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})(?!\d)")

_LONGEST = 120
"""Characters of a line that is looked at; longer ones are prose, which may speak of any day."""
_PART = r"\s*(?:[|·•–—/,:;()\[\]<>«»‹›-]|\Z)"
_BEFORE = re.compile(
    r"(?:^|[|·•–—/,:;()\[\]<>«»‹›-])\s*"
    r"(?:(?:posted|published|written|updated|added|date|created|first published|veröffentlicht|erstellt|publié|"
    r"publiée|mis en ligne|publicado|pubblicato|gepubliceerd|opublikowano|publicerad|опубликовано|дата|"
    r"نشر|نُشر|تاريخ|投稿日|公開日|更新日|発表日|发布于|发布时间|日期|게시일)\s*:?\s*)?"
    r"(?:by\s[^|·•]{1,40}\s)?"
    r"(?:on|am|vom|den|le|el|il|em|op|dnia|в|от|في)?\s*"
    r"(?:[^\W\d_]{2,12}(?:曜日|요일)?\.?,?\s*|星期.\s*)?$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    rf"^\s*(?:\([^)]{{1,6}}\)|г\.?|года|р\.|року|um|at|à|a las|às|alle|kl\.?|в|о)?\s*"
    rf"(?:\d{{1,2}}[:.h時点]\s?\d{{2}}(?:[:.]\d{{2}})?\s*(?:[ap]\.?m\.?|uhr|[A-Z]{{2,4}}|分)?)?"
    rf"(?:{_PART}|\s+(?:by|von|par|por|di|door|in)\s)",
    re.IGNORECASE,
)


def find_day(line: str, order: Order | None, *, anywhere: bool = False) -> datetime | None:
    """The day that `line` states as that of an article, as midnight UTC. `order`: what 3/4/2026 means here, None where
    that is not known. `anywhere`: the line is known to be about when, so that other words around do not matter."""
    line = line[: _LONGEST + 1]
    if len(line) > _LONGEST:
        return None
    for start, end, at in _days(line, order):
        if anywhere or (_BEFORE.search(line[:start]) and _AFTER.match(line[end:])):
            return at
    return None


def order_of(lines: Iterable[str], language: str | None) -> Order | None:
    """How numbers with slashes are meant on a page: as those are that can be meant in one way only, else as its
    language has them. None where both ways are met, or nothing tells."""
    shown: set[Order] = set()
    for line in lines:
        if len(line) <= _LONGEST:
            for match in _NUMBERS.finditer(line):
                first, second = int(match[1]), int(match[3])
                if first > 12 >= second:  # noqa: PLR2004 - months
                    shown.add("day first")
                elif second > 12 >= first:  # noqa: PLR2004 - months
                    shown.add("month first")
    if shown:
        return shown.pop() if len(shown) == 1 else None
    name = (language or "").lower()
    if name == "en-us":
        return "month first"
    return None if not name or name in ("en", "en-ca") else "day first"


def _days(line: str, order: Order | None) -> list[tuple[int, int, datetime]]:
    """All days in a line: (where it starts, where it ends, the day), from left to right."""
    found: list[tuple[re.Match[str], str, str, str]] = []
    found += [(match, match[1], match[2], match[3]) for match in _CJK.finditer(line)]
    found += [(match, match[1], match[3], match[4]) for match in _YEAR_FIRST.finditer(line)]
    for match in _NUMBERS.finditer(line):
        day, month = match[1], match[3]
        if match[2] in "/-":
            if order is None and int(day) <= 12 and int(month) <= 12 and day != month:  # noqa: PLR2004 - months
                continue
            if int(month) > 12 or (order == "month first" and int(day) <= 12):  # noqa: PLR2004 - months
                day, month = month, day
        found.append((match, match[4], month, day))
    found += [(match, match[3], _month(match[2]), match[1]) for match in _DAY_FIRST.finditer(line)]
    found += [(match, match[3], _month(match[1]), match[2]) for match in _MONTH_FIRST.finditer(line)]
    days = ((match.start(), match.end(), _midnight(*numbers)) for match, *numbers in found)
    return sorted((start, end, at) for start, end, at in days if at is not None)


def _month(name: str) -> str:
    return str(_MONTHS.get(name.lower().removeprefix("ב"), 0) or _MONTHS.get(name.lower(), 0))


def _midnight(year: str, month: str, day: str) -> datetime | None:
    try:
        at = datetime(int(year), int(month), int(day), tzinfo=UTC)
    except ValueError:
        return None
    return at if 1990 <= at.year < 2100 else None  # noqa: PLR2004 - before the web, and a number that is no year
