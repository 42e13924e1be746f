"""Whether a status is the one for a delivery, and when the account's list can be taken at its word. Pure.

A marker holds `after`, the newest status known when the attempt began, `began`, when that was, and `application`, the
name of ours as the server tells it then; `before` while a long list is gone through.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters.mastodon.content import carries, says
from adapters.mastodon.entities import Status
from adapters.outcomes import Marker


def marker_of(after: str | None, began_at: datetime, application: str | None) -> Marker:
    """The marker of an attempt that begins."""
    marker: dict[str, Any] = {"after": after, "began": began_at.isoformat()}
    return marker if application is None else {**marker, "application": application}


def only_looking(marker: Marker) -> Marker:
    """`marker` for a search that no attempt of ours has preceded.

    There is no first request to wait for. And what a restored ledger does not know of may have gone out with a token
    of another application: the link alone counts, since a second post would be worse than a post by hand that is
    taken for ours.
    """
    return {name: value for name, value in marker.items() if name in ("after", "before")}


def wait_on(marker: Marker, now: datetime, replay_for: float) -> tuple[float, Marker] | None:
    """Seconds until the request that `marker` was made for is over for sure, and the marker for then; None: it is.

    While it runs, a status that is not in the list proves nothing.
    """
    top = {name: value for name, value in marker.items() if name != "before"}
    began_at = _time(marker.get("began"))
    if began_at is None:
        return None
    age = (now - began_at).total_seconds()
    if age < 0:  # the clock was set back: the wait begins again, rather than to last for hours
        return (replay_for, {**top, "began": now.isoformat()}) if replay_for > 0 else None
    return (replay_for - age, top) if age < replay_for else None


def is_ours(status: Status, body: Mapping[str, Any], application: str | None) -> bool:
    """Whether `status` is what `body` asked for: no boost, no reply, with the article's link, and not another client's.

    A link that somebody posted by hand is that person's, not this delivery's, which is still to be sent. Where the
    server does not tell the applications of posts, the link alone counts. So do the words: a status that says exactly
    what ours says is ours whatever its application is called; some servers call all of them the same.
    """
    if status.boost or status.reply or not carries(status.content, body["link"]):
        return False
    return may_be_from(status, application) or says(status.content, body["status"], body["link"])


def may_be_from(status: Status, application: str | None) -> bool:
    """Whether nothing tells that another application made `status`."""
    return application is None or status.application in (None, application)


def _time(written: object) -> datetime | None:
    return datetime.fromisoformat(written) if isinstance(written, str) else None
