"""Parses conditions given as options: `noise=babble,snr_db=10,telephone`."""

from __future__ import annotations

from pydantic import ValidationError

from voicelab.conditions.condition import Condition
from voicelab.errors import InputError


def parse_condition(text: str, seed: int = 0) -> Condition:
    """Parse `field=value,field=value`; a field without a value is true, as in `telephone`.

    seed: default seed of noise and losses.

    Raises InputError, which names the field and lists the known ones.
    """
    fields: dict[str, str] = {}
    for part in text.split(","):
        name, separator, value = (piece.strip() for piece in part.partition("="))
        if name not in Condition.model_fields:
            known = ", ".join(Condition.model_fields)
            raise InputError(f"--condition {text!r}: unknown field {name!r}; known: {known}")
        if name in fields:
            raise InputError(f"--condition {text!r}: {name} occurs twice; give it once")
        fields[name] = value if separator else "true"
    try:
        return Condition.model_validate({"seed": seed, **fields})
    except ValidationError as error:
        first = error.errors()[0]
        where = f"{first['loc'][0]}={fields.get(str(first['loc'][0]))}: " if first["loc"] else ""
        raise InputError(f"--condition {text!r}: {where}{first['msg'].removeprefix('Value error, ')}") from error
