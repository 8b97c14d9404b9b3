"""Exercises and quiz of notebook 08: R-CNN, which finds objects."""

import numpy as np

from course_utils import nn
from course_utils.checks.common import variants
from course_utils.checks.exercise import Exercise
from course_utils.checks.quiz import Quiz

NOTEBOOK = "08"
# Boxes are y1, x1, y2, x2. In each pair, A and B meet; B lies inside A; they are apart both ways; in columns; in rows.
A = np.array([[4, 10, 8, 16], [0, 0, 8, 10], [0, 0, 2, 3], [0, 0, 4, 3], [3, 1, 5, 6]], float)
B = np.array([[5, 14, 13, 18], [2, 4, 6, 9], [5, 4, 8, 9], [1, 5, 6, 8], [7, 2, 10, 5]], float)


def iou(a, b):
    """How well two boxes agree, from 0 to 1: area of the intersection / area of the union. a and b, each (4,), are y1,
    x1, y2, x2, so a box is y2 − y1 high and x2 − x1 wide; boxes that do not meet give 0."""
    height = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    width = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    intersection = height * width
    area_a = (a[2] - a[0]) * (a[3] - a[1])
    area_b = (b[2] - b[0]) * (b[3] - b[1])
    return intersection / (area_a + area_b - intersection)


def _iou(a, b, *, mistake):
    order = [0, 2, 1, 3] if mistake == "another order" else [0, 1, 2, 3]
    a, b = a[order], b[order]
    if mistake == "height and width":
        a, b = np.append(a[:2], a[:2] + a[2:]), np.append(b[:2], b[:2] + b[2:])
    more = 1 if mistake == "one pixel more" else 0
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]) + more
    around = np.maximum(a[2:], b[2:]) - np.minimum(a[:2], b[:2])
    sides = around if mistake == "the outer edges" else sides
    sides = sides if "negative" in mistake else np.maximum(sides, 0)
    both = max(0, np.prod(sides)) if mistake == "two negative sides" else np.prod(sides)
    first, second = np.prod(a[2:] - a[:2] + more), np.prod(b[2:] - b[:2] + more)
    below = {
        "not divided": 1,
        "sum of the areas": first + second,
        "taken off twice": first + second - 2 * both,
        "divided by a": first,
        "divided by b": second,
        "divided by the smaller one": min(first, second),
        "divided by the box around both": np.prod(around),
    }.get(mistake, first + second - both)
    return below / both if mistake == "upside down" else both / below


iou = Exercise(
    iou,
    notebook=NOTEBOOK,
    inputs=list(zip(A, B)),
    mistakes=variants(
        _iou,
        {
            "negative sides": "Two boxes that lie apart do not get 0: a side of yours is below 0. "
            "How long is the side that they share?",
            "two negative sides": "Two boxes apart in both directions get more than 0: both sides are below 0, "
            "their product is not. When do you look at the sign?",
            "sum of the areas": "You divide by both areas together. How often do they count a pixel that lies in both?",
            "taken off twice": "You divide by what lies in one box only. Does a pixel in both belong to the union?",
            "divided by a": "You divide by the area of a. Should the result change when a and b change places?",
            "divided by b": "You divide by the area of b. Should the result change when a and b change places?",
            "divided by the smaller one": "You divide by the smaller box. "
            "On input 2 one box lies inside the other: do they agree so well?",
            "divided by the box around both": "You divide by the box around both. "
            "Does each of its pixels lie in a or in b?",
            "not divided": "You return an area. If all numbers double, it is four times as large: should it be?",
            "upside down": "You get more than 1. Which of the two areas is the larger one?",
            "one pixel more": "You add 1 to each side, as if row y2 lay inside. How high is a box from 2 to 6?",
            "height and width": "You take the last two numbers for height and width. Which corner are they?",
            "another order": "You read a box as y1, y2, x1, x2. In which order do the numbers come?",
            "the outer edges": "Yours reaches from the first edge to the last. Where does the part in both begin?",
        },
    ),
    hints=[
        "Draw the boxes of input 1 on squared paper. Where does the part in both begin, where does it end?",
        "Height of the intersection: the smaller y2 minus the larger y1. What if that is below 0? "
        "For the union, add the areas: what is counted twice then?",
    ],
)


