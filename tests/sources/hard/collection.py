"""All hard cases."""

from tests.sources.hard.attacks import ATTACKS
from tests.sources.hard.dates import DATES
from tests.sources.hard.encodings import ENCODINGS
from tests.sources.hard.markup import MARKUP
from tests.sources.hard.structure_atom import ATOM
from tests.sources.hard.structure_json import JSON
from tests.sources.hard.structure_rss import RSS

CATEGORIES = (RSS, ATOM, JSON, ENCODINGS, MARKUP, DATES, ATTACKS)
CASES = tuple(case for category in CATEGORIES for case in category.cases)
