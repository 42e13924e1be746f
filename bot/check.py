"""Whether everything that the settings name works: the ledger, each source, each channel. Changes nothing anywhere."""

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from adapters.base import Adapter, Standing
from adapters.outcomes import ChannelDown, Outcome, RateLimited
from bot.doors import Clock, Doors, FetchFailed
from bot.duration import format_duration
from bot.ledger.address import database_path, shown
from bot.ledger.migrate import look
from bot.ledger.trouble import LedgerError
from bot.ledger.version import HEAD, KNOWN
from bot.nearest import listed
from bot.settings.model import ChannelConfig, Settings, SourceSettings
from bot.sources.entry import Feed
from bot.sources.kinds import read_source
from bot.sources.reading import Cursor, Unreadable
from bot.sources.robots import Robots

LOOK_FOR = 45.0
"""Seconds in all for one source or one channel."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one thing that was looked at."""

    what: Literal["settings", "ledger", "source", "channel"]
    name: str
    ok: bool
    said: str
    """One sentence, the mend included."""
    notes: tuple[str, ...] = ()
    """What is good to know but need not be mended."""
    identity: tuple[str, ...] = ()
    """Of a channel: platform, account and place, as the platform says."""

    def as_json(self) -> dict[str, Any]:
        """One line of `handbill check --json`."""
        return {"what": self.what, "name": self.name, "ok": self.ok, "said": self.said, "notes": list(self.notes)}


# ── settings and ledger ───────────────────────────────────────────────────────────────────────────────────────────


def check_settings(settings: Settings, templates: Sequence[str] = ()) -> Finding:
    """They were read without a mistake, or this would not run: whether they are enough to work with.

    `templates`: the operator's own files that posts are made by.
    """
    missing = [problem.sentence for problem in settings.need_sources() + settings.need_channels()]
    counted = f"{_count(len(settings.sources), 'source')}, {_count(len(settings.channels), 'channel')}"
    if settings.routes:
        counted += f", {_count(len(settings.routes), 'route')}"
    notes: tuple[str, ...] = ()
    if settings.fetch.proxy:
        host = urlsplit(settings.fetch.proxy).hostname
        notes = (
            f"Sources are fetched through the proxy {host}: it resolves names, and has to refuse what is not public.",
        )
    if templates:
        notes = (*notes, f"Posts are made by templates of your own: {listed(templates)}.")
    return Finding("settings", "settings", not missing, " ".join(missing) or f"{counted}.", notes)


def check_ledger(settings: Settings) -> tuple[Finding, bool]:
    """The ledger, and whether it can be read by this program as it is."""
    url, path = shown(settings.database_url), database_path(settings.database_url)
    if path is not None and not path.exists():
        return _ledger_to_be_made(url, path.absolute().parent), False
    try:
        version = look(settings.database_url, to_work=True)
    except LedgerError as error:
        return Finding("ledger", "ledger", False, str(error)), False
    if version == HEAD:
        return Finding("ledger", "ledger", True, f"{url}, version {version}."), True
    if version is None:
        said = f"{url} is empty: `handbill run` or `handbill once` makes the ledger there."
        return Finding("ledger", "ledger", True, said), False
    if version in KNOWN:
        how = "in one transaction" if path is None else "after a copy"
        said = f"{url}, version {version}: the next start brings it to {HEAD}, {how}."
        return Finding("ledger", "ledger", True, said), False
    said = f"{url} was written by a newer Handbill (version {version}; this one knows {HEAD}): use that release."
    return Finding("ledger", "ledger", False, said), False


def _ledger_to_be_made(url: str, folder: Path) -> Finding:
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return Finding("ledger", "ledger", True, f"{url} will be made by `handbill run` or `handbill once`.")
    why = "may not be written to" if folder.is_dir() else "does not exist"
    said = f"{url} cannot be made: the folder {folder} {why}; mend that, or name another in HANDBILL_DATABASE_URL."
    return Finding("ledger", "ledger", False, said)


# ── sources ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def check_source(source: SourceSettings, doors: Doors) -> Finding:
    """Fetch and parse one source, as the poll would for the first time."""
    try:
        async with doors.clock.deadline(LOOK_FOR):
            robots, now = Robots(doors.web, doors.clock), doors.clock.now()
            reading = await read_source(doors.web, doors.offload, source.watched, Cursor(), now, robots=robots)
    except (FetchFailed, Unreadable) as error:
        return Finding("source", source.name, False, _sentence(error.message, error.mend))
    except TimeoutError:
        return Finding("source", source.name, False, f"{source.url} gave nothing within {LOOK_FOR:.0f} s.")
    except Exception as bug:  # our own code stumbled over this document: say so, and look at the others
        return Finding("source", source.name, False, f"Reading it failed with {type(bug).__name__}: please report it.")
    feed = reading.feed
    if feed is None:
        raise AssertionError("unreachable: without validators there is no 304")
    said, ok = _describe(feed, doors.clock.now())
    notes = feed.notes
    if reading.moved_to:
        notes = (*notes, f"It has moved for good: put {reading.moved_to} into the settings.")
    if feed.dropped:
        notes = (*notes, f"{_count(feed.dropped, 'entry', 'entries')} without id and link cannot be used.")
    return Finding("source", source.name, ok, said, notes)


