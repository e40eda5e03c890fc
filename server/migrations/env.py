"""Alembic environment: run the migrations on the given connection."""

from alembic import context

from server.history.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
)
context.run_migrations()
