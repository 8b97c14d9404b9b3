"""The explorer of a bidirectional layer: its readers against plain loops and differences, and what they learn."""

from importlib import import_module
from itertools import product

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from course_utils import bridge, data, load_keras, nn
from course_utils.explorers import bidirectional as make_explorer

pair = import_module("course_utils.explorers.bidirectional")
numerical_gradient = import_module("course_utils.nn.gradcheck").numerical_gradient
START, WEIGHTS, STEPS = pair.INITIAL, pair.WEIGHTS, pair.STEPS
TOLERANCE = make_explorer()._tolerance
SLIDERS = {"u_f": 1.5, "u_b": 1.5, "v_f": 2.0, "v_b": 2.0}  # how far they go on both sides
CORNERS = [dict(zip(WEIGHTS, corner)) for corner in product(*((-end, end) for end in SLIDERS.values()))]
HARD = [(0.5, 0.5, 0.5, 0.0), (0.9, -0.4, 0.3, 0.8), (-1.3, 1.4, -1.7, 0.6), (0.0, 0.0, 1.0, -1.0)]
SYMMETRIC = {"u_f": 0.5, "u_b": 0.5, "v_f": 0.6, "v_b": 0.6}
DEAF = {"u_b": 0.0, "v_b": 0.0}  # the backward reader holds nothing and is not heard
ALL_ROWS = range(1, pair.ROWS + 1)


def after(steps, state):
    return pair.take_steps(steps)(state)


def costs(steps, **changes):
    return pair.arrays(after(steps, {**START, **changes}))["costs"]


def whole_rows():
    """The rows with the numbers at their gaps, as lists."""
    x, y = pair.rows()
    x = x.copy()
    for row, number, (_, month) in zip(x, y, pair.GAPS):
        row[month - 1] = number
    return x.tolist()


def loop(weights, row):
    """What both readers say at the gap of a row: a sum over neighbors that never looks at the gap."""
    (u_f, u_b, v_f, v_b), x, gap = weights, whole_rows()[row - 1], pair.GAPS[row - 1][1] - 1
    forward = sum(v_f * u_f ** (gap - place) * x[place] for place in range(gap))
    backward = sum(v_b * u_b ** (place - gap) * x[place] for place in range(gap + 1, STEPS))
    return forward, backward


def loop_cost(weights):
    answers = [sum(loop(weights, row)) for row in ALL_ROWS]
    return sum((answer - y) ** 2 for answer, y in zip(answers, pair.rows()[1])) / pair.ROWS


def differences(weights):
    at = np.array(weights, float)
    return numerical_gradient(lambda: loop_cost(at), at)


def test_the_rows_are_growth_rates_of_one_year_each_less_their_mean():
    retail = data.load_retail()
    turnover = retail.turnover[:, retail.industries.index(pair.INDUSTRY)]
    sales = {str(month): value for month, value in zip(retail.months, turnover)}
    growth = {
        month: 10 * (value / sales[f"{int(month[:4]) - 1}{month[4:]}"] - 1)
        for month, value in sales.items()
        if f"{int(month[:4]) - 1}{month[4:]}" in sales
    }
    mean = sum(growth.values()) / len(growth)
    for row, (year, _) in zip(whole_rows(), pair.GAPS):
        by_hand = [growth[f"{year}-{month:02}"] - mean for month in range(1, 13)]
        assert row == pytest.approx(by_hand, abs=0.0501)


def test_the_gaps_are_silent_and_some_stand_near_an_end():
    x, y = pair.rows()
    months = [month for _, month in pair.GAPS]
    assert x.shape == (6, 12) and y.all() and not any(row[month - 1] for row, month in zip(x, months))
    assert len({year for year, _ in pair.GAPS}) == pair.ROWS and min(months) == 3 and max(months) == 11


