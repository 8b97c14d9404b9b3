"""The explorer of attention: its numbers against plain loops and differences, and what its four weights learn."""

from importlib import import_module
from itertools import product
from math import exp, hypot

import numpy as np
import pytest
from matplotlib.figure import Figure

from course_utils.explorers import attention as make_explorer
from course_utils.explorers.controls import BOX_LIMIT
from course_utils.explorers.query_plane import arrow_head, arrow_scale
from tests.panels import assert_names_apart, assert_panels_apart
from tests.parity import assert_values

unit = import_module("course_utils.explorers.attention")
numerical_gradient = import_module("course_utils.nn.gradcheck").numerical_gradient
START, WEIGHTS, WORDS, DIGITS, WANTED = unit.INITIAL, unit.WEIGHTS, unit.WORDS, unit.DIGITS, unit.WANTED
TOLERANCE = make_explorer()._tolerance
VALUES = ("J", "∂J/∂w₁₁", "∂J/∂w₁₂", "∂J/∂w₂₁", "∂J/∂w₂₂", "next w₁₂")
END = 15.0  # of each slider, on both sides
CORNERS = [dict(zip(WEIGHTS, corner)) for corner in product((-END, END), repeat=4)]
HARD = [(0.0, 0.0, 0.0, 0.0), (0.5, 2.0, -1.5, 0.3), (-2.0, 0.7, 3.0, 1.1), (4.0, 3.0, -6.0, 5.0)]
BOXES = [dict(zip(WEIGHTS, signs)) for signs in product((-BOX_LIMIT, BOX_LIMIT), repeat=4)]


def turn(a):
    """The weights of a quarter turn to the left, times a."""
    return {"w11": 0.0, "w12": a, "w21": -a, "w22": 0.0}


def no_turn(a):
    """The weights that make each query a times its state: all outputs look at wrong words."""
    return {"w11": a, "w12": 0.0, "w21": 0.0, "w22": a}


def after(steps, state):
    return unit.take_steps(steps)(state)


def found(steps=0, **changes):
    return unit.arrays(after(steps, {**START, **changes}))


def drawn(seed, **changes):
    """The random start of a seed."""
    return {**unit.random_start({**START, "seed": seed}), **changes}


def wanted_shares(what):
    return what["shares"][range(3), WANTED]


def loop(weights):
    """Queries, shares and contexts, number by number."""
    (w11, w12, w21, w22), queries, rows, contexts = weights, [], [], []
    for s1, s2 in unit.STATES:
        q1, q2 = s1 * w11 + s2 * w21, s1 * w12 + s2 * w22
        scores = [q1 * k1 + q2 * k2 for k1, k2 in unit.KEYS]
        powers = [exp(score - max(scores)) for score in scores]
        shares = [power / sum(powers) for power in powers]
        queries.append([q1, q2])
        rows.append(shares)
        contexts.append(sum(share * digit for share, digit in zip(shares, DIGITS)))
    return queries, rows, contexts


def loop_cost(weights):
    return sum((c - DIGITS[j]) ** 2 for c, j in zip(loop(weights)[2], WANTED)) / 3


def differences(weights):
    at = np.array(weights)
    return numerical_gradient(lambda: loop_cost(at), at)


def test_the_words_are_a_number_whose_digits_the_outputs_should_write():
    assert [DIGITS[j] for j in WANTED] == [3, 5, 4] and [WORDS[j] for j in WANTED] == ["three", "fifty", "four"]
    assert all(DIGITS[j] == 0 for j in range(5) if j not in WANTED)
    assert (DIGITS[0] + DIGITS[3]) / 2 == DIGITS[4]  # one of them is also a mix of the two others


def test_a_quarter_turn_makes_the_wanted_keys_of_the_states():
    q, _, _ = unit.forward([turn(1.0)[name] for name in WEIGHTS])
    assert q == pytest.approx(np.array(unit.KEYS)[list(WANTED)])


def test_the_keys_of_two_words_are_neighbors():
    apart = {(i, j): hypot(*np.subtract(unit.KEYS[i], unit.KEYS[j])) for i in range(5) for j in range(i)}
    (nearest, distance), (_, second) = sorted(apart.items(), key=lambda item: item[1])[:2]
    assert {WORDS[i] for i in nearest} == {"three", "and"} and second > 3 * distance


