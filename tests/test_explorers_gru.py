"""The explorer of the GRU: the unit against plain loops and differences, and what each gate learns for its task."""

from importlib import import_module
from itertools import product
from math import exp, tanh

import numpy as np
import pytest
from matplotlib.figure import Figure

from course_utils import bridge, load_keras, nn
from course_utils.explorers import gru as make_explorer
from course_utils.explorers.controls import BOX_LIMIT

unit = import_module("course_utils.explorers.gru")
numerical_gradient = import_module("course_utils.nn.gradcheck").numerical_gradient
START, WEIGHTS, STEPS = unit.INITIAL, unit.WEIGHTS, unit.STEPS
KEEP, ADD_UP = TASKS = unit.KEEP, unit.ADD_UP
CORNERS = [dict(zip(WEIGHTS, corner)) for corner in product(*((-end, end) for end in (12.0, 8.0, 12.0, 8.0)))]
LIMITS = [dict.fromkeys(WEIGHTS, end) for end in (-BOX_LIMIT, BOX_LIMIT)]
HARD = [(0.0, 0.0, 0.0, 0.0), (-3.0, 1.5, -2.5, 0.7), (2.0, -1.5, 1.0, -1.0), (0.4, -2.0, -4.0, 2.0)]
SEQUENCES = range(1, unit.SEQUENCES + 1)


def after(steps, state):
    return unit.take_steps(steps)(state)


def costs(steps, **changes):
    return unit.arrays(after(steps, {**START, **changes}))["costs"]


def sigma(z):
    return 1 / (1 + exp(-z))


def steps_of(values, gates):
    """The gates, candidates and states of a sequence, step by step, each a list; `gates` has z and r of each step."""
    rows, h = {name: [] for name in ("z", "r", "candidate", "h")}, 0.0
    for value, (z, r) in zip(values, gates):
        candidate = tanh(value + r * h)
        h = z * h + (1 - z) * candidate
        for name, number in zip(rows, (z, r, candidate, h)):
            rows[name].append(number)
    return rows


def loop(weights, task, sequence):
    """What `steps_of` gives for a sequence of a task with some weights; and its target."""
    (w_z, b_z, w_r, b_r), (x, y) = weights, unit.sequences(task)
    values, flags = x[sequence - 1].T.tolist()
    rows = steps_of(values, [(sigma(w_z * flag + b_z), sigma(w_r * flag + b_r)) for flag in flags])
    return rows, float(y[sequence - 1])


def loop_cost(weights, task):
    ends = [(rows["h"][-1], y) for rows, y in (loop(weights, task, sequence) for sequence in SEQUENCES)]
    return sum((h - y) ** 2 for h, y in ends) / len(ends)


def differences(weights, task):
    at = np.array(weights)
    return numerical_gradient(lambda: loop_cost(at, task), at)


def test_perfect_gates_give_the_targets():
    (x, kept), (small, added) = unit.sequences(KEEP), unit.sequences(ADD_UP)
    assert np.array_equal(x[..., 1], small[..., 1])
    for sequence in range(unit.SEQUENCES):
        values, flags = x[sequence].T.tolist()
        by_hand = steps_of(values, [(1 - flag, 0.3) for flag in flags])  # r has no say
        assert kept[sequence] == pytest.approx(by_hand["h"][-1]) == pytest.approx(tanh(values[flags.index(1)]))
        by_hand = steps_of(small[sequence, :, 0], [(0, 1 - flag) for flag in flags])
        assert added[sequence] == pytest.approx(by_hand["h"][-1])


def test_small_values_add_up_nearly_and_what_came_before_the_flag_would_spoil_the_sum():
    x, y = unit.sequences(ADD_UP)
    assert x[..., 0].all() and np.abs(x[..., 0]).max() <= 0.3
    for values, target, flag in zip(x[..., 0], y, unit.FLAGS):
        before, total = values[: flag - 1].sum(), values[flag - 1 :].sum()
        assert abs(total - target) < 0.11 and abs(target) > 0.2
        assert before * total < 0 if flag > 1 else before == 0


