"""The kernel explorer: the map against plain loops, and the questions of notebook 01."""

from importlib import import_module

import numpy as np
import pytest

from course_utils import data, load_keras, nn
from course_utils.explorers import kernel as make_explorer

kernel = import_module("course_utils.explorers.kernel")
START = kernel.INITIAL


def chosen(name, **more):
    return kernel.changed({**START, "preset": name, **more}, "preset")


def test_the_digits_are_one_of_each_from_0_to_1():
    digits = kernel.digits()
    assert digits.shape == (10, 28, 28) and (digits.min(), digits.max()) == (0, 1)
    (images, labels), _ = data.load_digits()
    assert all((images[labels == k] / 255 == digits[k]).all(axis=(1, 2)).any() for k in range(10))


@pytest.mark.parametrize("state", [START, chosen("blur", digit=3), {**START, "k12": -0.7, "k31": 2.5}])
def test_the_map_is_nine_products_added_up_at_each_place(state):
    found = kernel.arrays(state)
    cells = np.array([state[f"k{row}{column}"] for row in (1, 2, 3) for column in (1, 2, 3)]).reshape(3, 3)
    by_loops = [[np.sum(found["image"][i : i + 3, j : j + 3] * cells) for j in range(26)] for i in range(26)]
    assert np.allclose(found["map"], by_loops) and found["map"].shape == (26, 26)
    assert found["z"] == found["map"][state["row"], state["column"]]


def test_half_a_turn_turns_every_sign_of_the_sobel_map():
    turned = kernel.rotate(START)
    assert np.allclose(kernel.arrays(turned)["map"], -kernel.arrays(START)["map"])
    assert turned["preset"] == kernel.OWN
    assert kernel.rotate(turned) == START


def test_one_single_1_shifts_the_digit():
    for cell, rows, columns in (("k11", slice(0, 26), slice(0, 26)), ("k33", slice(2, 28), slice(2, 28))):
        found = kernel.arrays({**chosen("zero"), cell: 1.0})
        assert np.array_equal(found["map"], found["image"][rows, columns])
    same = kernel.arrays(chosen("identity"))
    assert np.array_equal(same["map"], same["image"][1:-1, 1:-1])


def test_blur_keeps_the_brightness_and_edges_answer_nothing_on_an_even_area():
    assert sum(kernel.KERNELS["blur"]) == pytest.approx(1)
    for name in ("horizontal edges", "vertical edges", "all edges", "zero"):
        assert sum(kernel.KERNELS[name]) == 0
        assert kernel.arrays(chosen(name))["map"][0, 0] == 0  # a corner of paper


def test_cells_and_name_stay_in_step():
    state = kernel.changed({**START, "k11": 5.0}, "k11")
    assert state["preset"] == kernel.OWN
    assert kernel.changed({**state, "k11": 1.0}, "k11")["preset"] == kernel.FIRST
    assert kernel.changed({**START, "preset": kernel.OWN}, "preset")["k12"] == 2
    assert kernel.changed({**START, "digit": 3}, "digit")["preset"] == kernel.FIRST


@pytest.mark.parametrize("state", [START, chosen("all edges", digit=8), {**START, "k22": 1000.0}])
def test_numpy_and_keras_give_the_same_values(state):
    ours, theirs = (kernel.values(K, state) for K in (nn, load_keras()))
    assert list(ours.values()) == pytest.approx(list(theirs.values()), rel=1e-5, abs=1e-5)
    found = kernel.arrays(state)
    wanted = [found["z"], found["map"].max(), found["map"].min()]
    assert list(ours.values()) == pytest.approx(wanted, rel=1e-5, abs=1e-5)


def test_the_sentence_says_what_is_drawn():
    explorer = make_explorer()
    assert "A handwritten 7, the kernel (1, 2, 1; 0, 0, 0; −1, −2, −1)" in explorer.alt
    before = explorer.png()
    explorer.press("Rotate 180°")
    assert "the kernel (−1, −2, −1; 0, 0, 0; 1, 2, 1)" in explorer.alt and explorer.png() != before
    explorer.set(preset="zero", digit=2, row=25, column=0)
    assert "handwritten 2" in explorer.alt and "At row 25, column 0, nine products add up to 0.0000." in explorer.alt
