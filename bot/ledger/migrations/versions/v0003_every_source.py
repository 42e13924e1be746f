"""Every kind of source. Only adds: workers of the release before go on."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns that may be empty."""
    op.add_column("sources", sa.Column("memory", sa.Text(), nullable=True))
