"""Who works what: the form of the door for a ledger that one process has for itself."""

from bot.doors import Lease


class SoleLeases:
    """Everything is ours: a lock for life keeps out every other sender (`bot.sender`), and with the process that held
    it before, its calls are gone too."""

    async def take(self, name: str, *, fair: bool = True) -> Lease | None:  # noqa: ARG002 # there is nobody to share with
        """Always."""
        return Lease(name, session=0, contested=False)

    async def give_back(self, lease: Lease) -> None:
        """Nobody is waiting for it."""

    def wanted_elsewhere(self, lease: Lease) -> bool:  # noqa: ARG002 # as above
        """Never."""
        return False
