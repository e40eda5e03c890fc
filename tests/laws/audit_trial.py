"""Evaluate the acoustic audit on corrupted labels: `python -m tests.laws audit`.

Some labels of the shipped set are corrupted in three ways; precision at k is the share of the k corrupted labels among
the k highest scores. It takes minutes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence

from voicelab.agent.finance.market import Market
from voicelab.analysis.audit.acoustic import Question, misfits
from voicelab.audio.clip import SPEECH_RATE_HZ
from voicelab.datasets import load
from voicelab.paths import shipped
from voicelab.pipeline.transcribe import hear

Spoil = Callable[[Mapping[str, str], int, random.Random], dict[str, str]]
"""Maps texts by sample id, the number to corrupt and a random generator to the new texts."""


def swap(texts: Mapping[str, str], k: int, chance: random.Random) -> dict[str, str]:
    """Swap the texts of some samples; none keeps its text."""
    while True:
        chosen = chance.sample(sorted(texts), k)
        spoiled = {one: texts[other] for one, other in zip(chosen, [*chosen[1:], chosen[0]], strict=True)}
        if all(text != texts[one] for one, text in spoiled.items()):
            return spoiled


def rename(texts: Mapping[str, str], k: int, chance: random.Random) -> dict[str, str]:
    """Replace the company in some texts with another one."""
    names = sorted({forms[0] for forms in Market.load(None).forms().values()})
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
    named = {one: found for one, text in sorted(texts.items()) if (found := pattern.search(text))}
    spoiled = {}
    for one in chance.sample(sorted(named), k):
        found = named[one]
        other = chance.choice([name for name in names if name != found[0]])
        spoiled[one] = texts[one][: found.start()] + other + texts[one][found.end() :]
    return spoiled


def leave_out(texts: Mapping[str, str], k: int, chance: random.Random) -> dict[str, str]:
    """Delete a word from some texts."""
    spoiled = {}
    for one in chance.sample([one for one, text in sorted(texts.items()) if len(text.split()) > 1], k):
        words = texts[one].split()
        words.pop(chance.randrange(len(words)))
        spoiled[one] = " ".join(words)
    return spoiled


CORRUPTIONS: dict[str, Spoil] = {"another sample's text": swap, "another company": rename, "a word left out": leave_out}


def precision_at_k(scores: Mapping[str, float], spoiled: Sequence[str]) -> float:
    """Share of the k corrupted samples among the k highest scores."""
    top = sorted(scores, key=lambda one: -scores[one])[: len(spoiled)]
    return len(set(top) & set(spoiled)) / len(spoiled)


def trial(k: int = 8, draws: int = 5) -> dict[str, list[float]]:
    """Precision at k for each kind of corruption and each draw."""
    samples = load(shipped("voice_samples")).spoken
    texts = {sample.id: sample.text for sample in samples}
    clips = {sample.id: sample.clip().at_rate(SPEECH_RATE_HZ) for sample in samples}
    _, transcripts = hear("pocketsphinx", list(clips.values()))
    heard = dict(zip(clips, transcripts, strict=True))
    spoiled = {
        (kind, seed): make(texts, k, random.Random(seed)) for kind, make in CORRUPTIONS.items() for seed in range(draws)
    }
    labelled = [*texts.items(), *(pair for labels in spoiled.values() for pair in labels.items())]
    answers = misfits([Question(clips[one], text, heard[one]) for one, text in labelled])
    gaps = {pair: answer.gap_nats for pair, answer in zip(labelled, answers, strict=True)}
    found: dict[str, list[float]] = {kind: [] for kind in CORRUPTIONS}
    for (kind, _), labels in spoiled.items():
        pairs = {one: gaps[one, labels.get(one, text)] for one, text in texts.items()}
        scores = {one: gap for one, gap in pairs.items() if gap is not None}
        found[kind].append(precision_at_k(scores, list(labels)))
    return found
