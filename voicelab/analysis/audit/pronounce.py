"""Convert texts to words that the aligner can pronounce, from its dictionary or with eSpeak NG.

The IPA of eSpeak NG for US English is converted to PocketSphinx's ARPAbet phones.
"""

import json
import re
import subprocess
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from voicelab.engines.pool.children import python_command, safe_environment
from voicelab.errors import EngineMissingError

_MONEY = re.compile(r"^([$€£])(\d[\d,]*)(?:\.(\d\d))?$")
_CURRENCIES = {"$": ("dollars", "cents"), "€": ("euros", "cents"), "£": ("pounds", "pence")}
_EDGES = "\"'“”‘’«»()[]{}<>.,;:!?…–—-_*"
_READABLE = set("$€£%&@#+=/.,:'-°")
_PHONES = {
    "p": "P", "b": "B", "t": "T", "d": "D", "k": "K", "ɡ": "G", "tʃ": "CH", "dʒ": "JH", "f": "F", "v": "V",
    "θ": "TH", "ð": "DH", "s": "S", "z": "Z", "ʃ": "SH", "ʒ": "ZH", "h": "HH", "m": "M", "n": "N", "ŋ": "NG",
    "l": "L", "ɬ": "L", "ɹ": "R", "r": "R", "w": "W", "j": "Y", "ɾ": "T", "ʔ": "T", "x": "K", "n̩": "AH N",
    "nʲ": "N Y", "əl": "AH L", "i": "IY", "iː": "IY", "ɪ": "IH", "ᵻ": "IH", "eɪ": "EY", "ɛ": "EH", "æ": "AE",
    "a": "AA", "ɑː": "AA", "ɔ": "AO", "ɔː": "AO", "o": "OW", "oː": "AO", "oʊ": "OW", "ʊ": "UH", "uː": "UW",
    "ʌ": "AH", "ə": "AH", "ɐ": "AH", "ɜː": "ER", "ɚ": "ER", "aɪ": "AY", "aʊ": "AW", "ɔɪ": "OY", "iə": "IY AH",
    "aɪə": "AY AH", "aɪɚ": "AY ER", "ɑːɹ": "AA R", "ɔːɹ": "AO R", "oːɹ": "AO R", "ɛɹ": "EH R", "ɪɹ": "IH R",
    "ʊɹ": "UH R",
}  # fmt: skip
_STRESS = str.maketrans("", "", "ˈˌ")


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """A text ready for alignment. words: the aligner's names; guessed: the words that eSpeak NG pronounced.

    unreadable: words without a pronunciation; a text with such words cannot be aligned.
    """

    words: tuple[str, ...]
    guessed: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


class Pronouncer:
    """Splits texts into words; `sounds` maps words outside the dictionary to their ARPAbet phones."""

    def __init__(self, knows: Callable[[str], bool]) -> None:
        self._knows = knows
        self.sounds: dict[str, str] = {}
        self._unreadable: set[str] = set()

    def read(self, texts: Iterable[str]) -> None:
        """Pronounce all words of these texts that are not in the dictionary with one eSpeak NG process.

        Raises EngineMissingError if eSpeak NG is not available.
        """
        unknown = {word for text in texts for word in self._words(text) if not self._knows(word)}
        readable = sorted(word for word in unknown if _is_readable(word))
        for word, ipa in zip(readable, _espeak([_spelled_out(word) for word in readable]), strict=True):
            phones = arpabet(ipa)
            if phones is not None:
                self.sounds[word] = phones
        self._unreadable |= unknown - self.sounds.keys()

    def spoken(self, text: str) -> Pronunciation:
        """Convert a text whose words were passed to `read` before."""
        words = tuple(self._words(text))
        return Pronunciation(
            words,
            tuple(word for word in words if word in self.sounds),
            tuple(word for word in words if word in self._unreadable),
        )

    def _words(self, text: str) -> Iterable[str]:
        """Split a text into words: dictionary words in lower case, others unchanged (capitals may be spelled)."""
        for piece in text.replace("’", "'").split():
            word = piece.strip(_EDGES)
            if self._knows(word.lower()):
                yield word.lower()
                continue
            parts = [part for part in word.split("-") if part]
            if len(parts) > 1 and all(part.replace("'", "").isalpha() for part in parts):
                yield from (part.lower() if self._knows(part.lower()) else part for part in parts)
            elif any(char.isalnum() for char in word) or word in ("&", "%", "+"):
                yield word


def _is_readable(word: str) -> bool:
    """Latin letters, digits and the signs that eSpeak NG reads in English; it reads other letters by their names."""
    return all(
        char in _READABLE or char.isdecimal() or unicodedata.name(char, "").startswith("LATIN ") for char in word
    )


def _spelled_out(word: str) -> str:
    """Write amounts of money as spoken, because eSpeak NG reads the currency sign first."""
    money = _MONEY.match(word)
    if money is None:
        return word
    whole, part = _CURRENCIES[money[1]]
    return f"{money[2]} {whole}" + (f" and {int(money[3])} {part}" if money[3] and int(money[3]) else "")


def arpabet(ipa: str) -> str | None:
    """Return the phones separated by spaces; None if a phoneme has no phone.

    ipa: phonemes separated by `_`, words separated by spaces.
    """
    phones = []
    for phoneme in ipa.translate(_STRESS).replace("_", " ").split():
        if phoneme not in _PHONES:
            return None
        phones.append(_PHONES[phoneme])
    return " ".join(phones) or None


def _espeak(texts: list[str]) -> list[str]:
    if not texts:
        return []
    done = subprocess.run(
        python_command("voicelab.analysis.audit.phonemes"),
        input=json.dumps(texts),
        env=safe_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise EngineMissingError("espeak", f"{done.stderr.strip()}; run: pip install espeakng-loader")
    found: list[str] = json.loads(done.stdout)
    return found
