"""Boxes: how well two agree, how one is told relative to another, and which of many to keep.

A box is (y1, x1, y2, x2), rows before columns, as in `tf.image`; any unit will do.
"""

import numpy as np

from . import config


def _boxes(owner, argument, values):
    """Return boxes as an array `(n, 4)` of floats, or say what came."""
    try:
        array = np.asarray(values)
        array = array if array.dtype.kind == "f" else array.astype(config.floatx())
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.ndim != 2 or array.shape[1] != 4:
        came = np.shape(values) if isinstance(values, np.ndarray) else repr(values)
        raise ValueError(f"{owner}: {argument} must be an array of shape (n, 4): rows y1, x1, y2, x2; got {came}")
    return array


def iou(boxes_a, boxes_b):
    """Return how much each box of one list overlaps each of another: area of intersection / area of union.

    Args:
        boxes_a: array `(n, 4)`, each row two opposite corners y1, x1, y2, x2.
        boxes_b: array `(m, 4)`.

    Returns:
        Array `(n, m)` of numbers from 0 to 1; 0 where a box has no area (Jaccard 1912, as in `tf.image`).

    Raises:
        ValueError: if a shape is another.
    """
    low_a, high_a = _corners(_boxes("iou", "boxes_a", boxes_a)[:, None])  # (n, 1, 2)
    low_b, high_b = _corners(_boxes("iou", "boxes_b", boxes_b)[None])  # (1, m, 2)
    area_a, area_b = np.prod(high_a - low_a, axis=-1), np.prod(high_b - low_b, axis=-1)
    sides = np.maximum(np.minimum(high_a, high_b) - np.maximum(low_a, low_b), 0)
    intersection = np.prod(sides, axis=-1)  # (n, m)
    union = area_a + area_b - intersection
    both = (area_a > 0) & (area_b > 0)
    return np.divide(intersection, union, out=np.zeros_like(intersection), where=both)


def _corners(boxes):
    """Return the upper left and the lower right corner, each `(…, 2)`."""
    first, second = boxes[..., :2], boxes[..., 2:]
    return np.minimum(first, second), np.maximum(first, second)


def _centers_and_sizes(owner, argument, boxes):
    boxes = _boxes(owner, argument, boxes)
    sizes = boxes[:, 2:] - boxes[:, :2]
    if not (sizes > 0).all():
        number = int(np.flatnonzero(~(sizes > 0).all(axis=1))[0])
        raise ValueError(f"{owner}: {argument} must have y1 < y2 and x1 < x2, got row {number}: {boxes[number]}")
    return boxes[:, :2] + sizes / 2, sizes


def _require_one_for_one(owner, argument, array, anchors):
    if len(array) != len(anchors):
        raise ValueError(
            f"{owner}: {argument} must have one row for each of {len(anchors)} anchors, got {len(array)} rows"
        )


def encode_boxes(boxes, anchors):
    """Tell each box relative to its anchor, in numbers that a network learns easily.

    With centers (y, x) and sizes (h, w): t_y = (y − y_anchor) / h_anchor, t_x = (x − x_anchor) / w_anchor,
    t_h = log(h / h_anchor), t_w = log(w / w_anchor).

    Args:
        boxes: array `(n, 4)`, rows y1, x1, y2, x2 with y1 < y2 and x1 < x2.
        anchors: array `(n, 4)`, the boxes to start from.

    Returns:
        Array `(n, 4)`, rows t_y, t_x, t_h, t_w (Girshick et al. 2014, rows before columns).

    Raises:
        ValueError: if shapes differ, or a box has no area.
    """
    centers, sizes = _centers_and_sizes("encode_boxes", "boxes", boxes)
    anchor_centers, anchor_sizes = _centers_and_sizes("encode_boxes", "anchors", anchors)
    _require_one_for_one("encode_boxes", "boxes", centers, anchor_centers)
    return np.hstack([(centers - anchor_centers) / anchor_sizes, np.log(sizes / anchor_sizes)])


