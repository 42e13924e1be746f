"""What the settings come to, checked and complete: the form in which the rest of the program knows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal

from adapters.base import ChannelSettings, Platform, Waits
from bot.settings.names import required_names, secrets_in, values_in
from bot.settings.problems import Problem, SettingsError, listed, passwords_in
from bot.sources.reading import Selectors, SourceKind, Watched

LogLevel = Literal["debug", "info", "warning", "error"]
Pushed = Literal["webhook"]
"""The kind of source that is not asked, but posts its articles here."""


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """One place that articles come from."""

    name: str
    """For people and routes: as given, or the short form of the address."""
    url: str
    """Empty where it is not asked."""
    kind: Literal[SourceKind, Pushed]
    poll_every: float
    """Seconds."""
    poll_slowest: float
    """Seconds: the longest interval of one that seldom publishes."""
    backfill: int
    """How many of the newest articles found at the first look are posted."""
    language: str | None
    """BCP 47; None: as the source itself says."""
    identity: str
    """What the ledger knows the source by: the given name, or the address without scheme and credentials."""
    expires_for: float | None = None
    """Seconds after which what is not out yet stays in; None: never."""
    selectors: Selectors = field(default_factory=Selectors)
    """Where an archive page has what; empty: it is found out."""

    @property
    def watched(self) -> Watched:
        """What is read, and as what. Not of a source that is not asked."""
        if self.kind == "webhook":
            raise AssertionError(f"unreachable: {self.name} is not asked")
        return Watched(self.url, self.kind, self.selectors)


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """One place to post to."""

    name: str
    platform: str
    settings: ChannelSettings
    """The platform's own settings model; `Platform.open` takes it."""


@dataclass(frozen=True, slots=True)
class RouteSettings:
    """Names of sources, and of the channels that their articles go to."""

    sources: tuple[str, ...]
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """What the door to the web may do beyond its rules."""

    allow_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Networks that sources may resolve to although they are not public."""
    proxy: str | None = None
    """What everything is fetched through; it resolves names and decides what may be connected to."""
    ca_file: Path | None = None
    """Certificates that are trusted beside the system's own, PEM."""


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The daemon's web server."""

    listen: tuple[str, int] | None = None
    """Host and port; None: there is no server."""
    public_url: str | None = None
    """Where the internet reaches it, without a slash at the end."""
    hook_secret: str | None = field(default=None, repr=False)
    """What requests with articles are signed with; None: none are taken."""

    @property
    def address(self) -> str:
        """Where it is reached, as far as the settings tell; empty where there is no server."""
        if self.public_url is not None or self.listen is None:
            return self.public_url or ""
        host, port = self.listen
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that an operator can set. Times are seconds."""

    sources: tuple[SourceSettings, ...]
    channels: tuple[ChannelConfig, ...]
    routes: tuple[RouteSettings, ...]
    database_url: str
    poll_every: float
    poll_slowest: float
    backfill: int
    settle: float
    """How long after its discovery an article waits before it goes out."""
    enrich: bool
    """Whether a new article's page is read before it goes out."""
    max_age: float
    """An article older than this at its discovery is skipped."""
    log_level: LogLevel
    quiet_time: float | None
    """How long an unknown outcome rests; None: the adapter's own time."""
    probe_gap: float | None
    """Between two rounds of asking about one; None: the adapter's own time."""
    replay_wait: float | None
    """Before a call is made again with the same key; None: the adapter's own time."""
    call_deadline: float | None
    """After which a visible call is given up; None: the adapter's own time."""
    backoff: float
    """After a first failure; it doubles with each one that follows."""
    late_after: float
    """An article that is not out so long after it was due raises an alert."""
    confirm_after: float
    """How long after it was sent a post is read back."""
    expires_for: float | None
    """How long after it was due first a delivery may still go out; None: without end."""
    fetch: FetchSettings
    contact: str | None = None
    """Where webmasters reach the operator; it goes into the User-Agent."""
    config_file: Path = field(default=Path("handbill.toml"), compare=False)
    """The TOML file that was read, or would be if it were there."""
    web: WebSettings = field(default_factory=WebSettings)
    templates: Path | None = None
    """The folder of the operator's own templates; None: there is none."""
    platforms: Mapping[str, Platform] = field(default_factory=dict, repr=False, compare=False)
    """The platforms that channels could have been configured for."""

    @property
    def polled(self) -> tuple[SourceSettings, ...]:
        """The sources that are asked."""
        return tuple(source for source in self.sources if source.kind != "webhook")

    @property
    def pushed(self) -> SourceSettings | None:
        """The source whose articles are posted here, if there is one."""
        return next((source for source in self.sources if source.kind == "webhook"), None)

    def channels_for(self, source: str) -> tuple[ChannelConfig, ...]:
        """The channels that the articles of the source of this name go to, in the order of the settings."""
        if not self.routes:
            return self.channels
        names = {name for route in self.routes if source in route.sources for name in route.channels}
        return tuple(channel for channel in self.channels if channel.name in names)

    def channel_names_by_source(self) -> Mapping[str, tuple[str, ...]]:
        """The names of `channels_for` each source, by its name, where there may be very many."""
        names = tuple(channel.name for channel in self.channels)
        if not self.routes:
            return dict.fromkeys((source.name for source in self.sources), names)
        routed: dict[str, frozenset[str]] = {source.name: frozenset() for source in self.sources}
        for route in self.routes:
            for source in route.sources:
                if source in routed:
                    routed[source] |= frozenset(route.channels)
        chosen = {some: tuple(name for name in names if name in some) for some in set(routed.values())}
        return {source: chosen[some] for source, some in routed.items()}

    def waits_for(self, platform: Platform) -> Waits:
        """The platform's protective waits, as far as the operator has not set them."""
        own = platform.waits
        return Waits(
            own.quiet_for if self.quiet_time is None else self.quiet_time,
            own.probe_gap_for if self.probe_gap is None else self.probe_gap,
            own.replay_for if self.replay_wait is None else self.replay_wait,
            own.deadline_for if self.call_deadline is None else self.call_deadline,
        )

    def need_sources(self) -> tuple[Problem, ...]:
        """What is missing where articles have to come from somewhere."""
        if self.sources:
            return ()
        mend = "set HANDBILL_SOURCES to the address of a feed, such as https://news.example/feed.xml"
        return (Problem("HANDBILL_SOURCES", f"HANDBILL_SOURCES is not set, and there is no source to read: {mend}."),)

    def need_channels(self) -> tuple[Problem, ...]:
        """What is missing where posts have to go somewhere: for each platform, which settings it needs."""
        if self.channels:
            return ()
        ways = ", or ".join(
            f"{listed(required_names(platform))} for {platform.title}" for platform in self.platforms.values()
        )
        return (Problem("channels", f"No channel to post to is configured: set {ways}."),)

    def check_complete(self) -> None:
        """Raise SettingsError when there is no source or no channel: then there is nothing to do."""
        problems = self.need_sources() + self.need_channels()
        if problems:
            raise SettingsError(problems)

    def secrets(self) -> frozenset[str]:
        """Every secret value in these settings, passwords inside addresses included, as written and decoded."""
        models = [channel.settings for channel in self.channels]
        own = {self.web.hook_secret} if self.web.hook_secret else set()
        texts = [self.database_url, self.fetch.proxy or "", *(source.url for source in self.sources)]
        texts += [value for model in models for value in values_in(model) if isinstance(value, str)]
        return frozenset(own.union(*map(secrets_in, models), *map(passwords_in, texts)) - {""})
