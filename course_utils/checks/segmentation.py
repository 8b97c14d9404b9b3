"""Exercises and quiz of notebook 09: Mask R-CNN, which outlines objects."""

import numpy as np

from course_utils.checks.common import sigmoid, variants
from course_utils.checks.exercise import Exercise
from course_utils.checks.quiz import Quiz

NOTEBOOK = "09"
# In each pair of masks: A and B overlap; both stand in the same box; B is a ring with a hole, and A reaches into it.
A = [
    np.array([[0, 1, 1, 0, 0, 0], [1, 1, 1, 1, 0, 0], [0, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0]], bool),
    np.array([[1, 1, 1, 0, 0], [1, 0, 0, 0, 0], [1, 0, 0, 0, 0], [1, 1, 1, 1, 0]], bool),
    np.array([[0, 0, 0, 0, 0], [0, 1, 1, 0, 0], [1, 1, 1, 0, 0], [1, 1, 1, 1, 0], [1, 0, 0, 0, 0]], bool),
]
B = [
    np.array([[0, 0, 0, 0, 0, 0], [0, 0, 1, 1, 1, 0], [0, 1, 1, 1, 0, 0], [0, 0, 1, 0, 0, 0]], bool),
    np.array([[1, 0, 0, 1, 0], [0, 0, 0, 1, 0], [0, 0, 1, 1, 0], [0, 1, 1, 1, 0]], bool),
    np.array([[0, 1, 1, 1, 1], [0, 1, 0, 0, 1], [0, 1, 0, 0, 1], [0, 1, 1, 1, 1], [0, 0, 0, 0, 0]], bool),
]


def mask_iou(a, b):
    """How well two masks agree, from 0 to 1: pixels in both / pixels in at least one. a and b are (rows, columns), each
    pixel True where the object is and False elsewhere; they are not both empty."""
    return np.sum(a & b) / np.sum(a | b)


def _box_around(mask):
    rows, columns = np.nonzero(mask)
    box = np.zeros_like(mask)
    box[min(rows) : max(rows) + 1, min(columns) : max(columns) + 1] = True
    return box


def _mask_iou(a, b, *, mistake):
    if mistake == "the boxes around them":
        a, b = _box_around(a), _box_around(b)
    if mistake == "the background":
        a, b = ~a, ~b
    if mistake == "column by column":
        return np.sum(a & b, axis=0) / np.sum(a | b, axis=0)
    both, first, second = np.sum(a & b), np.sum(a), np.sum(b)
    above = {
        "equal pixels": np.sum(a == b),
        "what differs": np.sum(a != b),
        "twice the part in both": 2 * both,
    }.get(mistake, both)
    below = {
        "equal pixels": a.size,
        "divided by all pixels": a.size,
        "divided by a": first,
        "divided by b": second,
        "divided by the smaller one": min(first, second),
        "sum of both": first + second,
        "twice the part in both": first + second,
        "taken off twice": first + second - 2 * both,
        "not divided": 1,
    }.get(mistake, np.sum(a | b))
    return below / above if mistake == "upside down" else above / below


mask_iou = Exercise(
    mask_iou,
    notebook=NOTEBOOK,
    inputs=list(zip(A, B)),
    mistakes=variants(
        _mask_iou,
        {
            "equal pixels": "You also count pixels that are False in both. Do two small masks far apart agree?",
            "divided by all pixels": "You divide by all pixels. In a larger image, should the result change?",
            "divided by a": "You divide by the pixels of a. Should the result change when a and b change places?",
            "divided by b": "You divide by the pixels of b. Should the result change when a and b change places?",
            "divided by the smaller one": "A single pixel inside a large mask would get 1. Do the two agree so well?",
            "sum of both": "Two equal masks would get 0.5. How often do you count a pixel that lies in both?",
            "twice the part in both": "That is the Dice score. Here each pixel counts once: how many lie in a mask?",
            "taken off twice": "You divide by what lies in one mask only. Does a pixel in both lie in at least one?",
            "what differs": "You count pixels in which the masks differ. What should two equal masks get?",
            "not divided": "You return a number of pixels. If all masks are twice as high and wide, should it grow?",
            "upside down": "You get more than 1. Which of the two numbers of pixels is the larger one?",
            "the boxes around them": "You compare boxes. On input 2 both masks stand in one box: do they agree?",
            "the background": "You compare where the object is not. Which value does a pixel of the object have?",
            "column by column": "You return one number for each column. What adds up a whole array, not its rows only?",
        },
    ),
    hints=[
        "Draw both masks of input 1 on squared paper, in two colors. How many pixels have both, how many at least one?",
        "a & b is a mask again, and np.sum counts the pixels that are True. Which operator stands for 'at least one'?",
    ],
)

