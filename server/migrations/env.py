"""Alembic runs the migrations from here, on the connection that it was given."""

from alembic import context

from server.history.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
)
context.run_migrations()
