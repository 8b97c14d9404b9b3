"""The box regression explorer: features and slopes against loops, what is learned, and what each learning rate does."""

from importlib import import_module

import numpy as np
import pytest
from matplotlib.figure import Figure

from course_utils import bridge, load_keras, nn, scenes
from course_utils.explorers import box_regression as make_explorer
from course_utils.explorers.descent import MOST_STEPS

boxes = import_module("course_utils.explorers.box_regression")
shared = import_module("course_utils.explorers.scene_weights")
numerical_gradient = import_module("course_utils.nn.gradcheck").numerical_gradient
START, WEIGHTS, SCENES = boxes.INITIAL, shared.WEIGHTS, range(shared.SCENES)
LARGE = {"learning_rate": 10.0}


def drawn(seed, **changes):
    return shared.random_start({**START, "seed": seed, **changes})


def after(steps, state):
    return boxes.take_steps(steps)(state)


def costs(state):
    return boxes.arrays(state)["costs"]


def learned(scene, steps=500):
    return after(steps, {**START, "scene": scene})


def exact(scene):
    """The state where the sum of squares is smallest: the smallest cost, too, since no error is above 1 there."""
    m, s = np.split(boxes.records(scene).features, 2, axis=1)
    place, size = np.split(boxes.records(scene).targets, 2, axis=1)
    w1 = np.sum(m * place) / np.sum(m * m)
    (w2, b), *_ = np.linalg.lstsq(np.column_stack([s.ravel(), np.ones(s.size)]), size.ravel())
    return {**START, "scene": scene, **dict(zip(WEIGHTS, map(float, (w1, w2, b))))}


def loops(weights, scene):
    """J, and how it changes with w₁, w₂ and b, number by number."""
    known, (w1, w2, b) = boxes.records(scene), weights
    total, slopes = 0.0, [0.0, 0.0, 0.0]
    for features, targets in zip(known.features.tolist(), known.targets.tolist()):
        for i in range(4):
            predicted = w1 * features[i] if i < 2 else w2 * features[i] + b
            error = predicted - targets[i]
            total += error**2 / 2 if abs(error) <= 1 else abs(error) - 0.5
            pull = max(-1.0, min(1.0, error))
            if i < 2:
                slopes[0] += pull * features[i]
            else:
                slopes[1] += pull * features[i]
                slopes[2] += pull
    count = known.targets.size
    return total / count, [slope / count for slope in slopes]


@pytest.mark.parametrize("scene", SCENES)
def test_records_are_all_windows_near_a_digit_with_that_digit_as_their_goal(scene):
    some = scenes.digit_scenes(shared.SCENES, boxes.SEED)
    digits, known, position = some.boxes[some.scene == scene], boxes.records(scene), 0
    assert np.array_equal(known.image, some.images[scene]) and np.array_equal(known.digits, digits)
    for window in scenes.windows(some.images[scene]):
        overlap = [nn.detection.iou(window[None], digit[None]).item() for digit in digits]
        if max(overlap) >= 0.4:
            assert np.array_equal(known.windows[position], window)
            assert np.array_equal(known.goals[position], digits[int(np.argmax(overlap))])
            position += 1
    assert position == len(known.windows) == len(known.features) and 10 <= position <= 60
    assert all((known.goals == digit).all(axis=1).sum() >= 8 for digit in digits)
    assert nn.detection.decode_boxes(known.targets, known.windows) == pytest.approx(known.goals)


@pytest.mark.parametrize("scene", SCENES)
def test_features_are_the_center_of_gravity_and_the_spread_of_the_ink(scene):
    known = boxes.records(scene)
    for (y1, x1, y2, x2), found in zip(known.windows.astype(int), known.features):
        height, width, ink, y, x, yy, xx = y2 - y1, x2 - x1, 0.0, 0.0, 0.0, 0.0, 0.0
        for row in range(height):
            for column in range(width):
                weight = float(known.image[y1 + row, x1 + column])
                ink, y, x = ink + weight, y + weight * (row + 0.5), x + weight * (column + 0.5)
                yy, xx = yy + weight * (row + 0.5) ** 2, xx + weight * (column + 0.5) ** 2
        y, x, yy, xx = (total / ink for total in (y, x, yy, xx))
        m = (y - height / 2) / height, (x - width / 2) / width
        s = np.sqrt(yy - y**2) / height, np.sqrt(xx - x**2) / width
        assert found == pytest.approx((*m, *s))


def test_features_of_a_small_image_by_hand():
    image = np.zeros((8, 8))
    image[2, 2], image[4, 4] = 3, 1  # centers of gravity at 2.5 + 0.25 · 2 = 3, spread 2 · √(3/4 · 1/4)
    spread = 2 * np.sqrt(3 / 16)
    found = boxes.ink_features(image, np.array([0, 1, 8, 5.0]))
    assert found == pytest.approx([(3 - 4) / 8, (3 - 3) / 4, spread / 8, spread / 4])


