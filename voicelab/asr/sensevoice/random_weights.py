"""Generates a model of SenseVoiceSmall's size with random weights, for benchmarks without the real weights.

The cost of a pass depends on shapes, not on values.
"""

import json
from pathlib import Path

from voicelab.asr.sensevoice.config import sensevoice_config
from voicelab.asr.sensevoice.loading import import_funasr

_PIECES = 25_055
_BPE = "random.bpe.model"
_CONFIG = sensevoice_config(width=512, inner=2048, blocks=50, last_blocks=20)


def make_random_sensevoice(folder: Path) -> Path:
    """Write the model to a folder (about 940 MB), laid out as on a hub; return the folder."""
    import_funasr()
    import torch
    import yaml
    from funasr.models.sense_voice.model import SenseVoiceSmall
    from sentencepiece import sentencepiece_model_pb2

    folder.mkdir(parents=True, exist_ok=True)
    pieces = sentencepiece_model_pb2.ModelProto()
    for number in range(_PIECES):
        kind = {0: 2, 1: 3, 2: 3}.get(number, 1)  # unknown, two control tokens, words
        pieces.pieces.add(piece="<unk>" if number == 0 else f"▁w{number}", score=-float(number), type=kind)
    pieces.trainer_spec.vocab_size = _PIECES
    (folder / _BPE).write_bytes(pieces.SerializeToString())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        parts = {name: _CONFIG[name] for name in ("encoder", "encoder_conf")}
        model = SenseVoiceSmall(**parts, **_CONFIG["model_conf"], input_size=560, vocab_size=_PIECES)
    torch.save(model.state_dict(), folder / "model.pt")
    (folder / "config.yaml").write_text(yaml.safe_dump(_CONFIG, sort_keys=False), encoding="utf-8")
    paths = {"init_param": "model.pt", "config": "config.yaml", "tokenizer_conf": {"bpemodel": _BPE}}
    (folder / "configuration.json").write_text(json.dumps({"file_path_metas": paths}), encoding="utf-8")
    return folder
