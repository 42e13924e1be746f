"""The demo's judge: what readers see, and what is right about it."""

from dataclasses import replace

import pytest

from adapters.sandbox.server import PublicPost
from bot.demo.verdict import ONCE, UNCERTAIN, Cell, Expected, Place, Verdict, judge

ALPHA = Place("alpha", "Alpha", "@herald", "alpha.py", may_stay_uncertain=True)
BETA = Place("beta", "Beta", "herald.test", "beta.py")
LINK = "https://herald.example.org/articles/1"
ARTICLE = Expected("Rain & shine", LINK, wanted=True)
OLD = Expected("Old news", "https://herald.example.org/articles/0", wanted=False)
POST = PublicPost("alpha", "@herald", "2", "Rain & shine\n\nIt poured.\n\n" + LINK, (LINK,), 1.0, "https://alpha/2")


def at_beta(post: PublicPost) -> PublicPost:
    """The same post as readers of the other platform see it."""
    return replace(post, platform="beta", place="herald.test")


def judged(*posts: PublicPost, undecided: set[tuple[str, str]] | None = None) -> Verdict:
    """The verdict on one article at two places, and on one that was to stay in."""
    return judge([OLD, ARTICLE], [ALPHA, BETA], posts, undecided or set())


def test_right_is_one_post_for_each_article_on_each_channel() -> None:
    """One post a channel is right, and so is none of what was in the feed before."""
    verdict = judged(POST, at_beta(POST))
    assert verdict.right
    assert verdict.cells[LINK, "alpha"] == verdict.cells[LINK, "beta"] == Cell(True, ONCE)
    assert verdict.cells[OLD.link, "alpha"] == Cell(True, "not posted")
    assert verdict.wrong == ()


@pytest.mark.parametrize(
    ("posts", "words"),
    [
        ((), "missing"),
        ((POST, replace(POST, id="3")), "out twice"),
        ((POST, replace(POST, id="3"), replace(POST, id="4")), "out 3 times"),
        ((replace(POST, text="Something else " + LINK),), "wrong title"),
        ((replace(POST, links=(LINK, "https://elsewhere.example")),), "wrong link"),
        ((replace(POST, card={"link": "https://elsewhere.example", "title": ""}),), "wrong link"),
    ],
)
def test_everything_else_is_wrong(posts: tuple[PublicPost, ...], words: str) -> None:
    """Missing, double and mistaken posts are each wrong, and the table says how."""
    verdict = judged(*posts, at_beta(POST))
    assert verdict.cells[LINK, "alpha"] == Cell(False, words)
    assert verdict.wrong == ((LINK, "alpha"),)
    assert not verdict.right


def test_what_was_there_before_must_not_be_posted() -> None:
    """A post of an article that was in the feed before the first look is wrong."""
    early = replace(POST, id="1", text="Old news " + OLD.link, links=(OLD.link,))
    verdict = judged(early, POST, at_beta(POST))
    assert verdict.wrong == ((OLD.link, "alpha"),)
    assert verdict.cells[OLD.link, "alpha"] == Cell(False, "out once")


@pytest.mark.parametrize(
    "stray",
    [
        replace(POST, id="9", links=("https://elsewhere.example",)),
        replace(POST, id="9", place="@other"),
        replace(POST, id="9", links=()),
    ],
)
def test_a_post_that_belongs_nowhere_is_wrong(stray: PublicPost) -> None:
    """A post without an article of ours, or in a channel that is not ours, spoils the verdict."""
    verdict = judged(POST, at_beta(POST), stray)
    assert verdict.strays == (stray,)
    assert not verdict.right


@pytest.mark.parametrize(
    ("posts", "cell"),
    [
        ((), Cell(True, UNCERTAIN[1])),
        ((POST,), Cell(True, UNCERTAIN[0])),
        ((POST, replace(POST, id="3")), Cell(False, "out twice")),
        ((replace(POST, text=LINK),), Cell(False, "wrong title")),
    ],
)
def test_what_waits_for_a_person_may_be_out_or_not_but_never_twice(posts: tuple[PublicPost, ...], cell: Cell) -> None:
    """Where a platform cannot be asked, a delivery that the ledger lists as unknown is right with one post or none."""
    verdict = judged(*posts, at_beta(POST), undecided={(LINK, "alpha")})
    assert verdict.cells[LINK, "alpha"] == cell


def test_a_platform_that_can_be_asked_leaves_nothing_unknown() -> None:
    """Unknown is no excuse where the platform would have told."""
    verdict = judged(POST, undecided={(LINK, "beta")})
    assert verdict.cells[LINK, "beta"] == Cell(False, "missing")


def test_a_title_may_be_wrapped_and_composed_otherwise() -> None:
    """White space and the form of accents (NFC, NFD) make no other title."""
    article = Expected("Caf\u00e9 au lait", LINK, wanted=True)
    post = replace(POST, text=f"Cafe\u0301  au\nlait {LINK}")
    assert judge([article], [ALPHA], [post], set()).right
