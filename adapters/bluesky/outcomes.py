"""What a PDS's refusals mean, as tables: each XRPC error name once, and what a caller does next. Pure.

An XRPC error is a status with a JSON body {"error", "message"}: https://atproto.com/specs/xrpc#error-responses.
A status without such a body comes from something in between (a proxy, a load balancer) and proves nothing of the PDS.
"""

from collections.abc import Mapping

from adapters.outcomes import ChannelDown, Outcome, RateLimited, Rejected, Unavailable, Uncertain
from adapters.wire import Phase

RENEWABLE = frozenset({"ExpiredToken", "InvalidToken"})
"""The access token is no longer taken; with status 400, not 401. The call was not executed."""

THUMB_REFUSED = frozenset({"InvalidMimeType", "InvalidSize", "BlobTooLarge", "PayloadTooLarge", "InvalidRequest"})
"""What uploadBlob says of bytes that it will never take."""

_MAKE_ANOTHER = (
    "Make a new app password under Settings, Privacy and security, App passwords, and put it into the settings."
)
_SIGN_IN_ON_THE_WEB = "Sign in to the account on bsky.app (or your PDS) to see why and to appeal or reactivate it."

SESSION_ENDED = "SessionEnded"
ANOTHER_ACCOUNT = "AnotherAccount"
"""What we call, among the names that a server gives, what it does without a word."""

_DOWN: Mapping[str, tuple[str, str]] = {
    "AuthenticationRequired": ("does not take this handle with this app password", _MAKE_ANOTHER),
    "AuthMissing": ("does not take this app password", _MAKE_ANOTHER),
    "AuthFactorTokenRequired": (
        "asks for a code by e-mail, which it does for the account's main password",
        "Use an app password instead of the main password.",
    ),
    "AccountTakedown": ("has taken the account down", _SIGN_IN_ON_THE_WEB),
    "AccountSuspended": ("has suspended the account", _SIGN_IN_ON_THE_WEB),
    "AccountDeactivated": ("says that the account is deactivated", _SIGN_IN_ON_THE_WEB),
    "AccountNotFound": ("does not know the account", "Check the handle and the server."),
    "RepoNotFound": ("does not know the account", "Check the handle and the server."),
    "RepoTakendown": ("has taken the account down", _SIGN_IN_ON_THE_WEB),
    "RepoSuspended": ("has suspended the account", _SIGN_IN_ON_THE_WEB),
    "RepoDeactivated": ("says that the account is deactivated", _SIGN_IN_ON_THE_WEB),
    SESSION_ENDED: (
        "ends the account's sessions right after they were opened",
        "See whether somebody signs the account out of everything, or ask whoever runs the server.",
    ),
    ANOTHER_ACCOUNT: (
        "says that the handle is another account's now",
        "Check the handle, and give this account a channel of its own.",
    ),
    "MethodNotImplemented": ("does not offer this call", "Check the server: it must be a Bluesky PDS."),
    "XRPCNotSupported": ("does not speak the AT Protocol", "Check the server: it must be a Bluesky PDS."),
}
_NO_REPO = ("Could not find repo", "Could not find user")
"""InvalidRequest is said of content and, with these words, of an account that is gone."""

_INACTIVE: Mapping[str, str] = {
    "takendown": "The account has been taken down.",
    "suspended": "The account is suspended.",
    "deactivated": "The account is deactivated.",
}
_NO_RECORD = "Could not locate record"
"""What PDSs say, of old without the name RecordNotFound."""

_UNAUTHORISED = (401, 403)
_CONFLICT = 409
_BROKEN = 500
_UPSTREAM = 502
_BAD_REQUEST = 400
_TOO_LARGE = 413
_TOO_MANY = 429
_NOT_IMPLEMENTED = 501
_LONGEST_MESSAGE = 200


