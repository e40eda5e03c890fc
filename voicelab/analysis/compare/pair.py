"""A pair of runs: differences with their intervals and tests, and the samples that flipped between right and wrong."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from voicelab.analysis.compare.systems import System
from voicelab.figures.figure import AnyFigure, Better, Figure, Percentile, Ratio
from voicelab.figures.scored_turn import TurnScore
from voicelab.figures.table import FIGURES, Table
from voicelab.metrics.mapsswe import MatchedPairs, mapsswe
from voicelab.metrics.paired import PairedDifference, Share, paired_quantiles, paired_rates
from voicelab.metrics.significance import McNemar, Signs, Wilcoxon, mcnemar, sign_test, wilcoxon
from voicelab.metrics.words import WordCounts
from voicelab.scoring.intervals import Clusters
from voicelab.scoring.schema import ClusterUnit


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of both runs over their common scored samples.

    unit: the clustering unit. note: limitations of the interval, such as too few speakers.
    """

    name: str
    title: str
    better: Better
    unit: ClusterUnit
    found: PairedDifference
    note: str | None = None

    @property
    def verdict(self) -> Literal["better", "worse"] | None:
        """Whether the second run is better or worse; None without an interval, or if it contains 0."""
        bounds = self.found.interval
        if bounds is None or bounds.low <= 0 <= bounds.high:
            return None
        return "better" if (bounds.low > 0) == (self.better == "higher") else "worse"


