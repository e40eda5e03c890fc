"""Warn about transcripts in another script than the references, in which every word counts as an error."""

from collections.abc import Iterable

from voicelab.text.scripts import scripts_in

_JAPANESE = frozenset({"Han", "Hiragana", "Katakana"})
_KANA = frozenset({"Hiragana", "Katakana"})
_MOST, _RARE = 0.5, 0.1
_CHINESE = 10
"""As many characters without kana are Chinese, and not Japanese."""


def heard_in_another_script(references: Iterable[str], hypotheses: Iterable[str]) -> str | None:
    """Return a warning if most letters of the hypotheses are in a script that is rare in the references, else None.

    If a recognizer writes the wrong language or romanizes the text, its word error rate is near 1 and does not reflect
    its accuracy.
    """
    said, heard = scripts_in(references), scripts_in(hypotheses)
    if not said or not heard:
        return None
    script, count = heard.most_common(1)[0]
    alike = _JAPANESE if script in _JAPANESE else {script}
    if script in _KANA and said["Han"] >= _CHINESE and not any(said[one] for one in _KANA):
        alike = _KANA
    if count <= _MOST * heard.total() or sum(said[one] for one in alike) > _RARE * said.total():
        return None
    return (
        f"{count / heard.total():.0%} of the hypotheses' letters are {script}, but the references are mostly "
        f"{said.most_common(1)[0][0]}, so nearly every word counts as an error; check the recognizer's language"
    )
