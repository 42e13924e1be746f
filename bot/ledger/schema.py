"""The tables of the ledger. Every column says what it means; the migrations bring a database to this shape."""

from datetime import UTC, datetime

from sqlalchemy import (
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

from bot.ledger.texts import keepable


class Utc(TypeDecorator[datetime]):
    """An aware UTC time as fixed-width ISO text: order in SQL is order in time, and a person can read it.

    Bytes are compared, whatever the language of a server's database.
    """

    impl = String(27).with_variant(String(27, collation="C"), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002 # signature is SQLAlchemy's
        """To text; a naive time is a bug and raises ValueError."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone reached the ledger")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 # signature is SQLAlchemy's
        """From text."""
        return None if value is None else datetime.fromisoformat(value)


class Words(TypeDecorator[str]):
    """Text, whatever characters somebody has put into it: see `bot.ledger.texts`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 # signature is SQLAlchemy's
        """To what every engine keeps."""
        return None if value is None else keepable(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

sources = Table(
    "sources",
    metadata,
    Column("id", Integer, primary_key=True),
    Column(
        "identity", Words, nullable=False, unique=True, comment="the operator's name for it, else its address folded"
    ),
    Column("name", Words, nullable=False),
    Column("url", Words, nullable=False, comment="where it was polled last"),
    Column("title", Words, comment="as the source calls itself"),
    Column("newest_title", Words, comment="of its newest article at the last look"),
    Column("etag", Words, comment="validators: stored only with a committed parse"),
    Column("last_modified", Words),
    Column("memory", Words, comment="what its reader wants to remember, JSON"),
    Column("rhythm", Words, comment="how often it publishes, and how it asks to be looked at, JSON: bot.rhythm"),
    Column("moved_to", Words, comment="where permanent redirects lead from its address"),
    Column("moves", Integer, nullable=False, server_default="0", comment="how often in a row they did"),
    Column("first_look_at", Utc, comment="null until a fetch has parsed; before that nothing is posted"),
    Column("next_poll_at", Utc, nullable=False),
    Column("told_until_at", Utc, comment="the server told us not to come back before"),
    Column("polled_at", Utc, comment="last try"),
    Column("ok_at", Utc, comment="last success, 304 included"),
    Column("failures", Integer, nullable=False, server_default="0", comment="in a row"),
    Column("last_error", Words),
)

UNENRICHED = text("enrich_until IS NOT NULL")
"""Literal, as below."""

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("source_id", ForeignKey("sources.id"), primary_key=True),
    Column("hub", Words, nullable=False, comment="as the source names it"),
    Column("topic", Words, nullable=False, comment="under which the hub knows the source"),
    Column("callback", Words, unique=True, comment="fingerprint of the address that the hub was given; no secret"),
    Column("standing", Words, nullable=False, comment="see bot.websub"),
    Column("due_at", Utc, nullable=False, comment="when the hub is asked (again)"),
    Column("lease_until", Utc, comment="how long it pushes"),
    Column("pushed_at", Utc, comment="last push; null while they are not relied on"),
    Column("failures", Integer, nullable=False, server_default="0", comment="requests since it asked back"),
    Column("last_error", Words),
)
"""Where one is told of a source's changes (WebSub)."""

articles = Table(
    "articles",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Words, nullable=False, unique=True, comment="its first identity; what idempotency keys derive from"),
    Column("source_id", ForeignKey("sources.id"), nullable=False, comment="where it was found first"),
    Column("title", Words, nullable=False),
    Column("summary", Words, nullable=False),
    Column("link", Words, nullable=False, comment="what is posted"),
    Column("author", Words),
    Column("language", Words, comment="BCP 47, as stated; null when nobody stated one"),
    Column("picture_url", Words),
    Column("picture_alt", Words, comment="the author's own words"),
    Column("published_at", Utc, comment="as the source stated it"),
    Column("found_at", Utc, nullable=False, index=True),
    Column("changed_at", Utc, comment="last time that the source showed other texts"),
    Column("merged_into", Integer, index=True, comment="the article that it turned out to be"),
    Column("tags", Words, comment="as the source stated them, a JSON list"),
    Column("enrich_until", Utc, comment="its page is read until then, and nothing is sent; null: it was, or never is"),
    Index("ix_articles_source", "source_id", "id"),
    Index("ix_articles_enriching", "source_id", sqlite_where=UNENRICHED, postgresql_where=UNENRICHED),
)

pages = Table(
    "pages",
    metadata,
    Column("article_id", ForeignKey("articles.id"), primary_key=True),
    Column("read_at", Utc, nullable=False),
    Column("url", Words, nullable=False, comment="where it was read, after redirects"),
    Column("canonical", Words, comment="the address that it calls its own"),
    Column("title", Words, nullable=False),
    Column("description", Words, nullable=False),
    Column("picture_url", Words),
    Column("picture_alt", Words),
    Column("picture_focus", Words, comment="x,y from -1 to 1: what of it is to be seen"),
    Column("shown_url", Words, comment="the picture of the source, if the page says something of it"),
    Column("shown_alt", Words),
    Column("shown_focus", Words),
    Column("language", Words),
    Column("author", Words),
    Column("fediverse", Words, comment="the author's address there, @name@host"),
    Column("paywalled", Integer, nullable=False),
    Column("noindex", Integer, nullable=False),
    Column("published_at", Utc),
    Column("tags", Words, comment="a JSON list"),
)
"""What articles' own pages say of them; `bot.facts` tells what comes first."""

sames = Table(
    "sames",
    metadata,
    Column("article_id", ForeignKey("articles.id"), primary_key=True),
    Column("same_as", ForeignKey("articles.id"), primary_key=True),
    Column("noted_at", Utc, nullable=False),
)
"""Articles whose pages say that they are others."""

article_keys = Table(
    "article_keys",
    metadata,
    Column("key", Words, primary_key=True, comment="id:SOURCE:ID or link:CANONICAL"),
    Column("article_id", ForeignKey("articles.id"), nullable=False, index=True),
)

channels = Table(
    "channels",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("platform", Words, nullable=False),
    Column("name", Words, nullable=False, comment="a label: renaming it changes nothing"),
    Column("account_id", Words, comment="as the platform says; null until it has said so"),
    Column("place_id", Words),
    Column("who", Words, comment="for people"),
    Column("url", Words),
    Column("added_at", Utc, nullable=False, comment="articles found before are not replayed"),
    Column("verified_at", Utc),
    Column("paused_at", Utc, comment="null: not paused"),
    Column("paused_reason", Words),
    Column("probe_at", Utc, comment="when a paused channel is tried again"),
    Column("probes", Integer, nullable=False, server_default="0"),
    Column("removed_at", Utc, comment="not in the settings since"),
    Column("stopped_at", Utc, comment="paused by a person since; it does not resume by itself"),
    Column(
        "look_first", Integer, nullable=False, server_default="0", comment="1: the ledger may be older than its posts"
    ),
    UniqueConstraint("platform", "account_id", "place_id"),
)

UNREAD = text("confirm_at IS NOT NULL")
"""Literal as well, for the same reason."""
OPEN = text("state IN ('held', 'pending', 'sending', 'uncertain')")
"""Literal, so that a query that says the same can use the index on it: https://www.sqlite.org/partialindex.html"""

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True, comment="also the order within a lane"),
    Column("article_id", ForeignKey("articles.id"), nullable=False),
    Column("channel_id", ForeignKey("channels.id"), nullable=False),
    Column("action", Words, nullable=False, comment="publish, edit, retract"),
    Column("revision", Integer, nullable=False),
    Column("state", Words, nullable=False, comment="see bot.model.State"),
    Column("reason", Words, comment="one sentence: why it is in this state"),
    Column("due_at", Utc, comment="pending: when to send; uncertain: when to ask; null: a person decides"),
    Column("planned_at", Utc, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("failures", Integer, nullable=False, server_default="0", comment="what the backoff grows from"),
    Column("payload_number", Integer, nullable=False, server_default="1"),
    Column("key", Words, comment="idempotency key of the frozen payload"),
    Column("body", Words, comment="the frozen payload, canonical JSON"),
    Column("marker", Words, comment="the adapter's state for asking, JSON"),
    Column("attempt_started_at", Utc, comment="of the running or last attempt"),
    Column("first_attempt_at", Utc),
    Column("settled_at", Utc, comment="when it came to its present state"),
    Column("receipt_id", Words, comment="the platform's own id of the post"),
    Column("url", Words, comment="where a person can see the post"),
    Column("sent_at", Utc, comment="the platform's time of the post"),
    Column("wanted_at", Utc, comment="when it was to be out; null: planned by the first release"),
    Column("expires_at", Utc, comment="pending: not sent later than this"),
    Column("look_first", Integer, nullable=False, server_default="0", comment="1: it may be out already"),
    Column("confirm_at", Utc, comment="sent: when it is read back from outside; null: it was, or never is"),
    Column("presence", Words, comment="what the audit found: confirmed, accepted, vanished"),
    Column("presence_at", Utc),
    UniqueConstraint("article_id", "channel_id", "action", "revision"),
    Index("ix_deliveries_open", "channel_id", "id", sqlite_where=OPEN, postgresql_where=OPEN),
    Index("ix_deliveries_channel_sent", "channel_id", "sent_at"),
    Index("ix_deliveries_confirm", "channel_id", "confirm_at", sqlite_where=UNREAD, postgresql_where=UNREAD),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("delivery_id", ForeignKey("deliveries.id"), nullable=False),
    Column("number", Integer, nullable=False, comment="within the delivery, from 1"),
    Column("step", Words, nullable=False, comment="stage, publish or find"),
    Column("channel_id", ForeignKey("channels.id"), nullable=False),
    Column("account", Words, nullable=False, comment="platform:account id; what pacing counts by"),
    Column("started_at", Utc, nullable=False),
    Column("ended_at", Utc, comment="null while it runs, and for ever where a crash ended it"),
    Column("outcome", Words, comment="see bot.model.Event"),
    Column("status", Integer, comment="HTTP status, where one was seen"),
    Column("message", Words),
    Index("ix_attempts_delivery", "delivery_id", "number"),
    Index("ix_attempts_channel", "channel_id", "step", "started_at"),
    Index("ix_attempts_account", "account", "step", "started_at"),
)

