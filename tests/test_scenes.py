"""Scenes: what they hold is what their boxes, labels and masks say, and windows are where the ink is."""

import numpy as np
import pytest

from course_utils import data, nn, scenes


@pytest.fixture(scope="module")
def some():
    return scenes.digit_scenes(60)


def test_shapes_and_ranges(some):
    digits = len(some.boxes)
    assert some.images.shape == (60, 64, 64) and some.images.dtype == np.float32
    assert some.images.min() == 0 and 0.9 < some.images.max() <= 1
    assert some.boxes.shape == (digits, 4) and some.masks.shape == (digits, 64, 64) and some.masks.dtype == bool
    assert some.labels.shape == some.scene.shape == (digits,) and set(some.labels) == set(range(10))
    assert set(np.bincount(some.scene, minlength=60)) == {1, 2, 3}


def test_a_box_is_the_smallest_around_its_mask_and_the_mask_is_ink(some):
    for (y1, x1, y2, x2), mask, i in zip(some.boxes.astype(int), some.masks, some.scene):
        inside = mask[y1:y2, x1:x2]
        assert inside.sum() == mask.sum() > 10
        assert inside[0].any() and inside[-1].any() and inside[:, 0].any() and inside[:, -1].any()
        assert some.images[i][mask].min() >= np.float32(scenes.INK)


def test_digits_of_a_scene_keep_apart(some):
    for i in range(60):
        boxes = some.boxes[some.scene == i]
        assert np.array_equal(nn.detection.iou(boxes, boxes) > 0, np.eye(len(boxes), dtype=bool))


def test_scraps_lie_outside_of_all_masks_as_well(some):
    everything = np.array([some.masks[some.scene == i].any(axis=0) for i in range(60)])
    strange = (some.images > scenes.INK) & ~everything
    assert np.mean(strange.any(axis=(1, 2))) > 0.9


def test_a_digit_at_its_own_size_is_the_picture_itself(monkeypatch):
    monkeypatch.setattr(scenes, "SIZES", (28, 29))
    monkeypatch.setattr(scenes, "SCRAPS", 0)
    found = scenes.digit_scenes(3, seed=5, new=True)
    pictures, names = data.load_digits()[1]
    for mask, label, i in zip(found.masks, found.labels, found.scene):
        ink = pictures[names == label] / 255 > scenes.INK
        own = found.images[i][mask]
        assert any(np.allclose(own, picture[dark] / 255) for picture, dark in zip(pictures[names == label], ink)
                   if dark.sum() == len(own))  # fmt: skip


def test_a_smaller_picture_has_the_same_mean_ink():
    picture = np.random.default_rng(0).uniform(size=(28, 28))
    for size in (18, 28, 29):
        assert scenes._resized(picture, size).mean() == pytest.approx(picture.mean())
    assert scenes._resized(picture, 14) == pytest.approx(picture.reshape(14, 2, 14, 2).mean(axis=(1, 3)))


def test_the_seed_decides_and_the_two_sets_differ(some):
    again, other, new = scenes.digit_scenes(60), scenes.digit_scenes(60, seed=1), scenes.digit_scenes(60, new=True)
    assert all(np.array_equal(*pair) for pair in zip(some, again))
    assert not np.array_equal(some.images, other.images) and not np.array_equal(some.images, new.images)


@pytest.mark.parametrize("count", [0, -1, 2.0, "3", True, None])
def test_a_wrong_count_is_told(count):
    with pytest.raises(ValueError, match="count must be a whole number of at least 1, got"):
        scenes.digit_scenes(count)


def test_windows_hold_ink_and_none_that_does_is_missing(some):
    image = some.images[0]
    found = {tuple(box) for box in scenes.windows(image).astype(int)}
    for height, width in scenes.WINDOWS:
        for y in range(0, 64 - height + 1, scenes.STRIDE):
            for x in range(0, 64 - width + 1, scenes.STRIDE):
                holds = image[y : y + height, x : x + width].mean() > 0.1
                assert holds == ((y, x, y + height, x + width) in found)
    assert len(scenes.windows(np.zeros((64, 64)))) == 0


def test_most_digits_have_a_window(some):
    best = [nn.detection.iou(box[None], scenes.windows(some.images[i])).max() for box, i in zip(some.boxes, some.scene)]
    assert np.mean(np.array(best) >= 0.5) > 0.9


def test_the_digits_of_one_scene(some):
    parts = [scenes.digits_of(some, i) for i in range(60)]
    for whole, own in zip((some.boxes, some.labels, some.masks), zip(*parts)):
        assert np.array_equal(np.concatenate(own), whole)
    assert [len(boxes) for boxes, _, _ in parts] == np.bincount(some.scene).tolist()
