"""Decodes with a SenseVoice loaded by funasr, in batches of segments of similar length."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicelab.asr.sensevoice.loading import load_funasr
from voicelab.asr.sensevoice.packed_linear import pack_linears
from voicelab.audio.clip import SPEECH_RATE_HZ

_DITHER_SEED = 0
_SHORTEST = SPEECH_RATE_HZ // 20
_PADDING_LIMIT, _PADDING_ALLOWED = 1.25, SPEECH_RATE_HZ // 2


class FunasrModel:
    """A loaded SenseVoice.

    folder: with config.yaml, model.pt and the tokenizer. device: "cpu", "cuda:0", ... batch_s: maximum seconds of audio
    per batch, padding included.
    """

    def __init__(self, folder: Path, *, device: str, batch_s: float) -> None:
        self._batch = round(batch_s * SPEECH_RATE_HZ)
        self._model, self._kwargs = load_funasr(folder, model_class="SenseVoiceSmall", device=device)
        import torch

        if device == "cpu":
            with torch.inference_mode():
                pack_linears(self._model)
        # The best token of a frame does not depend on the softmax, which is expensive over 25,055 tokens.
        scores = self._model.ctc.ctc_lo
        self._model.ctc.log_softmax = lambda encoded: scores(encoded)
        self._torch = torch

    def decode(self, pieces: Sequence[NDArray[np.float32]], *, language: str, itn: bool) -> list[str]:
        """Return the raw text of each segment (float32, SPEECH_RATE_HZ), tags included, in order. Batching segments of
        similar length does not change their texts.
        """
        texts = [""] * len(pieces)
        for batch in self._batches([len(piece) for piece in pieces]):
            for index, text in zip(batch, self._pass([pieces[index] for index in batch], language, itn), strict=True):
                texts[index] = text
        return texts

    def _batches(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Yield indices of segments by length, with limited padding within a batch."""
        batch: list[int] = []
        for index in sorted(range(len(lengths)), key=lengths.__getitem__):
            length = lengths[index]
            if batch and (
                length > lengths[batch[0]] * _PADDING_LIMIT + _PADDING_ALLOWED
                or length * (len(batch) + 1) > self._batch
            ):
                yield batch
                batch = []
            batch.append(index)
        if batch:
            yield batch

    def _pass(self, pieces: Sequence[NDArray[np.float32]], language: str, itn: bool) -> list[str]:
        torch = self._torch
        with torch.inference_mode():
            features = [self._features(piece) for piece in pieces]
            lengths = torch.tensor([len(feature) for feature in features], dtype=torch.int32)
            speech = torch.nn.utils.rnn.pad_sequence(features, batch_first=True)
            options = {**self._kwargs, "data_type": "fbank", "language": language, "use_itn": itn}
            results, _ = self._model.inference(speech, lengths, key=["" for _ in pieces], **options)
        return [str(result["text"]) for result in results]

    def _features(self, piece: NDArray[np.float32]) -> Any:
        """Return features of shape (frames, 560). The frontend adds noise of one unit of 16-bit PCM, as in training; it
        is seeded per segment, so that results are reproducible.
        """
        torch = self._torch
        padded = np.pad(piece, (0, max(0, _SHORTEST - len(piece))))
        samples = torch.from_numpy(padded)[None]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(_DITHER_SEED)
            features, _ = self._kwargs["frontend"](samples, [samples.shape[1]])
        return features[0]