@pytest.mark.parametrize("weights", HARD)
def test_what_is_drawn_is_that_of_a_plain_loop(weights):
    what = found(**dict(zip(WEIGHTS, weights)))
    for name, wanted in zip(("q", "shares", "c"), loop(weights)):
        assert what[name] == pytest.approx(np.array(wanted), rel=1e-12)
    assert what["costs"].tolist() == pytest.approx([loop_cost(weights)], rel=1e-12)


@pytest.mark.parametrize("weights", HARD)
def test_the_slopes_are_those_of_central_differences(weights):
    cost, slopes = unit.cost_and_slopes(weights)
    assert cost == pytest.approx(loop_cost(weights), rel=1e-12)
    assert slopes == pytest.approx(differences(weights), rel=1e-6, abs=1e-9)


def test_one_output_by_hand():
    what = found(**turn(2.0))
    assert what["q"][1] == pytest.approx([-1.8, -1.4])  # 2 · (−0.9, −0.7)
    scores = [-2.26, 1.28, -1.48, 2.6, -1.6]  # such as −1.8 · 0.4 − 1.4 · 1.1
    shares = np.exp(scores) / np.sum(np.exp(scores))
    assert what["shares"][1] == pytest.approx(shares)
    assert what["c"][1] == pytest.approx(3 * shares[0] + 5 * shares[3] + 4 * shares[4])


STATES = [
    START,
    after(50, START),
    after(200, {**START, "learning_rate": 2.0}),
    after(200, drawn(4)),
    {**drawn(9), "learning_rate": 50.0},
    after(50, drawn(11, learning_rate=50.0)),
    {**START, **turn(8.0)},
    {**START, **no_turn(END)},
    *({**START, **corner} for corner in (*CORNERS, *BOXES)),
    *({**START, **corner, "learning_rate": 50.0} for corner in CORNERS),
]


@pytest.mark.parametrize("state", STATES)
def test_numpy_and_keras_give_the_same_values(state):
    cost, slopes = unit.cost_and_slopes([state[name] for name in WEIGHTS])
    following = state["w12"] - state["learning_rate"] * slopes[1]
    assert_values(unit.values, state, dict(zip(VALUES, (cost, *slopes, following))), TOLERANCE)


def test_without_weights_all_words_have_the_same_share():
    what = found()
    assert what["shares"] == pytest.approx(np.full((3, 5), 0.2)) and what["c"] == pytest.approx(sum(DIGITS) / 5)


def test_the_first_step_moves_all_queries_along_one_line():
    what = found(1)
    lengths = np.hypot(*what["q"].T)
    assert np.linalg.matrix_rank(what["q"], tol=1e-12) == 1 and lengths.min() > 0
    assert np.linalg.matrix_rank(found(2)["q"], tol=1e-6) == 2
    mean = sum(DIGITS) / 5  # along this line lie the words that say more than the mean on one side
    line = sum((v - mean) * np.array(key) for v, key in zip(DIGITS, unit.KEYS))
    assert what["q"][:, 0] * line[1] == pytest.approx(what["q"][:, 1] * line[0])


def test_a_turn_solves_it_better_the_larger_it_is_and_neighbors_are_told_apart_last():
    shares = np.array([wanted_shares(found(**turn(a))) for a in (1.0, 2.0, 4.0, 8.0, 16.0)])
    assert (np.diff(shares, axis=0) > 0).all() and (shares.argmin(axis=1)[1:] == 0).all()
    assert shares[1, 0] < 0.65 and shares[3].min() > 0.95
    what = found(**turn(2.0))
    assert np.argsort(what["shares"][0])[-2] == WORDS.index("and") and what["shares"][0, 2] > 0.25
    costs = [found(**turn(a))["costs"][-1] for a in (1.0, 2.0, 4.0, 8.0, 16.0)]
    assert (np.diff(costs) < 0).all() and costs[3] < 0.005


