"""Several workers, budgets, the audit, time limits, switches. Only adds: workers of the release before go on."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.String(27).with_variant(sa.String(27, collation="C"), "postgresql")


def upgrade() -> None:
    """Add columns that may be empty or have a default, and tables that the release before knows nothing of."""
    for name in ("wanted_at", "expires_at", "confirm_at", "presence_at"):
        op.add_column("deliveries", sa.Column(name, TIME, nullable=True))
    op.add_column("deliveries", sa.Column("presence", sa.Text(), nullable=True))
    op.create_index(op.f("ix_articles_found_at"), "articles", ["found_at"], unique=False)
    op.create_index(
        "ix_deliveries_confirm",
        "deliveries",
        ["channel_id", "confirm_at"],
        sqlite_where=sa.text("confirm_at IS NOT NULL"),
        postgresql_where=sa.text("confirm_at IS NOT NULL"),
    )
    op.add_column("channels", sa.Column("stopped_at", TIME, nullable=True))
    for table in ("channels", "deliveries"):
        op.add_column(table, sa.Column("look_first", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "budgets",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("per_for", sa.Float(), nullable=False),
        sa.Column("allowed", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("resets_at", TIME, nullable=False),
        sa.Column("noted_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("account", "per_for", name=op.f("pk_budgets")),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("session", sa.Integer(), nullable=False),
        sa.Column("session_began", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("beat_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_table(
        "switches",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("set_at", TIME, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_switches")),
    )