class Failure(Exception):
    """A call that brought no usable answer: how far it got, and what the server said, if it said anything."""

    def __init__(
        self,
        server: str,
        *,
        phase: Phase,
        status: int | None = None,
        name: str = "",
        detail: str = "",
        retry_after: float | None = None,
        reason: str = "",
    ) -> None:
        super().__init__(server, phase, status, name)
        self.server = server
        self.phase = phase
        self.status = status
        self.name = name
        """The XRPC error name; empty when there was none."""
        self.detail = " ".join(detail.split())[:_LONGEST_MESSAGE]
        self.retry_after = retry_after
        self.reason = reason
        """Why the server could not be reached, where that is known."""

    @property
    def refused(self) -> bool:
        """The PDS itself declined the call, which it does before it changes anything."""
        return self.phase == "answered" and bool(self.name) and self.status is not None and 400 <= self.status < 500  # noqa: PLR2004

    @property
    def key_may_be_taken(self) -> bool:
        """The PDS may say this of a put because something stands at the key: with InvalidSwap the reference server, and
        others as they refuse a create there, which is 409 or, on the reference server, 500
        (https://github.com/bluesky-social/atproto/issues/3718)."""
        own = self.phase == "answered" and bool(self.name)
        return own and (self.name == "InvalidSwap" or self.status in (_CONFLICT, _BROKEN))

    @property
    def no_record(self) -> bool:
        """Nothing stands at the key, if whoever said so has the account's records (see `by_another`)."""
        return self.refused and (self.name == "RecordNotFound" or self.detail.startswith(_NO_RECORD))

    @property
    def by_another(self) -> bool:
        """Maybe not the PDS has said this: it passes a question about an account that is not active on to an AppView,
        which may never have seen the record, or is not there.
        https://github.com/bluesky-social/atproto/blob/main/packages/pds/src/api/com/atproto/repo/getRecord.ts"""
        if self.phase != "answered" or self.status == _TOO_MANY or self.name in RENEWABLE:
            return False
        return self.refused or self.status == _UPSTREAM

    @property
    def too_large(self) -> bool:
        """The PDS, or a proxy before it, does not let that much through."""
        return self.phase == "answered" and self.status == _TOO_LARGE

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        if self.phase == "not_sent":
            return f"{self.server} could not be reached{f': {self.reason}' if self.reason else ''}."
        if self.status is None:
            return f"{self.server} did not answer."
        if 200 <= self.status < 300:  # noqa: PLR2004
            return f"{self.server} gave an answer that is not a PDS's."
        said = ": ".join(filter(None, (self.name, self.detail)))
        return f"{self.server} answered {self.status}{f' ({said})' if said else ''}."


def reading_outcome(failure: Failure) -> RateLimited | Unavailable | ChannelDown:
    """What a failed call means that followers do not see: signing in, looking, uploading."""
    waiting = _waiting_or_down(failure)
    return waiting or Unavailable(failure.sentence, status=failure.status)


def publishing_outcome(failure: Failure) -> Outcome:
    """What a failed putRecord means: whatever does not prove that nothing was executed is Uncertain."""
    if failure.phase == "not_sent":
        return Unavailable(failure.sentence)
    waiting = _waiting_or_down(failure)
    if waiting is not None:
        return waiting
    if failure.refused and failure.name in RENEWABLE:
        return Unavailable(f"{failure.server} does not take the session that it gave.", status=failure.status)
    if failure.too_large or (failure.refused and failure.status == _BAD_REQUEST):
        said = ": ".join(filter(None, (failure.name, failure.detail))) or "too large"
        return Rejected(f"{failure.server} refuses this post ({said}).", status=failure.status)
    return Uncertain(failure.sentence, status=failure.status)


def inactive(status: str) -> ChannelDown:
    """What an account in this state, as getSession tells it, means."""
    return ChannelDown(_INACTIVE.get(status, f"The account is not active ({status})."), mend=_SIGN_IN_ON_THE_WEB)


def key_is_free(refusal: Failure) -> Unavailable | Uncertain:
    """What a put refused as if its key were taken means where nothing stands there: what the PDS itself declined was
    not executed, and the next put may fare better; anything else may come still."""
    kind = Unavailable if refusal.refused else Uncertain
    return kind(refusal.sentence, status=refusal.status)


def down(server: str, name: str, *, status: int | None = None, detail: str = "") -> ChannelDown:
    """The sentence and the mend for an error that stops the whole channel."""
    said, mend = _DOWN.get(name, (f"refuses the account ({': '.join(filter(None, (name, detail)))})", _MAKE_ANOTHER))
    return ChannelDown(f"{server} {said}.", mend=mend, status=status)


def _waiting_or_down(failure: Failure) -> RateLimited | ChannelDown | None:
    if failure.status == _TOO_MANY:
        return RateLimited(f"{failure.server} asks to wait.", retry_after=failure.retry_after, status=_TOO_MANY)
    if not failure.refused and failure.status != _NOT_IMPLEMENTED:
        return None
    name = "RepoNotFound" if failure.detail.startswith(_NO_REPO) else failure.name
    if name in _DOWN or (failure.status in _UNAUTHORISED and name not in RENEWABLE):
        return down(failure.server, name, status=failure.status, detail=failure.detail)
    return None
