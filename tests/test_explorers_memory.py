"""The memory explorer, against the numbers of notebook 01."""

from importlib import import_module

import numpy as np
import pytest

from course_utils import load_keras, nn
from course_utils.explorers import memory as make_explorer

memory = import_module("course_utils.explorers.memory")
START = memory.INITIAL
DIGITS = 5.1e-5


@pytest.mark.parametrize(
    "u, activation, last",
    [(0.5, "linear", 0.0010), (0.9, "linear", 0.3487), (1.1, "linear", 2.5937), (1.1, "tanh", 0.5236)]
    + [(0.0, "linear", 0.0), (-0.9, "linear", 0.3487)],
)
def test_what_is_left_after_ten_silent_steps(u, activation, last):
    h = memory.run({**START, "u": u, "activation": activation})
    assert h.shape == (memory.STEPS,) and h[-1] == pytest.approx(last, abs=DIGITS)


def test_the_numbers_by_hand():
    state = {**START, "w": 0.8, "u": 0.5, "b": 0.1, "activation": "tanh"}
    h = memory.run(state)
    assert h[:2] == pytest.approx([0.7163, 0.4286], abs=DIGITS)  # the sequence 1, 0
    late = memory.run({**state, "sequence": memory.LATE})
    assert late[0] == pytest.approx(np.tanh(0.1)) and late.argmax() == 5
    assert np.abs(memory.run({**state, "sequence": memory.ALWAYS, "u": 900.0})).max() <= 1


def test_the_random_sequence_comes_from_its_seed():
    first, same, other = (memory.inputs({**START, "sequence": memory.RANDOM, "seed": seed}) for seed in (1, 1, 2))
    assert np.array_equal(first, same) and not np.array_equal(first, other)


def test_numpy_and_keras_give_the_same_values():
    for changes in ({}, {"u": 1.1, "activation": "tanh"}, {"sequence": memory.RANDOM, "w": -1.5, "b": 0.3}):
        state = {**START, **changes}
        ours, theirs = (list(memory.values(K, state).values()) for K in (nn, load_keras()))
        assert ours == pytest.approx(theirs, abs=1e-5)
        assert ours == pytest.approx(memory.run(state)[[0, -1]], abs=1e-5)


def test_a_curve_can_be_kept_and_reset_forgets_it():
    explorer = make_explorer()
    assert np.isnan(explorer._arrays(explorer.state)["kept"]).all()
    explorer.press("Keep this curve")
    explorer.set(u=0.9)
    assert "ends with 0.3487. The curve that was kept ends with 0.0010." in explorer.alt
    assert np.array_equal(explorer._arrays(explorer.state)["kept"], memory.run(START))
    explorer.press("Reset")
    assert explorer.state == START and "kept" not in explorer.alt
