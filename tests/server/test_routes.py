"""No route runs in threads that all clients share without limits."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

import server.app  # noqa: F401 - imports the modules of all routes


def routes() -> list[APIRoute]:
    """The HTTP routes of all modules of the server."""
    modules = [module for name, module in sys.modules.items() if name.startswith("server.")]
    routers = [value for module in modules for value in vars(module).values() if isinstance(value, APIRouter)]
    return [route for router in routers for route in router.routes if isinstance(route, APIRoute)]


def functions(dependant: Dependant) -> Iterator[object]:
    """The function of a route and those of its dependencies."""
    yield dependant.call
    for inner in dependant.dependencies:
        yield from functions(inner)


def test_no_route_and_no_dependency_is_synchronous() -> None:
    """Regression: FastAPI ran them in the 40 threads of anyio.

    A hundred requests of one client for a large recorded set delayed the health probe of another by a second.
    """
    found = routes()
    assert len(found) > 20
    calls = {call for route in found for call in functions(route.dependant)}
    assert [call for call in calls if not inspect.iscoroutinefunction(call)] == []