@pytest.mark.parametrize("weights", HARD)
@pytest.mark.parametrize("row", ALL_ROWS)
def test_what_is_drawn_is_that_of_a_plain_loop(weights, row):
    found = pair.arrays({**START, **dict(zip(WEIGHTS, weights)), "row": row})
    forward, backward = loop(weights, row)
    assert [found["forward"], found["backward"]] == pytest.approx([forward, backward], rel=1e-12, abs=1e-15)
    assert found["filled"] == pytest.approx(forward + backward) and found["y"] == pair.rows()[1][row - 1]
    assert [v * h for v, h in found["products"]] == pytest.approx([forward, backward], rel=1e-12, abs=1e-15)
    assert (found["year"], found["gap"]) == pair.GAPS[row - 1]
    shown, whole = found["x"].tolist(), whole_rows()[row - 1]
    assert [place for place, number in enumerate(shown, 1) if np.isnan(number)] == [found["gap"]]
    assert shown[: found["gap"] - 1] + shown[found["gap"] :] == whole[: found["gap"] - 1] + whole[found["gap"] :]
    assert found["costs"].tolist() == pytest.approx([loop_cost(weights)], rel=1e-12)


@pytest.mark.parametrize("weights", HARD)
@pytest.mark.parametrize("row", ALL_ROWS)
def test_the_weight_of_a_neighbor_is_the_slope_of_the_answer_in_its_number(weights, row):
    (x, _), gap = pair.rows(), pair.GAPS[row - 1][1] - 1
    u_f, u_b, v_f, v_b = weights

    def answer(numbers):
        (h, _), (h_rev, _) = pair.read(u_f, numbers[np.newaxis]), pair.read(u_b, numbers[np.newaxis, ::-1])
        return v_f * h[0, gap] + v_b * h_rev[0, STEPS - 1 - gap]

    numbers = x[row - 1].copy()
    slopes = numerical_gradient(lambda: answer(numbers), numbers)
    slopes[gap] = 0  # of the gap itself, nothing is drawn
    found = pair.arrays({**START, **dict(zip(WEIGHTS, weights)), "row": row})
    assert found["before"] + found["after"] == pytest.approx(slopes, rel=1e-6, abs=1e-8)
    assert not found["before"][gap:].any() and not found["after"][: gap + 1].any()


def test_the_states_at_all_steps_are_those_of_the_layer():
    x, _ = pair.rows()
    layer = nn.layers.SimpleRNN(1, activation="linear", use_bias=False, return_sequences=True)
    model = nn.Sequential([nn.Input(shape=(STEPS, 1)), layer])
    model.set_weights([np.array([[1.0]]), np.array([[-0.7]])])
    h, _ = pair.read(-0.7, x)
    assert h == pytest.approx(np.asarray(model(x[..., np.newaxis].astype("float32")))[..., 0], abs=1e-5)


@pytest.mark.parametrize("weights", HARD)
def test_the_slopes_are_those_of_central_differences(weights):
    cost, slopes = pair.cost_and_slopes(weights)
    assert cost == pytest.approx(loop_cost(weights), rel=1e-12)
    assert slopes == pytest.approx(differences(weights), rel=1e-6, abs=1e-8)


STATES = [
    START,
    after(50, START),
    {**START, **SYMMETRIC, "row": 4},
    {**START, **dict.fromkeys(WEIGHTS, 0.0)},
    {**START, "v_f": 0.0, "learning_rate": 1.0},
    after(1000, {**START, "u_f": -0.5, "u_b": -0.5, "v_f": 0.0}),
    {**pair.random_start({**START, "seed": 3}), "learning_rate": 0.4},
    {**START, "u_f": 1.03, "u_b": 1.5, "v_f": -0.91, "v_b": 1.76},  # where float32 loses most: h→ and h← cancel
    *({**START, **corner} for corner in CORNERS),
]


@pytest.mark.parametrize("state", STATES)
def test_numpy_and_keras_give_the_same_values(state):
    ours, theirs = (pair.values(K, state) for K in (nn, load_keras()))
    cost, slopes = pair.cost_and_slopes([state[name] for name in WEIGHTS])
    assert list(ours) == ["J", "∂J/∂u_f", "∂J/∂u_b", "∂J/∂v_f", "∂J/∂v_b", "next v_b"]
    wanted = (cost, *slopes, state["v_b"] - state["learning_rate"] * slopes[3])
    for found in (ours, theirs):
        assert list(found.values()) == pytest.approx(wanted, rel=2e-5, abs=2e-6)
    for name, value in ours.items():
        assert bridge.Row(name, value, theirs[name], TOLERANCE).agrees


