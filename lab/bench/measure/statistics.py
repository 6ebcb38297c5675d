"""Means, medians and their confidence (a leaf, without numpy)."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

# Student's t, two-sided 95 %, by degrees of freedom; beyond the table the normal distribution's.
_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
      2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086)  # fmt: skip


def mean(values: Sequence[float]) -> float:
    return statistics.fmean(values) if values else 0.0


def median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed; 0 when there is none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def variation(values: Sequence[float]) -> float:
    """Coefficient of variation: the sample's standard deviation over its mean."""
    if len(values) < 2 or not mean(values):
        return 0.0
    return statistics.stdev(values) / mean(values)


def confidence(values: Sequence[float]) -> float:
    """Half of the width of the mean's 95 % confidence interval; 0 when there is but one value."""
    if len(values) < 2:
        return 0.0
    freedom = len(values) - 1
    t = _T[freedom - 1] if freedom <= len(_T) else 1.96
    return t * statistics.stdev(values) / math.sqrt(len(values))


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of paired values, and its 95 % confidence interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"

    @property
    def is_stable(self) -> bool:
        """Narrow enough to name a number: the lower bound is more than half of the upper one."""
        return self.high < 2 * self.low


def paired(ones: Sequence[float], others: Sequence[float]) -> Ratio | None:
    """The geometric mean of ones over others, both of a pair measured together; None without pairs.

    It is computed with logarithms, so that swapping ones and others inverts the interval, too. A
    single pair has no interval.
    """
    pairs = list(zip(ones, others, strict=True))
    if len(pairs) < 2 or any(one <= 0 or other <= 0 for one, other in pairs):
        return None
    logs = [math.log(one / other) for one, other in pairs]
    middle, half = mean(logs), confidence(logs)
    return Ratio(math.exp(middle), math.exp(middle - half), math.exp(middle + half))
