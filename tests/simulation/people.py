"""The operator of a simulated life: honest, looks at the channel first, and does what `handbill` lets a person do."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from bot.ledger import backlog, pauses, person, queue
from bot.ledger.channels import find_label
from bot.ledger.db import InlineLedger
from bot.model import Event, State
from bot.settle import cause_of
from tests.simulation.judge import Judge, Row, number_of
from tests.simulation.places import Place

Wall = Callable[[], datetime]


class Operator:
    """Wants things, and does them as soon as there is something to do them to."""

    def __init__(self, places: Mapping[str, Place], judge: Judge, now: Wall) -> None:
        self.wants: list[str] = []
        """`script.PEOPLE`, oldest first."""
        self._places = places
        self._judge = judge
        self._now = now

    def wants_something(self) -> bool:
        """Whether there is anything that can be done of what is wanted."""
        return bool(self.wants) and any(self._fitting(row, want) for row in self._judge.rows() for want in self.wants)

    def act(self, book: InlineLedger) -> None:
        """Do what can be done of what is wanted."""
        for want in list(self.wants):
            self._do(book, want)

    def decide_all(self, book: InlineLedger) -> None:
        """Decide all that waits for a person."""
        for row in self._judge.rows():
            if row.state is State.UNCERTAIN and row.due_at is None:
                self._decide(book, row, self._said(row))
            elif row.state is State.HELD:
                self._decide(book, row, Event.RESOLVED_SENT if self._is_out(row) else Event.RELEASED)

    def pause(self, book: InlineLedger, place: str) -> None:
        """`handbill pause`: a place, or everything where it is empty."""
        now = self._now()
        if place:
            book.write_now(lambda conn: pauses.stop(conn, [_channel(conn, place)], now=now))
        else:
            book.write_now(lambda conn: pauses.stop_all(conn, now=now))
        self._judge.paused.add(place)

    def resume(self, book: InlineLedger, place: str) -> None:
        """`handbill resume`."""
        now = self._now()
        self._judge.paused.discard(place)
        if place:
            book.write_now(lambda conn: pauses.let_go_on(conn, [_channel(conn, place)], now=now))
        else:
            book.write_now(lambda conn: pauses.let_all_go_on(conn, now=now))

    def _do(self, book: InlineLedger, want: str) -> None:
        for row in self._judge.rows():
            if event := self._fitting(row, want):
                self._decide(book, row, event)
                self.wants.remove(want)
                return

    def _fitting(self, row: Row, want: str) -> Event | None:
        """What to do to this delivery, if it is one of those that are wanted."""
        undecided = row.state is State.UNCERTAIN and (row.due_at is None or want == "decide")
        match want, row.state:
            case "drop", State.PENDING:
                return Event.DROPPED
            case ("drop", State.UNCERTAIN) if undecided:
                return Event.DROPPED
            case ("retry", State.FAILED) | ("retry-skipped", State.SKIPPED) | ("retry-cancelled", State.CANCELLED):
                return None if self._is_out(row) else Event.RETRIED
            case ("decide", State.UNCERTAIN) if undecided:
                return self._said(row)
            case "release", State.HELD:
                return None if self._is_out(row) else Event.RELEASED
            case "held-sent", State.HELD:
                return Event.RESOLVED_SENT if self._is_out(row) else None
            case "reject", State.HELD:
                return Event.DROPPED
            case ("revive", State.SENT) if row.presence == queue.VANISHED:
                return None if self._is_out(row) else Event.REVIVED
        return None

    def _said(self, row: Row) -> Event:
        return Event.RESOLVED_SENT if self._is_out(row) else Event.RESOLVED_NOT_SENT

    def _is_out(self, row: Row) -> bool:
        """As a reader sees it, and as the platform is about to show it."""
        place = self._places[row.place]
        return any(number_of(body["link"]) == row.article for body in [*place.coming, *(p.body for p in place.out())])

    def _decide(self, book: InlineLedger, row: Row, event: Event) -> None:
        now = self._now()
        url = f"https://{row.place}.example/" if event is Event.RESOLVED_SENT else None

        def work(conn: Connection) -> None:
            delivery = backlog.get_delivery(conn, row.id)
            person.decide(conn, delivery, event, cause=cause_of(row.id), reason="a person said so", now=now, url=url)

        self._judge.person_acts = True
        try:
            book.write_now(work)
            self._judge.committed()
        finally:
            self._judge.person_acts = False


def _channel(conn: Connection, place: str) -> int:
    found = find_label(conn, place, place)
    assert found is not None
    return found
