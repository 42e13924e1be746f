"""How channels are, as `status` and `channels` tell it: what the settings name, and what the ledger knows of it."""

# ruff: noqa: PLC0415 # heavy imports wait inside the functions

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from bot.model import OPEN, State

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.ledger.pauses import Stop
    from bot.settings import Settings

Standing = Literal["works", "new", "paused", "down", "removed"]
"""
works    it posts
new      the platform has not said yet who we are there
paused   by a person
down     by itself: credentials, rights or a suspension; it is tried again by itself
removed  the settings do not name it any more
"""
_OF_ROWS = (
    *("who", "url", "verified_at", "stopped_at", "paused_at", "paused_reason", "probe_at", "removed_at", "look_first"),
)


def read_channels(conn: "Connection", settings: "Settings", *, all_removed: bool = False) -> list[dict[str, Any]]:
    """The configured channels, those that the ledger does not know yet too, and removed ones that still hold something
    (or all of them), each with its `counts` of deliveries by state."""
    from bot.ledger import reports

    counts = reports.count_states(conn)
    configured = [(channel.platform, channel.name) for channel in settings.channels]
    found: dict[tuple[str, str], dict[str, Any]] = {}
    removed = []
    for row in reports.list_channels(conn):
        label = (row["platform"], row["name"])
        counted = counts.get(row["id"], {})
        told = {"name": row["name"], "platform": row["platform"], **{name: row[name] for name in _OF_ROWS}}
        told["counts"] = {state.value: counted[state] for state in State if state in counted}
        told["look_first"] = bool(row["look_first"])
        if row["removed_at"] is None and label in configured:
            found[label] = told
        elif OPEN & counted.keys() or all_removed:
            removed.append(told)
    blank: dict[str, Any] = {**dict.fromkeys(_OF_ROWS), "look_first": False, "counts": {}}
    return [
        *(found.get(label, {"name": label[1], "platform": label[0], **blank}) for label in configured),
        *removed,
    ]


def standing_of(channel: Mapping[str, Any], stops: Sequence["Stop"]) -> tuple[Standing, datetime | None]:
    """How a channel is, and since when, where that is known. What a person has stopped does not work, whatever else."""
    everything = next((stop.since for stop in stops if stop.channel is None), None)
    if channel["removed_at"] is not None:
        return "removed", channel["removed_at"]
    if channel["stopped_at"] is not None:
        return "paused", channel["stopped_at"]
    if everything is not None:
        return "paused", everything
    if channel["paused_at"] is not None:
        return "down", channel["paused_at"]
    return ("new", None) if channel["verified_at"] is None else ("works", None)


def words_of(channel: Mapping[str, Any], stops: Sequence["Stop"], now: datetime) -> str:
    """The same in a few words, with the reason and the next try."""
    from bot.cli.show import plain, when

    standing, since = standing_of(channel, stops)
    again = f", tried again {when(max(channel['probe_at'], now), now)}" if channel["probe_at"] else ""
    why = plain(channel["paused_reason"] or "")
    match standing:
        case "removed":
            return f"taken out of the settings {when(since, now)}: what is open here goes nowhere"
        case "paused":
            down = f"; besides, it is down: {why}" if channel["paused_at"] is not None else ""
            return f"paused by a person {when(since, now)}{down}"
        case "down":
            return f"went down {when(since, now)}{again}: {why}"
        case "new":
            return "not met yet"
    return "works; looks before it sends" if channel["look_first"] else "works"


def warnings_of(stops: Sequence["Stop"], now: datetime) -> list[str]:
    """What `status` and `once` say first: what a person has paused, and how it goes on."""
    from bot.cli.show import plain, when

    said = []
    for stop in stops:
        name = "--all" if stop.channel is None else plain(stop.channel)
        what = "Everything" if stop.channel is None else f"Channel {name}"
        said.append(f"{what} was paused by a person {when(stop.since, now)}: `handbill resume {name}` ends it.")
    return said
