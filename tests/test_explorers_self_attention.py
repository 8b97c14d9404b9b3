"""The explorer of self-attention: its numbers against plain loops and differences, and what turns of the codes find."""

from importlib import import_module
from itertools import product
from math import cos, exp, hypot, radians, sin, sqrt

import numpy as np
import pytest
from matplotlib.figure import Figure

from course_utils import load_keras, nn
from course_utils.explorers import self_attention as make_explorer
from course_utils.explorers.controls import BOX_LIMIT
from course_utils.explorers.embedding_plane import SIDE
from tests.panels import assert_names_apart, assert_panels_apart
from tests.parity import assert_values

unit = import_module("course_utils.explorers.self_attention")
numerical_gradient = import_module("course_utils.nn.gradcheck").numerical_gradient
START, WEIGHTS, NUMBERS, END = unit.INITIAL, unit.WEIGHTS, unit.NUMBERS, unit.END
TOLERANCE = make_explorer()._tolerance
VALUES = ("J", "∂J/∂w₁₁", "∂J/∂w₁₂", "∂J/∂w₂₁", "∂J/∂w₂₂", "next w₁₂")
CORNERS, BOXES = ([dict(zip(WEIGHTS, corner)) for corner in product((-end, end), repeat=4)] for end in (END, BOX_LIMIT))
HARD = [(0.0, 0.0, 0.0, 0.0), (0.5, 2.0, -1.5, 0.3), (-2.0, 0.7, 3.0, 1.1), (4.0, 3.0, -6.0, 5.0)]
TASKS = [{"d": d, "causal": causal} for d in (3, 2, 1, -1) for causal in (True, False)]
AHEAD = {"d": -1, "causal": False}
LEARNED = [task for task in TASKS if task != {"d": -1, "causal": True}]


def turn(d, size):
    """The weights that turn each code back by d places, times a size."""
    angle = radians(45 * d)
    return dict(zip(WEIGHTS, (size * cos(angle), -size * sin(angle), size * sin(angle), size * cos(angle))))


def after(steps, **changes):
    return unit.take_steps(steps)({**START, **changes})


def found(steps=0, **changes):
    return unit.arrays(after(steps, **changes))


def drawn(seed):
    """The weights of the random start of a seed."""
    state = unit.random_start({**START, "seed": seed})
    return {name: state[name] for name in (*WEIGHTS, "seed")}


def wanted_shares(what):
    return [row[place] for row, place in zip(what["shares"], what["wanted"]) if place >= 0]


def loop(weights, causal):
    """Queries, shares and answers, number by number; places count from 1."""
    (w11, w12, w21, w22), queries, rows, answers = weights, [], [], []
    p = {t: (cos(radians(45 * t)), sin(radians(45 * t))) for t in range(1, 7)}
    for t in p:
        q1, q2 = p[t][0] * w11 + p[t][1] * w21, p[t][0] * w12 + p[t][1] * w22
        scores = {j: (q1 * p[j][0] + q2 * p[j][1]) / sqrt(2) for j in p if j <= t or not causal}
        powers = {j: exp(score - max(scores.values())) for j, score in scores.items()}
        shares = {j: power / sum(powers.values()) for j, power in powers.items()}
        queries.append([q1, q2])
        rows.append([shares.get(j, 0) for j in p])
        answers.append(sum(share * NUMBERS[j - 1] for j, share in shares.items()))
    return queries, rows, answers


def loop_cost(weights, d, causal):
    answers = loop(weights, causal)[2]
    errors = [answers[t - 1] - NUMBERS[t - d - 1] for t in range(1, 7) if 1 <= t - d <= 6]
    return sum(error**2 for error in errors) / len(errors)


def test_no_token_can_be_mistaken_for_another():
    assert len(set(NUMBERS)) == 6
    apart = [hypot(*(a - b)) for i, a in enumerate(unit.codes()) for b in unit.codes()[:i]]
    assert min(apart) == pytest.approx(2 * sin(radians(45 / 2)))  # none is nearer than the next place
    assert unit.codes()[1] == pytest.approx([0, 1])