def test_the_start_learns_within_a_few_presses():
    path = found(200)["costs"]
    assert path[[0, 50, 100, 200]] == pytest.approx([3.2267, 0.1267, 0.0666, 0.0352], abs=1e-4)
    assert (np.diff(path) < 0).all() and wanted_shares(found(200)).min() > 0.89


def test_a_right_number_may_come_from_wrong_words_and_cost_less():
    right, wrong = found(200), unit.arrays(after(200, drawn(4)))
    assert abs(wrong["c"][2] - 4) < 0.01 and wanted_shares(wrong)[2] < 0.15 and wrong["shares"][2, 3] > 0.65
    assert wanted_shares(wrong)[:2].min() > 0.89
    assert wrong["costs"][-1] < right["costs"][-1]


def test_some_starts_end_in_a_valley_where_outputs_stay_wrong():
    what = unit.arrays(after(2000, drawn(9)))
    assert (np.diff(what["costs"]) < 0).all() and what["costs"][-1] > 0.33
    assert wanted_shares(what).max() < 0.01


def test_full_shares_of_wrong_words_have_no_slope():
    cost, slopes = unit.cost_and_slopes([no_turn(END)[name] for name in WEIGHTS])
    assert cost > 8.9 and np.abs(slopes).max() < 0.01
    assert found(200, **no_turn(END))["costs"][-1] > 8.9
    assert np.abs(unit.cost_and_slopes([no_turn(2.0)[name] for name in WEIGHTS])[1]).max() > 0.5
    assert found(200, **no_turn(2.0))["costs"][-1] < 2.5


def test_too_large_a_step_fills_shares_of_wrong_words_and_is_told():
    explorer = make_explorer()
    explorer.set(seed=11, learning_rate=50.0)
    explorer.press("Random start")
    explorer.press("Step")
    explorer.press("Step")
    assert explorer.alt.endswith(" The cost grew: η was too large.")
    explorer.press("Run 50 steps")
    what = unit.arrays(explorer.state)
    assert what["shares"].max(axis=1).min() > 0.999 and what["costs"][-1] == pytest.approx(26 / 3, abs=1e-3)
    assert unit.arrays(after(200, drawn(11)))["costs"][-1] < 0.06


@pytest.mark.parametrize("corner", [*CORNERS, *BOXES])
def test_the_ends_of_all_controls_make_a_picture_and_no_warning(corner, recwarn):
    update = unit.draw(Figure())
    for eta in (0.02, 0.2, 50.0):
        state = after(20, {**START, **corner, "learning_rate": eta})
        what = unit.arrays(state)
        update(what)
        assert all(np.isfinite(value).all() for value in what.values())
        text = unit.alt(state, what)
        assert len(text) < 340 and "nan" not in text and "inf" not in text and "-" not in text
    assert len(recwarn) == 0


def test_only_what_cannot_be_drawn_is_refused():
    controls = {row.control.key: row.control for row in make_explorer().rows}
    for name in WEIGHTS:
        assert controls[name].limits == (-END, END) and controls[name].accept(9.25, START) == (9.25, "")
    assert controls["learning_rate"].accept(1000, START)[0] == 50


@pytest.mark.parametrize(
    "longest, scale", [(0.0, 1), (1.3, 1), (1.31, 2), (2.7, 5), (6.6, 10), (13.1, 20), (27, 50), (1e6, 1_000_000)]
)
def test_arrows_are_divided_by_round_numbers_until_they_fit(longest, scale):
    assert arrow_scale(np.array([[0.1, 0], [0, -longest], [0, 0]]), unit.LONGEST) == scale


def test_the_head_of_an_arrow_ends_where_it_points():
    assert arrow_head(np.array([0.0, 0.9])) == pytest.approx(np.array([[0, 0.9], [-0.08, 0.7], [0.08, 0.7]]))
    assert arrow_head(np.array([-0.6, -0.8]))[1:].mean(axis=0) == pytest.approx([-0.48, -0.64])
    assert not arrow_head(np.zeros(2)).any()