@dataclass(frozen=True)
class RunPair:
    """A pair of runs on the same samples; every difference is second minus first."""

    first: System
    second: System
    seed: int
    draws: int
    table: Table
    _known: dict[str, Difference] = field(default_factory=dict, init=False, repr=False)
    _numbers: dict[int, dict[str, tuple[float, float]]] = field(default_factory=dict, init=False, repr=False)
    _known_clusters: dict[tuple[str, ...], Clusters] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def shared(self) -> tuple[str, ...]:
        """The samples scored in both runs."""
        return tuple(key for key in self.first.steps if key in self.second.steps)

    def differences(self) -> list[Difference]:
        """The compared figures of both runs; latencies only if both runs used the same sending mode."""
        return [one for one in map(self.difference, self._compared()) if one.found.difference is not None]

    def difference_of(self, name: str) -> Difference | None:
        """The difference of one compared figure; None if it is not compared, or one of the runs does not have it."""
        figure = next((one for one in self._compared() if one.name == name), None)
        found = self.difference(figure) if figure is not None else None
        return found if found is not None and found.found.difference is not None else None

    def _compared(self) -> list[AnyFigure]:
        same_mode = self.first.run.spec.mode == self.second.run.spec.mode
        return [figure for figure in compared(self.table) if same_mode or not isinstance(figure, Percentile)]

    def difference(self, figure: AnyFigure) -> Difference:
        """A figure's paired difference; it has no value if the figure cannot be paired by sample."""
        if figure.name not in self._known:
            pairs = self._timed(figure.sample) if isinstance(figure, Percentile) else self.shares(figure)
            clusters = self._clusters(pairs)
            first: list[Any] = [one for one, _ in pairs.values()]
            second: list[Any] = [other for _, other in pairs.values()]
            if isinstance(figure, Percentile):
                share = 1.0 if figure.quantile is None else figure.quantile
                found = paired_quantiles(first, second, clusters.keys, share, seed=self.seed, draws=self.draws)
            else:
                found = paired_rates(first, second, clusters.keys)
            note = clusters.note(found.interval) if found.interval else None
            self._known[figure.name] = Difference(figure.name, figure.title, figure.better, clusters.unit, found, note)
        return self._known[figure.name]

    def shares(self, figure: Figure) -> dict[str, tuple[Share, Share]]:
        """Each common sample's contribution to a rate in both runs."""
        if figure.name == "wer":
            # Like the tests, use the alignment weights of the comparison.
            pairs = ((key, self.first.counts[key], self.second.counts[key]) for key in self.shared)
            return {
                key: ((one.errors, one.reference_words), (other.errors, other.reference_words))
                for key, one, other in pairs
            }
        if not isinstance(figure.value, Ratio) or figure.over != "turns":
            return {}
        counts, part, whole = figure.counts, figure.value.part, figure.value.whole
        return {
            key: ((first[part], first[whole]), (second[part], second[whole]))
            for key, one, other in self._both
            if (first := counts(one)) is not None and (second := counts(other)) is not None
        }

    @cached_property
    def _both(self) -> list[tuple[str, TurnScore, TurnScore]]:
        """Each sample and its scores in both runs."""
        second = self.second.scores
        return [(key, one, second[key]) for key, one in self.first.scores.items()]

    def _timed(self, sample: Callable[[TurnScore], float | None]) -> dict[str, tuple[float, float]]:
        """Each common sample's numbers in both runs. The percentiles of a stage have one function, so read it once."""
        found = self._numbers.get(id(sample))
        if found is None:
            found = self._numbers[id(sample)] = {
                key: (first, second)
                for key, one, other in self._both
                if (first := sample(one)) is not None and (second := sample(other)) is not None
            }
        return found

    def _clusters(self, keys: Iterable[str]) -> Clusters:
        """The clusters of samples; most figures are scored for the same samples."""
        names = tuple(keys)
        if names not in self._known_clusters:
            self._known_clusters[names] = Clusters.of([self.first.scores[key].turn for key in names])
        return self._known_clusters[names]

    @cached_property
    def matched(self) -> MatchedPairs:
        """MAPSSWE over the samples scored in both runs."""
        return mapsswe(*([run.steps[key] for key in self.shared] for run in (self.first, self.second)))

    @cached_property
    def sentences(self) -> McNemar:
        """McNemar's test on samples without word errors."""
        return mcnemar(*([not run.counts[key].errors for key in self.shared] for run in (self.first, self.second)))

    @cached_property
    def ranked_by(self) -> ClusterUnit:
        """The unit of the sign test and Wilcoxon's test: speakers (as in sc_stats), conversations, or samples."""
        return self._clusters(self.shared).unit

    @cached_property
    def ranks(self) -> Wilcoxon:
        """Wilcoxon's test on the word error rates of each speaker, conversation or sample."""
        return wilcoxon(*self.rates)

    @cached_property
    def signs(self) -> Signs:
        """The sign test on the word error rates of each speaker, conversation or sample."""
        return sign_test(*self.rates)

    @cached_property
    def rates(self) -> tuple[list[float], list[float]]:
        """The word error rate of each speaker, conversation or sample in both runs."""
        names = self._clusters(self.shared).keys
        rates = []
        for run in (self.first, self.second):
            sums = dict.fromkeys(names, WordCounts())
            for name, key in zip(names, self.shared, strict=True):
                sums[name] += run.counts[key]
            rates.append([total.wer for total in sums.values() if total.wer is not None])
        return rates[0], rates[1]

    def flips(self) -> list[dict[str, str]]:
        """A row for each sample without word errors in only one run; first those with errors in the second run."""
        return [
            _flip(key, right, wrong)
            for right, wrong in ((self.first, self.second), (self.second, self.first))
            for key in self.shared
            if not right.counts[key].errors and wrong.counts[key].errors
        ]


def compared(table: Table) -> list[AnyFigure]:
    """The figures of a comparison: those shown in `compare`, and all from outside the package."""
    return [one for name, one in table.items() if one.pairable and ("compare" in one.shown_in or name not in FIGURES)]


def _flip(key: str, right: System, wrong: System) -> dict[str, str]:
    turn, other = right.scores[key].turn, wrong.scores[key].turn
    return {
        "sample": key, "right in": right.name, "wrong in": wrong.name, "said": turn.text,
        "heard right": turn.heard or "", "heard wrong": other.heard or "",
    }  # fmt: skip
