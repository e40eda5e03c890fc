"""Small sample sets, written to a folder."""

import base64
import json
from pathlib import Path

from tests.support.tones import tone
from voicelab.audio.opus import encode_ogg
from voicelab.datasets.columns import TranscriptColumns
from voicelab.datasets.transcripts import manifest
from voicelab.datasets.transcripts.base import TranscriptLine


def write_set(folder: Path, **changes) -> Path:
    """A small voice_samples.json; `changes` are merged into its first sample, None removes a field."""
    (folder / "a.ogg").write_bytes(encode_ogg(tone(0.5)))
    event = {"event": "audio_chunk", "data": {"audio_chunk": base64.b64encode(encode_ogg(tone(0.5))).decode()}}
    (folder / "b.json").write_text(json.dumps(event))
    first = {"id": "a", "text": "hello", "audio_path": "a.ogg", "speaker": "x", "expected_entities": ["hello"]}
    first = {name: value for name, value in (first | changes).items() if value is not None}
    second = {"id": "b", "text": "more", "encoded_path": "b.json", "wav_path": "gone.wav", "requires_context": True}
    scenario = {"id": "s", "turns": ["a", "b"], "expected_session_entities": ["hello"]}
    path = folder / "voice_samples.json"
    path.write_text(json.dumps({"samples": {"one": [first], "two": [second], "multi_turn_scenarios": [scenario]}}))
    return path


def table_lines(path: Path, side: str = manifest.REFERENCE) -> list[TranscriptLine]:
    """The references of a table, or its hypotheses."""
    read_side = manifest.reference_side if side == manifest.REFERENCE else manifest.hypothesis_side
    found = read_side(manifest.read_rows(path), TranscriptColumns())
    return found.utterances(found.depth)


def samples_folder() -> Path:
    return Path(__file__).parents[2] / "data" / "voice_samples"
