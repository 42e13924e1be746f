"""All hard cases."""

from tests.sources.hard.encodings import ENCODINGS
from tests.sources.hard.structure_atom import ATOM
from tests.sources.hard.structure_json import JSON
from tests.sources.hard.structure_rss import RSS

CATEGORIES = (RSS, ATOM, JSON, ENCODINGS)
CASES = tuple(case for category in CATEGORIES for case in category.cases)
