"""What the fake Mastodon server keeps, and how it says it: the JSON of app/serializers/rest/*.rb.

The entities are described at https://docs.joinmastodon.org/entities/.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from adapters.sandbox.mastodon_text import CHARACTERS_PER_URL, find_entities, html
from adapters.sandbox.mastodon_traits import Named

IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/heic", "image/heif", "image/webp", "image/avif")
IMAGE_BYTES = 16 * 2**20  # IMAGE_LIMIT, app/models/media_attachment.rb
IMAGE_MATRIX = 33_177_600  # MAX_MATRIX_LIMIT, app/models/concerns/attachmentable.rb
MEDIA_PER_STATUS = 4  # MEDIA_ATTACHMENTS_LIMIT, app/models/status.rb


@dataclass(slots=True)
class Account:
    """A person or bot on this server."""

    id: str
    username: str
    created_at: float
    suspended: bool = False
    privacy: str = "public"
    language: str = "en"
    """What a post has whose own language is missing or unknown (app/helpers/languages_helper.rb)."""
    statuses: "dict[str, Status]" = field(default_factory=dict, repr=False)
    """By id, oldest first."""


@dataclass(slots=True)
class Token:
    """An access token: who it speaks for, what it may do, and through which application."""

    id: str
    account: Account
    scopes: tuple[str, ...]
    application: str
    website: str | None = None
    revoked: bool = False

    def may(self, *scopes: str) -> bool:
        """Whether it has one of `scopes`; "write" holds "write:statuses" too."""
        return any(scope in self.scopes or scope.partition(":")[0] in self.scopes for scope in scopes)


@dataclass(slots=True)
class Attachment:
    """An uploaded picture. Until a status takes it, it is kept for a day."""

    id: str
    account: Account
    mime: str
    width: int
    height: int
    description: str | None
    uploaded_at: float
    data: bytes = field(repr=False, default=b"")
    focus: tuple[float, float] = (0.0, 0.0)
    status_id: str | None = None
    ready_at: float = 0.0
    """When its processing is over."""


@dataclass(slots=True)
class Status:
    """A post."""

    id: str
    token: Token
    text: str
    spoiler_text: str
    visibility: str
    language: str
    sensitive: bool
    created_at: float
    media: tuple[Attachment, ...] = ()
    in_reply_to: "Status | None" = None

    @property
    def account(self) -> Account:
        """Whose post it is."""
        return self.token.account

    @property
    def has_readers(self) -> bool:
        """Whether followers see it at all."""
        return self.visibility != "direct" and not self.account.suspended

    @property
    def is_public(self) -> bool:
        """Whether it can be read without an account (`distributable` in app/models/concerns/status/visibility.rb)."""
        return self.visibility in ("public", "unlisted") and not self.account.suspended


def iso(at: float) -> str:
    """A time as Rails writes it into JSON: UTC with milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def account_json(account: Account, site: str) -> dict[str, Any]:
    """An Account."""
    latest = next(reversed(account.statuses.values()), None)
    avatar, header = f"{site}/avatars/original/missing.png", f"{site}/headers/original/missing.png"
    return {
        "id": account.id,
        "username": account.username,
        "acct": account.username,
        "display_name": "" if account.suspended else account.username,
        "locked": False,
        "bot": False,
        "discoverable": None,
        "indexable": False,
        "group": False,
        "created_at": iso(account.created_at - account.created_at % 86400),
        "note": "",
        "url": f"{site}/@{account.username}",
        "uri": f"{site}/users/{account.username}",
        "avatar": avatar,
        "avatar_static": avatar,
        "header": header,
        "header_static": header,
        "followers_count": 0,
        "following_count": 0,
        "statuses_count": len(account.statuses),
        "last_status_at": iso(latest.created_at)[:10] if latest else None,
        "hide_collections": None,
        "noindex": False,
        "emojis": [],
        "roles": [],
        "fields": [],
        **({"suspended": True} if account.suspended else {}),
    }


def credentials_json(token: Token, site: str) -> dict[str, Any]:
    """A CredentialAccount: an Account with what only its owner may know."""
    account = token.account
    source = {
        "privacy": account.privacy,
        "sensitive": False,
        "language": account.language,
        "note": "",
        "fields": [],
        "follow_requests_count": 0,
        "hide_collections": None,
        "discoverable": None,
        "indexable": False,
    }
    role = {"id": "-99", "name": "", "permissions": "65536", "color": "", "highlighted": False}
    return {**account_json(account, site), "source": source, "role": role}


def attachment_json(media: Attachment, site: str, *, ready: bool = True) -> dict[str, Any]:
    """A MediaAttachment. It has no address before its processing is over."""
    url = f"{site}/system/media_attachments/files/{media.id}"
    size = {
        "width": media.width,
        "height": media.height,
        "size": f"{media.width}x{media.height}",
        "aspect": media.width / media.height,
    }
    return {
        "id": media.id,
        "type": "image",
        "url": f"{url}/original" if ready else None,
        "preview_url": f"{url}/small" if ready else None,
        "remote_url": None,
        "preview_remote_url": None,
        "text_url": None,
        "meta": {"original": size, "small": size, "focus": {"x": media.focus[0], "y": media.focus[1]}},
        "description": media.description,
        "blurhash": None,
    }


