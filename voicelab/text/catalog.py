"""The table of normalizers."""

from voicelab.errors import InputError
from voicelab.text.basic import BASIC
from voicelab.text.characters import CHARACTERS
from voicelab.text.english import ENGLISH
from voicelab.text.korean import KOREAN
from voicelab.text.none import NONE
from voicelab.text.normalizer import Normalizer
from voicelab.text.outside import from_outside
from voicelab.text.russian import RUSSIAN
from voicelab.text.sclite import SCLITE
from voicelab.text.whisper import WHISPER

NORMALIZERS: dict[str, Normalizer] = {
    one.name: one for one in (NONE, BASIC, ENGLISH, WHISPER, CHARACTERS, KOREAN, RUSSIAN, SCLITE)
}
ALIASES = {"cjk": "characters"}
"""Former names."""
NAMES = ", ".join(NORMALIZERS)
"""Names for help texts."""


def normalizer(name: str) -> Normalizer:
    """Return the normalizer with that name, or at `package.module:OBJECT`.

    Raises InputError, which lists the known ones.
    """
    known = NORMALIZERS.get(ALIASES.get(name, name)) or from_outside(name)
    if known is None:
        raise InputError(f"unknown normalizer {name!r}; known: {NAMES}; or your own: package.module:OBJECT")
    return known
