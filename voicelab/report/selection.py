"""Select the turns that a report shows: all of a small run, or the worst ones and a random sample of a large run."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from voicelab.figures.scored_turn import TurnScore
from voicelab.report.tables import worst_scores

MOST_TURNS = 1000
"""Maximum number of turns in a report, unless a single conversation has more."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The turns to show. scores: in run order; worst: those among them that failed or have word errors."""

    scores: tuple[TurnScore, ...]
    worst: tuple[TurnScore, ...]
    sampled: int
    of: int
    seed: int

    @property
    def worst_first(self) -> tuple[TurnScore, ...]:
        keys = {score.turn.key for score in self.worst}
        return (*self.worst, *(score for score in self.scores if score.turn.key not in keys))

    @property
    def is_complete(self) -> bool:
        return len(self.scores) == self.of

    @property
    def note(self) -> str:
        """A sentence about the selection; empty if all turns are shown."""
        if self.is_complete:
            return ""
        return (
            f"This page shows {len(self.scores):,} of {self.of:,} turns: {len(self.scores) - self.sampled:,} of the "
            f"worst with their conversations, and a random sample of {self.sampled:,} (seed {self.seed}). All figures "
            f"and plots are computed from all turns; turns.parquet in the run's folder contains every turn."
        )


def select_turns(scores: Sequence[TurnScore], seed: int, most: int = MOST_TURNS) -> Selection:
    """Select about `most` turns: half of them the worst, the others at random. Conversations are not split."""
    suspects = worst_scores(scores, len(scores))
    if len(scores) <= most:
        return Selection(tuple(scores), tuple(suspects), 0, len(scores), seed)
    sizes = Counter(score.turn.conversation for score in scores)
    worst = _fitting(dict.fromkeys(score.turn.conversation for score in suspects), sizes, most // 2)
    if not worst and suspects:
        worst = {suspects[0].turn.conversation}
    others = [name for name in sizes if name not in worst]
    random.Random(seed).shuffle(others)
    used = sum(sizes[name] for name in worst)
    sampled = _fitting(others, sizes, most - used)
    shown = tuple(score for score in scores if score.turn.conversation in worst | sampled)
    first = tuple(score for score in suspects if score.turn.conversation in worst | sampled)
    return Selection(shown, first, sum(sizes[name] for name in sampled), len(scores), seed)


def _fitting(names: Iterable[str], sizes: Mapping[str, int], room: int) -> set[str]:
    """Return the first names whose turns fit into `room`."""
    found = set()
    for name in names:
        if sizes[name] <= room:
            found.add(name)
            room -= sizes[name]
    return found
