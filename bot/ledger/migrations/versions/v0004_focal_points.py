"""Focal points of staged pictures. Only adds: workers of the release before go on."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column that may be empty."""
    op.add_column("media", sa.Column("focus", sa.Text(), nullable=True))
