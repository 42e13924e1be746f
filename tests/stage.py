"""The stage of the proofs: the sandbox servers with an account each, a publication, and the settings for them.

A platform of the registry that has no seat here fails the suite: then nothing would be proven of it.
"""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.registry import PLATFORMS
from adapters.sandbox.bluesky import BlueskySandbox
from adapters.sandbox.faults import Fault
from adapters.sandbox.feeds import ArticleStub
from adapters.sandbox.mastodon import MastodonSandbox
from adapters.sandbox.publication import Publication
from adapters.sandbox.server import PublicPost, SandboxServer
from adapters.sandbox.telegram import TelegramSandbox
from bot.doors import Web
from bot.settings import Settings, load_settings
from tests.nest import Nest
from tests.secrecy import hand_out

HOME = "https://herald.example.org"
"""Where the articles' links lead; no platform takes a link to this machine for one."""

OPS_CHAT = 4242
"""The private chat of the operator and the bot, on Telegram."""

Now = Callable[[], float]


@dataclass
class Seat:
    """One platform on the stage."""

    platform: str
    server: SandboxServer
    settings: Mapping[str, Callable[[], str]]
    """HANDBILL_… → its value, once the server listens."""
    remembers: bool
    """Whether the platform tells what is out: then every delivery is settled, and none waits for a person for good."""
    uploads: bool
    """Whether an article's picture is uploaded."""
    delete: Callable[[PublicPost], None]
    """Its owner deletes a post by hand."""
    needs_neighbour: bool = False
    """Whether that takes a known post beside it: what is lost before there is any steps aside until there is."""
    repeats: bool = True
    """Whether the same call with the same key may be made again at any time."""
    answers: Counter[int] = field(default_factory=Counter)
    """HTTP status → how many requests were answered with it, since `watch`."""

    def by_link(self) -> Mapping[str, list[PublicPost]]:
        """What readers see, by the address of the article that a post leads to, oldest first."""
        found: dict[str, list[PublicPost]] = {}
        for post in self.server.public():
            for link in {link for link in post.links if link.startswith(HOME)}:
                found.setdefault(link, []).append(post)
        return found

    def posts_of(self, article: ArticleStub) -> list[PublicPost]:
        """What readers see of one article."""
        return self.by_link().get(article.link, [])

    def watch(self) -> None:
        """From now on, note how each request was answered. Before the server starts."""

        @web.middleware
        async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
            response = await handler(request)
            self.answers[response.status] += 1
            return response

        self.server.app.middlewares.append(note)

    async def struck(self, kind: str) -> None:
        """Wait until a fault of this kind has happened."""
        while kind not in [happened for happened, _ in self.server.faults.happened]:
            await self.server.arrivals(len(self.server.requests) + 1)


def _telegram(now: Now) -> Seat:
    seat = telegram_without_ops_chat(now)
    seat.settings = {**seat.settings, "HANDBILL_TELEGRAM__OPS_CHAT": lambda: str(OPS_CHAT)}
    seat.remembers = True
    return seat


def telegram_without_ops_chat(now: Now) -> Seat:
    """A bot that may post, and has nowhere to forward to: of what is there, it sees only which posts are its own."""
    token = hand_out(f"{secrets.randbelow(10**9) + 10**9}:AA{secrets.token_hex(17)}")
    server = TelegramSandbox(now=now)
    server.add_bot(token)
    server.add_chat(-1001234567890, "herald", "The Sandbox Herald", admins={token: ["can_post_messages"]})
    server.add_chat(OPS_CHAT, None, "The editor", "private", members=[token])
    settings = {
        "HANDBILL_TELEGRAM__TOKEN": lambda: token,
        "HANDBILL_TELEGRAM__CHAT": lambda: "@herald",
        "HANDBILL_TELEGRAM__API_BASE": lambda: server.api_base,
    }
    return Seat(
        "telegram",
        server,
        settings,
        remembers=False,
        uploads=False,
        delete=lambda post: server.remove(post.extra["chat_id"], int(post.id)),
        needs_neighbour=True,
        repeats=False,
    )


def _mastodon(now: Now) -> Seat:
    token = hand_out(secrets.token_urlsafe(32))
    server = MastodonSandbox(now=now)
    server.add_account(token, "herald")
    settings = {"HANDBILL_MASTODON__SERVER": lambda: server.url, "HANDBILL_MASTODON__TOKEN": lambda: token}
    return Seat(
        "mastodon",
        server,
        settings,
        remembers=True,
        uploads=False,
        delete=lambda post: server.delete_by_hand(post.id),
    )


