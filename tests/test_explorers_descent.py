"""What the explorers share in which weights learn by gradient descent: a new curve, and each control."""

from importlib import import_module

import numpy as np
import pytest

from course_utils import explorers, nn
from course_utils.explorers.controls import Number

CELLS = import_module("course_utils.explorers.kernel").CELLS
# Explorer: its weights, what else begins the curve anew, and the value that η changes, and by how much at least.
CASES = {
    "box_regression": (("w1", "w2", "b"), {"scene": 3}, ("next w₁", 1e-4)),
    "convolution": (
        CELLS,
        {"digit": 3, "teacher": "blur"},
        ("next k", 1e-3),
    ),
    "mask": (("w1", "w2", "b"), {"scene": 3}, ("next w₁", 1e-4)),
}


@pytest.fixture(params=CASES)
def case(request):
    """An explorer with its module, its weights, and what else CASES says about it."""
    module = import_module(f"course_utils.explorers.{request.param}")
    return getattr(explorers, request.param)(), module, *CASES[request.param]


def test_the_curve_begins_anew_when_something_is_changed_by_hand(case):
    explorer, _, names, others, _ = case
    for key, value in {**dict.fromkeys(names, 0.7), **others}.items():
        explorer.press("Run 50 steps")
        assert len(explorer.state["costs"]) == 50
        weights = {name: explorer.state[name] for name in names}
        explorer.set(**{key: value})
        assert explorer.state["costs"] == () and explorer.state[key] == value
        assert all(explorer.state[name] == weights[name] for name in names if name != key)
    explorer.press("Run 50 steps")
    explorer.set(learning_rate=0.1, seed=3)
    explorer.press("Step")
    assert len(explorer.state["costs"]) == 51
    explorer.press("Random start")
    assert explorer.state["costs"] == ()


def test_random_start_follows_the_seed_and_reset_brings_the_zeros_back(case):
    explorer, module, names, _, _ = case
    start, drawn = dict(explorer.state), []
    for seed in (3, 4, 3):
        explorer.set(seed=seed)
        explorer.press("Run 50 steps")
        explorer.press("Random start")
        drawn.append([explorer.state[name] for name in names])
    assert drawn[0] == drawn[2] != drawn[1]
    assert max(map(abs, drawn[0])) <= 1 and len(set(drawn[0])) == len(names)
    explorer.press("Reset")
    assert explorer.state == start == module.INITIAL and [start[name] for name in names] == [0.0] * len(names)


def test_each_control_is_seen(case):
    explorer, module, _, others, (of_rate, least) = case
    for row in explorer.rows:
        explorer.press("Reset")
        before, alt, values = explorer.png(), explorer.alt, module.values(nn, explorer.state)
        key, by_number = row.control.key, isinstance(row.control, Number)
        explorer.set(**{key: explorer.state[key] + row.control.step if by_number else others[key]})
        assert explorer.alt != alt
        assert (explorer.png() != before) == (key not in ("learning_rate", "seed"))
        if key == "learning_rate":
            assert np.abs(module.values(nn, explorer.state)[of_rate] - values[of_rate]).max() > least
