"""What comes in, by a look or by a post to us: known or new, planned or held, and kept in the caller's transaction.

candidates ─▶ known? moved? ─▶ plan ─▶ articles + deliveries + cursor ─▶ held? one alert
"""

from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.ledger import flood, intake
from bot.ledger.intake import Stored
from bot.ledger.watched import SourceState, find_read_beside
from bot.plan import Candidate, Rules, plan


def take_in(
    conn: Connection,
    state: SourceState,
    found: Sequence[Candidate],
    rules: Rules,
    *,
    first_look: bool,
    read_at: datetime | None,
    channel_ids: Sequence[int],
    language: str | None,
    cursor: Mapping[str, Any],
    now: datetime,
    complete: bool = True,
    watched: Container[str] = frozenset(),
) -> Stored:
    """Keep what is new among the candidates (oldest first), and plan it on these channels.

    `read_at`: since when what is dated earlier should have been seen, None: nothing should; `language`: the source's,
    where the settings tell it; `complete`: whether the document came whole; `watched`: the
    identities of the sources that are looked at.
    """
    known = intake.find_known(conn, found)
    unknown = [each for each in found if known.keys().isdisjoint(each.keys)]
    decided = plan(
        found,
        known,
        first_look=first_look,
        rules=rules,
        now=now,
        read_at=read_at,
        read_beside_at=find_read_beside(conn, state.id, known.values(), watched) if first_look else None,
        moved=flood.find_moved(conn, state.id, unknown),
    )
    stored = intake.commit_look(
        conn,
        state.id,
        decided,
        known,
        channel_ids=channel_ids,
        language=language,
        cursor=cursor,
        now=now,
        complete=complete,
    )
    if any(new.held and new.held.until is None for _, new in stored.new):
        flood.raise_flood(conn, state.id, now=now)
    return stored
