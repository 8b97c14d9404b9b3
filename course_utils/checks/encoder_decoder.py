"""Exercises and quiz of notebook 15: one network reads, another one writes, and attention lets it look back."""

import numpy as np

from course_utils.checks.common import sigmoid, variants
from course_utils.checks.exercise import Exercise
from course_utils.checks.quiz import Quiz
from course_utils.nn.activations import softmax

NOTEBOOK = "15"


def decoder_inputs(targets, start):
    """What the decoder reads in training with teacher forcing, (sequences, steps), whole numbers. targets, (sequences,
    steps), holds the tokens that it should write: in each row some tokens, an end token, and 0 up to the last column.
    At the first step the decoder reads the token start; at each step after that, the true token of the step before. So
    nothing of the last column is read. The caller needs targets again, so it must stay as it is."""
    inputs = np.full_like(targets, start)
    inputs[:, 1:] = targets[:, :-1]
    return inputs


def _decoder_inputs(targets, start, *, mistake):
    count, steps = targets.shape
    right = decoder_inputs.solution_function(targets, start)
    column = np.full((count, 1), start)
    is_end = np.arange(steps) == np.count_nonzero(targets, axis=1)[:, None] - 1
    return {
        "not shifted": lambda: targets,
        "start in place of the first token": lambda: np.hstack([column, targets[:, 1:]]),
        "start in place of the last column": lambda: np.hstack([targets[:, :-1], column]),
        "shifted left, start at the end": lambda: np.hstack([targets[:, 1:], column]),
        "shifted left, 0 at the end": lambda: np.hstack([targets[:, 1:], 0 * column]),
        "rolled left": lambda: np.roll(targets, -1, axis=1),
        "rolled": lambda: np.roll(targets, 1, axis=1),
        "rolled as one row": lambda: np.roll(targets, 1),
        "0 in place of start": lambda: np.hstack([0 * column, targets[:, :-1]]),
        "start in the first row only": lambda: np.append(start, targets.ravel()[:-1]).reshape(targets.shape),
        "last column kept": lambda: np.hstack([column, targets]),
        "start as a last column": lambda: np.hstack([targets, column]),
        "start left out": lambda: targets[:, :-1],
        "shifted left, start left out": lambda: targets[:, 1:],
        "shifted down": lambda: np.vstack([0 * targets[:1] + start, targets[:-1]]),
        "shifted twice": lambda: np.hstack([column, right[:, :-1]]),
        "all start": lambda: 0 * targets + start,
        "written over": lambda: np.hstack([column, targets[:, :1].repeat(steps - 1, axis=1)]),
        "end taken out": lambda: np.hstack([column, (targets * ~is_end)[:, :-1]]),
        "read backwards": lambda: np.hstack([column, targets[:, :0:-1]]),
        "one long row": lambda: np.append(start, targets),
        "turned on its side": lambda: right.T,
        "both returned": lambda: (right, targets),
    }[mistake]()


