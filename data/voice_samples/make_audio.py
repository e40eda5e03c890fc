"""Synthesize the recordings that voice_samples.json describes.

Usage:
    python make_audio.py                   make every recording, then update duration_s and sha256 in the json
    python make_audio.py --only ID [ID]    make only these
    python make_audio.py --check           make nothing; compare the files with the json

A sample is spoken from its optional `say` (a respelling for the synthesizer), else from its `text`; the `text` is
always the reference. The speech is resampled to 16 kHz mono, cut free of the synthesizer's own silence, brought to
-23 dBFS RMS, put between 0.15 s and 0.25 s of silence and encoded as Ogg Opus at 32 kbit/s in 20 ms frames.
The same versions of the tools on the same kind of processor give the same bytes each time.

Needs the Debian packages festival, festvox-us-slt-hts and flite, and the Python packages av, numpy and soxr.
"""

import argparse
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tempfile
import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import soxr

Samples = npt.NDArray[np.float32]  # shape (n,), mono, full scale is -1..1

HERE = Path(__file__).resolve().parent
INDEX = HERE / "voice_samples.json"

RATE_HZ = 16_000
FRAME = RATE_HZ // 50  # 20 ms
BITRATE = 32_000
LEVEL_DBFS = -23.0
PEAK_LIMIT = 0.89  # -1 dBFS, so that the codec's overshoot does not clip
BEFORE_S = 0.15
AFTER_S = 0.25
SILENCE_DB = -45.0  # below the loudest frame; quieter frames at the ends are silence

PACKAGES = {"festival": ("text2wave", "festival festvox-us-slt-hts"), "flite": ("flite", "flite")}


def require_engines(speakers: list[dict[str, Any]]) -> None:
    """Exit with the packages to install when a synthesizer is missing, or naming a voice that Flite lacks."""
    engines = sorted({speaker["engine"] for speaker in speakers})
    missing = [PACKAGES[engine] for engine in engines if shutil.which(PACKAGES[engine][0]) is None]
    if missing:
        programs = ", ".join(program for program, _ in missing)
        packages = " ".join(package for _, package in missing)
        sys.exit(f"not found: {programs}. On Debian or Ubuntu: apt-get install {packages}")
    if "flite" in engines:  # flite speaks in its default voice when it lacks the one asked for
        listed = subprocess.run(["flite", "-lv"], capture_output=True, text=True, check=False).stdout.split()
        lacking = {speaker["voice"] for speaker in speakers if speaker["engine"] == "flite"} - set(listed)
        if lacking:
            sys.exit(f"this flite has no voice {', '.join(sorted(lacking))}; the Debian package flite has it")


def synthesize(text: str, engine: str, voice: str) -> tuple[Samples, int]:
    """Speak `text`; return the samples and their rate in Hz."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "speech.wav"
        if engine == "festival":
            command = ["text2wave", "-eval", f"(voice_{voice})", "-o", str(out)]
            done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        else:
            command = ["flite", "-voice", voice, "-t", text, "-o", str(out)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        complaint = done.stderr.strip()
        # text2wave speaks in its default voice and exits 0 when a voice is not installed
        if done.returncode != 0 or not out.exists() or "unbound variable" in complaint:
            install = PACKAGES[engine][1]
            sys.exit(f"{engine} could not speak with voice {voice} (Debian packages: {install}): {complaint}")
        with wave.open(str(out), "rb") as file:
            rate_hz, channels = file.getframerate(), file.getnchannels()
            pcm = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    mono = pcm.reshape(-1, channels).mean(axis=1) / 32768.0
    return mono.astype(np.float32), rate_hz


def frame_db(samples: Samples) -> npt.NDArray[np.float64]:
    """RMS of each 20 ms frame, in dB relative to full scale."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    return np.asarray(10 * np.log10(np.mean(frames**2, axis=1) + 1e-12))