def offsets(window, box):
    """How to get from a window to a box, an array t_y, t_x, t_h, t_w, (4,); window and box, each (4,), are y1, x1, y2,
    x2. With centers (y, x), heights h and widths w: t_y = (y − y_window) / h_window, t_x = (x − x_window) / w_window,
    t_h = log(h / h_window), t_w = log(w / w_window)."""
    center, window_center = (box[:2] + box[2:]) / 2, (window[:2] + window[2:]) / 2  # y, x
    size, window_size = box[2:] - box[:2], window[2:] - window[:2]  # h, w
    return np.concatenate([(center - window_center) / window_size, np.log(size / window_size)])


def _offsets(window, box, *, mistake):
    if mistake == "window and box swapped":
        window, box = box, window
    size, old_size = box[2:] - box[:2], window[2:] - window[:2]
    shift = (box[:2] + box[2:] - window[:2] - window[2:]) / 2
    shift = {
        "corners": box[:2] - window[:2],
        "half a size is no center": (size - old_size) / 2,
        "twice the shift": 2 * shift,
        "the other way": -shift,
    }.get(mistake, shift)
    by = {"divided by the box": size, "shift in pixels": 1, "the height for both": old_size[0]}.get(mistake, old_size)
    ratio = size / old_size
    growth = {
        "no log": ratio,
        "log upside down": -np.log(ratio),
        "size in pixels": size - old_size,
        "log2": np.log2(ratio),
        "log10": np.log10(ratio),
    }.get(mistake, np.log(ratio))
    t = np.concatenate([shift / by, growth])
    return t[[1, 0, 3, 2]] if mistake == "columns before rows" else t


offsets = Exercise(
    offsets,
    notebook=NOTEBOOK,
    inputs=[
        (np.array([8.0, 10.0, 28.0, 22.0]), np.array([10.0, 13.0, 40.0, 22.0])),
        (np.array([4.0, 16.0, 20.0, 22.0]), np.array([2.0, 9.0, 14.0, 27.0])),
    ],
    mistakes=variants(
        _offsets,
        {
            "corners": "Your shifts lead from corner to corner. Between which two points are they asked?",
            "half a size is no center": "Half a size is the same wherever the box stands. What lies midway "
            "between y1 and y2?",
            "twice the shift": "Your shifts are twice as long. Where between y1 and y2 is the center, and how much of "
            "the window's size do you divide by?",
            "the other way": "Both shifts have the wrong sign. If the box lies lower, what is the sign of t_y?",
            "divided by the box": "You divide the shifts by the sides of the box. "
            "The network sees the window only: whose sides are known then?",
            "shift in pixels": "Your shifts are pixels. Make image, window and box twice as large: should t_y change?",
            "the height for both": "t_y is right, t_x is not: the windows are not square. Which side runs along x?",
            "no log": "t_h and t_w are ratios. Which number should say that box and window are of one size?",
            "log upside down": "t_h and t_w have the wrong sign. "
            "If the box is higher than its window, what is the sign of t_h?",
            "size in pixels": "t_h and t_w are pixels. Make image, window and box twice as large: should they change?",
            "log2": "Your t_h counts doublings. Which logarithm does np.exp undo?",
            "log10": "Your t_h counts tenfold steps. Which logarithm does np.exp undo?",
            "window and box swapped": "You lead from the box to the window. Which one of them is sought?",
            "columns before rows": "The numbers are right, their order is not. "
            "Which comes first in a box, rows or columns?",
        },
    ),
    hints=[
        "Write down center and size of both boxes of input 1. By how much of the window's height does the center move?",
        "Four lines: center and size of the window, then of the box. Slices such as box[:2] hold y and x at once.",
    ],
)