def test_which_place_is_wanted_and_which_are_seen():
    assert unit.wanted(2).tolist() == [-1, -1, 0, 1, 2, 3] and unit.wanted(3).tolist() == [-1, -1, -1, 0, 1, 2]
    assert unit.wanted(-1).tolist() == [1, 2, 3, 4, 5, -1]
    assert unit.seen(False).all() and unit.seen(True).sum(axis=1).tolist() == [1, 2, 3, 4, 5, 6]
    assert unit.seen(True)[2].tolist() == [True] * 3 + [False] * 3


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("weights", HARD)
def test_what_is_drawn_is_that_of_a_plain_loop_and_slopes_are_those_of_differences(weights, task):
    what = found(**dict(zip(WEIGHTS, weights)), **task)
    for name, wanted in zip(("q", "shares", "c"), loop(weights, task["causal"])):
        assert what[name] == pytest.approx(np.array(wanted), rel=1e-12)
    cost, slopes = unit.cost_and_slopes(weights, {**START, **task})
    assert cost == pytest.approx(loop_cost(weights, **task), rel=1e-12) and what["costs"].tolist() == [cost]
    at = np.array(weights)
    assert slopes == pytest.approx(numerical_gradient(lambda: loop_cost(at, **task), at), rel=1e-6, abs=1e-8)


def test_one_token_by_hand():
    what = found(w12=-4.0, w21=4.0)  # a quarter turn to the right, times 4: place 4, (−1, 0), asks with (0, 4)
    assert what["q"][3] == pytest.approx([0, 4])
    heights = [sqrt(0.5), 1, sqrt(0.5), 0]  # of the codes of places 1 to 4
    powers = [exp(4 * height / sqrt(2)) for height in heights]
    shares = np.array(powers) / sum(powers)
    assert what["shares"][3, :4] == pytest.approx(shares) and not what["shares"][3, 4:].any()
    assert what["c"][3] == pytest.approx(np.dot(shares, [3, 9, 2, 4]))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    "state",
    [
        START,
        {**START, **turn(2, 15.0)},
        after(100),
        {**after(30, **drawn(4)), "learning_rate": 50.0},
        *({**START, **corner} for corner in BOXES[:8]),
        *({**START, **corner, "learning_rate": 50.0} for corner in CORNERS),
    ],
)
def test_numpy_and_keras_give_the_same_values(state, task):
    state = {**state, **task}
    cost, slopes = unit.cost_and_slopes([state[name] for name in WEIGHTS], state)
    following = state["w12"] - state["learning_rate"] * slopes[1]
    assert_values(unit.values, state, dict(zip(VALUES, (cost, *slopes, following))), TOLERANCE)


def test_a_step_of_the_layers_moves_the_queries_alone():
    state = {**START, "learning_rate": 50.0}
    for K in (nn, load_keras()):
        unit.values(K, state)
        model, _ = unit._model(K, 2, True)
        query, key, value, output = model.get_weights()
        assert np.abs(query).max() > 1 and np.array_equal(key[:, 0], np.eye(2)) and value == output == 1


def test_without_weights_each_token_reads_all_that_it_sees_alike():
    what = found()
    for t in range(6):
        assert what["shares"][t] == pytest.approx([1 / (t + 1)] * (t + 1) + [0] * (5 - t))
    assert what["c"] == pytest.approx([np.mean(NUMBERS[: t + 1]) for t in range(6)])
    what = found(causal=False)
    assert what["shares"] == pytest.approx(np.full((6, 6), 1 / 6)) and what["c"] == pytest.approx(np.mean(NUMBERS))


@pytest.mark.parametrize("d", [3, 2, 1, -1])
def test_one_turn_serves_all_places(d):
    places = np.radians(45 * (np.arange(1, 7) - d))  # also where no token stands
    for size in (1.0, 15.0):
        what = found(**turn(d, size), d=d, causal=False)
        assert what["q"] == pytest.approx(size * np.stack([np.cos(places), np.sin(places)], axis=1))
        asked = what["wanted"] >= 0
        assert np.array_equal(what["shares"].argmax(axis=1)[asked], what["wanted"][asked])


@pytest.mark.parametrize("d", [3, 2, 1])
def test_the_larger_the_weights_the_surer_the_shares(d):
    shares = np.array([wanted_shares(found(**turn(d, size), d=d)) for size in (1.0, 4.0, 8.0, 15.0, 30.0)])
    assert (np.diff(shares, axis=0) > 0).all() and shares[0].max() < 0.6 and shares[-1].min() > 0.99
    costs = [found(**turn(d, size), d=d)["costs"][-1] for size in (1.0, 4.0, 8.0, 15.0, 30.0)]
    assert (np.diff(costs) < 0).all() and costs[3] < 0.17


@pytest.mark.parametrize("task", LEARNED)
def test_from_weights_of_zero_the_turn_is_found(task):
    what, state = found(400, **task), after(400, **task)
    assert (np.diff(what["costs"]) < 0).all() and what["costs"][-1] < 0.3 and min(wanted_shares(what)) > 0.85
    by_hand = turn(task["d"], 1.0)
    W, T = (np.array([weights[name] for name in WEIGHTS]) for weights in (state, by_hand))
    assert W @ T / hypot(*W) / hypot(*T) > 0.99  # the cosine of the angle between what was learned and the turn


