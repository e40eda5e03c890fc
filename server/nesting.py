"""The nesting depth of a JSON text, computed without parsing it."""

import re

MOST_DEPTH = 100
# The pattern matches from any quote on, including a string without an end, so the time is linear in the length.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.?)*+"?|[\[\]{}]', re.DOTALL)


def is_too_deep(text: str) -> bool:
    """Whether arrays and objects are nested deeper than MOST_DEPTH, even where the rest of the text is not JSON.

    Python's parser recurses as far as its stack allows. Objects of other connections that are garbage-collected at the
    bottom of that stack fail in their finalizers and are never freed.
    """
    if text.count("[") + text.count("{") <= MOST_DEPTH:
        return False
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        match found[0]:
            case "[" | "{":
                depth += 1
                if depth > MOST_DEPTH:
                    return True
            case "]" | "}":
                depth -= 1
    return False
