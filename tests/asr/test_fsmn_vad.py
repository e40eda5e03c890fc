"""fsmn-vad: the real code with a tiny model; the text does not depend on the chunking."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support.sensevoice import failure, frames, hear
from tests.support.tiny_sensevoice import TEXTS, needs_sensevoice, recording, spec, transcript
from voicelab.asr.catalog import RECOGNIZERS
from voicelab.asr.pauses import PauseFinder
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.engines.pool.pool import EnginePool
from voicelab.errors import EngineError, EngineMissingError

pytestmark = needs_sensevoice
FOLDER = Path(__file__).parents[1] / "data" / "tiny_fsmn_vad"
NAMES = ["price", "news", "list", "hello"] * 2
GAP_S = 0.8

LAB = """
import json, sys
from pathlib import Path
import numpy as np, torch
from voicelab.asr.sensevoice.fsmn_segments import DetectedPauseFinder
from voicelab.asr.sensevoice.fsmn_vad import FsmnVad
from voicelab.errors import EngineError

torch.set_num_threads(1)
torch.manual_seed(3)
SEGMENT_S = float(sys.argv[4])
sound = np.load(sys.argv[2])
vad = FsmnVad(Path(sys.argv[1]))

def pieces(size, detector=vad):
    finder = DetectedPauseFinder(SEGMENT_S, detector)
    found = []
    for start in range(0, len(sound), size):
        finder.feed(sound[start : start + size])
        found += [[span.start, span.end] for span in finder.take_segments()]
    return found

told = {"whole": pieces(len(sound)), "frames": pieces(320), "odd": pieces(5077)}
told["random"] = torch.rand(1).item() == torch.rand(1, generator=torch.Generator().manual_seed(3)).item()
dithered = FsmnVad(Path(sys.argv[1]))
dithered._options["frontend"].dither = 1.0
told["dithered"] = [pieces(len(sound), dithered), pieces(320, dithered)]
try:
    FsmnVad(Path(sys.argv[3]))
except EngineError as error:
    told["other"] = str(error)
print(json.dumps(told))
"""


def conversation(hiss):
    """Utterances with gaps between them, under hiss; and where the gaps are, in samples."""
    gap = Clip.silence(GAP_S)
    clip = Clip.join([part for name in NAMES for part in (recording(name), gap)])
    noise = np.random.default_rng(1).normal(0, hiss, len(clip.samples)).astype(np.float32)
    ends = np.cumsum([len(recording(name).samples) + len(gap.samples) for name in NAMES])
    return Clip(clip.samples + noise, SPEECH_RATE_HZ), [(end - len(gap.samples), end) for end in ends]


def in_a_gap(end, gaps):
    """Allows 0.1 s for the fading end of a word."""
    return any(first - SPEECH_RATE_HZ // 10 <= end <= last for first, last in gaps)


def test_the_stored_model_is_the_one_that_was_made():
    for line in (FOLDER / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest, name


def test_it_cuts_in_gaps_that_hiss_hides_from_the_energy_alike_in_any_pieces(tmp_path):
    clip, gaps = conversation(0.01)
    np.save(tmp_path / "sound.npy", clip.samples)
    others = Path(__file__).parents[1] / "data" / "tiny_sensevoice"
    done = subprocess.run([sys.executable, "-c", LAB, str(FOLDER), str(tmp_path / "sound.npy"), str(others), "2.5"],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert len(told["whole"]) == 7
    for _, end in told["whole"]:
        assert in_a_gap(end, gaps), end / SPEECH_RATE_HZ
    by_energy = PauseFinder(2.5)
    by_energy.feed(clip.samples)
    assert not all(in_a_gap(span.end, gaps) for span in by_energy.take_segments()), "which is why there is a detector"
    assert told["frames"] == told["odd"] == told["whole"]
    assert told["dithered"][0] == told["dithered"][1]
    assert told["random"], "the generators of the process are left alone"
    assert "contains a SenseVoiceSmall, not a FsmnVADStreaming" in told["other"]


async def test_one_text_streamed_and_whole_and_what_was_used_is_in_the_info(tmp_path, monkeypatch):
    """With the model where a pull leaves it, "auto" takes it."""
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    cached = tmp_path / "models" / "iic--speech_fsmn_vad_zh-cn-16k-common-pytorch" / "snapshots" / "master"
    shutil.copytree(FOLDER, cached)
    host = await EnginePool(RECOGNIZERS.config(spec(segment_s=1.6))).open()
    try:
        assert host.info.options["vad"] == "auto", "what was asked for"
        digest = hashlib.sha256((FOLDER / "model.pt").read_bytes()).hexdigest()
        assert f", vad master sha256:{digest[:16]}" in host.info.revision
        clip, _ = conversation(0.0003)
        whole = await hear(host, [clip])
        assert whole.text == " ".join(TEXTS[name] for name in NAMES)
        assert await hear(host, frames(clip, 0.1)) == whole
        assert await hear(host, frames(clip, 0.317)) == whole
        assert await host.call("transcribe", [clip, recording("news")]) == [whole, transcript("news")]
    finally:
        await host.close()


async def test_without_the_model_auto_says_energy_and_fsmn_names_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    host = await EnginePool(RECOGNIZERS.config(spec())).open()
    await host.close()
    assert host.info.revision.endswith(", vad energy")
    error = await failure(spec(vad="fsmn"))
    assert isinstance(error, EngineMissingError)
    assert "run: voicelab models pull fsmn-vad" in str(error)
    assert "option vad must be auto, fsmn, energy or a model folder" in str(await failure(spec(vad="silero")))
    with pytest.raises(EngineError, match=r"has no config\.yaml"):
        await EnginePool(RECOGNIZERS.config(spec(vad=tmp_path))).open()