@pytest.mark.parametrize("K", ["nn", "keras"])
def test_the_step_of_the_engines_leaves_the_kernels_alone(K):
    K = nn if K == "nn" else load_keras()
    state = {**START, "v_b": 0.2}
    pair.values(K, state)
    kernel_f, u_f, kernel_b, u_b, v = (np.ravel(weight) for weight in pair._model(K)[0].get_weights())
    moved = after(1, state)
    assert kernel_f == kernel_b == [1]
    assert [*u_f, *u_b, *v] == pytest.approx([moved[name] for name in WEIGHTS], rel=1e-5)


def test_one_reader_alone_leaves_a_cost_that_no_weights_remove():
    (h_f, h_b), y = np.moveaxis([pair.states(u, u)[:, 0] for u in np.linspace(-1.5, 1.5, 300)], 1, 0), pair.rows()[1]
    least = []
    for h in (h_f, h_b):  # (300, ROWS); the best v to each u
        v = h @ y / np.sum(h**2, axis=1)
        least.append(np.mean((v[:, np.newaxis] * h - y) ** 2, axis=1).min())
    assert least == pytest.approx([0.3383, 0.3989], abs=1e-4)
    assert pair.cost_and_slopes([SYMMETRIC[name] for name in WEIGHTS])[0] == pytest.approx(0.0019, abs=5e-5)


def test_values_that_the_notebook_may_tell():
    path = costs(1000)
    assert path[[0, 50, 100, 200, 1000]] == pytest.approx([0.7138, 0.0023, 0.0020, 0.0016, 0.0010], abs=5e-5)
    assert (np.diff(path) < 0).all()
    alone = costs(1000, **DEAF)
    assert alone[[50, 200, 1000]] == pytest.approx([0.3650, 0.3569, 0.3496], abs=1e-4)
    found = [pair.arrays({**START, "u_f": u, "u_b": u, "v_f": 0.3 / u, "v_b": 0.3 / u}) for u in (0.5, 0.1)]
    assert [one["before"][5] for one in found] == pytest.approx([0.3, 0.3])
    assert [one["before"][4] for one in found] == pytest.approx([0.15, 0.03])
    assert [one["costs"][0] for one in found] == pytest.approx([0.0019, 0.2912], abs=1e-4)


def test_a_reader_that_holds_nothing_and_is_not_heard_never_learns():
    for change, stays in ((DEAF, ("u_b", "v_b")), (dict.fromkeys(WEIGHTS, 0.0), WEIGHTS)):
        moved = after(200, {**START, **change})
        assert {moved[name] for name in stays} == {0.0} and len(moved["costs"]) == 200
    assert after(1, {**START, "u_b": 0.0, "v_b": 0.1})["u_b"] > 0 < after(1, {**START, "u_b": 0.1})["v_b"]


def test_from_silence_the_answer_learns_to_hear_before_the_readers_learn():
    once = after(1, {**START, "v_f": 0.0})
    assert once["u_f"] == once["u_b"] == 0.5 and once["v_f"] > 0.05 < once["v_b"]
    twice = after(1, once)
    assert min(twice["u_f"], twice["u_b"]) > 0.5


def test_from_negative_recurrent_weights_it_ends_in_another_valley():
    found = pair.arrays(after(1000, {**START, "u_f": -0.5, "u_b": -0.5, "v_f": 0.0}))
    gap = found["gap"] - 1
    for side in (found["before"][gap - 3 : gap][::-1], found["after"][gap + 1 : gap + 4]):
        assert np.sign(side).tolist() == [1, -1, 1]
    assert found["costs"][-1] == pytest.approx(0.1563, abs=1e-4) and (np.diff(found["costs"]) < 0).all()


