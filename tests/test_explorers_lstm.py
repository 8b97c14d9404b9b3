"""The explorer of the LSTM: the unit against plain loops and differences, and what its gates learn."""

from importlib import import_module
from itertools import product
from math import exp, tanh

import numpy as np
import pytest
from matplotlib.figure import Figure

from course_utils import bridge, load_keras, nn
from course_utils.explorers import lstm as make_explorer
from course_utils.explorers.controls import BOX_LIMIT

unit = import_module("course_utils.explorers.lstm")
numerical_gradient = import_module("course_utils.nn.gradcheck").numerical_gradient
START, WEIGHTS, STEPS = unit.INITIAL, unit.WEIGHTS, unit.STEPS
TOLERANCE = make_explorer()._tolerance
CORNERS = [dict(zip(WEIGHTS, corner)) for corner in product(*((-end, end) for end in (12.0, 8.0, 8.0, 8.0)))]
HARD = [(0.0, 0.0, 1.0, 0.0), (3.0, -1.5, 2.5, 0.7), (-2.0, 1.5, -1.0, -1.0), (0.4, 2.0, 4.0, 2.0)]
SEQUENCES = range(1, unit.SEQUENCES + 1)


def after(steps, state):
    return unit.take_steps(steps)(state)


def costs(steps, **changes):
    return unit.arrays(after(steps, {**START, **changes}))["costs"]


def sigma(z):
    return 1 / (1 + exp(-z))


def loop(weights, sequence):
    """The gates, cells and states of a sequence, step by step, each a list; and its target."""
    (w_i, b_i, b_f, b_o), (x, y), c = weights, unit.sequences(), 0.0
    rows = {name: [] for name in "ifoch"}
    for value, flag in x[sequence - 1].tolist():
        i, f, o = sigma(w_i * flag + b_i), sigma(b_f), sigma(b_o)
        c = f * c + i * tanh(value)
        for name, number in zip("ifoch", (i, f, o, c, o * tanh(c))):
            rows[name].append(number)
    return rows, float(y[sequence - 1])


def loop_cost(weights):
    ends = [(rows["h"][-1], y) for rows, y in (loop(weights, sequence) for sequence in SEQUENCES)]
    return sum((h - y) ** 2 for h, y in ends) / len(ends)


def differences(weights):
    at = np.array(weights)
    return numerical_gradient(lambda: loop_cost(at), at)


def test_one_value_of_each_sequence_is_flagged_early_and_all_disturb():
    x, y = unit.sequences()
    assert x.shape == (6, 12, 2) and x[..., 0].all() and np.abs(x[..., 0]).max() <= 1
    for sequence, target, step in zip(x, y, unit.FLAGS):
        assert sequence[:, 1].tolist() == [float(t == step) for t in range(1, 13)] and step <= 4
        assert target == pytest.approx(tanh(tanh(sequence[step - 1, 0])))


@pytest.mark.parametrize("weights", HARD)
@pytest.mark.parametrize("sequence", SEQUENCES)
def test_what_is_drawn_is_that_of_a_plain_loop(weights, sequence):
    found, (rows, y) = (
        unit.arrays({**START, **dict(zip(WEIGHTS, weights)), "sequence": sequence}),
        loop(weights, sequence),
    )
    for name, row in rows.items():
        assert found[name] == pytest.approx(row, rel=1e-12)
    x, _ = unit.sequences()
    assert found["y"] == y and np.array_equal(found["v"], x[sequence - 1, :, 0])
    assert x[sequence - 1, found["flagged"] - 1, 1] == 1
    product = 1.0
    for f in rows["f"][found["flagged"] :]:  # from the step after the flag to the end
        product *= f
    assert found["kept"] == pytest.approx(product, rel=1e-12) and found["after"] == STEPS - found["flagged"]
    assert found["costs"].tolist() == pytest.approx([loop_cost(weights)], rel=1e-12)


