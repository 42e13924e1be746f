"""A dry run: everything but the visible call, which only goes to the log."""

from datetime import datetime

import structlog

from adapters.base import Adapter, KeySeed, Pace, Standing
from adapters.outcomes import Absent, Answer, Marker, Presence
from adapters.post import Draft, Payload, Post, Receipt
from bot.doors import Clock

log = structlog.get_logger()


class DryRun:
    """An adapter that stands in for another one and publishes nothing."""

    def __init__(self, adapter: Adapter, clock: Clock, channel: str) -> None:
        self._adapter = adapter
        self._clock = clock
        self._log = log.bind(channel=channel, platform=adapter.platform)
        self.platform = adapter.platform
        self.quiet_for = adapter.quiet_for
        self.deadline_for = adapter.deadline_for
        self.paces: tuple[Pace, ...] = adapter.paces
        self.takes_picture = adapter.takes_picture
        self.key_good_for = adapter.key_good_for

    async def verify(self) -> Standing:
        """As the adapter itself."""
        return await self._adapter.verify()

    def compose(self, post: Post, at: datetime) -> Draft:
        """As the adapter itself; the draft goes to the log."""
        draft = self._adapter.compose(post, at)
        self._log.info("post.composed", text=draft.text, length=f"{draft.length}/{draft.limit} {draft.unit}")
        return draft

    async def stage(self, draft: Draft) -> Payload:
        """As the adapter itself: uploads are invisible to followers."""
        return await self._adapter.stage(draft)

    def key(self, seed: KeySeed) -> str:
        """As the adapter itself."""
        return self._adapter.key(seed)

    async def mark(self, last: str | None) -> Marker:  # noqa: ARG002 # a receipt of a dry run means nothing to a platform
        """Nothing to find later."""
        return {}

    async def publish(self, payload: Payload, key: str) -> Receipt:  # noqa: ARG002 # that nothing of it is used is the point
        """The one thing that a dry run does not do."""
        self._log.info("post.withheld", key=key)
        return Receipt("dry run", None, self._clock.now())

    async def find(self, payload: Payload, key: str, marker: Marker) -> Answer:  # noqa: ARG002 # as above
        """It was never sent."""
        return Absent("this is a dry run")

    async def confirm(self, payload: Payload, receipt: Receipt) -> Presence:  # noqa: ARG002 # as above
        """Nothing was sent that could be read back."""
        return "accepted"

    async def close(self) -> None:
        """As the adapter itself."""
        await self._adapter.close()


def dry_database_url(url: str) -> str:
    """The ledger of a dry run stands beside the real one: handbill.db → handbill.dry-run.db. Where the real one is on a
    server, it is a file in the working directory: a rehearsal leaves nothing in a database that is backed up."""
    if not url.startswith("sqlite:"):
        return "sqlite:///handbill.dry-run.db"
    stem, dot, ending = url.rpartition(".")
    return f"{stem}.dry-run.{ending}" if dot and "/" not in ending else f"{url}.dry-run"