media = Table(
    "media",
    metadata,
    Column("delivery_id", ForeignKey("deliveries.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("mime", Words, nullable=False),
    Column("alt", Words, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("focus", Words, comment="x,y from -1 to 1: what must stay visible; null: nobody has said"),
    Column("data", LargeBinary, nullable=False, comment="kept until the delivery is final, to be uploaded again"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("account", Words, primary_key=True),
    Column("sealed", Words, nullable=False, comment="readable only with the account's own password"),
    Column("saved_at", Utc, nullable=False),
)

budgets = Table(
    "budgets",
    metadata,
    Column("account", Words, primary_key=True, comment="platform:account id"),
    Column("per_for", Float, primary_key=True, comment="how long its windows are, seconds"),
    Column("allowed", Integer, nullable=False, comment="visible calls in a window, as the platform said"),
    Column("remaining", Integer, nullable=False, comment="of the window that ends at resets_at, when it was noted"),
    Column("resets_at", Utc, nullable=False),
    Column("noted_at", Utc, nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("id", Words, primary_key=True),
    Column("session", Integer, nullable=False, comment="the server process of its ledger session"),
    Column("session_began", Words, nullable=False, comment="tells it from a later one of the same number"),
    Column("pid", Integer, nullable=False),
    Column("host", Words, nullable=False),
    Column("command", Words, nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("beat_at", Float, nullable=False, comment="UNIX seconds on the database's clock"),
)

switches = Table(
    "switches",
    metadata,
    Column("name", Words, primary_key=True, comment="see bot.ledger.switches"),
    Column("set_at", Utc, nullable=False),
    Column("note", Words, nullable=False),
)

_UNCLEARED = text("cleared_at IS NULL")

alerts = Table(
    "alerts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("cause", Words, nullable=False, comment="one open alert per cause"),
    Column("message", Words, nullable=False, comment="one sentence and the mend"),
    Column("needs_person", Integer, nullable=False, comment="1: it will not mend by itself"),
    Column("raised_at", Utc, nullable=False),
    Column("told_at", Utc, comment="when the operator's chat had it"),
    Column("cleared_at", Utc),
    Index("uq_alerts_open", "cause", unique=True, sqlite_where=_UNCLEARED, postgresql_where=_UNCLEARED),
)
