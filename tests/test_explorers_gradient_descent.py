"""The gradient-descent explorer, against the numbers of notebook 06."""

from importlib import import_module

import numpy as np
import pytest

from course_utils import load_keras, nn

descent = import_module("course_utils.explorers.gradient_descent")
START = descent.INITIAL
PARABOLA, TWO_VALLEYS, GRETA = descent.CURVES
DIGITS = 5.1e-5


def end(**changes):
    return descent.arrays({**START, **changes})["path"][-1]


@pytest.mark.parametrize(
    "learning_rate, path",
    [
        (0.001, [1, 1.016]),
        (0.125, [1, 3]),
        (0.25, [1, 5, 1, 5]),
        (0.3, [1, 5.8, -0.92, 8.488]),
        (0.01, [1, 1.16, 1.3072]),
    ],
)
def test_steps_on_the_parabola(learning_rate, path):
    state = {**START, "learning_rate": learning_rate, "steps": len(path) - 1}
    assert descent.arrays(state)["path"][:, 0] == pytest.approx(path, abs=DIGITS)


def test_the_slope_changes_sign_at_the_bottom():
    assert descent.evaluate(nn, PARABOLA, 1.0) == pytest.approx((16, -16))
    assert descent.evaluate(nn, PARABOLA, 4.0) == pytest.approx((4, 8))
    assert "negative: downhill is to the right" in descent.slope_in_words(-16)
    assert "positive: downhill is to the left" in descent.slope_in_words(8)
    assert "almost 0: a flat place" in descent.slope_in_words(1e-9)


def test_divergence_at_0_26_in_numbers_and_words():
    state = {**START, "learning_rate": 0.26, "steps": 20}
    assert descent.values(load_keras(), state)["loss"] == pytest.approx(347.5923, abs=DIGITS)
    found = descent.arrays(state)
    assert found["path"][-1, 1] == pytest.approx(347.5923, abs=DIGITS)
    assert found["diverged"]
    assert "It diverges: the loss grew from 16.0000" in descent.alt(state, found)
    assert not descent.arrays({**state, "learning_rate": 0.24})["diverged"]


@pytest.mark.parametrize(
    "optimizer, path",
    [("SGD, momentum 0.9", (1.16, 1.4512)), ("RMSprop", (1.0316, 1.0544)), ("Adam", (1.01, 1.02))],
)
def test_optimizers_take_the_steps_of_the_table(optimizer, path):
    assert [end(optimizer=optimizer, steps=n)[0] for n in (1, 2)] == pytest.approx(path, abs=DIGITS)


@pytest.mark.parametrize("start, valley", [(0.07, -1.0356), (0.10, 0.9601), (0.0754, 0.0754)])
def test_two_valleys(start, valley):
    steps = 1 if start == 0.0754 else descent.MOST_STEPS
    assert end(curve=TWO_VALLEYS, start=start, learning_rate=0.05, steps=steps)[0] == pytest.approx(valley, abs=1e-3)


def test_gretas_curve_is_the_network_of_notebook_06():
    assert descent.evaluate(nn, GRETA, -0.8) == pytest.approx((0.3803, -0.1589), abs=DIGITS)
    assert descent.evaluate(nn, GRETA, -0.79)[0] == pytest.approx(0.3788, abs=DIGITS)
    assert descent.evaluate(nn, GRETA, -20.0)[1] == pytest.approx(-0.00002, abs=5e-6)  # the plateau


@pytest.mark.parametrize("name", descent.CURVES)
def test_slopes_are_those_of_the_curves(name):
    w, loss = descent.drawn_curve(name)
    slopes = np.array([descent.evaluate(nn, name, float(v))[1] for v in w])
    assert np.gradient(loss, w)[1:-1] == pytest.approx(slopes[1:-1], abs=0.02 * np.abs(slopes).max())


@pytest.mark.parametrize("curve", descent.CURVES)
@pytest.mark.parametrize("optimizer", descent.OPTIMIZERS)
def test_numpy_and_keras_walk_the_same_way(curve, optimizer):
    state = {**START, "curve": curve, "start": 0.5, "optimizer": optimizer, "learning_rate": 0.05, "steps": 10}
    tolerance = 1e-5 if curve == GRETA else 1e-10  # the network computes in float32
    ours, theirs = (descent.descend(K, state) for K in (nn, load_keras()))
    assert theirs == pytest.approx(ours, rel=tolerance, abs=tolerance)


def test_a_walk_to_infinity_ends_early_and_says_so(recwarn):
    state = {**START, "curve": TWO_VALLEYS, "start": 1.7, "learning_rate": 10.0, "steps": 20}
    found = descent.arrays(state)
    assert np.isfinite(found["path"]).all() and found["steps"] < 20 and found["diverged"]
    assert "It diverges" in descent.alt(state, found)
    assert len(recwarn) == 0


def test_steps_add_up_and_a_new_curve_begins_anew():
    state = descent.take_steps(20)(descent.take_steps(1)(START))
    assert state["steps"] == 21
    assert descent.take_steps(500)(state)["steps"] == descent.MOST_STEPS
    assert descent.changed({**state, "curve": GRETA}, "curve") == {**START, "curve": GRETA, "start": -0.8}
    assert descent.changed(state, "learning_rate") == state
