"""Alembic's entry: runs the migrations on the connection that `bot.ledger.migrate` hands over, all or nothing."""

from alembic import context

from bot.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most of a table in place
    transaction_per_migration=False,
)
context.run_migrations()
