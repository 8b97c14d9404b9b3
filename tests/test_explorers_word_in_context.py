"""The explorer of a word in context: its numbers against plain loops and differences, and what its four weights do."""

from importlib import import_module
from itertools import product
from math import exp, log, log1p, sqrt

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from course_utils import bridge, load_keras, nn
from course_utils.explorers import word_in_context as make_explorer
from course_utils.explorers.controls import BOX_LIMIT
from course_utils.explorers.query_plane import arrow_scale
from tests.panels import assert_names_apart, assert_panels_apart

unit = import_module("course_utils.explorers.word_in_context")
numerical_gradient = import_module("course_utils.nn.gradcheck").numerical_gradient
START, WEIGHTS, SENTENCES, CODES = unit.INITIAL, unit.WEIGHTS, unit.SENTENCES, unit.CODES
BOTH, LEFT = SIDES = (unit.BOTH, unit.LEFT)
TOLERANCE = make_explorer()._tolerance
END = 15.0  # of each slider, on both sides
CORNERS = [dict(zip(WEIGHTS, corner)) for corner in product((-END, END), repeat=4)]
BOXES = [dict(zip(WEIGHTS, signs)) for signs in product((-BOX_LIMIT, BOX_LIMIT), repeat=4)]
HARD = [(0.0, 0.0, 0.0, 0.0), (0.5, 2.0, -1.5, 0.3), (-2.0, 0.7, 3.0, 1.1), (4.0, 3.0, -6.0, 5.0)]
BY_HAND = {"q1": 8.0, "v2": 8.0}
FLOOR = log(2) / 2  # J, if two of four sentences get ŷ = 0.5 and the others what they should


def after(steps, state):
    return unit.take_steps(steps)(state)


def found(steps=0, **changes):
    return unit.arrays(after(steps, {**START, **changes}))


def drawn(seed, **changes):
    """The random start of a seed."""
    return {**unit.random_start({**START, "seed": seed}), **changes}


def share(what, row, word):
    """The share of a word, at all its places."""
    return sum(part for part, name in zip(what["shares"][row], SENTENCES[row]) if name == word)


def loop(weights, sides):
    """Shares and sums z, number by number."""
    (q1, q2, v1, v2), rows, sums = weights, [], []
    for sentence in SENTENCES:
        read = sentence[: sentence.index("bank") + 1] if sides == LEFT else sentence
        scores = [(q1 * CODES[word][0] + q2 * CODES[word][1]) / sqrt(2) for word in read]
        powers = [exp(score - max(scores)) for score in scores]
        shares = [power / sum(powers) for power in powers]
        rows.append(shares + [0.0] * (5 - len(read)))
        sums.append(sum(part * (v1 * CODES[word][0] + v2 * CODES[word][1]) for part, word in zip(shares, read)))
    return rows, sums


def loop_cost(weights, sides):
    """J by −ln ŷ or −ln (1 − ŷ), which are ln (1 + e^∓z)."""
    losses = [log1p(exp(-z if water else z)) for z, water in zip(loop(weights, sides)[1], (1, 1, 0, 0))]
    return sum(losses) / 4


def test_the_telling_word_stands_on_either_side_for_either_meaning():
    sides = set()
    for sentence, water in zip(SENTENCES, unit.IS_WATER):
        at, best = sentence.index("bank"), max(sentence, key=lambda word: CODES[word][0])
        assert sentence.count("bank") == 1 and len(sentence) == 5 and CODES[best][0] >= 0.8
        assert (CODES[best][1] > 0) == water
        telling = [place > at for place, word in enumerate(sentence) if CODES[word][0] >= 0.8]
        assert len(set(telling)) == 1  # all of them on one side
        sides.add((telling[0], bool(water)))
    assert len(sides) == 4
    assert set(CODES) == {word for sentence in SENTENCES for word in sentence}


def test_function_words_tell_little_and_none_is_without_a_leaning():
    for word, (telling, water) in CODES.items():
        assert (word in ("the", "of", "near", "from")) == (telling < 0)
        assert water != 0 and (telling > 0 or abs(water) <= 0.3)
    assert -0.6 < CODES["bank"][1] < 0 < CODES["bank"][0] < 0.3


