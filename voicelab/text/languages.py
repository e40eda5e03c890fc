"""Languages: the normalizer and the headline figure of each, and what to do where a text is in another script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from voicelab.errors import InputError
from voicelab.text.normalizer import Normalizer
from voicelab.text.scripts import WITHOUT_SPACES, script_of, scripts_in

Headline = Literal["wer", "cer"]
_CODE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_SHARE_OF_OTHER_SCRIPTS = 0.1
"""Above this share of letters in other scripts, a normalizer does not fit a text."""
_WITHOUT_ACCENTS = ("english", "whisper")
"""Normalizers that drop accents, which tell words apart in most languages but English."""
_SHARE_OF_ACCENTED = 0.05
_FEWEST_ACCENTED = 3
"""Above this share, and from this many words on, accented words show that a text is not English."""
_SAMPLE = 200
"""Texts that are looked at to find the script of a set."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language by its code (ISO 639, lower case), with its normalizer by default and its headline figure."""

    code: str
    normalizer: str
    headline: Headline


_BY_CHARACTERS = ("zh", "yue", "ja", "th", "lo", "km", "my", "bo")
_SAME = {
    "cmn": "zh", "chi": "zh", "zho": "zh", "cn": "zh", "jpn": "ja", "jp": "ja", "kor": "ko", "kr": "ko", "eng": "en",
    "tha": "th", "hin": "hi", "ara": "ar", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr", "spa": "es",
}  # fmt: skip
_NAMES = {
    "english": "en", "chinese": "zh", "mandarin": "zh", "cantonese": "yue", "japanese": "ja", "korean": "ko",
    "thai": "th", "hindi": "hi", "arabic": "ar", "german": "de", "french": "fr", "spanish": "es", "russian": "ru",
    "portuguese": "pt", "italian": "it", "dutch": "nl", "turkish": "tr", "vietnamese": "vi", "lao": "lo",
    "khmer": "km", "burmese": "my", "tibetan": "bo",
}  # fmt: skip


def language(text: str) -> Language:
    """The language of a code or an English name: `en`, `en-GB`, `zh-Hant-HK`, `Korean`.

    A code that no rule is written for gets `basic` and WER. Raises InputError when it is neither.
    """
    lowered = text.strip().lower()
    code = _NAMES.get(lowered)
    if code is None:
        if not _CODE.fullmatch(lowered):
            raise InputError(f"language {text!r}: give a code such as en, zh, yue, ja, ko, hi or de-CH")
        parts = re.split("[-_]", lowered)
        code = "yue" if parts[0] == "zh" and "yue" in parts[1:] else _SAME.get(parts[0], parts[0])
    if code == "en":
        return Language(code, "english", "wer")
    if code == "ko":
        return Language(code, "korean", "cer")
    return Language(code, "characters", "cer") if code in _BY_CHARACTERS else Language(code, "basic", "wer")


def headline_of(normalizer: Normalizer) -> Headline:
    """CER where the normalizer is made for languages that the field scores by characters, else WER."""
    return "wer" if normalizer.spaces_count else "cer"


def normalizer_for(texts: Iterable[str]) -> tuple[str, str]:
    """The normalizer that fits texts whose language nobody named, and the script that most of their letters have."""
    found = scripts_in(islice(texts, _SAMPLE))
    script = found.most_common(1)[0][0] if found else "Latin"
    return _for_script(script), script


def _for_script(script: str) -> str:
    if script in WITHOUT_SPACES:
        return "characters"
    return {"Latin": "english", "Hangul": "korean"}.get(script, "basic")


def misfit(used: Normalizer, texts: Iterable[str]) -> str | None:
    """Why the normalizer does not fit the script of the texts, as a sentence with the way out; None where it fits."""
    found = scripts_in(texts)
    total = found.total()
    if not total:
        return None
    if used.scripts & WITHOUT_SPACES:
        return None  # it cuts these scripts into characters, and the others at their spaces
    if used.scripts:
        # Words in Latin letters stand in texts of every script.
        allowed = used.scripts | {"Latin"}
        problem = "does not know this script: it may drop letters, cut words or make one word of a sentence"
    else:
        allowed = frozenset(found) - WITHOUT_SPACES
        problem = "takes words as they stand between spaces, and this script has none"
    others = {script: count for script, count in found.items() if script not in allowed}
    other = sum(others.values()) / total
    if other > _SHARE_OF_OTHER_SCRIPTS:
        script = max(others, key=lambda name: others[name])
        return (
            f"{other:.0%} of the letters of the references are not in a script that the normalizer {used.name} is made "
            f"for (most: {script}); {used.name} {problem}, so its figures are not word errors of these texts; "
            f"take --normalizer {_for_script(script)}, or name the language with --language"
        )
    if used.scripts and not used.scripts & found.keys():
        script = found.most_common(1)[0][0]
        return (
            f"the references hold no letter of a script that the normalizer {used.name} is made for, only {script}; "
            "take another --normalizer or --language"
        )
    return _accents_lost(used, texts) if used.name in _WITHOUT_ACCENTS else None


def _accents_lost(used: Normalizer, texts: Iterable[str]) -> str | None:
    """A sentence for texts in Latin letters that are hardly English: too many of their words carry an accent."""
    words = [word for text in texts for word in text.split()]
    accented = sum(not word.isascii() and _has_accent(word) for word in words)
    if accented < _FEWEST_ACCENTED or accented <= _SHARE_OF_ACCENTED * len(words):
        return None
    return (
        f"{accented / len(words):.0%} of the words of the references carry an accent, and the normalizer {used.name}, "
        "which is made for English, drops accents: words that differ in nothing else count as the same; "
        "name the language with --language, or take --normalizer basic"
    )


def _has_accent(word: str) -> bool:
    return any(not char.isascii() and script_of(char) == "Latin" for char in unicodedata.normalize("NFC", word))
