"""Ledgers with a past, written by the functions that poll and lanes write with."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from adapters.outcomes import Presence
from adapters.post import Payload, Receipt
from bot.clock import SystemClock
from bot.flood import Suspect
from bot.ledger import backlog, channels, intake, queue, watched
from bot.ledger.alerts import raise_alert
from bot.ledger.audit import find_due, note_presence
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.flood import raise_flood
from bot.ledger.reports import find_row
from bot.model import Event, Settlement, State
from bot.plan import Candidate, NewArticle, Plan
from bot.settle import cause_of
from bot.sources.entry import Entry

SOURCE = "https://herald.example.org/feed.xml"
FACE = {"HANDBILL_SOURCES": SOURCE}


class Book:
    """A ledger of one source. Times are counted in seconds from now."""

    def __init__(self, url: str) -> None:
        self.ledger = InlineLedger(open_engine(url))
        self.now = SystemClock().now().astimezone(UTC)
        self._articles = 0
        self.ledger.write_now(self._register)

    def _register(self, conn: Connection) -> None:
        watched.register_source(
            conn, identity="herald.example.org/feed.xml", name="herald.example.org/feed.xml", url=SOURCE, now=self.now
        )

    def close(self) -> None:
        self.ledger.close()

    def at(self, seconds: float) -> datetime:
        return self.now + timedelta(seconds=seconds)

    def channel(self, name: str, platform: str = "", who: str = "") -> int:
        """A channel that the platform has said who it is."""

        def work(conn: Connection) -> int:
            state = channels.register_channel(conn, platform=platform or name, name=name, now=self.now)
            return channels.bind_channel(
                conn, state.id, account_id=name, place_id=name, who=who or f"@{name}", url=None, now=self.now
            )

        return self.ledger.write_now(work)

    def article(
        self,
        title: str,
        channel_ids: Sequence[int],
        *,
        due_in: float = 0,
        skipped: str | None = None,
        held: Suspect | None = None,
    ) -> list[int]:
        """A new article; returns its deliveries, in the order of the channels."""
        self._articles += 1
        link = f"https://herald.example.org/articles/{self._articles}"
        candidate = Candidate(Entry(link, link, title, "Summary"), link, (f"link:{link}",))
        plan = Plan((NewArticle(candidate, self.at(due_in), skipped, held),), ())
        cursor = {"title": "The Herald", "newest_title": title, "next_poll_at": self.at(240), "told_until_at": None}

        def work(conn: Connection) -> list[int]:
            stored = intake.commit_look(
                conn, 1, plan, {}, channel_ids=channel_ids, language=None, cursor=cursor, now=self.at(-120)
            )
            (article_id, _), *_ = stored.new
            if held is not None and held.until is None:
                raise_flood(conn, 1, now=self.at(-120))
            rows = conn.exec_driver_sql(f"SELECT id FROM deliveries WHERE article_id = {article_id} ORDER BY id")
            return [row.id for row in rows]

        return self.ledger.write_now(work)

    def begin(self, delivery_id: int) -> None:
        """Freeze and claim it: the visible call may be on the wire."""

        def work(conn: Connection) -> None:
            delivery = backlog.get_delivery(conn, delivery_id)
            queue.freeze(conn, delivery, Payload({"text": "as frozen"}), "key")
            queue.claim(conn, delivery, account="news", marker="{}", now=self.at(-60))

        self.ledger.write_now(work)

    def settle(self, delivery_id: int, settlement: Settlement) -> None:
        """Begin it, and let this come of it."""
        self.begin(delivery_id)
        self.ledger.write_now(lambda conn: queue.settle(conn, delivery_id, 1, settlement, now=self.at(-30)))

    def sent(self, delivery_id: int, url: str) -> None:
        self.settle(delivery_id, Settlement(Event.SENT, None, None, receipt=Receipt("1", url, self.at(-30))))

    def read_back(self, delivery_id: int, url: str, presence: Presence) -> None:
        """Sent, and read back; what has vanished is told."""
        receipt = Receipt("1", url, self.at(-30))
        self.settle(delivery_id, Settlement(Event.SENT, None, None, receipt=receipt, confirm_at=self.at(-20)))

        def work(conn: Connection) -> None:
            channel = conn.exec_driver_sql(f"SELECT channel_id FROM deliveries WHERE id = {delivery_id}").scalar_one()
            post = find_due(conn, [channel], now=self.at(-10))
            assert post is not None
            assert note_presence(conn, post, presence, now=self.at(-10))

        self.ledger.write_now(work)
        if presence == "vanished":
            self._alert(delivery_id, "it has vanished")

    def failed(self, delivery_id: int, why: str = "the text is too long") -> None:
        """Refused, with the alert that goes with it."""
        self.settle(delivery_id, Settlement(Event.REJECTED, None, why, status=422))
        self._alert(delivery_id, f"it was refused: {why}")

    def uncertain(self, delivery_id: int, *, asked_in: float | None = None) -> None:
        """Its answer was lost. `asked_in`: when the platform will be asked; None: a person decides, and was told so."""
        asked = None if asked_in is None else self.at(asked_in)
        self.settle(delivery_id, Settlement(Event.LOST, asked, "the line was cut"))
        if asked is None:
            self._alert(delivery_id, "nobody knows whether it is out")

    def _alert(self, delivery_id: int, message: str) -> None:
        cause = cause_of(delivery_id)
        self.ledger.write_now(lambda conn: raise_alert(conn, cause, message, needs_person=True, now=self.now))

    def state(self, delivery_id: int) -> State:
        """What it is now."""
        row = self.ledger.read_now(lambda conn: find_row(conn, delivery_id))
        assert row is not None
        return row.state
