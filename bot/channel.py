"""A lane's own channel: who we are there, whether it is up, and its rests when it is not.

Credentials, rights or a suspension pause the channel with one alert; everything is kept, and it resumes by itself.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from adapters.base import Adapter, Standing
from adapters.outcomes import ChannelDown, Outcome
from bot.doors import Dice, Doors
from bot.late import late_cause
from bot.ledger import channels
from bot.ledger.alerts import clear_alert, raise_alert
from bot.ledger.channels import ChannelState
from bot.ledger.postgres import take_turn
from bot.patience import shortly
from bot.rest import Away, Rest, rest_for
from bot.retry import PROBE_FROM, PROBE_TO, backoff, sentences
from bot.wait import Wait

log = structlog.get_logger()


def pause(conn: Connection, channel_id: int, reason: str, *, now: datetime, dice: Dice) -> bool:
    """Let the channel rest, for longer each time in a row. True: this is news, and an alert was raised."""
    state = channels.get_channel(conn, channel_id)
    wait = backoff(state.probes + 1, dice, start=PROBE_FROM, top=PROBE_TO)
    channels.pause_channel(conn, channel_id, reason=reason, probe_at=now + timedelta(seconds=wait), now=now)
    message = f"Channel {state.name} is paused: {reason} Everything is kept, and it is tried again by itself."
    return raise_alert(conn, down_cause(channel_id), message, needs_person=True, now=now)


def resume(conn: Connection, channel_ids: Collection[int], *, now: datetime) -> None:
    """The channel works again, under whichever of its rows: the next pause is short again, and its alert is over."""
    for channel_id in channel_ids:
        channels.resume_channel(conn, channel_id)
        clear_alert(conn, down_cause(channel_id), now=now)


def down_cause(channel_id: int) -> str:
    """The cause under which a channel's alert stands."""
    return f"channel:{channel_id}:down"


