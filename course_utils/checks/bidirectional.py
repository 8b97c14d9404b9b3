"""Exercises and quiz of notebook 14: one cell that reads forward, one that reads backward."""

import numpy as np

from course_utils.checks.common import variants
from course_utils.checks.exercise import Exercise
from course_utils.checks.quiz import Quiz

NOTEBOOK = "14"


def both_ways(x, kernel, recurrent_kernel, back_kernel, back_recurrent_kernel):
    """The states of two cells that read x, (steps, features), forward and backward, (steps, 2 · units). A cell begins
    with h = 0, and at each step its new h is tanh(x_t W + h U), without a bias. W, the kernel, is (features, units),
    and U, the recurrent kernel, (units, units); the backward cell has its own, back_kernel and back_recurrent_kernel.
    Each row holds the forward state of its step, then the backward state of the same step."""

    def one_way(x, W, U):
        h, states = np.zeros(len(U)), []
        for x_t in x:
            h = np.tanh(x_t @ W + h @ U)
            states.append(h)
        return np.array(states)

    forward = one_way(x, kernel, recurrent_kernel)
    backward = one_way(x[::-1], back_kernel, back_recurrent_kernel)[::-1]
    return np.concatenate([forward, backward], axis=1)


def _one_way(x, W, U, h, mistake):
    U = {"recurrent kernels transposed": U.T, "no memory": 0 * U}.get(mistake, U)
    states = [h]
    for x_t in x:
        states.append(np.tanh(x_t @ W + states[-1] @ U))
    return np.array(states[1:])


def _two_ways(x, *weights, mistake):
    """The states of both directions, (steps, units) each, with mistakes that are made before they are merged."""
    there, back = weights[:2], weights[2:]
    pairs = {"weights swapped": (back, there), "forward weights both ways": (there, there)}
    there, back = pairs.get(mistake, (there, back))
    zero = np.zeros(len(there[1]))
    forward = _one_way(x, *there, zero, mistake)
    read = {
        **dict.fromkeys(["input not turned", "outputs turned only"], x),
        "all axes turned": x[::-1, ::-1],
        "forward states read": forward[::-1],
    }.get(mistake, x[::-1])
    backward = _one_way(read, *back, forward[-1] if mistake == "state carried over" else zero, mistake)
    return {
        **dict.fromkeys(["not turned back", "input not turned"], (forward, backward)),
        "both turned back": (forward[::-1], backward[::-1]),
        "all axes turned": (forward, backward[::-1, ::-1]),
        "forward half twice": (forward, forward),
    }.get(mistake, (forward, backward[::-1]))


def _both_ways(*arguments, mistake):
    forward, backward = _two_ways(*arguments, mistake=mistake)
    right = np.concatenate([forward, backward], axis=1)
    return {
        "added": forward + backward,
        "backward first": np.concatenate([backward, forward], axis=1),
        "one below the other": np.concatenate([forward, backward]),
        "two tables": np.array([forward, backward]),
        "last states only": np.concatenate([forward[-1], backward[0]]),
        "last row only": right[-1],
    }.get(mistake, right)


both_ways = Exercise(
    both_ways,
    notebook=NOTEBOOK,
    inputs=[
        (
            np.array([[1, 0.5], [-0.5, 2], [0.3, -1], [1.5, 0.2]]),
            np.array([[0.8, -0.4, 0.3], [0.2, 0.6, -0.7]]),
            np.array([[0.5, -0.3, 0.8], [0.2, 0.4, -0.6], [-0.7, 0.9, 0.1]]),
            np.array([[-0.5, 0.9, 0.4], [0.7, -0.2, 0.6]]),
            np.array([[0.3, 0.6, -0.4], [-0.8, 0.1, 0.5], [0.9, -0.6, 0.2]]),
        ),
        # With as many features as units, a second layer on top of the first raises nothing.
        (
            np.array([[0.5, -1], [1.2, 0.4], [-0.8, 0.9]]),
            np.array([[0.6, -0.2], [0.9, 0.3]]),
            np.array([[0.4, 1.1], [-0.5, 0.7]]),
            np.array([[-0.3, 0.8], [0.5, -0.6]]),
            np.array([[0.7, -0.9], [0.2, 0.4]]),
        ),
    ],
    mistakes=variants(
        _both_ways,
        {
            "not turned back": "Your backward states stand as they came, that of the last step first. "
            "Beside which forward state does it belong?",
            "input not turned": "Your second half has its own weights, but it reads as the first one does. "
            "Which row of x should come to it first?",
            "outputs turned only": "You turn the outputs, but they were made by reading forward. "
            "What must be turned before the backward cell reads?",
            "both turned back": "The backward half is right, but you turn the forward one as well. "
            "Which of the two came out of order?",
            "forward half twice": "Both halves are the same states. Which arguments have you not used?",
            "forward weights both ways": "The forward half is right. The other one reads backward, but with the same "
            "weights: which ones are its own?",
            "weights swapped": "The weights have changed places. Whose are back_kernel and back_recurrent_kernel?",
            "state carried over": "Your backward cell begins with the last forward state. "
            "What does a cell know before it has read anything?",
            "forward states read": "Your backward cell reads the forward states: that is one layer on top of another. "
            "What should both of them read?",
            "all axes turned": "You turn all axes, as np.flip does. Should the features change their order, too?",
            "recurrent kernels transposed": "Each cell begins rightly, and is off from its second state on: U is "
            "turned on its side. On which side of it does h stand?",
            "no memory": "Each state hears its own step only, so that the direction makes no difference. "
            "What does a step get from the one before?",
            "added": 'You add the halves: that is merge_mode="sum". How many numbers are in a row that keeps both?',
            "backward first": "Both halves are right, their order is not. Which one comes first?",
            "one below the other": "You have twice as many rows as there are steps. Which axis should grow?",
            "two tables": "You return two tables, one for each direction. What should stand together in one row?",
            **dict.fromkeys(["last states only", "last row only"], "You return a single row. How many are asked?"),
        },
    ),
    hints=[
        "Write a function for one cell first, and use it twice. What does the second one read, and with which weights?",
        "The backward cell gives the state of the last step first. array[::-1] turns rows around; "
        "np.concatenate joins two tables, along the axis you name.",
    ],
)


