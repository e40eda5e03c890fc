"""One turn as a reader sees and hears it: words aligned, entities ticked off, the request and the reply to play."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from voicelab.audio import decoding
from voicelab.audio.opus import encode_ogg
from voicelab.datasets import Sample, SampleSet
from voicelab.errors import InputError
from voicelab.figures.scored_turn import TurnScore
from voicelab.metrics.entities import mentions
from voicelab.metrics.words import AlignmentStep
from voicelab.report.wording import number, seconds
from voicelab.runs.records import RunFolder, TurnResult
from voicelab.runs.sent_audio import RequestAudioSource
from voicelab.scoring import inputs
from voicelab.scoring.labels import label
from voicelab.scoring.turns import answer_text

SOUND_LIMIT_BYTES = 9 * 2**20
"""How much encoded sound one page carries at most; what is over stays in the run's folder."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording as a data URI, or the reason why there is none."""

    uri: str | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class TurnCard:
    """A turn with everything written out. entities: (name, whether it was heard, whether it was answered)."""

    score: TurnScore
    request: Sound
    reply: Sound
    entities: tuple[tuple[str, bool, bool], ...]

    @property
    def turn(self) -> TurnResult:
        return self.score.turn

    @property
    def steps(self) -> tuple[AlignmentStep, ...]:
        return self.score.steps or ()

    @property
    def category(self) -> str:
        return label(self.turn.category)

    @property
    def wer(self) -> float | None:
        return self.score.words.wer if self.score.words is not None else None

    @property
    def wer_text(self) -> str:
        return number(self.wer)

    @property
    def counts_text(self) -> str:
        words = self.score.words
        if words is None:
            return "not scored"
        parts = ((words.substitutions, "sub"), (words.deletions, "del"), (words.insertions, "ins"))
        return ", ".join(f"{count} {name}" for count, name in parts if count) or "no error"

    @property
    def intent_text(self) -> str:
        got, wanted = self.score.intent, self.turn.expected_intent
        if got is None:
            return "not scored"
        if wanted is None or wanted == got:
            return label(got)
        return f"{label(got)}, not {label(wanted)}"

    @property
    def session_text(self) -> str:
        found = self.score.session
        return f"{found.found} of {found.expected} in the session" if found is not None and found.expected else ""

    @property
    def first_sound_text(self) -> str:
        return seconds(self.turn.first_audio_s)

    @property
    def turn_text(self) -> str:
        return seconds(self.turn.turn_s)


def view_turns(
    folder: RunFolder,
    scores: Sequence[TurnScore],
    samples: SampleSet | None,
    *,
    limit_bytes: int = SOUND_LIMIT_BYTES,
) -> list[TurnCard]:
    """The turns as views. The first in the list get their sound first, as long as there is room for it."""
    shelf = _Shelf(folder, samples, limit_bytes)
    return [_view(score, shelf) for score in scores]


def _view(score: TurnScore, shelf: _Shelf) -> TurnCard:
    turn = score.turn
    heard, answer = turn.heard or "", answer_text(turn) or ""
    entities = tuple((one, mentions(heard, one), mentions(answer, one)) for one in turn.expected_entities)
    return TurnCard(score, shelf.request(turn), shelf.reply(turn), entities)


class _Shelf:
    """Hands out recordings until the page is full."""

    def __init__(self, folder: RunFolder, samples: SampleSet | None, limit_bytes: int) -> None:
        self._folder = folder
        self._request_audio_source = (
            inputs.request_audio_source(folder.read(), samples) if samples is not None else None
        )
        self._samples = {sample.id: sample for sample in samples.samples} if samples is not None else {}
        self._left_bytes = limit_bytes

    def request(self, turn: TurnResult) -> Sound:
        sample = self._samples.get(turn.sample_id)
        if sample is None:
            return Sound(None, "not available: the sample set has moved or changed")
        sound = (
            request_sound(sample)
            if self._request_audio_source is None
            else disturbed_sound(self._request_audio_source, sample, turn)
        )
        return self._fitting(sound, sample.audio_path.name)

    def reply(self, turn: TurnResult) -> Sound:
        if turn.reply_file is None:
            lost = turn.chunks > 0
            return Sound(None, "not available: another turn's reply was written over it" if lost else "no reply")
        file = self._folder.path / turn.reply_file
        if not file.is_file():
            return Sound(None, f"not available: {turn.reply_file} is not in the run's folder")
        return self._fitting(_sound(file.read_bytes()), turn.reply_file)

    def _fitting(self, sound: Sound, name: str) -> Sound:
        size_bytes = len(sound.uri or "")
        if size_bytes > self._left_bytes:
            return Sound(None, f"left out to keep this page small: {name}")
        self._left_bytes -= size_bytes
        return sound


def request_sound(sample: Sample) -> Sound:
    """The recording of a sample, ready to play."""
    try:
        return _sound(sample.audio_bytes())
    except InputError:
        return Sound(None, "not available: the recording cannot be read")


def disturbed_sound(request_audio_source: RequestAudioSource, sample: Sample, turn: TurnResult) -> Sound:
    """What a turn was sent under a condition, made again and held against its digest, as Opus at 64 kbit/s."""
    try:
        request_audio = request_audio_source.of(sample)
    except InputError:
        return Sound(None, "not available: the recording cannot be disturbed")
    if request_audio.sent is None or turn.sent is None or request_audio.sent.sha256 != turn.sent.sha256:
        return Sound(None, "not available: what was sent cannot be made again as it was")
    return _sound(encode_ogg(decoding.decode(request_audio.audio), 64_000))


def _sound(data: bytes) -> Sound:
    return Sound(data_uri(data, decoding.media_type(data)))


def data_uri(data: bytes, media_type: str) -> str:
    """Bytes as an address that carries them itself."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
