"""The judge of the proofs: what readers see, held against the guarantee, and then what the ledger says of it."""

from collections.abc import Iterable, Iterator, Sequence

from adapters.sandbox.feeds import ArticleStub
from bot.model import State
from tests.inside import Told
from tests.stage import Seat, Stage


def judge(stage: Stage, seat: Seat, articles: Sequence[ArticleStub], lost: Sequence[ArticleStub]) -> list[str]:
    """One post for each article; one or none for one whose answer was `lost` before there was any post to look after,
    where the platform needs one, and then it waits for a person. What became of each delivery."""
    in_doubt = [article.link for article in lost if article in lost_first(seat, articles, lost)]
    with Told(stage) as told:
        rows = {row.link: row for row in told.log() if row.platform == seat.platform}
        undecided = [row for row in told.undecided() if row.platform == seat.platform]
        alerts = [alert.message for alert in told.waiting().alerts]
    shown = seat.by_link()
    became = []
    for article in articles:
        posts, row = shown.get(article.link, []), rows[article.link]
        if article.link in in_doubt:
            assert len(posts) <= 1, f"{article.title} is out {len(posts)} times"
            assert (State.UNCERTAIN, None, None) == (row.state, row.due_at, row.url)
            became.append("uncertain and out" if posts else "uncertain and not out")
        else:
            assert [row.url] == [post.url for post in posts], article.title
            assert State.SENT == row.state
            became.append("settled")
    assert [article.link for article in articles if article.link in shown] == list(shown)
    assert in_doubt == [row.link for row in undecided]
    for row in undecided:
        assert [f"handbill resolve {row.id}" in alert for alert in alerts].count(True) == 1
    return became


def lost_first(seat: Seat, articles: Sequence[ArticleStub], lost: Sequence[ArticleStub]) -> list[ArticleStub]:
    """Those whose answers were lost before any other post was out, where that leaves them in doubt."""
    if seat.remembers and not seat.needs_neighbour:
        return []
    return [each for each, first in zip(articles, accumulate(each in lost for each in articles), strict=True) if first]


def accumulate(lost: Iterable[bool]) -> Iterator[bool]:
    """Whether this one and all before it are lost."""
    so_far = True
    for each in lost:
        so_far = so_far and each
        yield so_far
