"""Samples, scenarios and sample sets, independent of the file format."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from voicelab.audio import decoding
from voicelab.audio.clip import Clip
from voicelab.audio.decoding import Decoded
from voicelab.datasets import parquet, segment
from voicelab.datasets.columns import USUAL, SetColumns
from voicelab.datasets.over_reply import OverReply
from voicelab.errors import InputError
from voicelab.metrics.tool_calls import Call
from voicelab.text import language as language_of
from voicelab.text.plural import counted

if TYPE_CHECKING:
    import pandas

AudioKind = Literal["file", "event", "parquet", "memory"]


@dataclass(frozen=True, slots=True)
class Sample:
    """A recorded request and the expected results.

    text: the reference; "" if nobody speaks, so that every recognized word is an insertion. language: its code, such as
    en or zh; None if the set does not give it. audio_path: a sound file, a JSON `audio_chunk` event (audio_kind
    "event"), a parquet table with the sound in the column `audio_column` of its row `row` (audio_kind "parquet"), or
    only a name (audio_kind "memory": the encoded sound is `encoded`). offset_s, duration_s: the part of the recording
    that is the sample; None: from its beginning, to its end. expected_tool_calls: None where the set does not say; ()
    where no tool is to be called. requires_context: it only makes sense after another turn. over_reply: what the caller
    says while the reply sounds. sha256: of the whole recording. listed_at: where the set's file lists it, for messages.
    """

    id: str
    text: str
    audio_path: Path
    audio_kind: AudioKind = "file"
    category: str = "samples"
    speaker: str | None = None
    expected_entities: tuple[str, ...] = ()
    expected_intent: str | None = None
    expected_tool_calls: tuple[Call, ...] | None = None
    requires_context: bool = False
    over_reply: OverReply | None = None
    sha256: str | None = None
    offset_s: float | None = None
    duration_s: float | None = None
    row: int | None = None
    audio_column: str | None = None
    language: str | None = None
    listed_at: str = field(default="", compare=False)
    encoded: bytes | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        who = f", {self.speaker}" if self.speaker else ""
        return f"Sample {self.id} ({self.category}{who}): {self.text!r}"

    def _repr_html_(self) -> str:
        """Return the text, which is readable in an untrusted notebook too, then a waveform and a player."""
        from voicelab.audio.display import clip_html

        try:
            sound = clip_html(self.clip())
        except InputError as error:
            sound = f"<p>{escape(str(error))}</p>"
        return f"<p>{escape(repr(self))}</p>{sound}"

    @property
    def source(self) -> str:
        """The names of recording and sample, for messages."""
        listed = f"{self.listed_at}: " if self.listed_at else ""
        return f"{listed}{self.audio_path} (sample {self.id!r})"

    @property
    def is_segment(self) -> bool:
        """Whether the sample is a segment of the recording."""
        if self.offset_s is None and self.duration_s is None:
            return False
        return not segment.is_whole(self._recording(), self.offset_s, self.duration_s, source=self.source)

    def audio_bytes(self) -> bytes:
        """Return the encoded audio to send: the recording, or a WAV file with its segment.

        Raises InputError, which names the sample, the file and the field.
        """
        return self._audio()[0]

    def _audio(self) -> tuple[bytes, float]:
        """Return the audio to send, and the seconds of it that are known to be damaged."""
        if self.offset_s is None and self.duration_s is None:
            return self.recording_bytes(), 0.0
        return segment.cut(self._recording(), self.offset_s, self.duration_s, source=self.source)

    def _recording(self) -> bytes | Path:
        """Return the path of the recording if it is a separate file, otherwise its bytes."""
        return self.audio_path if self.audio_kind == "file" and self.sha256 is None else self.recording_bytes()

    def recording_bytes(self) -> bytes:
        """Return the encoded recording, verified against sha256."""
        if self.audio_kind == "memory":
            data = self.encoded or b""
        elif self.audio_kind == "parquet":
            data = parquet.embedded_audio(self.audio_path, self.audio_column or "audio", self.row or 1)
        else:
            data = decoding.read_bytes(self.audio_path)
        if self.sha256 is not None and hashlib.sha256(data).hexdigest() != self.sha256:
            raise InputError(f"{self.audio_path}: sample {self.id!r}: the file does not match the field 'sha256'")
        if self.audio_kind != "event":
            return data
        try:
            event = json.loads(data)
            chunk = event["data"]["audio_chunk"]
            return base64.b64decode(chunk, validate=True)
        except (ValueError, KeyError, TypeError, binascii.Error) as error:
            wanted = "a JSON object with base64 in data.audio_chunk"
            raise InputError(f"{self.audio_path}: sample {self.id!r}: not {wanted}: {error!r}") from error

    def clip(self) -> Clip:
        """Decode the audio."""
        return self.decoded().clip

    def decoded(self, rate_hz: int | None = None) -> Decoded:
        """Decode the audio (at rate_hz, or its own rate) and measure its damage. Raises InputError."""
        data, undecoded_s = self._audio()
        found = decoding.load(data, source=self.source, rate_hz=rate_hz)
        return replace(found, undecoded_s=found.undecoded_s + undecoded_s)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A conversation: samples spoken in order in one session."""

    id: str
    description: str
    turns: tuple[Sample, ...]
    expected_session_entities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleSet:
    """The samples of a set in file order, and its scenarios.

    notices: sentences about entries that its reader skipped or changed. columns: the columns used to read a table. A
    set has a length and iterates over its samples.
    """

    path: Path
    samples: tuple[Sample, ...]
    scenarios: tuple[Scenario, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    configurations: Mapping[str, Any] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    columns: SetColumns = USUAL
    _whole: SampleSet | None = field(default=None, repr=False, compare=False)

    @property
    def whole(self) -> SampleSet:
        """The set from which these samples were selected. Babble noise uses the recordings of all its speakers."""
        return self if self._whole is None else self._whole

    @classmethod
    def from_frame(cls, frame: Any, home: Path | str = ".", columns: SetColumns = USUAL) -> SampleSet:
        """Create a set from rows with the columns of a manifest or of `to_frame`.

        frame: a pandas or polars DataFrame, a `datasets.Dataset` (one split), a lhotse `CutSet`, or an iterable of
        mappings. A cell of the audio column is a path, encoded bytes, or a mapping with `bytes`, or with `array` and
        `sampling_rate`. home: base of relative paths. columns: names of the columns, if they differ from the usual
        ones. Raises InputError that names the row and the column.
        """
        from voicelab.datasets.frames import from_rows

        return from_rows(frame, home=Path(home), columns=columns)

    def __repr__(self) -> str:
        scenarios = f", {counted(len(self.scenarios), 'scenario')}" if self.scenarios else ""
        return f"SampleSet of {counted(len(self), 'sample')}{scenarios} ({', '.join(self.categories)}): {self.path}"

    def _repr_html_(self) -> str:
        shown = self.to_frame()[["id", "category", "speaker", "text"]]
        table = shown.to_html(index=False, na_rep="", max_rows=20, border=0)
        return f"<p>{escape(repr(self))}</p>{table}"

    def __len__(self) -> int:
        return len(self.samples)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.samples)

    def __getitem__(self, chosen: int | slice | str) -> Any:
        """Return a sample by index or id; for a slice, the set of those samples."""
        if isinstance(chosen, str):
            return self.sample(chosen)
        if isinstance(chosen, int):
            return self.samples[chosen]
        return self._with(self.samples[chosen])

    def where(self, wanted: Callable[[Sample], bool]) -> SampleSet:
        """Return the samples for which `wanted` returns true, and the scenarios whose turns all remain."""
        return self._with(tuple(sample for sample in self.samples if wanted(sample)))

    def save(self, path: Path | str) -> Path:
        """Write the set and return the file: a folder or .json as voice_samples.json, a .jsonl as a manifest.

        Recordings that are files are referenced at their location; others are written next to the list. Raises
        InputError for another ending, or if the file exists.
        """
        from voicelab.datasets.saving import save

        return save(self, Path(path))

    def is_as_stored(self) -> bool:
        """Whether reading `path` returns the same samples."""
        from voicelab.datasets.loading import load

        try:
            stored = load(str(self.path), self.columns)
        except InputError:
            return False
        return (stored.samples, stored.scenarios) == (self.samples, self.scenarios)

    def _with(self, kept: tuple[Sample, ...]) -> SampleSet:
        ids = {sample.id for sample in kept}
        scenarios = tuple(one for one in self.scenarios if all(turn.id in ids for turn in one.turns))
        return replace(self, samples=kept, scenarios=scenarios, _whole=self.whole)

    def to_frame(self) -> pandas.DataFrame:
        """Return a table with a row per sample and a column per field; decodes nothing."""
        import pandas

        names = [one.name for one in fields(Sample) if one.name not in ("listed_at", "audio_column", "encoded")]
        rows = [{name: getattr(sample, name) for name in names} for sample in self.samples]
        return pandas.DataFrame(rows, columns=names)

    @property
    def home(self) -> Path:
        """The folder that contains the set's file, or the set's own folder."""
        return self.path if self.path.is_dir() else self.path.parent

    @property
    def spoken(self) -> tuple[Sample, ...]:
        """The samples with speech: their text is not empty."""
        return tuple(sample for sample in self.samples if sample.text.strip())

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(sample.category for sample in self.samples))

    def sample(self, sample_id: str) -> Sample:
        """Return the sample with that id. Raises InputError, which lists the ids."""
        return _by_id(self.samples, sample_id, "sample", self.path)

    def scenario(self, scenario_id: str) -> Scenario:
        """Return the scenario with that id. Raises InputError, which lists the ids."""
        return _by_id(self.scenarios, scenario_id, "scenario", self.path)

    def only(
        self, *, categories: Iterable[str] = (), limit: int | None = None, language: str | None = None
    ) -> SampleSet:
        """Return a subset: some categories, at most `limit` samples, and the scenarios whose turns all remain.

        language: keep samples in this language and samples without a language.

        The limit is balanced over the categories, and within a category over the speakers.
        """
        wanted = tuple(categories)
        if unknown := [name for name in wanted if name not in self.categories]:
            raise InputError(f"{self.path}: no category {unknown[0]!r}; there are: {', '.join(self.categories)}")
        kept = [sample for sample in self.samples if not wanted or sample.category in wanted]
        if language is not None:
            code = language_of(language).code
            kept = [sample for sample in kept if sample.language in (None, code)]
            if not kept:
                there = ", ".join(sorted({sample.language or "" for sample in self.samples}))
                raise InputError(f"{self.path}: no sample has the language {language!r}; its languages: {there}")
        if limit is not None:
            chosen = {sample.id for sample in _in_rounds(kept, limit)}
            kept = [sample for sample in kept if sample.id in chosen]
        return self._with(tuple(kept))


