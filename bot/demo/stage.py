"""The stage of the demo: the sandbox servers, their accounts, and the faults that strike on the way.

The one module of the demo that names platforms.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from adapters.sandbox.bluesky import BlueskySandbox
from adapters.sandbox.faults import Fault, Script
from adapters.sandbox.feeds import ArticleStub
from adapters.sandbox.mastodon import MastodonSandbox
from adapters.sandbox.publication import Publication
from adapters.sandbox.server import PublicPost, SandboxServer
from adapters.sandbox.telegram import TelegramSandbox
from bot.clock import SystemDice
from bot.demo.verdict import Expected, Place

LINKS = "https://herald.example.org"
"""Real servers make no links of loopback addresses, and the sandbox does as they do."""
CHAT = -1001000000001
CHAT_NAME = "sandbox_herald"
OPS_CHAT = 4200001
"""The operator's own chat with the bot."""
USERNAME = "herald"
HANDLE = "herald.sandbox.test"

PLACES = (
    Place("telegram", "Telegram", f"@{CHAT_NAME}", "python-telegram-bot", may_stay_uncertain=True),
    Place("mastodon", "Mastodon", f"@{USERNAME}", "Mastodon.py"),
    Place("bluesky", "Bluesky", HANDLE, "atproto"),
)


@dataclass(frozen=True, slots=True)
class NamedFault:
    """What one server of the stage does wrong."""

    server: str
    fault: Fault
    spec: str
    """As it was written."""

    @classmethod
    def parse(cls, text: str) -> "NamedFault":
        """Read `PLATFORM:FAULT`; ValueError says in one sentence what is wrong with it."""
        servers = [*(place.platform for place in PLACES), Publication.platform]
        server, colon, spec = text.partition(":")
        if not colon or server not in servers:
            raise ValueError(f"{text!r} is no fault of a server here: write one of {', '.join(servers)}, then : and it")
        fault = Fault.parse(spec)
        if server == Publication.platform and fault.call == "publish":
            fault = replace(fault, call="read")  # nothing is published there, only read
        return cls(server, fault, text)


@dataclass(frozen=True, slots=True)
class Scene:
    """What goes wrong while one article goes out. `kill_at`: the daemon is killed once this platform has the post."""

    faults: tuple[NamedFault, ...]
    kill_at: str | None = None


def programme(articles: int) -> Mapping[int, Scene]:
    """The demo's own faults: number of the article, from 1, → what goes wrong with it. The last goes out in peace."""
    scenes = (
        Scene((NamedFault.parse("mastodon:cut"),)),
        Scene((NamedFault.parse("bluesky:error=503"), NamedFault.parse("bluesky:error=503@read*2"))),
        Scene((NamedFault.parse("telegram:wait=2"),)),
        Scene((NamedFault.parse("bluesky:late=30"),), kill_at="bluesky"),
    )
    return {number: scene for number, scene in enumerate(scenes, start=2) if number <= articles}


class WatchedScript(Script):
    """A script that tells of each fault as it strikes."""

    def __init__(self, on_strike: Callable[[Fault, str], None]) -> None:
        super().__init__()
        self._on_strike = on_strike

    def next_for(self, call: str) -> Fault | None:
        """As `Script`."""
        fault = super().next_for(call)
        if fault is not None:
            self._on_strike(replace(fault), call)
        return fault


