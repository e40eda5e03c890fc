"""Tiny models and local stubs for engines that need weights or a server."""

from __future__ import annotations

import json
import re
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from websockets.sync.server import ServerConnection, serve

from tests.support import tiny_sensevoice
from tests.support.serving import serving
from voicelab.audio import codecs
from voicelab.audio.clip import Clip


@contextmanager
def tried_with(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The engine's specification for the contract tests."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    if name == "openai":
        with serving(folder) as served:
            yield f"openai:base_url={served.http}/v1,model=fake" + ",voice=default" * folder.name.startswith(
                "test_voice"
            )
    elif name == "edge":
        with edge_service() as address:
            monkeypatch.setattr("edge_tts.communicate.WSS_URL", address)
            yield "edge"
    elif name == "sensevoice":
        yield tiny_sensevoice.spec()
    elif name == "piper":
        yield f"piper:model={make_piper_voice(folder)}"
    elif name == "faster-whisper":
        yield f"faster-whisper:model={make_whisper(folder / 'tiny-whisper')},compute_type=float32,beam_size=1"
    else:
        yield name


@contextmanager
def edge_service() -> Iterator[str]:
    """A stub of Microsoft's server for edge-tts; the audio is a tone as long as the text."""

    def answer(socket: ServerConnection) -> None:
        for message in socket:
            if "Path:ssml" in str(message):
                words = re.sub(r"<[^>]*>", " ", str(message).partition("\r\n\r\n")[2])
                tone = 0.3 * np.sin(np.arange(1200 * len(words.strip())) * 0.1)
                data = codecs.encode(Clip(tone.astype(np.float32), 24_000), "mp3")
                head = b"X-RequestId:1\r\nContent-Type:audio/mpeg\r\nPath:audio\r\n"
                socket.send("X-RequestId:1\r\nPath:turn.start\r\n\r\n{}")
                socket.send(struct.pack(">H", len(head)) + head + data)
                socket.send("X-RequestId:1\r\nPath:turn.end\r\n\r\n{}")

    with serve(answer, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/edge?TrustedClientToken=t"
        finally:
            server.shutdown()
            thread.join()


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _field(number: int, value: int | bytes | str) -> bytes:
    """A field of a protobuf message: a whole number, or bytes with their length."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def make_piper_voice(folder: Path) -> Path:
    """An ONNX file with the inputs and the output of a Piper voice: each phoneme is one wave, as loud as its number."""
    from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

    def tensor(name: str, kind: int, array: np.ndarray) -> bytes:
        dims = b"".join(_field(1, size) for size in array.shape)
        return dims + _field(2, kind) + _field(8, name) + _field(9, array.tobytes())

    def value(name: str, kind: int, dims: list[str]) -> bytes:
        shape = b"".join(_field(1, _field(2, dim)) for dim in dims)
        return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, shape)))

    def node(operation: str, inputs: list[str], output: str, attribute: bytes = b"") -> bytes:
        return b"".join(_field(1, name) for name in inputs) + _field(2, output) + _field(4, operation) + attribute

    wave = np.sin(np.arange(256, dtype=np.float32) * 0.2).reshape(1, 1, 256)
    to_float = _field(5, _field(1, "to") + _field(3, 1) + _field(20, 2))
    graph = (
        _field(1, node("Cast", ["input"], "loud", to_float))
        + _field(1, node("Unsqueeze", ["loud", "axis"], "column"))
        + _field(1, node("Mul", ["column", "wave"], "waves"))
        + _field(1, node("Reshape", ["waves", "shape"], "output"))
        + _field(2, "voice")
        + _field(5, tensor("wave", 1, wave))
        + _field(5, tensor("axis", 7, np.array([2], dtype=np.int64)))
        + _field(5, tensor("shape", 7, np.array([1, 1, -1], dtype=np.int64)))
        + _field(11, value("input", 7, ["one", "phonemes"]))
        + _field(11, value("input_lengths", 7, ["one"]))
        + _field(11, value("scales", 1, ["three"]))
        + _field(12, value("output", 1, ["a", "b", "samples"]))
    )
    file = folder / "tiny.onnx"
    file.write_bytes(_field(1, 8) + _field(7, graph) + _field(8, _field(2, 13)))
    config = {
        "audio": {"sample_rate": 22_050}, "espeak": {"voice": "en-us"}, "phoneme_type": "espeak", "num_speakers": 1,
        "num_symbols": 256, "phoneme_id_map": DEFAULT_PHONEME_ID_MAP,
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
    }  # fmt: skip
    (folder / "tiny.onnx.json").write_text(json.dumps(config))
    return file


def make_whisper(folder: Path) -> Path:
    """A Whisper of one layer with random weights, as CTranslate2 stores it; it always returns words."""
    from ctranslate2.specs import WhisperSpec
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    words = [f" word{number}" for number in range(200)]
    named = "endoftext startoftranscript en translate transcribe startoflm startofprev nospeech notimestamps"
    marks = [f"<|{name}|>" for name in named.split()] + [f"<|{step * 0.02:.2f}|>" for step in range(1501)]
    vocabulary = words + marks
    width, size = 32, len(vocabulary)
    random = np.random.default_rng(5)
    spec = WhisperSpec(1, 2, 1, 2)
    spec.register_vocabulary(vocabulary)
    spec.config.suppress_ids = list(range(len(words), size))  # marks and the end of the text are never produced
    spec.config.suppress_ids_begin, spec.config.lang_ids, spec.config.alignment_heads = [], [202], [(0, 0)]

    def filled(*shape: int) -> np.ndarray:
        return (random.normal(size=shape) * 0.3).astype(np.float32)

    def linear(layer: object, outputs: int, inputs: int) -> None:
        layer.weight, layer.bias = filled(outputs, inputs), filled(outputs)

    def norm(layer: object) -> None:
        layer.gamma, layer.beta = np.ones(width, np.float32), np.zeros(width, np.float32)

    def block(layer: object) -> None:
        linear(layer.self_attention.linear[0], 3 * width, width)
        linear(layer.self_attention.linear[1], width, width)
        linear(layer.ffn.linear_0, 4 * width, width)
        linear(layer.ffn.linear_1, width, 4 * width)
        norm(layer.self_attention.layer_norm), norm(layer.ffn.layer_norm)

    encoder, decoder = spec.encoder, spec.decoder
    encoder.conv1.weight, encoder.conv1.bias = filled(width, 80, 3), filled(width)
    encoder.conv2.weight, encoder.conv2.bias = filled(width, width, 3), filled(width)
    encoder.position_encodings.encodings = filled(1500, width)
    norm(encoder.layer_norm), block(encoder.layer[0])
    decoder.embeddings.weight = filled(size, width)
    decoder.position_encodings.encodings = filled(448, width)
    decoder.projection.weight = filled(size, width)
    norm(decoder.layer_norm), block(decoder.layer[0])
    linear(decoder.layer[0].attention.linear[0], width, width)
    linear(decoder.layer[0].attention.linear[1], 2 * width, width)
    linear(decoder.layer[0].attention.linear[2], width, width)
    norm(decoder.layer[0].attention.layer_norm)
    decoder.scale_embeddings = False
    spec.validate()
    spec.optimize()
    folder.mkdir()
    spec.save(str(folder))
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(vocabulary)}, unk_token=" word0"))
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder
