"""At each start, once a lane knows who we are: is the account's newest post one that the ledger knows?

    newest own post ─▶ known, or explained ─▶ go on
                    └▶ unknown ─▶ look before sending, until all that was in doubt has been looked for

Nothing is sent on the channel before this is answered. A platform that is away is asked again later, and holds up its
own lane only where there is something to send.
"""

from collections.abc import Callable, Collection, Sequence
from functools import partial

import structlog

from adapters.base import Adapter, CanList, CanNotice
from adapters.outcomes import ChannelDown, Outcome, RateLimited, Unavailable, Uncertain
from adapters.post import Receipt
from bot.channel import Channel
from bot.doors import Doors, Lease
from bot.ledger import newer
from bot.newer import are_unknown, is_unknown
from bot.patience import shortly
from bot.rest import Away, Rest
from bot.retry import sentences

log = structlog.get_logger()

COMPARE_FOR = 60.0
"""Seconds that asking for the newest post may take."""


class Comparison:
    """Of one lane, for one life of the program."""

    def __init__(
        self,
        channel: Channel,
        adapter: Adapter,
        doors: Doors,
        redact: Callable[[str], str],
        *,
        identities: Collection[str],
        backoff_from: float,
    ) -> None:
        """`identities`: of the sources whose articles go to this channel; `backoff_from`: seconds, the first wait."""
        self.made = not isinstance(adapter, CanList | CanNotice)
        """Whether there is nothing left to ask at this start."""
        self._channel = channel
        self._adapter = adapter
        self._doors = doors
        self._redact = redact
        self._identities = tuple(identities)
        self._started_at = doors.clock.now()
        self._away = Away(doors, redact, backoff_from=backoff_from)
        self._log = log.bind(channel=channel.name, platform=adapter.platform)

    async def make(self, lease: Lease | None) -> Rest | None:
        """Ask, unless it is too early to ask again. A Rest: not known yet, and nothing may be sent before. Raises
        LeaseLost."""
        if rest := self._away.left():
            return rest
        try:
            posts = await self._ask()
        except ChannelDown as down:
            return await self._channel.go_down(sentences(down.message, down.mend))
        except (RateLimited, Unavailable, Uncertain) as outcome:
            return self._put_off(outcome)
        except Outcome as refusal:  # a server that will not tell is no reason to post nothing
            self._log.warning("ledger.not_compared", reason=self._redact(refusal.message))
            posts = []
        self.made = True
        if posts:
            await self._hold_against(posts, lease)
        return None

    async def _ask(self) -> Sequence[Receipt]:
        """The newest post of a list, or those that are met after the newest that is known; none: nothing to compare."""
        try:
            async with self._doors.clock.deadline(COMPARE_FOR):
                if isinstance(self._adapter, CanList):
                    newest = await shortly(self._doors.clock, self._adapter.newest)
                    return [] if newest is None else [newest]
                return await self._notice() if isinstance(self._adapter, CanNotice) else []
        except TimeoutError:
            raise Unavailable(f"no answer within {COMPARE_FOR:.0f} s") from None

    async def _notice(self) -> Sequence[Receipt]:
        last = await self._doors.ledger.read(partial(newer.find_newest, channel_id=self._channel.id))
        adapter = self._adapter
        if last is None or not isinstance(adapter, CanNotice):  # where none is known there is nothing to begin at
            return []
        return await shortly(self._doors.clock, lambda: adapter.notice(last))

    async def _hold_against(self, posts: Sequence[Receipt], lease: Lease | None) -> None:
        channel_id, post, listed = self._channel.id, posts[-1], isinstance(self._adapter, CanList)
        known = await self._doors.ledger.read(partial(newer.read_known, channel_id=channel_id))
        call_for = self._adapter.deadline_for
        if not (is_unknown(post, known, call_for=call_for) if listed else are_unknown(posts, known)):
            if known.restored_at is not None and post.id not in known.ids:
                met = partial(newer.note_met, channel_id=channel_id, post_id=post.id, now=self._doors.clock.now())
                await self._doors.ledger.write(met, lease=lease)
            return
        work = partial(
            newer.doubt_channel,
            channel_id=channel_id,
            post_id=post.id,
            sentence=self._redact(_sentence(self._channel.name, post, listed=listed)),
            since=self._started_at,
            now=self._doors.clock.now(),
        )
        news = await self._doors.ledger.write(work, lease=lease)
        say = self._log.warning if news else self._log.info
        say("ledger.doubted", url=post.url or post.id, reason="the account has a post that the ledger does not know")

    def _put_off(self, outcome: Outcome) -> Rest:
        rest = self._away.put_off(outcome)
        self._log.warning("ledger.not_compared", reason=rest.why, due_at=rest.until)
        return rest

    async def end(self, lease: Lease | None) -> None:
        """End the doubt where all has been looked for. Raises LeaseLost."""
        channel_id, identities, now = self._channel.id, self._identities, self._doors.clock.now()
        may_trust = partial(newer.may_trust, channel_id=channel_id, identities=identities)
        trust = partial(newer.trust_channel, channel_id=channel_id, identities=identities, now=now)
        if await self._doors.ledger.read(may_trust) and await self._doors.ledger.write(trust, lease=lease):
            self._log.info("ledger.trusted", reason="all that was in doubt has been looked for")


def _sentence(channel: str, post: Receipt, *, listed: bool) -> str:
    done = "What may be out already is looked for before it is sent" if listed else "What may be out already is held"
    return (
        f"{channel} has a post that the ledger knows nothing of ({post.url or f'number {post.id}'}): the ledger may be "
        f"older than the posts. {done}. If an old copy of the ledger is in place, stop, run `handbill restore "
        "--only-mark` and start again, so that every channel does so; if somebody posts there by other means, there is "
        "nothing to do."
    )