decoder_inputs = Exercise(
    decoder_inputs,
    notebook=NOTEBOOK,
    # With as many sequences as steps, the shape does not tell along which axis they were shifted.
    inputs=[
        (np.array([[5, 3, 1, 7, 11], [9, 11, 0, 0, 0]]), 12),
        (np.array([[6, 2, 0], [4, 8, 2], [2, 0, 0]]), 1),
    ],
    mistakes=variants(
        _decoder_inputs,
        {
            "not shifted": "The decoder reads what it should write: it need only copy. Which token does it know then?",
            "start in place of the first token": "Your start has taken the place of the first token, and nothing has "
            "moved. At which step is the first token read?",
            "start in place of the last column": "Nothing has moved, and start stands at the end. "
            "Which token is read before there is any other?",
            "shifted left, start at the end": "The decoder reads the token after the one that it should write. "
            "Has that one been written yet?",
            **dict.fromkeys(
                ["shifted left, 0 at the end", "rolled left", "shifted left, start left out"],
                "You shift to the left, and start is not used. Which token comes before the first one?",
            ),
            "rolled": "np.roll brings what falls out at the end back in front. What should stand there?",
            "rolled as one row": "Without an axis, np.roll takes all rows as one: the end of one falls into the next. "
            "What should each row begin with?",
            "0 in place of start": "Your rows begin with 0, which is padding. Which argument is not used?",
            "start in the first row only": "Your other rows begin with the end of the row above. What comes first?",
            "last column kept": "You have a column too many. Is there a step at which the last token is read?",
            "start as a last column": "Your start is one more column, at the end. At which step is it read?",
            "start left out": "A column is missing: you do not use start. What is read at the first step?",
            "shifted down": "Your start is a row: each sequence reads the one above it. Which axis counts the steps?",
            "shifted twice": "At each step you show the token of two steps before. How far should they move?",
            "all start": "All is start: your loop hands it on from column to column. From which array should it read?",
            "written over": "The first token stands in each column: your loop reads what it has just written over. "
            "From which array should it read?",
            "end taken out": "You take the end token out, but it is a token like any other. What follows it?",
            "read backwards": "Your tokens run from the last to the first. In which order are they written?",
            "one long row": "Without an axis, np.append and np.insert make one row of all. How many rows are asked?",
            "turned on its side": "Rows and columns have changed places. Which axis counts the sequences?",
            "both returned": "You return targets, too. Which of the two is asked?",
        },
    ),
    hints=[
        "Write the digits of 4206 and an end token in a row. Below each, write the token that the decoder has just "
        "written when it comes to it. What stands below the first one?",
        "Make an array as large as targets, filled with start. Which of its columns get which columns of targets?",
    ],
)


def greedy(logits, start, end, longest):
    """The tokens that greedy decoding writes, a list of whole numbers. Row a of logits, (tokens, tokens), holds the
    logits of the token that follows the token a. Begin at the token start. Always take the likeliest next token, and
    go on from that one. Stop when it is the token end, or when as many as longest tokens are written. Neither start
    nor end is written; the list can be empty."""
    output, token = [], start
    while len(output) < longest:
        token = int(np.argmax(logits[token]))
        if token == end:
            break
        output.append(token)
    return output


def _read(logits, start, mistake):
    """What is read in place of the logits, row by row, (tokens, tokens)."""
    return {
        "columns": logits.T,
        "softmax down the columns": softmax(logits.T).T,
        "not fed back": np.tile(logits[start], (len(logits), 1)),
        "the least likely": -logits,
        "the second likeliest": np.where(logits == logits.max(axis=1, keepdims=True), -np.inf, logits),
        "the first share above 0.5": softmax(logits) > 0.5,
    }.get(mistake, logits)


def _greedy(logits, start, end, longest, *, mistake):
    decode, shares = greedy.solution_function, softmax(logits)
    most = {"one too many": longest + 1, "one too few": longest - 1, "longest ignored": 99}.get(mistake, longest)
    written = decode(_read(logits, start, mistake), start, 0 if mistake == "stopped at 0" else end, most)
    on = decode(logits, start, None, longest)  # past the end token
    first, best = int(np.argmax(logits[start])), np.argmax(logits, axis=1)
    rows = [start, *written][: len(written)]  # those that were looked at
    return {
        "end written, too": lambda: on[: len(written) + 1],
        "end ignored": lambda: on,
        "end left out, but no stop": lambda: [token for token in on if token != end],
        "end not looked for at first": lambda: [first, *decode(logits, first, end, longest - 1)],
        "start written, too": lambda: [start, *written],
        "start written, the last one not": lambda: [start, *written][:longest],
        "first token lost": lambda: decode(logits, first, end, longest),
        "filled up with 0": lambda: written + [0] * (longest - len(written)),
        "filled up with end": lambda: written + [end] * (longest - len(written)),
        "from the last to the first": lambda: written[::-1],
        "counted from 1": lambda: [token + 1 for token in written],
        "rows in order": lambda: best[:longest],
        "all rows at once": lambda: best,
        "logits returned": lambda: [np.max(logits[a]) for a in rows],
        "shares returned": lambda: [np.max(shares[a]) for a in rows],
    }.get(mistake, lambda: written)()


