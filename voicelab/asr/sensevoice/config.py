"""Contents of SenseVoice's config.yaml, for generated models: tiny ones for tests, large ones for benchmarks."""

from typing import Any

from voicelab.audio.clip import SPEECH_RATE_HZ


def sensevoice_config(*, width: int, inner: int, blocks: int, last_blocks: int) -> dict[str, Any]:
    """Return the configuration. width: of each block, inner: of its feed-forward layer; last_blocks: after the CTC
    norm.

    SenseVoiceSmall has width 512, inner 2048, 50 and 20 blocks.
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