HARD = [(0.7, -1.2, 0.4), (-9.0, 6.0, -3.0), (30.0, 0.0, 0.5)]  # errors below 1, on both sides, and above


@pytest.mark.parametrize("weights", HARD)
@pytest.mark.parametrize("scene", (0, 3, 9))
def test_cost_and_slopes_are_those_of_loops_and_of_central_differences(weights, scene):
    cost, slopes = boxes.cost_and_slopes(np.array(weights), scene)
    by_loops, slopes_by_loops = loops(weights, scene)
    assert cost == pytest.approx(by_loops) and slopes == pytest.approx(slopes_by_loops)
    at = np.array(weights)
    assert slopes == pytest.approx(numerical_gradient(lambda: boxes.cost_and_slopes(at, scene)[0], at), abs=1e-8)


@pytest.mark.parametrize("weights", HARD)
@pytest.mark.parametrize("scene", (0, 6))
def test_keras_finds_the_same_cost_and_slopes_in_float64(weights, scene):
    import tensorflow as tf

    keras, known = load_keras(), boxes.records(scene)
    w1, w2, b = variables = [tf.Variable(weight, dtype="float64") for weight in weights]
    with bridge.number_type("float64"), tf.GradientTape() as tape:
        predicted = tf.concat([w1 * known.features[:, :2], w2 * known.features[:, 2:] + b], axis=1)
        loss = keras.losses.Huber()(known.targets, predicted)
    cost, slopes = boxes.cost_and_slopes(np.array(weights), scene)
    assert loss.dtype == "float64" and cost == pytest.approx(float(loss), rel=1e-12)
    assert slopes == pytest.approx([float(slope) for slope in tape.gradient(loss, variables)], rel=1e-10)
    assert cost == pytest.approx(nn.losses.Huber()(known.targets, boxes.regress(weights, known.features)))


def test_a_step_goes_against_the_slopes():
    state = drawn(1, scene=2, learning_rate=0.3)
    cost, slopes = boxes.cost_and_slopes(boxes.weights_of(state), 2)
    once = after(1, state)
    assert boxes.weights_of(once) == pytest.approx(boxes.weights_of(state) - 0.3 * slopes)
    assert once["costs"] == (cost,)
    step_by_step = state
    for _ in range(50):
        step_by_step = after(1, step_by_step)
    assert after(50, state) == step_by_step and len(costs(step_by_step)) == 51


STATES = [
    START,
    after(50, START),
    drawn(3, scene=8, learning_rate=0.02),
    after(7, drawn(4, scene=3, **LARGE)),
    exact(1),
    {**START, "w1": -1000.0, "w2": 1000.0, "b": 1000.0, "scene": 6, **LARGE},
]


@pytest.mark.parametrize("state", STATES)
def test_numpy_and_keras_give_the_same_values(state):
    ours, theirs = (boxes.values(K, state) for K in (nn, load_keras()))
    cost, slopes = boxes.cost_and_slopes(boxes.weights_of(state), state["scene"])
    assert list(ours) == ["J", "∂J/∂w₁", "∂J/∂w₂", "∂J/∂b", "next w₁"]
    for found in (ours, theirs):
        wanted = (cost, *slopes, state["w1"] - state["learning_rate"] * slopes[0])
        assert list(found.values()) == pytest.approx(wanted, rel=1e-6, abs=1e-6)
    for name, value in ours.items():
        assert bridge.Row(name, value, theirs[name], 1e-6).agrees


def test_without_weights_all_windows_stay():
    for scene in SCENES:
        found = boxes.arrays({**START, "scene": scene})
        assert np.array_equal(found["moved"], found["windows"]) and np.array_equal(found["before"], found["after"])
        known = boxes.records(scene)
        assert found["before"].tolist() == [
            nn.detection.iou(window[None], goal[None]).item() for window, goal in zip(known.windows, known.goals)
        ]
        assert found["before"].min() >= 0.4


def test_moved_boxes_are_windows_shifted_and_grown_by_hand():
    state = {**START, "w1": 1.2, "w2": 2.0, "b": -0.4, "scene": 5}
    found, known = boxes.arrays(state), boxes.records(5)
    for i, ((y1, x1, y2, x2), (m_y, m_x, s_y, s_x)) in enumerate(zip(known.windows, known.features)):
        y, x = (y1 + y2) / 2 + 1.2 * m_y * (y2 - y1), (x1 + x2) / 2 + 1.2 * m_x * (x2 - x1)
        h, w = (y2 - y1) * np.exp(2 * s_y - 0.4), (x2 - x1) * np.exp(2 * s_x - 0.4)
        assert found["moved"][i] == pytest.approx([y - h / 2, x - w / 2, y + h / 2, x + w / 2])
        agreement = nn.detection.iou(found["moved"][[i]], known.goals[[i]]).item()
        assert found["after"][i] == pytest.approx(agreement)