# From each token the likeliest way leads through all others: 2, 5, 0, 4, 6, 3, 1 and 2 again.
LOGITS = np.array(
    [
        [2, -2.6, 0.4, -0.6, 2.3, -0.2, -2],
        [-0.2, -0.9, 3.3, 0.2, -0.4, -0.3, -0.7],
        [-1.1, -0.4, 0.5, -0.2, 1, 1.6, 0],
        [1.5, 2.8, -0.5, -0.2, 0.5, 1.9, -0.3],
        [-0.2, 1, -0.9, -0.3, 0.9, 0.6, 1.1],
        [1.3, -2.8, 1, -1, -1.7, 0.3, 0.7],
        [-0.4, -1.1, 0, 1.5, 1.4, 0.7, 0.2],
    ]
)

greedy = Exercise(
    greedy,
    notebook=NOTEBOOK,
    # The end comes before longest, after it, and at once. It does come, so that a loop without longest ends, too.
    inputs=[(LOGITS, 2, 6, 5), (LOGITS, 5, 1, 2), (LOGITS, 3, 1, 4)],
    mistakes=variants(
        _greedy,
        {
            "columns": "You look down a column. Row a holds what follows the token a: which index of logits is a?",
            "softmax down the columns": "Your softmax goes down the columns, so that another token can be the largest "
            "in a row. Over what should the shares add up to 1?",
            "not fed back": "Each of your steps looks at the same row. At which token does the second step stand?",
            "rows in order": "You take the rows in their order, 0, 1, 2. Which row is the next one after the token 5?",
            "all rows at once": "You take the likeliest of each row. Where do you begin, and where does that lead?",
            "the least likely": "You take the token with the smallest logit. Which one is the likeliest?",
            "the second likeliest": "You take the second likeliest token. Which one do you leave out?",
            "the first share above 0.5": "You look for a share above 0.5. What if the likeliest token has 0.3?",
            "stopped at 0": "You stop at the token 0: in Python, 0 counts as False. Which token is the end?",
            "end ignored": "You go on past the end token. When should you stop?",
            "end left out, but no stop": "You leave the end token out, but go on from it. What comes after the end?",
            "end written, too": "Your last token is the end token. Do you look for it before you write, or after?",
            "end not looked for at first": "On input 3 the first token is the end token. "
            "Do you look for it before you write the first one?",
            **dict.fromkeys(
                ["start written, too", "start written, the last one not"],
                "Your list begins with start. Has the decoder written it, or read it?",
            ),
            "first token lost": "Your first token is missing. Does the first step begin at it, or lead to it?",
            "one too many": "On input 2 you write a token too many. How many are written when you stop?",
            "one too few": "On input 2 a token is missing. Which tokens do you count that are not written?",
            "longest ignored": "On input 2 you write too many, and other tables might never lead to the end. "
            "Which argument is not used?",
            **dict.fromkeys(
                ["filled up with 0", "filled up with end"], "You fill the list up. How long is it if end comes early?"
            ),
            "from the last to the first": "Your tokens run backwards. At which end of the list does a new one stand?",
            "counted from 1": "Each token is one too high. What is the index of the first column?",
            **dict.fromkeys(
                ["logits returned", "shares returned"],
                "You return how likely each token is. Its number is asked: where in the row does it stand?",
            ),
        },
    ),
    hints=[
        "Walk through input 1 by hand, a finger on row 2. Which column has the largest number, and which row is next?",
        "Two variables: the token where you stand, and the list. In a loop: find the next token, look whether it is "
        "the end, and only then write it.",
    ],
)


def attend(query, keys, values):
    """Dot-product attention of one query: a mix of the values, (features,). query, (units,), is what the decoder looks
    for. Row t of keys, (steps, units), and row t of values, (steps, features), belong to step t of the encoder. The
    score of a step is the dot product of its key and the query. The shares are the softmax of the scores over all
    steps, and the mix is the sum of share · value over all steps. Scores can be as large as 1,000."""
    scores = keys @ query
    powers = np.exp(scores - np.max(scores))
    shares = powers / np.sum(powers)
    return shares @ values


