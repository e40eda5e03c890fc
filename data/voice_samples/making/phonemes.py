"""English text as the phonemes that Kokoro was trained on, from eSpeak NG's."""

import unicodedata

# Kokoro writes diphthongs, affricates and the flap as single letters, r-coloured vowels with ɹ, and no length.
# Longer sequences come first: each replacement is applied to the whole text in this order.
_SYMBOLS = (
    ("ʔn", "tn"), ("ʔ", "t"), ("aɪ", "I"), ("aʊ", "W"), ("eɪ", "A"), ("oʊ", "O"), ("ɔɪ", "Y"), ("tʃ", "ʧ"),
    ("dʒ", "ʤ"), ("əl", "ᵊl"), ("ɚɹ", "əɹ"), ("ɚ", "əɹ"), ("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɾ", "T"), ("ɐ", "ə"),
    ("r", "ɹ"), ("ʲ", ""), ("ː", ""),
)  # fmt: skip


def kokoro_phonemes(text: str) -> str:
    """The phonemes of an English text, sentences separated by a space."""
    from piper.phonemize_espeak import EspeakPhonemizer

    sentences = EspeakPhonemizer().phonemize("en-us", text)
    joined = " ".join("".join(sentence) for sentence in sentences)
    written = "".join(symbol for symbol in joined if not unicodedata.combining(symbol))
    for espeak, kokoro in _SYMBOLS:
        written = written.replace(espeak, kokoro)
    return written