@pytest.mark.parametrize("weights", HARD)
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("sequence", SEQUENCES)
def test_what_is_drawn_is_that_of_a_plain_loop(weights, task, sequence):
    found = unit.arrays({**START, **dict(zip(WEIGHTS, weights)), "task": task, "sequence": sequence})
    (rows, y), values = loop(weights, task, sequence), unit.sequences(task)[0][sequence - 1, :, 0]
    for name in "zrh":
        assert found[name] == pytest.approx(rows[name], rel=1e-12)
    k = found["flagged"]
    assert found["y"] == y and np.array_equal(found["v"], values) and k == unit.FLAGS[sequence - 1]
    assert found["after"] == len(rows["z"][k:]) and found["sum"] == pytest.approx(sum(values[k - 1 :]))
    product_of_z = 1.0
    for z in rows["z"][k:]:  # from the step after the flag to the end
        product_of_z *= z
    assert found["kept"] == pytest.approx(product_of_z, rel=1e-12)
    assert found["costs"].tolist() == pytest.approx([loop_cost(weights, task)], rel=1e-12)


@pytest.mark.parametrize("weights", HARD)
@pytest.mark.parametrize("task", TASKS)
def test_what_reaches_the_end_is_the_slope_of_the_last_state_in_the_flagged_one(weights, task):
    (w_z, b_z, w_r, b_r), (x, _) = weights, unit.sequences(task)
    k = unit.FLAGS[3]

    def last_state(pushed):
        h = 0.0
        for t, (value, flag) in enumerate(x[3].tolist(), 1):
            z, r = sigma(w_z * flag + b_z), sigma(w_r * flag + b_r)
            h = z * h + (1 - z) * tanh(value + r * h) + pushed * (t == k)
        return h

    found = unit.arrays({**START, **dict(zip(WEIGHTS, weights)), "task": task, "sequence": 4})
    assert found["reaches"] == pytest.approx((last_state(1e-4) - last_state(-1e-4)) / 2e-4, rel=1e-5, abs=1e-11)
    assert found["reaches"] > found["kept"]  # the candidates add to what z keeps


@pytest.mark.parametrize("weights", HARD)
@pytest.mark.parametrize("task", TASKS)
def test_the_slopes_are_those_of_central_differences(weights, task):
    cost, slopes = unit.cost_and_slopes(weights, task)
    assert cost == pytest.approx(loop_cost(weights, task), rel=1e-12)
    assert slopes == pytest.approx(differences(weights, task), rel=1e-6, abs=1e-9)


def test_one_step_by_hand():
    found = unit.arrays({**START, "w_z": -1.0, "b_z": 0.5, "w_r": 1.0, "b_r": -0.5})
    assert [found[name][2] for name in "zr"] == pytest.approx([0.3775, 0.6225], abs=5e-5)
    old = found["h"][1]
    candidate = tanh(0.9 + 0.6225 * old)
    assert found["h"][2] == pytest.approx(0.3775 * old + 0.6225 * candidate, abs=1e-4)


STATES = [
    *({**after(steps, {**START, "task": task})} for task in TASKS for steps in (0, 50, 300)),
    after(1, {**START, "learning_rate": 100.0}),
    {**unit.random_start({**START, "seed": 3}), "task": ADD_UP, "learning_rate": 100.0},
    *({**START, **corner, "task": TASKS[i % 3 % 2]} for i, corner in enumerate((*CORNERS, *LIMITS))),
]


@pytest.mark.parametrize("state", STATES)
def test_numpy_and_keras_give_the_same_values(state):
    ours, theirs = (unit.values(K, state) for K in (nn, load_keras()))
    cost, slopes = unit.cost_and_slopes([state[name] for name in WEIGHTS], state["task"])
    assert list(ours) == ["J", "∂J/∂w_z", "∂J/∂b_z", "∂J/∂w_r", "∂J/∂b_r", "next z"]
    next_z = nn.activations.sigmoid(state["b_z"] - state["learning_rate"] * slopes[1])
    for found in (ours, theirs):
        assert list(found.values()) == pytest.approx((cost, *slopes, next_z), rel=1e-5, abs=1e-5)
    for name, value in ours.items():
        assert bridge.Row(name, value, theirs[name], make_explorer()._tolerance).agrees


