"""In what servers differ that speak Mastodon's API: versions of Mastodon itself, and other programs."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal

Idempotency = Literal["locked", "unlocked", "replay-500", "ignored", "burnt", "cached", "patient"]
"""
locked      a replay waits for the first request (503 when that takes long), and is answered with the first's status
unlocked    the same, but a replay while the first request still runs makes a second status
replay-500  a replay makes no second status, and is answered 500 (mastodon/mastodon#40399)
ignored     the header means nothing
burnt       a key is used up before the request is looked at: every repeat is 400, also where the first one failed
cached      a repeat is given the first answer, whichever it was, for six hours; none while the first still runs
patient     a repeat waits a second for the first, then 408; a first one that crashed is waited for in vain for a day
"""
Named = Literal["own", "web", "never"]
"""What an author is told of the application of a post: its name, the same for all of them, or nothing."""


@dataclass(slots=True)
class Traits:
    """How this server behaves. May be changed while it runs."""

    version: str = "4.6.7"
    idempotency: Idempotency = "locked"
    lock_for: float = 10.0
    """Seconds that a replay waits for its turn (app/lib/redis_lock.rb)."""
    max_characters: int = 500
    application: Named = "own"
    needs_media: bool = False
    """Whether a post without a picture is refused."""
    warns: Literal["always", "of sensitive"] = "always"
    """Of which posts a content warning is kept."""

    def become(self, name: str) -> None:
        """Be like the server of this name in TRAITS."""
        for each in fields(self):
            setattr(self, each.name, getattr(TRAITS[name], each.name))


TRAITS: Mapping[str, Traits] = {
    "4.5": Traits(version="4.5.4", idempotency="unlocked"),
    "4.6.3": Traits(version="4.6.3", idempotency="replay-500"),
    "4.7": Traits(version="4.7.0"),
    # internal/api/client/statuses/statuscreate.go: the header is let through by CORS, and never read
    "gotosocial": Traits(version="0.20.0+git-abcdef0", idempotency="ignored", max_characters=5000),
    # app/Http/Controllers/Api/ApiV1Controller.php (statusCreate), app/Transformer/Api/StatusTransformer.php
    "pixelfed": Traits(
        version="3.5.3 (compatible; Pixelfed 0.12.5)",
        idempotency="burnt",
        application="web",
        needs_media=True,
        warns="of sensitive",
    ),
    # lib/pleroma/web/plugs/idempotency_plug.ex
    "pleroma": Traits(version="2.7.2 (compatible; Pleroma 2.9.1)", idempotency="cached", max_characters=5000),
    # Iceshrimp.Backend/Controllers/Mastodon/StatusController.cs
    "iceshrimp": Traits(version="4.2.1 (compatible; Iceshrimp.NET/2025.1)", idempotency="patient", application="never"),
}
