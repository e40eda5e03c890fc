"""Parses conditions given as options: `noise=babble,snr_db=10,telephone`, or `package.module:Class:option=value`."""

from pydantic import ValidationError

from voicelab.conditions import files, outside
from voicelab.conditions.condition import NOISES, Condition
from voicelab.errors import InputError


def parse_condition(text: str, seed: int = 0) -> Condition:
    """Parse `field=value,field=value`; a field without a value is true, as in `telephone`.

    seed: default seed of noise and losses.

    A text that names your own condition is its transform. Together with other fields, write `transform=` and separate
    its options with `;`. Raises InputError, which names the field and lists the known ones.
    """
    if not _first_field(text) and outside.is_known(text):
        condition = Condition(transform=text.strip().replace(",", ";"), seed=seed)
        check(condition)
        return condition
    fields: dict[str, str] = {}
    for part in text.split(","):
        name, separator, value = (piece.strip() for piece in part.partition("="))
        if name not in Condition.model_fields:
            known = ", ".join(Condition.model_fields)
            raise InputError(
                f"--condition {text!r}: unknown field {name!r}; known: {known}; or your own class: package.module:Class"
            )
        if name in fields:
            raise InputError(f"--condition {text!r}: {name} occurs twice; give it once")
        fields[name] = value if separator else "true"
    try:
        condition = Condition.model_validate({"seed": seed, **fields})
    except ValidationError as error:
        first = error.errors()[0]
        where = f"{first['loc'][0]}={fields.get(str(first['loc'][0]))}: " if first["loc"] else ""
        raise InputError(f"--condition {text!r}: {where}{first['msg'].removeprefix('Value error, ')}") from error
    check(condition)
    return condition


def check(condition: Condition) -> None:
    """Raise InputError when a file or a class that the condition names cannot be used."""
    if condition.transform is not None:
        outside.transform(condition.transform)
    if condition.impulse_response is not None:
        files.sound_files(condition.impulse_response, "impulse_response")
    if condition.noise is not None and condition.noise not in NOISES:
        files.sound_files(condition.noise, "noise")


def _first_field(text: str) -> bool:
    """Whether a text begins with a field of Condition."""
    return text.partition(",")[0].partition("=")[0].strip() in Condition.model_fields
