"""What the report says about how sure it is."""

import pytest

from lab.bench.measure.statistics import confidence, mean, median, paired, percentile, variation


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


def test_a_ratio_is_that_of_pairs() -> None:
    """A machine that is slow for a while is slow for both."""
    ratio = paired([10.0, 20.0, 40.0], [5.0, 10.0, 20.0])
    assert ratio
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((2, 2, 2))
    assert str(ratio) == "2.00 [2.00, 2.00]"


def test_a_ratio_and_its_inverse_are_equally_sure() -> None:
    ones, others = [1.0, 2.0, 4.0], [1.0, 1.0, 1.0]
    ratio, inverse = paired(ones, others), paired(others, ones)
    assert ratio
    assert inverse
    assert ratio.low == pytest.approx(1 / inverse.high)
    assert not ratio.is_stable


def test_one_pair_is_no_ratio() -> None:
    assert paired([1.0], [2.0]) is None
    assert paired([1.0, 1.0], [2.0, 0.0]) is None