ROW = np.array([3, 0, 4, 8, 2, 9, 5, 7, 1, 6], float)


def align(row, start, end, cells):
    """RoIAlign along one direction, (cells,): row, (n,), is cut into equal cells from start to end. The value of a cell
    is taken at its middle, a point p, between the two nearest pixels: pixel i has its middle at i + 0.5, and its share
    is max(0, 1 − |p − 0.5 − i|). start and end are floats, at least half a pixel inside the row."""
    points = start + (end - start) * (np.arange(cells) + 0.5) / cells
    away = np.abs(points[:, None] - 0.5 - np.arange(len(row)))  # of each pixel from each point, (cells, n)
    return np.maximum(0, 1 - away) @ row


def _align(row, start, end, cells, *, mistake):
    if mistake in ("edges rounded", "RoI pooling"):
        start, end = np.round([start, end])
    if mistake == "edges rounded down":
        start, end = np.floor([start, end])
    lengths = {"cells of one pixel": cells, "length left out": 1, "end taken for a length": end}
    edges = start + lengths.get(mistake, end - start) * np.arange(cells + 1) / cells
    if pool := {"mean of the cell": np.mean, "maximum of the cell": np.max, "RoI pooling": np.max}.get(mistake):
        return [pool(row[int(first) : int(np.ceil(last))]) for first, last in zip(edges, edges[1:])]
    if mistake == "two points in a cell":
        return np.mean(np.reshape(align.solution_function(row, start, end, 2 * cells), (cells, 2)), axis=1)
    points = {
        "beginning of the cell": edges[:-1],
        "end of the cell": edges[1:],
        "from edge to edge": np.linspace(start, end, cells),
    }.get(mistake, (edges[:-1] + edges[1:]) / 2)
    half = {"half a pixel forgotten": 0, "half a pixel the other way": -0.5}.get(mistake, 0.5)
    away = np.abs(points[:, None] - half - np.arange(len(row)))
    shares = {
        "nearest pixel": away < 0.5,
        "two halves": (away < 1) / 2,
        "shares swapped": (away < 1) * away,
        "shares below 0": 1 - away,
    }.get(mistake, np.maximum(0, 1 - away))
    return shares @ row


align = Exercise(
    align,
    notebook=NOTEBOOK,
    inputs=[(ROW, 1.4, 7.8, 3), (ROW[::-1] ** 2, 3.6, 6.2, 4)],
    mistakes=variants(
        _align,
        {
            "edges rounded": "You round start and end, as RoI pooling does. Which stretch is asked?",
            "edges rounded down": "You cut off the decimals of start and end. Which stretch is asked?",
            "RoI pooling": "That is RoI pooling: whole pixels, and the largest of each cell. "
            "RoIAlign asks at one point: what does it do if that lies between two pixels?",
            "maximum of the cell": "You take the largest pixel that the cell touches. "
            "Move the stretch a little: should the value jump, or change a little, too?",
            "mean of the cell": "You average all pixels that the cell touches. At which one point is the value asked?",
            "two points in a cell": "You average two points in each cell. RoIAlign may do so, too, "
            "but here a single one is asked: where in the cell does it lie?",
            "nearest pixel": "You take the nearest pixel as it is. What if the point lies almost midway between two?",
            "two halves": "Both pixels count a half, wherever the point lies. Which one should count more?",
            "shares swapped": "The farther pixel counts more. "
            "If the point lies on the middle of a pixel, what should the share of this pixel be?",
            "shares below 0": "Pixels far away count less than nothing. What does a share never fall below?",
            "half a pixel forgotten": "For you the middle of pixel 0 lies at 0. There it begins: where does it end?",
            "half a pixel the other way": "You are a whole pixel off. Which index belongs to the point 0.5?",
            "beginning of the cell": "You ask at the beginning of each cell. Does the last cell reach further?",
            "end of the cell": "You ask at the end of each cell. Where does the first cell begin?",
            "from edge to edge": "You ask at start and at end. Where in the first cell should the first point lie?",
            "cells of one pixel": "Your cells are one pixel long. How long are they if they fill the stretch?",
            "length left out": "Your cells fill one pixel together. How long is the stretch that they should fill?",
            "end taken for a length": "Your stretch ends too late. How long is a stretch from 2 to 5?",
        },
    ),
    hints=[
        "Draw the row of input 1 with the places 0 to 10 below it, mark start and end, and cut the stretch into three. "
        "Where are the middles of the cells?",
        "Cell k is the one after k others. How long are they together, and how much further is its middle? "
        "For the shares of all pixels at once, subtract np.arange(len(row)).",
    ],
)


