"""The sentences of the demo: what a platform did wrong, and what Handbill did about it, as its log tells. Pure."""

from collections.abc import Mapping
from typing import Any

from adapters.sandbox.faults import Fault

_WHAT = {"publish": "the post", "upload": "the picture", "auth": "the sign-in", "read": "the question"}

_WRONG = {
    "error": "is out of order: it answers {status} to {what}, and does nothing.",
    "wait": "has had enough for now: it answers {what} with “come back in {seconds:g} s”.",
    "drop": "reads {what}, then cuts the line without an answer, and does nothing.",
    "cut": "takes {what}, then cuts the line before it has answered.",
    "late": "takes {what}, and keeps its answer to itself for {seconds:g} s.",
    "hang": "hangs: it neither takes {what} nor answers.",
    "garbage": "answers {what} with a web page, and does nothing.",
    "error-after": "takes {what}, then answers {status} all the same.",
    "garbage-after": "takes {what}, then answers with a web page.",
}
"""Kind of fault → what is wrong, after the platform's name."""


def wrong(fault: Fault, call: str) -> str:
    """What the server does to this sort of call, after its name."""
    what = _WHAT.get(call, "the request")
    return _WRONG[fault.kind].format(status=fault.status, seconds=fault.seconds, what=what)


_DONE: Mapping[str, str] = {
    "channel.verified": "{platform} has let Handbill in: {who}.",
    "source.met": "Handbill has looked at the feed for the first time: what it found there stays in.",
    "delivery.uncertain": (
        "Handbill cannot know whether {platform} has the post. It does not send it again, but will ask."
    ),
    "delivery.recovered": (
        "The ledger tells that a post for {platform} was on its way when the process died: Handbill will ask."
    ),
    "delivery.found": "Handbill has asked {platform}: the post is out. It is not sent again.",
    "delivery.absent": "Handbill has asked {platform}: the post is not out. The very same request is sent again.",
    "delivery.asked": "Handbill has asked {platform}, and is not sure yet: it asks again.",
    "delivery.told_to_wait": "Handbill waits as {platform} says, and does not count it as a failure.",
    "delivery.postponed": "{platform} has done nothing, that much is proven: Handbill tries again by itself.",
    "delivery.undecided": (
        "{platform} does not tell yet whether the post is out, and to send it again might be to post twice. The next "
        "post there may tell; until then it is left to a person, who looks and says: handbill resolve {delivery} "
        "--sent URL, or --not-sent. The rest goes on."
    ),
    "delivery.degraded": "{platform} refuses a part of the post: Handbill sends it without. {reason}",
    "delivery.failed": "Handbill does not send it again: {reason}",
    "channel.paused": "Handbill keeps everything and tries {platform} again by itself. {reason}",
    "channel.resumed": "{platform} is up again, and the channel goes on where it was.",
    "channel.unavailable": "Handbill tries again by itself. {reason}",
    "source.failed": "Handbill asks the feed again by itself. {reason}",
    "lane.failed": "A mistake of Handbill's own: see it with --log.",
    "poll.failed": "A mistake of Handbill's own: see it with --log.",
}
"""Event of the log → what Handbill does."""

CALM = frozenset({"channel.verified", "source.met"})
"""Events that tell of no trouble."""
GOOD = frozenset({"delivery.found", "channel.resumed"})
"""Events with which a trouble ends well."""

NOTES: Mapping[str, str] = {
    "delivery.found": "found",
    "delivery.absent": "resent",
    "delivery.told_to_wait": "waited",
    "delivery.postponed": "retried",
}
"""Event → what the table says of how the delivery came out after all."""


def done(fields: Mapping[str, Any], platform: str) -> str | None:
    """What Handbill does by this line of its log; None for a line that needs no sentence."""
    sentence = _DONE.get(str(fields.get("event")))
    if sentence is None:
        return None
    given = {name: fields.get(name, "") for name in ("delivery", "reason", "who")}
    return sentence.format(platform=platform, **given).strip()