def _describe(feed: Feed, now: datetime) -> tuple[str, bool]:
    about = f"{feed.kind}, {_count(len(feed.entries), 'entry', 'entries')}"
    if not feed.entries:
        return f"{about}: it is empty so far.", True
    if not feed.link and not any(entry.link for entry in feed.entries):
        return f"{about}, none with a link that could be posted: ask the publisher to put links into the feed.", False
    newest = max(feed.entries, key=lambda entry: entry.published_at or _LONG_AGO)
    if newest.published_at is None:
        return f"“{newest.title}” ({about}, none with a date)", True
    age = (now - newest.published_at).total_seconds()
    dated = f"{format_duration(age)} ago" if age >= 0 else f"dated {newest.published_at:%Y-%m-%d %H:%M} UTC"
    return f"“{newest.title}”, {dated} ({about})", True


# ── channels ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def check_channel(channel: ChannelConfig, opened: Callable[[], Adapter], clock: Clock) -> Finding:
    """Ask the platform who we are, whether we may post, and what fits into a post."""

    def wrong(said: str) -> Finding:
        return Finding("channel", channel.name, False, said)

    try:
        async with clock.deadline(LOOK_FOR):
            adapter = opened()
            try:
                standing = await adapter.verify()
            finally:
                await adapter.close()
    except ChannelDown as down:
        return wrong(_sentence(down.message, down.mend))
    except RateLimited as limited:
        wait = "later" if limited.retry_after is None else f"in {format_duration(limited.retry_after)}"
        return wrong(_sentence(limited.message, f"Check again {wait}."))
    except Outcome as outcome:
        return wrong(_sentence(outcome.message, "See that the server's address is right, and check again."))
    except TimeoutError:
        return wrong(f"No answer within {LOOK_FOR:.0f} s: see that the server's address is right, and check again.")
    except Exception as bug:  # one adapter's mistake must not hide what the others have to say
        return wrong(f"Asking failed with {type(bug).__name__}: please report it.")
    return _standing(channel, standing)


def _standing(channel: ChannelConfig, standing: Standing) -> Finding:
    identity = (channel.platform, standing.account_id, standing.place_id)
    if standing.problems:
        said = " ".join(_sentence(problem) for problem in standing.problems)
        return Finding("channel", channel.name, False, f"{standing.who}: {said}", standing.notes, identity)
    limits = standing.limits
    said = f"{standing.who} may post, up to {limits.length} {limits.unit}"
    said += f" ({standing.url})" if standing.url else ""
    return Finding("channel", channel.name, True, said, standing.notes, identity)


def without_twins(findings: Sequence[Finding]) -> list[Finding]:
    """The same, with those marked that are the same place as one before: it would get every article twice."""
    first: dict[tuple[str, ...], str] = {}
    checked = []
    for finding in findings:
        twin = first.setdefault(finding.identity, finding.name) if finding.identity else finding.name
        if twin != finding.name:
            said = f"It is the same place as channel {twin}: take one of the two out of the settings."
            finding = replace(finding, ok=False, said=said)  # noqa: PLW2901 # the rest of it stands
        checked.append(finding)
    return checked


# ── all of it ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def check_all(
    settings: Settings, doors: Doors, opened: Callable[[ChannelConfig], Adapter]
) -> tuple[list[Finding], list[Finding]]:
    """Every source and every channel, all at once."""
    sources = asyncio.gather(*(_check(source, settings, doors) for source in settings.sources))
    channels = asyncio.gather(
        *(check_channel(channel, lambda channel=channel: opened(channel), doors.clock) for channel in settings.channels)  # type: ignore[misc]
    )
    return list(await sources), without_twins(await channels)


async def _check(source: SourceSettings, settings: Settings, doors: Doors) -> Finding:
    if source.kind != "webhook":
        return await check_source(source, doors)
    return Finding("source", source.name, True, f"Articles are posted to {settings.web.address}/hooks/articles.")


def _sentence(message: str, mend: str = "") -> str:
    """`message` as a whole sentence, and the mend as the next."""
    text = message.strip()
    if text and text[-1] not in ".!?":
        text += "."
    return f"{text} {mend[:1].upper()}{mend[1:]}".strip()


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"
