"""The mask explorer: features and slopes against loops, what is learned with w₂ and without, and what η does."""

from importlib import import_module

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from course_utils import bridge, load_keras, nn, plotting, scenes
from course_utils.explorers import mask as make_explorer
from course_utils.explorers.descent import MOST_STEPS

masks = import_module("course_utils.explorers.mask")
shared = import_module("course_utils.explorers.scene_weights")
numerical_gradient = import_module("course_utils.nn.gradcheck").numerical_gradient
START, WEIGHTS, SCENES = masks.INITIAL, shared.WEIGHTS, range(shared.SCENES)
LARGE = {"learning_rate": 1000.0}


def weighted(weights, **changes):
    return {**START, **dict(zip(WEIGHTS, map(float, weights))), **changes}


def drawn(seed, **changes):
    return shared.random_start({**START, "seed": seed, **changes})


def after(steps, state):
    return masks.take_steps(steps)(state)


def costs(state):
    return masks.arrays(state)["costs"]


def agreement(state):
    return masks.arrays(state)["iou"].mean()


def columns(scene):
    """A row x, r², 1 for each cell of a scene, and the targets."""
    known = masks.records(scene)
    return np.insert(known.features.reshape(-1, 2), 2, 1, axis=1), known.targets.ravel()


def second_derivatives(weights, scene):
    x, _ = columns(scene)
    p = nn.activations.sigmoid(x @ weights)
    return (x.T * p * (1 - p)) @ x / len(x)


def exact(scene, learned=(0, 1, 2)):
    """The state of the smallest cost, by Newton's method; a weight that is not learned stays 0."""
    weights, learned = np.zeros(3), list(learned)
    for _ in range(30):
        slopes, second = masks.cost_and_slopes(weights, scene)[1], second_derivatives(weights, scene)
        weights[learned] -= np.linalg.solve(second[np.ix_(learned, learned)], slopes[learned])
    return weighted(weights, scene=scene)


def largest_rate(scene):
    """The η above which steps do not settle at the smallest cost."""
    return 2 / np.linalg.eigvalsh(second_derivatives(masks.weights_of(exact(scene)), scene))[-1]


def loops(weights, scene):
    """J, and how it changes with w₁, w₂ and b, cell by cell."""
    known, (w1, w2, b) = masks.records(scene), weights
    total, slopes = 0.0, [0.0, 0.0, 0.0]
    for region, target in zip(known.features, known.targets):
        for row in range(14):
            for column in range(14):
                x, y = region[row, column, 0], target[row, column]
                r2 = ((row + 0.5) / 7 - 1) ** 2 + ((column + 0.5) / 7 - 1) ** 2
                p = 1 / (1 + np.exp(-(w1 * x + w2 * r2 + b)))
                total -= y * np.log(p) + (1 - y) * np.log(1 - p)
                for i, feature in enumerate((x, r2, 1)):
                    slopes[i] += (p - y) * feature
    return total / known.targets.size, [slope / known.targets.size for slope in slopes]


def at(image, y, x):
    """What lies at a point, between the four nearest pixels, pixel by pixel."""
    total = 0.0
    for row in range(image.shape[0]):
        for column in range(image.shape[1]):
            share = max(0, 1 - abs(y - 0.5 - row)) * max(0, 1 - abs(x - 0.5 - column))
            total += share and share * float(image[row, column])
    return total


@pytest.mark.parametrize("scene", (0, 6))
def test_records_are_the_cells_of_each_digits_box_enlarged_around_its_middle(scene):
    some = scenes.digit_scenes(shared.SCENES, masks.SEED)
    known, own = masks.records(scene), np.flatnonzero(some.scene == scene)
    assert np.array_equal(known.image, some.images[scene]) and np.array_equal(known.masks, some.masks[own])
    assert known.features.shape == (len(own), 14, 14, 2) and known.targets.shape == (len(own), 14, 14)
    for i, digit in enumerate(own):
        y1, x1, y2, x2 = some.boxes[digit]
        y, x, height, width = (y1 + y2) / 2, (x1 + x2) / 2, 5 / 3 * (y2 - y1), 5 / 3 * (x2 - x1)
        region = [y - height / 2, x - width / 2, y + height / 2, x + width / 2]
        assert known.regions[i] == pytest.approx(region)
        for row, column in ((0, 0), (3, 9), (6, 6), (7, 4), (12, 10), (13, 13)):
            place = region[0] + (row + 0.5) / 14 * height, region[1] + (column + 0.5) / 14 * width
            dark, r2 = known.features[i, row, column]
            assert dark == pytest.approx(at(known.image, *place))
            assert known.targets[i, row, column] == (at(some.masks[digit], *place) > 0.5)
            half = height / 2, width / 2
            assert r2 == pytest.approx(((place[0] - y) / half[0]) ** 2 + ((place[1] - x) / half[1]) ** 2)


