"""Names with values in one option, joined by semicolons: `model=tiny;language=en`."""

from voicelab.errors import InputError


def read_pairs(text: str, *, what: str) -> dict[str, str]:
    """Return the values by name. Raises InputError, whose message starts with `what`."""
    found = {}
    for part in filter(None, text.split(";")):
        name, equals, value = part.partition("=")
        if not equals:
            raise InputError(f"{what}: {part!r} is not NAME=VALUE; separate several with ;")
        found[name.strip()] = value.strip()
    return found
