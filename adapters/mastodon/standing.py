"""What an account may do and what its instance takes, in words for the operator. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.address import host_of
from adapters.base import Limits, Standing
from adapters.mastodon.compose import DEFAULT_DESCRIPTION, DEFAULT_LENGTH, limits_of
from adapters.mastodon.entities import Account
from adapters.mastodon.length import LINK_LENGTH

_SCOPES = {
    "post (write:statuses)": {"write", "write:statuses"},
    "read the account's own posts (read:statuses)": {"read", "read:statuses"},
}
_SCOPES_FOR_PICTURES = {"upload pictures (write:media)": {"write", "write:media"}}


def instance_limits(instance: Mapping[str, Any]) -> Limits:
    """How much text the instance takes, as it says in whichever form; Mastodon's own limits where it says nothing."""
    length, link_length = _told_lengths(instance)
    return limits_of(length or DEFAULT_LENGTH, link_length or LINK_LENGTH)


def description_limit(instance: Mapping[str, Any]) -> int:
    """How many characters a picture's description may have; told from 4.4 on."""
    configuration = instance.get("configuration")
    media = configuration.get("media_attachments") if isinstance(configuration, Mapping) else None
    return (_positive(media.get("description_limit")) if isinstance(media, Mapping) else None) or DEFAULT_DESCRIPTION


def standing(
    me: Account,
    server: str,
    instance: Mapping[str, Any],
    application: Mapping[str, Any],
    *,
    pictures: bool = False,
) -> Standing:
    """What is known of the account. Its identity is its id and its home, wherever the operator reached it.

    `pictures`: whether pictures are to be uploaded.
    """
    home = _home(me, server)
    identity = f"{me.id}@{home}"
    address = f"@{me.name}@{_domain(instance) or home}"
    return Standing(
        account_id=identity,
        place_id=identity,
        who=f"{address} ({me.title})" if me.title else address,
        url=me.url,
        limits=instance_limits(instance),
        problems=tuple(_problems(me, application, pictures=pictures)),
        notes=tuple(_notes(me, instance)),
    )


def _problems(me: Account, application: Mapping[str, Any], *, pictures: bool) -> Iterator[str]:
    if me.suspended:
        yield "The account is suspended: sign in to it on the web to see why, and to appeal."
    scopes = application.get("scopes")  # told from 4.3 on: https://docs.joinmastodon.org/entities/Application/
    if isinstance(scopes, list) and scopes:
        all_needed = "read, write:statuses and write:media" if pictures else "read and write:statuses"
        for what, needed in (_SCOPES | _SCOPES_FOR_PICTURES if pictures else _SCOPES).items():
            if not needed.intersection(map(str, scopes)):
                yield f"The token may not {what}: make a new one with the scopes {all_needed}."


def _notes(me: Account, instance: Mapping[str, Any]) -> Iterator[str]:
    if not me.bot:
        yield "The account is not marked as automated, as readers expect it: Preferences, Public profile, Automated."
    if me.moved:
        yield "The account says that it has moved: its followers are told to follow another one."
    if not _told_lengths(instance)[0]:
        yield f"The server does not say how long a post may be: {DEFAULT_LENGTH} characters are assumed."


def _told_lengths(instance: Mapping[str, Any]) -> tuple[int | None, int | None]:
    configuration = instance.get("configuration")
    statuses = configuration.get("statuses") if isinstance(configuration, Mapping) else None
    told = statuses if isinstance(statuses, Mapping) else {}
    # `max_toot_chars` is how Pleroma and its kin say it.
    length = _positive(told.get("max_characters")) or _positive(instance.get("max_toot_chars"))
    return length, _positive(told.get("characters_reserved_per_url"))


def _positive(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _home(me: Account, server: str) -> str:
    try:
        return host_of(me.url or "")
    except ValueError:
        return server


def _domain(instance: Mapping[str, Any]) -> str:
    domain = instance.get("domain") or instance.get("uri")
    return domain.partition("://")[2] or domain if isinstance(domain, str) else ""
