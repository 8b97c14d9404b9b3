"""The convolution explorer: the slopes against central differences, and what each learning rate does."""

from importlib import import_module

import numpy as np
import pytest
from matplotlib.figure import Figure

from course_utils import bridge, load_keras, nn, plotting
from course_utils.explorers import convolution as make_explorer

convolution = import_module("course_utils.explorers.convolution")
numerical_gradient = import_module("course_utils.nn.gradcheck").numerical_gradient
START, CELLS, TEACHERS = convolution.INITIAL, convolution.CELLS, convolution.TEACHERS
CASES = [(digit, teacher) for digit in range(10) for teacher in TEACHERS]


def drawn(seed, **changes):
    return convolution.random_start({**START, "seed": seed, **changes})


def exact(teacher, **changes):
    return {**START, **dict(zip(CELLS, map(float, convolution.KERNELS[teacher]))), "teacher": teacher, **changes}


def after(steps, state):
    return convolution.take_steps(steps)(state)


def costs(state):
    return convolution.arrays(state)["costs"]


def distance(state):
    found = convolution.arrays(state)
    return np.abs(found["kernel"] - found["teacher"]).max()


@pytest.mark.parametrize("state", [START, drawn(4, digit=3, teacher="blur")])
def test_cost_and_slopes_are_sums_over_all_places(state):
    found = convolution.arrays(state)
    x, k, total, slopes = found["image"], found["kernel"], 0.0, np.zeros((3, 3))
    for i in range(26):
        for j in range(26):
            window = x[i : i + 3, j : j + 3]
            t = np.sum(window * found["teacher"])
            z = np.sum(window * k)
            assert (found["map"][i, j], found["target"][i, j]) == pytest.approx((z, t))
            total += (z - t) ** 2
            slopes += 2 * (z - t) * window
    cost, ours = convolution.cost_and_slopes(k.ravel(), state["digit"], state["teacher"])
    assert cost == pytest.approx(total / 676) and found["costs"] == pytest.approx([cost])
    assert ours == pytest.approx(slopes.ravel() / 676)


@pytest.mark.parametrize("digit, teacher", CASES[::3])
def test_the_slopes_are_those_of_central_differences(digit, teacher):
    kernel = np.random.default_rng(digit).normal(size=9)
    by_differences = numerical_gradient(lambda: convolution.cost_and_slopes(kernel, digit, teacher)[0], kernel)
    assert convolution.cost_and_slopes(kernel, digit, teacher)[1] == pytest.approx(by_differences, abs=1e-7)


def test_a_step_goes_against_the_slopes():
    state = drawn(1, learning_rate=0.3)
    kernel = convolution.kernel_of(state).ravel()
    cost, slopes = convolution.cost_and_slopes(kernel, 7, TEACHERS[0])
    once = after(1, state)
    assert convolution.kernel_of(once).ravel() == pytest.approx(kernel - 0.3 * slopes)
    assert once["costs"] == (cost,)
    step_by_step = state
    for _ in range(50):
        step_by_step = after(1, step_by_step)
    assert after(50, state) == step_by_step and len(costs(step_by_step)) == 51


STATES = [
    START,
    after(50, START),
    drawn(3, digit=8, teacher="all edges", learning_rate=0.02),
    exact("blur", digit=2),
    {**START, "k12": -1000.0, "k31": 2.5, "digit": 1},
    after(50, {**START, "learning_rate": 10.0}),
]


@pytest.mark.parametrize("state", STATES)
def test_numpy_and_keras_give_the_same_values(state, recwarn):
    ours, theirs = (convolution.values(K, state) for K in (nn, load_keras()))
    cost, slopes = convolution.cost_and_slopes(convolution.kernel_of(state).ravel(), state["digit"], state["teacher"])
    moved = convolution.kernel_of(state).ravel() - state["learning_rate"] * slopes
    assert list(ours) == ["J", "max ∂", "next k"]
    for found in (ours, theirs):
        for value, wanted in zip(found.values(), (cost, slopes, moved)):
            assert np.shape(value) == np.shape(wanted)
            assert value == pytest.approx(wanted, rel=1e-5, abs=1e-5)
    assert not [warning for warning in recwarn if issubclass(warning.category, RuntimeWarning)]


