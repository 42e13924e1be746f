"""Focal points of pictures, in pages and staged. Only adds: workers of the release before go on."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns that may be empty."""
    op.add_column("media", sa.Column("focus", sa.Text(), nullable=True))
    op.add_column("pages", sa.Column("picture_focus", sa.Text(), nullable=True))
    op.add_column("pages", sa.Column("shown_focus", sa.Text(), nullable=True))