def test_a_warped_image_by_hand():
    tiny = np.array([[0, 4], [8, 12.0]])
    assert masks.warp(tiny, (0, 0, 2, 2), 2) == pytest.approx(tiny)
    assert masks.warp(tiny, (0.5, 0.5, 1.5, 1.5), 1) == pytest.approx(6)
    assert masks.warp(tiny, (-1, 0, 1, 2), 2) == pytest.approx(np.array([[0, 0], [0, 4]]))
    assert np.diag(masks.distance())[[0, 6, 13]] == pytest.approx([2 * (13 / 14) ** 2, 2 / 14**2, 2 * (13 / 14) ** 2])


def test_pasted_cells_stand_where_the_region_stands():
    cells, region = np.random.default_rng(0).random((14, 14)), np.array([-3.5, 20.0, 24.5, 41.0])
    pasted = masks.paste(cells, region)
    for row, column in ((0, 20), (5, 33), (13, 27), (24, 40), (24, 41), (26, 30), (40, 5)):
        place = (row + 0.5 + 3.5) / 28 * 14, (column + 0.5 - 20) / 21 * 14
        assert pasted[row, column] == pytest.approx(at(cells, *place))
    whole = masks.paste(np.ones((14, 14)), region) > 0.5
    assert whole[:24, 21:40].all() and not whole[25:].any() and not whole[:, :20].any() and not whole[:, 41:].any()


HARD = [(0.7, -1.2, 0.4), (20.0, -6.0, -5.0), (-4.0, 9.0, 1.0)]


@pytest.mark.parametrize("weights", HARD)
@pytest.mark.parametrize("scene", (0, 5, 9))
def test_cost_and_slopes_are_those_of_loops_and_of_central_differences(weights, scene):
    here = np.array(weights)
    cost, slopes = masks.cost_and_slopes(here, scene)
    by_loops, slopes_by_loops = loops(weights, scene)
    assert cost == pytest.approx(by_loops) and slopes == pytest.approx(slopes_by_loops)
    assert slopes == pytest.approx(numerical_gradient(lambda: masks.cost_and_slopes(here, scene)[0], here), abs=1e-8)


@pytest.mark.parametrize("weights", [*HARD, (1000.0, -1000.0, -300.0)])
@pytest.mark.parametrize("scene", (0, 8))
def test_keras_finds_the_same_cost_and_slopes_in_float64(weights, scene):
    import tensorflow as tf

    keras, known = load_keras(), masks.records(scene)
    w1, w2, b = variables = [tf.Variable(weight, dtype="float64") for weight in weights]
    with bridge.number_type("float64"), tf.GradientTape() as tape:
        z = w1 * known.features[..., :1] + w2 * known.features[..., 1:] + b
        loss = keras.losses.BinaryCrossentropy(from_logits=True)(known.targets[..., None], z)
    cost, slopes = masks.cost_and_slopes(np.array(weights), scene)
    assert loss.dtype == "float64" and cost == pytest.approx(float(loss), rel=1e-12)
    assert slopes == pytest.approx([float(slope) for slope in tape.gradient(loss, variables)], rel=1e-10)


STATES = [
    START,
    after(50, START),
    drawn(3, scene=8, learning_rate=0.1),
    after(7, drawn(4, scene=2, **LARGE)),
    exact(1),
    weighted((-1000, 1000, -1000), scene=6, **LARGE),
]


@pytest.mark.parametrize("state", STATES)
def test_numpy_and_keras_give_the_same_values(state):
    ours, theirs = (masks.values(K, state) for K in (nn, load_keras()))
    cost, slopes = masks.cost_and_slopes(masks.weights_of(state), state["scene"])
    assert list(ours) == ["J", "∂J/∂w₁", "∂J/∂w₂", "∂J/∂b", "next w₁"]
    wanted = (cost, *slopes, state["w1"] - state["learning_rate"] * slopes[0])
    for found in (ours, theirs):
        assert list(found.values()) == pytest.approx(wanted, rel=1e-4, abs=1e-4)
    for name, value in ours.items():
        assert bridge.Row(name, value, theirs[name], 1e-4).agrees


