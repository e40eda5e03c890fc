"""Generates a model of SenseVoiceSmall's size with random weights, for benchmarks without the real weights.

The cost of a pass depends on shapes, not on values.
"""

import json
from pathlib import Path
from typing import Any

from voicelab.asr.sensevoice.loading import import_funasr
from voicelab.audio.clip import SPEECH_RATE_HZ

_PIECES = 25_055
_BPE = "random.bpe.model"


def make_random_sensevoice(folder: Path) -> Path:
    """Write the model to a folder (about 940 MB), laid out as on a hub; return the folder."""
    import_funasr()
    import torch
    import yaml
    from funasr.models.sense_voice.model import SenseVoiceSmall
    from sentencepiece import sentencepiece_model_pb2

    config = sensevoice_config(width=512, inner=2048, blocks=50, last_blocks=20)
    folder.mkdir(parents=True, exist_ok=True)
    pieces = sentencepiece_model_pb2.ModelProto()
    for number in range(_PIECES):
        kind = {0: 2, 1: 3, 2: 3}.get(number, 1)  # unknown, two control tokens, words
        pieces.pieces.add(piece="<unk>" if number == 0 else f"▁w{number}", score=-float(number), type=kind)
    pieces.trainer_spec.vocab_size = _PIECES
    (folder / _BPE).write_bytes(pieces.SerializeToString())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        parts = {name: config[name] for name in ("encoder", "encoder_conf")}
        model = SenseVoiceSmall(**parts, **config["model_conf"], input_size=560, vocab_size=_PIECES)
    torch.save(model.state_dict(), folder / "model.pt")
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    paths = {"init_param": "model.pt", "config": "config.yaml", "tokenizer_conf": {"bpemodel": _BPE}}
    (folder / "configuration.json").write_text(json.dumps({"file_path_metas": paths}), encoding="utf-8")
    return folder


def sensevoice_config(*, width: int, inner: int, blocks: int, last_blocks: int) -> dict[str, Any]:
    """Return the contents of config.yaml.

    width: of each block, inner: of its feed-forward layer; last_blocks: after the CTC norm. SenseVoiceSmall has width
    512, inner 2048, 50 and 20 blocks.
    """
    return {
        "encoder": "SenseVoiceEncoderSmall",
        "encoder_conf": {
            "output_size": width, "attention_heads": 4, "linear_units": inner, "num_blocks": blocks,
            "tp_blocks": last_blocks, "dropout_rate": 0.1, "positional_dropout_rate": 0.1,
            "attention_dropout_rate": 0.1, "input_layer": "pe", "pos_enc_class": "SinusoidalPositionEncoder",
            "normalize_before": True, "kernel_size": 11, "sanm_shfit": 0, "selfattention_layer_type": "sanm",
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
