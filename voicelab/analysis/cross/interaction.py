"""Word error rates of voices by recognizers, and their interaction.

The interaction of a pair is its word error rate minus the main effects of its voice and its recognizer:
WER(v, r) - mean over r - mean over v + mean over all, in unweighted means. Below 0 the recognizer gains from the voice.
All pairs use the same sentences, so sentences are the clusters, and the differences between sentences cancel out.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from voicelab.analysis.cross.hearing import CrossedSentence
from voicelab.analysis.cross.record import CrossedPair
from voicelab.metrics.clusters import Floats
from voicelab.metrics.intervals import Interval, sums_result
from voicelab.scoring.intervals import LEVEL, Clusters
from voicelab.scoring.measuring import measure_ratio, measure_sums

_BOUNDS = (-1.0, 1.0)
"""Of an interaction, for word error rates up to 1."""


def whole_sentences(heard: Sequence[CrossedSentence], pairs: int) -> list[str]:
    """The texts that all pairs have finished, in order."""
    counts: dict[str, int] = {}
    for one in heard:
        counts[one.text] = counts.get(one.text, 0) + 1
    return [text for text, times in counts.items() if times == pairs]


def crossed_pairs(
    heard: Sequence[CrossedSentence], voices: Sequence[str], recognizers: Sequence[str]
) -> list[CrossedPair]:
    """The figures of each pair, over the sentences that all pairs have finished."""
    texts = whole_sentences(heard, len(voices) * len(recognizers))
    if not texts:
        return []
    found = {(one.text, one.voice, one.recognizer): one.words for one in heard}
    clusters = Clusters("sample", tuple(texts))
    names = [(voice, recognizer) for voice in voices for recognizer in recognizers]
    errors = [[found[text, *name].errors for text in texts] for name in names]
    words = [found[text, *names[0]].reference_words for text in texts]
    shape = len(voices), len(recognizers)
    values = interactions(np.array([[*map(sum, errors), sum(words)]], dtype=np.float64), shape)[0]
    pairs = []
    for place, (voice, recognizer) in enumerate(names):
        statistic = partial(_one_interaction, shape=shape, place=place)
        # Bonferroni's correction for the degrees of freedom of the interactions
        columns, level = [*errors, words], 1 - (1 - LEVEL) / max(1, (shape[0] - 1) * (shape[1] - 1))
        estimate = measure_sums(
            float(values.flat[place]), columns, statistic, clusters, least=_BOUNDS[0], most=_BOUNDS[1]
        )
        wide = sums_result(columns, texts, statistic, level=level, bounds=_BOUNDS)
        pairs.append(
            CrossedPair(
                voice=voice,
                recognizer=recognizer,
                wer=measure_ratio(errors[place], words, clusters),
                interaction=estimate,
                certain=isinstance(wide, Interval) and not wide.low <= 0 <= wide.high,
            )
        )
    return pairs


def interactions(sums: Floats, shape: tuple[int, int]) -> Floats:
    """Interactions of all pairs. sums: shape (n, pairs + 1): errors of each pair, and the words; out: (n, *shape)."""
    rates = (sums[:, :-1] / sums[:, -1:]).reshape(len(sums), *shape)
    of_voices, of_recognizers = rates.mean(axis=2, keepdims=True), rates.mean(axis=1, keepdims=True)
    return np.asarray(rates - of_voices - of_recognizers + rates.mean(axis=(1, 2), keepdims=True), dtype=np.float64)


def _one_interaction(sums: Floats, *, shape: tuple[int, int], place: int) -> Floats:
    return interactions(sums, shape).reshape(len(sums), -1)[:, place]