def texts(axes):
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("state", [START, {**START, **turn(4.0)}, after(200, drawn(4))])
def test_the_picture_holds_the_arrays(state):
    figure, what = Figure(), unit.arrays(state)
    unit.draw(figure)(what)
    plane, matrix, curve = figure.axes
    keys, _, *shafts = plane.lines
    assert keys.get_xydata() == pytest.approx(np.array(unit.KEYS))
    ends = what["q"] / arrow_scale(what["q"], unit.LONGEST)
    for shaft, head, end in zip(shafts, plane.patches, ends):
        assert head.get_xy()[0] == pytest.approx(end) and not shaft.get_xydata()[0].any()
        assert shaft.get_xydata()[1] @ end == pytest.approx(hypot(*end) * (hypot(*end) - 0.2) if end.any() else 0)
    assert len({shaft.get_linestyle() for shaft in shafts}) == 3
    assert texts(plane)[:-2] == [*WORDS, "q₁", "q₂", "q₃"]
    assert np.array_equal(matrix.images[0].get_array(), what["shares"])
    shown = texts(matrix)
    assert shown[:15] == [f"{share:.2f}" for share in np.ravel(what["shares"])]
    assert shown[15:18] == [f"{c:.2f}" for c in what["c"]]
    assert shown[-3:] == ["3", "5", "4"] and [tick.get_text() for tick in matrix.get_xticklabels()] == list(WORDS)
    framed = np.array([(frame.get_y() + 0.46, frame.get_x() + 0.46) for frame in matrix.patches])
    assert framed == pytest.approx(np.array(list(enumerate(WANTED))))
    assert np.array_equal(curve.lines[0].get_ydata(), what["costs"])


def test_what_stands_above_the_panels():
    figure = Figure()
    update = unit.draw(figure)
    plane, _, curve = figure.axes
    update(found())
    assert texts(plane)[-2:] == ["keys k and queries q", "arrows: q"] and texts(curve) == ["step 0: J = 3.2267", ""]
    update(found(**dict.fromkeys(WEIGHTS, BOX_LIMIT)))
    assert texts(plane)[-1] == "arrows: q ÷ 2,000"
    update(unit.arrays(after(2, drawn(11, learning_rate=50.0))))
    assert texts(curve)[1] == "the cost grew"


@pytest.mark.parametrize("change", [{}, turn(2.0), turn(8.0), no_turn(END), *CORNERS, BOXES[5]])
def test_nothing_in_the_picture_leaves_it_or_covers_something_else(change):
    explorer = make_explorer()
    explorer.set(**change)
    figure, renderer = assert_panels_apart(explorer)
    plane = figure.axes[0]
    names = [text for text in plane.texts if text.get_text() in (*WORDS, "q₁", "q₂", "q₃")]
    assert_names_apart(plane, names, renderer, touch=1)


def test_the_sentence_says_what_is_drawn():
    explorer = make_explorer()
    each = "q₁ = (0, 0): each word 0.20; c₁ = 2.40, y = {}. "
    assert explorer.alt == (
        "w₁₁ = 0, w₁₂ = 0, w₂₁ = 0, w₂₂ = 0. "
        + "".join(each.replace("₁", t).format(y) for t, y in zip("₁₂₃", (3, 5, 4)))
        + "Step 0, η = 0.2, seed 0: cost J = 3.2267."
    )
    explorer.set(w11=-4e-5, w12=1.23456)
    assert explorer.alt.startswith("w₁₁ = 0, w₁₂ = 1.23, w₂₁ = 0, w₂₂ = 0. q₁ = (0, 1.36): three ")
    explorer.set(**turn(8.0))
    _, rows, (c1, c2, c3) = loop((0, 8, -8, 0))
    assert explorer.alt == (
        f"w₁₁ = 0, w₁₂ = 8, w₂₁ = −8, w₂₂ = 0. q₁ = (3.2, 8.8): three {rows[0][0]:.2f}, and {rows[0][2]:.2f}; "
        f"c₁ = {c1:.2f}, y = 3. q₂ = (−7.2, −5.6): fifty {rows[1][3]:.2f}; "
        f"c₂ = {c2:.2f}, y = 5. q₃ = (9.6, −3.2): four 1.00; c₃ = {c3:.2f}, y = 4. "
        f"Step 0, η = 0.2, seed 0: cost J = {loop_cost((0, 8, -8, 0)):.4f}."
    )
