"""Scenes: pictures with up to three handwritten digits and scraps of others, and what stands where."""

from typing import NamedTuple

import numpy as np

from . import data

SIDE = 64  # pixels
SIZES = (18, 30)  # of a digit's picture in a scene, in pixels: the smallest, and one more than the largest
SCRAPS, SCRAP = 3, 8  # how many scraps of other digits a scene holds, and how large they are, in pixels
TRIES = 50  # places tried for a digit before it is left out
INK = 0.4 + 1e-6  # above which darkness a pixel is in the mask of its digit; 0.4 itself is a level of gray, 102 / 255
WINDOWS = ((16, 12), (20, 16), (16, 6))  # rows and columns of the windows to look through, in pixels
STRIDE = 4  # pixels from one window to the next


class Scenes(NamedTuple):
    """Scenes as arrays; the digits of all scenes stand one after the other.

    Args:
        images: float32 `(scenes, 64, 64)`, 0 is background, 1 full ink.
        boxes: the smallest box around each digit's ink: y1, x1, y2, x2 in pixels, float64 `(digits, 4)`.
        labels: what each digit is, int64 `(digits,)`.
        masks: which pixels are ink of each digit, bool `(digits, 64, 64)`.
        scene: in which scene each digit stands, int64 `(digits,)`.
    """

    images: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    masks: np.ndarray
    scene: np.ndarray


def digit_scenes(count, seed=0, new=False):
    """Put one to three digits into each scene, at sizes and places drawn at random, and scraps of others between them.

    Digits keep a distance from each other; scraps may lie anywhere, as in the cluttered digits of Mnih et al. (2014).

    Args:
        count: how many scenes.
        seed: of the random numbers.
        new: whether the digits are taken from the 1,000 that serve for testing, and not from the other 4,000.

    Returns:
        Scenes: `images` `(count, 64, 64)`, and `boxes`, `labels`, `masks`, `scene` of all digits.

    Raises:
        ValueError: if count is not a whole number of at least 1.
    """
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 1:
        raise ValueError(f"count must be a whole number of at least 1, got {count!r}")
    pictures, names = data.load_digits()[int(new)]
    generator = np.random.default_rng(seed)
    images, found = np.zeros((count, SIDE, SIDE), np.float32), []
    for i, image in enumerate(images):
        for _ in range(SCRAPS):
            _add_scrap(image, pictures, generator)
        taken = []
        for _ in range(generator.integers(1, 4)):
            digit = generator.integers(len(pictures))
            ink = _resized(pictures[digit] / 255, generator.integers(*SIZES))
            place = _free_place(ink, taken, generator)
            if place is None:
                continue
            mask = _put(image, ink, place)
            taken.append(_box_around(mask))
            found.append((taken[-1], names[digit], mask, i))
    boxes, labels, masks, scene = zip(*found)
    return Scenes(images, np.array(boxes), np.array(labels, int), np.array(masks), np.array(scene))


def digits_of(found, scene):
    """Return what stands in one scene.

    Args:
        found: Scenes.
        scene: its number.

    Returns:
        `(boxes, labels, masks)`: `(n, 4)`, `(n,)` and `(n, 64, 64)`.
    """
    own = found.scene == scene
    return found.boxes[own], found.labels[own], found.masks[own]


def _resized(picture, size):
    """Return a picture `(n, n)` at another size, each new pixel the mean of the old ones below it."""
    return _shares(len(picture), size) @ picture @ _shares(len(picture), size).T


def _shares(old, new):
    """Return which part of each new pixel comes from each old one, `(new, old)`; rows add up to 1."""
    ends = np.linspace(0, old, new + 1)
    below = np.clip(ends[:, None] - np.arange(old), 0, 1)  # how much of each old pixel lies before each end
    return np.diff(below, axis=0) * new / old


def _add_scrap(image, pictures, generator):
    picture = pictures[generator.integers(len(pictures))] / 255
    row, column = generator.integers(4, 24 - SCRAP, size=2)
    scrap = picture[row : row + SCRAP, column : column + SCRAP]
    y, x = generator.integers(SIDE - SCRAP, size=2)
    part = image[y : y + SCRAP, x : x + SCRAP]
    np.maximum(part, scrap, out=part)


def _free_place(ink, taken, generator):
    """Draw a place, row and column, where the box around the ink keeps clear of those taken; None if there is none."""
    for _ in range(TRIES):
        place = generator.integers(SIDE - len(ink) + 1, size=2)
        box = _box_around(ink > INK) + np.tile(place, 2)
        if all((box[:2] > other[2:]).any() or (other[:2] > box[2:]).any() for other in taken):
            return place
    return None


def _box_around(mask):
    """Return the smallest box around the pixels of a mask: y1, x1, y2, x2."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return np.array([rows[0], columns[0], rows[-1] + 1, columns[-1] + 1], float)


def _put(image, ink, place):
    """Draw the ink into the image, and return which pixels are its own."""
    part = np.s_[place[0] : place[0] + len(ink), place[1] : place[1] + len(ink)]
    image[part] = np.maximum(image[part], ink)
    mask = np.zeros(image.shape, bool)
    mask[part] = ink > INK
    return mask


def windows(image):
    """Return the boxes of a coarse grid that hold some ink: where a digit may stand.

    Args:
        image: `(height, width)`, 0 is background, 1 full ink.

    Returns:
        Array `(n, 4)`, rows y1, x1, y2, x2 in pixels: for each size in WINDOWS one every
        STRIDE pixels, if more than a tenth of it is ink. To find out, `ink[y, x]` holds all
        ink above row y and left of column x: four of its numbers give what is in a window.
    """
    ink = np.pad(image.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    rows, columns = image.shape
    found = []
    for height, width in WINDOWS:
        corners = np.mgrid[: rows - height + 1 : STRIDE, : columns - width + 1 : STRIDE]
        y1, x1 = corners.reshape(2, -1)
        y2, x2 = y1 + height, x1 + width
        inside = ink[y2, x2] - ink[y1, x2] - ink[y2, x1] + ink[y1, x1]
        boxes = np.stack([y1, x1, y2, x2], axis=1)
        found.append(boxes[inside > 0.1 * height * width])
    return np.concatenate(found).astype(float)
