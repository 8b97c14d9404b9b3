"""The XOR explorer, against the numbers of notebook 04."""

from importlib import import_module

import numpy as np
import pytest

from course_utils import load_keras, nn
from course_utils.explorers import xor as make_explorer

xor = import_module("course_utils.explorers.xor")
START = xor.INITIAL
BY_HAND = {**START, **dict(zip(xor.WEIGHTS, (1, 1, 1, 1, -0.5, -1.5, 1, -1, -0.5)))}
DIGITS = 5.1e-5


def solved_after(state, most=40):
    """Count the presses of "Learn" until all four are right."""
    for presses in range(most):
        if xor.arrays(state)["right"] == 4:
            return presses
        state = xor.learn(state)
    return None


def test_at_first_the_output_listens_to_one_neuron_and_one_line_never_gets_four():
    assert xor.arrays(START)["right"] == 2
    rights = {
        xor.arrays({**START, "W_h[0,0]": w1, "W_h[1,0]": w2, "b_h[0]": b})["right"]
        for w1 in np.arange(-3, 3.5, 0.5)
        for w2 in np.arange(-3, 3.5, 0.5)
        for b in np.arange(-2.8, 3, 0.7)
    }
    assert max(rights) == 3
    other = {**START, "W_h[0,1]": 3.0, "W_h[1,1]": -2.0, "b_h[1]": 1.0}
    assert xor.arrays(other)["y_hat"] == pytest.approx(xor.arrays(START)["y_hat"])


def test_the_numbers_by_hand_solve_it_and_two_records_fall_together():
    found = xor.arrays(BY_HAND)
    assert found["right"] == 4
    assert np.allclose(found["a"], [[0, 0], [1, 0], [1, 0], [1, 1]], atol=1e-4)


@pytest.mark.parametrize(
    "k, low, high, right",
    [(1, 0.4244, 0.4366, 2), (2, 0.3642, 0.4811, 2), (2.5, 0.3207, 0.5341, 4), (5, 0.1068, 0.8509, 4)]
    + [(10, 0.0072, 0.9924, 4)],
)
def test_k_makes_the_sigmoids_steeper(k, low, high, right):
    found = xor.arrays({**BY_HAND, "k": k})
    assert found["y_hat"] == pytest.approx([low, high, high, low], abs=DIGITS)
    assert found["right"] == right
    assert found["cost"] == pytest.approx(-(np.log(1 - low) + np.log(high)) / 2, abs=1e-3)


def test_equal_hidden_neurons_put_the_records_on_one_diagonal():
    found = xor.arrays({**BY_HAND, "b_h[1]": -0.5})
    assert np.allclose(found["a"][:, 0], found["a"][:, 1])
    assert found["right"] < 4


def test_learning_solves_it_from_some_starts_and_not_from_others():
    assert solved_after(xor.random_start({**START, "seed": 2})) == 9
    assert solved_after(xor.random_start({**START, "seed": 2, "learning_rate": 5.0})) == 1
    assert solved_after(xor.random_start({**START, "seed": 0})) is None


def test_learning_is_the_gradient_descent_of_the_notebook():
    state = xor.random_start({**START, "seed": 2})
    kernel, bias, output_kernel, output_bias = xor.weights(state)
    for _ in range(xor.LEARNING_STEPS):
        a, y_hat = xor.forward((kernel, bias, output_kernel, output_bias), xor.X)
        delta = (y_hat - xor.Y)[:, None] / 4
        delta_h = delta @ output_kernel.T * a * (1 - a)
        output_kernel, output_bias = output_kernel - 0.5 * a.T @ delta, output_bias - 0.5 * delta.sum(0)
        kernel, bias = kernel - 0.5 * xor.X.T @ delta_h, bias - 0.5 * delta_h.sum(0)
    for got, want in zip(xor.weights(xor.learn(state)), (kernel, bias, output_kernel, output_bias)):
        assert np.allclose(got, want, atol=1e-3)


def test_k_goes_into_the_learned_weights():
    state = {**BY_HAND, "k": 2.0, "learning_rate": 0.01}
    learned = xor.learn(state)
    assert learned["k"] == 1
    for before, after in zip(xor.weights(state), xor.weights(learned)):
        assert np.allclose(before, after, atol=0.2) and not np.allclose(before, after, atol=1e-3)


def test_equal_start_stays_equal():
    state = {**START, **dict(zip(xor.WEIGHTS, (0.5, 0.5, 0.3, 0.3, 0, 0, 0.4, 0.4, 0))), "k": 1.0}
    for _ in range(20):
        state = xor.learn(state)
    assert state["W_h[0,0]"] == state["W_h[0,1]"] and state["w_o[0]"] == state["w_o[1]"]
    assert xor.arrays(state)["right"] == 3


@pytest.mark.parametrize("state", [START, {**BY_HAND, "k": 2.0}], ids=["start", "by hand"])
def test_numpy_and_keras_give_the_same_values(state):
    ours, theirs = (list(xor.values(K, state).values()) for K in (nn, load_keras()))
    assert ours == pytest.approx(theirs, abs=1e-5)
    assert ours == pytest.approx(xor.arrays(state)["y_hat"], abs=1e-5)


def test_the_steps_are_counted_and_forgotten_when_a_weight_is_set_by_hand():
    learned = xor.learn(xor.learn(xor.random_start({**START, "seed": 2, "learning_rate": 5.0})))
    assert learned["steps"] == 200 and learned["k"] == 1
    assert xor.changed(learned, "b_o")["steps"] == 0
    assert xor.changed(learned, "seed")["steps"] == 200


def test_the_sentence_says_what_is_drawn():
    explorer = make_explorer()
    assert "2 of 4 right, k = 20" in explorer.alt
    explorer.set(**{key: BY_HAND[key] for key in xor.WEIGHTS})
    assert "4 of 4 right" in explorer.alt and "(0, 1) and (1, 0) at (1.00, 0.00)" in explorer.alt
    explorer.press("Random start")
    explorer.press("Learn 100 steps")
    assert explorer.alt.endswith("100 steps learned.")