@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("weights", HARD)
def test_what_is_drawn_is_that_of_a_plain_loop(weights, sides):
    what, (rows, sums) = found(**dict(zip(WEIGHTS, weights)), sides=sides), loop(weights, sides)
    assert what["shares"] == pytest.approx(np.array(rows), rel=1e-12)
    assert what["p"] == pytest.approx([1 / (1 + exp(-z)) for z in sums], rel=1e-12)
    assert what["costs"].tolist() == pytest.approx([loop_cost(weights, sides)], rel=1e-12)
    assert [*what["q"], *what["v"]] == list(weights)


@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("weights", HARD)
def test_the_slopes_are_those_of_central_differences(weights, sides):
    cost, slopes = unit.cost_and_slopes(np.array(weights), sides)
    at = np.array(weights)
    assert cost == pytest.approx(loop_cost(weights, sides), rel=1e-12)
    assert slopes == pytest.approx(numerical_gradient(lambda: loop_cost(at, sides), at), rel=1e-6, abs=1e-9)


STATES = [
    START,
    after(50, START),
    after(200, {**START, "sides": LEFT}),
    after(200, drawn(4)),
    *(after(3, drawn(9, sides=sides, learning_rate=200.0)) for sides in SIDES),
    {**START, **BY_HAND},
    *({**START, **corner, "sides": sides} for corner in (*CORNERS, *BOXES) for sides in SIDES),
    *({**START, **corner, "learning_rate": 200.0} for corner in CORNERS),
]


@pytest.mark.parametrize("state", STATES)
def test_numpy_and_keras_give_the_same_values(state):
    ours, theirs = (unit.values(K, state) for K in (nn, load_keras()))
    cost, slopes = unit.cost_and_slopes(np.array([state[name] for name in WEIGHTS]), state["sides"])
    assert list(ours) == ["J", "∂J/∂q₁", "∂J/∂q₂", "∂J/∂v₁", "∂J/∂v₂", "next v₂"]
    wanted = (cost, *slopes, state["v2"] - state["learning_rate"] * slopes[3])
    for values in (ours, theirs):
        assert list(values.values()) == pytest.approx(wanted, rel=TOLERANCE, abs=TOLERANCE)
    for name, value in ours.items():
        assert bridge.Row(name, value, theirs[name], TOLERANCE).agrees


def test_a_long_step_of_both_engines_leaves_keys_and_output_alone():
    for K in (nn, load_keras()):
        unit.values(K, {**START, "learning_rate": 200.0})
        first = unit.values(K, {**START, **BY_HAND})
        assert list(unit.values(K, {**START, **BY_HAND}).values()) == pytest.approx(list(first.values()), rel=1e-12)
        keys, output = (unit._model(K)[0].get_weights()[i] for i in (1, 3))
        assert np.array_equal(keys[:, 0], np.eye(2)) and output == 1


def test_without_weights_all_seen_words_have_the_same_share_and_the_answer_is_a_half():
    assert found()["shares"] == pytest.approx(np.full((4, 5), 0.2))
    what = found(sides=LEFT)
    assert what["shares"][1] == pytest.approx([0.5, 0.5, 0, 0, 0]) and what["p"] == pytest.approx(np.full(4, 0.5))


def test_query_and_value_solve_it_by_hand_and_neither_alone():
    what = found(**BY_HAND)
    assert ((what["p"] > 0.95) == [True, True, False, False]).all() and (what["p"] < 0.05).sum() == 2
    for row, words in enumerate((("fish", "swim"), ("river",), ("lent", "money"), ("loan",))):
        assert sum(share(what, row, word) for word in words) > 0.95
    assert found(q1=8.0)["p"] == pytest.approx(np.full(4, 0.5))  # looks at the right words, and says nothing
    assert found(v2=8.0)["p"][1] < 0.4  # listens to all words alike: "river" loses
    assert found(q1=8.0, v1=8.0)["p"].min() > 0.95  # makes water of every telling word


