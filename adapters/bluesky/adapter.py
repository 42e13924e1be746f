"""Speaks to one Bluesky account through the atproto client.

A post is put at a record key that is known beforehand, only if there is nothing yet (`swapRecord: null`), and its
record never changes: the same call may be repeated for ever, and what is at the key tells whether the post is out.

A post with gates (`adapters.bluesky.choices`) is created together with them, in one commit, the post first. Gates that
were put before it would have no effect at first: the reference AppView notes at a post that it has a gate when it meets
the gate, and a gate that it meets before its post is noted nowhere; gates that were put after it could be missing for
ever. https://github.com/bluesky-social/atproto/blob/main/packages/bsky/src/data-plane/server/indexing/plugins/thread-gate.ts
Where the post stands, the commit is refused as a whole, whatever a server calls that, and what is at the key is looked
at: so this call, too, may be repeated for ever, and the post stands where its gates stand.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from adapters.base import Context, KeySeed, Pace, Standing
from adapters.bluesky import WAITS, BlueskySettings
from adapters.bluesky.budget import budget_of, points_of
from adapters.bluesky.choices import gates_in, record_in
from adapters.bluesky.compose import LIMITS, compose, with_thumb
from adapters.bluesky.less import is_of, with_less
from adapters.bluesky.outcomes import (
    RENEWABLE,
    Failure,
    inactive,
    key_is_free,
    publishing_outcome,
)
from adapters.bluesky.repository import RENEWALS, Repository, other_at, profile_of, receipt_of, uri_of
from adapters.bluesky.session import Session
from adapters.bluesky.signin import SignIn
from adapters.bluesky.tid import tid
from adapters.bluesky.uploads import Uploads
from adapters.bluesky.xrpc import Xrpc
from adapters.outcomes import (
    Answer,
    ChannelDown,
    Found,
    Marker,
    Outcome,
    Presence,
    Rejected,
    Unavailable,
    Uncertain,
)
from adapters.post import Draft, Payload, Post, Receipt
from adapters.wire import Wire, within

Remedy = Literal["session", "picture"]

log = logging.getLogger(__name__)


class BlueskyAdapter:
    """One Bluesky account. The account and the place are one: its repository."""

    platform = "bluesky"
    takes_picture = True
    key_good_for: float | None = None

    def __init__(self, settings: BlueskySettings, context: Context) -> None:
        self._settings, self._choices = settings, settings.choices
        self._points = points_of(self._choices.gates)
        # The points of an hour and of a day: https://docs.bsky.app/docs/advanced-guides/rate-limits
        self.paces: tuple[Pace, ...] = (
            Pace(5000 // self._points, 3600.0, "account"),
            Pace(35000 // self._points, 86400.0, "account"),
        )
        self._now, self._note_budget = context.now, context.note_budget
        waits = context.waits or WAITS
        self.quiet_for, self.deadline_for = waits.quiet_for, waits.deadline_for
        context.keep_secret(settings.app_password.get_secret_value())
        self._xrpc = Xrpc(now=context.now, user_agent=context.user_agent)
        self._sign_in = SignIn(settings, context, self._xrpc)
        self._repository = Repository(self._xrpc, self._sign_in, context.now)
        self._uploads = Uploads(self._xrpc, self._repository, context.now)

    async def verify(self) -> Standing:
        """Sign in, or see that we still are, and ask for the state of the account."""
        session, account = await self._repository.reading(self._who)
        handle = str(account["handle"])
        problems, notes = [], []
        if account.get("active") is False:
            down = inactive(str(account.get("status")))
            problems.append(f"{down.message} {down.mend}")
        if session.by_main_password:
            notes.append("The password is the account's main one, which can do anything: use an app password instead.")
        if not self._settings.handle.startswith("did:") and handle != self._settings.handle:
            notes.append(f"The account's handle is now @{handle}.")
        return Standing(
            account_id=session.did,
            place_id=session.did,
            who=f"@{handle}",
            url=profile_of(session),
            limits=LIMITS,
            problems=tuple(problems),
            notes=tuple(notes),
        )

    def compose(self, post: Post, at: datetime) -> Draft:
        """The text with its link, the card, and the gates."""
        return compose(post, at, self._choices)

    async def stage(self, draft: Draft) -> Payload:
        """Upload the card's picture. A PDS that does not take it, or none today, gets a card without."""
        if not draft.media:
            return Payload(draft.body)
        thumb = draft.media[0]
        try:
            blob = await self._uploads.take(thumb)
        except Rejected as refusal:
            log.warning("thumbnail.refused", extra={"reason": refusal.message})
            return Payload(draft.body)
        return Payload(with_thumb(draft.body, blob), (thumb,))

    def key(self, seed: KeySeed) -> str:
        """The record key."""
        return tid(seed)

    async def mark(self, last: str | None) -> Marker:  # noqa: ARG002 # the key is all that `find` needs
        """Nothing: the key is known, and the record at it tells everything."""
        return {}

    async def publish(self, payload: Payload, key: str) -> Receipt:
        """Put the record, within the deadline; what can be mended on the way (a session, a lost picture) is."""
        attempt = _Put()
        try:
            return await within(self.deadline_for, self._publish(payload, key, attempt))
        except TimeoutError:
            message = f"{self._settings.label} could not be posted to within {self.deadline_for:.0f} seconds."
            raise (Uncertain(message) if attempt.in_the_air else Unavailable(message)) from None

    async def find(self, payload: Payload, key: str, marker: Marker) -> Answer:  # noqa: ARG002
        """Look at the key on the account's own PDS, whose answer is never stale."""
        return await self._repository.reading(lambda session: self._repository.look(session, payload, key))

    async def newest(self) -> Receipt | None:
        """The post of the account that went out last and may be ours, among those with the highest keys.

        One that went out late, on an article that a hundred younger ones have overtaken, is passed over."""
        return await self._repository.reading(self._repository.newest)

    async def confirm(self, payload: Payload, receipt: Receipt) -> Presence:
        """Ask the account's own PDS for the record."""
        key = receipt.id.rpartition("/")[2]
        found = await self._repository.reading(lambda session: self._repository.look(session, payload, key))
        return "confirmed" if isinstance(found, Found) else "vanished"

    async def close(self) -> None:
        """Drop the connections."""
        await self._xrpc.close()

    async def _publish(self, payload: Payload, key: str, attempt: "_Put") -> Receipt:
        session = await self._sign_in.session()
        remedies = [*["session"] * RENEWALS, "picture"]
        while True:
            try:
                answer = await self._put(session, payload, key, attempt)
            except Failure as failure:
                attempt.end()
                remedy = _remedy_for(failure)
                if failure.key_may_be_taken or (remedy is None and _may_stand(failure, payload)):
                    attempt.taken = True
                    receipt = await self._already_there(session, payload, key, failure)
                    if receipt is not None:
                        return receipt
                    attempt.taken = failure.key_may_be_taken
                    if failure.key_may_be_taken:
                        await self._note_gates(session, payload, key, attempt, failure)
                        continue
                if remedy not in remedies:
                    raise _less(publishing_outcome(failure), payload) from None
            else:
                return self._proof(session, payload, key, answer)
            remedies.remove(remedy)
            session = await self._mend(session, payload, remedy)

    async def _put(self, session: Session, payload: Payload, key: str, attempt: "_Put") -> Mapping[str, Any]:
        record, uri = record_in(payload.body), uri_of(session, key)
        gates = [{**gate, "post": uri} for gate in gates_in(payload.body)]
        try:
            if gates:
                records = [record, *gates]
                return await self._xrpc.create_with_gates(session, key, records, attempt.standing, attempt.begin)
            return await self._xrpc.put_post(session, key, record, attempt.begin)
        finally:
            budget = budget_of(attempt.told, self._now(), self._points)
            if budget is not None:
                self._note_budget(budget)

    async def _mend(self, session: Session, payload: Payload, remedy: Remedy) -> Session:
        """Put right what the PDS has just refused the record for. Nothing was executed so far."""
        if remedy == "session":
            return await self._sign_in.renewed(session)
        # A blob that no record refers to may be dropped again; the same bytes have the same CID.
        if not payload.media:
            why = "The card's picture is gone from the server, and there are no bytes to upload it again."
            raise _less(Rejected(why), payload)
        try:
            blob = await self._uploads.take(payload.media[0])
        except Rejected as refusal:
            raise _less(refusal, payload) from None
        if blob.get("ref") != payload.body["embed"]["external"]["thumb"].get("ref"):
            raise _less(Rejected("The server files the card's picture under another name than before."), payload)
        return await self._sign_in.session()

    def _proof(self, session: Session, payload: Payload, key: str, answer: Mapping[str, Any]) -> Receipt:
        if answer["uri"] != uri_of(session, key):
            raise Uncertain(f"{self._settings.server} answered with the address of another record.")
        return receipt_of(session, payload, key)

    async def _already_there(self, session: Session, payload: Payload, key: str, refusal: Failure) -> Receipt | None:
        """The post was refused, maybe because something stands at the key: look what. An older form of this very post
        counts; nothing is overwritten. None: nothing stands there.

        Another record there is the end: it may be this post, which somebody has edited, so it goes out under no other
        key, either.
        """
        try:
            record = await self._repository.record_at(session, key)
        except (Failure, ChannelDown) as failure:
            raise _not_known(refusal, failure) from None
        if record is None:
            return None
        if is_of(payload, record):
            return receipt_of(session, payload, key)
        raise Rejected(f"{other_at(session, key)} It is not overwritten: delete it if this post is to go out.")

    async def _note_gates(
        self, session: Session, payload: Payload, key: str, attempt: "_Put", refusal: Failure
    ) -> None:
        """Nothing stands at the post's key: see whether gates do, which somebody has left when deleting the post, and
        which are then written over. Raises what the refusal means where none do, or where that was tried."""
        try:
            standing = await self._repository.gates_at(session, payload, key)
        except (Failure, ChannelDown) as failure:
            raise _not_known(refusal, failure) from None
        if standing == attempt.standing:
            raise key_is_free(refusal)
        attempt.standing = standing

    async def _who(self, session: Session) -> tuple[Session, Mapping[str, Any]]:
        return session, await self._xrpc.get_session(session)


