"""What the report says about how sure it is."""

import pytest

from lab.bench.measure.statistics import confidence, mean, median, percentile, variation


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(value) for value in range(1, 101)]
    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99
    assert percentile([3.0], 0.99) == 3
    assert percentile([], 0.5) == 0


def test_nothing_measured_is_nothing_said() -> None:
    assert mean([]) == median([]) == variation([]) == confidence([]) == 0
    assert variation([1.0]) == confidence([1.0]) == 0


def test_variation_is_the_deviation_over_the_mean() -> None:
    assert variation([1.0, 2.0, 3.0]) == pytest.approx(0.5)


def test_confidence_is_students() -> None:
    assert confidence([1.0, 2.0, 3.0]) == pytest.approx(4.303 / 3**0.5)
    assert confidence([5.0] * 40) == 0
