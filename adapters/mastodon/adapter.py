"""The Mastodon adapter: one account on one server, whichever program that runs.

Its one visible call is made with a key that most servers honour for an hour. None is trusted alone: what became of a
call is looked up in the account's own list, and a key or an upload that is used up is replaced only after that.
"""

import logging
from datetime import datetime
from http import HTTPStatus

from adapters.base import Context, KeySeed, Pace, Standing
from adapters.mastodon import WAITS, MastodonSettings
from adapters.mastodon.budget import budget_of
from adapters.mastodon.calls import Calls
from adapters.mastodon.compose import DEFAULT_DESCRIPTION, DEFAULT_LIMITS, compose, with_upload, without_upload
from adapters.mastodon.content import carries
from adapters.mastodon.entities import Status, application_name, is_between, order, status_of
from adapters.mastodon.outcomes import Failure, Wear, publishing_outcome, wear_of
from adapters.mastodon.seeking import is_ours, marker_of, may_be_from, only_looking, wait_on
from adapters.mastodon.standing import description_limit, standing
from adapters.mastodon.uploads import Uploads
from adapters.outcomes import Absent, Answer, AskAgain, Found, Marker, Outcome, Presence, Rejected
from adapters.post import Draft, Payload, Post, Receipt
from adapters.wire import Wire, watch
from adapters.wire_blocking import call_blocking

log = logging.getLogger(__name__)

PAGE = 40
"""The most that a server gives at once."""
PAGES_AT_ONCE = 20
NEXT_PAGES_AFTER = 60.0