def _bluesky(now: Now) -> Seat:
    password = hand_out("-".join(secrets.token_hex(2) for _ in range(4)))
    server = BlueskySandbox(now=now)
    server.add_account("herald.example.org", password)
    sessions: Any = server._sessions
    issue = sessions._issue

    def issue_and_note(did: str, refresh_id: str) -> Any:
        tokens = issue(did, refresh_id)
        hand_out(tokens.access)
        hand_out(tokens.refresh)
        return tokens

    sessions._issue = issue_and_note
    settings = {
        "HANDBILL_BLUESKY__SERVER": lambda: server.url,
        "HANDBILL_BLUESKY__HANDLE": lambda: "herald.example.org",
        "HANDBILL_BLUESKY__APP_PASSWORD": lambda: password,
    }
    return Seat(
        "bluesky",
        server,
        settings,
        remembers=True,
        uploads=True,
        delete=lambda post: server.delete_by_hand(post.place, post.id),
    )


SEATS: Mapping[str, Callable[[Now], Seat]] = {"telegram": _telegram, "mastodon": _mastodon, "bluesky": _bluesky}


class Stage:
    """The servers, on one clock, and the environment that an operator would set for them."""

    def __init__(
        self,
        folder: Path,
        *,
        now: Now = time.time,
        platforms: Iterable[str] = tuple(PLATFORMS),
        newest: int = 20,
        feed: str = "/feed.xml",
        seats: Mapping[str, Callable[[Now], Seat]] = SEATS,
        database_url: str | None = None,
        nest: Nest | None = None,
    ) -> None:
        self.folder = folder
        self.database_url = database_url or f"sqlite:///{self.ledger}"
        """The address of the ledger."""
        self.nest = nest
        """Where the programs of this stage come from; None: each is started from nothing, as an operator's is."""
        self.feed = feed
        self.through: Callable[[Web], Web] = lambda web: web
        """What a core's door to the web goes through, where it runs in this process."""
        self.publication = Publication(now=now, newest=newest, link_base=HOME)
        self.seats = {platform: seats[platform](now) for platform in platforms}
        for seat in self.seats.values():
            seat.watch()

    async def __aenter__(self) -> "Stage":
        await self.publication.start()
        for seat in self.seats.values():
            await seat.server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in (self.publication, *(seat.server for seat in self.seats.values())):
            await server.stop()

    def strike(self, fault: str) -> None:
        """Script a fault at every platform."""
        for seat in self.seats.values():
            seat.server.faults.add(Fault.parse(fault))

    @property
    def ledger(self) -> Path:
        """The ledger's file, where it is in one."""
        return self.folder / "handbill.db"

    @property
    def feed_url(self) -> str:
        """The address of the publication's feed."""
        return f"{self.publication.url}{self.feed}"

    def environment(self, **more: str) -> dict[str, str]:
        """The variables of an operator who is in a hurry. `more` goes without its prefix: BACKFILL="2"."""
        variables = {
            "HANDBILL_SOURCES": self.feed_url,
            "HANDBILL_DATABASE_URL": self.database_url,
            "HANDBILL_POLL_EVERY": "1m",
            "HANDBILL_SETTLE": "0s",
            "HANDBILL_ENRICH": "false",  # the articles' own host is nowhere, and nothing but loopback is asked
            "HANDBILL_QUIET_TIME": "1s",
            "HANDBILL_REPLAY_WAIT": "1s",
            "HANDBILL_PROBE_GAP": "1s",
            "HANDBILL_FETCH__ALLOW_NETWORKS": "127.0.0.0/8",
        }
        for seat in self.seats.values():
            variables |= {name: value() for name, value in seat.settings.items()}
        return variables | {f"HANDBILL_{name}": value for name, value in more.items()}

    def settings(self, **more: str) -> Settings:
        """The same, read."""
        return load_settings(PLATFORMS, environ=self.environment(**more), env_file=None)

    def ledger_bytes(self) -> bytes:
        """All that the ledger has written to the disk, its log and its neighbours included."""
        found = []
        for path in sorted(self.folder.rglob("handbill*")):
            with suppress(FileNotFoundError):  # a log that the last connection has just folded in
                found.append(path.read_bytes())
        return b"".join(found)
