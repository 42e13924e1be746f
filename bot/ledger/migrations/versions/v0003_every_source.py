"""Every kind of source. Only adds: workers of the release before go on."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.String(27).with_variant(sa.String(27, collation="C"), "postgresql")


def upgrade() -> None:
    """Add columns that may be empty or have a default, and tables that the release before knows nothing of."""
    for name in ("memory", "rhythm", "moved_to"):
        op.add_column("sources", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("sources", sa.Column("moves", sa.Integer(), nullable=False, server_default="0"))
    # Without a foreign key: SQLite cannot add one to a table that exists, and an article is never deleted.
    op.add_column("articles", sa.Column("merged_into", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_articles_merged_into"), "articles", ["merged_into"], unique=False)
    op.create_index("ix_articles_source", "articles", ["source_id", "id"], unique=False)
    _pages()
    _pushes()


def _pushes() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("callback", sa.Text(), nullable=True),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("lease_until", TIME, nullable=True),
        sa.Column("pushed_at", TIME, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_subscriptions_source_id_sources")),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("callback", name=op.f("uq_subscriptions_callback")),
    )


def _pages() -> None:
    op.add_column("articles", sa.Column("tags", sa.Text(), nullable=True))
    op.add_column("articles", sa.Column("enrich_until", TIME, nullable=True))
    waiting = sa.text("enrich_until IS NOT NULL")
    op.create_index("ix_articles_enriching", "articles", ["source_id"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_table(
        "pages",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("read_at", TIME, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("canonical", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("picture_url", sa.Text(), nullable=True),
        sa.Column("picture_alt", sa.Text(), nullable=True),
        sa.Column("shown_url", sa.Text(), nullable=True),
        sa.Column("shown_alt", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("fediverse", sa.Text(), nullable=True),
        sa.Column("paywalled", sa.Integer(), nullable=False),
        sa.Column("noindex", sa.Integer(), nullable=False),
        sa.Column("published_at", TIME, nullable=True),
        sa.Column("tags", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_pages_article_id_articles")),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_pages")),
    )
    op.create_table(
        "sames",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("same_as", sa.Integer(), nullable=False),
        sa.Column("noted_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_sames_article_id_articles")),
        sa.ForeignKeyConstraint(["same_as"], ["articles.id"], name=op.f("fk_sames_same_as_articles")),
        sa.PrimaryKeyConstraint("article_id", "same_as", name=op.f("pk_sames")),
    )
