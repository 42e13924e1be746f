"""The subscriber: asks hubs to tell of their sources' changes, and asks anew before that ends (WebSub).

    a look names a hub ─▶ ask ─▶ the hub asks back (`answer`) ─▶ pushes ─▶ the watcher looks at once
                           └◀── before the lease ends, or when the hub has not asked back

What is asked is in the ledger before the request leaves, since a hub may ask back before it answers. Sources that are
no longer configured are simply not asked for again: their leases run out.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import structlog

from bot.doors import Doors, FetchFailed, Hubs
from bot.ledger import subscriptions
from bot.patience import after_failure
from bot.retry import backoff
from bot.watching import Watching
from bot.websub import (
    AGAIN_FROM,
    AGAIN_TO,
    DENIED_FOR,
    VERIFIES_WITHIN,
    Denied,
    Subscription,
    answer,
    callback_of,
    fingerprint,
    renew_at,
    request_of,
    secret_of,
)

log = structlog.get_logger()

LOOK_EVERY = 30.0
"""Seconds between two looks for what is to be asked."""


class Subscriber:
    """Keeps the subscriptions of some sources."""

    def __init__(
        self,
        watching: Watching,
        doors: Doors,
        hubs: Hubs,
        *,
        public_url: str,
        key: str,
        redact: Callable[[str], str],
    ) -> None:
        """`public_url`: where hubs reach us; `key`: what addresses and secrets are made from."""
        self._watching = watching
        self._doors = doors
        self._hubs = hubs
        self._public_url = public_url
        self._key = key
        self._redact = redact

    # ── asking ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Ask whatever is to be asked, for life; ended by cancelling."""
        failures = 0
        while True:
            wait = LOOK_EVERY
            try:
                await self.step()
                failures = 0
            except Exception as error:
                failures += 1
                wait = max(wait, after_failure(error, failures, self._doors.dice, log=log, event="websub.stumbled"))
            await self._doors.clock.sleep(wait)

    async def step(self) -> None:
        """Ask every hub that is to be asked now."""
        for each in await self._list():
            if self._is_due(each):
                await self._ask_alone(each)

    async def _list(self) -> Sequence[Subscription]:
        return await self._doors.ledger.read(lambda conn: subscriptions.list_subscriptions(conn, self._watching))

    def _is_due(self, subscription: Subscription) -> bool:
        # With another secret or another address of ours, the hub knows one that we no longer answer at.
        elsewhere = subscription.callback not in (None, self._fingerprint(subscription))
        return elsewhere or subscription.due_at <= self._doors.clock.now()

    def _fingerprint(self, subscription: Subscription) -> str:
        return fingerprint(callback_of(subscription, public_url=self._public_url, key=self._key))

    async def _ask_alone(self, subscription: Subscription) -> None:
        """Ask, unless another process does."""
        lease = await self._doors.leases.take(f"websub:{subscription.identity}", fair=False)
        if lease is None:
            return
        try:
            now = await self._doors.ledger.read(
                lambda conn: subscriptions.find_subscription_of(conn, subscription.source_id)
            )
            if now is not None and self._is_due(now):
                await self._ask(now)
        finally:
            await self._doors.leases.give_back(lease)

    async def _ask(self, subscription: Subscription) -> None:
        wait = VERIFIES_WITHIN
        if subscription.failures:
            wait = max(wait, backoff(subscription.failures, self._doors.dice, start=AGAIN_FROM, top=AGAIN_TO))
        due_at = self._doors.clock.now() + timedelta(seconds=wait)
        source_id, callback = subscription.source_id, self._fingerprint(subscription)
        await self._doors.ledger.write(lambda conn: subscriptions.note_asked(conn, source_id, callback, due_at=due_at))
        form = request_of(subscription, public_url=self._public_url, key=self._key)
        try:
            await self._hubs.post_form(subscription.hub, form)
        except FetchFailed as error:
            reason = self._redact(error.message)
            await self._doors.ledger.write(lambda conn: subscriptions.note_refused(conn, source_id, reason=reason))
            self._log(subscription).warning("websub.refused", reason=reason, again_at=due_at)
        else:
            self._log(subscription).info("websub.asked", hub=subscription.hub)

    # ── being asked ───────────────────────────────────────────────────────────────────────────────────────────────

    async def find(self, callback: str) -> Subscription | None:
        """The subscription whose hub was given this address, where its source is still watched."""
        found = await self._doors.ledger.read(lambda conn: subscriptions.find_subscription(conn, fingerprint(callback)))
        return found if found is not None and found.identity in self._watching else None

    async def answer(self, callback: str, query: Mapping[str, str]) -> str | None:
        """What a hub's question at an address of ours is answered with; None: we want nothing of the kind."""
        subscription = await self.find(callback)
        said = answer(query, subscription)
        if subscription is None or said is None:
            return None
        source_id, now = subscription.source_id, self._doors.clock.now()
        if isinstance(said, Denied):
            await self._denied(subscription, said)
            return ""
        await self._doors.ledger.write(
            lambda conn: subscriptions.note_verified(
                conn, source_id, lease_for=said.lease_for, due_at=renew_at(now, said.lease_for), now=now
            )
        )
        self._log(subscription).info("websub.verified", hub=subscription.hub, lease_for=said.lease_for)
        return said.challenge

    async def _denied(self, subscription: Subscription, denied: Denied) -> None:
        reason = self._redact(f"the hub refuses: {denied.reason or 'it does not say why'}")
        due_at = self._doors.clock.now() + timedelta(seconds=DENIED_FOR)
        await self._doors.ledger.write(
            lambda conn: subscriptions.note_denied(conn, subscription.source_id, reason=reason, due_at=due_at)
        )
        self._log(subscription).warning("websub.denied", reason=reason, again_at=due_at)

    # ── pushes ────────────────────────────────────────────────────────────────────────────────────────────────────

    def secret_of(self, subscription: Subscription) -> str | None:
        """What its pushes are signed with; None where they are not signed."""
        return secret_of(subscription, key=self._key)

    async def pushed(self, subscription: Subscription) -> None:
        """A push came that is to be believed: look at once, here. Where another process looks just now, after that."""
        self._watching.look_now(subscription.identity)
        now = self._doors.clock.now()
        await self._doors.ledger.write(lambda conn: subscriptions.note_push(conn, subscription.source_id, now=now))
        self._log(subscription).info("websub.pushed")

    def _log(self, subscription: Subscription) -> structlog.typing.FilteringBoundLogger:
        name = self._watching[subscription.identity].name
        bound: structlog.typing.FilteringBoundLogger = log.bind(source=name)
        return bound
