"""Who may ask the fake Mastodon server for what, and how often."""

from collections.abc import Callable
from typing import Literal

from aiohttp import web

from adapters.sandbox.mastodon_form import Refusal
from adapters.sandbox.mastodon_json import Token
from adapters.sandbox.mastodon_limits import (
    DELETES,
    MEDIA,
    PAGING,
    PER_ACCOUNT,
    PER_ADDRESS,
    PER_TOKEN,
    STATUSES,
    Count,
    Tally,
)

TOO_MANY = "Too many requests"  # errors.429, config/locales/en.yml

Admission = Literal["anybody", "readers", "users"]
"""
anybody  no token is asked for, and a bad one does not matter
readers  without a token, what is public; a token that is given must be good (`authorize_if_got_token!`)
users    only with a good token (`doorkeeper_authorize!`)
"""


class Gate:
    """Counts and checks requests. With `paced` off it counts nothing and never says 429."""

    def __init__(self, now: Callable[[], float], *, paced: bool) -> None:
        self.paced = paced
        self.tokens: dict[str, Token] = {}
        self._tally = Tally(now)

    def token_of(self, request: web.Request) -> Token | None:
        """The token that a request carries, good or not, if this server ever gave it out."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return self.tokens.get(token) if scheme.lower() == "bearer" else None

    def count(self, request: web.Request, token: Token | None) -> dict[str, str]:
        """Count a request as config/initializers/rack_attack.rb does; the headers tell of the tightest limit.

        Rack::Attack asks its rules in order and stops at the first that is overdrawn.
        """
        if not self.paced:
            return {}
        who = token.account.id if token else str(request.remote)
        rules = [(PER_ACCOUNT, who), (PER_TOKEN, token.id)] if token else [(PER_ADDRESS, who)]
        if request.method == "POST" and request.path.endswith("/media"):
            rules.append((MEDIA, who))
        if any(request.query.get(name) for name in ("page", "min_id", "max_id", "since_id")):
            rules.append((PAGING, who))
        if request.method == "DELETE":
            rules.append((DELETES, who))
        counts: list[Count] = []
        for limit, name in rules:
            counts.append(self._tally.add(limit, name))
            if counts[-1].left < 0:
                raise Refusal(429, TOO_MANY, counts[-1].headers())
        return min(counts, key=lambda count: count.left).headers()

    def authorize(
        self, request: web.Request, token: Token | None, admission: Admission, scopes: tuple[str, ...]
    ) -> None:
        """Let a request pass or refuse it, in the words of Doorkeeper and of app/controllers/api/base_controller.rb."""
        if admission == "users" or (admission == "readers" and "Authorization" in request.headers):
            if token is None or token.revoked:
                problem = "The access token was revoked" if token else "The access token is invalid"
                realm = f'Bearer realm="Doorkeeper", error="invalid_token", error_description="{problem}"'
                raise Refusal(401, problem, {"WWW-Authenticate": realm})
            if scopes and not token.may(*scopes):
                raise Refusal(403, "This action is outside the authorized scopes")
        if token and not token.revoked and token.account.suspended:
            raise Refusal(403, "Your login is currently disabled")

    def spend_status(self, token: Token) -> None:
        """Count one new status (app/models/concerns/rate_limitable.rb): what is too much is taken back."""
        if self.paced and self._tally.add(STATUSES, token.account.id).left < 0:
            self._tally.add(STATUSES, token.account.id, -1)
            raise Refusal(429, TOO_MANY)

    def status_headers(self, token: Token, others: dict[str, str]) -> dict[str, str]:
        """`override_rate_limit_headers`: the limit on statuses is told of unless another is tighter."""
        if not self.paced:
            return {}
        own = self._tally.add(STATUSES, token.account.id, 0)
        return others if own.left > int(others["X-RateLimit-Remaining"]) else own.headers()
