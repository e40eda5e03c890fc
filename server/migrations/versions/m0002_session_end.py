"""Add sessions.ended_at, the time at which a session's last connection closed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("ended_at", sa.String()))
