"""The accounts of a PDS: their passwords, their standing, and their repositories."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from adapters.sandbox.bluesky_repo import Repo
from adapters.sandbox.bluesky_xrpc import XrpcError


@dataclass(slots=True)
class Account:
    """One account. `status` is what a moderator or its owner made of it."""

    handle: str
    did: str
    app_password: str
    repo: Repo
    status: Literal["active", "deactivated", "takendown"] = "active"
    logins: int = 0

    def check_may_write(self) -> None:
        """Raise 401 unless the account is in good standing."""
        self.check_not_taken_down()
        if self.status == "deactivated":
            raise XrpcError(401, "AccountDeactivated", "Account is deactivated")

    def check_not_taken_down(self) -> None:
        """Raise 401 if moderators took the account down."""
        if self.status == "takendown":
            raise XrpcError(401, "AccountTakedown", "Account has been taken down")


class Accounts:
    """The accounts of one server, by handle or DID."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._by_handle: dict[str, Account] = {}

    def add(self, handle: str, app_password: str) -> Account:
        """Open an account whose DID follows from its handle."""
        digest = base64.b32encode(hashlib.sha256(handle.encode()).digest()).decode().lower()
        did = f"did:plc:{digest[:24]}"
        account = self._by_handle[handle] = Account(handle, did, app_password, Repo(did, self._now))
        return account

    def get(self, handle: str) -> Account:
        """The account of this handle. KeyError when there is none."""
        return self._by_handle[handle]

    def every(self) -> list[Account]:
        """All accounts, in the order of their opening."""
        return list(self._by_handle.values())

    def find(self, identifier: str) -> Account | None:
        """By handle, in any case, or by DID."""
        found = self._by_handle.get(identifier.lower())
        return found or next((account for account in self.every() if account.did == identifier), None)

    def find_active(self, identifier: str) -> Account | None:
        """As `find`, but only what the public may see."""
        account = self.find(identifier)
        return account if account and account.status == "active" else None

    def domains(self) -> list[str]:
        """The domains under which this server gives out handles."""
        return sorted({"." + account.handle.partition(".")[2] for account in self.every()})