def transposed(small, kernel, strides):
    """Transposed convolution of one channel, as in Keras with padding "valid": each number of small (rows, columns)
    stamps number · kernel into the output, the next one strides pixels further; where stamps overlap, they add up. The
    kernel is (m, m), with m at least strides. The output has (rows − 1) · strides + m rows, and columns likewise."""
    rows, columns = small.shape
    m = len(kernel)
    out = np.zeros(((rows - 1) * strides + m, (columns - 1) * strides + m))
    for i in range(rows):
        for j in range(columns):
            y, x = i * strides, j * strides
            out[y : y + m, x : x + m] += small[i, j] * kernel
    return out


def _transposed(small, kernel, strides, *, mistake):
    (rows, columns), m = small.shape, len(kernel)
    if mistake == "ordinary convolution":
        starts = [range(0, n - m + 1, strides) for n in small.shape]
        return np.array([[np.sum(small[i : i + m, j : j + m] * kernel) for j in starts[1]] for i in starts[0]])
    if mistake == "pixels repeated":
        return small.repeat(strides, axis=0).repeat(strides, axis=1)
    step = {"strides ignored": 1, "side by side": m}.get(mistake, strides)
    kernels = {"rotated": kernel[::-1, ::-1], "kernel turned": kernel.T, "kernel left out": np.ones((m, m))}
    large = np.zeros(((rows - 1) * step + m, (columns - 1) * step + m))
    stamps = np.zeros(large.shape)
    for i, j in np.ndindex(small.shape):
        place = np.s_[i * step : i * step + m, j * step : j * step + m]
        stamp = kernels.get(mistake, kernel) * (1 if mistake == "numbers left out" else small[i, j])
        met = {"overwritten": stamp, "the largest": np.maximum(large[place], stamp)}
        large[place] = met.get(mistake, large[place] + stamp)
        stamps[place] += 1
    return {
        "mean": large / stamps,
        "cut off": large[: rows * strides, : columns * strides],
        "too large": np.pad(large, (0, strides)),
        "turned on its side": large.T,
    }.get(mistake, large)