def _scores(query, keys, values, mistake):
    """What softmax gets, (steps,)."""
    scores, lengths = keys @ query, np.linalg.norm(keys, axis=1)
    return {
        "scaled by √units": lambda: scores / np.sqrt(len(query)),
        "sign turned": lambda: -scores,
        "cosine": lambda: scores / lengths / np.linalg.norm(query),
        "distance": lambda: -np.linalg.norm(keys - query, axis=1),
        "query left out": lambda: np.sum(keys, axis=1),
        "keys transposed": lambda: keys.T @ query,
        "scores of the values": lambda: values @ query,
        "cut off": lambda: np.clip(scores, -500, 500),
        "divided by the largest": lambda: scores / np.max(scores),
        "softmax twice": lambda: softmax(scores),
    }.get(mistake, lambda: scores)()


def _attend(query, keys, values, *, mistake):
    scores = _scores(query, keys, values, mistake)
    shares = softmax(scores)
    return {
        "too large for exp": lambda: np.exp(scores) / np.sum(np.exp(scores)) @ values,
        "not divided by the sum, too large for exp": lambda: np.exp(scores) @ values,
        "not divided by the sum": lambda: np.exp(scores - np.max(scores)) @ values,
        "no softmax": lambda: scores @ values,
        "divided by the sum only": lambda: scores / np.sum(scores) @ values,
        "sigmoid": lambda: sigmoid(scores) @ values,
        "all shares 1": lambda: np.sum(values, axis=0),
        "shares for each unit": lambda: np.sum(softmax((keys * query).T).T * values, axis=0),
        "hard maximum": lambda: values[np.argmax(scores)],
        "mean of the values": lambda: np.mean(values, axis=0),
        "divided by the steps, too": lambda: shares @ values / len(values),
        "last value": lambda: values[-1],
        "keys in place of values": lambda: shares @ keys,
        "values transposed": lambda: values @ shares,
        "not added up": lambda: shares[:, None] * values,
        "shares returned": lambda: shares,
        "scores returned": lambda: scores,
    }.get(mistake, lambda: shares @ values)()


attend = Exercise(
    attend,
    notebook=NOTEBOOK,
    inputs=[
        (
            np.array([1, -0.5, 2]),
            np.array([[0.4, -1.2, 0.3], [0.9, 0.5, 0.8], [-0.6, 1, 0.7], [1.1, 0.2, -0.4]]),
            np.array([[2, -1], [0.5, 3], [-1.5, 0.8], [1, -2.5]]),
        ),
        # With three of everything, nothing complains if an array is turned on its side.
        (
            np.array([0.6, 1.2, -0.7]),
            np.array([[0.5, -0.9, 0.4], [1.3, 0.2, -1], [-0.3, 0.8, 0.6]]),
            np.array([[1, 0.4, -2], [-0.6, 1.5, 0.7], [2.5, -1.1, 0.3]]),
        ),
        # Scores near 1,000, of which exp gives inf.
        (
            np.array([20, -31]),
            np.array([[19, -20], [33, -11], [36, -9], [-12, 5]]),
            np.array([[0.5, -1, 2], [1.5, 0.7, -0.4], [3, 1.2, -2.2], [-0.8, 2.4, 1]]),
        ),
    ],
    mistakes=variants(
        _attend,
        {
            "scaled by √units": "You divide the scores by √units, as a transformer does. What is the score here?",
            "sign turned": "The key that fits worst gets the largest share. What is the sign of its score?",
            "cosine": "You divide by the lengths, as for a cosine. In a dot product, does a longer key count more?",
            "distance": "You measure how far each key is from the query. What measures its fit here?",
            "query left out": "Your shares are the same for each query. Which argument is not used?",
            "keys transposed": "Your keys are turned on their side. With three steps and three units nothing "
            "complains: how many scores should there be?",
            "scores of the values": "You compare the query with the values. Which array is there to be compared?",
            "cut off": "You cut large scores off, and they become equal. What can you take off all of them instead?",
            "divided by the largest": "You divide by the largest score, and the differences shrink. "
            "What can you take off all scores, so that their differences stay?",
            "softmax twice": "You take softmax twice, and your shares are nearly equal. What goes into it?",
            "too large for exp": "On input 3 e to the power of 1,000 is inf. "
            "Which number can you take off all scores first, without changing the shares?",
            **dict.fromkeys(
                ["not divided by the sum, too large for exp", "not divided by the sum"],
                "Your shares do not add up to 1. By what are the powers of e divided?",
            ),
            "no softmax": "You mix with the scores themselves. What makes shares of them?",
            "divided by the sum only": "You divide the scores by their sum, and some are below 0. "
            "What makes a positive number of each first?",
            "sigmoid": "Each of your shares lies between 0 and 1, but to what do they add up?",
            "all shares 1": "Each value has the share 1. Over which axis does your softmax go, and how long is it?",
            "shares for each unit": "You take shares before you add the products up. How many scores has each step?",
            "hard maximum": "You take the value of the best key. What if another one fits almost as well?",
            "mean of the values": "All your shares are equal. What should the query change?",
            "divided by the steps, too": "You divide by the number of steps, too. To what do the shares add up?",
            "last value": "You return the last value: one vector for all, without attention. Where are the others?",
            "keys in place of values": "You mix the keys. They are compared: which array is there to be mixed?",
            "values transposed": "Your values are turned on their side. With three steps and three features nothing "
            "complains: does a step have a share, or a feature?",
            "not added up": "You return share · value for each step. What makes one mix of them?",
            "shares returned": "Your shares are right. What is mixed with them?",
            "scores returned": "Your scores are right. What makes shares of them, and what are these for?",
        },
    ),
    hints=[
        "Three steps: a score for each step, shares of the scores, a mix with the shares. What is the shape of each?",
        "@ fits twice: for the scores, and for the mix. And before exp, take the largest score off all of them: their "
        "differences stay.",
    ],
)

