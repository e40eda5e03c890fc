"""Notebook cards of suspects: the recording, the reference, and each system's transcript aligned with it."""

from dataclasses import dataclass
from pathlib import Path

from voicelab.analysis.audit.acoustic import Misfit
from voicelab.analysis.audit.audit import Audit, Suspect
from voicelab.analysis.audit.wording import why
from voicelab.audio import codecs
from voicelab.datasets import Sample
from voicelab.metrics.words import AlignmentStep, align
from voicelab.report import sounds
from voicelab.report.cells import Shown
from voicelab.report.templating import environment
from voicelab.text import Normalizer, normalizer

_AROUND_S = 0.3


@dataclass(frozen=True, slots=True)
class _View:
    """systems: the name of each system, and the alignment of its transcript."""

    suspect: Suspect
    speaker: str | None
    systems: tuple[tuple[str, tuple[AlignmentStep, ...]], ...]
    sound: sounds.EmbeddedSound
    place: sounds.EmbeddedSound | None
    place_name: str
    why: str


def suspects(found: Audit, limit: int = 10) -> Shown:
    """Render the first suspects as cards. If one word fits worst, its span has a separate player."""
    rules = found.normalizer or normalizer("english")
    shown = [_view(one, found, rules) for one in found.suspects[:limit]]
    template = environment(Path(__file__).parent / "templates").get_template("suspects.html")
    return Shown("suspects", html=template.render(views=shown))


def _view(one: Suspect, found: Audit, rules: Normalizer) -> _View:
    sample = found.samples.sample(one.sample_id) if found.samples is not None else None
    place, place_name = _place(sample, one)
    return _View(
        suspect=one,
        speaker=sample.speaker if sample is not None else None,
        systems=tuple((name, align(one.reference, text, rules)) for name, text in one.heard.items()),
        sound=sounds.EmbeddedSound(None, "not available: the sample set has moved or changed")
        if sample is None
        else sounds.request_sound(sample),
        place=place,
        place_name=place_name,
        why=why(one),
    )


def _place(sample: Sample | None, one: Suspect) -> tuple[sounds.EmbeddedSound | None, str]:
    """The span where the reference fits worst, with a margin."""
    because = one.because
    if sample is None or not isinstance(because, Misfit) or because.from_s is None or because.to_s is None:
        return None, ""
    part = sample.clip().between(max(0.0, because.from_s - _AROUND_S), because.to_s + _AROUND_S)
    uri = sounds.data_uri(codecs.encode(part, "opus"), "audio/ogg")
    return sounds.EmbeddedSound(uri), f"at “{because.worst_word}”"