@pytest.mark.parametrize("weights", HARD)
def test_the_slopes_are_those_of_central_differences(weights):
    cost, slopes = unit.cost_and_slopes(weights)
    assert cost == pytest.approx(loop_cost(weights), rel=1e-12)
    assert slopes == pytest.approx(differences(weights), rel=1e-6, abs=1e-9)


def test_one_step_by_hand():
    found = unit.arrays({**START, "w_i": 1.0, "b_i": -0.5, "b_f": 1.0})
    assert [found[name][2] for name in "ifo"] == pytest.approx([0.6225, 0.7311, 0.5], abs=5e-5)
    written = 0.6225 * 0.7163  # i · tanh(0.9)
    assert found["c"][2] == pytest.approx(0.7311 * found["c"][1] + written, abs=1e-4)
    assert found["h"][2] == pytest.approx(0.5 * tanh(found["c"][2]))


def test_what_is_kept_is_the_slope_of_the_last_cell_in_the_flagged_one():
    def last_cell(pushed):
        (x, _), c = unit.sequences(), 0.0
        for t in range(STEPS):
            c = sigma(0.7) * c + sigma(-0.3 + 2 * x[0, t, 1]) * tanh(x[0, t, 0])
            c += pushed * x[0, t, 1]
        return c

    found = unit.arrays({**START, "w_i": 2.0, "b_i": -0.3, "b_f": 0.7})
    assert found["kept"] == pytest.approx((last_cell(1e-4) - last_cell(-1e-4)) / 2e-4, rel=1e-6)


STATES = [
    START,
    after(50, START),
    after(300, {**START, "learning_rate": 10.0}),
    after(50, {**START, "b_f": -1.0}),
    after(1, {**START, "learning_rate": 100.0}),
    {**unit.random_start({**START, "seed": 3}), "learning_rate": 100.0},
    {**START, "w_i": 12.0, "b_i": -8.0, "b_f": 8.0, "b_o": 8.0},
    {**START, **dict.fromkeys(WEIGHTS, BOX_LIMIT)},
    {**START, **dict.fromkeys(WEIGHTS, -BOX_LIMIT)},
    *({**START, **corner} for corner in CORNERS),
]


@pytest.mark.parametrize("state", STATES)
def test_numpy_and_keras_give_the_same_values(state):
    ours, theirs = (unit.values(K, state) for K in (nn, load_keras()))
    cost, slopes = unit.cost_and_slopes([state[name] for name in WEIGHTS])
    assert list(ours) == ["J", "∂J/∂w_i", "∂J/∂b_i", "∂J/∂b_f", "∂J/∂b_o", "next f"]
    next_f = nn.activations.sigmoid(state["b_f"] - state["learning_rate"] * slopes[2])
    wanted = (cost, *slopes, next_f)
    for found in (ours, theirs):
        assert list(found.values()) == pytest.approx(wanted, rel=1e-5, abs=1e-5)
    for name, value in ours.items():
        assert bridge.Row(name, value, theirs[name], TOLERANCE).agrees


def test_the_start_of_keras_learns_and_all_gates_do_their_part():
    path = costs(1000)
    assert path[[0, 50, 100, 200, 1000]] == pytest.approx([0.3974, 0.2022, 0.0689, 0.0173, 0.0021], abs=1e-4)
    assert (np.diff(path) < 0).all()
    found = unit.arrays(after(200, START))
    assert found["i"][2] > 0.85 and np.delete(found["i"], 2).max() < 0.1
    assert found["f"].min() > 0.99 and found["o"].min() > 0.9


def test_with_a_forget_bias_of_0_it_learns_late_and_of_minus_1_it_learns_to_say_nothing():
    silent = np.mean(unit.sequences()[1] ** 2)  # the cost of h = 0
    late = costs(200, b_f=0.0)
    assert late[[50, 100, 200]] == pytest.approx([0.3390, 0.2581, 0.0375], abs=1e-4)
    never = costs(1000, b_f=-1.0)
    assert (np.diff(never) < 0).all() and silent < never[-1] < silent + 0.001
    found = unit.arrays(after(1000, {**START, "b_f": -1.0}))
    assert np.ptp(found["i"]) < 1e-3 and max(found["i"].max(), found["o"].max()) < 0.05


