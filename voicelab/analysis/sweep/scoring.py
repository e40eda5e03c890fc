"""Compute the figures of a sweep; every run is scored on the same samples."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from voicelab.analysis.sweep.axes import Axis, SweepPoint, axes_of, points_of
from voicelab.analysis.sweep.figures import AxisFigures, BreakFigures, MeasureFigure, PointFigures, SweepFigures
from voicelab.analysis.sweep.measures import followed, threshold
from voicelab.analysis.sweep.spec import SweepFolder, SweepSpec
from voicelab.analysis.sweep.wording import break_sentence
from voicelab.figures.figure import Figure
from voicelab.figures.scored_turn import TurnScore
from voicelab.metrics.breakpoints import Breakpoint, breakpoint_of
from voicelab.metrics.intervals import ratio_interval
from voicelab.metrics.paired import Share, paired_rates
from voicelab.scoring.intervals import LEVEL, Clusters
from voicelab.scoring.scored_run import read_scored


@dataclass(frozen=True, slots=True)
class _Paired:
    """A measure of every run over the samples that all runs could score, in the same order."""

    shares: Mapping[str, list[Share]]
    clusters: Clusters
    left_out: int


def figures_of(spec: SweepSpec, folder: SweepFolder) -> SweepFigures:
    """Read and score the runs of a sweep; InputError if one of them cannot be read."""
    points = points_of(spec)
    scores = {
        point.name: {score.turn.sample_id: score for score in read_scored(folder.run(point.name)).primary}
        for point in points
    }
    paired = {key: _pair(figure, scores) for key, figure in followed(spec.breakpoints).items()}
    clean = points[0].name
    clusters = Clusters.of([score.turn for score in scores[clean].values()])
    axes = () if spec.grid else axes_of(spec)
    rules = folder.run(clean).read().spec.rules
    return SweepFigures(
        unit=clusters.unit,
        clusters=clusters.count,
        level=LEVEL,
        draws=spec.base.draws,
        seed=spec.base.seed,
        normalizer=rules.label,
        points=tuple(_point(point, clean, scores[point.name], paired, spec) for point in points),
        axes=tuple(
            AxisFigures(
                key=axis.key,
                label=axis.label,
                unit=axis.unit,
                places=tuple(point.place or 0.0 for point in axis.points),
                runs=tuple(point.name for point in axis.points),
            )
            for axis in axes
        ),
        breaks=tuple(
            _break(option, axis, clean, paired, spec)
            for option in spec.breakpoints
            for axis in axes
            if len(axis.points) > 1
        ),
    )


def _pair(figure: Figure, scores: Mapping[str, Mapping[str, TurnScore]]) -> _Paired:
    share = figure.share_of
    counted = {run: {name: found for name, one in by.items() if (found := share(one))} for run, by in scores.items()}
    first = next(iter(scores))
    shared = [name for name in scores[first] if all(name in counts for counts in counted.values())]
    could = {name for counts in counted.values() for name in counts}
    return _Paired(
        {run: [counts[name] for name in shared] for run, counts in counted.items()},
        Clusters.of([scores[first][name].turn for name in shared]),
        len(could) - len(shared),
    )


def _point(
    point: SweepPoint, clean: str, scores: Mapping[str, TurnScore], paired: Mapping[str, _Paired], spec: SweepSpec
) -> PointFigures:
    turns = [score.turn for score in scores.values()]
    sent = [turn.sent for turn in turns if turn.sent is not None]
    packets = [one.packets for one in sent if one.packets is not None]
    return PointFigures(
        run=point.name,
        condition=point.condition.label if point.condition is not None else None,
        axis=point.axis,
        place=point.place,
        failed=sum(turn.broken for turn in turns),
        scaled=sum(one.scale_db < 0 for one in sent),
        packets=sum(packets) if packets else None,
        lost=sum(one.lost or 0 for one in sent) if packets else None,
        measures={key: _measured(point.name, clean, one) for key, one in paired.items()},
    )


def _measured(run: str, clean: str, paired: _Paired) -> MeasureFigure:
    keys = paired.clusters.keys
    parts, wholes = [part for part, _ in paired.shares[run]], [whole for _, whole in paired.shares[run]]
    sure = ratio_interval(parts, wholes, keys, level=LEVEL)
    change = paired_rates(paired.shares[clean], paired.shares[run], keys)
    change_sure = change.interval if run != clean else None
    return MeasureFigure(
        value=sum(parts) / sum(wholes) if sum(wholes) else None,
        part=sum(parts),
        whole=sum(wholes),
        n=len(parts),
        left_out=paired.left_out,
        low=sure.low if sure else None,
        high=sure.high if sure else None,
        change=change.difference if run != clean else None,
        change_low=change_sure.low if change_sure else None,
        change_high=change_sure.high if change_sure else None,
    )


def _break(option: str, axis: Axis, clean: str, paired: Mapping[str, _Paired], spec: SweepSpec) -> BreakFigures:
    key, limit = threshold(option)
    one = paired[key]
    shares = [one.shares[run] for run in (clean, *(point.name for point in axis.points))]
    places = [point.place or 0.0 for point in axis.points]
    found: Breakpoint = breakpoint_of(
        places,
        [[part for part, _ in row] for row in shares],
        [[whole for _, whole in row] for row in shares],
        one.clusters.keys,
        limit,
        seed=spec.base.seed,
        draws=spec.base.draws,
        level=LEVEL,
    )
    facts = asdict(found)
    facts.pop("level")
    sentence = break_sentence(option, axis.label, axis.unit, places, found, limit)
    return BreakFigures(asked=option, measure=key, axis=axis.key, sentence=sentence, **facts)