class _ReadOnly(np.ndarray):
    """An input whose copies cannot be written into: who changes it in place is stopped."""

    def __deepcopy__(self, memo):
        copy = np.array(self)
        copy.flags.writeable = False
        return copy


def turned(x, lengths):
    """Each sequence turned around, its padding left at the end, (sequences, steps). x, (sequences, steps), holds a
    sequence in each row, padded with 0 at the end; lengths, (sequences,), says how many of its steps are real, from 0
    to all of them. A real value may be 0, too. The forward direction needs x as well, so it must stay as it is."""
    result = np.zeros_like(x)
    for row, sequence, length in zip(result, x, lengths):
        row[:length] = sequence[:length][::-1]
    return result


BY_ZEROS = ["up to the first 0", "up to the last value that is not 0", "zeros counted", "zeros taken out"]


def _turned_row(row, n, mistake):
    """One sequence turned, (steps,), with mistakes that are made in each row."""
    zeros, values = np.flatnonzero(row == 0), np.flatnonzero(row)
    found = [zeros[0] if len(zeros) else len(row), np.max(values, initial=-1) + 1, len(values)]
    n = {"one step too many": n + 1, **dict(zip(BY_ZEROS, found))}.get(mistake, n)
    kept = {
        "zeros taken out": lambda: row[values],
        "padding looked for in front": lambda: row[len(row) - n :],
        "first value lost": lambda: row[1:n],
        "last value lost": lambda: row[: max(n - 1, 0)],
        "last value left in place": lambda: np.append(row[:n][-1:], row[: max(n - 1, 0)]),
        "index n − t": lambda: row.take(np.arange(1, n + 1)),
        "length 0 forgotten": lambda: row[n - 1 :: -1][::-1],  # with n = 0, n − 1 is the last index
    }.get(mistake, lambda: row[:n])()
    result = np.zeros_like(row)
    result[: n if mistake == "length 0 forgotten" else len(kept)] = kept[::-1]
    if mistake == "written over":
        result[n - n // 2 : n] = result[: n // 2][::-1]
    return result


def _turned(x, lengths, *, mistake):
    told = {"first length for all": lengths[0], "longest length for all": max(lengths)}.get(mistake, lengths)
    sequences = x.T if mistake == "columns turned" else x
    rows = np.array([_turned_row(row, n, mistake) for row, n in zip(sequences, np.broadcast_to(told, len(x)))])
    if mistake == "columns turned":
        return np.transpose([*rows, *x.T[len(rows) :]])
    if mistake == "changed in place":
        x[:] = rows
    return {
        "whole rows turned": x[:, ::-1],
        "sequences turned": x[::-1],
        "all axes turned": x[::-1, ::-1],
        "turned twice": x,
        "first sequence only": [rows[0], *x[1:]],
        "padding cut off": rows[:, : max(lengths)],
    }.get(mistake, rows)


turned = Exercise(
    turned,
    notebook=NOTEBOOK,
    inputs=[
        (np.array([[3, -1, 4, 0, 0, 0], [2, 7, -5, 8, 6, 0], [9, 1, 0, 0, 0, 0]]), np.array([3, 5, 2])),
        # Real zeros at the beginning, in between and at the end; a sequence without a step, and a full one.
        (np.array([[0, 5, -2, 0, 0], [0, 0, 0, 0, 0], [4, 0, -7, 3, 1], [6, 0, 2, 8, 0]]), np.array([4, 0, 5, 4])),
        (np.array([[1, 2, -3, 4], [5, -6, 0, 0], [7, 8, 9, 0]]).view(_ReadOnly), np.array([4, 2, 3])),
    ],
    mistakes=variants(
        _turned,
        {
            "whole rows turned": "You turn whole rows: their padding comes first, and would be read first. "
            "Which part of a row should be turned?",
            "sequences turned": "You turn the first axis: the sequences have changed places. Which axis is time?",
            "all axes turned": "You turn both axes: so does np.flip if it is told none. Which axis is time?",
            "columns turned": "Your lengths cut the columns. What does the first axis of x count, "
            "and for what is there one length each?",
            "turned twice": "x comes back as it was. If you swap pairs from both ends, and go on past the middle, "
            "what happens to the first pair?",
            **dict.fromkeys(
                ["first length for all", "longest length for all"],
                "You turn all sequences within one and the same length. How many lengths are there?",
            ),
            "first sequence only": "Only the first sequence is turned. Does something end the loop too early?",
            "one step too many": "You turn a step of padding along. If a length is 3, which index has the last real "
            "step, and where does the slice end?",
            "index n − t": "The first value of x is missing, and you fetch one from behind the last. "
            "With length 3, which index goes to place 0?",
            **dict.fromkeys(
                ["first value lost", "last value lost"],
                "A real value of each sequence is missing. A slice leaves out its end: "
                "where does yours begin, and where does it stop?",
            ),
            "last value left in place": "The last real value of each sequence stays where it is. "
            "With length 3, which indices does your slice take?",
            "padding looked for in front": "You take the last steps of each row. At which end is the padding of x?",
            "written over": "Your sequences mirror themselves: from the middle on, you read what you have just "
            "written. From which array should you read?",
            **dict.fromkeys(
                BY_ZEROS,
                "You look for zeros to find the padding. But a real value may be 0: which argument knows better?",
            ),
            "length 0 forgotten": "On input 2 a length is 0, and your slice begins at 0 − 1. "
            "Which step is that in Python?",
            "changed in place": "Your answers are right, but you write into x, and x of input 3 cannot be written "
            "into. What makes a new array?",
            "padding cut off": "Your rows end with the longest sequence. What shape is asked?",
        },
    ),
    hints=[
        "Write down the row 3, 1, 4, 0, 0 with the length 3. Which steps move, and which stay?",
        "Make a new array for the answer. Then a loop over the sequences, each with its length: its real part is a "
        "slice, and [::-1] turns one around.",
    ],
)


def right_words(ends, found):
    """How many words are found exactly. A text stands there without spaces: ends, (letters,), is 1 where a word ends
    after this letter, and 0 elsewhere; its last entry is 1. found, (letters,), is what a network says of it. A word
    counts if found has the border before it, the border after it, and none inside. The border before the first letter
    is always there; the one after the last letter, only if found has it."""
    hits, begun = 0, True
    for true_border, border in zip(ends, found):
        if true_border:
            hits += bool(begun and border)
            begun = border
        elif border:
            begun = False
    return hits


def _spans(borders):
    """Where the words begin and end, (words,) each: their first letter, and the one after their last."""
    ends = np.flatnonzero(borders) + 1
    return np.append(0, ends)[:-1], ends


def _right_words(ends, found, *, mistake):
    starts, stops = _spans(ends)
    starts_found, stops_found = _spans(found)
    before = np.append(mistake != "first border looked for", found)[starts] > 0
    after = found[stops - 1] > 0
    after[-1] |= mistake == "last border given"
    late, early = mistake == "first letter overlooked", mistake == "last letter overlooked"
    inside = np.array([np.any(found[i + late : max(j - 1 - early, 0)]) for i, j in zip(starts, stops)])
    right = before & after & ~inside
    counted = {
        "right borders": after,
        "right letters": ends == found,
        "borders inside overlooked": before & after,
        "beginnings overlooked": after & ~inside,
        "ends overlooked": before & ~inside,
        "begun again inside": after & (before | inside),
        "up to the first error": np.cumprod(right),
        "last word left out": right[:-1],
        "empty word at the end": np.append(right, found[-1]),
        "words of found": found,
        "all true words": ends,
        "joined words": np.append(1, ends)[starts_found] * ends[stops_found - 1],
        "first with first, second with second": [a == b for a, b in zip(stops - starts, stops_found - starts_found)],
        "share of the true words": right / len(right),
    }.get(mistake, right)
    return np.sum(counted)


def _borders(text):
    """ends and found, (letters,) each: a space is a border that is found, _ one that is missed, | a wrong one."""
    after = [mark for letter, mark in zip(text, text[1:] + " ") if letter.isalpha()]
    return tuple(np.array([int(mark in marks) for mark in after]) for marks in (" _", " |"))


right_words = Exercise(
    right_words,
    notebook=NOTEBOOK,
    inputs=[
        _borders("my dear y|ou_mus|t_know"),
        _borders("it i|s_a_t|ruth universally_acknowledged t|hat a single man"),
        _borders("in possession o|f_a goo|d fortune m|ust b|e i|n want_of a wife_"),
    ],
    mistakes=variants(
        _right_words,
        {
            "right borders": "You count the true borders that are found. How many borders does a word need?",
            "right letters": "You count letters at which both agree. How many does a network get that finds nothing?",
            "borders inside overlooked": "Words that are cut in two count for you, if both their ends are found. "
            "What must not stand between them?",
            "beginnings overlooked": "You look at the end of a word and inside. If the border before it was missed, "
            "what word did the network read?",
            "ends overlooked": "You look at the beginning of a word and inside. Which border has not been asked for?",
            "begun again inside": "A wrong border inside a word begins a word for you, and its rest counts. "
            "Which border should come before?",
            "up to the first error": "Nothing counts after the first error. With which border can a word begin anew?",
            "first border looked for": "Your first word never counts. Must a network find the border before it?",
            "last border given": "Your last word ends in any case. Which entry of found says so?",
            "last word left out": "Your last word never counts. Does a loop end too early?",
            "empty word at the end": "You have one too many if found ends with a border: the empty rest behind it. "
            "What comes after the last letter?",
            **dict.fromkeys(
                ["first letter overlooked", "last letter overlooked"],
                "You overlook a border just behind the first letter, or just before the last. "
                "In a word of 4 letters, at how many places can a border stand inside?",
            ),
            "words of found": "You count all words that the network found. Which of them are right?",
            "all true words": "You count the words that are there. Which argument has not been used?",
            "joined words": "Two words that were read as one count for you. Which border is missing between them?",
            "first with first, second with second": "You compare words of the same number. "
            "If an early word is cut in two, which numbers do the later ones have?",
            "share of the true words": "You return a share. How many words are found?",
        },
    ),
    hints=[
        "Write down “it is” and “i tis”, each with its borders, 0101 and 1001. Which borders decide about “is”?",
        "Go from letter to letter and remember one thing: has a word begun rightly, with nothing wrong since? "
        "What becomes of it at a true border, and what at a wrong one?",
    ],
)

EXERCISES = [both_ways, turned, right_words]

# In each question the right option stands first; the learner sees them shuffled.
quiz = Quiz(
    NOTEBOOK,
    "Bidirectional LSTM",
    [
        (
            "Bidirectional(LSTM(8)) reads 16 features and returns 16 numbers. How many parameters does it have?",
            [
                ("1,600", "Two LSTMs with weights of their own: 2 · 4 · (16 · 8 + 8 · 8 + 8). Concat adds none."),
                ("800", "That is one LSTM(8). Does the backward direction use the same weights?"),
                ("2,112", "That is LSTM(16). But a unit here hears the 8 states of its own direction, not all 16."),
            ],
        ),
        (
            "At each letter a network must answer. For which answer may its LSTM not be bidirectional?",
            [
                ("which letter comes next", "The backward state has read it. On new text, it is not there yet."),
                ("whether a word ends here", "The text is all there, and the letters behind help. Who reads on may."),
                ("whether it is in a name", "The text is all there, and what follows a name tells of it, too."),
            ],
        ),
        (
            "Bidirectional(LSTM(8, return_sequences=True)) returns (32, 20, 16). And with the merge mode sum?",
            [
                ("(32, 20, 8)", "Forward unit 1 is added to backward unit 1, and so on: 8 sums at each step."),
                ("(32, 20, 16)", "That is concat, side by side. What becomes of two numbers in a sum?"),
                ("(32, 40, 8)", "No mode adds steps: both states at a step belong to the same letter."),
            ],
        ),
        (
            "Bidirectional(LSTM(8)), without return_sequences, reads 20 letters. What have its last 8 numbers read?",
            [
                ("all letters, from 20 to 1", "It is the backward state at letter 1, where its way ends."),
                ("letter 20 and no other one", "That is the state where its way begins. Which one has read most?"),
                ("all letters, from 1 to 20", "Those are the first 8, the forward half."),
            ],
        ),
        (
            "5 letters are padded at the end to 20 steps. Without a mask, what does the backward LSTM read first?",
            [
                ("15 steps of padding", "They are in its state when letter 5 comes. With a mask, it begins there."),
                ("letter 5, the last one", "So it is under a mask. What stands at step 20 without one?"),
                ("letter 1, the first one", "The forward LSTM begins there. Where does the other one begin?"),
            ],
        ),
    ],
)