@pytest.mark.parametrize("scene", SCENES)
def test_learning_moves_the_windows_onto_the_digits(scene):
    found = boxes.arrays(learned(scene))
    before, then = found["before"], found["after"]
    assert (np.diff(found["costs"]) < 0).all()
    assert then.mean() > before.mean() + 0.09
    assert np.mean(then >= 0.5) > np.mean(before >= 0.5) + 0.3
    assert np.mean(then > before) > 0.8


@pytest.mark.parametrize("scene", SCENES)
def test_the_last_step_is_near_the_smallest_cost(scene):
    assert np.abs(boxes.cost_and_slopes(boxes.weights_of(exact(scene)), scene)[1]).max() < 1e-12
    smallest = costs(exact(scene))[0]
    assert smallest < costs(learned(scene, MOST_STEPS))[-1] < smallest + 1e-5
    assert smallest > boxes.ENDS[0][-1]  # the curve never leaves the picture below


def test_values_that_the_notebook_may_tell():
    found = [boxes.weights_of(exact(scene)).round(3).tolist() for scene in (0, 1, 9)]
    assert found == [[1.624, 1.665, -0.38], [1.213, 5.265, -1.176], [0.768, -0.005, 0.24]]
    there = boxes.arrays(exact(0))
    assert (there["before"].mean(), there["after"].mean()) == pytest.approx((0.5509, 0.7763), abs=5e-5)
    assert boxes.largest_rate(0) == pytest.approx(3.8034, abs=5e-5)
    rates = [boxes.largest_rate(scene) for scene in SCENES]
    assert START["learning_rate"] < 3.75 < min(rates) and max(rates) < 3.83


@pytest.mark.parametrize("scene", SCENES)
def test_the_largest_rate_is_where_steps_begin_to_overshoot(scene):
    for share, settles in ((0.98, True), (1.02, False)):
        eta = share * boxes.largest_rate(scene)
        state = after(400, {**exact(scene), "b": exact(scene)["b"] + 0.01, "learning_rate": eta})
        path = costs(state)
        assert (path[-1] < path[0]) == settles
        assert boxes.arrays(state)["overshoots"] != settles


@pytest.mark.parametrize("scene", SCENES)
def test_with_too_large_a_rate_the_sizes_swing_between_bounds_and_the_places_are_learned(scene, recwarn):
    state = after(2000, {**drawn(scene, scene=scene), **LARGE})
    found = boxes.arrays(state)
    assert found["overshoots"] and np.isfinite(boxes.weights_of(state)).all()
    assert costs(START)[0] < found["costs"][-1000:].min() and found["costs"].max() < 5
    assert state["w1"] == pytest.approx(exact(scene)["w1"], abs=0.01)
    swings = [(after(k, state)["b"] - exact(scene)["b"]) > 0 for k in range(6)]
    assert swings in ([True, False] * 3, [False, True] * 3)
    assert len(recwarn) == 0


def test_too_large_a_rate_is_told_after_the_first_rise():
    explorer = make_explorer()
    explorer.set(**LARGE)
    assert "overshoot" not in explorer.alt
    explorer.press("Run 50 steps")
    for _ in range(2):  # the cost rises and falls in turns
        explorer.press("Step")
        limit = f"{boxes.largest_rate(0):.4g}"
        assert explorer.alt.endswith(f"Steps overshoot: η is too large for this scene; take it below {limit}.")
    explorer.set(learning_rate=2.0)
    assert "overshoot" not in explorer.alt
    explorer.press("Run 50 steps")
    assert costs(explorer.state)[-1] < 0.02


def test_weights_of_any_size_make_a_picture_and_no_warning(recwarn):
    explorer = make_explorer()
    for size in (1000.0, -1000.0):
        explorer.set(**dict.fromkeys(WEIGHTS, size), **LARGE)
        found = boxes.arrays(explorer.state)
        assert all(np.isfinite(array).all() for array in found.values())
        assert found["costs"][-1] < boxes.ENDS[1][-1]  # the curve never leaves the picture above
        explorer.png()
        explorer.press("Run 50 steps")
        assert (np.diff(costs(explorer.state)) < 0).all()
    assert len(recwarn) == 0


