"""What the fake Mastodon server has stored, and who may see which of it."""

from collections.abc import Callable, Mapping

from adapters.sandbox.mastodon_form import Refusal, not_found, truthy, whole_number
from adapters.sandbox.mastodon_json import MEDIA_PER_STATUS, Account, Attachment, Status, Token

STALE_AFTER = 86400.0  # an upload that no status took is gone after a day, app/lib/vacuum/media_attachments_vacuum.rb
PAGE = 20  # DEFAULT_STATUSES_LIMIT, app/controllers/api/base_controller.rb; at most twice as many can be asked for


class Store:
    """Accounts, statuses and uploads of one instance."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._last_id = 0
        self.accounts: dict[str, Account] = {}
        """By username."""
        self.statuses: dict[str, Status] = {}
        """By id, oldest first; without what was deleted."""
        self.media: dict[str, Attachment] = {}

    def next_id(self) -> str:
        """A new id, higher than all before (lib/mastodon/snowflake.rb: milliseconds, then 16 bits)."""
        self._last_id = max(self._last_id + 1, int(self._now() * 1000) << 16)
        return str(self._last_id)

    @property
    def usernames(self) -> frozenset[str]:
        """Who can be mentioned."""
        return frozenset(self.accounts)

    def add(self, status: Status) -> None:
        """Commit a status together with its media."""
        self.statuses[status.id] = status
        status.account.statuses[status.id] = status
        for attachment in status.media:
            attachment.status_id = status.id

    def remove(self, status: Status) -> None:
        """Forget a status."""
        del self.statuses[status.id], status.account.statuses[status.id]

    def get_status(self, status_id: str, token: Token | None) -> Status:
        """A status that this token may read; what it may not read is not said to exist."""
        status = self.statuses.get(status_id)
        if status is None or not may_read(status, token):
            raise not_found()
        return status

    def page(self, account_id: str, query: Mapping[str, str], token: Token | None) -> tuple[list[Status], bool]:
        """An account's statuses, newest first, whichever way they are paged; and whether the page is full.

        app/models/concerns/paginable.rb: since_id gives the newest of them all, min_id those that come next after it.
        """
        account = next((each for each in self.accounts.values() if each.id == account_id), None)
        if account is None:
            raise not_found()
        limit = min(abs(whole_number(query.get("limit", str(PAGE)))), 2 * PAGE)
        above = whole_number(query.get("min_id") or query.get("since_id") or "0")
        below = whole_number(query.get("max_id") or "0") or float("inf")
        found = [
            status
            for status in account.statuses.values()
            if above < int(status.id) < below
            and may_read(status, token)
            and not (truthy(query.get("exclude_replies")) and status.in_reply_to)
            and not (truthy(query.get("only_media")) and not status.media)
        ]
        chosen = found[:limit] if query.get("min_id") else found[max(0, len(found) - limit) :]
        return chosen[::-1], len(chosen) == limit

    def loose(self, token: Token, media_id: str) -> Attachment | None:
        """An upload of this account that no status has taken, while it is kept."""
        media = self.media.get(media_id)
        if media is None or media.account is not token.account or media.status_id is not None:
            return None
        return media if self._now() - media.uploaded_at < STALE_AFTER else None

    def attachable(self, token: Token, ids: list[str]) -> tuple[Attachment, ...]:
        """The uploads for a new status (validate_media!, app/services/post_status_service.rb)."""
        if len(ids) > MEDIA_PER_STATUS:
            raise Refusal(422, f"Cannot attach more than {MEDIA_PER_STATUS} files")
        found = {media_id: self.loose(token, media_id) for media_id in ids}
        missing = [str(whole_number(media_id)) for media_id, media in found.items() if media is None]
        if missing:
            raise Refusal(422, f"Media {', '.join(missing)} not found or already attached to another post")
        if any(media and media.ready_at > self._now() for media in found.values()):
            raise Refusal(422, "Cannot attach files that have not finished processing. Try again in a moment!")
        return tuple(media for media in found.values() if media)


def may_read(status: Status, token: Token | None) -> bool:
    """Nobody follows anybody here: followers-only and direct posts are for their author."""
    return status.is_public or (token is not None and token.account is status.account)
