"""A SenseVoice of the size of SenseVoiceSmall with random weights: as slow as the real one, and it knows nothing.

For benches where the real weights are not at hand: what a pass costs depends on shapes, not on values.
"""

from __future__ import annotations

import json
from pathlib import Path

from voicelab.asr.funasr_model import import_funasr
from voicelab.clip import SPEECH_RATE_HZ

_PIECES = 25_055
_BPE = "random.bpe.model"
_CONFIG = {
    "encoder": "SenseVoiceEncoderSmall",
    "encoder_conf": {
        "output_size": 512, "attention_heads": 4, "linear_units": 2048, "num_blocks": 50, "tp_blocks": 20,
        "dropout_rate": 0.1, "positional_dropout_rate": 0.1, "attention_dropout_rate": 0.1, "input_layer": "pe",
        "pos_enc_class": "SinusoidalPositionEncoder", "normalize_before": True, "kernel_size": 11, "sanm_shfit": 0,
        "selfattention_layer_type": "sanm",
    },
    "model": "SenseVoiceSmall",
    "model_conf": {"length_normalized_loss": True, "sos": 1, "eos": 2, "ignore_id": -1},
    "tokenizer": "SentencepiecesTokenizer",
    "tokenizer_conf": {"bpemodel": None, "unk_symbol": "<unk>", "split_with_space": True},
    "frontend": "WavFrontend",
    "frontend_conf": {
        "fs": SPEECH_RATE_HZ, "window": "hamming", "n_mels": 80, "frame_length": 25, "frame_shift": 10, "lfr_m": 7,
        "lfr_n": 6, "cmvn_file": None,
    },
}  # fmt: skip


def make_random_sensevoice(folder: Path) -> Path:
    """Write the model into a folder (about 940 MB), as a hub would hold it; the folder."""
    import_funasr()
    import torch
    import yaml  # type: ignore[import-untyped]
    from funasr.models.sense_voice.model import SenseVoiceSmall
    from sentencepiece import sentencepiece_model_pb2

    folder.mkdir(parents=True, exist_ok=True)
    pieces = sentencepiece_model_pb2.ModelProto()
    for number in range(_PIECES):
        kind = {0: 2, 1: 3, 2: 3}.get(number, 1)  # unknown, two controls, words
        pieces.pieces.add(piece="<unk>" if number == 0 else f"▁w{number}", score=-float(number), type=kind)
    pieces.trainer_spec.vocab_size = _PIECES
    (folder / _BPE).write_bytes(pieces.SerializeToString())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        parts = {name: _CONFIG[name] for name in ("encoder", "encoder_conf")}
        model = SenseVoiceSmall(**parts, **_CONFIG["model_conf"], input_size=560, vocab_size=_PIECES)  # type: ignore[arg-type]
    torch.save(model.state_dict(), folder / "model.pt")
    (folder / "config.yaml").write_text(yaml.safe_dump(_CONFIG, sort_keys=False), encoding="utf-8")
    paths = {"init_param": "model.pt", "config": "config.yaml", "tokenizer_conf": {"bpemodel": _BPE}}
    (folder / "configuration.json").write_text(json.dumps({"file_path_metas": paths}), encoding="utf-8")
    return folder
