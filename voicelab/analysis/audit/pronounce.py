"""Texts as words that the aligner can lay over sound: from its dictionary, else as eSpeak NG reads them."""

from __future__ import annotations

import json
import re
import subprocess
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from voicelab.analysis.audit.arpabet import arpabet
from voicelab.engines.pool.children import python_command, safe_environment
from voicelab.errors import EngineMissingError

_MONEY = re.compile(r"^([$€£])(\d[\d,]*)(?:\.(\d\d))?$")
_CURRENCIES = {"$": ("dollars", "cents"), "€": ("euros", "cents"), "£": ("pounds", "pence")}
_EDGES = "\"'“”‘’«»()[]{}<>.,;:!?…–—-_*"
_READABLE = set("$€£%&@#+=/.,:'-°")


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """A text ready to be aligned. words: as the aligner names them; guessed: those of them that eSpeak NG had to read.

    unreadable: what has no pronunciation at all; where there is any, the text cannot be aligned.
    """

    words: tuple[str, ...]
    guessed: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


class Pronouncer:
    """Cuts texts into words; `sounds` holds the phones (ARPAbet) of the words that the dictionary does not know."""

    def __init__(self, knows: Callable[[str], bool]) -> None:
        self._knows = knows
        self.sounds: dict[str, str] = {}
        self._unreadable: set[str] = set()

    def read(self, texts: Iterable[str]) -> None:
        """Have eSpeak NG read all words of these texts that the dictionary lacks, at once; it is a process of its own.

        Raises EngineMissingError where eSpeak NG cannot be used.
        """
        unknown = {
            word
            for text in texts
            for word in self._words(text)
            if not self._knows(word) and word not in self.sounds and word not in self._unreadable
        }
        readable = sorted(word for word in unknown if _is_readable(word))
        for word, ipa in zip(readable, _espeak([_spelled_out(word) for word in readable]), strict=True):
            phones = arpabet(ipa)
            if phones is not None:
                self.sounds[word] = phones
        self._unreadable |= unknown - self.sounds.keys()

    def spoken(self, text: str) -> Pronunciation:
        """One text that was read before."""
        words = tuple(self._words(text))
        return Pronunciation(
            words,
            tuple(word for word in words if word in self.sounds),
            tuple(word for word in words if word in self._unreadable),
        )

    def _words(self, text: str) -> Iterable[str]:
        """Words as the dictionary spells them, small; others as they stand, since capitals may mean spelling out."""
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
    """Latin letters, digits and the signs that eSpeak NG reads in English; it would read the names of other letters."""
    return all(
        char in _READABLE or char.isdecimal() or unicodedata.name(char, "").startswith("LATIN ") for char in word
    )


def _spelled_out(word: str) -> str:
    """Sums of money as they are said; eSpeak NG reads the sign first."""
    money = _MONEY.match(word)
    if money is None:
        return word
    whole, part = _CURRENCIES[money[1]]
    return f"{money[2]} {whole}" + (f" and {int(money[3])} {part}" if money[3] and int(money[3]) else "")


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
