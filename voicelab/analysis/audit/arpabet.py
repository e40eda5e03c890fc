"""Convert eSpeak NG's IPA for US English to PocketSphinx's ARPAbet phones."""

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