def test_no_value_solves_it_without_a_query():
    v = np.zeros(2)  # for q = 0, J has no other valley than the lowest
    for _ in range(20_000):
        v -= unit.cost_and_slopes(np.array([0, 0, *v]), BOTH)[1][2:]
    cost, slopes = unit.cost_and_slopes(np.array([0, 0, *v]), BOTH)
    assert np.abs(slopes[2:]).max() < 1e-6 and cost > 0.32
    for angle in np.linspace(0, 2 * np.pi, 721):  # and a value of any direction is wrong about one sentence at least
        z = unit.forward(np.array([0, 0, np.cos(angle), np.sin(angle)]), BOTH)[2]
        assert ((z > 0) != unit.IS_WATER).any()


def test_the_value_learns_first_and_then_the_query():
    one, two = after(1, START), after(2, START)
    assert one["q1"] == one["q2"] == 0 and one["v2"] > 20 * one["v1"] > 0
    assert two["q1"] > 0 and two["q2"] > 0
    _, slopes = unit.cost_and_slopes(np.array([3.0, -2.0, 0.0, 0.0]), BOTH)
    assert not slopes[:2].any() and slopes[2:].all()


def test_the_start_learns_within_a_few_presses():
    path = found(200)["costs"]
    assert path[[0, 50, 100, 200]] == pytest.approx([0.6931, 0.0759, 0.0280, 0.0120], abs=1e-4)
    assert (np.diff(path) < 0).all() and ((found(200)["p"] > 0.97) == [True, True, False, False]).all()


@pytest.mark.parametrize("start", [START, {**START, **BY_HAND}, drawn(2), drawn(17)])
def test_who_sees_the_left_only_cannot_tell_two_sentences_apart(start):
    what = unit.arrays(after(1000, {**start, "sides": LEFT}))
    assert what["p"][1] == pytest.approx(what["p"][2]) and what["costs"].min() > FLOOR
    assert not what["shares"][~what["seen"]].any() and what["seen"].sum() == 14


def test_what_was_learned_from_both_sides_does_not_help_with_one():
    learned = {name: after(200, START)[name] for name in WEIGHTS}
    assert found(**learned)["costs"][-1] < 0.02 and found(**learned, sides=LEFT)["costs"][-1] > 0.7
    left = found(200, sides=LEFT)["costs"]
    assert left[-1] > 0.5 and found(200)["costs"][-1] < 0.02


def test_the_code_of_bank_alone_gives_one_answer():
    what = found(q1=END, v2=8.0, sides=LEFT)
    assert share(what, 1, "bank") > 0.99 and share(what, 2, "bank") > 0.99
    assert what["p"][1:3] == pytest.approx(1 / (1 + np.exp(4)), abs=2e-3)  # 8 · −0.5 = −4: money


def test_full_shares_of_words_that_say_little_have_hardly_a_slope():
    start = {"q1": -END, "v2": 8.0}
    what = found(200, **start)
    assert what["costs"][[100, 200]] == pytest.approx([0.7224, 0.7202], abs=1e-4)
    assert max(share(what, row, word) for row in range(4) for word in CODES if CODES[word][0] > 0) < 0.001
    assert np.abs(unit.cost_and_slopes(np.array([-END, 0, 0, 0]), BOTH)[1]).max() < 0.01


def test_a_value_of_the_wrong_sign_makes_the_query_look_away():
    state = after(50, {**START, "v2": -8.0})
    what = unit.arrays(state)
    assert state["q1"] < -2 and state["v2"] < 0  # it could as well have turned v, as it does where q is fixed
    assert share(what, 1, "river") < 0.05 and what["costs"][-1] > 0.68
    fixed = after(50, {**START, "q1": 8.0, "v2": -8.0})
    assert fixed["q1"] > 7 and fixed["v2"] > 3 and unit.arrays(fixed)["costs"][-1] < 0.08


