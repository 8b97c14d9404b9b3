"""The race explorer, against the numbers of notebook 04."""

from importlib import import_module

import numpy as np
import pytest

from course_utils import load_keras, nn
from course_utils.explorers import race as make_explorer

race = import_module("course_utils.explorers.race")
START = race.INITIAL


def after(passes=None, **changes):
    """The counts of the three after some passes, or after all."""
    return race.counts(race.run(passes)({**START, **changes}))


def passes_of(found):
    """How many passes each of the three took, None where it did not finish."""
    return {who: None if counts[-1] else len(counts) - 1 for who, counts in found.items()}


@pytest.mark.parametrize(
    "name, inputs, ones", [("AND, 2 inputs", 2, 1), ("AND, 3 inputs", 3, 1), ("AND, 4 inputs", 4, 1), ("XOR", 2, 2)]
)
def test_the_gates(name, inputs, ones):
    x, y, most = race.records(name)
    assert x.shape == (2**inputs, inputs) and y.sum() == ones and most == 20_000
    assert y[-1] == (name != "XOR")


def test_the_rule_from_zero_ends_where_the_notebook_ends():
    x, y, _ = race.records("AND, 2 inputs")
    path = race.rule(x, y, np.zeros(3), 1.0, 20)
    assert path[-1].tolist() == [2, 1, -2]
    assert len(path) == 6  # the start and five passes; the sixth changes nothing
    assert race.wrong(x, y, path)[[0, -1]].tolist() == [1, 0]


def test_the_rule_runs_in_a_circle_on_xor():
    x, y, _ = race.records("XOR")
    path = race.rule(x, y, np.zeros(3), 1.0, 50)
    assert len(path) == 51
    assert {tuple(row) for row in path[2:].tolist()} == {(-1, 0, 1)}


@pytest.mark.parametrize("inputs, steps", [(2, 16), (3, 94), (4, 364)])
def test_gradient_descent_from_zero_needs_the_steps_of_the_notebook(inputs, steps):
    x, y, _ = race.records(f"AND, {inputs} inputs")
    path = race.descent(x, y, np.zeros(inputs + 1), 1.0, 1000)
    assert len(path) == steps + 1
    assert race.wrong(x, y, path[-2:]).tolist() == [1, 0]


def test_random_tries_need_48_on_average_for_and():
    x, y, _ = race.records("AND, 2 inputs")
    hits = np.sum(race.wrong(x, y, race.draws("AND, 2 inputs", 0, 200_000)) == 0)
    assert 200_000 / hits == pytest.approx(48, rel=0.05)


def test_the_three_on_and_and_on_xor():
    assert passes_of(after()) == {race.RANDOM: 48, race.RULE: 5, race.DESCENT: 16}
    assert passes_of(after(2000, records="XOR")) == {race.RANDOM: None, race.RULE: None, race.DESCENT: None}
    assert min(after(2000, records="XOR")[race.RANDOM]) == 1


def test_all_three_begin_at_the_same_weights():
    for seed in range(5):
        assert len({counts[0] for counts in after(1, seed=seed).values()}) == 1


def test_the_rule_sorts_adelie_and_gentoo_and_never_adelie_and_chinstrap():
    assert passes_of(after(records="Adelie and Gentoo"))[race.RULE] is not None
    chinstrap = after(records="Adelie and Chinstrap")
    assert passes_of(chinstrap) == dict.fromkeys(chinstrap)
    assert len(chinstrap[race.RULE]) == race.BIRD_PASSES + 1


def test_more_passes_go_on_and_stop_at_the_limit():
    few, many = after(3), after(30)
    for who in few:
        assert many[who][: len(few[who])].tolist() == few[who].tolist()
    state = race.run()(race.run()(START))
    assert state["passes"] == race.GATE_PASSES
    assert race.changed(state, "learning_rate")["passes"] == race.GATE_PASSES
    assert race.changed(state, "records")["passes"] == 0


@pytest.mark.parametrize("name", race.RECORDS)
def test_numpy_and_keras_give_the_same_slopes(name):
    state = {**START, "records": name, "passes": 7}
    ours, theirs = (list(race.values(K, state).values()) for K in (nn, load_keras()))
    assert ours == pytest.approx(theirs, abs=1e-5)


@pytest.mark.parametrize(
    "counts, passes, sentence",
    [
        ([1], 0, "1 wrong at the start"),
        ([0], 9, "all right at the start"),
        ([2, 0], 9, "all right after 1 pass"),
        ([2] * 1201, 1200, "2 wrong after 1,200 passes"),
    ],
)
def test_where_one_stands(counts, passes, sentence):
    assert race.standing(np.array(counts), passes) == sentence


def test_the_sentence_says_what_is_drawn():
    explorer = make_explorer()
    assert "perceptron rule: 1 wrong at the start" in explorer.alt
    explorer.press("100 passes")
    assert "random tries: all right after 48 passes; perceptron rule: all right after 5 passes" in explorer.alt
