"""Sign-ins on the web page. They are in the database so that all workers share them.

The database holds only a hash of the random id, and a keyed hash of the token whose key is that id. Someone who reads
the database can neither use a sign-in nor guess tokens.
"""

import secrets
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, delete, insert, select

from server.history.database import Database
from server.history.tables import SIGN_INS
from server.tokens import Tokens

_MOST_OF_A_USER = 20
"""Maximum number of sign-ins per user; the oldest end first."""


class SignIns:
    """The table of sign-ins."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, token: str, tokens: Tokens, lifetime_s: float) -> str:
        """Sign in the user of a valid token for `lifetime_s` seconds. Returns the id for the cookie."""
        user_id, cookie, now = tokens.user_of(token), secrets.token_urlsafe(32), datetime.now(UTC)
        row = {
            "id": _hash(cookie), "user_id": user_id, "mark": tokens.mark(token, cookie),
            "created_at": _text(now), "ends_at": _text(now + timedelta(seconds=lifetime_s)),
        }  # fmt: skip
        newest = (
            select(SIGN_INS.c.id)
            .where(SIGN_INS.c.user_id == user_id)
            .order_by(SIGN_INS.c.created_at.desc())
            .limit(_MOST_OF_A_USER)
        )
        is_old = (SIGN_INS.c.user_id == user_id) & SIGN_INS.c.id.not_in(newest)

        def add(connection: Connection) -> None:
            connection.execute(insert(SIGN_INS).values(**row))
            connection.execute(delete(SIGN_INS).where((SIGN_INS.c.ends_at <= _text(now)) | is_old))

        await self._database.write(add)
        return cookie

    async def user_of(self, cookie: str, tokens: Tokens) -> str | None:
        """Return the user of a sign-in; None if it does not exist, has ended, or its token is no longer accepted."""
        return (await self.users_of([cookie], tokens)).get(cookie)

    async def users_of(self, cookies: Collection[str], tokens: Tokens) -> dict[str, str]:
        """Return the users of several sign-ins by cookie. Omits sign-ins that are no longer valid."""
        by_id = {_hash(cookie): cookie for cookie in cookies}
        wanted = select(SIGN_INS.c.id, SIGN_INS.c.mark)
        wanted = wanted.where(SIGN_INS.c.id.in_(by_id), SIGN_INS.c.ends_at > _text(datetime.now(UTC)))
        rows = await self._database.read(lambda connection: connection.execute(wanted).all())
        users = {by_id[row.id]: tokens.user_marked(row.mark, by_id[row.id]) for row in rows}
        return {cookie: user for cookie, user in users.items() if user is not None}

    async def end(self, cookie: str) -> None:
        """Sign out. Ignores an unknown sign-in."""
        ended = delete(SIGN_INS).where(SIGN_INS.c.id == _hash(cookie))
        await self._database.write(lambda connection: connection.execute(ended))


def _hash(cookie: str) -> str:
    return sha256(cookie.encode("utf-8", "replace")).hexdigest()


def _text(instant: datetime) -> str:
    return instant.isoformat(timespec="microseconds")