def test_scenes_are_whole_numbers_from_0_to_9():
    control = next(row.control for row in make_explorer().rows if row.control.key == "scene")
    assert control.accept(9, START) == (9, "") and control.accept(3.4, START)[0] == 3
    assert control.accept(10, START) == (9, "scene goes from 0 to 9: 10 became 9.")


def test_the_picture_holds_the_arrays():
    figure = Figure()
    update = boxes.draw(figure)
    for state in (after(50, START), drawn(2, scene=6)):
        found = boxes.arrays(state)
        update(found)
        scene, agreement, curve = figure.axes
        assert np.array_equal(scene.images[0].get_array(), found["image"])
        for name, line in zip(("windows", "moved", "digits"), scene.lines, strict=True):
            x, y = (data.reshape(-1, 6) + 0.5 for data in line.get_data())  # five points, and a gap
            assert np.isnan([x[:, 5], y[:, 5]]).all() and np.array_equal(x[:, 0], x[:, 4])
            ends = [y[:, :5].min(axis=1), x[:, :5].min(axis=1), y[:, :5].max(axis=1), x[:, :5].max(axis=1)]
            assert np.transpose(ends) == pytest.approx(found[name])
        assert [text.get_text() for text in scene.get_legend().get_texts()] == ["window", "moved", "digit"]
        diagonal, dots = agreement.lines
        assert np.array_equal(diagonal.get_xydata(), [[0, 0], [1, 1]])
        assert np.array_equal(dots.get_xydata(), np.column_stack([found["before"], found["after"]]))
        assert np.array_equal(curve.lines[0].get_xdata(), np.arange(len(found["costs"])))
        assert np.array_equal(curve.lines[0].get_ydata(), found["costs"])


def test_nothing_in_the_picture_leaves_it_or_covers_something_else():
    explorer = make_explorer()
    explorer.set(scene=6, **LARGE)
    explorer.press("Run 50 steps")
    explorer.png()
    figure = explorer._canvas.figure
    renderer, inside = figure.canvas.get_renderer(), figure.bbox.padded(0.5)
    scene, agreement, curve = figure.axes
    tight = [axes.get_tightbbox(renderer, for_layout_only=True) for axes in figure.axes]
    for one, other in ((0, 1), (1, 2)):
        assert tight[one].x1 < tight[other].x0
    legend = scene.get_legend().get_window_extent(renderer)
    for box in (*tight, legend):
        assert inside.x0 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0 and box.y1 <= inside.y1
    assert legend.y0 >= scene.bbox.y1 and legend.x1 < agreement.get_tightbbox(renderer).x0


def test_the_ends_of_the_axes_stay_for_many_steps():
    update = boxes.draw(Figure())
    assert {update(boxes.arrays(after(steps, START))) for steps in range(51)} == {(50, 3e-3, 5e-2)}
    assert update(boxes.arrays(after(51, START))) == (100, 3e-3, 5e-2)
    assert update(boxes.arrays(after(50, {**START, **LARGE}))) == (50, 3e-3, 5.0)


def test_there_is_a_last_step():
    state = after(MOST_STEPS - 1, START)
    assert "the last" not in boxes.alt(state, boxes.arrays(state))
    last = after(50, state)
    assert len(last["costs"]) == MOST_STEPS and after(1, last) == last
    assert "Step 5,000 (the last), " in boxes.alt(last, boxes.arrays(last))


def test_the_sentence_says_what_is_drawn():
    explorer = make_explorer()
    assert explorer.alt == (
        "Scene 0: 13 windows near 1 digit, moved by w₁ = 0.0000, w₂ = 0.0000, b = 0.0000. Mean IoU 0.551 before, 0.551 "
        "after; at least 0.5 in 62% of the windows before, 62% after; better in 0, worse in 0. "
        "Step 0, η = 2, seed 0: cost J = 0.0125."
    )
    explorer.set(scene=3)
    explorer.press("Run 50 steps")
    found = boxes.arrays(explorer.state)
    w1, w2, b = (f"{explorer.state[name]:.4f}".replace("-", "−") for name in WEIGHTS)
    assert explorer.alt == (
        f"Scene 3: 34 windows near 3 digits, moved by w₁ = {w1}, w₂ = {w2}, b = {b}. "
        f"Mean IoU {sum(found['before']) / 34:.3f} before, {sum(found['after']) / 34:.3f} after; at least 0.5 in "
        f"{sum(found['before'] >= 0.5) / 34:.0%} of the windows before, {sum(found['after'] >= 0.5) / 34:.0%} after; "
        f"better in {sum(found['after'] > found['before'])}, worse in {sum(found['after'] < found['before'])}. "
        f"Step 50, η = 2, seed 0: cost J = {loops(boxes.weights_of(explorer.state), 3)[0]:.4f}."
    )
