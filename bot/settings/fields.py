"""Every setting of the core: its type, its default and its line of help. The platforms add theirs."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, create_model
from pydantic_settings import BaseSettings, SettingsConfigDict

from adapters.base import Platform
from adapters.shaping import split
from bot.duration import MEND, parse_duration
from bot.settings.database import SERVER, read_database_url
from bot.settings.model import LogLevel, Pushed
from bot.settings.names import DELIMITER, PREFIX
from bot.sources.archive.told import selector_mistake
from bot.sources.reading import SourceKind

_SCHEMES = {"http", "https"}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)
_IN_FULL = "write it in full, such as https://news.example/feed.xml"


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"this is not a duration: {MEND}")  # noqa: TRY004  # a TypeError would not be collected
    return parse_duration(f"{value:.6f}" if isinstance(value, float) else str(value))


def _some_time(seconds: float) -> float:
    if seconds <= 0:
        raise ValueError(f"sources cannot be asked without pause: {MEND}")
    return seconds


def _address(text: str) -> str:
    text = text.strip()
    try:
        parts = urlsplit(text)
        valid = parts.scheme.lower() in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or re.search(r"\s", text):
        raise ValueError(f"this is not an address of the web: {_IN_FULL}, with a comma inside it as %2C")
    return text


def _network(value: object) -> IPv4Network | IPv6Network:
    if isinstance(value, (IPv4Network, IPv6Network)):
        return value
    try:
        return ip_network(str(value).strip())
    except ValueError as exception:
        raise ValueError(f"this is not a network ({exception}): write it like 127.0.0.0/8 or fd00::/8") from None


def _certificates(path: Path) -> Path:
    try:
        text = path.read_text("ascii", errors="replace")
    except OSError as exception:
        raise ValueError(f"this file cannot be read: {exception.strerror}") from None
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise ValueError("this file holds no certificate: it begins with -----BEGIN CERTIFICATE-----")
    return path


def _contact(text: str) -> str:
    text = text.strip()
    if not re.fullmatch(r"[!-'*-~]{3,200}", text) or not re.search(r"@|://", text):
        raise ValueError("this is neither an address of the web nor of mail: write it like https://news.example/about")
    return text


def _listen(text: str) -> str:
    host, colon, port = text.strip().rpartition(":")
    if not (colon and host and port.isdecimal() and port.isascii() and 0 < int(port) < 65_536):  # noqa: PLR2004 - ports
        raise ValueError("this is not an address to listen on: write it like 127.0.0.1:8080 or [::]:8080")
    return f"{host}:{int(port)}"


def _public(text: str) -> str:
    parts = urlsplit(_address(text))
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("it is an address without name, password, ? and #: write it like https://handbill.example")
    return text.strip().rstrip("/")


def _long_enough(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < SHORTEST_SECRET:
        raise ValueError(f"it needs {SHORTEST_SECRET} characters at least: `openssl rand -hex 32` makes one")
    return secret


def _language(text: str) -> str:
    if not _LANGUAGE.fullmatch(text.strip()):
        raise ValueError("this is not a language code: write it like en, de-AT or zh-Hant")
    return text.strip()


def _selector(text: str) -> str:
    text = text.strip()
    if text and (mistake := selector_mistake(text)):
        raise ValueError(f"{mistake}: write it like article.post, h2 > a or .excerpt, or leave it out")
    return text


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


Duration = Annotated[float, BeforeValidator(_seconds)]
Interval = Annotated[Duration, AfterValidator(_some_time)]
Address = Annotated[str, AfterValidator(_address)]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
Selector = Annotated[str, AfterValidator(_selector)]
Count = Annotated[int, Field(ge=0)]
Name = Annotated[str, Field(min_length=1, max_length=100)]

SHORTEST_SECRET = 16
"""Characters: what signs requests from anywhere must not be guessed."""


class Fetch(BaseModel):
    """HANDBILL_FETCH__…"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow_networks: Annotated[tuple[Network, ...], BeforeValidator(split)] = Field(
        default=(),
        description="Networks that sources may resolve to although they are not public, comma-separated.",
        examples=["127.0.0.0/8"],
    )
    proxy: Annotated[str, AfterValidator(_address)] | None = Field(
        default=None,
        description="A proxy that sources are fetched through; it resolves names, and is trusted to refuse what is not "
        "public.",
        examples=["http://proxy.example:3128"],
    )
    ca_file: Annotated[Path, AfterValidator(_certificates)] | None = Field(
        default=None,
        description="A file of certificates (PEM) that are trusted for sources beside the system's own.",
    )