def test_a_step_goes_against_the_slopes():
    state = drawn(1, scene=2, learning_rate=3.0)
    cost, slopes = masks.cost_and_slopes(masks.weights_of(state), 2)
    once = after(1, state)
    assert masks.weights_of(once) == pytest.approx(masks.weights_of(state) - 3 * slopes)
    assert once["costs"] == (cost,)
    step_by_step = state
    for _ in range(50):
        step_by_step = after(1, step_by_step)
    assert after(50, state) == step_by_step and len(costs(step_by_step)) == 51


def test_at_first_every_p_is_one_half_and_no_pixel_belongs_to_a_mask():
    for scene in SCENES:
        found = masks.arrays({**START, "scene": scene})
        assert (found["p"] == 0.5).all() and found["costs"] == pytest.approx([np.log(2)])
        true = masks.records(scene).masks.sum()
        assert found["counts"].tolist() == [0, true, 0] and not found["iou"].any()
        assert masks.arrays({**START, "scene": scene, "b": 0.1})["counts"][:2].tolist() == [true, 0]


@pytest.mark.parametrize("state", [exact(0), weighted((20, 0, -8), scene=8), weighted((0, -2, 1), scene=2)])
def test_masks_are_the_pixels_with_p_above_one_half_pixel_by_pixel(state):
    found, known = masks.arrays(state), masks.records(state["scene"])
    w1, w2, b = masks.weights_of(state)
    kinds, counts = np.zeros((64, 64), int), np.zeros(3, int)
    for i, (region, true) in enumerate(zip(known.regions, known.masks)):
        p = 1 / (1 + np.exp(-(w1 * known.features[i, ..., 0] + w2 * known.features[i, ..., 1] + b)))
        (y1, x1, y2, x2), own = region, np.zeros(3, int)
        for row, column in np.ndindex(64, 64):
            y, x = (row + 0.5 - y1) / (y2 - y1) * 14, (column + 0.5 - x1) / (x2 - x1) * 14
            inside = 0 < y < 14 and 0 < x < 14 and at(p, y, x) > 0.5
            kind = {(True, True): 1, (False, True): 2, (True, False): 3}.get((inside, bool(true[row, column])), 0)
            own += np.equal(kind, (1, 2, 3))
            kinds[row, column] = max(kinds[row, column], kind)
        assert found["iou"][i] == own[0] / own.sum()
        counts += own
    assert np.array_equal(found["kinds"], kinds) and np.array_equal(found["counts"], counts)


@pytest.mark.parametrize("scene", SCENES)
def test_learning_raises_the_agreement_and_lowers_the_cost_at_each_step(scene):
    for state in ({**START, "scene": scene}, drawn(0, scene=scene)):
        learned = after(200, {**state, "learning_rate": 2.0})
        assert (np.diff(costs(learned)) < 0).all()
        assert agreement(learned) > agreement(state) + 0.4


def agreements():
    """The mean IoU in each scene: at the smallest cost, at the smallest with w₂ = 0, and by hand with w₂ = 0."""
    learned, without = ([agreement(exact(scene, of)) for scene in SCENES] for of in ((0, 1, 2), (0, 2)))
    by_hand = [
        max(agreement(weighted((10, 0, -10 * darkness), scene=scene)) for darkness in np.arange(0.2, 0.8, 0.05))
        for scene in SCENES
    ]
    return np.array(learned), np.array(without), np.array(by_hand)


def test_with_w2_masks_agree_better_in_most_scenes_but_not_in_all():
    learned, without, by_hand = agreements()
    assert np.sum(learned - without > 0.03) == 8 and np.sum(learned - without > 0.15) == 5
    assert abs(learned - without)[[1, 5]].max() < 0.01  # no other ink comes near the digit
    assert np.flatnonzero(learned > by_hand).tolist() == [0, 2, 4, 6, 7, 8]
    assert learned.mean() > by_hand.mean() > without.mean()
    assert learned.max() < 0.91  # scraps near the middle stay, and 14 cells are coarse
    with_w2, without_w2 = ([costs(exact(scene, of))[0] for scene in SCENES] for of in ((0, 1, 2), (0, 2)))
    assert np.flatnonzero(np.subtract(without_w2, with_w2) < 0.01).tolist() == [1, 5]
    assert np.flatnonzero([exact(scene)["w2"] > -6 for scene in SCENES]).tolist() == [5]


