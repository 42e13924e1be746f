"""Brings the sources of `HANDBILL_SOURCES` and of [[sources]] together, and names each."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from bot.settings.document import Table
from bot.settings.fields import General, SourceTable
from bot.settings.model import SourceSettings
from bot.settings.problems import Problems
from bot.sources.reading import Selectors

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST_NAME = 48
WEBHOOK = "webhook"
"""The name of the source that posts its articles here, where it has no other."""


def merge_sources(
    tables: Sequence[tuple[Table, SourceTable]], general: General, problems: Problems
) -> tuple[SourceSettings, ...]:
    """The [[sources]] first, then the addresses of HANDBILL_SOURCES that are not among them.

    An address that stands in both is the one of the TOML file, which says more about it; twice in HANDBILL_SOURCES is
    once. Two tables of one address or of one name are a mistake.
    """
    merged: dict[str, SourceSettings] = {}
    first: dict[str, Table] = {}
    hooks = [(table, source) for table, source in tables if source.kind == "webhook"]
    for table, source in tables:
        if source.kind == "webhook":
            continue
        if source.url is None:
            problems.missing(table.key(("url",)), f"{table.title} needs it")
            continue
        address = plain_address(source.url)
        if address in first:
            mend = f"{first[address].title} has the same address; remove one of them"
            problems.wrong(table.key(("url",)), source.url, mend)
            continue
        first[address] = table
        if source.kind not in ("auto", "archive") and _selectors(source) != Selectors():
            problems.wrong(table.key(("kind",)), source.kind, 'selectors are for archive pages; write kind = "archive"')
        name = source.name or _free_name(address, merged)
        if name in merged:
            problems.wrong(table.key(("name",)), name, "another source has this name; choose a different one")
        merged[name] = _source(source, name, source.name or address, general)
    for url in general.sources:
        address = plain_address(url)
        if address not in first and all(address != each.identity for each in merged.values()):
            name = _free_name(address, merged)
            merged[name] = _source(SourceTable(url=url), name, address, general)
    _add_webhook(merged, hooks, general, problems)
    return tuple(merged.values())


def _add_webhook(
    merged: dict[str, SourceSettings],
    tables: Sequence[tuple[Table, SourceTable]],
    general: General,
    problems: Problems,
) -> None:
    """The source that posts its articles here: as its table says, or by itself where there is a secret to sign with."""
    for table, source in tables[:1]:
        for key in ("url", "poll_every", "backfill"):
            if (value := getattr(source, key)) is not None:
                problems.wrong(table.key((key,)), value, "a webhook is not asked; remove this")
        name = source.name or WEBHOOK
        if name in merged:
            problems.wrong(table.key(("name",)), name, "another source has this name; choose a different one")
        merged[name] = _source(source, name, name, general)
    for table, _ in tables[1:]:
        problems.wrong(table.key(("kind",)), WEBHOOK, f"{tables[0][0].title} is one already; remove one of them")
    if not tables and general.web.hook_secret is not None:
        name = _free_name(WEBHOOK, merged)
        merged[name] = _source(SourceTable(kind="webhook"), name, name, general)


def _source(table: SourceTable, name: str, identity: str, general: General) -> SourceSettings:
    selectors = _selectors(table)
    return SourceSettings(
        name=name,
        url=table.url or "",
        kind="archive" if selectors != Selectors() else table.kind,
        poll_every=general.poll_every if table.poll_every is None else table.poll_every,
        poll_slowest=general.poll_slowest if table.poll_slowest is None else table.poll_slowest,
        backfill=general.backfill if table.backfill is None else table.backfill,
        language=table.language,
        expires_for=general.expires_for if table.expires_for is None else table.expires_for,
        identity=identity,
        selectors=selectors,
    )


def _selectors(table: SourceTable) -> Selectors:
    return Selectors(**table.selectors.model_dump())


def plain_address(url: str) -> str:
    """An address without what does not tell two sources apart: scheme, credentials, default port, closing slash, case
    of the host. "HTTPS://user@News.example:443/feed/" is "news.example/feed"."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in {None, _DEFAULT_PORTS.get(parts.scheme.lower())} else f":{parts.port}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{port}{parts.path.rstrip('/')}{query}"


def _free_name(address: str, taken: dict[str, SourceSettings]) -> str:
    """A short name for people, host and path, that no other source has."""
    short = address.partition("?")[0]
    short = short if len(short) <= _LONGEST_NAME else short[: _LONGEST_NAME - 1] + "…"
    name, number = short, 1
    while name in taken:
        number += 1
        name = f"{short} ({number})"
    return name
