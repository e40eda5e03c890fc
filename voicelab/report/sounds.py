"""Embed recordings in a page as data URIs, up to a size limit."""

import base64
from dataclasses import dataclass

from voicelab.audio import decoding
from voicelab.audio.opus import encode_ogg
from voicelab.datasets import Sample, SampleSet
from voicelab.errors import EngineError, InputError
from voicelab.runs.records import RunFolder, TurnResult
from voicelab.runs.sent_audio import RequestAudioSource
from voicelab.scoring import inputs

SOUND_LIMIT_BYTES = 9 * 2**20
"""Maximum amount of encoded audio in one page; the rest remains in the run's folder."""


@dataclass(frozen=True, slots=True)
class EmbeddedSound:
    """A recording as a data URI, or the reason for its absence."""

    uri: str | None
    note: str = ""


class SoundShelf:
    """Returns recordings as data URIs until limit_bytes are used up, and then the reason for leaving them out."""

    def __init__(self, folder: RunFolder, samples: SampleSet | None, limit_bytes: int) -> None:
        self._folder = folder
        self._source = inputs.request_audio_source(folder.read(), samples) if samples is not None else None
        self._samples = {sample.id: sample for sample in samples.samples} if samples is not None else {}
        self._left_bytes = limit_bytes

    def request(self, turn: TurnResult) -> EmbeddedSound:
        sample = self._samples.get(turn.sample_id)
        if sample is None:
            return EmbeddedSound(None, "not available: the sample set has moved or changed")
        source = self._source
        sound = request_sound(sample) if source is None else _degraded_sound(source, sample, turn)
        return self.fitting(sound, sample.audio_path.name)

    def reply(self, turn: TurnResult) -> EmbeddedSound:
        if turn.reply_file is None:
            lost = turn.chunks > 0
            return EmbeddedSound(None, "not available: the reply of another turn replaced it" if lost else "no reply")
        file = self._folder.path / turn.reply_file
        if not file.is_file():
            return EmbeddedSound(None, f"not available: {turn.reply_file} is not in the run's folder")
        return self.fitting(_sound(file.read_bytes()), turn.reply_file)

    def recording(self, name: str) -> bytes | EmbeddedSound:
        """Return the stereo recording of a conversation (FLAC), or the reason for its absence."""
        if self._left_bytes <= 0:
            return EmbeddedSound(None, f"left out to keep this page small: {name}")
        try:
            return (self._folder.path / name).read_bytes()
        except OSError:
            return EmbeddedSound(None, f"not available: {name} is not in the run's folder")

    def fitting(self, sound: EmbeddedSound, name: str) -> EmbeddedSound:
        """Return the audio if it fits."""
        size_bytes = len(sound.uri or "")
        if size_bytes > self._left_bytes:
            return EmbeddedSound(None, f"left out to keep this page small: {name}")
        self._left_bytes -= size_bytes
        return sound


def request_sound(sample: Sample) -> EmbeddedSound:
    """Return the recording of a sample in a playable format."""
    try:
        return _sound(sample.audio_bytes())
    except InputError:
        return EmbeddedSound(None, "not available: the recording cannot be read")


def _degraded_sound(source: RequestAudioSource, sample: Sample, turn: TurnResult) -> EmbeddedSound:
    """Return the degraded audio of a turn as Opus at 64 kbit/s: reproduced, and verified by its SHA-256."""
    try:
        request_audio = source.of(sample)
    except (InputError, EngineError):
        return EmbeddedSound(None, "not available: the condition cannot be applied to the recording")
    if request_audio.sent is None or turn.sent is None or request_audio.sent.sha256 != turn.sent.sha256:
        return EmbeddedSound(None, "not available: the degraded audio cannot be reproduced")
    return _sound(encode_ogg(decoding.decode(request_audio.audio), 64_000))


def _sound(data: bytes) -> EmbeddedSound:
    return EmbeddedSound(data_uri(data, decoding.media_type(data)))


def data_uri(data: bytes, media_type: str) -> str:
    """Return bytes as a data URI."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