transposed = Exercise(
    transposed,
    notebook=NOTEBOOK,
    inputs=[
        (np.array([[1, 2, -1], [3, 0.5, 4]]), np.array([[1, 2], [3, -1]], float), 2),
        (np.array([[2, -1, 1], [1, 3, 2], [0.5, 1, -2]]), np.array([[1, 2, 0.5], [3, 4, -2], [1, 5, 2]]), 2),
        (np.array([[1, 2], [-3, 1], [2, 4]], float), np.array([[1, -2], [3, 0.5]]), 1),
    ],
    mistakes=variants(
        _transposed,
        {
            "overwritten": "Where two stamps overlap, the later one wipes out the earlier. What should become of both?",
            "the largest": "Where two stamps overlap, you keep the larger number. What should become of both?",
            "mean": "Where stamps overlap, you take their mean. Are they averaged, or do they add up?",
            "rotated": "Your kernel is rotated by half a turn: so it is with zeros put between the numbers and an "
            "ordinary convolution. A single 1 in small: what should it stamp?",
            "kernel turned": "Your kernel is turned on its side. A single 1 in small: what should it stamp?",
            "turned on its side": "Rows and columns of your result have changed places. "
            "Which of your two loops goes down, which one to the right?",
            "strides ignored": "Your stamps stand one pixel apart. How far apart are they with strides 2?",
            "side by side": "Right on input 1. You move by the width of the kernel: by how much should you?",
            "too large": "Zeros are left over at the end. How many steps lead from the first of 3 stamps to the last?",
            "cut off": "The end is cut off, as if each number had strides pixels. How far does the last stamp reach?",
            "pixels repeated": "You repeat each number. Which argument do you not use?",
            "kernel left out": "Your stamps are blank: each pixel gets the number itself. By what is it multiplied?",
            "numbers left out": "All your stamps are equal. What does a 0 in small stamp, and what a 2?",
            "ordinary convolution": "You carry the kernel over small, and the result is smaller. "
            "Here each number makes many: how large is the stamp of one?",
        },
    ),
    hints=[
        "Take squared paper and the kernel of input 1. Draw the stamp of the first number, then of the second. "
        "Where does it begin?",
        "Zeros as large as the output, and two loops over small. Which slice of the output does number [i, j] stamp?",
    ],
)


def mask_loss(z, mask, label):
    """The loss of the masks of one region: the mean over the pixels of −mask · log p − (1 − mask) · log(1 − p), where p
    is the sigmoid of one map, that of the true class, label. z is (rows, columns, classes), a map of logits (before the
    sigmoid) for each class; mask is (rows, columns), 1 where the object is, else 0. The other maps do not matter."""
    p = sigmoid(z[:, :, label])
    return np.mean(-mask * np.log(p) - (1 - mask) * np.log(1 - p))


def _mask_loss(z, mask, label, *, mistake):
    shares = np.exp(z) / np.sum(np.exp(z), axis=2, keepdims=True)
    p = {"softmax": shares, "sigmoid left out": z}.get(mistake, sigmoid(z))
    if mistake in ("every map", "other maps empty"):
        right = np.arange(z.shape[2]) == label
        mask = mask[:, :, None] * (right if mistake == "other maps empty" else 1)
    else:
        label = label - 1 if mistake == "label counted from 1" else label
        p = np.max(p, axis=2) if mistake == "the strongest map" else p[:, :, label]
    mask = 1 - mask if mistake == "mask and background swapped" else mask
    log = {"log2": np.log2, "log10": np.log10}.get(mistake, np.log)
    inside, outside = -mask * log(p), -(1 - mask) * log(1 - p)
    loss = {
        "no term for the background": inside,
        "no term for the object": outside,
        "log p everywhere": -log(p),
        "squared error": (p - mask) ** 2,
        "wrong pixels": (p > 0.5) != mask,
        "sign": -inside - outside,
    }.get(mistake, inside + outside)
    if mistake == "mean over the object":
        return np.sum(inside) / np.sum(mask)
    return {"sum": np.sum, "one number for each pixel": np.array}.get(mistake, np.mean)(loss)


