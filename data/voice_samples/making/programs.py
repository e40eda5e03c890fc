"""Speech from the synthesizers that are Debian programs: Festival and Flite."""

import subprocess
import sys
import tempfile
import wave
from pathlib import Path

import numpy as np

from making.waveform import Samples

PACKAGES = {
    "festival": "festival festvox-us-slt-hts festvox-kdlpc16k",
    "flite": "flite",
}


def festival(text: str, voice: str, speaking_rate: float) -> tuple[Samples, int]:
    """Speak `text`; return the samples and their rate in Hz. speaking_rate: 1.25 is a quarter faster."""
    # An HTS voice takes its rate as an option of its engine; the diphone voices take a duration factor.
    if voice.endswith("_hts"):
        pace = f'(set! hts_engine_params (append hts_engine_params (list (list "-r" {speaking_rate}))))'
    else:
        pace = f"(Parameter.set 'Duration_Stretch {1 / speaking_rate})"
    choice = f"(voice_{voice})" if speaking_rate == 1 else f"(begin (voice_{voice}) {pace})"
    return _run("festival", ["text2wave", "-eval", choice, "-o"], voice, text)


def flite(text: str, voice: str, speaking_rate: float) -> tuple[Samples, int]:
    """Speak `text`, as `festival` does."""
    # flite speaks in its default voice when it lacks the one asked for.
    listed = subprocess.run(["flite", "-lv"], capture_output=True, text=True, check=False).stdout.split()
    if voice not in listed:
        sys.exit(f"this flite has no voice {voice}; the Debian package flite has it")
    pace = [] if speaking_rate == 1 else ["--setf", f"duration_stretch={1 / speaking_rate}"]
    return _run("flite", ["flite", "-voice", voice, *pace, "-t", text, "-o"], voice, "")


def _run(engine: str, command: list[str], voice: str, text: str) -> tuple[Samples, int]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "speech.wav"
        done = subprocess.run([*command, str(out)], input=text, capture_output=True, text=True, check=False)
        complaint = done.stderr.strip()
        # text2wave speaks in its default voice and exits 0 when a voice is not installed.
        if done.returncode != 0 or not out.exists() or "unbound variable" in complaint:
            sys.exit(f"{engine} could not speak with voice {voice} (Debian: {PACKAGES[engine]}): {complaint}")
        with wave.open(str(out), "rb") as file:
            rate_hz, channels = file.getframerate(), file.getnchannels()
            pcm = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    mono = pcm.reshape(-1, channels).mean(axis=1) / 32768.0
    return mono.astype(np.float32), rate_hz
