"""What calls and answers come to on one lane: `bot.retry` with this lane's waits, at this moment."""

from dataclasses import dataclass

from adapters.outcomes import Answer, Outcome
from bot.doors import Doors
from bot.model import Delivery, Settlement
from bot.retry import BACKOFF_FROM, Step, conclude, judge


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Of one lane."""

    doors: Doors
    quiet_for: float
    """Seconds that an unknown outcome rests before the platform is asked."""
    backoff_from: float = BACKOFF_FROM
    """Seconds, the first wait after a failure."""

    def judge(self, step: Step, outcome: Outcome, delivery: Delivery) -> Settlement:
        """What this outcome of `step` makes of the delivery."""
        return judge(
            step,
            outcome,
            failures=delivery.failures,
            quiet_for=self.quiet_for,
            now=self.doors.clock.now(),
            dice=self.doors.dice,
            start=self.backoff_from,
        )

    def conclude(self, answer: Answer, delivery: Delivery) -> Settlement:
        """What the platform's answer to "is it out?" makes of the delivery."""
        now, dice = self.doors.clock.now(), self.doors.dice
        return conclude(answer, failures=delivery.failures, now=now, dice=dice, start=self.backoff_from)
