"""The embedding explorer: the mean of rows and its slopes against loops, what is learned, and what cannot be."""

from importlib import import_module
from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure

from course_utils import bridge, load_keras, nn
from course_utils.explorers import embedding as make_explorer

table = import_module("course_utils.explorers.embedding")
plane = import_module("course_utils.explorers.embedding_plane")
numerical_gradient = import_module("course_utils.nn.gradcheck").numerical_gradient
START, WORDS, WEIGHTS = table.INITIAL, table.WORDS, table.WEIGHTS
PLAIN, ONE_SIDED, WITH_NOT = table.PLAIN, table.ONE_SIDED, table.WITH_NOT
SETS, SEEDS = (PLAIN, ONE_SIDED, WITH_NOT), range(21)
LEAST = 0.64195  # the smallest J of WITH_NOT, see below


def after(steps, state):
    return table.take_steps(steps)(state)


def drawn(seed, **changes):
    return table.random_start({**START, "seed": seed, **changes})


def row(state, word):
    return np.array([state[f"{word}[0]"], state[f"{word}[1]"]])


def rows(word, values):
    return {f"{word}[{i}]": float(value) for i, value in enumerate(values)}


def loops(state):
    """J, its slope in each weight, and p of each sentence, word by word."""
    positive, negative = table.SENTENCES[state["sentences"]]
    labels = {**dict.fromkeys(positive, 1), **dict.fromkeys(negative, 0)}
    total, slopes, probabilities = 0.0, dict.fromkeys(WEIGHTS, 0.0), []
    for sentence, y in labels.items():
        words = sentence.split()
        m = [sum(state[f"{word}[{i}]"] for word in words) / len(words) for i in range(2)]
        p = 1 / (1 + np.exp(-(state["w1"] * m[0] + state["w2"] * m[1] + state["b"])))
        probabilities.append(p)
        total -= np.log(p if y else 1 - p)
        slopes["b"] += (p - y) / len(labels)
        for i, name in enumerate(("w1", "w2")):
            slopes[name] += (p - y) * m[i] / len(labels)
            for word in words:
                slopes[f"{word}[{i}]"] += (p - y) * state[name] / len(words) / len(labels)
    return total / len(labels), [slopes[name] for name in WEIGHTS], probabilities


