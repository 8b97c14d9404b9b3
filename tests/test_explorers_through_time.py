"""The explorer of backpropagation through time: the shares against loops and differences, and what is learned."""

from importlib import import_module
from itertools import product

import numpy as np
import pytest
from matplotlib.figure import Figure

from course_utils import bridge, load_keras, nn
from course_utils.explorers import through_time as make_explorer

times = import_module("course_utils.explorers.through_time")
descent = import_module("course_utils.explorers.descent")
numerical_gradient = import_module("course_utils.nn.gradcheck").numerical_gradient
START, WEIGHTS, STEPS = times.INITIAL, times.WEIGHTS, times.STEPS
FIRST, LAST, SUM, LINEAR, TANH = times.FIRST, times.LAST, times.SUM, times.LINEAR, times.TANH
ABOUT = list(product((FIRST, LAST, SUM), (LINEAR, TANH)))
BARS = (times.ERROR, *times.SHARES)
SLIDERS = {"w": 2.0, "u": 1.5, "b": 1.0}  # how far they go on both sides
HARD = [(0.8, 0.5, 0.1), (-1.3, 1.4, 0.6), (2.0, -1.5, -1.0), (1.0, 0.0, 0.0)]


def after(steps, state):
    return times.take_steps(steps)(state)


def weights_of(state):
    return [state[name] for name in WEIGHTS]


def costs(state):
    return times.arrays(state)["costs"]


def heights(**changes):
    return times.arrays({**START, **changes})["heights"]


def loops(weights, task, activation):
    """J, the shares of its slopes `(3, STEPS)`, and the mean size of δ, sequence by sequence and step by step."""
    (w, u, b), (inputs, targets) = weights, times.sequences(task)
    total, shares, sizes = 0.0, np.zeros((3, STEPS)), np.zeros(STEPS)
    for x, y in zip(inputs.tolist(), targets.tolist()):
        states = [0.0]
        for t in range(STEPS):
            z = w * x[t] + u * states[t] + b
            states.append(np.tanh(z) if activation == TANH else z)
        total += (states[STEPS] - y) ** 2
        for t in range(STEPS):
            error = 2 * (states[STEPS] - y)
            for later in range(STEPS, t, -1):  # from the last state back to the sum z of step t
                bend = 1 - states[later] ** 2 if activation == TANH else 1
                error *= bend * (u if later > t + 1 else 1)
            sizes[t] += abs(error)
            shares[:, t] += [error * x[t], error * states[t], error]
    return total / len(targets), shares / len(targets), sizes / len(targets)


def test_the_sequences_follow_their_rules():
    x, y = times.sequences(FIRST)
    assert x[:, 0].tolist() == y.tolist() == [1, -1, 0.6, -0.6, 0.2, -0.2] and not x[:, 1:].any()
    (x, last), (same, half) = times.sequences(LAST), times.sequences(SUM)
    assert np.array_equal(x, same) and x.shape == (times.SEQUENCES, STEPS) and np.abs(x).max() <= 1
    assert np.array_equal(last, x[:, 7]) and half == pytest.approx([sum(row) / 2 for row in x.tolist()])
    assert len({tuple(row) for row in x}) == times.SEQUENCES and np.abs(half).max() <= 1


