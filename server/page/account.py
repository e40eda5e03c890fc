"""Who the page's user is, where the server asks for tokens."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from server.gate import user_of
from server.tokens import COOKIE, presented

router = APIRouter(prefix="/app/api/user")


class UserView(BaseModel):
    """Whose token was shown; null where the server asks for none."""

    user: str | None


@router.get("", summary="Whose token the page has")
async def user(request: Request) -> UserView:
    return UserView(user=user_of(request))


@router.post("", summary="Keep the token of this request in the browser")
async def sign_in(request: Request, response: Response) -> UserView:
    """The cookie is the page's own: no script reads it, and no other site's page makes a browser send it."""
    if user_of(request) is not None:
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, presented(request) or "", httponly=True, samesite="strict", secure=secure)
    return UserView(user=user_of(request))


@router.delete("", summary="Forget the token", status_code=204)
async def sign_out(response: Response) -> None:
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
