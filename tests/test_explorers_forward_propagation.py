"""The forward-propagation explorer, against the numbers of notebook 05."""

from importlib import import_module

import numpy as np
import pytest

from course_utils import load_keras, nn

module = import_module("course_utils.explorers.forward_propagation")
START = module.INITIAL
DIGITS = 5.1e-5
GRETA = (0.18, 0.5449, 1.87, 0.8665, -0.4757, 0.3833)
ALAN = (1.42, 0.8053, 0.37, 0.5915)


@pytest.fixture(params=["nn", "keras"])
def engine(request):
    return nn if request.param == "nn" else load_keras()


def test_every_step_for_both_birds(engine):
    found = module.values(engine, {**START, "position": 6})
    assert list(found) == list(module.STEPS)
    assert list(found.values()) == pytest.approx(GRETA, abs=DIGITS)
    alan = module.values(engine, {**START, "position": 6, "record": "Alan (y = 0)"})
    assert list(alan.values())[:4] == pytest.approx(ALAN, abs=DIGITS)
    assert alan["ŷ"] == pytest.approx(0.4124, abs=DIGITS)


def test_next_step_goes_round_and_shows_only_what_is_computed():
    state, seen = START, []
    for _ in range(6):
        seen.append(list(module.values(nn, state)))
        state = module.next_step(state)
    assert seen == [list(module.STEPS[:count]) for count in range(1, 7)]
    assert state == START
    assert module.all_steps(START)["position"] == 6


@pytest.mark.parametrize(("bias", "birds"), [(1, 255), (0, 139), (-1, 4), (-1.5, 0)])
def test_relu_neuron_1_is_on_for(bias, birds, engine):
    state = {**START, "activation": "relu", "b_h[0]": bias}
    assert module.arrays(state)["active"][0] == birds
    a_h = module.forward(engine, state, module.birds()[0])[1]
    assert (a_h[:, 0] > 0).sum() == birds


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"position": 1}, "z₁ = 0.9 · 0.2 + (−1) · 0.4 + 1.2 · (−0.5) + 1 = 0.1800"),
        ({"position": 2}, "a₁ = σ(z₁) = σ(0.1800) = 0.5449"),
        ({"position": 4, "activation": "relu"}, "a₂ = ReLU(z₂) = ReLU(1.8700) = 1.8700"),
        ({"position": 5}, "z = 0.5449 · (−0.8) + 0.8665 · (−1.2) + 1 = −0.4757"),
        ({"position": 6, "activation": "linear"}, "ŷ = σ(z) = σ(−1.3880) = 0.1997"),
    ],
)
def test_formula_of_the_newest_step(changes, words):
    state = {**START, **changes}
    found = module.arrays(state)
    assert module.formula(found) == words
    assert words in module.alt(state, found)


def test_the_answers_in_the_notebook_hold():
    deaf = {**START, "w_o[0]": 0.0, "w_o[1]": 0.0}
    birds = [module.arrays({**deaf, "record": record})["steps"][5] for record in module.RECORDS]
    assert birds[0] == birds[1] == pytest.approx(nn.activations.sigmoid(np.float32(1)))
    dead = {**START, "activation": "relu", "b_h[0]": -1.5}
    assert module.arrays(dead)["steps"][5] == module.arrays({**dead, "w_o[0]": 2.0})["steps"][5]
    assert module.arrays({**START, "w_o[0]": -3.0, "w_o[1]": 3.0, "b_o": 0.0})["right"] == 273
    luck = [module.arrays(module.random_start({**START, "seed": seed}))["right"] for seed in range(21)]
    assert (luck[14], luck[7]) == (272, 0) and sum(right in (151, 123) for right in luck) > 10


def test_random_start_follows_the_seed_and_leaves_the_rest():
    first, again, other = (module.random_start({**START, "seed": seed}) for seed in (3, 3, 4))
    assert first == again and first["W_h[0,0]"] != other["W_h[0,0]"]
    assert set(first) == set(START) and first["b_o"] == 0 and first["position"] == 1


def test_it_displays_itself_and_marks_another_neuron_at_each_pair_of_steps():
    explorer = module.forward_propagation()
    pictures = {explorer.png()}
    for _ in range(5):
        explorer.press("Next step")
        pictures.add(explorer.png())
    assert len(pictures) == 6
    assert "So the network says Adelie." in explorer.alt