# Six boxes: a chain of four, each overlapping the next, one that overlaps three of them, and one far away.
CROWD = np.array(
    [[4, 2, 14, 12], [0, 0, 10, 10], [30, 30, 40, 40], [1, 2, 11, 12], [2, 1, 12, 11], [6, 3, 16, 13]], float
)
SCORES = np.array([0.8, 0.95, 0.6, 0.3, 0.9, 0.4])
EVENLY = np.array([[0, 2, 6, 5], [0, 1, 6, 4], [8, 8, 12, 12], [9, 8, 13, 12], [0, 0, 6, 3]], float)  # IoU 0.5, twice


# The solutions import nn themselves: they are shown, and run, without the rest of this module.
def suppress(boxes, scores, threshold):
    """Non-max suppression, the indices of the boxes to keep, best first: keep the box with the highest score, drop all
    that overlap it by more than threshold (IoU), and so on with what remains. boxes is (n, 4), each row y1, x1, y2, x2;
    scores is (n,), no two of them equal."""
    from course_utils import nn

    overlap = nn.detection.iou(boxes, boxes)  # of each box with each, (n, n)
    kept = []
    for i in np.argsort(-scores):
        if all(overlap[i, j] <= threshold for j in kept):
            kept.append(i)
    return kept


def _suppress(boxes, scores, threshold, *, mistake):
    if mistake == "scores cut at the threshold":
        return [i for i in np.argsort(-scores) if scores[i] > threshold]
    overlap = nn.detection.iou(boxes, boxes)
    order = {"not sorted": np.arange(len(scores)), "worst first": np.argsort(scores)}.get(mistake, np.argsort(-scores))
    limit = 0.5 if mistake == "threshold ignored" else threshold
    kept = []
    for place, i in enumerate(order):
        others = {
            "the best only": kept[:1],
            "the last one only": kept[-1:],
            "dropped boxes drop others": order[:place],
        }.get(mistake, kept)
        near = overlap[i, others] >= limit if mistake == "equal is dropped" else overlap[i, others] > limit
        if not len(others) or (near.all() if mistake == "the wrong way round" else not near.any()):
            kept.append(i)
    return {
        "one box kept": kept[:1],
        "order of the boxes": np.sort(kept),
        "boxes returned": boxes[kept],
        "places in the sorted list": [list(order).index(i) for i in kept],
    }.get(mistake, kept)


suppress = Exercise(
    suppress,
    notebook=NOTEBOOK,
    inputs=[(CROWD, SCORES, 0.5), (CROWD, SCORES, 0.3), (EVENLY, np.array([0.6, 0.9, 0.4, 0.7, 0.5]), 0.5)],
    mistakes=variants(
        _suppress,
        {
            "not sorted": "You take the boxes as they come. Of two around one digit, which one should stay?",
            "worst first": "You begin with the lowest score. Of two boxes around one digit, which one should stay?",
            "the best only": "You compare with the very best box only. "
            "Of two boxes around another digit, what drops the weaker one?",
            "the last one only": "You compare with the box kept last. Can one kept earlier lie at the same place?",
            "dropped boxes drop others": "A box that you have dropped still drops others. Does it remain in the image?",
            "one box kept": "You keep the best box of all. What about a digit elsewhere in the image?",
            "the wrong way round": "Of the other boxes you keep those that overlap. "
            "What does it tell you if a better box lies almost at the same place?",
            "equal is dropped": "On input 3 you drop a box with an overlap of 0.5. Is that more than the threshold?",
            "threshold ignored": "Right for a threshold of 0.5, not for 0.3. Which argument is not used?",
            "scores cut at the threshold": "You compare scores with the threshold. "
            "Which number tells how much two boxes overlap?",
            "places in the sorted list": "Your numbers count places in the sorted list. "
            "Where did the box at such a place stand before sorting?",
            "order of the boxes": "The right boxes, but by index. Which one of them should come first?",
            "boxes returned": "You return the boxes. Which numbers find their scores and labels, too?",
        },
    ),
    hints=[
        "Sort first: np.argsort gives indices, of the lowest score first. How do you turn that round?",
        "Start with an empty list, and go through the indices, best first. "
        "With which boxes must the next one not overlap too much?",
    ],
)

