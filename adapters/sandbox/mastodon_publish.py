"""POST /api/v1/statuses on the fake Mastodon server: how a status is made, and what becomes of a repeat.

app/services/post_status_service.rb; how other programs treat a repeat is told in `mastodon_traits`.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from adapters.sandbox.mastodon_form import Form, Refusal, not_found
from adapters.sandbox.mastodon_gate import Gate
from adapters.sandbox.mastodon_json import Status, Token
from adapters.sandbox.mastodon_keys import Key, KeyBook, Memory, Turn
from adapters.sandbox.mastodon_status import draft, validate
from adapters.sandbox.mastodon_store import Store
from adapters.sandbox.mastodon_traits import Traits
from adapters.sandbox.server import Answer

HOUR = 3600.0
REPLAYED = {"idempotent-replayed": "true"}
_PATIENCE = 0.1
_PATIENT_TRIES = 10


class Publisher:
    """Makes statuses. `tell` hands a new one to readers; `say` is its JSON."""

    def __init__(
        self,
        *,
        now: Callable[[], float],
        store: Store,
        gate: Gate,
        traits: Traits,
        tell: Callable[[Status], None],
        say: Callable[[Status], dict[str, object]],
    ) -> None:
        self._now = now
        self._store = store
        self._gate = gate
        self._traits = traits
        self._tell = tell
        self._say = say
        self.keys = KeyBook(now)
        self._burnt = Memory(now, HOUR)
        self._answers = Memory(now, 6 * HOUR)
        self._begun = Memory(now, 24 * HOUR)
        self.takes: list[float] = []
        """Seconds for which the next posts are worked on before they are committed, whoever still waits for them."""
        self.fails: list[int] = []
        """How the next posts end in the middle: after their key was taken, before anything is committed."""
        self.banned: set[str] = set()
        """Words whose posts are answered as if all were well, and dropped (app/lib/antispam.rb)."""

    async def publish(self, turn: Turn, token: Token, form: Form, given: str) -> Answer:
        """Make a status, or answer a repeat as servers of these traits do. `given`: the Idempotency-Key."""
        key = (token.account.id, given)
        if not given:
            return await self._make(turn, token, form)
        match self._traits.idempotency:
            case "ignored":
                return await self._make(turn, token, form)
            case "burnt":
                return await self._once(key, turn, token, form)
            case "cached":
                return await self._cached(key, turn, token, form)
            case "patient":
                return await self._patiently(key, turn, token, form)
        return await self._replayed(key, turn) or await self._make(turn, token, form, key)

    # ── repeats ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _replayed(self, key: Key, turn: Turn) -> Answer | None:
        # with_idempotency, app/services/post_status_service.rb
        locks = self._traits.idempotency != "unlocked"
        if locks and not await self.keys.lock(key, turn, self._traits.lock_for):
            raise Refusal(503, "There was a temporary problem serving your request, please try again")
        first = self.keys.find(key)
        if first is None:
            return None
        if first not in self._store.statuses:
            raise not_found()  # it was deleted: the key leads nowhere for the rest of its hour
        if self._traits.idempotency == "replay-500":
            raise Refusal(500, HTTPStatus.INTERNAL_SERVER_ERROR.phrase)
        return Answer(self._say(self._store.statuses[first]))

    async def _once(self, key: Key, turn: Turn, token: Token, form: Form) -> Answer:
        if key in self._burnt:
            raise Refusal(400, "Duplicate idempotency key.")
        self._burnt.keep(key)
        return await self._make(turn, token, form)

    async def _cached(self, key: Key, turn: Turn, token: Token, form: Form) -> Answer:
        if key in self._answers and isinstance(first := self._answers.get(key), Answer):
            return Answer(first.body, first.status, first.headers | REPLAYED)
        try:
            answer = await self._make(turn, token, form)
        except Refusal as refusal:
            answer = refusal.answer
        self._answers.keep(key, answer)
        return answer

    async def _patiently(self, key: Key, turn: Turn, token: Token, form: Form) -> Answer:
        for _ in range(_PATIENT_TRIES):
            if key not in self._begun:
                self._begun.keep(key)
                answer = await self._make(turn, token, form)
                self._begun.keep(key, answer)
                return answer
            if isinstance(first := self._begun.get(key), Answer):
                return first
            await asyncio.sleep(_PATIENCE)
        raise Refusal(408, "Request with this idempotency key is still being processed")

    # ── a new one ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _make(self, turn: Turn, token: Token, form: Form, key: Key | None = None) -> Answer:
        turn.at_work = True
        try:
            if self.takes:
                await asyncio.sleep(self.takes.pop(0))
            if self.fails:
                status_code = self.fails.pop(0)
                raise Refusal(status_code, HTTPStatus(status_code).phrase)
            status = self._create(token, form)
            if key and status.id in self._store.statuses:
                self.keys.keep(key, status.id, turn)
            return Answer(self._say(status))
        finally:
            self.keys.finish(turn)

    def _create(self, token: Token, form: Form) -> Status:
        # Nothing here awaits: what was checked still holds when it is committed.
        for name in ("scheduled_at", "poll", "quoted_status_id"):
            if form.has(name):
                raise Refusal(501, f"The sandbox does not know {name}")
        if self._traits.needs_media and not form.list("media_ids"):
            raise Refusal(403, "Empty statuses are not allowed")
        parent = self._store.statuses.get(form.text("in_reply_to_id"))
        if form.has("in_reply_to_id") and parent is None:
            raise Refusal(404, "The post you are trying to reply to does not appear to exist.")
        media = self._store.attachable(token, form.list("media_ids"))
        status = draft(
            self._store.next_id(),
            self._now(),
            token=token,
            form=form,
            media=media,
            parent=parent,
            warns=self._traits.warns,
        )
        validate(status, self._traits.max_characters)
        if any(word in status.text for word in self.banned):
            return status
        self._gate.spend_status(token)
        self.commit(status)
        return status

    def commit(self, status: Status) -> None:
        """It is out."""
        self._store.add(status)
        if status.has_readers:
            self._tell(status)
