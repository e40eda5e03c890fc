"""Escape names of categories and speakers for metric names, because MLflow allows few characters.

ASCII letters, digits, spaces, `-` and `_` are unchanged. Any other character, and `_` before `U`, becomes `_U`, its
code point in hexadecimal, and `_`: `a:b` is `a_U3A_b`. The escaping is unique. A name that would be too long is cut,
and ends in `_H` and 16 digits of its SHA-256.
"""

import hashlib
import re

from voicelab.scoring.format_one import ENTITIES, WORDS

_LONGEST = 120
"""Maximum length of one part in characters; MLflow allows 250 for the whole name."""

_TO_ESCAPE = re.compile(r"_(?=U)|[^-_ 0-9A-Za-z]")


def escape(name: str) -> str:
    """The name as one part of a metric's name."""
    escaped = _TO_ESCAPE.sub(lambda found: f"_U{ord(found[0]):X}_", name)
    if len(escaped) <= _LONGEST:
        return escaped
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{escaped[: _LONGEST - 18]}_H{digest}"


def earlier_name(figure: str, grouping: str = "", member: str = "") -> str | None:
    """The metric name before summary format 2; None for figures and groups that did not exist then.

    Both names are logged, so that existing dashboards and queries keep working.
    """
    if figure in WORDS:
        if not grouping:
            return f"words.overall.{figure}"
        return f"words.by_{grouping}.{escape(member)}.{figure}" if grouping in ("category", "speaker") else None
    if grouping:
        return None
    stage, _, point = figure.partition(".")
    if point:
        return f"latency.stages.{stage}.{point}"
    if figure in ENTITIES:
        return f"entities.{ENTITIES[figure]}"
    return {"intent_accuracy": "intents.accuracy", "scenario_success": "scenarios.success"}.get(figure)
