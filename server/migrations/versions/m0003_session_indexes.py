"""Add indexes for a user's sessions in order of time, and for old sessions."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index("ix_sessions_user_id_created_at", "sessions", ["user_id", "created_at"], if_not_exists=True)
    op.create_index("ix_sessions_updated_at", "sessions", ["updated_at"], if_not_exists=True)
    op.drop_index("ix_sessions_user_id", "sessions", if_exists=True)