def test_too_large_a_step_is_told_where_sentences_contradict_each_other():
    explorer = make_explorer()
    explorer.set(learning_rate=200.0, sides=LEFT)
    explorer.press("Step")
    assert explorer.alt.endswith(" The cost grew: η was too large.")
    assert unit.arrays(explorer.state)["costs"] == pytest.approx([log(2), 1.3868], abs=1e-4)
    assert found(50, learning_rate=1.0, sides=LEFT)["costs"][-1] < 0.56


def test_no_learning_rate_carries_the_weights_beyond_what_both_engines_agree_on():
    for sides, seed in product(SIDES, (0, 9)):
        state = after(2000, drawn(seed, learning_rate=200.0, sides=sides))
        assert max(abs(state[name]) for name in WEIGHTS) < BOX_LIMIT


@pytest.mark.parametrize("corner", [*CORNERS, *BOXES])
def test_the_ends_of_all_controls_make_a_picture_and_no_warning(corner, recwarn):
    update = unit.draw(Figure())
    for eta, sides in product((0.05, 1.0, 200.0), SIDES):
        state = after(20, {**START, **corner, "learning_rate": eta, "sides": sides})
        what = unit.arrays(state)
        update(what)
        assert all(np.isfinite(value).all() for name, value in what.items() if name != "sides")
        text = unit.alt({**state, "costs": state["costs"] * 250, "seed": 20}, what)
        assert "Step 5,000 (the last)" in text and len(text) < 280
        assert "nan" not in text and "inf" not in text and "-" not in text
    assert len(recwarn) == 0


def test_only_what_cannot_be_drawn_is_refused():
    controls = {row.control.key: row.control for row in make_explorer().rows}
    for name in WEIGHTS:
        assert controls[name].limits == (-END, END) and controls[name].accept(99.5, START) == (99.5, "")
    assert controls["learning_rate"].accept(1000, START)[0] == 200
    assert controls["sides"].options == (BOTH, LEFT)


def texts(axes):
    return [text.get_text() for text in axes.texts]


SHOWN = [START, {**START, **BY_HAND}, {**START, **BY_HAND, "sides": LEFT}, after(50, drawn(4)), {**START, **BOXES[-1]}]


@pytest.mark.parametrize("state", SHOWN)  # in the last, some shares are 0 of words that are seen
def test_the_picture_holds_the_arrays(state):
    figure, what = Figure(), unit.arrays(state)
    unit.draw(figure)(what)
    plane, panel, curve = figure.axes
    assert {tuple(dot) for line in plane.lines[:2] for dot in line.get_xydata()} == set(CODES.values())
    arrows = np.stack([what["q"], what["v"]])
    ends = arrows / arrow_scale(arrows, unit.LONGEST)
    assert [head.get_xy()[0] for head in plane.patches] == pytest.approx(ends) and np.abs(ends).max() <= unit.LONGEST
    assert len({line.get_linestyle() for line in plane.lines[-2:]}) == 2
    assert set(texts(plane)) >= {*CODES, "q", "v", "water ↑", "money ↓"}
    boxes, hidden, frames = panel.collections
    shades = unit.colormaps["Blues"](what["shares"].ravel() / unit.TOP_OF_COLORS)
    assert boxes.get_facecolor() == pytest.approx(shades)
    assert len(hidden.get_paths()) == (~what["seen"]).sum() and hidden.get_hatch() and len(frames.get_paths()) == 4
    words, shares = texts(panel)[:20], texts(panel)[20:40]
    assert words == [word for sentence in SENTENCES for word in sentence]
    seen = what["seen"].ravel()
    assert shares == [f"{part:.2f}" * bool(shown) for part, shown in zip(what["shares"].ravel(), seen)]
    assert texts(panel)[40:44] == [f"ŷ {p:.2f}" for p in what["p"]]
    assert texts(panel)[44:48] == ["y water", "y water", "y money", "y money"]
    assert np.array_equal(curve.lines[0].get_ydata(), np.minimum(what["costs"], unit.ENDS[1][-1]))