@pytest.mark.parametrize("scene", SCENES)
def test_the_last_step_is_near_the_smallest_cost(scene):
    best = exact(scene)
    assert np.abs(masks.cost_and_slopes(masks.weights_of(best), scene)[1]).max() < 1e-12
    smallest = costs(best)[0]
    last = costs(after(MOST_STEPS, {**START, "scene": scene}))[-1]
    assert smallest - 1e-12 < last < smallest + 0.0015  # in scene 1, weights still grow
    assert smallest > masks.ENDS[0][-1]  # the curve never leaves the picture below


def test_values_that_the_notebook_may_tell():
    found = [masks.weights_of(exact(scene)).round(2).tolist() for scene in (0, 5, 8)]
    assert found == [[11.33, -11.5, -3.3], [14.33, 0.0, -6.42], [14.17, -12.47, -3.42]]
    learned, without, by_hand = agreements()
    assert without == pytest.approx([0.4495, 0.897, 0.723, 0.663, 0.845, 0.855, 0.491, 0.535, 0.324, 0.433], abs=5e-4)
    assert by_hand == pytest.approx([0.6385, 0.902, 0.805, 0.789, 0.850, 0.877, 0.625, 0.707, 0.675, 0.685], abs=5e-4)
    assert learned == pytest.approx([0.6894, 0.900, 0.822, 0.709, 0.883, 0.855, 0.673, 0.743, 0.839, 0.676], abs=5e-4)
    rates = [largest_rate(scene) for scene in SCENES]
    assert rates == pytest.approx([60.3, 150.0, 109.8, 59.6, 97.8, 85.7, 53.8, 102.3, 74.4, 119.1], abs=0.05)


@pytest.mark.parametrize("scene", SCENES)
def test_the_largest_rate_is_where_steps_near_the_smallest_cost_begin_to_overshoot(scene):
    for share, settles in ((0.95, True), (1.05, False)):
        eta = share * largest_rate(scene)
        near = {**exact(scene), "b": exact(scene)["b"] + 0.01, "learning_rate": eta}
        state = after(400, near)
        assert (costs(state)[-1] < costs(near)[0]) == settles
        assert (np.diff(costs(state)[-100:]) > 1e-9).any() != settles


@pytest.mark.parametrize("scene", SCENES)
def test_the_largest_eta_swings_between_bounds(scene, recwarn):
    state = after(2000, drawn(scene, scene=scene, **LARGE))
    found = masks.arrays(state)
    assert all(np.isfinite(array).all() for array in found.values())
    assert costs(exact(scene))[0] * 1.5 < found["costs"][-500:].max() < masks.ENDS[1][-1]
    assert len(recwarn) == 0


def test_weights_of_any_size_make_a_picture_and_no_warning(recwarn):
    explorer = make_explorer()
    for signs in ((1, 1, 1), (-1, -1, -1), (1, -1, 1), (-1, 1, -1)):
        explorer.set(**dict(zip(WEIGHTS, np.multiply(signs, 1000.0).tolist())), **LARGE)
        found = masks.arrays(explorer.state)
        assert all(np.isfinite(array).all() for array in found.values())
        assert found["costs"][-1] < masks.ENDS[1][-1]  # the curve never leaves the picture above
        explorer.png()
        explorer.press("Run 50 steps")
        assert costs(explorer.state)[-1] < found["costs"][-1]
    assert len(recwarn) == 0


def test_a_rise_is_told_until_two_steps_later():
    explorer = make_explorer()
    explorer.set(learning_rate=20.0)
    said = []
    for _ in range(6):
        explorer.press("Step")
        said.append(explorer.alt.endswith("A step just raised the cost: η is too large there."))
        assert said[-1] == (np.diff(costs(explorer.state)) > 0)[-2:].any()
    assert said == [True, True, False, False, False, False]
    assert not masks.arrays(after(3000, explorer.state))["overshoots"]  # at the end, rounding is no rise


