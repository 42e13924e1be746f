"""Awkward articles, each on each platform, as readers see them: held against what a careful editor would have made."""

import pytest

from adapters.sandbox.telegram_parsers import best_parser
from tests.posts.awkward import Awkward
from tests.posts.checker import Seen, faults
from tests.posts.in_fields import LENGTHS, LINKS, METADATA
from tests.posts.in_scripts import EMOJI, SCRIPTS, UNSEEN
from tests.posts.in_tags import TAGS
from tests.posts.in_words import MARKUP, SIGNS
from tests.posts.publishing import published
from tests.stage import SEATS

CORPUS = (*SCRIPTS, *EMOJI, *UNSEEN, *SIGNS, *MARKUP, *LENGTHS, *LINKS, *METADATA, *TAGS)

UNLINKED = ("mastodon", "new top level")
"""Mastodon links no name that is younger than its list of 2020; what there is, is whole, and the operator was told."""

Outcomes = dict[tuple[str, str], Seen | str]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """All of them, published once."""
    return published(tmp_path_factory.mktemp("awkward"), CORPUS)


def test_each_is_known_by_its_name() -> None:
    """No two articles share a name, and each says what is awkward about it."""
    assert len(CORPUS) == len({article.name for article in CORPUS})
    assert [] == [article.name for article in CORPUS if not article.why.endswith(".")]


def test_telegram_is_read_by_its_own_parser() -> None:
    """The sandbox that takes these posts asks Telegram's own code what it makes marks of, and not a copy of it."""
    assert best_parser().name == "tdjson"


@pytest.mark.parametrize("platform", SEATS)
@pytest.mark.parametrize("article", CORPUS, ids=lambda article: article.name.replace(" ", "-"))
def test_looks_as_if_made_by_hand(article: Awkward, platform: str, outcomes: Outcomes) -> None:
    """Within the limit, the words and the link as they were meant, and no mark on anything else."""
    seen = outcomes[platform, article.name]
    assert isinstance(seen, Seen), seen
    found = faults(seen, article.meant(platform))
    assert (platform, article.name) == UNLINKED or [] == found, seen.text
    assert (platform, article.name) != UNLINKED or [True] == [fault.startswith("no link") for fault in found]
