"""The revision of a class from outside: the version of its package, or a digest of its source."""

import hashlib
import inspect
from importlib import metadata


def source_revision(kind: type) -> str:
    """Return `my-package 1.2`, `source 1a2b3c4d5e6f`, or `no source` if the source is not available."""
    package = kind.__module__.partition(".")[0]
    try:
        return f"{package} {metadata.version(package)}"
    except (metadata.PackageNotFoundError, ValueError):
        pass
    functions = [one for _, one in sorted(vars(kind).items()) if inspect.isfunction(one)]
    try:
        # inspect cannot find the source of a class in a notebook cell, only that of its methods.
        texts = [inspect.getsource(one) for one in functions]
    except (OSError, TypeError):
        return "no source"
    return f"source {hashlib.sha256(''.join(texts).encode()).hexdigest()[:12]}"