class Channel:
    """One configured channel as its lane meets it."""

    def __init__(
        self,
        state: ChannelState,
        adapter: Adapter,
        doors: Doors,
        redact: Callable[[str], str],
        taken: "dict[int, Channel]",
    ) -> None:
        """`taken`: which channel of this process has which row or stands in there, shared by all of them."""
        self.id = state.id
        """The row in the ledger; another one once the platform has said that the label is another channel."""
        self.name = state.name
        self.adapter = adapter
        self._doors = doors
        self._redact = redact
        self._taken = taken
        self._taken[state.id] = self
        self.settled = False
        """Whether the row is ours by what the platform said, not only by the label."""
        self.since = doors.clock.now()
        """From when on what is planned here is meant for the channel that the settings name now."""
        self.on_trial = False
        """The platform says that all is well and refused a post all the same: only a post it takes ends the alert."""
        self._standing: Standing | None = None
        self._asked = False
        self.away = Away(doors, redact)
        """The platform could not be reached when it was asked who we are."""
        self._wait = Wait()
        self._log = log.bind(channel=state.name, platform=adapter.platform)

    def row(self, conn: Connection) -> int:
        """The row in the ledger that this channel has now. Until the platform has told us, that is the row of its
        label, on which another process may have settled meanwhile."""
        if not self.settled:
            self.id = channels.find_label(conn, self.adapter.platform, self.name) or self.id
        return self.id

    @property
    def known(self) -> bool:
        """Whether the platform has said who we are."""
        return self._standing is not None

    @property
    def account(self) -> str:
        """What budgets and keys belong to. RuntimeError before the platform has said who we are."""
        if self._standing is None:
            raise RuntimeError(f"{self.name} works only once the platform has said who we are")
        return f"{self.adapter.platform}:{self._standing.account_id}"

    async def ready(self, state: ChannelState) -> Rest | None:
        """Ask who we are, at first and whenever the channel rests because it was down. A Rest: not now.

        `state`: the channel's row as it is now; somebody may have changed it beside the daemon.
        """
        if state.paused_at is not None and self._asked:
            if state.probe_at is not None and (wait := self._left(state.probe_at)) > 0:
                return rest_for(wait, "paused", self._doors.clock)
        elif self._standing is not None:
            return None
        return self.away.left() or await self._verify(paused=state.paused_at is not None)

    def _left(self, probe_at: datetime) -> float:
        now, monotonic = self._doors.clock.now(), self._doors.clock.monotonic()
        at_the_earliest = probe_at - timedelta(seconds=PROBE_TO)
        return self._wait.left(probe_at, planned_at=at_the_earliest, now=now, monotonic=monotonic)

    async def _verify(self, *, paused: bool) -> Rest | None:
        self._asked = True
        try:
            standing = await shortly(self._doors.clock, self.adapter.verify)
        except ChannelDown as down:
            return await self._rest(sentences(down.message, down.mend))
        except Outcome as outcome:
            return self._stay_away(outcome)
        if standing.problems:
            return await self._rest(" ".join(sentences(problem, "") for problem in standing.problems))
        if twin := await self._settle_in(standing):
            return await self._rest(f"It is the same place as channel {twin}. Take one of the two out of the settings.")
        if paused:
            self._log.info("channel.tried" if self.on_trial else "channel.resumed", who=standing.who)
        elif self._standing is None:
            self._log.info("channel.verified", who=standing.who)
        self._standing = standing
        self.away.over()
        return None

    async def go_down(self, why: str) -> Rest:
        """Pause, since the platform refuses us something although it says that all is well. Tried again by itself."""
        self.on_trial = True
        return await self._rest(why)

    async def _rest(self, why: str) -> Rest:
        now, reason = self._doors.clock.now(), self._redact(why)

        def work(conn: Connection) -> tuple[bool, datetime | None]:
            news = pause(conn, self.id, reason, now=now, dice=self._doors.dice)
            return news, channels.get_channel(conn, self.id).probe_at

        news, probe_at = await self._doors.ledger.write(work)
        if news:
            self._log.error("channel.paused", reason=reason, probe_at=probe_at)
        return Rest(probe_at, "paused")

    def _stay_away(self, outcome: Outcome) -> Rest:
        before = self.away.rest
        rest = self.away.put_off(outcome)
        say = self._log.debug if before is not None and before.why == rest.why else self._log.warning
        say("channel.unavailable", reason=rest.why, due_at=rest.until)
        return rest

    async def _settle_in(self, standing: Standing) -> str | None:
        """Settle on the row of this identity. The name of another configured channel that has it already, if any."""
        before = self.id
        try:
            twin = await self._doors.ledger.write(lambda conn: self._bind(conn, standing))
        except Exception:
            self.id = before  # nothing of it was written
            raise
        if twin is not None:
            return twin.name
        if self.id != before:
            self.on_trial = False
        return None

    def _bind(self, conn: Connection, standing: Standing) -> "Channel | None":
        """Inside the transaction, lest a poll that commits next plans for a row that is left. The twin, if any."""
        take_turn(conn)
        now = self._doors.clock.now()
        known = channels.find_channel(conn, self.adapter.platform, standing.account_id, standing.place_id)
        other = self._taken.get(known) if known is not None else None
        if known is not None and other is not None and other is not self:
            if other.settled:
                return other
            # Two labels were swapped: the other one stands in at our row, by its old name.
            other.id = channels.make_room(conn, known, name=other.name, since=other.since, now=now)
            self._taken[other.id] = other
        bound = channels.bind_channel(
            conn,
            self.id,
            account_id=standing.account_id,
            place_id=standing.place_id,
            who=standing.who,
            url=standing.url,
            now=now,
            since=self.since,
        )
        if self.on_trial and bound == self.id:
            channels.lift_pause(conn, bound)
        else:
            resume(conn, {self.id, bound}, now=now)
        if bound != self.id:
            clear_alert(conn, late_cause(self.id), now=now)
        if self._taken.get(self.id) is self:
            del self._taken[self.id]
        self._taken[bound], self.id, self.settled = self, bound, True
        return None
