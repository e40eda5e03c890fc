"""Pronunciations from eSpeak NG: `python -m voicelab.analysis.audit.phonemes` maps a JSON list of words to IPA.

It is a separate program because eSpeak NG is GPL-3.0 and keeps its state in global variables.
"""

import ctypes
import json
import sys

_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1
_IPA_PARTED = 0x02 | ord("_") << 8
"""espeak_TextToPhonemes: bit 1 asks for IPA, bits 8 to 23 are the character between phonemes (`speak_lib.h`)."""


def main() -> int:
    try:
        import espeakng_loader

        library = ctypes.CDLL(espeakng_loader.get_library_path())
    except (ImportError, OSError) as error:
        sys.stderr.write(str(error))
        return 1
    data = espeakng_loader.get_data_path().encode()
    if library.espeak_Initialize(_OUTPUT_SYNCHRONOUS, 0, data, _INITIALIZE_DONT_EXIT) <= 0:
        sys.stderr.write(f"its data at {data.decode()} cannot be read")
        return 1
    library.espeak_SetVoiceByName(b"en-us")
    to_phonemes = library.espeak_TextToPhonemes
    to_phonemes.restype = ctypes.c_char_p
    to_phonemes.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
    spoken = []
    for text in json.load(sys.stdin):
        rest = ctypes.c_char_p(text.encode())
        clauses = []
        while rest.value is not None:
            clauses.append(to_phonemes(ctypes.byref(rest), _CHARS_UTF8, _IPA_PARTED).decode())
        spoken.append(" ".join(clauses))
    json.dump(spoken, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
