"""The judge of the proofs: what readers see, held against the guarantee, and then what the ledger says of it."""

from collections.abc import Sequence
from itertools import takewhile

from adapters.sandbox.feeds import ArticleStub
from bot.model import State
from tests.conftest import SETTLED
from tests.inside import Told
from tests.stage import Seat, Stage


def judge(stage: Stage, seat: Seat, articles: Sequence[ArticleStub], lost: Sequence[ArticleStub]) -> list[str]:
    """One post for each article, in order; what became of each delivery.

    `lost`: whose answers were. Where a platform is asked by what comes after a known post, those that were lost before
    there was any are overtaken by the next one. Where it does not show what is there, either, such a one may wait for a
    person, but only if it is out.
    """
    first = list(takewhile(lambda article: article in lost, articles)) if seat.needs_neighbour else []
    shown = seat.by_link()
    with Told(stage) as told:
        rows = {row.link: row for row in told.log() if row.platform == seat.platform}
        undecided = [row for row in told.undecided() if row.platform == seat.platform]
        alerts = [alert.message for alert in told.waiting().alerts]
    may_be = [] if seat.remembers else [article.link for article in first]
    in_doubt = [link for link in may_be if rows[link].state is State.UNCERTAIN]
    became = []
    for article in articles:
        posts, row = shown.get(article.link, []), rows[article.link]
        if article.link in in_doubt:
            assert len(posts) == 1, f"{article.title} is out {len(posts)} times"
            assert (State.UNCERTAIN, None, None) == (row.state, row.due_at, row.url)
            became.append("uncertain and out")
        else:
            assert [row.url] == [post.url for post in posts], article.title
            assert State.SENT == row.state
            became.append(SETTLED)
    overtaken = [article.link for article in first]
    ordered = [article.link for article in articles if article.link not in overtaken]
    assert ordered == [link for link in shown if link not in overtaken]
    assert in_doubt == [row.link for row in undecided]
    asked_for = [alert for alert in alerts if "handbill resolve" in alert]
    for row in undecided:
        assert [f"handbill resolve {row.id}" in alert for alert in asked_for].count(True) == 1
    assert len(in_doubt) == len(asked_for)
    return became
