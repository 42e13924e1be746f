"""Before a post is sent that may be out already: the platform is asked for it, where it lists an account's posts.

A ledger that was restored does not know what went out since the backup, nor under which of a delivery's keys.
"""

import json
from collections.abc import Sequence
from typing import Any

from adapters.base import Adapter
from adapters.outcomes import Absent, Answer, AskAgain, Marker
from adapters.post import Payload
from bot.model import Delivery

PAYLOADS = 8
"""How many payload numbers may have been sent under: whole, without the picture, without the card, and those that came
of a person's retries, each of which begins with the next."""
_LOOKING = "looking"
"""Tells a marker of this search from one that an attempt has left."""


async def search(adapter: Adapter, payload: Payload, keys: Sequence[str], marker: Marker) -> Answer:
    """Ask for the post under every key that it may have. The first answer that is not "absent" counts."""
    answer: Answer = Absent()
    for key in keys:
        answer = await adapter.find(payload, key, marker)
        if isinstance(answer, AskAgain):
            return AskAgain(answer.after_for, {_LOOKING: dict(answer.marker)})
        if not isinstance(answer, Absent):
            return answer
    return answer


def begun(delivery: Delivery) -> Marker | None:
    """The marker of a search that is to go on; None: it begins."""
    found: dict[str, Any] = json.loads(delivery.marker or "{}")
    return found.get(_LOOKING)
