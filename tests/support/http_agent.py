"""An HTTP server in a thread that answers POST and GET as specified by a test, and stores the requests."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class HTTPRequest:
    path: str
    headers: dict[str, str]
    body: bytes


class HTTPStub:
    """answer: maps a request to an object (sent as JSON), (status, type, body), or None to close the connection."""

    def __init__(self, answer: Callable[[HTTPRequest], Any]) -> None:
        self.requests: list[HTTPRequest] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers.get("content-length") or 0)
                request = HTTPRequest(self.path, dict(self.headers), self.rfile.read(size))
                stub.requests.append(request)
                found = answer(request)
                if found is None:
                    self.close_connection = True
                    return
                if not isinstance(found, tuple):
                    found = (200, "application/json", json.dumps(found).encode())
                status, kind, body = found
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST  # noqa: N815  # the name that the standard library calls

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()