def _in_rounds(samples: list[Sample], limit: int) -> Iterator[Sample]:
    """Yield at most `limit` samples, alternating categories, from the speaker with the fewest samples so far.

    Ties go to the speaker with the fewest samples in this category, then to the first one listed.
    """
    queues: dict[str, dict[str | None, list[Sample]]] = {}
    for sample in samples:
        queues.setdefault(sample.category, {}).setdefault(sample.speaker, []).append(sample)
    overall: Counter[str | None] = Counter()
    within: dict[str, Counter[str | None]] = {category: Counter() for category in queues}
    left = min(limit, len(samples))
    while left > 0:
        for category, speakers in queues.items():
            waiting = [speaker for speaker, queue in speakers.items() if len(queue) > within[category][speaker]]
            if not waiting or left <= 0:
                continue
            chosen = min(waiting, key=lambda speaker: (overall[speaker], within[category][speaker]))
            yield speakers[chosen][within[category][chosen]]
            overall[chosen] += 1
            within[category][chosen] += 1
            left -= 1


_Item = TypeVar("_Item", Sample, Scenario)


def _by_id(items: Iterable[_Item], wanted: str, kind: str, path: Path) -> _Item:
    known = {item.id: item for item in items}
    if wanted not in known:
        raise InputError(f"{path}: no {kind} {wanted!r}; there are: {', '.join(known) or 'none'}")
    return known[wanted]
