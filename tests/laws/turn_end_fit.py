"""Fit the weights of voicelab/vad/turn_end/prosody.py. Run `python -m tests.laws turn-end-fit`; it takes minutes.

A logistic regression with a ridge penalty distinguishes ends of turns from pauses inserted between words. Its inputs
are those that the server has 0.25 s into a pause: the recognizer's words, and the audio. Only the speakers FITTED_ON
are used, one or more from each synthesizer; `voicelab bench endpoint` reports figures on the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicelab.analysis.bench.pauses import PausedClip, PausePlan, without_words
from voicelab.asr.catalog import DEFAULT_RECOGNIZER, RECOGNIZERS
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.datasets import Sample, load
from voicelab.paths import shipped
from voicelab.vad.turn_end.prosody import FITTED_ON, SOUND_S
from voicelab.vad.turn_end.sound_features import sound_features
from voicelab.vad.turn_end.word_score import word_features

SEEDS = (0, 1)
_SOUND_AFTER_S, _WORDS_AFTER_S = 0.16, 0.25
_PADDING_S = 0.3
_RIDGE, _STEPS = 1.0, 50


@dataclass(frozen=True, slots=True)
class Example:
    """A pause. features: of the words, then of the sound; finished: whether it is the end of the turn."""

    features: tuple[float, ...]
    finished: bool


@dataclass(frozen=True, slots=True)
class ProsodyWeights:
    """log odds = bias + weights · features."""

    bias: float
    weights: tuple[float, ...]


def examples(samples: Sequence[Sample], asr: str) -> Iterator[Example]:
    """Each recording once for each of SEEDS, with one pause: an example for the pause, and one for the end."""
    recognizer = RECOGNIZERS.config(asr).build()
    recognizer.load()
    for sample in samples:
        for one in without_words(sample, PausePlan(), SEEDS):
            for at in (*one.pause_starts, one.end):
                text, sound = _heard(one, at, recognizer), sound_features(_sound_at(one, at))
                if text.strip() and sound is not None:
                    yield Example((*word_features(text), *sound), at == one.end)


def fitted(features: NDArray[np.float64], finished: NDArray[np.bool_]) -> ProsodyWeights:
    """Fit by Newton's method, with the ridge penalty on standardized features. features: shape (n, m)."""
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-9
    design = np.column_stack([np.ones(len(features)), (features - mean) / scale])
    penalty = _RIDGE * np.diag([0.0] + [1.0] * features.shape[1])
    found = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        odds = 1 / (1 + np.exp(-design @ found))
        curvature = design.T @ (design * (odds * (1 - odds))[:, None]) + penalty
        found += np.linalg.solve(curvature, design.T @ (finished - odds) - penalty @ found)
    weights = found[1:] / scale
    return ProsodyWeights(float(found[0] - weights @ mean), tuple(weights.tolist()))


def _heard(one: PausedClip, at: int, recognizer: Any) -> str:
    """The words at a pause that begins at this sample."""
    stream = recognizer.stream()
    start_s = max(0.0, PausePlan().lead_s - _PADDING_S)
    stream.feed(one.clip.between(start_s, at / SPEECH_RATE_HZ + _WORDS_AFTER_S))
    text: str = stream.finish().text
    stream.close()
    return text


def _sound_at(one: PausedClip, at: int) -> Clip:
    end_s = at / SPEECH_RATE_HZ + _SOUND_AFTER_S
    return one.clip.between(max(0.0, end_s - SOUND_S), end_s)


def weights_in_source_form() -> str:
    """Return the fitted weights as the constants of prosody.py."""
    spoken = [one for one in load(shipped("voice_samples")).spoken if one.speaker in FITTED_ON]
    found = list(examples(spoken, DEFAULT_RECOGNIZER))
    features, finished = np.array([one.features for one in found]), np.array([one.finished for one in found])
    words = len(word_features(""))
    both, sound = fitted(features, finished), fitted(features[:, words:], finished)
    lines = (
        f"# {len(found)} pauses, {int(finished.sum())} of them ends",
        f"_BIAS = {both.bias:.3f}",
        f"_WORD_WEIGHTS = {_rounded(both.weights[:words])}",
        f"_SOUND_WEIGHTS = {_rounded(both.weights[words:])}",
        f"_SOUND_ALONE_BIAS = {sound.bias:.3f}",
        f"_SOUND_ALONE_WEIGHTS = {_rounded(sound.weights)}",
    )
    return "\n".join(lines)


def _rounded(weights: Sequence[float]) -> str:
    return f"({', '.join(f'{weight:.3f}' for weight in weights)})"
