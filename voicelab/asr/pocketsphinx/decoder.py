"""PocketSphinx through the C functions of its wheel's extension module.

The Python classes hold the GIL during the search, so two threads are no faster than one. ctypes calls release it, so
each thread can search one utterance.
"""

import ctypes
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from voicelab.asr.base import TimedWord
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
"""Signatures from pocketsphinx.h of version 5. Returned texts are copied before the next call."""
_SAMPLE_BYTES = 2
_NO_WORD = ("<", "[", "++")
"""Prefixes of dictionary entries for silence and noise. Variants of a word end with "(2)"."""
_FRAME_S = 0.01
"""PocketSphinx's frame step in seconds."""


class SphinxDecoder:
    """One decoder. Several may run concurrently, each in one thread at a time.

    options: PocketSphinx options. model: load the US English language model and dictionary; otherwise the acoustic
    model only, for added words. Methods correspond to those of the Python class. in_utterance: between `start_utt` and
    `end_utt`. Methods raise EngineError when a call fails.
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
                "pocketsphinx", f"initialization failed with the options {dict(options)}; check their names and values"
            )

    def __del__(self) -> None:
        if getattr(self, "_decoder", None) is not None:
            self._c.ps_free(self._decoder)

    def add_word(self, word: str, phones: str) -> None:
        self._check("ps_add_word", word.encode(), phones.encode(), True)

    def search_by_grammar(self, name: str, grammar: str) -> None:
        """Restrict recognition to a JSGF grammar."""
        self._check("ps_add_jsgf_string", name.encode(), grammar.encode())
        self._check("ps_activate_search", name.encode())

    def reinit_feat(self) -> None:
        self._check("ps_reinit_feat", None)

    def get_cmn(self) -> str:
        """Return the mean cepstrum that it subtracts, in PocketSphinx's notation."""
        return str(self._c.ps_get_cmn(self._decoder, False).decode())

    def set_cmn(self, written: str) -> None:
        self._check("ps_set_cmn", written.encode())

    def start_utt(self) -> None:
        self._check("ps_start_utt")
        self.in_utterance = True

    def process_raw(self, pcm16: bytes, *, no_search: bool = False, full_utt: bool = False) -> None:
        """Process the next samples of 16-bit mono PCM."""
        self._check("ps_process_raw", pcm16, len(pcm16) // _SAMPLE_BYTES, no_search, full_utt)

    def end_utt(self) -> None:
        self.in_utterance = False
        self._check("ps_end_utt")

    def text(self) -> str | None:
        """Return the words so far (final after `end_utt`), or None."""
        words = self._c.ps_get_hyp(self._decoder, None)
        return None if words is None else str(words.decode())

    def words(self) -> list[TimedWord]:
        """Return the words of `text`, without silences and noises."""
        found = []
        first, last = _INT(), _INT()
        segment = self._c.ps_seg_iter(self._decoder)
        while segment is not None:
            word = str(self._c.ps_seg_word(segment).decode())
            if not word.startswith(_NO_WORD):
                self._c.ps_seg_frames(segment, ctypes.byref(first), ctypes.byref(last))
                start_s, end_s = round(first.value * _FRAME_S, 2), round((last.value + 1) * _FRAME_S, 2)
                found.append(TimedWord(word.partition("(")[0], start_s, end_s))
            segment = self._c.ps_seg_next(segment)
        return found

    def probability(self) -> float:
        """Return the posterior probability of `text` after `end_utt`; rounding may make it exceed 1."""
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
                "pocketsphinx", f"its module lacks the function {name}; install the wheel: pip install pocketsphinx"
            ) from None
        function.restype, function.argtypes = result, arguments
    return library
