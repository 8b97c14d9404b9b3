"""Exercises and quiz of notebook 07: convolutional neural networks."""

import numpy as np

from course_utils.checks.common import variants
from course_utils.checks.exercise import Exercise
from course_utils.checks.kinds import SEVEN
from course_utils.checks.quiz import Quiz

NOTEBOOK = "07"
# Feature maps to pool. One block of the first holds negative pixels only; no number comes twice in the others.
FEATURES = np.array([[1, 3, -2, 0, 5, 2], [4, 2, -1, -3, 1, 7], [0, -5, 6, 2, -4, -1], [-3, -2, 3, 8, -6, -2]], float)
ODD_SIDES = (np.arange(35.0) * 13 % 35 - 17).reshape(5, 7)
THREES = (np.arange(42.0) * 11 % 42 - 20).reshape(6, 7)
SMALL = np.array([[0, 1, 2, 1], [1, 3, 0, 0], [0, 2, 1, 1], [2, 0, 1, 0]], float)


def output_size(n, size, strides=1, padding="valid"):
    """At how many places a kernel of that size stands along a side of n pixels, as in Keras: with "valid" it stays
    inside the image; with "same" zeros are added around it, so that there is a place for every strides-th pixel, from
    the first one on."""
    if padding == "same":
        return -(-n // strides)  # rounded up
    return (n - size) // strides + 1


def _output_size(n, size, strides=1, padding="valid", *, mistake):
    strides = 1 if mistake == "strides ignored" else strides
    valid = {
        "one place too few": (n - size) // strides,
        "the 1 divided, too": (n - size + 1) // strides,
        "rounded up": -(-(n - size) // strides) + 1,
        "not rounded": (n - size) / strides + 1,
        "kernel not taken off": n // strides,
    }.get(mistake, (n - size) // strides + 1)
    same = {
        "padding ignored": valid,
        "same, whatever the strides": n,
        "same rounded down": n // strides,
        "a margin of one pixel": (n + 2 - size) // strides + 1,
        "an even kernel": (n + 2 * (size // 2) - size) // strides + 1,
    }.get(mistake, -(-n // strides))
    return same if padding == "same" else valid


output_size = Exercise(
    output_size,
    notebook=NOTEBOOK,
    inputs=[(28, 3), (28, 3, 2), (7, 3, 2), (28, 5, 1, "same"), (7, 3, 2, "same"), (28, 2, 2, "same")],
    mistakes=variants(
        _output_size,
        {
            "one place too few": "You count the steps. A kernel of 3 on a side of 4 makes one step: "
            "at how many places does it stand?",
            "strides ignored": "Right for strides 1. How far does the kernel move with strides 2?",
            "the 1 divided, too": "Right on 28 pixels, one too few on 7. Strides of 2 make half as many steps. "
            "Is the place before the first step a step?",
            "rounded up": "14 places on 28 pixels with strides 2: the last kernel hangs over the edge. "
            "Does a step count that does not fit?",
            "not rounded": "13.5 places: a kernel cannot stand at half a place. What becomes of the last, short step?",
            "kernel not taken off": "Your kernel starts at the last pixel, too, and hangs over the edge. "
            "Where does the last one start that fits?",
            "padding ignored": '"valid" is right. With "same" and strides 1, as its name says: the same size as what?',
            "same, whatever the strides": '"same" is right for strides 1. '
            "With strides 2, how many of the pixels have a place?",
            "same rounded down": '3 places on 7 pixels with "same" and strides 2. '
            "The first pixel has one, then every second pixel: has the last one?",
            "a margin of one pixel": "You add one zero at each end, which suits a kernel of 3. "
            "How many does a kernel of 5 need?",
            "an even kernel": "Right for odd kernels. "
            "A kernel of 2 with strides 2 on 28 pixels: does it reach over the edge anywhere?",
        },
    ),
    hints=[
        "Draw a side of 7 pixels and carry a kernel of 3 along it, by one pixel each time, then by two. "
        "Mark where it starts.",
        '"valid": how many whole steps from the first place to the last one that fits, and how many places is that? '
        '"same": the first pixel has a place, then every strides-th one: how many of the n pixels?',
    ],
)


def max_pool(image, size=2):
    """The largest pixel of each block of size × size pixels: image is (rows, columns), the blocks lie side by side;
    rows and columns at the end that do not fill a block are left out, as in Keras."""
    rows, columns = image.shape[0] // size, image.shape[1] // size
    pooled = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            block = image[i * size : (i + 1) * size, j * size : (j + 1) * size]
            pooled[i, j] = np.max(block)
    return pooled


def _max_pool(image, size=2, *, mistake):
    size = 2 if mistake == "size ignored" else size
    step = 1 if mistake == "overlapping blocks" else size
    rows, columns = ((n - size) // step + 1 for n in image.shape)
    if mistake == "left-over pixels kept":
        rows, columns = (-(-n // size) for n in image.shape)
    if mistake == "left-over pixels not cut off":
        return image.reshape(rows, size, columns, size).max(axis=(1, 3))
    if mistake == "blocks mixed up":
        return image[: rows * size, : columns * size].reshape(rows, columns, size, size).max(axis=(2, 3))
    keep = {
        "mean": np.mean,
        "smallest": np.min,
        "the first pixel": lambda block: block[0, 0],
        "never below 0": lambda block: max(0, np.max(block)),
    }
    kept = [
        [keep.get(mistake, np.max)(image[i : i + size, j : j + size]) for j in range(0, columns * step, step)]
        for i in range(0, rows * step, step)
    ]
    return np.transpose(kept) if mistake == "turned on its side" else np.array(kept)


max_pool = Exercise(
    max_pool,
    notebook=NOTEBOOK,
    inputs=[(FEATURES,), (ODD_SIDES,), (THREES, 3)],
    mistakes=variants(
        _max_pool,
        {
            "mean": "You average each block. Which one of its pixels does max pooling keep?",
            "smallest": "You keep the smallest pixel. What does a large number in a feature map tell you?",
            "the first pixel": "You keep the upper left pixel of each block and skip the others. Do you compare them?",
            "overlapping blocks": "Your result is too large: your blocks overlap. "
            "How many pixels after one block does the next one start?",
            "blocks mixed up": "The shape is right, the blocks are not: reshape reads along the rows, so your first "
            "block is the first four pixels of row 0. Which four should it be?",
            "left-over pixels kept": "Right on 4 rows, too large on 5. How many whole blocks of 2 find room in 5 rows?",
            "left-over pixels not cut off": "Right on 4 rows; 5 rows cannot be divided into blocks of 2. "
            "Which row belongs to no block?",
            "never below 0": "A block of −4, −1, −6, −2 gives 0, which is not one of its pixels. "
            "With which number do you start comparing?",
            "size ignored": "Right for blocks of 2, not for blocks of 3. Which argument is not used?",
            "turned on its side": "Rows and columns of your result have changed places. "
            "Which of your two loops goes down, which one to the right?",
        },
    ),
    hints=[
        "How many whole blocks find room in the rows, how many in the columns?",
        "Two loops over the blocks; in each: a slice of the image, one number. "
        "In which row does block number i begin, in which one the next?",
    ],
)


def kernel_gradient(image, slopes):
    """∂L/∂k, one slope for each weight of the kernel k that was carried over image (rows, columns) with padding
    "valid" and strides 1: slopes is ∂L/∂z of the feature map z, (r, c)."""
    r, c = slopes.shape
    rows, columns = image.shape[0] - r + 1, image.shape[1] - c + 1  # of the kernel
    return np.array([[np.sum(slopes * image[a : a + r, b : b + c]) for b in range(columns)] for a in range(rows)])


def _kernel_gradient(image, slopes, *, mistake):
    r, c = slopes.shape
    rows, columns = image.shape[0] - r + 1, image.shape[1] - c + 1
    if mistake == "the first place only":
        return slopes[0, 0] * image[:rows, :columns]
    if mistake == "the last place only":
        return slopes[-1, -1] * image[r - 1 :, c - 1 :]
    if mistake == "one number for each place":
        return np.array(
            [[slopes[i, j] * np.sum(image[i : i + rows, j : j + columns]) for j in range(c)] for i in range(r)]
        )
    if mistake == "short by one":
        rows, columns = rows - 1, columns - 1
    meets = {"slopes rotated": slopes[::-1, ::-1], "slopes left out": np.ones((r, c))}.get(mistake, slopes)
    pixels = np.ones(image.shape) if mistake == "pixels left out" else image
    total = np.mean if mistake == "mean" else np.sum
    result = np.array([[total(meets * pixels[a : a + r, b : b + c]) for b in range(columns)] for a in range(rows)])
    return {"result rotated": result[::-1, ::-1], "transposed": result.T}.get(mistake, result)


kernel_gradient = Exercise(
    kernel_gradient,
    notebook=NOTEBOOK,
    inputs=[
        (SMALL, np.array([[1.0, 0.0, -1.0], [0.5, 2.0, 0.0], [0.0, -1.0, 1.0]])),
        (SEVEN, np.array([[0.5, 0.0, -1.0, 2.0], [1.0, -2.0, 0.0, 0.0], [0.0, 1.0, 0.5, -0.5]])),
    ],
    mistakes=variants(
        _kernel_gradient,
        {
            "mean": "Too small by the number of places, 9 on input 1. "
            "A nudge of one weight changes the map at all 9: do the changes add up, or are they shared out?",
            "the first place only": "You use one place, the first. At how many places was each weight used?",
            "the last place only": "Only the last place is left: each place overwrites the one before. "
            "How do you collect all of them?",
            "slopes rotated": "Your slopes are rotated by half a turn before they meet the pixels. "
            "Which pixels lay under the kernel at the first place?",
            "result rotated": "The numbers are right, but rotated by half a turn. "
            "Which pixel did k[0, 0] meet at the first place?",
            "transposed": "Your result is turned on its side. Which index of the kernel counts its rows?",
            "one number for each place": "Your result has the shape of the map: one number for each place. "
            "One for each weight is asked: what does the sum run over then?",
            "slopes left out": "You add up pixels. If the slope of a place is 0, does its pixel matter to the loss?",
            "pixels left out": "Every weight gets the same number, the sum of the slopes: that is the gradient of a "
            "bias. What is a weight multiplied by at each place?",
            "short by one": "A row and a column of weights are missing. "
            "The map of a 4 × 4 image is 3 × 3: how large was the kernel?",
        },
    ),
    hints=[
        "Nudge one weight, k[a, b]: at every place (i, j) the map changes by the pixel which that weight meets there. "
        "Which pixel is it?",
        "The pixels that one weight meets form a patch as large as the map. Multiply it by the slopes, add up. "
        "Where have you carried something over an image like that before?",
    ],
)


def max_pool_gradient(image, slopes):
    """∂L/∂image through a 2 × 2 max pooling: image is (2r, 2c), without equal pixels in a block, and slopes, (r, c),
    is the slope of the loss for each number that the pooling gave."""
    back = np.zeros(image.shape)
    for i in range(slopes.shape[0]):
        for j in range(slopes.shape[1]):
            block = image[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            a, b = divmod(np.argmax(block), 2)  # row and column of the largest
            back[2 * i + a, 2 * j + b] = slopes[i, j]
    return back


def _max_pool_gradient(image, slopes, *, mistake):
    back = np.zeros(image.shape)
    for i, j in np.ndindex(slopes.shape):
        place = np.s_[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        block = image[place]
        largest = (block == np.max(block)).astype(float)
        share = {
            "spread evenly": np.full((2, 2), 0.25),
            "copied to all four": np.ones((2, 2)),
            "to the smallest": block == np.min(block),
            "to the first pixel": np.array([[1, 0], [0, 0]]),
            "row and column swapped": largest.T,
            "times the pixel": largest * block,
            "the pixels themselves": largest * block,
        }.get(mistake, largest)
        without_slope = mistake in ("slopes left out", "the pixels themselves")
        back[place] = share * (1 if without_slope else slopes[i, j])
    return back


max_pool_gradient = Exercise(
    max_pool_gradient,
    notebook=NOTEBOOK,
    inputs=[
        (
            np.array([[1, 5, 4, 0], [3, 2, -1, 2], [0, -2, -5, -3], [6, 1, -4, -1]], float),
            np.array([[1.0, -2.0], [0.5, 3.0]]),
        ),
        (np.array([[2, 7, 1, 0, -3, -1], [4, 3, 8, 5, -2, -6]], float), np.array([[-1.5, 0.0, 2.0]])),
    ],
    mistakes=variants(
        _max_pool_gradient,
        {
            "spread evenly": "A quarter for each pixel: so it is for the mean. "
            "Nudge a pixel that is not the largest: does the maximum change?",
            "copied to all four": "All four pixels get the whole slope. "
            "Nudge the smallest one a little: does the maximum change?",
            "to the smallest": "Your slopes go to the smallest pixels. Which pixel came through the pooling?",
            "to the first pixel": "Your slopes go to the upper left pixel of each block. "
            "Which pixel came through the pooling?",
            "row and column swapped": "Upper right and lower left of a block have changed places. "
            "np.argmax counts along the rows, 0 to 3: which pixel is number 1?",
            "times the pixel": "The places are right, the sizes are not: you multiply by the pixel. "
            "If the largest pixel grows by 0.1, by how much does the maximum grow?",
            "the pixels themselves": "The places are right, but you give back the pixels. "
            "Asked is how the loss changes with them: which argument tells you?",
            "slopes left out": "The places are right, but each holds 1. How does a nudge go on from there to the loss?",
        },
    ),
    hints=[
        "Nudge one pixel of a block a little. For which of the four does the maximum change, and by how much?",
        "Start with zeros. In each block: where is the largest pixel, and which slope belongs to this block?",
    ],
)

EXERCISES = [output_size, max_pool, kernel_gradient, max_pool_gradient]

# In each question the right option stands first; the learner sees them shuffled.
quiz = Quiz(
    NOTEBOOK,
    "CNN",
    [
        (
            "Conv2D(8, 3, strides=2, padding='valid') on a 28 × 28 image: its feature maps have sides of",
            [
                ("13", "25 pixels are left to move on: 12 whole steps of two, and the place before the first step."),
                ("14", "Half of 28 is what padding same gives; without zeros the 14th kernel hangs over the edge."),
                ("26", "That is strides=1: every place is taken, not every second one."),
            ],
        ),
        (
            "Conv2D(16, 3) on an image with 8 channels: how many parameters?",
            [
                ("1,168", "Each of the 16 filters has 3 · 3 · 8 weights and one bias, 73 numbers."),
                ("160", "You counted one channel: a kernel looks at all 8 channels of its patch."),
                ("1,152", "You left out the biases, one for each of the 16 filters."),
            ],
        ),
        (
            "A kernel was carried over 676 places. The gradient of one of its weights is",
            [
                (
                    "the sum of slope times pixel over all 676 places",
                    "One nudge of this weight changes the map at all places, and the changes add up.",
                ),
                (
                    "the mean of slope times pixel over all 676 places",
                    "The cost J takes the mean over records; the places of one image add up.",
                ),
                (
                    "slope times pixel at the place with the largest value",
                    "Max pooling sends a slope back to the largest pixel only; a weight was used at every place.",
                ),
            ],
        ),
        (
            "A digit moves two pixels to the right, away from the edges. With strides=1 its feature map",
            [
                (
                    "moves two pixels to the right as well",
                    "The same kernel meets the same pixels, two places further on.",
                ),
                ("stays unchanged", "The values stay, but they stand where the digit now is."),
                ("gets new values, which must be learned", "The kernel is the same everywhere: no place is new to it."),
            ],
        ),
        (
            "What Keras calls convolution, mathematics calls cross-correlation: the kernel is not rotated by half a "
            "turn. For a kernel that is learned, this",
            [
                (
                    "does not matter: training finds the weights, rotated or not",
                    "The same feature maps come out; the same weights only stand in other cells.",
                ),
                (
                    "makes the feature maps wrong",
                    "Only a kernel that somebody designed for the other rule must be rotated first.",
                ),
                (
                    "makes training slower",
                    "Each weight gets the same slope as before, only in another cell: every step is as good.",
                ),
            ],
        ),
    ],
)
