"""The growth explorer, against the numbers of notebook 02 and against the grid that it draws."""

from importlib import import_module

import numpy as np
import pytest

from course_utils import data, load_keras, nn
from course_utils.explorers import growth as make_explorer
from course_utils.explorers import growth_runs

growth = import_module("course_utils.explorers.growth")
START = growth.INITIAL
USUAL = {**START, "units": 128}


@pytest.mark.parametrize(
    "size, linear, deep, learned",
    [(125, 0.7498, 0.7604, 1.0), (1000, 0.8638, 0.8886, 0.9978), (4000, 0.8724, 0.9106, 0.9640)],
)
def test_the_grid_is_read_at_the_sliders(size, linear, deep, learned):
    found = growth.arrays({**USUAL, "sizes": size})
    means = [found[name][found["here"]].mean() for name in ("linear", "deep", "learned")]
    assert means == pytest.approx([linear, deep, learned], abs=1e-4)
    assert found["parameters"] == 101_770 == growth_runs.build(nn, 128, 0.001).count_params()


@pytest.mark.parametrize("along, count", [(growth.SIZES, 6), (growth.UNITS, 8), (growth.RATES, 5)])
def test_the_marked_place_is_the_same_setting_along_each_axis(along, count):
    state = {**START, "sizes": 500, "units": 8, "rates": 0.01}
    found = growth.arrays({**state, "along": along})
    assert found["linear"].shape == found["deep"].shape == found["learned"].shape == (count, 5)
    grid = data.load_growth()
    assert np.array_equal(found["deep"][found["here"]], grid.new[2, 4, 2])
    assert np.array_equal(found["linear"][found["here"]], grid.new[2, 0, 2])


def test_each_setting_draws_its_own_digits_again_and_again():
    rows, batches = growth_runs.batches(250, seed=3)
    assert len(set(rows)) == 250 and batches.shape == (500, 32) and set(batches.ravel()) <= set(rows)
    assert np.array_equal(batches, growth_runs.batches(250, seed=3)[1])
    assert set(growth_runs.batches(125, seed=3)[0]) < set(rows) != set(growth_runs.batches(250, seed=4)[0])


def test_a_live_run_ends_where_the_first_of_the_five_ended_in_both_engines():
    state = {**START, "sizes": 4000, "units": 8, "updates": growth_runs.UPDATES}
    stored = data.load_growth().new[1, 4, 5, 0]
    for K in (nn, load_keras()):
        accuracies = growth.run(K, state).until(growth_runs.UPDATES)
        assert len(accuracies) == 21 and accuracies[0] < 0.3
        assert accuracies[-1] == pytest.approx(stored, abs=0.006)


@pytest.mark.parametrize("rate, units", [(0.001, 32), (1.0, 8)])
def test_numpy_and_keras_agree_before_and_early_in_a_run_even_where_it_explodes(rate, units):
    for updates in (0, growth_runs.PART):
        state = {**START, "rates": rate, "units": units, "updates": updates}
        ours, theirs = (growth.values(K, state) for K in (nn, load_keras()))
        assert len(ours) == 1 and ours == pytest.approx(theirs, rel=1e-4)


def test_a_part_more_changes_nothing_of_the_parts_before():
    run = growth_runs.Run(nn, 125, 4, 0.01)
    first = run.until(50)
    assert run.until(100)[:3] == first == run.until(50) and len(first) == 3


@pytest.mark.parametrize(
    "name, old, typed, value, said",
    [
        ("sizes", 1000, 1001, 2000, False),  # an arrow key
        ("sizes", 1000, 999, 500, False),
        ("sizes", 1000, 3000, 4000, True),
        ("sizes", 1000, 9000, 4000, True),
        ("units", 1, 0, 1, True),
        ("rates", 0.001, 0.004, 0.01, True),
        ("rates", 0.001, 0.01, 0.01, False),
        ("rates", 0.001, float("nan"), None, True),
    ],
)
def test_a_number_becomes_one_that_was_measured_and_says_so(name, old, typed, value, said):
    control = next(row.control for row in make_explorer().rows if row.control.key == name)
    found, sentence = control.accept(typed, {**START, name: old})
    assert found == value and bool(sentence) == said


def test_train_live_runs_to_the_end_and_a_slider_forgets_it():
    explorer = make_explorer()
    explorer.set(units=4, sizes=260)
    assert explorer.state["sizes"] == 250
    explorer.press("Train live")
    assert explorer.state["updates"] == growth_runs.UPDATES and not explorer.state["live"]
    assert "Live run, 500 updates: NumPy 0." in explorer.alt
    explorer.set(along=growth.RATES)
    assert explorer.state["updates"] == growth_runs.UPDATES
    explorer.set(rates=0.01)
    assert explorer.state["updates"] == 0 and explorer.alt.endswith("no live run yet.")


def test_keras_runs_after_numpy_a_part_at_a_time():
    load_keras()
    state = growth.train({**START, "units": 2})
    seen = []
    while state["live"]:
        state = growth.advance(state)
        seen.append((state["updates"], state["keras_updates"]))
    assert seen[:2] == [(25, 0), (50, 0)] and seen[20:22] == [(500, 25), (500, 50)] and seen[-1] == (500, 500)