@pytest.mark.parametrize(
    "change, steps",
    [({"learning_rate": 0.1}, 2), ({"learning_rate": 0.5}, 0), ({"learning_rate": 1.0}, 0), ({"u_f": 1.2}, 0)],
)
def test_a_step_that_would_explode_is_not_made_and_that_is_told(change, steps, recwarn):
    explorer = make_explorer()
    explorer.set(**change)
    explorer.press("Run 50 steps")
    there = explorer.state
    explorer.press("Step")
    assert explorer.state == there and len(there["costs"]) == steps
    assert explorer.alt.endswith(" η is too large: the next step is not made.")
    explorer.set(learning_rate=0.001)
    explorer.press("Step")
    assert len(recwarn) == 0 and (len(explorer.state["costs"]) == steps + 1 or explorer.alt.endswith("not made."))


@pytest.mark.parametrize("corner", CORNERS)
def test_the_ends_of_all_sliders_make_a_picture_and_no_warning(corner, recwarn):
    update = pair.draw(Figure())
    for eta, row in ((0.001, 1), (0.02, 6), (1.0, 2)):
        state = {**START, **corner, "row": row, "learning_rate": eta}
        most = max(pair.LARGEST, pair.cost_and_slopes([state[name] for name in WEIGHTS])[0])
        state = after(20, state)
        found = pair.arrays(state)
        update(found)
        numbers = [value for name, value in found.items() if name != "x"]
        assert all(np.isfinite(value).all() for value in numbers) and found["costs"].max() <= most
        text = pair.alt(state, found)
        assert len(text) < 320 and "nan" not in text and "inf" not in text and "-" not in text
    assert len(recwarn) == 0


@pytest.mark.parametrize("key, end", SLIDERS.items())
def test_boxes_keep_to_the_sliders(key, end):
    control = next(row.control for row in make_explorer().rows if row.control.key == key)
    assert control.limits == (-end, end) and control.accept(end, START) == (end, "")
    assert control.accept(-7, START) == (-end, f"{key} goes from {-end:g} to {end:g}: -7 became {-end:g}.")


def columns(collection):
    """The heights of columns, each at its month `(STEPS,)`."""
    heights = np.zeros(STEPS)
    for path in collection.get_paths():
        left, right = path.vertices[:, 0].min(), path.vertices[:, 0].max()
        assert right - left == pytest.approx(0.8)
        heights[round((left + right) / 2) - 1] = path.vertices[1, 1] - path.vertices[0, 1]
    return heights


@pytest.mark.parametrize("state", [START, {**after(50, START), "row": 3}, {**START, **CORNERS[0], "row": 5}])
def test_the_picture_holds_the_arrays(state):
    figure, found = Figure(), pair.arrays(state)
    pair.draw(figure)(found)
    left, middle, curve = figure.axes
    gap = found["gap"]
    _, mark, x, forward, backward, filled, y = left.lines
    assert np.array_equal(x.get_data(), (np.arange(1, 13), found["x"]), equal_nan=True)
    assert mark.get_xdata() == middle.lines[1].get_xdata() == [gap, gap]
    for line, name in ((filled, "filled"), (y, "y")):
        assert line.get_xydata().tolist() == [[gap, found[name]]]
    for line, name, marker in ((forward, "forward", ">"), (backward, "backward", "<")):
        (place, height), *_ = line.get_xydata()
        assert height == found[name] and line.get_marker() == marker and (place < gap) == (marker == ">")
    before, behind = middle.collections
    assert columns(before) == pytest.approx(found["before"]) and columns(behind) == pytest.approx(found["after"])
    assert before.get_hatch() != behind.get_hatch() and (before.get_facecolor() != behind.get_facecolor()).any()
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["filled in ŷ", "true y"]
    assert np.array_equal(curve.lines[0].get_ydata(), found["costs"])
    assert left.get_xlabel() == f"month of {found['year']}"


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_what_stands_above_the_panels():
    figure = Figure()
    update = pair.draw(figure)
    left, middle, curve = figure.axes
    update(pair.arrays(START))
    assert texts(left) == ["ŷ = 0.5633, y = 2.2", ""]
    assert texts(middle) == ["▶ v_f h→ = 0.5 · 1.13", "◀ v_b h← = 0 · 2.57"]
    assert texts(curve) == ["step 0: J = 0.7138", ""]
    update(pair.arrays({**START, "u_f": -0.5, "v_b": -0.6, "row": 3, "learning_rate": 1.0}))
    forward, backward = loop((-0.5, 0.5, 1, 1), 3)
    assert texts(middle) == [f"▶ v_f h→ = 0.5 · {forward:.3g}", f"◀ v_b h← = −0.6 · −{-backward:.3g}"]
    assert texts(curve)[1] == "η is too large"
    update(pair.arrays({**START, "u_f": 1e-6, "u_b": -0.001234, "v_b": -0.1}))
    assert texts(middle) == ["▶ v_f h→ = 0.5 · 0", "◀ v_b h← = −0.1 · −0.0033"]


