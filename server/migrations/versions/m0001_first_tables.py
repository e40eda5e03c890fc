"""Create sessions, turns and watchlist. Keeps tables that were created before migrations existed."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("updated_at", sa.String(), nullable=False),
        if_not_exists=True,
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"], if_not_exists=True)
    op.create_index("ix_sessions_created_at", "sessions", ["created_at"], if_not_exists=True)
    op.create_table(
        "turns",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("session_id", sa.String(), sa.ForeignKey("sessions.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("transcription", sa.String()),
        sa.Column("agent_response", sa.String()),
        sa.Column("intent", sa.String()),
        sa.Column("entities", sa.JSON(), nullable=False),
        sa.Column("stage_times", sa.JSON(), nullable=False),
        sa.Column("audio_bytes_in", sa.Integer(), nullable=False),
        sa.Column("audio_bytes_out", sa.Integer(), nullable=False),
        sa.Column("error", sa.String()),
        sa.UniqueConstraint("session_id", "number"),
        if_not_exists=True,
    )
    op.create_table(
        "watchlist",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("ticker", sa.String(), nullable=False),
        sa.Column("added_at", sa.String(), nullable=False),
        sa.UniqueConstraint("user_id", "ticker"),
        if_not_exists=True,
    )
