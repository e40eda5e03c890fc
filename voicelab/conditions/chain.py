"""Applies a condition to a clip and reports what was applied."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.conditions import files, noise, outside
from voicelab.conditions.babble import BabbleVoice, babble
from voicelab.conditions.codec import through_opus
from voicelab.conditions.condition import NOISES, Condition
from voicelab.conditions.gain import amplify, fit
from voicelab.conditions.level import active_level_dbfs
from voicelab.conditions.randomness import generator
from voicelab.conditions.room import reverberate
from voicelab.conditions.telephone import narrow


@dataclass(frozen=True, slots=True)
class Subject:
    """A recording to degrade. Its id determines noise and packet losses; its speaker is excluded from its babble."""

    id: str
    speaker: str | None
    clip: Clip


@dataclass(frozen=True, slots=True)
class DegradedAudio:
    """The degraded audio.

    scale_db: gain that was needed to stay within full scale, 0.0 or negative. files: names of the impulse response and
    the noise recording that were used.
    """

    clip: Clip
    speech_dbfs: float
    scale_db: float
    packets: int | None = None
    lost: int | None = None
    kbps: float | None = None
    files: tuple[str, ...] = ()


def degrade(subject: Subject, condition: Condition, voices: Sequence[BabbleVoice] = ()) -> DegradedAudio:
    """Apply a condition to a clip. The result has the clip's rate, and its length unless a transform changed that; the
    input is not modified.

    voices: recordings for babble. Nothing is clipped: if speech, noise and gain together exceed full scale, all is
    scaled down, before and after Opus, and scale_db reports it. Raises InputError for noise over a silent recording,
    for babble without other speakers, and for sound files that cannot be read; EngineError for a transform that fails.
    """
    clip, used = _in_the_room(subject, condition)
    speech_dbfs = active_level_dbfs(subject.clip)
    if condition.noise is not None and condition.snr_db is not None:
        clip = noise.add(clip, noise_for(replace(subject, clip=clip), condition, voices), condition.snr_db)
        if condition.noise not in NOISES:
            used += (_noise_file(subject, condition).name,)
    if condition.gain_db is not None:
        clip = amplify(clip, condition.gain_db)
    if condition.telephone:
        clip = narrow(clip)
    clip, scale_db = fit(clip)
    if condition.bitrate_kbps is None:
        return DegradedAudio(clip, speech_dbfs, scale_db, files=used)
    chance = generator(condition.seed, "loss", subject.id)
    bitrate = round(1000 * condition.bitrate_kbps)
    received = through_opus(clip, bitrate, condition.channel, chance, fec=condition.fec)
    # A decoder may overshoot slightly.
    clip, again_db = fit(received.clip)
    return DegradedAudio(clip, speech_dbfs, scale_db + again_db, received.packets, received.lost, received.kbps, used)


def _in_the_room(subject: Subject, condition: Condition) -> tuple[Clip, tuple[str, ...]]:
    """Apply the transform and the impulse response; return the clip and the names of the files that were used."""
    clip = subject.clip
    if condition.transform is not None:
        chance = generator(condition.seed, "transform", subject.id)
        clip = outside.degrade(condition.transform, clip, chance)
    if condition.impulse_response is None:
        return clip, ()
    file = files.chosen_file(condition.impulse_response, "impulse_response", condition.seed, subject.id)
    return reverberate(clip, files.sound(file, clip.rate_hz)), (file.name,)


def _noise_file(subject: Subject, condition: Condition) -> Path:
    return files.chosen_file(str(condition.noise), "noise", condition.seed, subject.id)


def noise_for(subject: Subject, condition: Condition, voices: Sequence[BabbleVoice] = ()) -> Clip:
    """Return the unscaled noise for a recording: the same for one seed at every SNR, and as long as the recording.

    The noise is generated or decoded at 16 kHz and resampled to the clip's rate. It therefore lies in the recognizers'
    band, and an SNR has the same meaning for a 48 kHz recording.
    """
    clip = subject.clip
    wanted = -(-len(clip.samples) * SPEECH_RATE_HZ // clip.rate_hz) + SPEECH_RATE_HZ // 100
    chance = generator(condition.seed, str(condition.noise), subject.id)
    if condition.noise == "babble":
        made = babble(wanted, subject.id, subject.speaker, voices, chance)
    elif condition.noise not in NOISES:
        made = files.excerpt(_noise_file(subject, condition), wanted, chance)
    else:
        made = {"white": noise.white, "pink": noise.pink}[str(condition.noise)](wanted, chance)
    found = made.at_rate(clip.rate_hz)
    return Clip(found.samples[: len(clip.samples)], clip.rate_hz)
