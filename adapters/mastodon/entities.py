"""The API's entities as far as they matter here, read with suspicion: whatever is not one raises ValueError. Pure.

https://docs.joinmastodon.org/entities/
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Account:
    """The account that a token belongs to."""

    id: str
    name: str
    """Without the server."""
    title: str
    url: str | None
    bot: bool
    suspended: bool
    moved: bool


@dataclass(frozen=True, slots=True)
class Status:
    """One status."""

    id: str
    content: str
    """HTML."""
    url: str | None
    at: datetime | None
    boost: bool
    reply: bool
    application: str | None
    """The name of the application that it was made with, which only its author is told, and not by every server."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded picture."""

    id: str
    ready: bool
    """Whether the server is done with it: before that it has no address, and cannot be attached."""


def object_of(told: object) -> Mapping[str, Any]:
    """`told` as a JSON object."""
    if not isinstance(told, Mapping):
        raise ValueError("not an object")  # noqa: TRY004 # one error for all that a server may say
    return told


def account_of(told: object) -> Account:
    """`told` as an account."""
    entity = object_of(told)
    return Account(
        id=_id(entity),
        name=_text(entity, "username"),
        title=_text(entity, "display_name"),
        url=_text(entity, "url") or None,
        bot=bool(entity.get("bot")),
        suspended=bool(entity.get("suspended")),
        moved=bool(entity.get("moved")),
    )


def status_of(told: object) -> Status:
    """`told` as a status."""
    entity = object_of(told)
    at = entity.get("created_at")
    return Status(
        id=_id(entity),
        content=_text(entity, "content"),
        url=_text(entity, "url") or None,
        at=at.astimezone(UTC) if isinstance(at, datetime) else None,
        boost=bool(entity.get("reblog")),
        reply=bool(entity.get("in_reply_to_id")),
        application=application_name(entity.get("application")),
    )


def upload_of(told: object) -> Upload:
    """`told` as an upload."""
    entity = object_of(told)
    return Upload(_id(entity), bool(entity.get("url")))


def application_name(told: object) -> str | None:
    """The name of an application, where there is one."""
    return (_text(told, "name") or None) if isinstance(told, Mapping) else None


def statuses_of(told: object, body: bytes) -> list[Status]:
    """`told`, which the library made of `body`, as a list of statuses.

    Nothing but a list will do, since an empty one is taken for a proof of absence; the library makes one of `{}`, too.
    """
    entities = json.loads(body)
    if not isinstance(entities, list) or not isinstance(told, list) or len(entities) != len(told):
        raise ValueError("not a list")  # as above
    return [status_of(each) for each in told]


def order(status_id: str) -> tuple[int, str]:
    """What ids are sorted by: they are opaque, but longer ones are newer, and so are those later in the alphabet.

    https://docs.joinmastodon.org/api/guidelines/#id
    """
    return len(status_id), status_id


def is_between(status_id: str, after: str | None, before: str | None) -> bool:
    """Whether the status is newer than `after` and older than `before`, where these are given."""
    return (after is None or order(status_id) > order(after)) and (before is None or order(status_id) < order(before))


def _id(entity: Mapping[str, Any]) -> str:
    given = entity.get("id")
    if isinstance(given, bool) or not isinstance(given, str | int) or not str(given):
        raise ValueError("no id")
    return str(given)


def _text(entity: Mapping[str, Any], name: str) -> str:
    value = entity.get(name)
    return value if isinstance(value, str) else ""