class _Put:
    """Watches the visible call: whether one is in the air whose answer we do not have."""

    def __init__(self) -> None:
        self._wire: Wire | None = None
        self.taken = False
        """Something may stand at the key, and be this very post."""
        self.standing: frozenset[str] = frozenset()
        """Collections of gates that stand at the key."""

    def begin(self, wire: Wire) -> None:
        """A put is made, over this wire."""
        self._wire = wire

    def end(self) -> None:
        """It brought an answer, or surely nothing."""
        self._wire = None

    @property
    def told(self) -> Mapping[str, str]:
        """The headers of its answer; empty while there is none."""
        return {} if self._wire is None else self._wire.headers

    @property
    def in_the_air(self) -> bool:
        """A byte of it may have been sent, or it may be there already."""
        return self.taken or (self._wire is not None and not self._wire.nothing_sent)


def _less(outcome: Outcome, payload: Payload) -> Outcome:
    """With what to send instead, where the content is refused and there is something to leave out."""
    if not isinstance(outcome, Rejected):
        return outcome
    return Rejected(outcome.message, status=outcome.status, instead=with_less(payload, outcome.message))


def _may_stand(failure: Failure, payload: Payload) -> bool:
    """Whether a post with gates may have been refused because it is there: servers differ in how they say that of a
    commit, while a put of what is there is no mistake."""
    return bool(gates_in(payload.body)) and isinstance(publishing_outcome(failure), Rejected)


def _not_known(refusal: Failure, failure: Failure | ChannelDown) -> Uncertain:
    said = failure.sentence if isinstance(failure, Failure) else failure.message
    return Uncertain(f"{refusal.sentence} What stands at this post's key is not known: {said}")


def _remedy_for(failure: Failure) -> Remedy | None:
    """What to renew, so that the same call may be made again."""
    if not failure.refused:
        return None
    return "session" if failure.name in RENEWABLE else "picture" if failure.name == "BlobNotFound" else None