DIGITS = np.array([[34, 4, 54, 14], [10, 10, 30, 22], [10, 15, 30, 27], [36, 30, 54, 42]], float)
NAMES = np.array([3, 4, 4, 7])  # the two fours stand close to each other
# Two boxes around the three, two around the seven, one around nothing; around the fours: the first, between both, the
# second twice; the last one overlaps the seven by exactly 0.5.
FOUND = np.array(
    [[35, 4, 55, 15], [33, 5, 53, 15], [36, 31, 55, 43], [35, 29, 54, 42], [2, 40, 20, 50]]
    + [[10, 9, 30, 21], [10, 13, 30, 25], [9, 16, 29, 28], [11, 15, 31, 27], [36, 34, 54, 46]],
    float,
)


def right_ones(boxes, labels, true_boxes, true_labels):
    """How many detections are right: boxes (n, 4) with labels (n,), best first, for m digits, true_boxes (m, 4) with
    true_labels (m,); rows are y1, x1, y2, x2. A detection is right if there is a digit of its label, not yet taken by a
    detection before it, that it overlaps with an IoU of at least 0.5. Of several, it takes the one with the highest."""
    from course_utils import nn

    overlap = nn.detection.iou(boxes, true_boxes)  # of each detection with each digit, (n, m)
    free, hits = list(range(len(true_boxes))), 0
    for i in range(len(boxes)):
        found = [j for j in free if true_labels[j] == labels[i] and overlap[i, j] >= 0.5]
        if found:
            free.remove(found[np.argmax(overlap[i, found])])
            hits += 1
    return hits


def _right_ones(boxes, labels, true_boxes, true_labels, *, mistake):
    overlap = nn.detection.iou(boxes, true_boxes)
    agree = labels[:, None] == true_labels
    near = overlap > 0.5 if mistake == "exactly 0.5" else overlap >= 0.5
    fits = {"label ignored": near, "place ignored": agree, "labels compared late": near}.get(mistake, near & agree)
    if mistake == "one by one":
        return np.trace(fits)
    likes = fits * (1.0 if mistake in ("place ignored", "the first that fits") else overlap)
    free, right = np.ones(len(true_boxes)), 0
    for i in range(len(boxes)):
        j = np.argmax(likes[i] if mistake == "no second choice" else likes[i] * free)
        if likes[i, j] * free[j] > 0:
            free[j] = mistake == "counted several times"
            right += agree[i, j] or mistake == "label ignored"
    right = len(boxes) - right if mistake == "the wrong ones" else right
    return right / {"share of the detections": len(boxes), "share of the digits": len(true_boxes)}.get(mistake, 1)


