"""SenseVoice: the real loading and decoding code, with a tiny model that knows four utterances exactly."""

import hashlib
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import pytest_asyncio

from tests.support.command_line import voicelab
from tests.support.made_runs import summarize_turns
from tests.support.sensevoice import failure, frames, hear
from tests.support.serving import spawned, talking, until
from tests.support.tiny_sensevoice import (
    EXPECTED,
    FOLDER,
    TEXTS,
    WRITTEN,
    needs_sensevoice,
    recording,
    spec,
    transcript,
)
from voicelab.asr.base import Transcript
from voicelab.asr.catalog import RECOGNIZERS
from voicelab.audio.clip import Clip
from voicelab.engines.pool.pool import EnginePool
from voicelab.errors import EngineMissingError
from voicelab.runs.records import RunSpec
from voicelab.runs.runner import evaluate


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def host():
    opened = await EnginePool(RECOGNIZERS.config(spec(segment_s=1.6))).open()
    yield opened
    await opened.close()


pytestmark = needs_sensevoice
on_module_loop = pytest.mark.asyncio(loop_scope="module")

LAB = """
import json, logging, random, sys
from pathlib import Path
import numpy as np, torch

torch.set_num_threads(1)
expected = random.Random(3).random(), float(np.random.RandomState(3).rand()), torch.Generator().manual_seed(3)
random.seed(3), np.random.seed(3), torch.manual_seed(3)
from tests.support.tiny_sensevoice import EXPECTED, FOLDER, recording
from voicelab.asr.sensevoice.recognizer import SenseVoice
from voicelab.errors import EngineError

def said(**options):
    engine = SenseVoice(**{"model": str(FOLDER), "device": "cpu", **options})
    try:
        engine.load()
    except EngineError as error:
        return f"{type(error).__name__}: {error}"
    return [transcript.text for transcript in engine.transcribe([recording(name) for name in EXPECTED])]

told = {"itn": said(), "english": said(itn=False, language="en")}
told["unused"] = "transformers" in sys.modules
told["threads"] = torch.get_num_threads()
told["random"] = (
    random.random() == expected[0], float(np.random.rand()) == expected[1],
    torch.rand(1).item() == torch.rand(1, generator=expected[2]).item(),
)
told["logging"] = logging.getLogger().handlers == [] and logging.getLogger().level == logging.WARNING
broken = Path(sys.argv[1])
weights = torch.load(broken / "model.pt")
bias = weights.pop("ctc.ctc_lo.bias")
torch.save(weights, broken / "model.pt")
told["lacking"] = said(model=str(broken))
torch.save({**weights, "ctc.ctc_lo.bias": bias[1:]}, broken / "model.pt")
told["misfit"] = said(model=str(broken))
(broken / "model.pt").unlink()
told["empty"] = said(model=str(broken))
told["devices"] = {device: said(device=device) for device in ("cuda", "cuda:7", "cuda:x", "tpu")}
from funasr import AutoModel
model = AutoModel(model=str(FOLDER), device="cpu", disable_update=True, disable_pbar=True, ncpu=1)
say = lambda name, itn: model.generate(input=recording(name).samples.copy(), use_itn=itn)[0]["text"]
told["automodel"] = {name: {"raw": say(name, False), "raw_itn": say(name, True)} for name in EXPECTED}
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The output of one process that runs all checks, because importing funasr takes seconds."""
    broken = tmp_path_factory.mktemp("models") / "broken"
    shutil.copytree(FOLDER, broken)
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}  # no GPU is to be seen
    done = subprocess.run([sys.executable, "-c", LAB, str(broken)], env=environment, capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_stored_model_is_the_one_that_was_made():
    for line in (FOLDER / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest, name


def test_automodel_gives_the_exact_texts_with_tags(told):
    assert told["automodel"] == EXPECTED


def test_inverse_text_normalization_and_language(told):
    assert told["itn"] == [*WRITTEN.values()]
    assert told["english"][:3] == [*TEXTS.values()][:3]


def test_what_other_models_of_funasr_use_is_not_imported(told):
    assert not told["unused"]


def test_loading_leaves_threads_random_numbers_and_logging_alone(told):
    assert told["threads"] == 1
    assert told["random"] == [True, True, True]
    assert told["logging"] is True


def test_weights_that_are_lacking_or_do_not_fit_are_an_error(told):
    """funasr itself would continue with random numbers instead."""
    assert "lacks the weights 'ctc.ctc_lo.bias'" in told["lacking"]
    assert "the weights 'ctc.ctc_lo.bias' do not match config.yaml" in told["misfit"]
    assert "has no model.pt" in told["empty"]


@on_module_loop
async def test_in_process_streamed_and_whole_batched_and_single(host):
    assert host.info.device == "cpu"
    assert host.info.lanes == 1
    digest = hashlib.sha256((FOLDER / "model.pt").read_bytes()).hexdigest()
    assert f"tiny_sensevoice sha256:{digest[:16]}, funasr " in host.info.revision
    clips = {name: recording(name) for name in TEXTS}
    before = {name: clip.samples.copy() for name, clip in clips.items()}
    for name, clip in clips.items():
        assert await hear(host, [clip]) == transcript(name), "the whole clip at once"
        assert await hear(host, frames(clip)) == transcript(name), "in frames of 20 ms"
        assert await hear(host, frames(clip, 0.317)) == transcript(name), "in pieces of no round length"
    batched = await host.call("transcribe", list(clips.values()))
    assert batched == [transcript(name) for name in clips], "all in one call"
    mixed = await host.call("transcribe", [Clip.silence(1.0), clips["news"], Clip.silence(0)])
    assert mixed == [Transcript(""), transcript("news"), Transcript("")]
    for name, clip in clips.items():
        np.testing.assert_array_equal(clip.samples, before[name])


@on_module_loop
async def test_at_a_pause_the_work_is_done_before_the_end(host):
    """After a final pause, nothing is left to decode. Speech after a pause is not lost."""
    clip = Clip.join([recording("price"), Clip.silence(0.5)])
    stream = host.stream()
    for frame in frames(clip):
        await stream.post("feed", frame)
    await stream.call("feed", Clip.silence(0))
    before_s = stream.busy_s
    assert await stream.call("finish") == transcript("price")
    at_the_end_s = stream.busy_s - before_s
    await stream.close()
    assert at_the_end_s < before_s / 5
    resumed = Clip.join([recording("price"), Clip.silence(0.6), recording("news")])
    whole = await hear(host, [resumed])
    assert await hear(host, frames(resumed)) == whole
    assert whole.text == f"{TEXTS['price']} {TEXTS['news']}"


@on_module_loop
async def test_long_audio_is_cut_at_pauses_alike_streamed_and_whole(host):
    names = ["price", "news", "list", "hello"] * 4
    clip = Clip.join([part for name in names for part in (recording(name), Clip.silence(0.7))])
    whole = await hear(host, [clip])
    assert whole.text == " ".join(TEXTS[name] for name in names)
    assert await hear(host, frames(clip, 0.1)) == whole
    assert await host.call("transcribe", [clip, recording("news")]) == [whole, transcript("news")]


async def test_over_the_websocket_in_one_chunk_and_streamed(tmp_path):
    """The server's log reports that the model is loaded, without funasr's own output."""
    with spawned(tmp_path, "--asr", spec(), "--tts", "fake", "--agent", "fake:text={heard}.") as served:
        log = tmp_path / "server.log"
        until(lambda: "Application startup complete" in log.read_text())
        async with talking(served) as talker:
            await talker.init(user_id="ada")
            for name, text in TEXTS.items():
                await talker.say([(FOLDER / f"{name}.ogg").read_bytes()])
                assert (await talker.answer()).one("transcription")["text"] == text
                await talker.say([frame.to_pcm16() for frame in frames(recording(name))], format="pcm16")
                assert (await talker.answer()).one("transcription")["text"] == text
    text = log.read_text()
    assert "SenseVoice model loaded successfully on cpu in " in text
    assert "(tiny_sensevoice sha256:" in text
    assert "ffmpeg" not in text
    assert "trust_remote_code" not in text


async def test_weights_that_are_not_here_name_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    error = await failure("sensevoice")
    assert isinstance(error, EngineMissingError)
    assert "the weights of iic/SenseVoiceSmall are missing; run: voicelab models pull sensevoice" in str(error)
    error = await failure("sensevoice:revision=v7")
    assert "at revision v7" in str(error)
    assert "--revision v7" in str(error)


def test_an_evaluation_without_weights_is_one_sentence_and_exit_code_2(tmp_path, monkeypatch):
    """Regression: the server closed its socket before it exited, so its message was lost and the exit code was 1."""
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    asked = ["evaluate", "--asr", "sensevoice", "--tts", "fake", "--limit", "1", "--out", str(tmp_path / "reports")]
    done = voicelab(*asked)
    assert done.exit_code == 2, done.output
    assert "run: voicelab models pull sensevoice" in " ".join(done.output.split())


def test_a_device_that_is_not_there_is_an_error(told):
    """The CPU is not taken in its place. The error's class ends a command with exit code 2."""
    for device, error in told["devices"].items():
        assert error.startswith("EngineMissingError: "), error
        assert f"has no device '{device}' here" in error


async def test_a_language_that_is_not_known_is_an_error():
    assert "option language must be one of auto, zh" in str(await failure(spec(language="fr")))


def test_a_chinese_set_is_measured_from_end_to_end(tmp_path):
    """One language only, because each run loads the model. test_languages.py covers the options of all five."""
    shutil.copy(FOLDER / "hello.ogg", tmp_path)
    row = {"audio_filepath": "hello.ogg", "text": TEXTS["hello"], "language": "zh", "expected_entities": ["股票"]}
    (tmp_path / "set.jsonl").write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    asked = RunSpec(
        samples=str(tmp_path / "set.jsonl"), asr=spec(), agent="fake", tts="fake", target="in-process"
    )  # fmt: skip
    kept, run = evaluate(asked, tmp_path, run_id="zh")
    summary = summarize_turns(run, kept.turns())
    assert (run.engines[0].options["language"], summary.language, summary.headline) == ("zh", "zh", "cer")
    assert summary.normalizer.name == "characters"
    assert (summary.figures["cer"].value, summary.figures["cer"].of) == (0, len(TEXTS["hello"]))
    assert summary.figures["entity_recall"].value == 1