@pytest.mark.parametrize("weights", HARD)
@pytest.mark.parametrize("about", ABOUT)
def test_each_share_is_that_of_loops(weights, about):
    cost, shares, sizes = loops(weights, *about)
    ours, slopes = times.cost_and_slopes(weights, *about)
    assert ours == pytest.approx(cost) and slopes == pytest.approx(shares.sum(axis=1), rel=1e-9, abs=1e-12)
    state = {**dict(zip(WEIGHTS, weights)), "task": about[0], "activation": about[1]}
    for bars, wanted in zip(BARS, (sizes, *shares)):
        assert heights(**state, bars=bars) == pytest.approx(wanted, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("weights", HARD)
@pytest.mark.parametrize("about", ABOUT)
def test_the_slopes_are_those_of_central_differences(weights, about):
    at = np.array(weights)
    wanted = numerical_gradient(lambda: times.cost_and_slopes(at, *about)[0], at)
    assert times.cost_and_slopes(weights, *about)[1] == pytest.approx(wanted, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("about", ABOUT)
def test_a_share_is_the_slope_of_a_weight_that_only_its_step_uses(about):
    (x, y), own = times.sequences(about[0]), np.array([[1.1], [0.9], [-0.2]]) * np.ones(STEPS)

    def cost():
        h = np.zeros(len(x))
        for t in range(STEPS):
            z = own[0, t] * x[:, t] + own[1, t] * h + own[2, t]
            h = np.tanh(z) if about[1] == TANH else z
        return float(np.mean((h - y) ** 2))

    wanted = numerical_gradient(cost, own)
    h, delta = times.forward_and_back(own[:, 0], *about)
    assert times.shares(h, delta, x) == pytest.approx(wanted, rel=1e-6, abs=1e-8)


def test_two_steps_back_by_hand():
    (x, y), (w, u, b) = times.sequences(LAST), (0.8, 0.5, 0.1)
    h, delta = times.forward_and_back((w, u, b), LAST, TANH)
    seven, eight = np.tanh(w * x[0, 6] + u * h[0, 6] + b), h[0, 8]
    assert eight == pytest.approx(np.tanh(w * x[0, 7] + u * seven + b))
    by_hand = 2 * (eight - y[0]) * (1 - eight**2)
    assert delta[0, 7] == pytest.approx(by_hand) and delta[0, 6] == pytest.approx(by_hand * u * (1 - seven**2))


@pytest.mark.parametrize("u", (0.1, 0.5, -0.9, 1.0, 1.5))
def test_a_linear_neuron_sends_the_error_back_u_times_as_large_at_each_step(u):
    for task in (FIRST, LAST, SUM):
        found = heights(u=u, task=task, b=0.3)
        assert found[:-1] == pytest.approx(abs(u) * found[1:])


def test_all_steps_but_the_first_add_the_same_to_the_slope_of_u_where_only_the_first_input_speaks():
    found = heights(bars="shares of ∂J/∂u")
    cost, (w_slope, u_slope, b_slope) = times.cost_and_slopes((1, 0.5, 0), FIRST, LINEAR)
    assert found[0] == 0 and found[1:] == pytest.approx(u_slope / 7) and b_slope == 0
    spread = np.mean(times.sequences(FIRST)[1] ** 2)  # J = (u⁷ w − 1)² · mean of y²
    assert cost == pytest.approx((0.5**7 - 1) ** 2 * spread)
    assert u_slope == pytest.approx(2 * (0.5**7 - 1) * 7 * 0.5**6 * spread)
    of_w = heights(bars="shares of ∂J/∂w")
    assert of_w[0] == pytest.approx(w_slope) == pytest.approx(2 * (0.5**7 - 1) * 0.5**7 * spread)
    assert not of_w[1:].any()


STATES = [
    START,
    *({**after(50, {**START, "task": task, "activation": activation})} for task, activation in ABOUT),
    {**times.random_start({**START, "seed": 3}), "task": LAST, "learning_rate": 0.4},
    {**START, "w": 0.8, "b": 0.1, "activation": TANH, "learning_rate": 1.0},
    {**START, "u": 1.0},
    after(7, {**START, "learning_rate": 0.2}),
    after(300, {**START, "activation": TANH, "learning_rate": 1.0}),
    *({**START, "w": w, "u": u, "b": b, "task": SUM} for w, u, b in product((-2.0, 2.0), (-1.5, 1.5), (-1.0, 1.0))),
]


@pytest.mark.parametrize("state", STATES)
def test_numpy_and_keras_give_the_same_values(state):
    ours, theirs = (times.values(K, state) for K in (nn, load_keras()))
    cost, slopes = times.cost_and_slopes(weights_of(state), state["task"], state["activation"])
    assert list(ours) == ["J", "∂J/∂w", "∂J/∂u", "∂J/∂b", "next u"]
    for found in (ours, theirs):
        wanted = (cost, *slopes, state["u"] - state["learning_rate"] * slopes[1])
        assert list(found.values()) == pytest.approx(wanted, rel=1e-5, abs=1e-6)
    for name, value in ours.items():
        assert bridge.Row(name, value, theirs[name], 1e-5).agrees


@pytest.mark.parametrize(
    "w, u, b, task",  # where float32 loses most: large shares of ∂J/∂b and ∂J/∂w that cancel
    [(-1.95, -1.5, 0.25, LAST), (-1.65, -1.5, 0.2, SUM), (1.85, 1.45, -0.2, LAST), (0.05, 1.5, -0.8, FIRST)],
)
def test_both_engines_agree_within_the_tolerance_where_shares_cancel(w, u, b, task):
    state = {**START, "w": w, "u": u, "b": b, "task": task}
    ours, theirs = (times.values(K, state) for K in (nn, load_keras()))
    for name, value in ours.items():
        assert bridge.Row(name, value, theirs[name], make_explorer()._tolerance).agrees


@pytest.mark.parametrize("task, w, u", [(FIRST, 1.0, 1.0), (FIRST, -1.0, -1.0), (LAST, 1.0, 0.0), (SUM, 0.5, 1.0)])
def test_each_task_has_weights_that_solve_it_exactly(task, w, u):
    found = times.arrays({**START, "w": w, "u": u, "task": task})
    assert found["costs"][-1] == pytest.approx(0, abs=1e-30) and found["heights"] == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize("task, most", [(FIRST, 150), (LAST, 600), (SUM, 600)])
def test_the_first_learning_rate_learns_each_task(task, most):
    path = costs(after(most, {**START, "task": task}))
    assert (np.diff(path[path > descent.ROUNDING]) < 0).all() and path[-1] < 1e-4


def test_values_that_the_notebook_may_tell():
    path = costs(after(150, START))
    assert path[[0, 50, 100]] == pytest.approx([0.4594, 0.4475, 0.0767], abs=1e-4) and path[-1] < 1e-27
    assert weights_of(after(50, START)) == pytest.approx([1.0057, 0.5746, 0], abs=1e-4)
    assert weights_of(after(150, START)) == pytest.approx([1.0510, 0.9929, 0], abs=1e-4)
    thrown = after(1, {**START, "u": 1.3})
    assert [*costs(thrown), thrown["u"]] == pytest.approx([12.9846, 0.4672, -0.3634], abs=1e-4)
    bent = after(200, {**START, "activation": TANH})
    assert costs(bent)[-1] == pytest.approx(0.0660, abs=1e-4)  # a few states, not any number, can be kept
    slow = after(descent.MOST_STEPS, {**START, "u": 0.2})
    assert (costs(slow)[-1], slow["u"]) == pytest.approx((0.4666, 0.2319), abs=1e-4)
    assert costs(after(300, {**START, "learning_rate": 0.1}))[-1] > 0.4  # thrown out, to where the error vanishes


def test_the_error_vanishes_or_explodes():
    shares = [
        times.first_to_last(times.arrays({**START, **change})) for change in ({}, {"u": 0.1}, {"u": 1.5}, {"u": 1.0})
    ]
    assert shares == ["0.0078", "1.00e−07", "17.0859", ""]
    by_hand = {"w": 0.8, "b": 0.1}
    assert times.first_to_last(times.arrays({**START, **by_hand, "activation": TANH})) == "0.0045"
    assert times.first_to_last(times.arrays({**START, **by_hand, "u": 1.5})) == "17.0859"
    steep = heights(w=2.0, u=1.5, activation=TANH)
    assert steep[0] / steep[-1] == pytest.approx(0.0491, abs=1e-4)  # u > 1, but saturated


@pytest.mark.parametrize("u, eta", [(1.5, 0.01), (-1.5, 0.01), (1.4, 0.05)])
def test_a_step_that_would_explode_is_not_made_and_that_is_told(u, eta, recwarn):
    explorer = make_explorer()
    explorer.set(u=u, learning_rate=eta)
    before = dict(explorer.state)
    for button in ("Step", "Run 50 steps"):
        explorer.press(button)
        assert explorer.state == before
        assert explorer.alt.endswith(" η is too large: the next step is not made.")
    explorer.set(learning_rate=0.001)
    if "no step" not in explorer.alt:
        explorer.press("Step")
        assert len(costs(explorer.state)) == 2
    assert len(recwarn) == 0


def test_divergence_ends_before_the_numbers_do(recwarn):
    explorer = make_explorer()
    explorer.set(learning_rate=0.2)
    for _ in range(3):
        explorer.press("Run 50 steps")
    found = times.arrays(explorer.state)
    assert found["grew"] and found["ends"] and len(found["costs"]) == 8
    assert explorer.alt.endswith("cost J = 4.3628. η is too large: the next step is not made.")
    assert len(recwarn) == 0


def test_a_cost_that_grew_is_told_until_two_steps_make_it_smaller():
    explorer = make_explorer()
    explorer.set(learning_rate=0.05)
    explorer.press("Run 50 steps")
    assert np.diff(costs(explorer.state))[-2:].max() > 0 and explorer.alt.endswith(" The cost grew: η was too large.")
    explorer.set(learning_rate=0.01)
    assert "grew" in explorer.alt
    explorer.press("Step")
    explorer.press("Step")
    assert "grew" not in explorer.alt
    for _ in range(4):
        explorer.press("Run 50 steps")
    assert costs(explorer.state)[-1] < 1e-27 and "grew" not in explorer.alt  # what rounding adds is not told


@pytest.mark.parametrize("corner", list(product(*((-end, end) for end in SLIDERS.values()))))
@pytest.mark.parametrize("about", ABOUT)
def test_the_ends_of_all_sliders_make_a_picture_and_no_warning(corner, about, recwarn):
    update = times.draw(Figure())
    state = {**START, **dict(zip(WEIGHTS, corner)), "task": about[0], "activation": about[1]}
    for eta, bars in zip((0.001, 0.01, 0.1, 1.0), BARS):
        there = after(20, {**state, "learning_rate": eta, "bars": bars})
        found = times.arrays(there)
        update(found)
        numbers = [value for name, value in found.items() if name != "bars"]
        assert all(np.isfinite(value).all() for value in numbers) and found["costs"].max() <= times.LARGEST
        text = times.alt(there, found)
        assert len(text) < 320 and "nan" not in text and "inf" not in text and "-" not in text
    assert len(recwarn) == 0


@pytest.mark.parametrize("key, end", SLIDERS.items())
def test_boxes_keep_to_the_sliders(key, end):
    control = next(row.control for row in make_explorer().rows if row.control.key == key)
    assert control.limits == (-end, end) and control.accept(end, START) == (end, "")
    assert control.accept(-7, START) == (-end, f"{key} goes from {-end:g} to {end:g}: -7 became {-end:g}.")


def test_the_picture_holds_the_arrays():
    figure = Figure()
    update = times.draw(figure)
    for state in (START, {**after(50, {**START, "task": SUM}), "bars": "shares of ∂J/∂w", "sequence": 3}):
        found = times.arrays(state)
        update(found)
        left, middle, curve = figure.axes
        _, x, h, y = left.lines
        position = state["sequence"] - 1
        inputs, targets = times.sequences(state["task"])
        assert np.array_equal(x.get_ydata(), inputs[position]) and y.get_xydata().tolist() == [[8, targets[position]]]
        assert np.array_equal(h.get_ydata(), found["h"]) and np.array_equal(h.get_xdata(), np.arange(1, 9))
        drawn = np.full(STEPS, np.nan)
        for line, sign in zip(middle.lines[1:], (1, -1)):
            steps, tops = (values.reshape(-1, 3)[:, 1] for values in line.get_data())
            drawn[steps.astype(int) - 1] = sign * tops
        assert np.array_equal(drawn, found["heights"])
        assert [text.get_text() for text in left.get_legend().get_texts()] == ["input x", "state h", "target y"]
        assert np.array_equal(curve.lines[0].get_ydata(), found["costs"])


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_what_stands_above_the_bars_and_the_states():
    figure = Figure()
    update = times.draw(figure)
    left, middle, curve = figure.axes
    update(times.arrays(START))
    assert texts(middle) == [""] * 8 + ["step 1 / step 8: 0.0078", "0.0093 / 1.1906"]
    assert texts(left) == ["h₈ = 0.0078, y = 1", ""] and middle.get_ylabel() == "mean |δ|, δ = ∂L/∂z"
    assert texts(curve) == ["step 0: J = 0.4594", ""]
    update(times.arrays({**START, "u": -0.9, "bars": "shares of ∂J/∂u", "sequence": 2}))
    assert texts(middle) == ["0"] + ["−"] * 7 + ["∂J/∂u = −5.1328", "the sum of 8 steps"]
    assert texts(left)[0] == "h₈ = 0.4783, y = −1" and middle.get_ylabel() == "|shares of ∂J/∂u|"
    update(times.arrays({**START, "u": 0.1}))
    assert texts(middle)[:4] == ["≈0", "≈0", "≈0", ""]
    update(times.arrays({**START, "u": 1.0}))
    assert texts(middle) == ["0"] * 8 + ["0 at all steps", ""]
    update(times.arrays({**START, "w": 2.0, "u": 1.5, "b": 1.0, "task": SUM, "sequence": 5}))
    assert texts(curve) == ["step 0: J = 4309.00", "η is too large"]
    found = times.arrays({**START, "bars": "shares of ∂J/∂b"})
    update({**found, "heights": np.array([2e4, -2e4, 5, -5, 1e-5, -1e-5, 0, 1])})
    assert texts(middle)[:8] == ["+↑", "−↑", "+", "−", "≈0", "≈0", "0", "+"]
    update(times.arrays(after(50, {**START, "learning_rate": 0.05})))
    assert texts(curve) == ["step 50: J = 0.0164", "the cost grew"]


@pytest.mark.parametrize("change", [{}, {"w": 2.0, "u": 1.5, "b": 1.0, "bars": "shares of ∂J/∂u", "task": SUM}])
def test_nothing_in_the_picture_leaves_it_or_covers_something_else(change):
    explorer = make_explorer()
    explorer.set(**change)
    explorer.png()
    figure = explorer._canvas.figure
    renderer, inside = figure.canvas.get_renderer(), figure.bbox.padded(0.5)
    tight = [axes.get_tightbbox(renderer, for_layout_only=True) for axes in figure.axes]
    legend = figure.axes[0].get_legend().get_window_extent(renderer)
    for one, other in ((0, 1), (1, 2)):
        assert tight[one].x1 < tight[other].x0
    for box in (*tight, legend):
        assert inside.x0 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0 and box.y1 <= inside.y1
    for axes in figure.axes:
        name = axes.yaxis.label.get_window_extent(renderer)
        ticks = [label.get_window_extent(renderer) for label in axes.get_yticklabels() if label.get_text()]
        assert all(name.x1 <= tick.x0 or not name.overlaps(tick) for tick in ticks)


def test_the_ends_of_the_axes_stay_for_many_steps():
    update = times.draw(Figure())
    ends = [update(times.arrays(after(steps, START))) for steps in range(0, 51, 5)]
    assert set(ends) == {(1.6, times.ERROR, (50, 0.01, 1.0))}
    assert update(times.arrays({**START, "u": 1.5}))[0] == 40


def test_the_sentence_says_what_is_drawn():
    explorer = make_explorer()
    assert explorer.alt == (
        "Recall the first, linear, w = 1, u = 0.5, b = 0. Sequence 1: h₈ = 0.0078, y = 1. Mean |δ| (δ = ∂L/∂z), time "
        "steps 1 to 8: 0.0093, 0.0186, 0.0372, 0.0744, 0.149, 0.298, 0.595, 1.19 (first / last: 0.0078). Step 0, "
        "η = 0.01, seed 0: cost J = 0.4594."
    )
    explorer.set(task=SUM, activation=TANH, u=-0.5, sequence=3, bars="shares of ∂J/∂u")
    _, shares, _ = loops((1, -0.5, 0), SUM, TANH)
    numbers = ", ".join(f"{share:.3g}" for share in shares[1]).replace("-", "−")
    h = times.arrays(explorer.state)["h"][-1]
    assert explorer.alt == (
        f"Half the sum, tanh, w = 1, u = −0.5, b = 0. Sequence 3: h₈ = {h:.4f}, y = 0.8. Shares of ∂J/∂u, time steps 1 "
        f"to 8: {numbers}, together {shares[1].sum():.4f}. Step 0, η = 0.01, seed 0: cost J = "
        f"{loops((1, -0.5, 0), SUM, TANH)[0]:.4f}."
    ).replace("-", "−")