def test_the_picture_holds_the_arrays():
    figure = Figure()
    update = masks.draw(figure)
    for state in (after(50, START), drawn(2, scene=6)):
        found = masks.arrays(state)
        update(found)
        scene, x, r2, mask, p, curve = figure.axes
        image, layer = scene.images
        assert np.array_equal(image.get_array(), found["image"])
        shown = layer.to_rgba(layer.get_array())
        for kind, color in enumerate(masks.LOOKS.values(), 1):
            here = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
            assert np.allclose(shown[found["kinds"] == kind, :3], here)
        assert np.array_equal(shown[..., 3] > 0, found["kinds"] > 0)
        for picture, name in ((x, "x"), (mask, "mask"), (p, "p")):
            assert np.array_equal(picture.images[0].get_array(), found[name])
            assert picture.images[0].get_clim() == (0, 1)
        assert np.array_equal(r2.images[0].get_array(), masks.distance())
        corners = [line.get_xydata()[:5] + 0.5 for line in scene.lines[3:]]
        y1, x1, y2, x2 = found["regions"][0]
        for box in corners:
            assert box == pytest.approx(np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2], [x1, y1]]))
        legend = scene.get_legend()
        assert [text.get_text() for text in legend.get_texts()] == list(masks.KINDS)
        assert [line.get_markerfacecolor() for line in legend.get_lines()] == list(masks.LOOKS.values())
        assert np.array_equal(curve.lines[0].get_ydata(), found["costs"])


@pytest.mark.parametrize("styled", (False, True))
def test_nothing_in_the_picture_leaves_it_or_covers_something_else(styled):
    with matplotlib.rc_context():
        if styled:  # as in a notebook, where titles are bold
            plotting.use_style()
        see_that_nothing_leaves_the_picture_or_covers_something_else()


def see_that_nothing_leaves_the_picture_or_covers_something_else():
    explorer = make_explorer()
    explorer.set(scene=6, **LARGE)
    for _ in range(4):
        explorer.press("Run 50 steps")
    explorer.png()
    figure = explorer._canvas.figure
    renderer, inside = figure.canvas.get_renderer(), figure.bbox.padded(0.5)
    scene, *cells, curve = figure.axes
    extents = [Bbox.union([axes.title.get_window_extent(renderer), axes.bbox]) for axes in cells]
    texts = [text.get_window_extent(renderer) for text in cells[0].texts]
    tight = [axes.get_tightbbox(renderer, for_layout_only=True) for axes in (scene, curve)]
    lines = [text.get_window_extent(renderer) for text in curve.texts if text.get_text()]
    legend = scene.get_legend().get_window_extent(renderer)
    for box in (*extents, *texts, *tight, *lines, legend):
        assert inside.x0 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0 and box.y1 <= inside.y1
    apart = (*extents, *texts, *tight)
    for i, one in enumerate(apart):
        assert not any(one.overlaps(other) for other in apart[i + 1 :])
    assert legend.y0 >= scene.bbox.y1 and not any(legend.overlaps(other) for other in (*extents, *texts))
    assert not any(line.overlaps(other) for line in lines for other in (*extents, *texts, curve.bbox))
    ticks = [label.get_window_extent(renderer) for label in curve.get_yticklabels()]
    shown = [label for label in ticks if curve.bbox.y0 - 9 < (label.y0 + label.y1) / 2 < curve.bbox.y1 + 9]
    assert len(shown) > 2 and not any(one.overlaps(other) for one, other in zip(shown, shown[1:]))


def test_the_sentence_says_what_is_drawn():
    explorer = make_explorer()
    assert explorer.alt == (
        "Scene 0: 3 regions, masks by w₁ = 0.0000, w₂ = 0.0000, b = 0.0000. IoU with the true masks: 0.000, 0.000, "
        "0.000, mean 0.000. Pixels of all regions: 0 right, 289 missed, 0 too much. "
        "Step 0, η = 10, seed 0: cost J = 0.6931."
    )
    explorer.set(scene=8)
    explorer.press("Run 50 steps")
    w1, w2, b = (f"{explorer.state[name]:.4f}".replace("-", "−") for name in WEIGHTS)
    kinds = masks.arrays(explorer.state)["kinds"]  # one region: nothing overlaps
    right, missed, too_much = (np.sum(kinds == kind) for kind in (masks.RIGHT, masks.MISSED, masks.TOO_MUCH))
    iou = f"{right / (right + missed + too_much):.3f}"
    assert explorer.alt == (
        f"Scene 8: 1 region, masks by w₁ = {w1}, w₂ = {w2}, b = {b}. IoU with the true mask: {iou}, mean {iou}. "
        f"Pixels of all regions: {right} right, {missed} missed, {too_much} too much. "
        f"Step 50, η = 10, seed 0: cost J = {loops(masks.weights_of(explorer.state), 8)[0]:.4f}."
    )
