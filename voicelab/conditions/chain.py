"""A clip and a condition -> the clip as it is heard, and what was done to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.conditions import noise
from voicelab.conditions.babble import BabbleVoice, babble
from voicelab.conditions.codec import through_opus
from voicelab.conditions.condition import Condition
from voicelab.conditions.gain import amplify, fit
from voicelab.conditions.level import active_level_dbfs
from voicelab.conditions.randomness import generator
from voicelab.conditions.telephone import narrow


@dataclass(frozen=True, slots=True)
class Subject:
    """The recording to disturb. Its id decides its noise and its losses; its speaker is kept out of its babble."""

    id: str
    speaker: str | None
    clip: Clip


@dataclass(frozen=True, slots=True)
class DegradedAudio:
    """What is heard, and the facts. scale_db: what it took to stay within full scale, 0.0 or negative."""

    clip: Clip
    speech_dbfs: float
    scale_db: float
    packets: int | None = None
    lost: int | None = None
    kbps: float | None = None


def disturb(subject: Subject, condition: Condition, voices: Sequence[BabbleVoice] = ()) -> DegradedAudio:
    """The clip under the condition, at its own rate and of its own length; the one given is not written into.

    voices: what babble is made of. Nothing is clipped: where speech, noise and gain leave full scale together, all is
    scaled to fit, before Opus takes it and after, and scale_db says so. Raises InputError where noise is asked for and
    there is no sound to disturb, or nobody to babble.
    """
    clip = subject.clip
    speech_dbfs = active_level_dbfs(clip)
    if condition.noise is not None and condition.snr_db is not None:
        clip = noise.add(clip, noise_for(subject, condition, voices), condition.snr_db)
    if condition.gain_db is not None:
        clip = amplify(clip, condition.gain_db)
    if condition.telephone:
        clip = narrow(clip)
    clip, scale_db = fit(clip)
    if condition.bitrate_kbps is None:
        return DegradedAudio(clip, speech_dbfs, scale_db)
    chance = generator(condition.seed, "loss", subject.id)
    bitrate = round(1000 * condition.bitrate_kbps)
    received = through_opus(clip, bitrate, condition.channel, chance, fec=condition.fec)
    # A decoder may overshoot a little.
    clip, again_db = fit(received.clip)
    return DegradedAudio(clip, speech_dbfs, scale_db + again_db, received.packets, received.lost, received.kbps)


def noise_for(subject: Subject, condition: Condition, voices: Sequence[BabbleVoice] = ()) -> Clip:
    """The noise of a recording, not yet scaled: of one seed the same at every ratio, and as long as the recording.

    It is made at 16 kHz and brought to the clip's rate, so that it lies in the band that recognizers hear: an SNR
    means the same for a recording of 48 kHz.
    """
    clip = subject.clip
    wanted = -(-len(clip.samples) * SPEECH_RATE_HZ // clip.rate_hz) + SPEECH_RATE_HZ // 100
    chance = generator(condition.seed, str(condition.noise), subject.id)
    if condition.noise == "babble":
        made = babble(wanted, subject.id, subject.speaker, voices, chance)
    else:
        made = {"white": noise.white, "pink": noise.pink}[str(condition.noise)](wanted, chance)
    found = made.at_rate(clip.rate_hz)
    return Clip(found.samples[: len(clip.samples)], clip.rate_hz)
