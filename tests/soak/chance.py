"""Faults by chance: what a server does wrong to which call is drawn from a seed, and all kinds come as often."""

from collections.abc import Sequence
from random import Random
from typing import cast

from adapters.sandbox.faults import KINDS, Fault, Kind, Script

STATUSES = (500, 502, 503, 504)
LATE = (0.1, 0.5, 1.5, 3.0)
"""Seconds: within what a call may take, and beyond it."""
WAIT = 1.0
FEWER = 5
"""Questions are struck by so much less than posts and pictures are: one look for a post on Telegram is dozens of them,
and begins anew when one fails."""


class Chance(Script):
    """Strikes for as long as it is let. `share`: of the posts and pictures that are struck."""

    def __init__(self, seed: str, share: float, kinds: Sequence[str] = KINDS) -> None:
        super().__init__()
        self._dice = Random(seed)
        self._kinds = kinds
        self.share = share

    def next_for(self, call: str) -> Fault | None:
        """The fault that strikes this call, if any."""
        share = self.share if call in ("publish", "upload") else self.share / FEWER
        if self._dice.random() >= share:
            return None
        fault = Fault(cast(Kind, self._dice.choice(self._kinds)), status=self._dice.choice(STATUSES))
        fault.seconds = WAIT if fault.kind == "wait" else self._dice.choice(LATE)
        self.happened.append((fault.kind, call))
        return fault

    def clear(self) -> None:
        """Be well again."""
        self.share = 0.0
