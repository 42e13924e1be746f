"""Every kind of source. Only adds: workers of the release before go on."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns that may be empty."""
    for name in ("memory", "rhythm", "moved_to"):
        op.add_column("sources", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("sources", sa.Column("moves", sa.Integer(), nullable=False, server_default="0"))
    # Without a foreign key: SQLite cannot add one to a table that exists, and an article is never deleted.
    op.add_column("articles", sa.Column("merged_into", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_articles_merged_into"), "articles", ["merged_into"], unique=False)