def test_where_the_first_task_stands_after_each_press():
    path = found(400)["costs"]
    assert path[[0, 50, 100, 200, 400]] == pytest.approx([6.5947, 5.3909, 3.6530, 0.9125, 0.2797], abs=1e-4)


@pytest.mark.parametrize("seed", range(0, 21, 2))
def test_what_the_mask_hides_cannot_be_learned(seed):
    """No token can do better than with the best mix of what it sees."""
    best = 0.0
    for t in range(5):
        mixed = np.clip(NUMBERS[t + 1], min(NUMBERS[: t + 1]), max(NUMBERS[: t + 1]))
        best += (mixed - NUMBERS[t + 1]) ** 2 / 5
    assert best == pytest.approx((36 + 1 + 0 + 1 + 0) / 5)
    cost = found(1000, **drawn(seed), d=-1)["costs"][-1]
    assert cost > 8.4 > best


def test_what_was_learned_by_looking_ahead_fails_under_the_mask():
    state = after(200, **AHEAD)
    cheating, masked = unit.arrays(state), unit.arrays({**state, "causal": True, "costs": ()})
    assert cheating["costs"][-1] < 0.6 < 25 < masked["costs"][-1]
    assert min(wanted_shares(cheating)) > 0.75 and not any(wanted_shares(masked))
    assert masked["costs"][-1] > found(**AHEAD | {"causal": True})["costs"][-1]  # worse than weights of 0


def test_a_mirror_is_a_valley_with_wrong_places_but_numbers_that_are_near():
    state = after(2000, **drawn(0), **AHEAD)
    what = unit.arrays(state)
    assert np.linalg.det(np.reshape([state[name] for name in WEIGHTS], (2, 2))) < -100
    assert (np.diff(what["costs"]) < 0).all() and what["costs"][-1] == pytest.approx(1.056, abs=0.01)
    assert sum(share < 0.01 for share in wanted_shares(what)) == 4
    assert what["c"][:5] == pytest.approx([7, 2, 4, 2, 7], abs=0.25)  # wanted are 9, 2, 4, 1, 7
    assert found(400, **drawn(1), **AHEAD)["costs"][-1] < 0.3


def test_full_shares_of_wrong_places_have_no_slope():
    wrong = {"w11": -END, "w22": -END, "d": 1, "causal": False}  # a turn by four places
    cost, slopes = unit.cost_and_slopes([-END, 0, 0, -END], {**START, **wrong})
    small = unit.cost_and_slopes([-1, 0, 0, -1], {**START, **wrong})[1]
    assert cost > 10 and np.abs(slopes).max() < 0.5 < np.abs(small).max()


def test_too_large_a_step_is_told():
    explorer = make_explorer()
    explorer.set(learning_rate=20.0)
    explorer.press("Step")
    explorer.press("Step")
    assert explorer.alt.endswith(" The cost grew: η was too large.")
    assert found(2, learning_rate=20.0)["costs"][-1] > 11 > found()["costs"][-1]


@pytest.mark.parametrize("corner", [*CORNERS, *BOXES])
def test_the_ends_of_all_controls_make_a_picture_and_no_warning(corner, recwarn):
    update = unit.draw(Figure())
    for eta, task in product((0.02, 50.0), TASKS):
        state = after(20, **corner, **task, learning_rate=eta, seed=20)
        what = unit.arrays(state)
        update(what)
        assert all(np.isfinite(value).all() for value in what.values())
        text = unit.alt(state, what)
        assert len(text) < 300 and not any(word in text for word in ("nan", "inf,", "-"))
    assert len(recwarn) == 0


def test_only_what_cannot_be_drawn_is_refused():
    controls = {row.control.key: row.control for row in make_explorer().rows}
    for name in WEIGHTS:
        assert controls[name].limits == (-END, END) and controls[name].accept(9.25, START) == (9.25, "")
    assert controls["learning_rate"].accept(1000, START)[0] == 50
    assert [value for _, value in controls["d"].options] == [3, 2, 1, -1]
    assert [value for _, value in controls["causal"].options] == [True, False]


