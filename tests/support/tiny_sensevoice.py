"""The tiny SenseVoice of tests/data, and its expected transcripts."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.support.extras import needs
from voicelab.asr.base import Transcript
from voicelab.asr.catalog import RECOGNIZERS
from voicelab.audio import decoding
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip

FOLDER = Path(__file__).parents[1] / "data" / "tiny_sensevoice"
EXPECTED: dict[str, dict[str, str]] = json.loads((FOLDER / "expected.json").read_text())
TEXTS = {name: re.sub(r"<\|.*?\|>", "", each["raw"]).strip() for name, each in EXPECTED.items()}
WRITTEN = {name: re.sub(r"<\|.*?\|>", "", each["raw_itn"]).strip() for name, each in EXPECTED.items()}

needs_sensevoice = needs(RECOGNIZERS, "sensevoice")


def spec(**options: object) -> str:
    """The tiny model as an engine; spoken forms unless itn is set."""
    listed = {"model": FOLDER, "device": "cpu", "itn": "false", **options}
    return "sensevoice:" + ",".join(f"{key}={value}" for key, value in listed.items())


def recording(name: str) -> Clip:
    return decoding.read(FOLDER / f"{name}.ogg").at_rate(SPEECH_RATE_HZ)


def transcript(name: str) -> Transcript:
    """The expected transcript of an utterance, with tags as fields."""
    language, emotion, event = re.findall(r"<\|(.*?)\|>", EXPECTED[name]["raw"])[:3]
    return Transcript(TEXTS[name], language, None, emotion.lower(), event.lower())
