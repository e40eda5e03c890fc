"""The tables after the newest migration. A test compares both.

Times are UTC in ISO 8601 with a fixed length, so that they sort as text.
"""

from sqlalchemy import JSON, Column, Dialect, ForeignKey, Index, Integer, MetaData, String, Table, UniqueConstraint
from sqlalchemy.types import TypeDecorator

METADATA = MetaData()


class StorableText(TypeDecorator[str]):
    """Text from clients. Characters that not every database can store become U+FFFD (NUL) or `?` (lone surrogates)."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


WATCHLIST = Table(
    "watchlist",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("user_id", StorableText, nullable=False),
    Column("ticker", StorableText, nullable=False),
    Column("added_at", String, nullable=False),
    UniqueConstraint("user_id", "ticker"),
)
"""The users' watchlists. Ordering by `id` gives the order in which entries were added."""

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("id", String, primary_key=True),
    Column("user_id", StorableText, nullable=False),
    Column("created_at", String, nullable=False),
    Column("updated_at", String, nullable=False),
    Column("ended_at", String),
    Index("ix_sessions_user_id_created_at", "user_id", "created_at"),
    Index("ix_sessions_created_at", "created_at"),
    Index("ix_sessions_updated_at", "updated_at"),
)
"""The users' conversations. ended_at: when the last connection closed; NULL while one is open, or if the server was
killed."""

SIGN_INS = Table(
    "sign_ins",
    METADATA,
    Column("id", String, primary_key=True),
    Column("user_id", StorableText, nullable=False),
    Column("mark", String, nullable=False),
    Column("created_at", String, nullable=False),
    Column("ends_at", String, nullable=False),
    Index("ix_sign_ins_user_id", "user_id"),
)
"""Sign-ins on the web page. id: hash of the cookie's value. mark: hash of the token, keyed with that value."""

TURNS = Table(
    "turns",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("session_id", String, ForeignKey("sessions.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("created_at", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("transcription", StorableText),
    Column("agent_response", StorableText),
    Column("intent", StorableText),
    Column("entities", JSON, nullable=False),
    Column("stage_times", JSON, nullable=False),
    Column("audio_bytes_in", Integer, nullable=False),
    Column("audio_bytes_out", Integer, nullable=False),
    Column("error", String),
    Column("tool_calls", JSON, nullable=False, server_default="[]"),
    UniqueConstraint("session_id", "number"),
)
"""The turns of the sessions. error: the code of a failed turn; NULL if it was answered."""
