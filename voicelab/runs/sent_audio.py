"""Prepares the audio sent for a sample: its recording, or the recording degraded by the run's condition."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

from voicelab.audio import codecs, decoding
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.incoming import IncomingAudio
from voicelab.conditions.babble import BabbleVoice
from voicelab.conditions.chain import Subject, degrade
from voicelab.conditions.condition import Condition
from voicelab.conditions.parsing import check
from voicelab.datasets import Sample, SampleSet
from voicelab.datasets.segment import ENCODING
from voicelab.errors import InputError
from voicelab.runs.turn_content import AppliedCondition, SentSegment

_KEPT_CLIPS = 256


@dataclass(frozen=True, slots=True)
class RequestAudio:
    """Encoded audio to send.

    duration_s: of the audio. sent: what the condition applied, or None. segment: None for a whole recording.
    undecoded_s: seconds of damaged audio in the recording.
    """

    audio: bytes
    duration_s: float
    sent: AppliedCondition | None = None
    segment: SentSegment | None = None
    undecoded_s: float = 0.0


class SetRecordings:
    """The decoded recordings of a set, with a cache. Babble uses all of them."""

    def __init__(self, samples: SampleSet) -> None:
        self.clip: Callable[[Sample], Clip] = lru_cache(maxsize=_KEPT_CLIPS)(heard_clip)
        self.voices = tuple(BabbleVoice(one.id, one.speaker, partial(self.clip, one)) for one in samples.samples)


class RequestAudioSource:
    """Prepares the audio under one condition."""

    def __init__(self, recordings: SetRecordings, condition: Condition | None) -> None:
        self._recordings = recordings
        self._condition = condition

    def check(self, samples: SampleSet) -> None:
        """Raise InputError for a condition that cannot be used: its files or class are missing, or it needs babble and
        a sample's speaker is the only one of the set.
        """
        if self._condition is not None:
            check(self._condition)
        if self._condition is None or self._condition.noise != "babble":
            return
        voices = self._recordings.voices
        for sample in samples.samples:
            if not any(one.id != sample.id and (not sample.speaker or one.speaker != sample.speaker) for one in voices):
                raise InputError(
                    f"{samples.path}: babble for {sample.id!r} needs recordings of other speakers, and the set has "
                    "none; use white or pink noise"
                )

    def of(self, sample: Sample) -> RequestAudio:
        """Return the sample's audio; with a condition, a 16-bit WAV of the decoded and degraded recording.

        A condition without effect therefore gives the recognizer exactly the samples of the recording.
        """
        decoded = sample.decoded(SPEECH_RATE_HZ)
        undecoded_s = decoded.undecoded_s
        if self._condition is None:
            audio, duration_s = sample.audio_bytes(), decoded.clip.duration_s
            return RequestAudio(audio, duration_s, segment=_segment(sample, audio), undecoded_s=undecoded_s)
        found = degrade(
            Subject(sample.id, sample.speaker, self._recordings.clip(sample)), self._condition, self._recordings.voices
        )
        audio = codecs.encode_wav(found.clip)
        sent = AppliedCondition(
            sha256=hashlib.sha256(audio).hexdigest(),
            speech_dbfs=found.speech_dbfs if math.isfinite(found.speech_dbfs) else None,
            scale_db=found.scale_db,
            packets=found.packets,
            lost=found.lost,
            kbps=found.kbps,
            files=found.files,
        )
        return RequestAudio(audio, found.clip.duration_s, sent, undecoded_s=undecoded_s)


def _segment(sample: Sample, audio: bytes) -> SentSegment | None:
    if not sample.is_segment:
        return None
    length_s = decoding.decode(audio, source=sample.source).duration_s
    digest = hashlib.sha256(audio).hexdigest()
    return SentSegment(offset_s=sample.offset_s or 0.0, duration_s=length_s, sha256=digest, encoding=ENCODING)


def heard_clip(sample: Sample) -> Clip:
    """Decode a sample's recording like a pipeline, at SPEECH_RATE_HZ. Raises InputError, which names the file."""
    try:
        incoming = IncomingAudio(longest_s=math.inf)
        first, last = incoming.feed(sample.audio_bytes()), incoming.finish()
    except InputError as error:
        raise InputError(f"{sample.audio_path} (sample {sample.id!r}): {error}") from error
    parts = [clip for clip in (first, last) if clip is not None]
    if not any(len(clip.samples) for clip in parts):
        raise InputError(f"{sample.audio_path} (sample {sample.id!r}): contains no audio")
    return Clip.join(parts)