right_ones = Exercise(
    right_ones,
    notebook=NOTEBOOK,
    inputs=[
        (FOUND[[0, 2, 1, 3, 4, 5]], np.array([8, 7, 3, 7, 4, 9]), DIGITS, NAMES),
        (FOUND[[6, 5, 9, 4]], np.array([4, 4, 7, 3]), DIGITS, NAMES),
        (FOUND[[1, 7, 6, 9, 8]], np.array([3, 4, 4, 7, 4]), DIGITS, NAMES),
    ],
    mistakes=variants(
        _right_ones,
        {
            "label ignored": "A box in the right place is right for you, whatever it says. Is a 7 found if it says 1?",
            "place ignored": "You compare labels only. Is a 7 found by a box in another corner?",
            "counted several times": "Two boxes around one digit are both right for you. How many digits were found?",
            "exactly 0.5": "You leave out an IoU of exactly 0.5. Is it at least 0.5?",
            "the first that fits": "If several digits fit, you take the first. Which one may the next box need?",
            "no second choice": "You give up if the nearest digit is taken. "
            "Is there another one that is free and fits?",
            "labels compared late": "A box with the wrong label takes a digit from one with the right label. "
            "When do you compare the labels?",
            "one by one": "You compare box 0 with digit 0, box 1 with digit 1. Do they come in the same order?",
            "share of the detections": "You divide by the number of boxes. Is a share asked, or a number?",
            "share of the digits": "You divide by the number of digits. Is a share asked, or a number?",
            "the wrong ones": "You count the detections that are wrong. What makes one right?",
        },
    ),
    hints=[
        "Go through the detections as they come. For each one, list the digits that it may take: three conditions.",
        "Keep a list of the digits that are free. What happens to it when a detection is right? "
        "And if two digits are on your list, which one is taken?",
    ],
)

EXERCISES = [iou, offsets, suppress, right_ones]

# In each question the right option stands first; the learner sees them shuffled.
quiz = Quiz(
    NOTEBOOK,
    "R-CNN",
    [
        (
            "Two boxes of 4 × 4 pixels; one stands a row lower and a column further to the right. Their IoU is",
            [
                ("9/23", "They share 3 · 3 = 9 pixels; the union has 16 + 16 − 9 = 23."),
                ("9/16", "That is the shared part of one box; the union holds the rest of the other one, too."),
                ("9/32", "16 + 16 = 32 counts the 9 shared pixels twice."),
            ],
        ),
        (
            "Two sevens stand so close that the true boxes around them overlap with an IoU of 0.6. Each is found, with "
            "exactly that box. After non-max suppression with threshold 0.5",
            [
                (
                    "one of the two sevens is lost",
                    "0.6 is more than 0.5: the box with the lower score is dropped, as if it were a second one around "
                    "the same seven.",
                ),
                ("both are kept, for both are right", "The rule sees boxes and scores only, not which ones are right."),
                ("both are lost", "The box with the highest score is always kept; only the other one is dropped."),
            ],
        ),
        (
            "The classifier of an R-CNN for digits gets an eleventh class, background. It needs it, since",
            [
                (
                    "most windows show a scrap or nothing, and softmax must call them something",
                    "The probabilities add up to 1: without background, every scrap would be some digit.",
                ),
                ("every pixel between the digits needs a class, too", "Here a window gets a class, a pixel does not."),
                (
                    "the offsets of an empty window must be learned, too",
                    "The other way round: where there is no digit, there are no offsets to learn.",
                ),
            ],
        ),
        (
            "A window is 10 pixels wide, and the network says t_w = 0.7. How wide is the box?",
            [
                ("about 20 pixels", "t_w is the log of a ratio, and e^0.7 is about 2.01."),
                ("7 pixels", "t_w is not the ratio itself: a box as wide as its window has t_w = 0, not 1."),
                ("17 pixels", "Shares of the width are added for the center; the width itself is multiplied."),
            ],
        ),
        (
            "Why is Fast R-CNN (2015) so much faster than R-CNN (2014)?",
            [
                (
                    "its convolutions run once for the whole image",
                    "RoI pooling cuts each proposal out of the shared maps; R-CNN ran its network for each of about "
                    "2,000 proposals anew.",
                ),
                (
                    "a network makes its proposals, in place of selective search",
                    "That came with Faster R-CNN, in the same year; Fast R-CNN still got its proposals from outside.",
                ),
                (
                    "it does without non-max suppression",
                    "It needs it as well: its proposals overlap, too, and one object is found several times.",
                ),
            ],
        ),
    ],
)
