"""The tool calls of a turn."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("turns", sa.Column("tool_calls", sa.JSON(), nullable=False, server_default="[]"))
