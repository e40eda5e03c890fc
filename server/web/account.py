"""Sign-in of the page's user, when the server requires tokens."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from server import sign_in
from server.gate import user_of
from server.http.api import SharedServices
from server.tokens import presented

router = APIRouter(prefix="/app/api/user")


class UserView(BaseModel):
    """The token's user; null when the server does not require tokens."""

    user: str | None


@router.get("", summary="Get the signed-in user")
async def user(request: Request) -> UserView:
    return UserView(user=user_of(request))


@router.post("", summary="Sign in on the page with the token of this request")
async def begin(request: Request, response: Response, services: SharedServices) -> UserView:
    """The browser gets a cookie with a random id. The cookie does not contain the token."""
    signed_in, token = user_of(request), presented(request)
    if signed_in is not None and token is not None:
        lifetime_s = services.settings.sign_in_s
        cookie = await services.history.sign_ins.begin(token, services.tokens, lifetime_s)
        sign_in.keep(response, request, cookie, lifetime_s)
    return UserView(user=signed_in)


@router.delete("", summary="Sign out", status_code=204)
async def end(request: Request, response: Response, services: SharedServices) -> None:
    """Ends the sign-in for every copy of the cookie. Succeeds also if it has already ended."""
    cookie = sign_in.cookie_of(request)
    if cookie is not None:
        await services.history.sign_ins.end(cookie)
    sign_in.forget(response)
