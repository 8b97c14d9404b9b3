"""What the explorers share in which weights learn by gradient descent: a new curve, and each control."""

from importlib import import_module

import numpy as np
import pytest

from course_utils import explorers, nn
from course_utils.explorers.controls import Number, resolve
from course_utils.explorers.descent import MOST_STEPS

numerical_gradient = import_module("course_utils.nn.gradcheck").numerical_gradient
CELLS = import_module("course_utils.explorers.kernel").CELLS
EMBEDDING = import_module("course_utils.explorers.embedding").WEIGHTS
# Explorer: its weights, what else begins the curve anew, and the value that η changes, and by how much at least.
CASES = {
    "attention": (("w11", "w12", "w21", "w22"), {}, ("next w₁₂", 1e-3)),
    "bidirectional": (("u_f", "u_b", "v_f", "v_b"), {}, ("next v_b", 1e-2)),
    "box_regression": (("w1", "w2", "b"), {"scene": 3}, ("next w₁", 1e-4)),
    "convolution": (
        CELLS,
        {"digit": 3, "teacher": "blur"},
        ("next k", 1e-3),
    ),
    "embedding": (EMBEDDING, {"sentences": "one-sided"}, ("next x", 1e-3)),
    "gru": (("w_z", "b_z", "w_r", "b_r"), {"task": "add up"}, ("next z", 5e-4)),
    "lstm": (("w_i", "b_i", "b_f", "b_o"), {}, ("next f", 5e-4)),
    "mask": (("w1", "w2", "b"), {"scene": 3}, ("next w₁", 1e-4)),
    "self_attention": (("w11", "w12", "w21", "w22"), {"d": 1, "causal": False}, ("next w₁₂", 3e-4)),
    "through_time": (("w", "u", "b"), {"task": "half the sum", "activation": "tanh"}, ("next u", 1e-3)),
    "word_in_context": (("q1", "q2", "v1", "v2"), {"sides": "left only"}, ("next v₂", 1e-3)),
}


@pytest.fixture(params=CASES)
def case(request):
    """An explorer with its module, its weights, and what else CASES says about it."""
    module = import_module(f"course_utils.explorers.{request.param}")
    return getattr(explorers, request.param)(), module, *CASES[request.param]


def test_the_curve_begins_anew_when_something_is_changed_by_hand(case):
    explorer, _, names, others, _ = case
    for key, value in {**dict.fromkeys(names, 0.2), **others}.items():
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


def test_a_step_goes_against_the_slopes_of_the_cost_that_is_drawn(case):
    explorer, module, names, *_ = case
    explorer.set(seed=5)
    explorer.press("Random start")
    state = explorer.state

    def cost(weights):
        return module.arrays({**state, **dict(zip(names, weights.tolist())), "costs": ()})["costs"][-1]

    by_hand, costs = np.array([state[name] for name in names]), []
    for _ in range(3):
        costs.append(cost(by_hand))
        by_hand = by_hand - state["learning_rate"] * numerical_gradient(lambda at=by_hand: cost(at), by_hand)
    moved = module.take_steps(3)(state)
    assert [moved[name] for name in names] == pytest.approx(by_hand, rel=1e-6)
    assert moved["costs"] == pytest.approx(costs)


def test_fifty_steps_are_fifty_single_ones_and_there_is_a_last_one(case):
    explorer, module, *_ = case
    explorer.press("Random start")
    state = explorer.state
    for _ in range(50):
        state = module.take_steps(1)(state)
    assert state == module.take_steps(50)(explorer.state) and len(state["costs"]) == 50
    last = module.take_steps(50)({**state, "costs": (1.0,) * (MOST_STEPS - 1)})
    assert len(last["costs"]) == MOST_STEPS and module.take_steps(1)(last) == last
    assert f"{MOST_STEPS:,}" in module.alt(last, module.arrays(last))


def test_random_start_follows_the_seed_and_reset_brings_the_first_weights_back(case):
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
    assert explorer.state == start == module.INITIAL


def another(control, value):
    """A value that a control may take instead of its present one."""
    if isinstance(control, Number):
        return value + control.step
    return control.options[-1] if isinstance(control.options[-1], str) else control.options[-1][1]


def test_each_control_is_seen(case):
    explorer, module, *_, (of_rate, least) = case
    for row in explorer.rows:
        explorer.press("Reset")
        before, alt, values = explorer.png(), explorer.alt, module.values(nn, explorer.state)
        key = resolve(row.control.key, explorer.state)
        explorer.set(**{key: another(row.control, explorer.state[key])})
        assert explorer.alt != alt
        drawn_by_rate = key == "learning_rate" and module.__name__.endswith("embedding")  # it shows the next step
        assert (explorer.png() != before) == (key not in ("learning_rate", "seed") or drawn_by_rate)
        if key == "learning_rate":
            assert np.abs(module.values(nn, explorer.state)[of_rate] - values[of_rate]).max() > least