@pytest.mark.parametrize("digit", [0, 5, 7])
def test_both_engines_agree_within_the_tolerance_while_it_diverges(digit):
    explorer = make_explorer()
    for state in ({**START, "digit": digit, "learning_rate": 10.0}, drawn(2, digit=digit, learning_rate=3.0)):
        for steps in range(12):
            ours, theirs = (convolution.values(K, after(steps, state)) for K in (nn, load_keras()))
            for name, value in ours.items():
                assert bridge.Row(name, value, theirs[name], explorer._tolerance).agrees


def test_from_zeros_fifty_steps_make_the_map_before_the_kernel():
    there = after(50, START)
    assert (costs(there)[0], costs(there)[-1]) == pytest.approx((1.0275, 0.0037), abs=1e-4)
    assert distance(there) == pytest.approx(0.514, abs=1e-3)
    assert distance(after(1000, START)) == pytest.approx(0.010, abs=1e-3)


@pytest.mark.parametrize("digit, teacher", CASES)
def test_the_cost_falls_at_each_step_with_the_first_learning_rate(digit, teacher):
    path = costs(after(100, {**START, "digit": digit, "teacher": teacher}))
    assert len(path) == 101 and (np.diff(path) < 0).all()


@pytest.mark.parametrize("digit", range(10))
def test_the_largest_rate_is_where_it_begins_to_diverge(digit):
    for share, falls in ((0.98, True), (1.02, False)):
        eta = share * convolution.largest_rate(digit)
        state = after(400, drawn(5, digit=digit, learning_rate=eta))
        path = costs(state)
        assert (path[-1] < path[-2]) == falls
        assert convolution.arrays(state)["grows"] != falls
        assert (path[-1] < path[0]) == falls


def test_largest_rates_that_the_notebook_may_tell():
    rates = [convolution.largest_rate(digit) for digit in (7, 0, 1)]
    assert rates == pytest.approx([1.3668, 0.6581, 2.9353], abs=5e-5)
    assert min(map(convolution.largest_rate, range(10))) == rates[1] > START["learning_rate"]


@pytest.mark.parametrize("eta, digit", [(2.0, 7), (10.0, 0)])
def test_divergence_is_told_and_ends_before_the_numbers_do(eta, digit, recwarn):
    explorer = make_explorer()
    explorer.set(learning_rate=eta, digit=digit)
    assert "too large" not in explorer.alt
    for _ in range(3):
        explorer.press("Run 50 steps")
    state, found = explorer.state, convolution.arrays(explorer.state)
    assert found["grows"] and found["ends"] and 2 < len(found["costs"]) < 51
    assert found["costs"].max() == found["costs"][-1] < convolution.LARGEST
    limit = f"{convolution.largest_rate(digit):.4g}"
    told = f"The cost grows: η is too large for this digit; take it below {limit}. No more steps are made."
    assert explorer.alt.endswith(told)
    assert convolution.take_steps(1)(state) == state
    explorer.set(learning_rate=0.5)
    assert "too large" not in explorer.alt
    explorer.press("Step")
    assert costs(explorer.state)[-1] < costs(explorer.state)[-2] == found["costs"][-1]
    explorer.set(**dict.fromkeys(CELLS, 1000.0))  # above LARGEST from the first, so it may fall but not grow
    assert costs(explorer.state)[0] > convolution.LARGEST
    assert len(costs(after(5, explorer.state))) == 6
    explorer.set(learning_rate=eta)
    assert explorer.alt.endswith(told.replace("grows", "would grow"))
    explorer.png()
    assert len(recwarn) == 0