class MastodonAdapter:
    """One account on one server."""

    platform = "mastodon"
    key_good_for: float | None = 55 * 60.0
    """The server forgets a key an hour after the call was over:
    https://github.com/mastodon/mastodon/blob/main/app/services/post_status_service.rb"""

    def __init__(self, settings: MastodonSettings, context: Context) -> None:
        waits = context.waits or WAITS
        self.quiet_for, self.deadline_for, self._replay_for = waits.quiet_for, waits.deadline_for, waits.replay_for
        self.takes_picture = settings.attach_picture
        # https://github.com/mastodon/mastodon/blob/main/app/lib/rate_limiter.rb, and for uploads
        # https://github.com/mastodon/mastodon/blob/main/config/initializers/rack_attack.rb
        self.paces: tuple[Pace, ...] = (Pace(300, 3 * 3600.0, "account"),)
        if self.takes_picture:
            self.paces = (*self.paces, Pace(30, 1800.0, "account"))
        self._settings = settings
        self._context = context
        self._calls = Calls(settings, context, deadline_for=self.deadline_for)
        self._uploads = Uploads(self._calls, context)
        self._limits = DEFAULT_LIMITS
        self._description_limit = DEFAULT_DESCRIPTION
        self._application: str | None = None
        """What the server calls ours in posts; None where it does not tell, or calls all the same."""
        self._unused: object = None
        """When the last marker was made, until a call follows it."""
        self._worn: dict[str, Wear] = {}
        """Key → what of its request can be of no more use. Whoever publishes with it again has proof of absence."""
        self._renewed: str | None = None
        """The payload that has just been given a new key."""

    async def verify(self) -> Standing:
        """Ask whose token it is, and what the instance takes."""
        me = await self._calls.whoami()
        instance = (
            await self._calls.find_object("/api/v2/instance") or await self._calls.find_object("/api/v1/instance") or {}
        )
        application = await self._calls.find_object("/api/v1/apps/verify_credentials") or {}
        found = standing(me, self._calls.server, instance, application, pictures=self.takes_picture)
        self._limits, self._description_limit = found.limits, description_limit(instance)
        self._application = application_name(application)
        return found

    def compose(self, post: Post, at: datetime) -> Draft:  # noqa: ARG002 # part of the contract
        """The status for `post`, by the instance's limits as far as they are known."""
        return compose(
            post,
            self._limits,
            visibility=self._settings.visibility,
            language=self._settings.language,
            content_warnings=self._settings.content_warnings,
            sensitive=self._settings.sensitive,
            description_limit=self._description_limit if self.takes_picture else None,
        )

    async def stage(self, draft: Draft) -> Payload:
        """Upload the picture, if there is one to attach. A server that does not take it makes a card instead."""
        return await self._with_picture(Payload(draft.body, draft.media))

    def key(self, seed: KeySeed) -> str:
        """The Idempotency-Key. Unique beyond the account, since some servers do not ask whose key it is."""
        return seed.digest().hex()

    async def mark(self, last: str | None) -> Marker:
        """The newest of the account's own statuses that is known: what we look for will be newer."""
        if last is None:
            newest = await self._calls.own_statuses(limit=1)
            last = newest[0].id if newest else None
        marker = marker_of(last, self._context.now(), self._application)
        self._unused = marker["began"]
        return marker

    async def publish(self, payload: Payload, key: str) -> Receipt:
        """Post the status: one request, ended at the socket after `deadline_for`."""
        await self._replace_what_is_worn(payload, key)
        self._unused = None
        body = payload.body

        def post() -> Status:
            return status_of(
                self._calls.client.status_post(
                    body["status"],
                    media_ids=body.get("media_ids"),
                    visibility=body["visibility"],
                    language=body.get("language"),
                    spoiler_text=body.get("spoiler_text"),
                    sensitive=body.get("sensitive"),  # None is left to the account; some servers refuse a "0"
                    idempotency_key=key,
                )
            )

        self._uploads.forget(body.get("media_ids"))
        status = None
        with watch() as wire:
            try:
                status = await call_blocking(post, self.deadline_for)
                failure = self._calls.failure(wire)
            except Exception as error:  # whatever the library makes of an answer, the wire tells what was answered
                failure = self._calls.failure(wire, error)
        self._note_budget(wire)
        if status and wire.status == HTTPStatus.OK and carries(status.content, body["link"]):
            return self._published(status)
        # Raised out here, so that no error that holds the request, with the token in its headers, travels along.
        raise self._outcome(failure, payload, key)

    async def find(self, payload: Payload, key: str, marker: Marker) -> Answer:  # noqa: ARG002 # part of the contract
        """Look through the account's own statuses since the marker, newest first, for ours."""
        if self._unused is not None and marker.get("began") == self._unused:
            marker = only_looking(marker)
        after, before, application = marker.get("after"), marker.get("before"), marker.get("application")
        for _ in range(PAGES_AT_ONCE):
            page = await self._calls.own_statuses(limit=PAGE, since_id=after, max_id=before)
            newer = [status for status in page if is_between(status.id, after, before)]
            ours = [status for status in newer if is_ours(status, payload.body, application)]
            if ours:
                return Found(self._receipt(min(ours, key=lambda status: order(status.id))))
            if not newer:
                if wait := wait_on(marker, self._context.now(), self._replay_for):
                    return AskAgain(*wait)
                return Absent("the account has no status of ours with the article's link")
            before = min((status.id for status in newer), key=order)
        return AskAgain(NEXT_PAGES_AFTER, {**marker, "before": before})

    async def newest(self) -> Receipt | None:
        """The account's newest status that may be ours: no boost, no reply, not from another application."""
        before: str | None = None
        for _ in range(PAGES_AT_ONCE):
            page = await self._calls.own_statuses(limit=PAGE, max_id=before)
            older = [status for status in page if is_between(status.id, None, before)]
            ours = [s for s in older if not (s.boost or s.reply) and may_be_from(s, self._application)]
            if ours:
                return self._receipt(max(ours, key=lambda status: order(status.id)))
            if not older:
                break
            before = min((status.id for status in older), key=order)
        return None

    async def confirm(self, payload: Payload, receipt: Receipt) -> Presence:  # noqa: ARG002 # its id is enough
        """Ask for the status by its id: the server answers 200 to some posts that it has dropped."""
        there = await self._calls.is_there(f"/api/v1/statuses/{receipt.id}")
        return "confirmed" if there else "vanished"

    async def close(self) -> None:
        """Let go of connections; a call that hangs keeps its own until its time is up."""
        self._calls.close()

    async def _with_picture(self, payload: Payload) -> Payload:
        body = without_upload(payload.body)
        if not payload.media:
            return Payload(body)
        try:
            upload_id = await self._uploads.take(payload.media[0])
        except Rejected as refusal:
            log.warning("picture.refused", extra={"reason": refusal.message})
            return Payload(body)
        return Payload(with_upload(body, upload_id), payload.media)

    async def _replace_what_is_worn(self, payload: Payload, key: str) -> None:
        """Raise Rejected with the payload to send instead, where an answer has said that this one can get nowhere.

        Nothing is sent here: the core publishes again only what proved not to be out.
        """
        wear = self._worn.get(key)
        if wear is None:
            return
        if wear == "media":
            instead = await self._with_picture(payload)
            why = "The picture was used or dropped: it is uploaded again."
        else:
            instead, why = payload, f"{self._calls.server} takes the key of this post for used: it gets another one."
        del self._worn[key]
        raise Rejected(why, instead=instead)

    def _outcome(self, failure: Failure, payload: Payload, key: str) -> Outcome:
        outcome, wear = publishing_outcome(failure, self._context.now()), wear_of(failure)
        renewed, self._renewed = self._renewed, None
        if wear == "refusal" and renewed != payload.canonical():  # a key that is new cannot have an old answer
            self._renewed = payload.canonical()
            why = f"{failure.sentence.rstrip('.')} to an earlier request, and repeats it: the post gets another key."
            return Rejected(why, status=outcome.status, instead=payload)
        if wear in ("key", "media"):
            self._worn[key] = wear
        if isinstance(outcome, Rejected) and payload.media and outcome.status != HTTPStatus.NOT_FOUND:
            return Rejected(outcome.message, status=outcome.status, instead=Payload(without_upload(payload.body)))
        return outcome

    def _note_budget(self, wire: Wire) -> None:
        # Besides the post itself, it is read back once, and its picture is uploaded.
        budget = budget_of(wire.headers, self._context.now(), requests_per_post=3 if self.takes_picture else 2)
        if budget is not None:
            self._context.note_budget(budget)

    def _published(self, status: Status) -> Receipt:
        if status.application not in (None, self._application):
            self._application = None  # the server does not call ours by its name: it proves nothing
        self._renewed = None
        return self._receipt(status)

    def _receipt(self, status: Status) -> Receipt:
        return Receipt(id=status.id, url=status.url, at=status.at or self._context.now())
