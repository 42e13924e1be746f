"""The account's records, read at its own PDS, whose answer is never stale.

The other half of `adapters.bluesky.adapter`: nothing here is seen by followers.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

from adapters.bluesky.choices import gates_in
from adapters.bluesky.less import is_of
from adapters.bluesky.listing import newest_of
from adapters.bluesky.outcomes import RENEWABLE, Failure, inactive, reading_outcome
from adapters.bluesky.session import Session
from adapters.bluesky.signin import SignIn
from adapters.bluesky.xrpc import POSTS, Xrpc
from adapters.outcomes import Absent, Found
from adapters.post import Payload, Receipt

T = TypeVar("T")

RENEWALS: Final = 2
"""Of a session, for one call: the first may bring what another worker has left, which has ended as well."""
PAGES: Final = 5
"""Of the list of posts, that are gone through before it counts as one without any of ours."""
_PROFILE = "https://bsky.app/profile"


class Repository:
    """What stands there. Its calls take a session and raise `Failure`, or ChannelDown where the account is not active;
    `reading` brings them a session, and makes an outcome of a failure."""

    def __init__(self, xrpc: Xrpc, sign_in: SignIn, now: Callable[[], datetime]) -> None:
        self._xrpc = xrpc
        self._sign_in = sign_in
        self._now = now

    async def reading(self, call: Callable[[Session], Awaitable[T]]) -> T:
        """Make an invisible call with a session, renewed where it is not taken any more."""
        session = await self._sign_in.session()
        for _ in range(RENEWALS):
            try:
                return await call(session)
            except Failure as failure:
                if not (failure.refused and failure.name in RENEWABLE):
                    raise reading_outcome(failure) from None
            session = await self._sign_in.renewed(session)
        try:
            return await call(session)
        except Failure as failure:
            raise reading_outcome(failure) from None

    async def look(self, session: Session, payload: Payload, key: str) -> Found | Absent:
        """Whether the post stands at its key."""
        record = await self.record_at(session, key)
        if record is None:
            return Absent(f"There is nothing at {uri_of(session, key)}.")
        # With another record there, it may be sent again: the put is what says that it can never go out.
        return Found(receipt_of(session, payload, key)) if is_of(payload, record) else Absent(other_at(session, key))

    async def newest(self, session: Session) -> Receipt | None:
        """The post that went out last and may be ours, on the first page of the list that has any."""
        cursor: str | None = None
        for _ in range(PAGES):
            try:
                page, cursor = await self._xrpc.list_posts(session, cursor)
            except Failure as failure:
                if failure.by_another:
                    await self._check_active(session)
                raise
            found = newest_of(page, self._now())
            if found is not None:
                return Receipt(uri_of(session, found.rkey), address_of(session, found.rkey), found.at)
            if cursor is None:
                return None
        return None

    async def gates_at(self, session: Session, payload: Payload, key: str) -> frozenset[str]:
        """The collections of those of the payload's gates that stand at a key."""
        wanted = [str(gate["$type"]) for gate in gates_in(payload.body)]
        return frozenset([each for each in wanted if await self.record_at(session, key, each) is not None])

    async def record_at(self, session: Session, key: str, collection: str = POSTS) -> object:
        """What stands at a key; None: nothing."""
        try:
            return (await self._xrpc.get_record(session, key, collection))["value"]
        except Failure as failure:
            if failure.by_another:
                await self._check_active(session)
            if failure.no_record:
                return None
            raise

    async def _check_active(self, session: Session) -> None:
        """Raise ChannelDown unless the account's own PDS answers for it."""
        account = await self._xrpc.get_session(session)
        if account.get("active") is False:
            raise inactive(str(account.get("status")))


def uri_of(session: Session, key: str) -> str:
    """The address of the record at a key."""
    return f"at://{session.did}/{POSTS}/{key}"


def other_at(session: Session, key: str) -> str:
    """What is told of a record at our key that is not ours."""
    return f"Another record, without this article's link, stands at {uri_of(session, key)}."


def profile_of(session: Session) -> str:
    """Where readers find the account."""
    return f"{_PROFILE}/{session.did if session.handle == 'handle.invalid' else session.handle}"


def address_of(session: Session, key: str) -> str:
    """Where readers find the post."""
    return f"{profile_of(session)}/post/{key}"


def receipt_of(session: Session, payload: Payload, key: str) -> Receipt:
    """The proof of a post that stands at its key."""
    at = datetime.fromisoformat(payload.body["createdAt"]).astimezone(UTC)
    return Receipt(uri_of(session, key), address_of(session, key), at)
