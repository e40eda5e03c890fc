"""Starts Python child processes without the working directory on their module path and without server secrets.

`python -m name` puts the working directory first on the module search path, so a file `types.py` or `voicelab.py` there
would run inside the child. `-P` leaves that directory out; PYTHONSAFEPATH does the same for grandchildren.
"""

import os
import sys
from collections.abc import Mapping

from voicelab.engines.addresses import inherited_users

SERVER_SECRETS = frozenset({"AUTH_TOKENS", "AUTH_TOKENS_FILE", "DATABASE_URL"})
"""Server settings that no engine needs. The server ignores the case of their names."""
_LIBRARY_SECRETS = frozenset(
    {"PGPASSWORD", "PGPASSFILE", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"}
)
"""Secrets of the server that its libraries read: those of PostgreSQL clients and of the trace exporter."""


def python_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs an installed module with this interpreter."""
    return [sys.executable, "-P", "-m", module, *arguments]


def safe_environment(*, without: frozenset[str] = frozenset(), **more: str) -> dict[str, str]:
    """Return this process's environment for a child, updated with `more`.

    without: upper-case names to leave out, matched without regard to case. Empty entries of PYTHONPATH, which mean the
    working directory, are removed.
    """
    found = {name: value for name, value in os.environ.items() if name.upper() not in without}
    return {**_without_empty_entries(found), **inherited_users(), "PYTHONSAFEPATH": "1", **more}


def engine_environment(defaults: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of an engine process: the user's variables over the engine's defaults, without secrets."""
    return {**defaults, **safe_environment(without=SERVER_SECRETS | _LIBRARY_SECRETS)}


def _without_empty_entries(environment: Mapping[str, str]) -> dict[str, str]:
    found = dict(environment)
    path = found.pop("PYTHONPATH", None)
    if path is not None and (kept := [entry for entry in path.split(os.pathsep) if entry]):
        found["PYTHONPATH"] = os.pathsep.join(kept)
    return found
