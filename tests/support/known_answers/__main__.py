"""Print the known-answer table, or the timing errors of many concurrent conversations. Use an idle machine:

python -m tests.support.known_answers table [TARGET...]
python -m tests.support.known_answers NUMBER [TARGET]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from time import perf_counter

import numpy as np

from tests.support.known_answers.measuring import Finding, Take, measure, measure_again, texts_right
from tests.support.known_answers.targets import TARGETS, cases_of

WITHIN_S = 0.020


def table(targets: Sequence[str]) -> bool:
    """Print the settings and the measurements for each target. Returns whether every error is small.

    A case with an error of more than WITHIN_S is measured again. The last column is the part of an error that is the
    agent's own lateness; the last line counts what was measured again.
    """
    numbers = f"{'set s':>8}{'measured s':>12}{'error ms':>10}{'agent ms':>10}"
    print(f"{'target':24}{'agent':19}{'trailing':>9}  {'figure':15}{numbers}")
    began_s, worst, again = perf_counter(), [0.0], []
    for target in targets:
        for one in measure_again(cases_of(target), is_spoiled=lambda found: _largest_s(found) > WITHIN_S):
            _print(one.take, one.findings)
            worst += [_largest_s([finding]) for finding in one.findings]
            if one.tries > 1:
                again.append(f"{one.take.case.target}, {one.take.case.behaviour}: {one.tries} tries")
    print(f"{len(targets)} targets, {len(worst) - 1} figures, largest error {1000 * max(worst):.1f} ms")
    print(f"measured again: {'; '.join(again) or 'none'}; {perf_counter() - began_s:.0f} s in all")
    return max(worst) <= WITHIN_S


def _largest_s(found: Sequence[Finding]) -> float:
    return max(abs(one.error_s) if one.error_s is not None else float("inf") for one in found)


def _print(take: Take, found: Sequence[Finding]) -> None:
    case = take.case
    start = f"{case.target:24}{case.behaviour:19}{case.trailing_s:9.1f}  "
    for one in found:
        late_ms = 1000 * (one.done_s - one.set_s)
        if one.error_s is None:
            print(f"{start}{one.figure:15}{one.set_s:8.3f}  {one.reason}")
        else:
            numbers = f"{one.set_s:8.3f}{one.measured_s:12.3f}{1000 * one.error_s:10.1f}{late_ms:10.1f}"
            print(f"{start}{one.figure:15}{numbers}")
    if case.behaviour == "repeats":
        print(f"{start}texts once: {'yes' if texts_right(take) else f'no: {take.outcome and take.outcome.answer!r}'}")
    if case.behaviour in ("drops", "never ends"):
        print(f"{start}ended after {take.took_s:.1f} s with {take.error or 'no error'}")


def many(at_once: int, target: str) -> None:
    """Hold concurrent conversations in this process, twice as many in total, and print the timing errors."""
    plain = [case for case in cases_of(target) if case.behaviour.startswith("delay")]
    cases = [plain[number % len(plain)] for number in range(2 * at_once)]
    found = [one for _, findings in measure(cases, at_once=at_once) for one in findings]
    print(f"{target}: {at_once} at once, {sum(one.error_s is not None for one in found)} of {len(cases)} timed")
    _percentiles("measured less set", [one.error_s for one in found])
    _percentiles("measured minus actual", [one.added_s for one in found])


def _percentiles(title: str, errors_s: Sequence[float | None]) -> None:
    known = 1000 * np.abs([error_s for error_s in errors_s if error_s is not None])
    points = ", ".join(f"p{point} {np.percentile(known, point):.1f}" for point in (50, 90, 99))
    print(f"  {title}, ms: {points}, max {known.max():.1f}")


def main() -> None:
    first, *rest = sys.argv[1:] or ["table"]
    if first == "table":
        sys.exit(0 if table(rest or list(TARGETS)) else 1)
    many(int(first), rest[0] if rest else "voicelab")


if __name__ == "__main__":
    main()