class Web(BaseModel):
    """HANDBILL_WEB__…"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: Annotated[str, AfterValidator(_listen)] | None = Field(
        default=None,
        description="Where the daemon's web server listens, such as 127.0.0.1:8080 (default: there is none).",
    )
    public_url: Annotated[str, AfterValidator(_public)] | None = Field(
        default=None,
        description="Where the internet reaches that server, so that hubs can push: such as https://handbill.example.",
    )
    hook_secret: Annotated[SecretStr, AfterValidator(_long_enough)] | None = Field(
        default=None,
        description="What whoever posts articles to /hooks/articles signs with, from `openssl rand -hex 32`.",
    )


class General(BaseSettings):
    """HANDBILL_…: everything that belongs to no platform. All but `sources` may stand in the TOML file as well."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter=DELIMITER, enable_decoding=False, extra="forbid", frozen=True
    )

    sources: Annotated[tuple[Address, ...], BeforeValidator(split)] = Field(
        default=(),
        description="Where articles come from: one or more addresses (a feed, a sitemap, a site), comma-separated.",
        examples=["https://news.example/feed.xml"],
    )
    database_url: Annotated[str, AfterValidator(read_database_url)] = Field(
        default="sqlite:///handbill.db",
        description=f"Where the ledger is kept: sqlite:/// and the path of a file, or {SERVER}.",
    )
    contact: Annotated[str, AfterValidator(_contact)] | None = Field(
        default=None,
        description="An address where webmasters reach you, of the web or of mail; sources see it in the User-Agent.",
        examples=["https://herald.example/about"],
    )
    poll_every: Interval = Field(
        default=parse_duration("5m"), description="How often each source is asked for news.", examples=["5m"]
    )
    poll_slowest: Interval = Field(
        default=parse_duration("15m"),
        description="How rarely at most a source is asked that seldom publishes; its server may ask for an hour.",
        examples=["15m"],
    )
    backfill: Count = Field(
        default=0, description="How many of the newest articles are posted when a source is seen for the first time."
    )
    settle: Duration = Field(
        default=parse_duration("60s"),
        description="How long after discovery an article waits before it goes out.",
        examples=["60s"],
    )
    enrich: bool = Field(
        default=True,
        description="Whether a new article's page is read, once: it fills what the source leaves open.",
        examples=["true"],
    )
    max_age: Duration = Field(
        default=parse_duration("48h"),
        description="An article older than this at discovery is stored as skipped (backfill excepted).",
        examples=["48h"],
    )
    log_level: Annotated[LogLevel, BeforeValidator(_lower)] = Field(
        default="info", description="How much is logged: debug, info, warning or error."
    )
    quiet_time: Duration | None = Field(
        default=None,
        description="How long an unknown outcome rests before the platform is asked (default: its own time).",
    )
    probe_gap: Duration | None = Field(
        default=None,
        description="How long between two rounds of asking about an unknown outcome (default: as the platform needs).",
        examples=["30s"],
    )
    replay_wait: Duration | None = Field(
        default=None,
        description="How long before a post is sent again with the same key (default: as the platform needs).",
        examples=["1m30s"],
    )
    call_deadline: Interval | None = Field(
        default=None,
        description="How long a post may take until it is given up as unknown (default: as the platform needs).",
        examples=["1m"],
    )
    backoff: Interval = Field(
        default=parse_duration("30s"),
        description="How long after a first failure it is tried again; doubles with each failure, up to an hour.",
        examples=["30s"],
    )
    late_after: Interval = Field(
        default=parse_duration("15m"),
        description="An article that is not out on a channel so long after it was due raises an alert.",
        examples=["15m"],
    )
    confirm_after: Duration = Field(
        default=parse_duration("2m"),
        description="How long after it was sent a post is read back from the platform, once.",
        examples=["2m"],
    )
    expires_for: Interval | None = Field(
        default=None,
        description="How long after it was due a post may still go out; later it is skipped (default: without end).",
        examples=["12h"],
    )
    templates: Path | None = Field(
        default=None,
        description="A folder with templates of your own for posts, see templates/README.md (default: none).",
        examples=["posts"],
    )
    fetch: Fetch = Fetch()
    web: Web = Web()


class SelectorTable(BaseModel):
    """A [sources.selectors] table. `item` is what repeats; the others stand for what is inside of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    item: Selector = ""
    link: Selector = ""
    title: Selector = ""
    excerpt: Selector = ""
    date: Selector = ""


class SourceTable(BaseModel):
    """One [[sources]] table. What is not given is as the general setting says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name | None = None
    url: Address | None = None
    kind: Literal[SourceKind, Pushed] = "auto"
    poll_every: Interval | None = None
    poll_slowest: Interval | None = None
    backfill: Count | None = None
    expires_for: Interval | None = None
    language: Annotated[str, AfterValidator(_language)] | None = None
    selectors: SelectorTable = SelectorTable()


class RouteTable(BaseModel):
    """One [[routes]] table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    channels: Annotated[tuple[str, ...], Field(min_length=1)]


def compose(platforms: Mapping[str, Platform]) -> type[General]:
    """The model of all settings that the environment can hold: the core's own and a section for each platform."""
    sections: dict[str, Any] = {
        platform.name: (platform.settings | None, Field(default=None, description=platform.title))
        for platform in platforms.values()
    }
    return create_model("AllSettings", __base__=General, **sections)
