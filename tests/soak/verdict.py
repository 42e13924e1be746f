"""What became of a soak, by what readers see; and of whatever is wrong, everything that tells why."""

import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from adapters.sandbox.feeds import ArticleStub
from adapters.sandbox.server import PublicPost
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.reports import DeliveryRow
from bot.ledger.schema import attempts
from bot.model import State
from tests.inside import Told
from tests.judge import judge
from tests.stage import Seat, Stage

TOLD_OF = 10
"""Of so many wrong deliveries everything is told; of the others, that they are."""


@dataclass(frozen=True, slots=True)
class Score:
    """One channel."""

    platform: str
    once: int
    twice: int
    """Articles that readers see more than once."""
    lost: int
    """Articles that they do not see."""
    uncertain: int
    """Deliveries that the ledger does not call sent."""

    @property
    def zeros(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.twice or self.lost or self.uncertain)


@dataclass(frozen=True, slots=True)
class Verdict:
    """All channels. `findings`: what is wrong, for people."""

    scores: tuple[Score, ...]
    findings: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether every reader sees every article once and in order, and the ledger says the same."""
        return not self.findings and all(score.zeros for score in self.scores)


def weigh(stage: Stage, articles: Sequence[ArticleStub]) -> Verdict:
    """Hold what readers see and what the ledger says against the guarantee."""
    with Told(stage) as told:
        rows = {(row.link, row.platform): row for row in told.log()}
    scores, findings = [], []
    for seat in stage.seats.values():
        shown = seat.by_link()
        seen = {article.link: shown.get(article.link, []) for article in articles}
        its = {link: rows.get((link, seat.platform)) for link in seen}
        times = [len(posts) for posts in seen.values()]
        unsure = [link for link, row in its.items() if row is None or row.state is not State.SENT]
        more = sum(count > 1 for count in times)
        scores.append(Score(seat.platform, times.count(1), more, times.count(0), len(unsure)))
        wrong = [article for article in articles if len(seen[article.link]) != 1 or article.link in unsure]
        findings += [_tell(stage, seat, each, seen[each.link], its[each.link]) for each in wrong[:TOLD_OF]]
        findings += [f"{seat.platform}: {article.title} as well" for article in wrong[TOLD_OF:]]
        if not wrong:
            findings += _judged(stage, seat, articles)
    return Verdict(tuple(scores), tuple(findings))


def _judged(stage: Stage, seat: Seat, articles: Sequence[ArticleStub]) -> Iterator[str]:
    """What the judge of the other proofs finds besides: the order, the receipts, and what people are asked."""
    try:
        judge(stage, seat, articles, [])
    except AssertionError as wrong:
        place = traceback.extract_tb(wrong.__traceback__)[-1]
        yield f"{seat.platform}: {place.line} does not hold: {wrong}"


def _tell(stage: Stage, seat: Seat, article: ArticleStub, seen: Sequence[PublicPost], row: DeliveryRow | None) -> str:
    lines = [f"{seat.platform}: {article.title} ({article.link}) is seen {len(seen)} times"]
    lines += [f"  seen    {post.id} at {post.at:.3f} {post.url}" for post in seen]
    if row is None:
        return "\n".join([*lines, "  ledger  nothing"])
    lines += [f"  ledger  delivery {row.id}: {row.state}, {row.reason}, due at {row.due_at}, {row.url}"]
    return "\n".join([*lines, *(f"  attempt {line}" for line in _attempts(stage, row.id))])


def _attempts(stage: Stage, delivery: int) -> list[str]:
    def read(conn: Connection) -> list[str]:
        found = conn.execute(select(attempts).where(attempts.c.delivery_id == delivery).order_by(attempts.c.id))
        return [
            f"{each.number} {each.step} {each.started_at} – {each.ended_at}: "
            f"{each.outcome} {each.status} {each.message}"
            for each in found
        ]

    ledger = InlineLedger(open_engine(stage.database_url))
    try:
        return ledger.read_now(read)
    finally:
        ledger.close()