def test_the_frames_stand_around_bank_and_the_hatched_boxes_on_what_it_does_not_see():
    figure = Figure()
    unit.draw(figure)(found(sides=LEFT))
    panel = figure.axes[1]
    _, hidden, frames = panel.collections

    def inside(collection):
        boxes = [path.get_extents() for path in collection.get_paths()]
        words = [text for text in panel.texts if text.get_text() in CODES]
        return [text.get_text() for text in words if any(box.contains(*text.get_position()) for box in boxes)]

    assert inside(frames) == ["bank"] * 4
    assert inside(hidden) == ["of", "the", "river", "lent", "the", "money"]
    assert not np.allclose(frames.get_edgecolor()[0], to_rgba("0.6"))


def test_what_stands_above_the_panels():
    figure = Figure()
    update = unit.draw(figure)
    plane, panel, curve = figure.axes
    update(found())
    assert texts(plane)[-2:] == ["codes of the words", "arrows: q ━, v ╍"]
    assert texts(panel)[-2:] == ["“bank” sees both sides", "shares, and ŷ = p(water)"]
    assert texts(curve) == ["step 0: J = 0.6931", ""]
    update(found(1, sides=LEFT, learning_rate=200.0))
    assert texts(panel)[-2] == "“bank” sees its left only" and texts(curve)[1] == "the cost grew"
    update(found(**dict.fromkeys(WEIGHTS, BOX_LIMIT)))
    assert texts(plane)[-1] == "arrows: q ━, v ╍ ÷ 2,000"


PICTURES = [{}, BY_HAND, {"q1": -END, "q2": END, "v1": 3.0, "sides": LEFT}, *CORNERS, BOXES[5], BOXES[10]]


@pytest.mark.parametrize("change", PICTURES)
def test_nothing_in_the_picture_leaves_it_or_covers_something_else(change):
    explorer = make_explorer()
    explorer.set(**change)
    figure, renderer = assert_panels_apart(explorer, lambda axes: [text for text in axes.texts if text.get_text()])
    plane, panel, _ = figure.axes
    named = [text for text in plane.texts if text.get_text() in (*CODES, "q", "v")]
    assert_names_apart(plane, named, renderer, touch=2)
    assert_names_apart(panel, [text for text in panel.texts if text.get_text()], renderer, touch=2)
    written = [text.get_window_extent(renderer) for text in panel.texts[:40]]
    for path, word, part in zip(panel.collections[0].get_paths(), written[:20], written[20:]):
        box = panel.transData.transform_bbox(path.get_extents())
        assert panel.bbox.x0 < box.x0 and box.y0 > panel.bbox.y0
        for text in (word, part) if part.width else (word,):
            assert box.x0 <= text.x0 and text.x1 <= box.x1 and box.y0 <= text.y0 and text.y1 <= box.y1


def test_the_sentence_says_what_is_drawn():
    explorer = make_explorer()
    half = "each 0.20 → 0.50, each 0.20 → 0.50"
    assert explorer.alt == (
        f"q = (0, 0), v = (0, 0). “bank” sees both sides. Largest share → ŷ. Water: {half}. Money: {half}. "
        "Step 0, η = 1, seed 0: cost J = 0.6931."
    )
    explorer.set(sides=LEFT)
    assert (
        "“bank” sees its left only. Largest share → ŷ. Water: each 0.20 → 0.50, each 0.50 → 0.50. Money: each 0.50"
        in explorer.alt
    )
    explorer.set(sides=BOTH, q1=-4e-5, v1=1.23456)
    assert explorer.alt.startswith("q = (0, 0), v = (1.23, 0). “bank” sees both sides.")
    explorer.set(q1=8.0, v1=0.0, v2=-8.0)
    rows, sums = loop((8, 0, 0, -8), BOTH)
    swim, river, money, loan = (
        f"{word} {max(row):.2f} → {1 / (1 + exp(-z)):.2f}"
        for word, row, z in zip(("swim", "river", "money", "loan"), rows, sums)
    )
    assert explorer.alt == (
        f"q = (8, 0), v = (0, −8). “bank” sees both sides. Largest share → ŷ. "
        f"Water: {swim}, {river}. Money: {money}, {loan}. "
        f"Step 0, η = 1, seed 0: cost J = {loop_cost((8, 0, 0, -8), BOTH):.4f}."
    )