def test_the_slope_of_the_flags_weight_vanishes_with_the_forget_gate():
    sizes = [abs(unit.cost_and_slopes((0, 0, b_f, 0))[1][0]) for b_f in (3, 1, 0, -1, -3)]
    assert all(larger > 3 * smaller for larger, smaller in zip(sizes, sizes[1:]))


def test_perfect_gates_show_the_target():
    state = {**START, "w_i": 60.0, "b_i": -30.0, "b_f": 30.0, "b_o": 30.0}
    for sequence in SEQUENCES:
        found = unit.arrays({**state, "sequence": sequence})
        assert found["h"][-1] == pytest.approx(found["y"], abs=1e-10)
        assert found["costs"][-1] < 1e-20 and found["kept"] == pytest.approx(1)
    assert unit.draw(Figure())(unit.arrays(state))[1] == (50, 1e-8, 1.0)


def test_too_large_a_step_shuts_the_input_gate_and_is_told():
    explorer = make_explorer()
    explorer.set(learning_rate=100.0)
    for _ in range(8):
        explorer.press("Step")
    assert explorer.state["b_i"] < -20 and explorer.alt.endswith(" The cost grew: η was too large.")
    explorer.press("Run 50 steps")
    assert "grew" not in explorer.alt and unit.arrays(explorer.state)["costs"][-1] == pytest.approx(0.3357, abs=1e-4)


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_what_stands_above_the_panels():
    figure = Figure()
    update = unit.draw(figure)
    left, middle, curve = figure.axes
    update(unit.arrays(START))
    assert texts(left)[2:] == ["h₁₂ = 0.0883, y = 0.6146", ""]
    assert texts(middle)[3:] == ["kept of step 3: 0.0596", "f₄ · … · f₁₂ = 0.7311⁹"]
    assert texts(curve) == ["step 0: J = 0.3974", ""]
    update(unit.arrays({**START, "b_f": -1.0, "sequence": 2}))
    assert texts(middle)[3:] == ["kept of step 1: 5.32e−07", "f₂ · … · f₁₂ = 0.2689¹¹"]
    update(unit.arrays(after(8, {**START, "learning_rate": 100.0})))
    assert texts(curve)[1] == "the cost grew"


def test_the_sentence_says_what_is_drawn():
    explorer = make_explorer()
    assert explorer.alt == (
        "w_i = 0, b_i = 0, b_f = 1, b_o = 0. Sequence 1, flag at step 3 (v = 0.9): i = 0.5000, else 0.5000; "
        "f = 0.7311, o = 0.5000. Kept of step 3: 0.7311⁹ = 0.0596. c₃ = 0.2671, c₁₂ = 0.1785, h₁₂ = 0.0883, "
        "y = 0.6146. Step 0, η = 1, seed 0: cost J = 0.3974."
    )
    explorer.set(w_i=-4e-5, b_i=1.23456)
    assert explorer.alt.startswith("w_i = 0, b_i = 1.23, b_f = 1,")
    explorer.set(w_i=3.0, b_i=-1.0, b_f=2.0, b_o=-0.5, sequence=5)
    rows, y = loop((3, -1, 2, -0.5), 5)
    assert explorer.alt == (
        f"w_i = 3, b_i = −1, b_f = 2, b_o = −0.5. Sequence 5, flag at step 3 (v = 0.8): i = {sigma(2):.4f}, "
        f"else {sigma(-1):.4f}; f = {sigma(2):.4f}, o = {sigma(-0.5):.4f}. Kept of step 3: {sigma(2):.4f}⁹ = "
        f"{sigma(2) ** 9:.4f}. c₃ = {rows['c'][2]:.4f}, c₁₂ = {rows['c'][11]:.4f}, h₁₂ = {rows['h'][11]:.4f}, "
        f"y = {y:.4f}. Step 0, η = 1, seed 0: cost J = {loop_cost((3, -1, 2, -0.5)):.4f}."
    ).replace("-", "−")