def decode_boxes(deltas, anchors):
    """Return the boxes that `encode_boxes` told relative to anchors.

    y = y_anchor + t_y h_anchor, x = x_anchor + t_x w_anchor, h = h_anchor e^(t_h), w = w_anchor e^(t_w).

    Args:
        deltas: array `(n, 4)`, rows t_y, t_x, t_h, t_w.
        anchors: array `(n, 4)`, rows y1, x1, y2, x2 with y1 < y2 and x1 < x2.

    Returns:
        Array `(n, 4)`, rows y1, x1, y2, x2 (Girshick et al. 2014).

    Raises:
        ValueError: if shapes differ, or an anchor has no area.
    """
    deltas = _boxes("decode_boxes", "deltas", deltas)
    anchor_centers, anchor_sizes = _centers_and_sizes("decode_boxes", "anchors", anchors)
    _require_one_for_one("decode_boxes", "deltas", deltas, anchor_centers)
    centers = anchor_centers + deltas[:, :2] * anchor_sizes
    half = anchor_sizes * np.exp(deltas[:, 2:]) / 2
    return np.hstack([centers - half, centers + half])


def non_max_suppression(boxes, scores, max_output_size, iou_threshold=0.5, score_threshold=-np.inf):
    """Keep the box with the highest score, drop those that overlap it too much, and so on with what remains.

    Each box kept is compared with all others at once; that one follows another is in the nature of the method.

    Args:
        boxes: array `(n, 4)`, rows y1, x1, y2, x2.
        scores: array `(n,)`.
        max_output_size: the most boxes to keep, a whole number.
        iou_threshold: overlap above which the box with the lower score is dropped, from 0 to 1.
        score_threshold: only boxes with higher scores are kept.

    Returns:
        Array of the indices of the boxes kept, highest score first (`tf.image.non_max_suppression`).

    Raises:
        ValueError: if shapes do not fit, or a number is outside its range.
    """
    boxes, scores = _boxes("non_max_suppression", "boxes", boxes), np.asarray(scores)
    _require_numbers_for_suppression(boxes, scores, max_output_size, iou_threshold)
    order = np.argsort(-scores, kind="stable")  # of equal scores, the first box comes first
    order, kept = order[scores[order] > score_threshold], []
    while len(order) and len(kept) < max_output_size:
        best, others = order[0], order[1:]
        kept.append(best)
        order = others[iou(boxes[[best]], boxes[others])[0] <= iou_threshold]
    return np.array(kept, int)


def _require_numbers_for_suppression(boxes, scores, max_output_size, iou_threshold):
    owner = "non_max_suppression"
    if scores.shape != (len(boxes),) or scores.dtype.kind not in "fiu":
        raise ValueError(f"{owner}: scores must be {len(boxes)} numbers, one for each box, got shape {scores.shape}")
    if isinstance(max_output_size, bool) or not isinstance(max_output_size, (int, np.integer)) or max_output_size < 0:
        raise ValueError(f"{owner}: max_output_size must be a whole number of at least 0, got {max_output_size!r}")
    if not 0 <= iou_threshold <= 1:
        raise ValueError(f"{owner}: iou_threshold must be a number from 0 to 1, got {iou_threshold!r}")


def match_boxes(boxes, labels, true_boxes, true_labels, iou_threshold=0.5):
    """Tell which object each detection finds: of those with its label, not found before, the one it overlaps most.

    Args:
        boxes: array `(n, 4)`, rows y1, x1, y2, x2, the surest first.
        labels: array `(n,)`.
        true_boxes: array `(m, 4)`.
        true_labels: array `(m,)`.
        iou_threshold: overlap from which an object is found.

    Returns:
        Whole numbers `(n,)`: the index of the object, or −1 where the detection finds none.

    Raises:
        ValueError: if boxes have another shape, or there is not one label for each.
    """
    overlap = iou(boxes, true_boxes)
    for argument, given, count in (("labels", labels, len(overlap)), ("true_labels", true_labels, overlap.shape[1])):
        if np.shape(given) != (count,):
            raise ValueError(f"match_boxes: {argument} must have the shape ({count},), got {np.shape(given)}")
    same = np.asarray(labels)[:, None] == np.asarray(true_labels)
    fits = np.where(same, overlap, -1.0)  # (n, m)
    found = np.full(len(fits), -1)
    for i, row in enumerate(fits):
        if row.max(initial=-1) >= iou_threshold:
            found[i] = row.argmax()
            fits[:, found[i]] = -1  # it is taken
    return found
