"""Loads a SenseVoice through funasr, quietly and completely, and decodes batches with it."""

from __future__ import annotations

import contextlib
import io
import logging
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicelab.asr.torchaudio_door import open_torchaudio
from voicelab.clip import SPEECH_RATE_HZ
from voicelab.errors import EngineError, EngineMissingError

_DITHER_SEED = 0
_SHORTEST = SPEECH_RATE_HZ // 20
_PADDING_LIMIT, _PADDING_ALLOWED = 1.25, SPEECH_RATE_HZ // 2


class FunasrModel:
    """A SenseVoice in memory.

    folder: with config.yaml, model.pt and the pieces. device: "cpu", "cuda:0", ...
    batch_s: the most seconds of sound, padding included, in one pass.
    """

    def __init__(self, folder: Path, *, device: str, batch_s: float) -> None:
        self._batch = round(batch_s * SPEECH_RATE_HZ)
        import_funasr()
        with _quietly():
            import torch
            from funasr import AutoModel

            threads = torch.get_num_threads()
            with _same_random_state():
                # ncpu is what torch has already: funasr would set 4 threads for the whole process.
                auto = AutoModel(
                    model=str(folder), device=device, ncpu=threads, disable_update=True, disable_pbar=True,
                    log_level="ERROR",
                )  # fmt: skip
            torch.set_num_threads(threads)
        if not (folder / "model.pt").is_file():
            raise EngineError("sensevoice", f"{folder} holds no model.pt; name a folder that a pull made")
        if str(auto.kwargs["device"]) != device:
            raise EngineError("sensevoice", f"asked for device {device}, funasr took {auto.kwargs['device']}")
        if auto.model.__class__.__name__ != "SenseVoiceSmall":
            raise EngineError("sensevoice", f"{folder} holds a {auto.model.__class__.__name__}, not a SenseVoiceSmall")
        _check_complete(folder / "model.pt", auto.model)
        # A frame's best piece is the same before the softmax, which over 25,055 pieces is work for nothing.
        scores = auto.model.ctc.ctc_lo
        auto.model.ctc.log_softmax = lambda encoded: scores(encoded)
        self._torch = torch
        self._model = auto.model
        self._kwargs = auto.kwargs

    def decode(self, pieces: Sequence[NDArray[np.float32]], *, language: str, itn: bool) -> list[str]:
        """The raw text of each piece (float32, SPEECH_RATE_HZ), tags included, in order. Pieces of like length share a
        pass; what shares one does not change a text.
        """
        texts = [""] * len(pieces)
        for batch in self._batches([len(piece) for piece in pieces]):
            for place, text in zip(batch, self._pass([pieces[place] for place in batch], language, itn), strict=True):
                texts[place] = text
        return texts

    def _batches(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Places of pieces, by length; none longer than a batch's shortest by much, or padding would be the work."""
        batch: list[int] = []
        for place in sorted(range(len(lengths)), key=lengths.__getitem__):
            length = lengths[place]
            if batch and (
                length > lengths[batch[0]] * _PADDING_LIMIT + _PADDING_ALLOWED
                or length * (len(batch) + 1) > self._batch
            ):
                yield batch
                batch = []
            batch.append(place)
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
        """Shape (frames, 560). The frontend adds noise of one unit of 16-bit PCM, as the model was trained with; it is
        drawn anew from one seed for each piece, so that a piece has the same text every time.
        """
        torch = self._torch
        padded = np.pad(piece, (0, max(0, _SHORTEST - len(piece))))
        samples = torch.from_numpy(padded)[None]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(_DITHER_SEED)
            features, _ = self._kwargs["frontend"](samples, [samples.shape[1]])
        return features[0]


def import_funasr() -> None:
    """Import funasr, through the door where torchaudio needs one; EngineMissingError names what is not installed."""
    try:
        with _quietly(), _same_random_state():
            open_torchaudio()
            import funasr  # noqa: F401
    except ImportError as error:
        raise EngineMissingError("sensevoice", f"{error}; run: pip install 'voicelab[sensevoice]'") from error


def _check_complete(file: Path, model: Any) -> None:
    """funasr goes on with random numbers for weights that a file lacks or that do not fit; here that is an error."""
    import torch

    stored = torch.load(file, map_location="cpu", mmap=True, weights_only=True)
    for wrapper in ("state_dict", "model_state_dict", "model"):
        stored = stored.get(wrapper, stored)
    stored = {name.removeprefix("module."): value for name, value in stored.items()}
    for name, value in model.state_dict().items():
        if name not in stored:
            raise EngineError("sensevoice", f"{file} lacks the weights {name!r}; fetch the model again")
        if stored[name].shape != value.shape:
            raise EngineError("sensevoice", f"{file}: the weights {name!r} do not fit config.yaml")


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """funasr prints while it is imported and loaded, and takes the root logger for its own; both are undone."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    root.handlers[:] = [logging.NullHandler()]  # with one there, logging.basicConfig adds none
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers


@contextlib.contextmanager
def _same_random_state() -> Iterator[None]:
    """funasr seeds every generator of the process when it loads, and draws when it is imported; they are put back."""
    import torch

    python, numpy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
