"""Create tiny_fsmn_vad/: an FSMN-VAD of one layer that detects speech in noise, for tests of the real loading code.

    python -m tests.data.make_tiny_fsmn_vad

It takes seconds on a CPU and needs the extra `sensevoice`. It learns from the utterances of tiny_sensevoice/ and from
noise made here; the weights start from random numbers.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
import yaml

from tests.data.cmvn import write_cmvn
from voicelab.asr.sensevoice.loading import import_funasr
from voicelab.audio import decoding
from voicelab.audio.clip import SPEECH_RATE_HZ

SOUNDS = Path(__file__).parent / "tiny_sensevoice"
FOLDER = Path(__file__).parent / "tiny_fsmn_vad"
STEPS = 900
FRAME, SHIFT = SPEECH_RATE_HZ // 40, SPEECH_RATE_HZ // 100
CONFIG = {
    "frontend": "WavFrontendOnline",
    "frontend_conf": {
        "fs": SPEECH_RATE_HZ, "window": "hamming", "n_mels": 80, "frame_length": 25, "frame_shift": 10, "dither": 0.0,
        "lfr_m": 5, "lfr_n": 1, "cmvn_file": None,
    },
    "model": "FsmnVADStreaming",
    "model_conf": {
        "sample_rate": SPEECH_RATE_HZ, "detect_mode": 1, "snr_mode": 0, "max_end_silence_time": 800,
        "max_start_silence_time": 3000, "window_size_ms": 200, "sil_to_speech_time_thres": 150,
        "speech_to_sil_time_thres": 150, "speech_2_noise_ratio": 1.0, "do_extend": 1,
        "lookback_time_start_point": 200, "lookahead_time_end_point": 100, "max_single_segment_time": 60000,
        "snr_thres": -100.0, "noise_frame_num_used_for_snr": 100, "decibel_thres": -100.0, "speech_noise_thres": 0.6,
        "silence_pdf_num": 1, "sil_pdf_ids": [0], "frame_in_ms": 10, "frame_length_ms": 25,
    },
    "encoder": "FSMN",
    "encoder_conf": {
        "input_dim": 400, "input_affine_dim": 16, "fsmn_layers": 1, "linear_dim": 24, "proj_dim": 16, "lorder": 20,
        "rorder": 0, "lstride": 1, "rstride": 0, "output_affine_dim": 16, "output_dim": 2,
    },
}  # fmt: skip
CONFIGURATION = {
    "framework": "pytorch",
    "task": "voice-activity-detection",
    "model": {"type": "funasr"},
    "file_path_metas": {
        "init_param": "model.pt",
        "config": "config.yaml",
        "frontend_conf": {"cmvn_file": "am.mvn"},
    },
}


def scene(utterances: list[np.ndarray], random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Utterances with gaps between them, with noise: the audio, and whether each frame is speech."""
    parts = []
    for place in random.permutation(len(utterances)):
        parts += [
            np.zeros(round(random.uniform(0.3, 1.2) * SPEECH_RATE_HZ)),
            utterances[place] * random.uniform(0.5, 1.2),
        ]
    clean = np.concatenate([*parts, np.zeros(SPEECH_RATE_HZ // 2)])
    frames = np.lib.stride_tricks.sliding_window_view(clean, FRAME)[::SHIFT]
    loud = np.sqrt(np.mean(frames**2, axis=1)) > 0.004
    said = np.convolve(loud, np.ones(13), mode="same") > 0  # quiet frames within 60 ms of speech count as speech
    hiss = random.normal(0, 10 ** random.uniform(-5, -1.8), len(clean))
    return (clean + hiss).astype(np.float32), said


def train() -> None:
    import_funasr()
    from funasr.frontends.wav_frontend import WavFrontend
    from funasr.models.fsmn_vad_streaming.model import FsmnVADStreaming

    torch.manual_seed(11)
    random = np.random.default_rng(11)
    FOLDER.mkdir(exist_ok=True)
    utterances = [decoding.read(file).at_rate(SPEECH_RATE_HZ).samples for file in sorted(SOUNDS.glob("*.ogg"))]
    offline = {**CONFIG["frontend_conf"], "lfr_m": 5, "lfr_n": 1}

    def features(sound: np.ndarray, frontend: WavFrontend) -> torch.Tensor:
        samples = torch.from_numpy(sound)[None]
        return frontend(samples, [samples.shape[1]])[0]

    plain = WavFrontend(**offline)
    scenes = [scene(utterances, random) for _ in range(24)]
    write_cmvn(FOLDER / "am.mvn", torch.cat([features(sound, plain)[0] for sound, _ in scenes]).numpy())
    frontend = WavFrontend(**{**offline, "cmvn_file": str(FOLDER / "am.mvn")})
    heard = [(features(sound, frontend), torch.from_numpy(said.astype(np.int64))) for sound, said in scenes]

    parts = {name: CONFIG[name] for name in ("encoder", "encoder_conf")}
    model = FsmnVADStreaming(**parts, **CONFIG["model_conf"])
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(STEPS):
        speech, said = heard[step % len(heard)]
        scores = model.encoder(speech, None)[0].clamp(1e-6, 1 - 1e-6).log()
        loss = torch.nn.functional.nll_loss(scores[: len(said)], said[: len(scores)])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 100 == 0 or step == STEPS - 1:
            print(f"step {step}: {loss.item():.4f}")

    torch.save(model.state_dict(), FOLDER / "model.pt")
    (FOLDER / "config.yaml").write_text(yaml.safe_dump(CONFIG, sort_keys=False))
    (FOLDER / "configuration.json").write_text(json.dumps(CONFIGURATION, indent=2) + "\n")
    files = sorted(path for path in FOLDER.iterdir() if path.name != "SHA256SUMS")
    sums = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)
    (FOLDER / "SHA256SUMS").write_text(sums)


if __name__ == "__main__":
    train()
