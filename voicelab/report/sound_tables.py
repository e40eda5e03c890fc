"""Tables of audio quality for the report and the command line."""

from collections.abc import Sequence

from voicelab.report.wording import NONE, estimate
from voicelab.scoring.sound_quality import SCORES, ScoredSound, SoundGroup, SoundQualityRecord

COLUMNS = ("sound", "n", *SCORES.values(), "WER")
WORST_COLUMNS = ("turn", SCORES["overall"], "words wrong", "text")


def rows(record: SoundQualityRecord) -> list[tuple[str, ...]]:
    """Return mean scores with intervals, and the WER, of replies and requests."""
    return [_row("replies", record.replies), _row("requests", record.requests)]


def lowest(sounds: Sequence[ScoredSound], limit: int) -> list[tuple[str, ...]]:
    """Return the recordings with the lowest overall score."""
    found = sorted(sounds, key=lambda sound: sound.scores["overall"])[:limit]
    return [(sound.key, f"{sound.scores['overall']:.2f}", _wrong(sound), sound.text) for sound in found]


def note(record: SoundQualityRecord) -> str:
    """Return a note on the origin of the scores and their limits."""
    ear = f"{record.recognizer} transcribed the replies." if record.recognizer else ""
    absent = [
        f"No {name} were scored: {group.absent}."
        for name, group in (("replies", record.replies), ("requests", record.requests))
        if group.absent is not None
    ]
    text = (
        f"Predicted by DNSMOS and PLCMOS ({record.models}), 1 (bad) to 5 (excellent): noise, distortion and lost "
        "packets, not naturalness. A request with a low score suggests a bad recording; word errors in one with a high "
        "score suggest a recognizer error."
    )
    return " ".join(filter(None, (text, ear, *absent)))


def _row(name: str, group: SoundGroup) -> tuple[str, ...]:
    scores = (estimate(group.scores[score]) if score in group.scores else NONE for score in SCORES)
    return (name, str(len(group.sounds)), *scores, estimate(group.wer) if group.wer is not None else NONE)


def _wrong(sound: ScoredSound) -> str:
    return NONE if sound.errors is None else f"{sound.errors} of {sound.words}"