def texts(axes):
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("state", [START, {**START, **turn(2, 15.0)}, after(60, **AHEAD), {**START, "d": -1}])
def test_the_picture_holds_the_arrays(state):
    figure, what = Figure(), unit.arrays(state)
    unit.draw(figure)(what)
    plane, matrix, curve = figure.axes
    keys, shafts = plane.lines[:6], plane.lines[7:]
    assert np.concatenate([key.get_xydata() for key in keys]) == pytest.approx(unit.codes())
    longest = max(hypot(*head.get_xy()[0]) for head in plane.patches)
    ring = 1 - unit.KEY * 2 * unit.REACH / SIDE  # where the dots of the keys begin
    assert longest == 0 or 0.29 < longest <= unit.LONGEST < ring
    ends = what["q"] * longest / max(np.hypot(*what["q"].T).max(), 1e-9)
    for key, head, end in zip(keys, plane.patches, ends):
        assert head.get_xy()[0] == pytest.approx(end, abs=1e-9)
        assert tuple(head.get_facecolor()) == tuple(key.get_markeredgecolor())
    assert len({(shaft.get_linestyle(), str(shaft.get_color())) for shaft in shafts}) == 6
    assert texts(plane)[:12] == [f"{letter}{t}" for letter in "kq" for t in "₁₂₃₄₅₆"]
    assert np.array_equal(matrix.images[0].get_array(), np.where(what["seen"], what["shares"], np.nan), equal_nan=True)
    shares = [f"{x:.2f}" if seen else "" for x, seen in zip(what["shares"].ravel(), what["seen"].ravel())]
    assert texts(matrix)[:42] == shares + [f"{c:.2f}" for c in what["c"]]
    assert texts(matrix)[43:49] == [f"{x:.0f}" for x in NUMBERS]
    assert texts(matrix)[-6:] == [f"{NUMBERS[j]:.0f}" if j >= 0 else "–" for j in what["wanted"]]
    framed = [(frame.get_y() + 0.46, frame.get_x() + 0.46) for frame in matrix.patches if frame.get_visible()]
    wanted = [(t, j) for t, j in enumerate(what["wanted"]) if j >= 0]
    assert np.array(framed) == pytest.approx(np.array(wanted))
    assert np.array_equal(curve.lines[0].get_ydata(), what["costs"])


def test_hidden_cells_are_gray_and_struck_out_and_a_share_of_0_is_not():
    figure = Figure()
    update = unit.draw(figure)
    matrix = figure.axes[1]
    for causal, count in ((True, 15), (False, 0)):
        what = found(**turn(2, 15.0), causal=causal)
        update(what)
        image = matrix.images[0]
        red, green, blue, _ = np.moveaxis(image.to_rgba(image.get_array()), -1, 0)
        gray = (red == green) & (green == blue) & (red < 0.9)
        assert np.array_equal(gray, ~what["seen"]) and gray.sum() == count
        strokes = matrix.lines[0].get_xydata().reshape(count, 3, 2)[:, :2].mean(axis=1)
        assert strokes[:, ::-1].tolist() == np.argwhere(gray).tolist()
        assert what["shares"][5, 0] < 0.005  # seen, though it is not read


@pytest.mark.parametrize("task", [START, {"d": -1}, {"d": 1, "causal": False}])
@pytest.mark.parametrize("change", [{}, turn(2, 15.0), turn(1, 4.0), turn(-1, 20.0), CORNERS[0], CORNERS[6], BOXES[5]])
def test_nothing_in_the_picture_leaves_it_or_covers_something_else(change, task):
    explorer = make_explorer()
    explorer.set(**task)
    explorer.set(**change)
    figure, renderer = assert_panels_apart(explorer)
    assert_names_apart(figure.axes[0], figure.axes[0].texts[:12], renderer, touch=2)


def test_the_sentence_says_what_is_drawn():
    explorer = make_explorer()
    assert explorer.alt == (
        "w₁₁ = 0, w₁₂ = 0, w₂₁ = 0, w₂₂ = 0; no looking ahead. Tokens 3 to 6 want places 1 to 4: "
        "shares 0.33, 0.25, 0.20, 0.17; c = 4.67, 4.50, 3.80, 4.33; y = 3, 9, 2, 4. "
        f"Step 0, η = 0.2, seed 0: cost J = {loop_cost((0, 0, 0, 0), 2, True):.4f}."
    )
    explorer.set(d=-1, w12=-3.14159)
    answers = loop((0, -3.14159, 0, 0), True)[2]
    assert explorer.alt == (
        "w₁₁ = 0, w₁₂ = −3.14, w₂₁ = 0, w₂₂ = 0; no looking ahead. Tokens 1 to 5 want places 2 to 6: "
        f"shares hidden; c = {', '.join(f'{c:.2f}' for c in answers[:5])}; y = 9, 2, 4, 1, 7. "
        f"Step 0, η = 0.2, seed 0: cost J = {loop_cost((0, -3.14159, 0, 0), -1, True):.4f}."
    )
    explorer.set(causal=False)
    _, rows, _ = loop((0, -3.14159, 0, 0), False)
    shares = ", ".join(f"{rows[t][t + 1]:.2f}" for t in range(5))
    assert f"; all places seen. Tokens 1 to 5 want places 2 to 6: shares {shares}; " in explorer.alt
