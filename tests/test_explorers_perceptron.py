"""The perceptron explorer, against the numbers of notebook 03."""

from importlib import import_module

import numpy as np
import pytest

from course_utils import load_keras, nn
from course_utils.explorers import perceptron as make_explorer

perceptron = import_module("course_utils.explorers.perceptron")
START = perceptron.INITIAL
KEYS = ("w1", "w2", "b")
DIGITS = 5.1e-5


def weights(state):
    return [state[key] for key in KEYS]


def right(state):
    return perceptron.arrays(state)["right"]


def test_greta_and_alan_are_the_two_penguins_of_the_course():
    x, y = perceptron.birds()
    assert x.shape == (274, 2)
    assert np.allclose(x[[perceptron.GRETA, perceptron.ALAN]], [[0.9, -1.0], [-0.4, 1.5]])
    assert list(y[[perceptron.GRETA, perceptron.ALAN]]) == [1, 0]
    assert sorted(perceptron.order()) == list(range(274))


@pytest.mark.parametrize(
    "activation, presses, expected, count",
    [
        ("step", 0, (0.2, 0.4, 0.1), 80),
        ("step", 1, (0.65, -0.1, 0.6), 202),
        ("step", 2, (0.85, -0.85, 0.1), 274),
        ("sigmoid", 1, (0.4385, 0.1350, 0.3650), None),
        ("sigmoid", 2, (0.5578, -0.3126, 0.0666), 272),
    ],
)
def test_next_record_gives_the_corrections_done_by_hand(activation, presses, expected, count):
    state = {**START, "activation": activation}
    for _ in range(presses):
        state = perceptron.next_record(state)
    assert weights(state) == pytest.approx(expected, abs=DIGITS)
    assert count is None or right(state) == count


@pytest.mark.parametrize(
    "start, learning_rate, mistakes",
    [((0, 0, 0), 1.0, [1, 1, 0]), ((0, 0, 0), 0.01, [1, 1, 0]), ((0.2, 0.4, 0.1), 0.5, [2, 0])],
)
def test_whole_epochs_in_the_order_of_the_file(start, learning_rate, mistakes):
    state = {**START, **dict(zip(KEYS, start)), "learning_rate": learning_rate}
    for expected in mistakes:
        state = perceptron.whole_epoch(state)
        assert state["mistakes"] == expected
    assert right(state) == 274


def test_a_small_learning_rate_needs_45_epochs():
    state = {**START, "learning_rate": 0.001}
    while state["mistakes"] != 0:
        state = perceptron.whole_epoch(state)
    assert state["epochs"] == 45


def test_the_bias_shifts_the_line_and_scale_changes_nothing_but_the_sigmoid():
    assert right({**START, "w1": 0.85, "w2": -0.85, "b": 2.0}) == 141
    ten = {**START, "w1": 2.0, "w2": 4.0, "b": 1.0, "activation": "sigmoid"}
    assert right(ten) == 80
    assert perceptron.arrays(ten)["output"] < perceptron.arrays({**START, "activation": "sigmoid"})["output"]


def test_a_right_record_changes_nothing():
    state = {**START, "w1": 0.85, "w2": -0.85}
    assert weights(perceptron.next_record(state)) == weights(state)


@pytest.mark.parametrize("activation, a", [("step", 0.0), ("sigmoid", 0.4700)])
def test_numpy_and_keras_give_z_and_output(activation, a):
    state = {**START, "activation": activation}
    for K in (nn, load_keras()):
        assert list(perceptron.values(K, state)) == ["z of Greta", "ŷ"]
        assert list(perceptron.values(K, state).values()) == pytest.approx([-0.12, a], abs=DIGITS)


def test_random_start_follows_the_seed_and_changing_a_weight_forgets_the_epoch():
    first, again, other = (perceptron.random_start({**START, "seed": seed}) for seed in (3, 3, 4))
    assert weights(first) == weights(again) != weights(other)
    done = perceptron.whole_epoch(START)
    assert perceptron.changed(done, "b")["mistakes"] is None
    assert perceptron.changed(done, "learning_rate")["mistakes"] == 2 or done["mistakes"] != 2


def test_the_sentence_says_what_is_drawn():
    explorer = make_explorer()
    assert "80 of 274 are on the right side" in explorer.alt
    assert "Next is Greta: z = −0.12, so Adelie, which is wrong." in explorer.alt
    explorer.press("Next record")
    assert "202 of 274" in explorer.alt and "Alan: z = 0.19, so Gentoo, which is wrong." in explorer.alt
    explorer.press("Next record")
    explorer.press("Whole epoch")
    assert explorer.alt.endswith("Epoch 1: 0 mistakes.")
