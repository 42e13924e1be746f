"""The intent: what is committed right before the visible call, or what has come up that forbids it.

Payload, key, marker and attempt are one commit. Whatever may have changed since the lane looked is looked at once more
inside it: somebody paused the channel. What the paces allow, the lanes of an account settle among themselves before.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from adapters.post import Payload
from bot.ledger import backlog, queue
from bot.ledger.channels import may_send
from bot.ledger.merge import find_twin
from bot.model import Delivery


class NotNow(Exception):
    """Nothing was committed, and nothing may be sent: look again."""


@dataclass(frozen=True, slots=True)
class Intent:
    """All of a visible call that must be on disk before it is made."""

    delivery: Delivery
    payload: Payload
    key: str
    account: str
    marker: str
    """JSON."""

    def commit(self, conn: Connection, now: datetime) -> int:
        """Write it: after this the visible call may be made, once. The attempt's number. Raises NotNow, NotOurs."""
        channel_id = self.delivery.channel_id
        if not may_send(conn, channel_id):
            raise NotNow("the channel was paused")
        if find_twin(conn, self.delivery) is not None:
            raise NotNow("the same article may be out already")
        if self.delivery.body is None:
            queue.freeze(conn, self.delivery, self.payload, self.key)
        elif self.delivery.key is None:
            queue.give_key(conn, self.delivery, self.key)
        elif self.delivery.key != self.key:
            queue.renew_key(conn, self.delivery, self.key)
        try:
            return queue.claim(conn, self.delivery, account=self.account, marker=self.marker, now=now)
        except queue.NotOurs:
            if backlog.get_delivery(conn, self.delivery.id).look_first:
                raise NotNow("it may be out already") from None
            raise