def test_the_update_gate_learns_to_keep():
    path = costs(150)
    assert path[[0, 50, 100, 150]] == pytest.approx([0.6594, 0.0032, 0.0015, 0.0009], abs=1e-4)
    assert (np.diff(path) < 0).all()
    found = unit.arrays(after(150, START))
    assert found["z"][2] < 0.05 and np.delete(found["z"], 2).min() > 0.98 and found["kept"] > 0.9
    assert np.ptp(found["r"]) < 0.02  # the reset gate does not care about the flag


def test_the_reset_gate_learns_to_begin_a_sum_though_the_update_gate_keeps_nothing():
    path = costs(200, task=ADD_UP)
    assert path[[0, 50, 100, 200]] == pytest.approx([0.0566, 0.0311, 0.0082, 0.0016], abs=1e-4)
    assert (np.diff(path) < 0).all()
    found = unit.arrays(after(200, {**START, "task": ADD_UP}))
    assert found["z"].max() < 0.05 and found["kept"] < 1e-10 and found["reaches"] > 0.5
    assert found["r"][2] < 0.1 and np.delete(found["r"], 2).min() > 0.95


PERFECT = {KEEP: {"w_z": -60.0, "b_z": 30.0}, ADD_UP: {"b_z": -30.0, "w_r": -60.0, "b_r": 30.0}}


@pytest.mark.parametrize("task", TASKS)
def test_gates_set_by_hand_show_the_target(task):
    for sequence in SEQUENCES:
        found = unit.arrays({**START, **PERFECT[task], "task": task, "sequence": sequence})
        assert found["h"][-1] == pytest.approx(found["y"], abs=1e-10) and found["costs"][-1] < 1e-20
    assert found["kept"] == pytest.approx(float(task == KEEP)) and found["reaches"] > 0.5
    assert unit.draw(Figure())(found)[1] == (50, 1e-8, 1.0)


@pytest.mark.parametrize("task, needed, other", [(KEEP, "w_z", "w_r"), (ADD_UP, "w_r", "w_z")])
def test_one_gate_solves_the_task_and_the_flag_of_the_other_is_not_needed(task, needed, other):
    def learned(held):
        free, at = np.array([name != held for name in WEIGHTS]), np.zeros(4)
        for _ in range(1000):
            at -= 10 * free * unit.cost_and_slopes(at, task)[1]
        return unit.cost_and_slopes(at, task)[0]

    assert learned(other) < 0.001 and learned(needed) > 0.03
    of_the_other_task = PERFECT[ADD_UP if task == KEEP else KEEP]
    assert costs(0, **of_the_other_task, task=task)[-1] > 0.9 * np.mean(unit.sequences(task)[1] ** 2)


def test_learning_gets_stuck_where_the_candidate_hears_nothing():
    deaf = np.mean((np.tanh(unit.sequences(ADD_UP)[0][:, -1, 0]) - unit.sequences(ADD_UP)[1]) ** 2)
    state = after(500, unit.random_start({**START, "task": ADD_UP}))
    found = unit.arrays(state)
    assert found["costs"][-1] == pytest.approx(0.0454, abs=1e-4) and 0.95 * deaf < found["costs"][-1] < deaf
    assert found["z"].max() < 0.02 and found["r"].max() < 0.25 and found["reaches"] < 1e-5
    by_hand = after(100, unit.changed({**state, "b_r": 4.0}, "b_r"))
    assert unit.arrays(by_hand)["costs"][-1] < 0.01


