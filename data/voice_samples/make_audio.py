"""Make the recordings that voice_samples.json describes.

Usage:
    python make_audio.py                   make every recording, then update duration_s and sha256 in the json
    python make_audio.py --only ID [ID]    make only these
    python make_audio.py --check           make nothing; compare the files with the json

A sample is spoken from its optional `say` (a respelling for the synthesizer), else from its `text`; the `text` is
always the reference. A sample with `sound` is made from numbers, without a voice. The sound is 16 kHz mono, at
-23 dBFS RMS with 0.15 s of silence before and 0.25 s after, then put under the sample's `condition` and encoded as Ogg
Opus at 32 kbit/s in 20 ms frames. The same versions of the tools on the same kind of processor give the same bytes.

Needs voicelab and the packages in the README of the data folder.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from making import networks, programs, sounds, surroundings
from making.waveform import RATE_HZ, Samples, encode, prepare

from voicelab.audio.clip import Clip
from voicelab.audio.decoding import load
from voicelab.conditions.babble import BabbleVoice

HERE = Path(__file__).resolve().parent
INDEX = HERE / "voice_samples.json"
ENGINES = {
    "festival": programs.festival,
    "flite": programs.flite,
    "piper": networks.piper,
    "kokoro": networks.kokoro,
}


def make(sample: dict[str, Any], metadata: dict[str, Any], talkers: list[BabbleVoice]) -> None:
    """Write the recording of one sample and put its duration and checksum into the sample."""
    samples = sounds.make_sound(sample) if "sound" in sample else speak(sample, metadata["speakers"])
    samples = surroundings.apply(sample, samples, metadata["rooms"], talkers)
    data = encode(samples)
    path = HERE / sample["audio_path"]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    sample["duration_s"] = round(len(samples) / RATE_HZ, 3)
    sample["sha256"] = hashlib.sha256(data).hexdigest()


def speak(sample: dict[str, Any], speakers: dict[str, Any]) -> Samples:
    """The sample's text in its speaker's voice, as it is before any condition."""
    speaker = speakers[sample["speaker"]]
    text = sample.get("say", sample["text"])
    speech, rate_hz = ENGINES[speaker["engine"]](text, speaker["voice"], sample.get("speaking_rate", 1.0))
    return prepare(speech, rate_hz)


def babble_talkers(samples: list[dict[str, Any]]) -> list[BabbleVoice]:
    """Who talks in babble: the samples that are spoken at the normal rate under no condition."""

    def clip(path: Path) -> Clip:
        return load(path.read_bytes(), source=str(path), rate_hz=RATE_HZ).clip

    return [
        BabbleVoice(one["id"], one["speaker"], lambda path=HERE / one["audio_path"]: clip(path))
        for one in samples
        if one["text"] and "condition" not in one and "speaking_rate" not in one
    ]


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
    parser = argparse.ArgumentParser(description="Make the recordings that voice_samples.json describes.")
    parser.add_argument("--only", nargs="+", metavar="ID", help="make only these samples")
    parser.add_argument("--check", action="store_true", help="make nothing; compare the files with the json")
    args = parser.parse_args()

    index = json.loads(INDEX.read_text(encoding="utf-8"))
    every = [sample for category in index["samples"].values() for sample in category]
    chosen = every
    if args.only:
        unknown = set(args.only) - {sample["id"] for sample in every}
        if unknown:
            parser.error("no such sample: " + ", ".join(sorted(unknown)))
        chosen = [sample for sample in every if sample["id"] in args.only]
    if args.check:
        check(chosen)
        return
    talkers = babble_talkers(every)
    # Babble is made of the other recordings, so those come first.
    for sample in sorted(chosen, key=lambda one: "condition" in one):
        make(sample, index["metadata"], talkers)
    INDEX.write_text(json.dumps(index, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"made {len(chosen)} recordings, {sum(sample['duration_s'] for sample in chosen):.1f} s of audio")


if __name__ == "__main__":
    main()