def test_the_teachers_own_kernel_costs_nothing_and_stays(recwarn):
    for teacher in TEACHERS:
        state = exact(teacher, learning_rate=10.0)
        found = convolution.arrays(state)
        assert costs(after(3, state)).tolist() == [0.0] * 4 and not (found["grows"] or found["ends"])
        assert np.array_equal(found["map"], found["target"])
        assert convolution.alt(state, found).endswith("Largest distance of a weight from the teacher's: 0.0000.")
    explorer = make_explorer()
    explorer.set(**exact("blur"))
    explorer.press("Step")
    explorer.png()
    assert len(recwarn) == 0


def test_the_picture_holds_the_arrays_and_both_maps_have_one_scale():
    figure = Figure()
    update = convolution.draw(figure)
    for state in (after(50, START), {**drawn(2, digit=4, teacher="blur"), "k22": -70.0}):
        found = convolution.arrays(state)
        update(found)
        images = {axes.get_title(): axes.images[0] for axes in figure.axes if axes.images}
        assert list(images) == ["digit", "teacher's map", "your kernel", "your map"]
        reach, largest = np.abs(found["target"]).max(), np.abs(found["teacher"]).max()
        kept = np.clip(found["kernel"], -largest, largest)
        for image, shown in zip(images.values(), (found["image"], found["target"], kept, found["map"])):
            assert np.array_equal(image.get_array(), shown)
        assert images["teacher's map"].get_clim() == images["your map"].get_clim() == (-reach, reach)
        numbers = [text.get_text() for text in images["your kernel"].axes.findobj(plotting.QuickText)]
        assert numbers == [convolution.short(state[cell]) for cell in CELLS]
        curve = figure.axes[-1].lines[0]
        assert np.array_equal(curve.get_xdata(), np.arange(len(found["costs"])))
        assert np.array_equal(curve.get_ydata(), found["costs"])


def test_the_ends_of_the_axes_stay_for_many_steps():
    update = convolution.draw(Figure())
    ends = [update(convolution.arrays(after(steps, START))) for steps in (*range(51), *range(51, 101), 1000)]
    assert ends[:101] == [(50, 1e-3, 10.0)] * 51 + [(100, 1e-3, 10.0)] * 50
    assert ends[-1] == (1000, 1e-8, 10.0)
    assert update(convolution.arrays(after(50, {**START, "learning_rate": 2.0})))[1:] == (1e-3, convolution.LARGEST)


def test_there_is_a_last_step():
    state = after(convolution.MOST_STEPS - 1, START)
    assert "No more than" not in convolution.alt(state, convolution.arrays(state))
    last = after(50, state)
    assert len(last["costs"]) == convolution.MOST_STEPS and after(1, last) == last
    assert convolution.alt(last, convolution.arrays(last)).endswith("No more than 5,000 steps are made.")


@pytest.mark.parametrize(
    "weight, text",
    [(0, "0.00"), (-0.004, "0.00"), (-1.514, "−1.51"), (9.996, "10.0"), (-99.96, "−100"), (424.2, "424")],
)
def test_a_weight_fits_into_its_square(weight, text):
    assert convolution.short(weight) == text


def test_the_sentence_says_what_is_drawn():
    explorer = make_explorer()
    assert "A handwritten 7, its map by the teacher's kernel (horizontal edges) and by yours (0.00, " in explorer.alt
    assert "Step 0, η = 0.5, seed 0: cost J = 1.0275." in explorer.alt
    explorer.press("Step")
    assert "(0.14, 0.13, 0.10; 0.03, 0.00, −0.03; −0.10, −0.14, −0.15). Step 1, η = 0.5, seed 0: cost J = 0.8385." in (
        explorer.alt
    )
    assert explorer.alt.endswith("Largest distance of a weight from the teacher's: 1.8692.")
    explorer.press("Reset")
    explorer.set(learning_rate=2.0)
    for _ in range(6):
        explorer.press("Step")
    assert explorer.alt.endswith("The cost grows: η is too large for this digit; take it below 1.367.")