def test_each_set_has_sentences_of_known_words_and_both_labels():
    for name in SETS:
        texts, words, y = table.records(name)
        assert sorted(y) == [0.0] * (len(y) // 2) + [1.0] * (len(y) // 2) and len(set(texts)) == len(texts)
        for text, numbers, parts in zip(texts, words, table.shares(name)):
            read = [WORDS[number - 1] for number in numbers if number]
            assert " ".join(read) == text and len(numbers) == table.LONGEST
            assert parts.tolist() == [read.count(word) / len(read) for word in WORDS]
    texts, _, y = table.records(WITH_NOT)
    assert dict(zip(texts, y)) == {"good": 1, "not bad": 1, "bad": 0, "not good": 0}


def test_in_the_plain_set_good_and_great_swap_places_and_so_do_bad_and_awful():
    texts, _, y = table.records(PLAIN)
    labels = dict(zip(texts, y))
    for one, other in (("good", "great"), ("bad", "awful")):
        swap = {one: other, other: one}
        assert {" ".join(swap.get(word, word) for word in text.split()): labels[text] for text in labels} == labels
    for word in ("food", "service", "is"):
        of_word = [label for text, label in labels.items() if word in text.split()]
        assert len(of_word) == 4 and sum(of_word) == 2


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("seed", (0, 1, 2))
def test_cost_and_slopes_are_those_of_loops_and_of_central_differences(seed, name):
    state = drawn(seed, sentences=name)
    state |= {weight: 3 * state[weight] for weight in WEIGHTS}
    weights = table.weights_of(state)
    cost, slopes = table.cost_and_slopes(weights, name)
    by_loops, slopes_by_loops, probabilities = loops(state)
    assert cost == pytest.approx(by_loops) and slopes == pytest.approx(slopes_by_loops, abs=1e-12)
    by_differences = numerical_gradient(lambda: table.cost_and_slopes(weights, name)[0], weights)
    assert slopes == pytest.approx(by_differences, abs=1e-8)
    assert table.arrays(state)["p"] == pytest.approx(probabilities)


def test_what_is_drawn_is_computed_by_hand():
    state = drawn(4, sentences=ONE_SIDED, word="food", learning_rate=2.0)
    found, (cost, slopes, probabilities) = table.arrays(state), loops(state)
    by_name = dict(zip(WEIGHTS, slopes))
    for i, word in enumerate(WORDS):
        assert np.array_equal(found["rows"][i], row(state, word))
        z = state["w1"] * row(state, word)[0] + state["w2"] * row(state, word)[1] + state["b"]
        assert found["alone"][i] == pytest.approx(1 / (1 + np.exp(-z)))
        step = np.array([by_name[f"{word}[{k}]"] for k in range(2)])
        assert found["next"][i] == pytest.approx(row(state, word) - 2 * step)
        assert found["used"][i] == any(word in text.split() for text in found["texts"])
    assert found["w"].tolist() == [state["w1"], state["w2"]] and found["b"] == state["b"]
    assert WORDS[found["word"]] == "food" and found["costs"] == pytest.approx([cost])
    assert found["right"].tolist() == [(p > 0.5) == (y == 1) for p, y in zip(probabilities, found["y"])]


@pytest.mark.parametrize("name", SETS)
def test_steps_are_sgd_by_hand(name):
    state = by_hand = drawn(5, sentences=name, learning_rate=0.7)
    costs = []
    for _ in range(3):
        cost, slopes, _ = loops(by_hand)
        costs.append(cost)
        by_hand = {**by_hand, **{key: by_hand[key] - 0.7 * slope for key, slope in zip(WEIGHTS, slopes)}}
    made = after(3, state)
    assert table.weights_of(made) == pytest.approx(table.weights_of(by_hand))
    assert made["costs"] == pytest.approx(tuple(costs))


STATES = [
    *({**START, "sentences": name, "word": word} for name, word in zip(SETS, ("great", "is", "not"))),
    *(after(50, drawn(seed, sentences=name, word="bad")) for seed, name in enumerate(SETS)),
    after(200, drawn(3, learning_rate=20.0)),
    after(50, drawn(3, sentences=WITH_NOT, learning_rate=100.0)),
    {**START, **dict.fromkeys(WEIGHTS, 0.0)},
    {**START, **dict.fromkeys(table.ROWS, 5.0), **dict.fromkeys(table.OUTPUT, 8.0)},
    {**START, **dict.fromkeys(table.ROWS, -5.0), **dict.fromkeys(table.OUTPUT, 8.0), "sentences": ONE_SIDED},
]


@pytest.mark.parametrize("state", STATES)
def test_numpy_and_keras_give_the_same_values(state):
    ours, theirs = (table.values(K, state) for K in (nn, load_keras()))
    cost, slopes = table.cost_and_slopes(table.weights_of(state), state["sentences"])
    x, y, w1 = (slopes[WEIGHTS.index(key)] for key in (f"{state['word']}[0]", f"{state['word']}[1]", "w1"))
    next_x = row(state, state["word"])[0] - state["learning_rate"] * x
    assert list(ours) == ["first p", "J", "∂J/∂x", "∂J/∂y", "∂J/∂w₁", "next x"]
    for found in (ours, theirs):
        wanted = (table.arrays(state)["p"][0], cost, x, y, w1, next_x)
        assert list(found.values()) == pytest.approx(wanted, rel=1e-5, abs=1e-5)
    for name, value in ours.items():
        assert bridge.Row(name, value, theirs[name], 1e-5).agrees


def test_padding_takes_no_part_in_the_models():
    words = table.records(PLAIN)[1].astype("float32")
    assert (words == 0).any()
    for K in (nn, load_keras()):
        table.values(K, drawn(1))
        model, _ = table._model(K)
        weights, before = model.get_weights(), np.asarray(model(words))
        assert weights[0][0].tolist() == [0.0, 0.0]  # after a step
        weights[0][0] = 7.0, -7.0
        model.set_weights(weights)
        assert np.array_equal(np.asarray(model(words)), before)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_default_rate_learns_both_solvable_sets_from_any_seed(seed):
    for name in (PLAIN, ONE_SIDED):
        learned = after(200, drawn(seed, sentences=name))
        found = table.arrays(learned)
        assert found["right"].all() and found["costs"][-1] < 0.005 and (np.diff(found["costs"]) < 0).all()
        alone = dict(zip(WORDS, found["alone"]))
        side = np.array([learned["w1"], learned["w2"]])
        scores = {word: row(learned, word) @ side for word in WORDS}
        if name == PLAIN:
            assert min(alone["good"], alone["great"]) > 0.95 and max(alone["bad"], alone["awful"]) < 0.05
            assert min(scores["good"], scores["great"]) > scores["food"] > max(scores["bad"], scores["awful"])
        else:
            assert alone["food"] > 0.99 and alone["service"] < 0.01
            assert scores["food"] > max(scores["good"], scores["great"])
        assert np.array_equal(row(learned, "not"), row(drawn(seed), "not"))


def test_words_in_no_sentence_stay_where_they_are():
    for name in SETS:
        state = drawn(6, sentences=name)
        used = table.arrays(state)["used"]
        for word, occurs in zip(WORDS, used):
            assert np.array_equal(row(after(50, state), word), row(state, word)) != occurs
    assert [word for word, occurs in zip(WORDS, used) if occurs] == ["good", "bad", "not"]


def test_rows_that_start_equal_and_are_used_alike_stay_equal():
    state = drawn(2) | rows("great", row(drawn(2), "good"))
    learned = after(100, state)
    assert row(learned, "great") == pytest.approx(row(learned, "good"), abs=1e-9)
    assert np.abs(row(learned, "good") - row(state, "good")).max() > 0.5
    learned = after(100, state | {"sentences": WITH_NOT})
    assert np.abs(row(learned, "great") - row(learned, "good")).max() > 0.3


def test_without_any_difference_nothing_is_learned_but_the_bias():
    state = {**START, **dict.fromkeys(WEIGHTS, 0.0), "b": 1.0}
    learned = after(200, state)
    assert [learned[name] for name in WEIGHTS[:-1]] == [0.0] * 18 and abs(learned["b"]) < 1e-4
    assert table.arrays(learned)["costs"][-1] == pytest.approx(np.log(2))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mean_cannot_learn_not(seed):
    found = table.arrays(after(1000, drawn(seed, sentences=WITH_NOT)))
    assert found["costs"][-1] == pytest.approx(LEAST, abs=1e-4)
    assert found["right"].tolist() == [True, False, True, False]
    assert found["p"] == pytest.approx([0.6983, 0.3966, 0.3017, 0.6034], abs=5e-3)  # good, not bad, bad, not good


def test_the_least_cost_of_not_is_where_its_slope_is_zero():
    t = next(root.real for root in np.roots([1, 0, -1, -2]) if abs(root.imag) < 1e-9)  # t³ = t + 2, t = exp(z / 2)
    z = 2 * np.log(t)  # of good; −z of bad; the halves of it for "not good" and "not bad"
    assert (np.log1p(np.exp(-z)) + np.log1p(np.exp(z / 2))) / 2 == pytest.approx(LEAST, abs=5e-6)
    state = {**START, **dict.fromkeys(WEIGHTS, 0.0), "w1": 1.0, "good[0]": z, "bad[0]": -z, "sentences": WITH_NOT}
    cost, slopes = table.cost_and_slopes(table.weights_of(state), WITH_NOT)
    assert cost == pytest.approx(LEAST, abs=5e-6) and np.abs(slopes).max() < 1e-12
    rng = np.random.default_rng(0)
    for scale in (0.1, 1, 5):  # J is convex in the scores, so that no weights at all do better
        others = table.weights_of(state) + scale * rng.standard_normal((200, len(WEIGHTS)))
        assert min(table.cost_and_slopes(weights, WITH_NOT)[0] for weights in others) > cost


def test_whatever_the_scores_at_least_one_of_the_four_is_wrong():
    scores = np.linspace(-3, 3, 13)
    good, bad, no, b = (grid.ravel() for grid in np.meshgrid(scores, scores, scores, scores))
    right = (good + b > 0) * 1 + ((no + bad) / 2 + b > 0) + (bad + b <= 0) + ((no + good) / 2 + b <= 0)
    assert right.max() == 3


@pytest.mark.parametrize("name", SETS)
def test_too_large_a_rate_is_told_and_nothing_overflows(name, recwarn):
    told = set()
    for seed in range(7):
        for eta in (10.0, 20.0, 100.0):
            state = drawn(seed, sentences=name, learning_rate=eta)
            for steps in (1, 1, 1, 50, 1):
                state = after(steps, state)
                found = table.arrays(state)
                numbers = [found[key] for key in ("rows", "next", "w", "b", "alone", "p", "costs")]
                assert all(np.isfinite(array).all() for array in numbers) and found["costs"].max() <= table.LARGEST
                stuck = len(after(1, state)["costs"]) == len(state["costs"])
                text = table.alt(state, found)
                assert text.endswith(" η is too large: the next step is not made.") == found["ends"] == stuck
                grew = max(np.diff(found["costs"][-3:]), default=0) > 1e-12
                assert text.endswith(" The cost grew: η was too large.") == (grew and not stuck)
                told.add((stuck, grew))
    assert {(False, False), (True, True), (False, True)} <= told
    assert len(recwarn) == 0


@pytest.mark.parametrize("word", (5.0, -5.0))
@pytest.mark.parametrize("output", (8.0, -8.0))
def test_sliders_at_their_ends_make_a_picture_and_no_warning(word, output, recwarn):
    explorer = make_explorer()
    for name in SETS:
        explorer.set(sentences=name, **dict.fromkeys(table.ROWS, word), **dict.fromkeys(table.OUTPUT, output))
        explorer.set(learning_rate=100.0, **rows("good", (5.0, -5.0)))
        found = table.arrays(explorer.state)
        assert np.isfinite(found["p"]).all() and found["costs"][-1] < table.ENDS[1][-1]
        explorer.png()
        explorer.press("Step")
        explorer.png()
    assert len(recwarn) == 0


def test_x_and_y_are_those_of_the_chosen_word():
    explorer = make_explorer()
    boxes = {row.control.label: row.box for row in explorer.rows if hasattr(row, "box")}
    for word in (*WORDS, WORDS[0]):
        explorer.set(word=word)
        assert [boxes["x"].value, boxes["y"].value] == row(explorer.state, word).tolist()
    before = dict(explorer.state)
    boxes["x"].value, boxes["y"].value = 1.5, -2.0
    assert explorer.state == before | rows("good", (1.5, -2.0))
    explorer.set(word="bad")
    assert [boxes["x"].value, boxes["y"].value] == row(before, "bad").tolist()
    boxes["x"].value = 7
    assert boxes["x"].value == 5.0 == explorer.state["bad[0]"] and "x goes from -5 to 5: 7" in explorer.words.value


def test_the_curve_goes_on_with_another_word():
    explorer = make_explorer()
    explorer.press("Run 50 steps")
    explorer.set(word="is")
    explorer.press("Step")
    assert len(explorer.state["costs"]) == 51
    explorer.press("Reset")
    assert explorer.state == START == drawn(0)


def test_the_picture_holds_the_arrays():
    figure = Figure(figsize=(8.75, 320 / 96))
    update = table.draw(figure)
    for state in (after(50, drawn(2, word="food")), drawn(3, sentences=WITH_NOT, word="is", learning_rate=2.0)):
        found = table.arrays(state)
        update(found)
        words, sentences, curve = figure.axes
        _, to_names, steps, used, unused, chosen = words.lines
        assert np.array_equal(used.get_xydata(), found["rows"][found["used"]])
        assert np.array_equal(unused.get_xydata(), found["rows"][~found["used"]])
        assert np.array_equal(chosen.get_xydata(), found["rows"][[found["word"]]])
        starts, ends = np.moveaxis(steps.get_xydata().reshape(-1, 3, 2), 1, 0)[:2]
        assert np.array_equal(starts, found["rows"])
        assert ends - starts == pytest.approx(10 * (found["next"] - found["rows"]))
        assert not words.texts[-1].get_text()
        for text, word, end in zip(words.texts, WORDS, to_names.get_xydata()[1::3]):
            assert text.get_text() == word and np.array_equal(text.get_position(), end)
            assert (text.get_weight() == "bold") == (word == state["word"])
        by_label = {line.get_label(): line.get_xydata() for line in sentences.lines}
        heights = (np.arange(len(found["p"])) + 0.5) / len(found["p"])
        for label, name in enumerate(("negative", "positive")):
            of_label = found["y"] == label
            assert np.array_equal(by_label[name], np.column_stack([found["p"], heights])[of_label])
        shown = [text.get_text() for text in sentences.texts if text.get_text()]
        marks = ["✓" if right else "✗" for right in found["right"]]
        pairs = [part for pair in zip(found["texts"], marks, strict=True) for part in pair]
        assert shown == [*pairs, f"{sum(found['right'])} of {len(marks)} right"]
        assert np.array_equal(curve.lines[0].get_ydata(), found["costs"])


def test_the_line_is_where_p_is_a_half_and_the_other_side_is_tinted():
    figure = Figure()
    update = table.draw(figure)
    for changes in (
        {},
        {"w1": -2.0, "w2": 3.0, "b": 1.0},
        {"w1": 0.0, "w2": 0.05, "b": -8.0},
        {"w1": 0.0, "w2": 0.05, "b": 8.0},
    ):
        state = {**START, **changes}
        found = table.arrays(state)
        reach = update(found)[0]
        line, tint = figure.axes[0].lines[0].get_xydata(), figure.axes[0].patches[0].get_path()
        inside = np.abs(line).max(axis=1) <= reach
        assert found["b"] + line[inside] @ found["w"] == pytest.approx(0)
        for x, y in np.random.default_rng(0).uniform(-reach, reach, (50, 2)):
            z = state["w1"] * x + state["w2"] * y + state["b"]
            assert tint.contains_point((x, y)) == (z > 0)
    update(table.arrays({**START, "w1": 0.0, "w2": 0.0, "b": 0.5}))
    assert figure.axes[0].patches[0].get_path().contains_point((1, 1))


def test_words_outside_are_counted():
    explorer = make_explorer()
    assert "outside" not in explorer.alt
    explorer.set(**rows("good", (31.0, 0.0)), **rows("is", (0.0, -99.0)))
    explorer.png()
    words = explorer._canvas.figure.axes[0]
    assert (
        "2 outside" in [text.get_text() for text in words.texts] and " Words: 2 outside of the plane." in explorer.alt
    )
    assert words.lines[5].get_xydata().tolist() == [[30.0, 0.0]]


def name_boxes(explorer):
    """Where the names stand, in image pixels."""
    explorer.png()
    words, renderer = explorer._canvas.figure.axes[0], explorer._canvas.figure.canvas.get_renderer()
    return words, [text.get_window_extent(renderer) for text in words.texts if text.get_text() in WORDS]


@pytest.mark.parametrize("name", SETS)
def test_names_cover_neither_each_other_nor_leave_the_plane(name):
    explorer = make_explorer()
    explorer.set(sentences=name)
    for steps in ("Random start", *["Run 50 steps"] * 4):
        explorer.press(steps)
        words, boxes = name_boxes(explorer)
        assert len(boxes) == len(WORDS)
        for one, other in combinations(boxes, 2):
            assert (
                min(one.x1, other.x1) - max(one.x0, other.x0) < 1 or min(one.y1, other.y1) - max(one.y0, other.y0) < 1
            )
        for box in boxes:
            assert words.bbox.x0 <= box.x0 and box.x1 <= words.bbox.x1
            assert words.bbox.y0 <= box.y0 and box.y1 <= words.bbox.y1


def test_names_of_words_in_one_place_stand_around_it():
    dots = np.full((8, 2), plane.SIDE / 2)
    centers = plane.name_places(dots, [plane.DOT] * 8, [40.0] * 8, [])
    for one, other in combinations(centers, 2):
        assert abs(one[0] - other[0]) >= 40 or abs(one[1] - other[1]) >= plane.HEIGHT
    for center in centers:
        assert (
            abs(center[0] - dots[0, 0]) >= 20 + plane.DOT or abs(center[1] - dots[0, 1]) >= plane.HEIGHT / 2 + plane.DOT
        )


def test_nothing_in_the_picture_leaves_it_or_covers_something_else():
    explorer = make_explorer()
    explorer.set(sentences=ONE_SIDED, learning_rate=20.0, seed=3)
    explorer.press("Run 50 steps")
    explorer.png()
    figure = explorer._canvas.figure
    renderer, inside = figure.canvas.get_renderer(), figure.bbox.padded(0.5)
    words, sentences, curve = figure.axes
    tight = [axes.get_tightbbox(renderer, for_layout_only=True) for axes in figure.axes]
    legends = [axes.get_legend().get_window_extent(renderer) for axes in (words, sentences)]
    texts = [text.get_window_extent(renderer) for text in sentences.texts if text.get_text()]
    for box in (*tight, *legends, *texts):
        assert inside.x0 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0 and box.y1 <= inside.y1
    assert max(tight[0].x1, legends[0].x1) < min(box.x0 for box in (*texts, legends[1]))
    assert max(box.x1 for box in (*texts, legends[1])) < tight[2].x0


def test_the_sentence_says_what_is_drawn():
    explorer = make_explorer()
    assert explorer.alt == (
        "Sentences plain: 3 of 8 right; p of the positive ones 0.468, 0.358, 0.462, 0.388, of the negative ones 0.513, "
        "0.471, 0.492, 0.464. Row of good: 0.2700, −0.4600; alone, p = 0.4404. Words on the positive side: bad, is. "
        "Step 0, η = 1, seed 0: cost J = 0.7708."
    )
    explorer.set(sentences=WITH_NOT, word="not")
    explorer.press("Run 50 steps")
    cost, _, p = loops(explorer.state)
    x, y = (f"{value:.4f}".replace("-", "−") for value in row(explorer.state, "not"))
    found = table.arrays(explorer.state)
    side = ", ".join(word for word, alone in zip(WORDS, found["alone"]) if alone > 0.5)
    assert explorer.alt == (
        f"Sentences with not: 2 of 4 right; p of the positive ones {p[0]:.3f}, {p[1]:.3f}, of the negative ones "
        f"{p[2]:.3f}, {p[3]:.3f}. Row of not: {x}, {y}; alone, p = {found['alone'][-1]:.4f}. Words on the positive "
        f"side: {side}. Step 50, η = 1, seed 0: cost J = {cost:.4f}."
    )
    for b, words in ((8.0, "all"), (-8.0, "none")):
        explorer.set(w1=0.0, w2=0.0, b=b)
        assert f"positive side: {words}. " in explorer.alt