mask_loss = Exercise(
    mask_loss,
    notebook=NOTEBOOK,
    inputs=[
        (
            np.stack([[[0.5, -1, 2], [1, 0, -2]], [[0.2, 0.9, 0.6], [0.3, 0.8, 0.1]], [[3, 1, -1], [-3, 2, 0]]], -1),
            np.array([[0, 1, 1], [0, 1, 0]], float),
            1,
        ),
        (
            np.stack([[[2.5, -1], [0.5, -3], [1.5, -0.5]], [[-1, 0.5], [2, 1], [-2, 3]]], -1),
            np.array([[1, 0], [1, 0], [1, 1]], float),
            0,
        ),
    ],
    mistakes=variants(
        _mask_loss,
        {
            "softmax": "Your maps share out 1 at each pixel. If the map of another class changes, should this one?",
            "every map": "You compare every map with the mask. Should the map of the sevens learn the outline of a 3?",
            "other maps empty": "For you the maps of the other classes must stay empty. "
            "Another branch gives the name: do these maps matter here?",
            "the strongest map": "At each pixel you take the largest logit. Which argument says whose map it is?",
            "label counted from 1": "You take the map before. With which number does Python begin to count?",
            "sigmoid left out": "You take the log of logits, and on input 2 it is nan: some are below 0. "
            "What makes a probability of any number?",
            "sum": "You add up the pixels. Should a region with four times as many have four times the loss?",
            "one number for each pixel": "You return a loss for each pixel. How does it become one number?",
            "mean over the object": "You look at the pixels of the object only. "
            "A mask that is 1 everywhere would cost nothing: is it right?",
            "no term for the background": "Pixels of the background cost nothing for you. What if p is near 1 there?",
            "no term for the object": "Pixels of the object cost nothing for you. What if p is near 0 there?",
            "mask and background swapped": "The loss is small where p is wrong. "
            "At a pixel of the object, should p be near 1 or near 0?",
            "log p everywhere": "You want p near 1 everywhere. What is the probability that a pixel is background?",
            "squared error": "You square the error. Which loss is asked for a pixel with mask 1 and p = 0.01?",
            "wrong pixels": "You count wrong pixels. If p goes from 0.6 to 0.9, should the loss notice?",
            "sign": "Your loss is below 0. Which sign has the log of a number below 1?",
            "log2": "The logarithm to the base 2 is another one. Which one undoes np.exp?",
            "log10": "The logarithm to the base 10 is another one. Which one undoes np.exp?",
        },
    ),
    hints=[
        "Which of the maps do you need? Take it out of z first; it has the shape of the mask.",
        "Three lines: the map of the label, its sigmoid, the loss. It is the binary cross-entropy that you know, "
        "with a pixel in place of a record.",
    ],
    helpers=[sigmoid],
)

EXERCISES = [mask_iou, align, transposed, mask_loss]

# In each question the right option stands first; the learner sees them shuffled.
quiz = Quiz(
    NOTEBOOK,
    "Mask R-CNN",
    [
        (
            "Two sevens touch. What does instance segmentation tell that semantic segmentation does not?",
            [
                (
                    "which pixels belong to which seven",
                    "Semantic segmentation gives each pixel a class: all pixels of both sevens are alike to it.",
                ),
                ("which pixels are ink of a seven", "Both tell that."),
                ("that they are sevens and not ones", "Both do: a class is a name."),
            ],
        ),
        (
            "A map has one pixel for each 4 × 4 of the image. A box begins at pixel 10 of the image. How far from "
            "there does RoI pooling begin to cut, and how far RoIAlign?",
            [
                ("2 pixels of the image; 0", "10 / 4 = 2.5 becomes 2 or 3, so 8 or 12. RoIAlign keeps 2.5."),
                ("half a pixel of the image; 0", "Half a pixel of the map: how many of the image is that?"),
                ("0; 0", "A cut at 2.5 would be at the right place, but RoI pooling takes whole pixels of the map."),
            ],
        ),
        (
            "The mask branch has a map and a sigmoid for each class; only the map of the true class learns from a "
            "mask. Why no softmax over the classes?",
            [
                (
                    "another branch gives the name, so the maps need not compete",
                    "Each map says which pixels belong to the object, if it is of this class. The name picks the map.",
                ),
                (
                    "a softmax at each pixel is not possible",
                    "It is: networks for semantic segmentation often end in one.",
                ),
                ("a sigmoid has fewer parameters", "Neither of them has any."),
            ],
        ),
        (
            "A 14 × 14 map goes through Conv2DTranspose(8, 2, strides=2). The sides of its output are",
            [
                ("28", "13 steps of 2, and the last stamp is 2 wide: the stamps lie side by side."),
                ("30", "14 · 2 + 2 counts a step too many: between 14 stamps lie 13."),
                ("7", "That is Conv2D with strides=2. Here the steps are made in the output."),
            ],
        ),
        (
            "What did Mask R-CNN (2017) add to Faster R-CNN?",
            [
                (
                    "a branch that gives a mask for each region, and RoIAlign",
                    "It stands beside the branch for name and box, which stay; RoIAlign replaces RoI pooling.",
                ),
                ("masks in place of boxes", "The boxes stay: each mask is made within one."),
                ("a network that proposes regions", "Faster R-CNN had it already; it was new to Fast R-CNN."),
            ],
        ),
    ],
)