def test_the_ends_of_the_axes_stay_for_many_steps():
    update = pair.draw(Figure())
    ends = [update(pair.arrays(after(steps, START))) for steps in range(10, 51, 5)]
    assert len({(row, reach) for row, reach, _ in ends}) == 1 and ends[0][0] == (1986, 4.5)
    assert update(pair.arrays({**START, "u_f": 1.5}))[:2] == ((1986, 24), 18)


EXTREMES = [
    {},
    SYMMETRIC,
    CORNERS[0],
    {**CORNERS[-1], "row": 2},
    {**SYMMETRIC, "u_f": -0.567, "v_f": -1.67, "row": 3},
    {"u_f": -0.000123, "v_f": -0.123, "u_b": 0.000123, "v_b": -0.123},  # the longest texts
]


@pytest.mark.parametrize("change", EXTREMES)
def test_nothing_in_the_picture_leaves_it_or_covers_something_else(change):
    explorer = make_explorer()
    explorer.set(**change)
    explorer.png()
    figure = explorer._canvas.figure
    renderer, edge, panels = figure.canvas.get_renderer(), figure.bbox, []
    for axes in figure.axes:
        parts = [part for part in (*axes.texts, axes.get_legend()) if part]
        boxes = [part.get_window_extent(renderer) for part in parts]
        ticks = [label.get_window_extent(renderer) for label in axes.get_yticklabels() if label.get_text()]
        inside = [tick for tick in ticks if axes.bbox.y0 - 1 <= (tick.y0 + tick.y1) / 2 <= axes.bbox.y1 + 1]
        name = axes.yaxis.label.get_window_extent(renderer)
        assert all(not name.padded(2).overlaps(tick) for tick in inside)
        if axes is not figure.axes[2]:  # the curve says nothing in its second line here, or far right of its ticks
            assert not any(box.overlaps(tick) for box in boxes for tick in inside)
        panels.append(Bbox.union([*boxes, axes.get_tightbbox(renderer, for_layout_only=True)]))
    assert panels[0].x1 < panels[1].x0 and panels[1].x1 < panels[2].x0 and panels[0].x0 >= 0
    assert panels[2].x1 <= edge.x1 + 0.5 and all(box.y0 >= 0 and box.y1 <= edge.y1 for box in panels)


def test_the_sentence_says_what_is_drawn():
    explorer = make_explorer()
    assert explorer.alt == (
        "u_f = 0.5, u_b = 0.5, v_f = 0.5, v_b = 0. Row 1, gap in month 7 of 1986. Neighbors count, the nearest "
        "first, before 0.25, 0.125; after 0, 0. v_f h→ = 0.5633, v_b h← = 0.0000, ŷ = 0.5633; y = 2.2. "
        "Step 0, η = 0.02, seed 0: cost J = 0.7138."
    )
    weights = (-0.4, 0.8, 0.9, -0.25)
    explorer.set(**dict(zip(WEIGHTS, weights)), row=3)
    forward, backward = loop(weights, 3)
    assert explorer.alt == (
        f"u_f = −0.4, u_b = 0.8, v_f = 0.9, v_b = −0.25. Row 3, gap in month 11 of 2005. Neighbors count, the nearest "
        f"first, before −0.36, 0.144; after −0.2. v_f h→ = {forward:.4f}, v_b h← = {backward:.4f}, ŷ = "
        f"{forward + backward:.4f}; y = −1.4. Step 0, η = 0.02, seed 0: cost J = {loop_cost(weights):.4f}."
    ).replace("-", "−")
