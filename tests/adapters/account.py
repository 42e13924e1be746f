"""A fake PDS with one account, and a clock that the test moves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from adapters.sandbox.bluesky import BlueskySandbox
from adapters.sandbox.bluesky_records import Taken

HANDLE = "news.sandbox.test"
PASSWORD = "abcd-efgh-ijkl-mnop"


@dataclass
class Store:
    """Where one account's session is kept, as the ledger would."""

    sealed: str | None = None
    saves: int = 0

    async def load(self) -> str | None:
        return self.sealed

    async def save(self, sealed: str) -> None:
        self.sealed = sealed
        self.saves += 1


@dataclass
class OneAccount:
    """What tests of signing in and of posting begin with."""

    taken: Taken = "compare"
    app_view: bool = False
    at: datetime = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    store: Store = field(default_factory=Store)
    secrets: set[str] = field(default_factory=set)
    pds: BlueskySandbox = field(init=False)
    did: str = field(init=False)

    def __post_init__(self) -> None:
        self.pds = BlueskySandbox(now=self.now, taken=self.taken, app_view=self.app_view)
        self.did = self.pds.add_account(HANDLE, PASSWORD)

    def now(self) -> float:
        return self.at.timestamp()

    def pass_time(self, **duration: float) -> None:
        self.at += timedelta(**duration)
