"""The tables after the newest migration. A test compares both."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Dialect, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class StorableText(TypeDecorator[str]):
    """Text from clients. Characters that not every database can store become U+FFFD (NUL) or `?` (lone surrogates)."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


class Base(DeclarativeBase):
    """Declarative base, with the metadata that Alembic uses."""


class WatchedTicker(Base):
    """An entry of a user's watchlist. Ordering by `id` gives the order in which entries were added."""

    __tablename__ = "watchlist"
    __table_args__ = (UniqueConstraint("user_id", "ticker"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    user_id: Mapped[str] = mapped_column(StorableText)
    ticker: Mapped[str] = mapped_column(StorableText)
    added_at: Mapped[str]


class SessionRow(Base):
    """A conversation of a user. Times are UTC in ISO 8601 with a fixed length, so that they sort as text.

    ended_at: when its last connection closed; None while it is open, or if its server was killed.
    """

    __tablename__ = "sessions"
    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(StorableText)
    created_at: Mapped[str]
    updated_at: Mapped[str]
    ended_at: Mapped[str | None]
    __table_args__ = (
        Index("ix_sessions_user_id_created_at", "user_id", "created_at"),
        Index("ix_sessions_created_at", "created_at"),
        Index("ix_sessions_updated_at", "updated_at"),
    )


class SignInRow(Base):
    """A sign-in on the web page. id: hash of the cookie's value. mark: hash of the token, keyed with that value."""

    __tablename__ = "sign_ins"
    __table_args__ = (Index("ix_sign_ins_user_id", "user_id"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(StorableText)
    mark: Mapped[str]
    created_at: Mapped[str]
    ends_at: Mapped[str]


class TurnRow(Base):
    """A turn. error: the code of a failed turn; None if it was answered."""

    __tablename__ = "turns"
    __table_args__ = (UniqueConstraint("session_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"))
    number: Mapped[int]
    created_at: Mapped[str]
    kind: Mapped[str]
    transcription: Mapped[str | None] = mapped_column(StorableText)
    agent_response: Mapped[str | None] = mapped_column(StorableText)
    intent: Mapped[str | None] = mapped_column(StorableText)
    entities: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    stage_times: Mapped[dict[str, float | None]] = mapped_column(JSON)
    audio_bytes_in: Mapped[int]
    audio_bytes_out: Mapped[int]
    error: Mapped[str | None]
    tool_calls: Mapped[list[dict[str, Any]]] = mapped_column(JSON, server_default="[]")
