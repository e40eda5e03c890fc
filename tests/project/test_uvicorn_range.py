"""The server extends private classes of uvicorn (http/requests.py, sockets.py), so the version has a tested range."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import uvicorn
from packaging.requirements import Requirement
from packaging.version import Version
from uvicorn.middleware.proxy_headers import _TrustedHosts
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

PROJECT = Path(__file__).parents[2]
ADVICE = (
    "server/http/requests.py and server/sockets.py were not tested with it. Compare uvicorn's "
    "protocols/http/h11_impl.py and protocols/websockets/websockets_sansio_impl.py with the tested version, run "
    "tests/server, and move the range in pyproject.toml"
)


def supported() -> Requirement:
    dependencies = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["dependencies"]
    (found,) = [one for one in map(Requirement, dependencies) if one.name == "uvicorn"]
    return found


def test_the_installed_uvicorn_is_in_the_tested_range() -> None:
    assert supported().specifier.contains(uvicorn.__version__), f"uvicorn {uvicorn.__version__}: {ADVICE}"


def test_the_range_is_one_minor_version_and_holds_the_pinned_one() -> None:
    """uvicorn changes its private classes in minor versions."""
    installed = Version(uvicorn.__version__)
    assert not supported().specifier.contains(f"{installed.major}.{installed.minor + 1}.0")
    pins = (PROJECT / "constraints.txt").read_text().splitlines()
    (pinned,) = [line.partition("==")[2] for line in pins if line.startswith("uvicorn==")]
    assert supported().specifier.contains(pinned)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (H11Protocol, ["connection_made", "data_received", "connection_lost", "handle_events", "on_response_complete",
                       "handle_websocket_upgrade", "pause_writing", "resume_writing"]),
        (WebSocketsSansIOProtocol, ["data_received", "send_receive_event_to_app", "send", "keepalive_timeout",
                                    "handle_parser_exception", "shutdown"]),
        (_TrustedHosts, ["__contains__"]),
    ],
)  # fmt: skip
def test_the_methods_that_are_extended_exist(kind: type, names: list[str]) -> None:
    assert [name for name in names if not callable(getattr(kind, name, None))] == [], ADVICE
