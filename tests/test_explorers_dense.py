"""The dense explorer: what each learning rate does, as notebook 01 says."""

from importlib import import_module

import numpy as np
import pytest

from course_utils import load_keras, nn
from course_utils.explorers import dense as make_explorer

dense = import_module("course_utils.explorers.dense")
START = dense.INITIAL


def after(eta, steps):
    state = {**START, "learning_rate": eta}
    for _ in range(steps):
        state = dense.step(state)
    return state


def test_the_houses_are_standardized():
    x, y = dense.houses()
    assert x.shape == y.shape == (60, 1)
    assert (x.mean(), x.std()) == pytest.approx((0, 1))
    assert np.polyfit(x[:, 0], y[:, 0], 1) == pytest.approx(dense.best())


def test_half_is_exact_one_bounces_more_explodes():
    assert (after(0.5, 1)["w"], after(0.5, 1)["b"]) == pytest.approx(dense.best())
    assert (after(1, 2)["w"], after(1, 2)["b"]) == pytest.approx((START["w"], START["b"]))
    costs = {eta: dense.arrays(after(eta, 10))["costs"] for eta in (0.1, 0.5, 1, 1.05)}
    assert (np.diff(costs[0.1]) < 0).all()
    assert costs[0.5][1:] == pytest.approx(dense.cost(*dense.best()).item())
    assert costs[1] == pytest.approx(costs[1][0])
    assert (np.diff(costs[1.05]) > 0).all()


def test_a_step_is_the_slope_by_central_differences():
    state = {**START, "w": 0.7, "b": 2.5}
    new, eps = dense.step(state), 1e-6
    slope_w = (dense.cost(0.7 + eps, 2.5) - dense.cost(0.7 - eps, 2.5)).item() / (2 * eps)
    slope_b = (dense.cost(0.7, 2.5 + eps) - dense.cost(0.7, 2.5 - eps)).item() / (2 * eps)
    assert new["w"] == pytest.approx(0.7 - state["learning_rate"] * slope_w, abs=1e-7)
    assert new["b"] == pytest.approx(2.5 - state["learning_rate"] * slope_b, abs=1e-7)


def test_the_run_is_kept_and_forgotten_when_a_weight_is_set_by_hand():
    state = dense.ten_steps(START)
    assert len(state["path"]) == 10 and state == after(0.1, 10)
    assert dense.changed(state, "w")["path"] == dense.changed(state, "b")["path"] == ()
    assert dense.changed(state, "learning_rate") == state
    drawn = dense.random_start({**state, "seed": 3})
    assert drawn["path"] == () and drawn == dense.random_start({**START, "seed": 3})
    assert drawn != dense.random_start({**START, "seed": 4})


@pytest.mark.parametrize("state", [START, after(0.1, 5), {**START, "learning_rate": 1.05, "w": -3.0}])
def test_numpy_and_keras_give_the_same_values(state):
    ours, theirs = (list(dense.values(K, state).values()) for K in (nn, load_keras()))
    assert ours == pytest.approx(theirs, rel=1e-5, abs=1e-5)
    assert ours == pytest.approx([dense.arrays(state)["cost"], dense.step(state)["w"]], rel=1e-5, abs=1e-5)


def test_the_sentence_says_what_is_drawn():
    explorer = make_explorer()
    assert "ŷ = 0.0000 x + 0.5000" in explorer.alt and "0 steps made" in explorer.alt
    explorer.set(learning_rate=0.5)
    explorer.press("Step")
    found = explorer._arrays(explorer.state)
    assert found["cost"] == pytest.approx(found["least"]) and found["before"] == (0.0, 0.5)
    assert explorer.alt.endswith("η = 0.5, 1 steps made.")
    explorer.press("10 steps")
    assert explorer.alt.endswith("11 steps made.")