def trim(samples: Samples) -> Samples:
    """Cut silence from both ends, leaving one frame of margin."""
    level = frame_db(samples)
    loud = np.flatnonzero(level > level.max() + SILENCE_DB)
    return samples[max(0, loud[0] - 1) * FRAME : (loud[-1] + 2) * FRAME]


def normalize(samples: Samples) -> Samples:
    """Scale to LEVEL_DBFS over the frames that hold speech, never above PEAK_LIMIT."""
    level = frame_db(samples)
    speech = level[level > level.max() - 30.0]
    rms = float(np.sqrt(np.mean(10 ** (speech / 10))))
    gain = min(10 ** (LEVEL_DBFS / 20) / rms, PEAK_LIMIT / float(np.abs(samples).max()))
    return (samples * gain).astype(np.float32)


def pad(samples: Samples) -> Samples:
    """Add the silence before and after, rounded up to whole frames."""
    before, after = round(BEFORE_S * RATE_HZ), round(AFTER_S * RATE_HZ)
    after += -(before + len(samples) + after) % FRAME
    return np.pad(samples, (before, after))


def encode(samples: Samples) -> bytes:
    """Ogg Opus bytes of 16 kHz mono samples, the same for the same input."""
    pcm = np.round(samples * 32767).astype(np.int16)
    sink = io.BytesIO()
    with av.open(sink, "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        options = {"application": "audio", "frame_duration": "20", "flags": "+bitexact"}
        stream = container.add_stream("libopus", rate=RATE_HZ, options=options)
        stream.bit_rate = BITRATE
        stream.layout = "mono"
        stream.format = "s16"
        for start in range(0, len(pcm), FRAME):
            frame = av.AudioFrame.from_ndarray(pcm[None, start : start + FRAME], format="s16", layout="mono")
            frame.sample_rate = RATE_HZ
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return sink.getvalue()


def make(sample: dict[str, Any], speakers: dict[str, Any]) -> None:
    """Write the recording of one sample and put its duration and checksum into the sample."""
    speaker = speakers[sample["speaker"]]
    speech, rate_hz = synthesize(sample.get("say", sample["text"]), speaker["engine"], speaker["voice"])
    if rate_hz != RATE_HZ:
        speech = soxr.resample(speech, rate_hz, RATE_HZ)
    samples = pad(normalize(trim(speech)))
    data = encode(samples)
    path = HERE / sample["audio_path"]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    sample["duration_s"] = round(len(samples) / RATE_HZ, 3)
    sample["sha256"] = hashlib.sha256(data).hexdigest()


def check(samples: list[dict[str, Any]]) -> None:
    """Exit naming the recordings that are missing or differ from the json."""
    bad = []
    for sample in samples:
        path = HERE / sample["audio_path"]
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != sample["sha256"]:
            bad.append(sample["id"])
    if bad:
        sys.exit("missing or different: " + ", ".join(bad))
    print(f"{len(samples)} recordings agree with {INDEX.name}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Synthesize the recordings that voice_samples.json describes.")
    parser.add_argument("--only", nargs="+", metavar="ID", help="make only these samples")
    parser.add_argument("--check", action="store_true", help="make nothing; compare the files with the json")
    args = parser.parse_args()

    index = json.loads(INDEX.read_text(encoding="utf-8"))
    samples = [sample for category in index["samples"].values() for sample in category]
    if args.only:
        unknown = set(args.only) - {sample["id"] for sample in samples}
        if unknown:
            parser.error("no such sample: " + ", ".join(sorted(unknown)))
        samples = [sample for sample in samples if sample["id"] in args.only]
    if args.check:
        check(samples)
        return
    speakers = index["metadata"]["speakers"]
    require_engines([speakers[sample["speaker"]] for sample in samples])
    for sample in samples:
        make(sample, speakers)
    INDEX.write_text(json.dumps(index, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"made {len(samples)} recordings, {sum(sample['duration_s'] for sample in samples):.1f} s of audio")


if __name__ == "__main__":
    main()