def test_the_slope_of_the_update_gate_vanishes_where_it_is_shut():
    sizes = [abs(unit.cost_and_slopes((0, b_z, 0, 0), KEEP)[1][0]) for b_z in (2, 4, 6, 8)]
    assert all(larger > 3 * smaller for larger, smaller in zip(sizes, sizes[1:]))


def test_too_large_a_step_throws_the_update_gate_to_where_nothing_comes_in():
    explorer = make_explorer()
    explorer.set(learning_rate=100.0)
    for _ in range(3):
        explorer.press("Step")
    silent = np.mean(unit.sequences(KEEP)[1] ** 2)  # the cost of h = 0
    assert explorer.state["b_z"] > 20 and unit.arrays(explorer.state)["costs"][-1] == pytest.approx(silent, abs=1e-4)
    explorer.set(learning_rate=10.0)
    explorer.press("Run 50 steps")
    assert unit.arrays(explorer.state)["costs"][-1] == pytest.approx(silent, abs=1e-4)


def test_a_cost_that_grew_is_told():
    state = {**START, "costs": (0.1,)}
    assert unit.alt(state, unit.arrays(state)).endswith(" The cost grew: η was too large.")
    assert "grew" not in unit.alt(START, unit.arrays(START))


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_what_stands_above_the_panels():
    figure = Figure()
    update = unit.draw(figure)
    left, middle, curve = figure.axes
    update(unit.arrays(START))
    assert texts(left)[1:] == ["h₁₂ = 0.0409, y = 0.7163", ""]
    assert texts(middle)[2:] == ["kept by z: 0.0020", "∂h₁₂/∂h₃ = 0.0227"]
    assert texts(curve) == ["step 0: J = 0.6594", ""]
    update(unit.arrays({**START, "b_z": 3.0, "sequence": 2, "costs": (0.1,)}))
    assert texts(middle)[2] == f"kept by z: {sigma(3) ** 11:.4f}" and texts(middle)[3].startswith("∂h₁₂/∂h₁ = 0.")
    assert texts(curve)[1] == "the cost grew"


def test_the_sentence_says_what_is_drawn():
    explorer = make_explorer()
    assert explorer.alt == (
        "Keep, w_z = 0, b_z = 0, w_r = 0, b_r = 0. Sequence 1, flag at step 3 (v = 0.9): z = 0.5000, else 0.5000; "
        "r = 0.5000, else 0.5000. Of h₃, z keeps 0.5000⁹ = 0.0020; ∂h₁₂/∂h₃ = 0.0227. h₃ = 0.2774, h₁₂ = 0.0409, "
        "y = 0.7163. Step 0, η = 10, seed 0: cost J = 0.6594."
    )
    explorer.set(w_z=-4e-5, b_z=1.23456)
    assert explorer.alt.startswith("Keep, w_z = 0, b_z = 1.23, w_r = 0,")
    weights = (-3, 1, 2, -0.5)
    explorer.set(**dict(zip(WEIGHTS, weights)), sequence=2, task=ADD_UP)
    rows, y = loop(weights, ADD_UP, 2)
    slope = 1.0
    for z, r, candidate in list(zip(rows["z"], rows["r"], rows["candidate"]))[1:]:
        slope *= z + (1 - z) * r * (1 - candidate**2)
    assert explorer.alt == (
        f"Add up, w_z = −3, b_z = 1, w_r = 2, b_r = −0.5. Sequence 2, flag at step 1 (v = −0.2): z = {sigma(-2):.4f}, "
        f"else {sigma(1):.4f}; r = {sigma(1.5):.4f}, else {sigma(-0.5):.4f}. Of h₁, z keeps {sigma(1):.4f}¹¹ = "
        f"{sigma(1) ** 11:.4f}; ∂h₁₂/∂h₁ = {slope:.4f}. h₁ = {rows['h'][0]:.4f}, h₁₂ = {rows['h'][11]:.4f}, y = "
        f"{y:.4f} (sum from step 1 on: 0.3). Step 0, η = 10, seed 0: cost J = {loop_cost(weights, ADD_UP):.4f}."
    ).replace("-", "−")
