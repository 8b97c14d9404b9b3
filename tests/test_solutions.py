"""The solutions of exercises about boxes and masks against `nn` and Keras, on the inputs of the exercises."""

import numpy as np
import pytest

from course_utils import load_keras, nn
from course_utils.checks import detection, segmentation


def solutions(exercise):
    """Give each input of an exercise with what its solution returns."""
    return [(arguments, exercise.solution_function(*arguments)) for arguments in exercise.inputs]


def test_iou():
    for (a, b), found in solutions(detection.iou):
        assert found == pytest.approx(nn.detection.iou(a[None], b[None]).item())


def test_offsets():
    for (window, box), found in solutions(detection.offsets):
        assert found == pytest.approx(nn.detection.encode_boxes(box[None], window[None])[0])


def test_suppress():
    for (boxes, scores, threshold), found in solutions(detection.suppress):
        kept = nn.detection.non_max_suppression(boxes, scores, len(boxes), threshold)
        assert list(found) == kept.tolist()


def test_right_ones():
    for arguments, found in solutions(detection.right_ones):
        assert found == np.sum(nn.detection.match_boxes(*arguments) >= 0)


def test_mask_iou():
    metric = load_keras().metrics.BinaryIoU(target_class_ids=[1])
    for (a, b), found in solutions(segmentation.mask_iou):
        metric.reset_state()
        assert found == pytest.approx(float(metric(a, b)))


def test_align():
    for (row, start, end, cells), found in solutions(segmentation.align):
        box = np.array([[[0, start / len(row), 1, end / len(row)]]])
        cut = nn.layers.RoIAlign((1, cells), 1)([row[None, None, :, None], box])
        assert found == pytest.approx(np.ravel(cut), rel=1e-5)


def test_transposed():
    for (small, kernel, strides), found in solutions(segmentation.transposed):
        layer = load_keras().layers.Conv2DTranspose(1, len(kernel), strides, use_bias=False)
        layer.build((None, *small.shape, 1))
        layer.set_weights([kernel[:, :, None, None]])
        assert found == pytest.approx(np.asarray(layer(small[None, :, :, None]))[0, :, :, 0], rel=1e-5)


def test_mask_loss():
    loss = load_keras().losses.BinaryCrossentropy(from_logits=True)
    for (z, mask, label), found in solutions(segmentation.mask_loss):
        assert found == pytest.approx(float(loss(mask[None], z[None, :, :, label])), rel=1e-5)
