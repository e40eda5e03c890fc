"""The default normalizer and headline figure of each language, and the check of a text's script."""

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
"""A normalizer does not fit a text with a larger share of letters in other scripts."""
_WITHOUT_ACCENTS = ("english", "whisper")
"""Normalizers that remove accents, which distinguish words in most languages other than English."""
_BORROWED = frozenset(
    """café cliché façade fiancé fiancée jalapeño naïve naïveté résumé séance soirée déjà crème brûlée entrée décor
    touché exposé protégé protégée über piñata señor señora à zoë chloé chloë beyoncé josé pokémon nestlé citroën hermès
    l'oréal l’oréal""".split()
)
"""Words that English writes with their accents."""
_SHARE_OF_ACCENTED = 0.05
"""A larger share of other accented words indicates a language other than English."""
_SAMPLE = 200
"""Number of texts that are examined to detect the script of a set."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language with its code (ISO 639, lower case), default normalizer and headline figure."""

    code: str
    normalizer: str
    headline: Headline


_RULES: dict[str, tuple[str, Headline]] = {
    "en": ("english", "wer"),
    "ru": ("russian", "wer"),
    "ko": ("korean", "cer"),
    **dict.fromkeys(("zh", "yue", "ja", "th", "lo", "km", "my", "bo"), ("characters", "cer")),
}
"""The normalizer and the headline figure of each language; all others use `basic` and WER."""
_SAME = {
    "cmn": "zh", "chi": "zh", "zho": "zh", "cn": "zh", "jpn": "ja", "jp": "ja", "kor": "ko", "kr": "ko", "eng": "en",
    "tha": "th", "hin": "hi", "ara": "ar", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr", "spa": "es", "rus": "ru",
}  # fmt: skip
_NAMES = {
    "english": "en", "chinese": "zh", "mandarin": "zh", "cantonese": "yue", "japanese": "ja", "korean": "ko",
    "thai": "th", "hindi": "hi", "arabic": "ar", "german": "de", "french": "fr", "spanish": "es", "russian": "ru",
    "portuguese": "pt", "italian": "it", "dutch": "nl", "turkish": "tr", "vietnamese": "vi", "lao": "lo",
    "khmer": "km", "burmese": "my", "tibetan": "bo",
}  # fmt: skip


def language(text: str) -> Language:
    """Return the language of a code or an English name: `en`, `en-GB`, `zh-Hant-HK`, `Korean`.

    Codes without specific rules use `basic` and WER. Raises InputError for anything else.
    """
    lowered = text.strip().lower()
    code = _NAMES.get(lowered)
    if code is None:
        if not _CODE.fullmatch(lowered):
            raise InputError(f"language {text!r}: give a code such as en, zh, yue, ja, ko, hi or de-CH")
        parts = re.split("[-_]", lowered)
        code = "yue" if parts[0] == "zh" and "yue" in parts[1:] else _SAME.get(parts[0], parts[0])
    return Language(code, *_RULES.get(code, ("basic", "wer")))


def headline_of(normalizer: Normalizer) -> Headline:
    """Return CER for a normalizer of languages that are usually scored by characters, otherwise WER."""
    return "wer" if normalizer.spaces_count else "cer"


def normalizer_for(texts: Iterable[str]) -> tuple[str, str]:
    """Return a normalizer for texts of unknown language, and the script of most of their letters."""
    found = scripts_in(islice(texts, _SAMPLE))
    script = found.most_common(1)[0][0] if found else "Latin"
    return _for_script(script), script


def _for_script(script: str) -> str:
    if script in WITHOUT_SPACES:
        return "characters"
    return {"Latin": "english", "Hangul": "korean"}.get(script, "basic")


def misfit(used: Normalizer, texts: Iterable[str]) -> str | None:
    """Return a sentence that says why the normalizer does not fit the script and what to use instead, or None."""
    found = scripts_in(texts)
    total = found.total()
    if not total:
        return None
    if used.scripts & WITHOUT_SPACES:
        return None  # it splits these scripts into characters, and others at spaces
    if used.scripts:
        # Words in Latin letters occur in texts of every script.
        allowed = used.scripts | {"Latin"}
        problem = "does not support this script: it may drop letters, split words or join a sentence into one word"
    else:
        allowed = frozenset(found) - WITHOUT_SPACES
        problem = "splits words at spaces, and this script has none"
    others = {script: count for script, count in found.items() if script not in allowed}
    other = sum(others.values()) / total
    if other > _SHARE_OF_OTHER_SCRIPTS:
        script = max(others, key=lambda name: others[name])
        return (
            f"{other:.0%} of the references' letters are in scripts that the normalizer {used.name} does not "
            f"support (most: {script}); {used.name} {problem}, so its figures are not word errors of these texts; "
            f"use --normalizer {_for_script(script)}, or name the language with --language"
        )
    if used.scripts and not used.scripts & found.keys():
        script = found.most_common(1)[0][0]
        return (
            f"the references contain no letters that the normalizer {used.name} supports, only {script}; "
            "use another --normalizer or --language"
        )
    return _accents_lost(used, texts) if used.name in _WITHOUT_ACCENTS else None


def _accents_lost(used: Normalizer, texts: Iterable[str]) -> str | None:
    """Return a warning about texts in Latin script with too many accented words to be English, or None."""
    words = [word for text in texts for word in text.split()]
    accented = sum(not word.isascii() and _has_accent(word) and not _is_borrowed(word) for word in words)
    if accented <= _SHARE_OF_ACCENTED * len(words):
        return None
    return (
        f"{accented / len(words):.0%} of the references' words have an accent, and the English normalizer {used.name} "
        "removes accents, so words that differ only in accents count as equal; "
        "name the language with --language, or use --normalizer basic"
    )


def _has_accent(word: str) -> bool:
    return any(not char.isascii() and script_of(char) == "Latin" for char in unicodedata.normalize("NFC", word))


def _is_borrowed(word: str) -> bool:
    """Whether English writes a word with its accent."""
    plain = unicodedata.normalize("NFC", word.lower()).strip(".,;:!?\"'()").removesuffix("'s").removesuffix("’s")
    return plain in _BORROWED or plain.removesuffix("s") in _BORROWED
