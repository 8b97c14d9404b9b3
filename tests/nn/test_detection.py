"""Boxes and what is cut out of them: the same numbers as TensorFlow, or as by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import keras_layers, nn, startup
from course_utils.bridge import TOLERANCES, copy_weights, number_type
from course_utils.nn import detection
from tests.parity import assert_parity, twins

# ---- RoIAlign


def roi_align(K, *args, **kwargs):
    """Return the layer of either engine."""
    return (K.layers if K is nn else keras_layers).RoIAlign(*args, **kwargs)


def random_boxes(rng, *shape, low=0.0, high=1.0):
    """Return boxes `(*shape, 4)` with y1 < y2 and x1 < x2."""
    corners = np.sort(rng.uniform(low, high, (*shape, 2, 2)), axis=-2)  # (…, upper or lower, y or x)
    return corners.reshape(*shape, 4)


def detector(size, cells, ratio):
    """Return a builder: a feature map that is learned, boxes, and an output for each box."""

    def build(K):
        image, boxes = K.Input((*size, 2), name="image"), K.Input((3, 4), name="boxes")
        features = K.layers.Conv2D(2, 1, name="features")(image)
        crops = roi_align(K, cells, ratio, name="crops")([features, boxes])
        output = K.layers.Dense(2, name="output")(K.layers.Reshape((3, -1), name="rows")(crops))
        model = K.Model([image, boxes], output)
        model.compile(optimizer=K.optimizers.SGD(0.05), loss="mse")
        return model

    return build


SIZES = [((8, 8), 2, 2), ((4, 8), (2, 4), 1), ((4, 4), (1, 2), 4), ((1, 1), 2, 2), ((2, 1), (3, 1), 1)]


DTYPES = ["float32", "float64"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size, cells, ratio", SIZES)
def test_roi_align_agrees(size, cells, ratio, dtype):
    rng = np.random.default_rng(0)
    boxes = random_boxes(rng, 2, 3)
    boxes[0, 0] = [0, 0, 1, 1]
    boxes[0, 1] = [-2, -0.25, 0.5, 3]  # beyond the image
    x = [rng.normal(size=(2, *size, 2)), boxes]
    assert_parity(detector(size, cells, ratio), x, rng.normal(size=(2, 3, 2)), dtype, steps=5, scale=0.3)


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=20)
@given(
    seed=st.integers(0, 2**16),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    cells=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    ratio=st.integers(1, 3),
    boxes=st.integers(0, 4),
)
def test_roi_align_of_any_boxes_agrees(dtype, seed, size, cells, ratio, boxes):
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    x = [rng.normal(size=(2, *size, 3)).astype(dtype), random_boxes(rng, 2, boxes, low=-0.3, high=1.3).astype(dtype)]
    grad = rng.normal(size=(2, boxes, *cells, 3)).astype(dtype)
    with number_type(dtype):
        layers = [roi_align(K, cells, ratio) for K in (nn, keras_layers)]
    tensors = [tf.constant(array) for array in x]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        theirs = layers[1](tensors)
    ours = layers[0](x)
    assert ours.shape == grad.shape and ours.dtype == theirs.numpy().dtype == dtype
    assert_close(ours, theirs, TOLERANCES[dtype]["output"])
    to_features, to_boxes = tape.gradient(theirs, tensors, output_gradients=grad)
    assert to_boxes is None
    assert_close(layers[0].backward(grad)[0], to_features, TOLERANCES[dtype]["gradient"])


def assert_close(ours, theirs, tolerance):
    """Hold two arrays against each other, relative above 1."""
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def cut_by_tensorflow(features, boxes, cells, ratio):
    """Return the crops of one image; TensorFlow does it in float32, with other places and another edge.

    It counts from the center of the first pixel to that of the last one, and puts 0 outside: so the map gets an edge
    of one pixel, and the boxes move.
    """
    import tensorflow as tf

    size, points = np.array(features.shape[:2]), np.array(cells) * ratio
    start, end = boxes[:, :2] * size, boxes[:, 2:] * size
    half_step = (end - start) / points / 2
    moved = np.concatenate([start + half_step + 0.5, end - half_step + 0.5], axis=1) / np.tile(size + 1, 2)
    edged = np.pad(features, [(1, 1), (1, 1), (0, 0)], "edge")[None]
    crops = tf.image.crop_and_resize(edged, moved, np.zeros(len(boxes), int), points)
    return tf.nn.avg_pool2d(crops, ratio, ratio, "VALID")


@pytest.mark.parametrize("size, cells, ratio", SIZES)
def test_roi_align_agrees_with_crop_and_resize(size, cells, ratio):
    rng = np.random.default_rng(1)
    cells = (cells, cells) if isinstance(cells, int) else cells
    features = rng.normal(size=(*size, 3)).astype("float32")
    boxes = np.float32([[0, 0, 1, 1], [-2, -0.25, 0.5, 3], *random_boxes(rng, 4, low=-0.3, high=1.3)])
    expected = cut_by_tensorflow(features, boxes, cells, ratio)
    for K in (nn, keras_layers):
        assert_close(roi_align(K, cells, ratio)([features[None], boxes[None]])[0], expected, 1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_fit_with_roi_align_agrees_and_repeats_to_the_bit(dtype):
    rng = np.random.default_rng(0)
    x = [rng.normal(size=(10, 8, 8, 2)).astype(dtype), random_boxes(rng, 10, 3).astype(dtype)]
    y = rng.normal(size=(10, 3, 2)).astype(dtype)
    with number_type(dtype):
        models = [*twins(detector((8, 8), 3, 2), rng), detector((8, 8), 3, 2)(startup.load_keras())]
        copy_weights(models[0], models[2])
        for model in models:
            model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0)  # the last batch has two records
    for ours, theirs, again in zip(*(model.get_weights() for model in models), strict=True):
        assert_close(ours, theirs, TOLERANCES[dtype]["weights"])
        np.testing.assert_array_equal(theirs, again)


def test_roi_align_by_hand():
    """Columns hold 0, 1, 2, 3; the right half spans pixels 2 and 3: cells at 1.75, 2.25, 2.75, 3 (the edge)."""
    features = np.broadcast_to(np.arange(4.0), (1, 2, 4))[..., None]
    crops = nn.layers.RoIAlign((1, 4), 1)([features, np.array([[[0.0, 0.5, 1.0, 1.0]]])])
    np.testing.assert_allclose(crops[0, 0, 0, :, 0], [1.75, 2.25, 2.75, 3.0])


def test_gradients_of_roi_align_are_slopes():
    rng = np.random.default_rng(1)
    with number_type("float64"):
        model = detector((5, 4), (2, 3), 2)(nn)
        x = [rng.normal(size=(2, 5, 4, 2)), random_boxes(rng, 2, 3, low=-0.1, high=1.1)]
        assert nn.gradcheck(model, x, rng.normal(size=(2, 3, 2))).ok


@pytest.mark.parametrize(
    "shapes",
    [
        [(2, 4, 4, 3), (2, 3, 5)],
        [(2, 4, 4, 3), (3, 3, 4)],
        [(2, 4, 4), (2, 3, 4)],
        [(2, 4, 4, 3), (3, 4)],
        [(2, 4, 4, 3)],
    ],
)
def test_roi_align_says_what_it_takes(shapes):
    with pytest.raises(ValueError, match=r"RoIAlign 'r': inputs must be \[features .*, boxes .*got \["):
        nn.layers.RoIAlign(2, name="r")([np.ones(shape) for shape in shapes])


def test_roi_align_wants_a_list():
    with pytest.raises(ValueError, match=r"RoIAlign 'r': inputs must be \[features .*got \(2, 4, 4, 3\)"):
        nn.layers.RoIAlign(2, name="r")(np.ones((2, 4, 4, 3)))


# ---- overlap


def test_iou_by_hand():
    a = [[0, 0, 2, 2]]
    b = [[0, 0, 2, 2], [1, 1, 3, 3], [2, 2, 3, 3], [0, 0, 1, 1], [3, 3, 1, 1], [0, 0, 0, 5]]
    np.testing.assert_allclose(detection.iou(a, b), [[1, 1 / 7, 0, 1 / 4, 1 / 7, 0]], rtol=1e-6)


@given(seed=st.integers(0, 2**16), n=st.integers(0, 4), m=st.integers(0, 4))
def test_iou_is_a_share_and_the_same_both_ways(seed, n, m):
    rng = np.random.default_rng(seed)
    a, b = random_boxes(rng, n), random_boxes(rng, m)
    overlap = detection.iou(a, b)
    assert overlap.shape == (n, m) and ((0 <= overlap) & (overlap <= 1)).all()
    np.testing.assert_array_equal(overlap, detection.iou(b, a).T)
    np.testing.assert_allclose(np.diag(detection.iou(a, a)), 1)
    assert detection.iou(a.astype(np.float32), b.astype(np.float32)).dtype == np.float32


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**16),
    n=st.integers(0, 30),
    most=st.integers(0, 12),
    iou_threshold=st.sampled_from([0.0, 0.25, 0.5, 0.7, 1.0]),
    score_threshold=st.sampled_from([-np.inf, 0.3]),
    grid=st.sampled_from([None, 4]),
)
def test_suppression_keeps_the_boxes_that_tensorflow_keeps(seed, n, most, iou_threshold, score_threshold, grid):
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    boxes, scores = random_boxes(rng, n), rng.random(n)
    if grid:  # equal scores, overlaps of exactly a threshold, boxes without area
        boxes, scores = np.round(boxes * grid) / grid, np.round(scores * grid) / grid
    boxes, scores = boxes.astype(np.float32), scores.astype(np.float32)
    theirs = tf.image.non_max_suppression(boxes, scores, most, iou_threshold, score_threshold)
    ours = detection.non_max_suppression(boxes, scores, most, iou_threshold, score_threshold)
    np.testing.assert_array_equal(ours, theirs)


# ---- boxes relative to others


def test_encoding_by_hand():
    """An anchor of 2 × 4 around (1, 2); a box of 4 × 4 around (2, 1)."""
    code = detection.encode_boxes([[0, -1, 4, 3]], [[0, 0, 2, 4]])
    np.testing.assert_allclose(code, [[0.5, -0.25, np.log(2), 0]], rtol=1e-6)
    np.testing.assert_array_equal(detection.decode_boxes([[0, 0, 0, 0]], [[0, 0, 2, 4]]), [[0, 0, 2, 4]])


@given(seed=st.integers(0, 2**16), n=st.integers(0, 6))
def test_decoding_undoes_encoding(seed, n):
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    boxes, anchors = random_boxes(rng, n) * [1, 2, 3, 4] + [0, 0, 1, 2], random_boxes(rng, n) + [0, 0, 0.1, 0.1]
    code = detection.encode_boxes(boxes, anchors)
    np.testing.assert_allclose(detection.decode_boxes(code, anchors), boxes, atol=1e-9)
    (y, x), (h, w) = tf.transpose(boxes[:, :2] + boxes[:, 2:]) / 2, tf.transpose(boxes[:, 2:] - boxes[:, :2])
    (v, u), (g, f) = tf.transpose(anchors[:, :2] + anchors[:, 2:]) / 2, tf.transpose(anchors[:, 2:] - anchors[:, :2])
    expected = tf.stack([(y - v) / g, (x - u) / f, tf.math.log(h / g), tf.math.log(w / f)], axis=1)
    np.testing.assert_allclose(code, expected, rtol=1e-9, atol=1e-9)


BOX, FLAT = [[0, 0, 1, 1]], [[0, 0, 1, 1], [1, 0, 1, 2]]
MISTAKES = {
    "one box without list": (lambda: detection.iou([0, 0, 1, 1], BOX), r"iou: boxes_a must be .*\(n, 4\).*got \[0, 0"),
    "three numbers": (lambda: detection.iou(BOX, np.ones((2, 3))), r"iou: boxes_b must be .* got \(2, 3\)"),
    "words": (lambda: detection.iou(BOX, [["a"] * 4]), "iou: boxes_b must be an array"),
    "flat box": (lambda: detection.encode_boxes(FLAT, FLAT), r"encode_boxes: boxes must have y1 < y2 .*row 1"),
    "flat anchor": (lambda: detection.decode_boxes(BOX * 2, FLAT), "decode_boxes: anchors must have y1 < y2"),
    "one anchor missing": (
        lambda: detection.decode_boxes(BOX * 2, BOX),
        "deltas must have one row for each of 1 anchors",
    ),
    "one box missing": (lambda: detection.encode_boxes(BOX, BOX * 2), "boxes must have one row for each of 2 anchors"),
    "scores": (lambda: detection.non_max_suppression(BOX, [1, 2], 1), r"scores must be 1 numbers.*got shape \(2,\)"),
    "how many": (lambda: detection.non_max_suppression(BOX, [1], -1), "max_output_size must be .* at least 0, got -1"),
    "overlap": (lambda: detection.non_max_suppression(BOX, [1], 1, 1.5), "iou_threshold must be .* 0 to 1, got 1.5"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_with_boxes_gets_a_sentence(mistake):
    call, sentence = MISTAKES[mistake]
    with pytest.raises(ValueError, match=sentence):
        call()


# ---- match_boxes

SIDE_BY_SIDE = np.array([[0, 0, 10, 10], [0, 2, 10, 12], [20, 20, 30, 30]], float)


def test_each_object_is_found_once_by_the_surest():
    assert detection.match_boxes(SIDE_BY_SIDE, [7, 7, 3], SIDE_BY_SIDE[[0, 2]], [7, 3]).tolist() == [0, -1, 1]


def test_of_several_objects_the_one_with_the_largest_overlap_is_found():
    boxes = np.array([[0, 1.9, 10, 11.9], [0, 0, 10, 10]])
    assert detection.match_boxes(boxes, [7, 7], SIDE_BY_SIDE, [7, 7, 7]).tolist() == [1, 0]
    assert detection.match_boxes(boxes[[0, 0]], [7, 7], SIDE_BY_SIDE, [7, 7, 7]).tolist() == [1, 0]  # second choice


def test_another_label_finds_nothing_and_takes_nothing():
    found = detection.match_boxes(SIDE_BY_SIDE[[0, 0]], [1, 7], SIDE_BY_SIDE, [7, 1, 1], iou_threshold=0)
    assert found.tolist() == [1, 0]
    assert detection.match_boxes(SIDE_BY_SIDE[:1], [5], SIDE_BY_SIDE, [7, 1, 1], iou_threshold=0).tolist() == [-1]


def test_the_threshold_is_enough():
    half = np.array([[0, 0, 10, 5]], float)  # IoU 0.5
    for iou_threshold, found in ((0.5, 0), (0.5001, -1)):
        assert detection.match_boxes(half, [7], SIDE_BY_SIDE[:1], [7], iou_threshold).tolist() == [found]


def test_nothing_found_and_nothing_there():
    none = np.zeros((0, 4))
    assert detection.match_boxes(none, [], SIDE_BY_SIDE, [1, 2, 3]).shape == (0,)
    assert detection.match_boxes(SIDE_BY_SIDE, [1, 2, 3], none, []).tolist() == [-1, -1, -1]


def test_labels_for_other_boxes_are_told():
    with pytest.raises(ValueError, match=r"match_boxes: labels must have the shape \(3,\), got \(2,\)"):
        detection.match_boxes(SIDE_BY_SIDE, [1, 2], SIDE_BY_SIDE, [1, 2, 3])
    with pytest.raises(ValueError, match=r"match_boxes: true_labels must have the shape \(3,\), got \(4,\)"):
        detection.match_boxes(SIDE_BY_SIDE, [1, 2, 3], SIDE_BY_SIDE, [1, 2, 3, 4])
