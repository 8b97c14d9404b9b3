"""The batch explorer, against the numbers of notebook 05."""

from importlib import import_module
from itertools import islice

import numpy as np
import pytest

from course_utils import load_keras, nn

module = import_module("course_utils.explorers.batches")
runs = import_module("course_utils.explorers.batches_runs")
START = {**module.INITIAL, "epochs": 10}


def right(state):
    return {size: run[2] for size, run in module.arrays(state)["runs"].items()}


@pytest.mark.parametrize(("size", "epochs", "count"), [(32, 10, 90), (1, 10, 2740), (274, 10, 10), (32, 1, 9)])
def test_updates(size, epochs, count):
    assert module.updates(size, epochs) == count


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_small_steps_record_by_record_win_by_their_number(seed):
    assert right({**START, "seed": seed}) == {1: 274, 32: 151, 274: 151}


def test_the_other_answers_in_the_notebook_hold():
    assert right({**START, "learning_rate": 1.0})[274] == 274
    costs = {name: module.train(nn, 32, 0.1, name, 0, 10)[0] for name in module.OPTIMIZERS}
    assert min(costs, key=costs.get) == "RMSprop" and max(costs, key=costs.get) == "SGD"


def test_a_curve_begins_with_the_cost_before_training_and_ends_with_all_epochs():
    found = module.arrays(START)["runs"]
    assert len({run[1][0] for run in found.values()}) == 1
    assert all(run[0][-1] == 10 and len(run[0]) == len(run[1]) for run in found.values())
    by_updates = module.arrays({**START, "by": "updates"})["runs"]
    assert {size: run[0][-1] for size, run in by_updates.items()} == {1: 2740, 32: 90, 274: 10}
    assert np.all(np.diff(found[274][1]) < 0)


@pytest.mark.parametrize("optimizer", module.OPTIMIZERS)
@pytest.mark.parametrize("size", module.BATCH_SIZES)
def test_keras_ends_at_the_same_weights(optimizer, size):
    state = {**START, "optimizer": optimizer, "batch_size": size, "epochs": 2, "learning_rate": 0.1}
    ours, theirs = module.values(nn, state), module.values(load_keras(), state)
    assert list(ours.values()) == pytest.approx(list(theirs.values()), abs=2e-6)
    again = module.train.__wrapped__(load_keras(), size, 0.1, optimizer, 0, 2)
    assert again[0] == pytest.approx(next(iter(theirs.values())), abs=1e-7)  # a fresh optimizer each time


@pytest.mark.parametrize("optimizer", module.OPTIMIZERS)
@pytest.mark.parametrize("size", module.BATCH_SIZES)
@pytest.mark.parametrize("rate", [0.001, 0.0447, 1.0, 0.0123])  # the last one is typed: it is trained alone
def test_networks_trained_together_end_where_each_alone_does(rate, optimizer, size):
    together = runs.curve(module.RATES, size, rate, optimizer, 1, 3)
    cost, y_hat = module.train(nn, size, rate, optimizer, 1, 3)
    assert together[0][-1] == pytest.approx(cost, abs=1e-5)
    np.testing.assert_allclose(together[1], y_hat[:, 0], atol=1e-5)


def test_epochs_that_were_trained_before_are_remembered_and_more_may_follow():
    settings = (0.01, 0.1), "Adam", 32, 2
    short, long, fresh = runs.Runs(*settings), runs.Runs(*settings), runs.Runs(*settings)
    first = short.until(2)
    assert len(first) == 1 + 2 * 9 and len(long.until(5)) == 1 + 5 * 9
    np.testing.assert_array_equal(first, long.until(2))
    np.testing.assert_array_equal(short.until(5), fresh.until(5))


def test_moving_the_slider_trains_nothing():
    explorer = module.batches()
    slider, trained = explorer.rows[0].slider, runs._runs.cache_info().misses
    for position in np.linspace(-3, 0, 61):
        slider.value = position
    assert explorer.state["learning_rate"] == 1.0 and runs._runs.cache_info().misses == trained
    explorer.set(learning_rate=0.0123)
    assert runs._runs.cache_info().misses == trained + 3


def test_the_order_follows_the_seed_and_every_bird_comes_once():
    first, second = islice(runs.orders(3), 2)
    assert sorted(first) == sorted(second) == list(range(274)) and list(first) != list(second)
    assert list(next(runs.orders(3))) == list(first) != list(next(runs.orders(4)))


def test_epochs_have_a_limit_and_the_words_follow():
    state = {**START, "epochs": module.MOST_EPOCHS}
    assert module.one_epoch_more(state) == state
    assert module.train_for(10)(state)["epochs"] == 10
    assert "batch size 274: 1 update, cost" in module.alt(*[s := {**START, "epochs": 1}, module.arrays(s)])


def test_it_draws_by_epochs_and_by_updates():
    explorer = module.batches()
    before = explorer.png()
    explorer.set(by="updates")
    assert explorer.png() != before
    explorer.press("Reset")
    assert explorer.png() == before