EXERCISES = [decoder_inputs, greedy, attend]

# In each question the right option stands first; the learner sees them shuffled.
quiz = Quiz(
    NOTEBOOK,
    "Encoder–decoder",
    [
        (
            "With teacher forcing, the decoder reads the true digit of the step before. Later it writes by itself, and "
            "one digit is wrong. Then",
            [
                (
                    "it reads its own mistake, as never before",
                    "In training it only saw true digits: errors can pile up.",
                ),
                (
                    "the next step reads the true digit again",
                    "Who should know it? The true digits are known in training.",
                ),
                ("it learns from it, and the next is better", "Nothing is learned any more: the weights stay."),
            ],
        ),
        (
            "A GRU(64) encodes a text of 50 words; the decoder begins with its last state. How many numbers tell it "
            "what was read?",
            [
                ("64: all words have to share them", "One word or 50: the last state has 64. Long texts suffer first."),
                ("3,200: each word adds its own 64", "All states are 50 · 64 numbers: attention looks at these."),
                ("50: each word becomes one number", "A state has a number for each unit, not for each word."),
            ],
        ),
        (
            "Six words are read and four digits written, and the shares of attention are a table (4, 6). What adds up "
            "to 1?",
            [
                ("each row: the shares of all words", "Each digit has a softmax, over the steps of the encoder."),
                ("each column: the shares of all digits", "A word at which no digit looks adds up to nearly 0."),
                ("the table: the shares of all pairs", "Each digit has a softmax of its own: together they have 4."),
            ],
        ),
        (
            "A first token has 0.6, another one 0.4. After the first, the best next has 0.3; after the other, 0.9. "
            "How likely is the pair that greedy decoding writes?",
            [
                ("0.18", "0.6 · 0.3. The other way has 0.4 · 0.9 = 0.36: greedy never looks back."),
                ("0.36", "0.4 · 0.9 is the likeliest pair, but greedy left that way at the first step."),
                ("0.54", "0.6 · 0.9: but the 0.9 stands behind the other token."),
            ],
        ),
        (
            "A network is right in 95 % of all tokens, each independent of the others. An answer has six tokens. How "
            "many answers are right from the first token to the last?",
            [
                ("73.5 %", "0.95⁶ = 0.735: all six must be right. Look at which accuracy is told."),
                ("95.0 %", "That holds for one token. Each of six has a chance to fail."),
                ("70.0 %", "1 − 6 · 0.05 counts an answer with two errors twice."),
            ],
        ),
    ],
)