def application_json(token: Token) -> dict[str, Any]:
    """A CredentialApplication (/api/v1/apps/verify_credentials), as from 4.3 on."""
    return {
        "id": token.id,
        "name": token.application,
        "website": token.website,
        "scopes": list(token.scopes),
        "redirect_uris": ["urn:ietf:wg:oauth:2.0:oob"],
        "redirect_uri": "urn:ietf:wg:oauth:2.0:oob",
        "vapid_key": "",
    }


def status_json(status: Status, site: str, usernames: frozenset[str], told: Named = "own") -> dict[str, Any]:
    """A Status as its author is given it. The card is null: the server crawls the link later, this one never."""
    applications: dict[Named, dict[str, Any] | None] = {
        "own": {"name": status.token.application, "website": status.token.website},
        "web": {"name": "web", "website": None},
        "never": None,
    }
    account, parent = status.account, status.in_reply_to
    tags = {entity.value.lower() for entity in find_entities(status.text) if entity.kind == "hashtag"}
    return {
        "id": status.id,
        "created_at": iso(status.created_at),
        "in_reply_to_id": parent.id if parent else None,
        "in_reply_to_account_id": parent.account.id if parent else None,
        "sensitive": status.sensitive,
        "spoiler_text": status.spoiler_text,
        "visibility": status.visibility,
        "language": status.language,
        "uri": f"{site}/users/{account.username}/statuses/{status.id}",
        "url": f"{site}/@{account.username}/{status.id}",
        "replies_count": 0,
        "reblogs_count": 0,
        "favourites_count": 0,
        "quotes_count": 0,
        "edited_at": None,
        "favourited": False,
        "reblogged": False,
        "muted": False,
        "bookmarked": False,
        "pinned": False,
        "filtered": [],
        "content": html(status.text, site, usernames),
        "reblog": None,
        "application": applications[told],
        "account": account_json(account, site),
        "media_attachments": [attachment_json(media, site) for media in status.media],
        "mentions": [],
        "tags": [{"name": tag, "url": f"{site}/tags/{tag}"} for tag in sorted(tags)],
        "emojis": [],
        "card": None,
        "poll": None,
        "quote": None,
    }


def instance_json(site: str, version: str, max_characters: int, description_limit: int) -> dict[str, Any]:
    """An Instance (/api/v2/instance)."""
    return {
        "domain": site.partition("://")[2],
        "title": "Sandbox",
        "version": version,
        "source_url": "https://github.com/mastodon/mastodon",
        "description": "A stage for posts.",
        "usage": {"users": {"active_month": 1}},
        "thumbnail": {"url": f"{site}/thumbnail.png"},
        "icon": [],
        "languages": ["en"],
        "configuration": {
            "urls": {"streaming": site.replace("http", "ws", 1), "status": None, "about": f"{site}/about"},
            "vapid": {"public_key": ""},
            "accounts": {"max_note_length": 500, "max_featured_tags": 10, "max_pinned_statuses": 5},
            "statuses": {
                "max_characters": max_characters,
                "max_media_attachments": MEDIA_PER_STATUS,
                "characters_reserved_per_url": CHARACTERS_PER_URL,
            },
            "media_attachments": {
                "description_limit": description_limit,
                "image_matrix_limit": IMAGE_MATRIX,
                "image_size_limit": IMAGE_BYTES,
                "supported_mime_types": list(IMAGE_TYPES),
                "video_frame_rate_limit": 120,
                "video_matrix_limit": 8_294_400,
                "video_size_limit": 99 * 2**20,
            },
            "polls": {
                "max_options": 4,
                "max_characters_per_option": 50,
                "min_expiration": 300,
                "max_expiration": 2_629_746,
            },
            "translation": {"enabled": False},
            "limited_federation": False,
        },
        "registrations": {"enabled": False, "approval_required": False, "message": None, "url": None},
        "api_versions": {"mastodon": 10},
        "contact": {"email": "", "account": None},
        "rules": [],
    }


def old_instance_json(new: dict[str, Any], site: str, status_count: int, user_count: int) -> dict[str, Any]:
    """A V1::Instance (/api/v1/instance), from the newer form."""
    parts = ("accounts", "statuses", "media_attachments", "polls")
    return {
        "uri": new["domain"],
        "title": new["title"],
        "short_description": new["description"],
        "description": new["description"],
        "email": "",
        "version": new["version"],
        "urls": {"streaming_api": new["configuration"]["urls"]["streaming"]},
        "stats": {"user_count": user_count, "status_count": status_count, "domain_count": 0},
        "thumbnail": f"{site}/thumbnail.png",
        "languages": new["languages"],
        "registrations": False,
        "approval_required": False,
        "invites_enabled": False,
        "configuration": {part: new["configuration"][part] for part in parts},
        "contact_account": None,
        "rules": [],
    }