class Stage:
    """The sandbox, set up for one publication and one channel on each platform."""

    places: Sequence[Place] = PLACES

    def __init__(self) -> None:
        self.publication = Publication(link_base=LINKS, newest=100)
        self.telegram = TelegramSandbox()
        self.mastodon = MastodonSandbox()
        self.bluesky = BlueskySandbox()
        self.expected: list[Expected] = []
        dice = SystemDice()
        self._secrets = {place.platform: f"{dice.token()}{dice.token()}" for place in PLACES}

    @property
    def servers(self) -> Mapping[str, SandboxServer]:
        """Every server by its name."""
        servers: Sequence[SandboxServer] = (self.telegram, self.mastodon, self.bluesky, self.publication)
        return {server.platform: server for server in servers}

    def watch(self, on_post: Callable[[PublicPost], None], on_strike: Callable[[str, Fault, str], None]) -> None:
        """Tell of each post at its commit, and of each fault (server, fault, sort of call) as it strikes."""
        for name, server in self.servers.items():
            server.on_post = on_post
            server.faults = WatchedScript(lambda fault, call, name=name: on_strike(name, fault, call))  # type: ignore[misc]

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """The servers, listening on free ports of this machine."""
        self.telegram.add_bot(self._bot_token)
        rights = {self._bot_token: ("can_post_messages",)}
        self.telegram.add_chat(CHAT, CHAT_NAME, self.publication.title, admins=rights)
        self.telegram.add_chat(OPS_CHAT, None, "The operator", "private", members=[self._bot_token])
        self.mastodon.add_account(self._secrets["mastodon"], USERNAME)
        self.bluesky.add_account(HANDLE, self._secrets["bluesky"])
        try:
            for server in self.servers.values():
                await server.start()
            yield
        finally:
            for server in self.servers.values():
                await server.stop()

    @property
    def _bot_token(self) -> str:
        return f"4200000:{self._secrets['telegram']}"

    def settings(self, folder: Path) -> Mapping[str, str]:
        """What the operator of this stage sets. Loopback servers allow for short waits."""
        return {
            "HANDBILL_SOURCES": self.feed,
            "HANDBILL_DATABASE_URL": f"sqlite:///{folder / 'handbill.db'}",
            "HANDBILL_POLL_EVERY": "0.5s",
            "HANDBILL_SETTLE": "0.2s",
            "HANDBILL_ENRICH": "false",  # the host of its links is none, and the demo asks nobody
            "HANDBILL_QUIET_TIME": "1s",
            "HANDBILL_PROBE_GAP": "1s",
            "HANDBILL_REPLAY_WAIT": "1s",
            "HANDBILL_FETCH__ALLOW_NETWORKS": "127.0.0.0/8",
            "HANDBILL_TELEGRAM__TOKEN": self._bot_token,
            "HANDBILL_TELEGRAM__CHAT": f"@{CHAT_NAME}",
            "HANDBILL_TELEGRAM__OPS_CHAT": str(OPS_CHAT),
            "HANDBILL_TELEGRAM__API_BASE": self.telegram.api_base,
            "HANDBILL_MASTODON__SERVER": self.mastodon.url,
            "HANDBILL_MASTODON__TOKEN": self._secrets["mastodon"],
            "HANDBILL_BLUESKY__SERVER": self.bluesky.url,
            "HANDBILL_BLUESKY__HANDLE": HANDLE,
            "HANDBILL_BLUESKY__APP_PASSWORD": self._secrets["bluesky"],
        }

    @property
    def feed(self) -> str:
        """The address of the publication's feed."""
        return f"{self.publication.url}/feed.xml"

    def bring_out(self, *, wanted: bool = True) -> Expected:
        """Publish the next article. `wanted`: it has to be posted."""
        article: ArticleStub = self.publication.publish_next()
        expected = Expected(article.title, article.link, wanted)
        self.expected.append(expected)
        return expected

    def strike(self, faults: Sequence[NamedFault]) -> None:
        """Let these faults happen from now on."""
        for each in faults:
            self.servers[each.server].faults.add(replace(each.fault))

    def still_to_come(self) -> list[tuple[str, Fault]]:
        """(server, fault) of what had no occasion to happen yet."""
        return [(name, fault) for name, server in self.servers.items() for fault in server.faults.faults]

    def public(self) -> list[PublicPost]:
        """What readers see, on all platforms."""
        return [post for place in self.places for post in self.servers[place.platform].public()]
