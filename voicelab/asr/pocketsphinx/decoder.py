"""PocketSphinx by its C functions, which its wheel's module carries beside its Python classes.

Those classes keep Python's global lock (GIL) while they search, so that two threads hear no more than one. A call by
ctypes leaves it: as many utterances are searched at once as there are threads.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from voicelab.errors import EngineError

_POINTER, _TEXT, _INT = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "ps_config_parse_json": (_POINTER, [_POINTER, _TEXT]),
    "ps_config_free": (_INT, [_POINTER]),
    "ps_init": (_POINTER, [_POINTER]),
    "ps_free": (_INT, [_POINTER]),
    "ps_add_word": (_INT, [_POINTER, _TEXT, _TEXT, _INT]),
    "ps_add_jsgf_string": (_INT, [_POINTER, _TEXT, _TEXT]),
    "ps_activate_search": (_INT, [_POINTER, _TEXT]),
    "ps_reinit_feat": (_INT, [_POINTER, _POINTER]),
    "ps_get_cmn": (_TEXT, [_POINTER, _INT]),
    "ps_set_cmn": (_INT, [_POINTER, _TEXT]),
    "ps_start_utt": (_INT, [_POINTER]),
    "ps_process_raw": (_INT, [_POINTER, _TEXT, ctypes.c_size_t, _INT, _INT]),
    "ps_end_utt": (_INT, [_POINTER]),
    "ps_get_hyp": (_TEXT, [_POINTER, _POINTER]),
    "ps_get_prob": (ctypes.c_int32, [_POINTER]),
    "ps_get_logmath": (_POINTER, [_POINTER]),
    "ps_seg_iter": (_POINTER, [_POINTER]),
    "ps_seg_next": (_POINTER, [_POINTER]),
    "ps_seg_word": (_TEXT, [_POINTER]),
    "ps_seg_frames": (None, [_POINTER, ctypes.POINTER(_INT), ctypes.POINTER(_INT)]),
    "logmath_exp": (ctypes.c_double, [_POINTER, _INT]),
}
"""What they return and take, as pocketsphinx.h of version 5 declares them. A text is copied before the next call."""
_SAMPLE_BYTES = 2
_NO_WORD = ("<", "[", "++")
"""How the entries of the dictionary begin that stand for silence and noise. A variant of a word ends with "(2)"."""
FRAME_S = 0.01
"""How far PocketSphinx moves on from frame to frame."""


class SphinxDecoder:
    """One decoder. Several may work at once, each in one thread at a time.

    options: PocketSphinx's own, by name. model: whether with the US English language model and its dictionary, or with
    the sounds alone, for words that are added. What a method does is what the Python class's of its name does.
    in_utterance: whether `start_utt` was called and `end_utt` was not. EngineError when a call fails.
    """

    def __init__(self, options: Mapping[str, float | bool], *, model: bool = True) -> None:
        from pocketsphinx import get_model_path

        files = {"hmm": get_model_path("en-us/en-us")}
        if model:
            files["lm"] = get_model_path("en-us/en-us.lm.bin")
            files["dict"] = get_model_path("en-us/cmudict-en-us.dict")
        self._c = _library()
        self._decoder: int | None = None
        self.in_utterance = False
        written = json.dumps({"loglevel": "FATAL", **files, **options}).encode()
        config = self._c.ps_config_parse_json(None, written)
        if config is not None:
            self._decoder = self._c.ps_init(config)
            self._c.ps_config_free(config)
        if self._decoder is None:
            raise EngineError(
                "pocketsphinx", f"could not be set up with the options {dict(options)}; is one of them none of its own?"
            )

    def __del__(self) -> None:
        if getattr(self, "_decoder", None) is not None:
            self._c.ps_free(self._decoder)

    def add_word(self, word: str, phones: str) -> None:
        self._check("ps_add_word", word.encode(), phones.encode(), True)

    def search_by_grammar(self, name: str, grammar: str) -> None:
        """Hear nothing but what a JSGF grammar says."""
        self._check("ps_add_jsgf_string", name.encode(), grammar.encode())
        self._check("ps_activate_search", name.encode())

    def reinit_feat(self) -> None:
        self._check("ps_reinit_feat", None)

    def get_cmn(self) -> str:
        """The mean cepstrum that it subtracts, as PocketSphinx writes it."""
        return str(self._c.ps_get_cmn(self._decoder, False).decode())

    def set_cmn(self, written: str) -> None:
        self._check("ps_set_cmn", written.encode())

    def start_utt(self) -> None:
        self._check("ps_start_utt")
        self.in_utterance = True

    def process_raw(self, pcm16: bytes, *, no_search: bool = False, full_utt: bool = False) -> None:
        """Hear the next samples: 16 bits each, of one channel."""
        self._check("ps_process_raw", pcm16, len(pcm16) // _SAMPLE_BYTES, no_search, full_utt)

    def end_utt(self) -> None:
        self.in_utterance = False
        self._check("ps_end_utt")

    def text(self) -> str | None:
        """The words so far, after `end_utt` the final ones; None when there are none."""
        words = self._c.ps_get_hyp(self._decoder, None)
        return None if words is None else str(words.decode())

    def words(self) -> list[tuple[str, int, int]]:
        """The words of `text`, each with its first and last frame; silences and noises are left out."""
        found = []
        first, last = _INT(), _INT()
        segment = self._c.ps_seg_iter(self._decoder)
        while segment is not None:
            word = str(self._c.ps_seg_word(segment).decode())
            if not word.startswith(_NO_WORD):
                self._c.ps_seg_frames(segment, ctypes.byref(first), ctypes.byref(last))
                found.append((word.partition("(")[0], first.value, last.value))
            segment = self._c.ps_seg_next(segment)
        return found

    def probability(self) -> float:
        """The posterior probability of `text`, after `end_utt`; PocketSphinx's arithmetic may take it over 1."""
        log = self._c.ps_get_prob(self._decoder)
        return float(self._c.logmath_exp(self._c.ps_get_logmath(self._decoder), log))

    def _check(self, function: str, *arguments: Any) -> None:
        if getattr(self._c, function)(self._decoder, *arguments) < 0:
            raise EngineError("pocketsphinx", f"{function} failed")


@cache
def _library() -> ctypes.CDLL:
    from pocketsphinx import _pocketsphinx

    library = ctypes.CDLL(_pocketsphinx.__file__)
    for name, (result, arguments) in _FUNCTIONS.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise EngineError(
                "pocketsphinx", f"its module has no function {name}; install its wheel: pip install pocketsphinx"
            ) from None
        function.restype, function.argtypes = result, arguments
    return library
