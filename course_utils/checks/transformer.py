"""Exercises and quiz of notebook 16: attention without recurrence, the parts of a transformer."""

import numpy as np

from course_utils.checks.common import variants
from course_utils.checks.exercise import Exercise
from course_utils.checks.quiz import Quiz
from course_utils.nn.activations import softmax

NOTEBOOK = "16"


def self_attention(x, query_kernel, key_kernel, value_kernel):
    """One head of causal self-attention, (steps, units). x, (steps, features), has a row for each token; each kernel is
    (features, units). The queries are x · query_kernel; keys and values likewise. The score of place t for place j is
    the dot product of query t and key j, divided by √units. No place looks ahead: t sees the places up to t, itself
    included. Its shares are the softmax of the scores of these, and its row is the sum of share · value over them.
    Scores can be as large as 1,000."""
    queries, keys, values = x @ query_kernel, x @ key_kernel, x @ value_kernel
    scores = queries @ keys.T / np.sqrt(keys.shape[1])
    scores = np.where(np.tri(len(x), dtype=bool), scores, -np.inf)
    powers = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    shares = powers / np.sum(powers, axis=1, keepdims=True)
    return shares @ values


def _scores(x, query_kernel, key_kernel, mistake):
    """How well the key of each place fits the query of each, before the mask, (steps, steps)."""
    (steps, features), units = x.shape, query_kernel.shape[1]
    queries, keys = x @ query_kernel, x @ key_kernel
    root = {
        "not scaled": 1,
        "divided by units": units,
        "divided by √steps": np.sqrt(steps),
        "divided by √features": np.sqrt(features),
    }.get(mistake, np.sqrt(units))
    table = {"queries and keys exchanged": keys @ queries.T, "queries used as keys": queries @ queries.T}
    return table.get(mistake, queries @ keys.T) / root


def _masked(scores, mistake):
    """The scores when those of later places are taken out, (steps, steps)."""
    places = np.arange(len(scores))
    later = places > places[:, None]
    if mistake == "masked with 0":
        return np.where(later, 0, scores)
    if mistake == "0 times −∞":
        return scores + later * -np.inf
    hidden = {
        "no mask": later & False,
        "mask after softmax": later & False,
        "itself not seen": places >= places[:, None],
        "mask turned": places < places[:, None],
        "one place ahead": places > places[:, None] + 1,
    }.get(mistake, later)
    return np.where(hidden, -np.inf, scores)


def _mixing(scores, mistake):
    """What the values are multiplied by, (steps, steps)."""
    masked, seen = _masked(scores, mistake), np.tri(len(scores))
    largest = np.max(masked, axis=None if mistake == "largest of the whole table" else 1, keepdims=True)
    powers = np.exp(masked - (0 if mistake == "too large for exp" else largest))
    shares = powers / powers.sum(axis=1, keepdims=True)
    return {
        "mask after softmax": lambda: shares * seen,
        "softmax down the columns": lambda: softmax(masked.T).T,
        "softmax over the whole table": lambda: softmax(masked.ravel()).reshape(masked.shape),
        "not divided by the sum": lambda: powers,
        "no softmax": lambda: scores * seen,
        "hard maximum": lambda: np.eye(len(scores))[np.argmax(masked, axis=1)],
    }.get(mistake, lambda: shares)()


def _self_attention(x, query_kernel, key_kernel, value_kernel, *, mistake):
    scores = _scores(x, query_kernel, key_kernel, mistake)
    shares, values = _mixing(scores, mistake), x @ value_kernel
    return {
        "x in place of values": lambda: shares @ x,
        "keys used as values": lambda: shares @ x @ key_kernel,
        "shares returned": lambda: shares,
        "scores returned": lambda: _masked(scores, mistake),
    }.get(mistake, lambda: shares @ values)()


self_attention = Exercise(
    self_attention,
    notebook=NOTEBOOK,
    inputs=[
        (
            np.array([[1, -0.5, 0.8], [-1.2, 0.6, 1.5], [0.4, 1.1, -0.7], [0.9, -1.4, 0.3], [-0.3, 0.7, 1.2]]),
            np.array([[0.7, -1.1], [1.4, 0.5], [-0.6, 0.9]]),
            np.array([[1.2, 0.4], [-0.8, 1.3], [0.5, -0.9]]),
            np.array([[2, -1], [0.5, 1.5], [-1.2, 0.8]]),
        ),
        # With three of everything, nothing complains if an array is turned on its side.
        (
            np.array([[0.6, 1.2, -0.7], [-0.9, 0.3, 1.1], [1.4, -0.5, 0.2]]),
            np.array([[0.8, -0.4, 1.3], [0.5, 1.1, -0.9], [-1.2, 0.7, 0.3]]),
            np.array([[-0.6, 1, 0.4], [1.5, -0.3, 0.8], [0.2, 0.9, -1.1]]),
            np.array([[1, 0.4, -2], [-0.6, 1.5, 0.7], [2.5, -1.1, 0.3]]),
        ),
        # Scores near 1,000, of which exp gives inf; those of the first two rows are far below.
        (
            np.array([[26, -28], [27, -28], [12, 25]]),
            np.array([[0.5, 0.9], [0.8, 0.9]]),
            np.array([[0.2, -0.2], [-0.9, -0.8]]),
            np.array([[0.1, -0.05], [0.3, 0.2]]),
        ),
    ],
    mistakes=variants(
        _self_attention,
        {
            "not scaled": "Your scores are dot products as they are. By what are they divided?",
            "divided by units": "You divide by units. What else happens to units before that?",
            "divided by √steps": "You divide by √steps. How many products does one dot product add up?",
            "divided by √features": "You divide by √features. How many numbers has a query, after its kernel?",
            "queries and keys exchanged": "Your scores are turned on their side. Is a row for a query, or for a key?",
            "queries used as keys": "You compare queries with queries. Which kernel is not used?",
            "no mask": "Your first place looks at all others. Which places come later than it?",
            "itself not seen": "Your first row is nan, for the first place sees nothing. May a place see itself?",
            "mask turned": "Your last place sees itself only, the first one all. Which way do you look?",
            "one place ahead": "Each place sees the next one, too. Is your mask off by one?",
            "masked with 0": "You set masked scores to 0, but e to the power of 0 is 1. Which score has the share 0?",
            "0 times −∞": "All is nan, since 0 times −inf is nan. What chooses between two arrays without a product?",
            "mask after softmax": "You mask the shares, and the rest does not add up to 1. What if you mask before?",
            "softmax down the columns": "Your columns of shares add up to 1. Is a place that looks a row or a column?",
            "softmax over the whole table": "All your shares together add up to 1. How many rows mix values?",
            "largest of the whole table": "On input 3 one largest score for all leaves 0/0 in some rows. Whose is it?",
            "too large for exp": "On input 3 exp gives inf. What can you take off a row so that its shares stay?",
            "not divided by the sum": "Your shares do not add up to 1. By what are the powers of e divided?",
            "no softmax": "You mix with the scores themselves. What makes shares of them?",
            "hard maximum": "You take the value of the best place. What if another one fits almost as well?",
            "x in place of values": "You mix the tokens as they are. Which kernel is not used?",
            "keys used as values": "You mix the keys. They are compared: which array is there to be mixed?",
            "shares returned": "Your shares are right. What is mixed with them?",
            "scores returned": "Your scores are right. What makes shares of them, and what are these for?",
        },
    ),
    hints=[
        "Draw the table of scores of input 1, five rows and five columns. Which ten of its cells lie in the future?",
        "np.tri has a 1 wherever a place may look, and np.where chooses: a score, or -np.inf. What is exp of that?",
    ],
)


def positions(steps, units):
    """The code of each position, (steps, units), made of sines and cosines; units is even. Position t counts from 0.
    The columns come in pairs: with i from 0 on, column 2i has sin(t / 10000^(2i / units)), and column 2i + 1 has cos of
    the same angle, in radians."""
    angles = np.arange(steps)[:, None] / 10000 ** (np.arange(0, units, 2) / units)  # (steps, units / 2)
    codes = np.zeros((steps, units))
    codes[:, 0::2] = np.sin(angles)
    codes[:, 1::2] = np.cos(angles)
    return codes


def _angles(steps, units, mistake):
    """The angle of each cell, (steps, units)."""
    column, t = np.arange(units), np.arange(steps)[:, None]
    pair = column // 2
    power = {
        "i / units": pair / units,
        "column + column": 2 * column / units,
        "each column its own angle": column / units,
        "not divided by units": 2 * pair,
        "divided by units at the end": 2 * pair,
        "whole division": 0 * pair,
        "multiplied": -2 * pair / units,
    }.get(mistake, 2 * pair / units)
    t = {"t from 1": t + 1, "t / steps": t / steps}.get(mistake, t)
    angles = t / (1000.0 if mistake == "1000 in place of 10000" else 10000.0) ** power
    return {
        "divided by units at the end": lambda: angles / units,
        "degrees": lambda: np.deg2rad(angles),
    }.get(mistake, lambda: angles)()


def _positions(steps, units, *, mistake):
    angles = _angles(steps, units, mistake)
    sines, cosines = np.sin(angles), np.cos(angles)
    is_even = np.arange(units) % 2 == 0
    right = np.where(is_even, sines, cosines)
    return {
        "sines first, then cosines": lambda: np.hstack([sines[:, ::2], cosines[:, ::2]]),
        "sines and cosines exchanged": lambda: np.where(is_even, cosines, sines),
        "rows in place of columns": lambda: np.where(np.arange(steps)[:, None] % 2 == 0, sines, cosines),
        "only sines": lambda: sines,
        "cosines missing": lambda: np.where(is_even, sines, 0),
        "angles returned": lambda: angles,
        "turned on its side": lambda: right.T,
        "table of whole numbers": lambda: np.trunc(right),
    }.get(mistake, lambda: right)()


positions = Exercise(
    positions,
    notebook=NOTEBOOK,
    # With as many positions as units, the shape does not tell which axis counts what.
    inputs=[(5, 6), (4, 4), (3, 8)],
    mistakes=variants(
        _positions,
        {
            "t from 1": "Your first row is that of t = 1. What is the sine of the first position?",
            "t / steps": "You divide t by steps, so that a position has another code in a longer text. What is t here?",
            "i / units": "Your powers grow half as fast as asked. By what is i multiplied?",
            "column + column": "You take 2 · column for 2i, but i counts pairs. Which i has column 2?",
            "each column its own angle": "Your cosines have other angles than the sines. What has a pair in common?",
            "not divided by units": "Your powers of 10000 are 2i: after the first pair nothing moves. What is missing?",
            "divided by units at the end": "You divide the angle by units. ** comes before /: what needs parentheses?",
            "whole division": "All your pairs are alike, as if each power were 0. Do you divide with // ?",
            "multiplied": "Your later pairs turn faster than the first. Is t multiplied, or divided?",
            "1000 in place of 10000": "Your powers are those of 1000. How many zeros has the number in the formula?",
            "degrees": "You take the angles for degrees. What does np.sin take?",
            "sines first, then cosines": "Your sines all stand at the left. Which columns have them?",
            "sines and cosines exchanged": "You begin with a cosine. Which one has column 0?",
            "rows in place of columns": "You change between sine and cosine from row to row. Which index decides?",
            "only sines": "All your columns are sines. Which ones should not be?",
            "cosines missing": "Every other column is 0. What should stand there?",
            "angles returned": "Your angles are right. What is taken of them, and in which columns?",
            "turned on its side": "Positions and units have changed places. Which axis counts the positions?",
            "table of whole numbers": "Your table holds whole numbers, and cuts off the rest. Of which type is it?",
        },
    ),
    hints=[
        "By hand for units = 4: which two powers of 10000 are there, and by how much does each angle grow with t?",
        "A column of positions divided by a row of powers is a table. Into which of its columns does [:, 0::2] write?",
    ],
)


def add_and_norm(x, change, gamma, beta):
    """What leaves a part of a transformer, (tokens, features): the residual, then layer normalization. x, (tokens,
    features), went in, and change, of the same shape, came out: y = x + change. Then each token for itself: take the
    mean of its features off, divide by √(variance + 0.001), multiply by gamma, and add beta; both are (features,). The
    variance is the mean of the squared distances from the mean."""
    y = x + change
    distances = y - np.mean(y, axis=1, keepdims=True)
    variance = np.mean(distances**2, axis=1, keepdims=True)
    return distances / np.sqrt(variance + 0.001) * gamma + beta


def _normalized(y, x, mistake):
    """What comes before gamma and beta, (tokens, features)."""
    axis, keep = {"mean over the tokens": 0, "mean over everything": None}.get(mistake, 1), mistake != "no keepdims"
    mean, variance = np.mean(y, axis, keepdims=keep), np.var(y, axis, keepdims=keep)
    variance = {
        "divided by one less": lambda: np.var(y, 1, ddof=1, keepdims=True),
        "sum of squares": lambda: variance * y.shape[1],
        "root mean square": lambda: np.mean(y**2, 1, keepdims=True),
    }.get(mistake, lambda: variance)()
    mean = 0 if mistake in ("root mean square", "mean not taken off") else mean
    mean = np.mean(x, 1, keepdims=True) if mistake == "mean of x" else mean
    size = {
        "divided by the variance": lambda: variance + 0.001,
        "0.001 outside the root": lambda: np.sqrt(variance) + 0.001,
        "no 0.001": lambda: np.sqrt(variance),
        "0.00001 in place of 0.001": lambda: np.sqrt(variance + 0.00001),
        "not divided": lambda: 1,
    }.get(mistake, lambda: np.sqrt(variance + 0.001))()
    return (y - mean) / size


def _add_and_norm(x, change, gamma, beta, *, mistake):
    norm = lambda y: _normalized(y, x, mistake)  # noqa: E731
    n = {
        "no residual": lambda: norm(change),
        "change not used": lambda: norm(x),
        "change taken off": lambda: norm(x - change),
        "both normalized, then added": lambda: norm(x) + norm(change),
    }.get(mistake, lambda: norm(x + change))()
    return {
        "change normalized, then added": lambda: x + norm(change) * gamma + beta,
        "x normalized, then added": lambda: norm(x) * gamma + beta + change,
        "x added twice": lambda: x + n * gamma + beta,
        "not normalized": lambda: x + change,
        "no gamma": lambda: n + beta,
        "no beta": lambda: n * gamma,
        "neither gamma nor beta": lambda: n,
        "beta before gamma": lambda: (n + beta) * gamma,
        "gamma and beta exchanged": lambda: n * beta + gamma,
        "gamma for each token": lambda: n * gamma[:, None] + beta[:, None],
    }.get(mistake, lambda: n * gamma + beta)()


add_and_norm = Exercise(
    add_and_norm,
    notebook=NOTEBOOK,
    inputs=[
        (
            np.array([[1, -0.5, 2, 0.3], [-1.2, 0.8, 0.4, -2.1], [0.6, 1.5, -0.9, 0.2]]),
            np.array([[0.4, 1.1, -0.6, 0.9], [0.7, -1.3, 0.2, 1], [-0.8, 0.3, 1.7, -0.5]]),
            np.array([1.5, -0.7, 2, 0.6]),
            np.array([0.3, -1, 0.8, 0.5]),
        ),
        # With as many tokens as features, nothing complains if they change places.
        (
            np.array([[0.9, -1.4, 0.5], [2.2, 0.1, -0.6], [-0.7, 1.3, 0.8]]),
            np.array([[-0.2, 0.6, 1.1], [0.4, -1.5, 0.9], [1.2, 0.5, -0.3]]),
            np.array([0.8, 1.7, -1.2]),
            np.array([-0.4, 0.6, 1.1]),
        ),
        # A variance as small as the 0.001, and one of 0.
        (
            np.array([[0.5, 0.54], [1.25, -0.75]]),
            np.array([[0.3, 0.32], [-0.5, 1.5]]),
            np.array([2, 1.5]),
            np.array([1, -0.5]),
        ),
    ],
    mistakes=variants(
        _add_and_norm,
        {
            "no residual": "You normalize the change alone. What is added to it first?",
            "change not used": "You normalize x alone. Which argument is not used?",
            "change taken off": "You take the change off. What is y?",
            "change normalized, then added": "You normalize the change and then add x. Which of the two comes first?",
            "x normalized, then added": "You normalize x and then add the change. Which of the two comes first?",
            "both normalized, then added": "You normalize x and the change, each by itself. How often is it done?",
            "x added twice": "You add x again at the end. Where is it in y?",
            "not normalized": "You return y as it is. What mean and what variance should each token have then?",
            "mean over the tokens": "You take means over the tokens, as in batch normalization. Over what instead?",
            "mean over everything": "You take one mean of all tokens together. How many means are asked?",
            "no keepdims": "Your means lie in a row, and are taken off features. What makes a column of them?",
            "divided by one less": "You divide by the number of features less one. What is a mean of squares?",
            "sum of squares": "You add the squares up. What makes a mean of their sum?",
            "mean of x": "You take off the mean of x. Of what is it asked?",
            "mean not taken off": "You do not take the mean off. What should the mean of a token be then?",
            "root mean square": "You divide by the root of the mean square, as RMSNorm does. What is taken off first?",
            "divided by the variance": "You divide by the variance. What is the unit of a square?",
            "not divided": "You take the mean off, and divide by nothing. What should all tokens have in common?",
            "0.001 outside the root": "You add 0.001 to the root. Does it stand inside or outside?",
            "no 0.001": "On input 3 all features of a token are equal, and 0/0 is nan. What keeps it from that?",
            "0.00001 in place of 0.001": "Your small number is 0.00001, that of PyTorch. Which one does Keras add?",
            "no gamma": "You do not multiply. Which argument is not used?",
            "no beta": "You add nothing at the end. Which argument is not used?",
            "neither gamma nor beta": "You stop after the division. Which arguments are not used?",
            "beta before gamma": "You add beta, and then multiply it, too. Which of the two comes first?",
            "gamma and beta exchanged": "You multiply by beta. Which one is the factor?",
            "gamma for each token": "You take one gamma for each token. To what does each of its numbers belong?",
        },
    ),
    hints=[
        "By hand for the token (1, 3) and the change (1, 1): what is y, and how far is each feature from their mean?",
        "np.mean with axis=1 and keepdims=True gives a column, a number for each token. Of what do you need it twice?",
    ],
)

EXERCISES = [self_attention, positions, add_and_norm]

# In each question the right option stands first; the learner sees them shuffled.
quiz = Quiz(
    NOTEBOOK,
    "Transformer",
    [
        (
            "A query and a key have 64 numbers each, all independent, with mean 0 and standard deviation 1. How large "
            "is the standard deviation of their dot product?",
            [
                ("8: one place may take nearly all", "√64. With a lead of 8, a score has 2,981 times the share."),
                ("64: it adds up 64 products", "The variance is 64; the standard deviation is its root."),
                ("1: it stays as it was before", "That is what dividing by √64 is for: it takes the 8 back to 1."),
            ],
        ),
        (
            "You shuffle the words of a text. Self-attention without a mask and without codes of positions returns",
            [
                ("the same rows, shuffled likewise", "Each word asks the same set of words: no order is seen."),
                ("the same rows, in the old order", "Each row belongs to its word, and goes where that one goes."),
                ("other rows, since order counts", "Nothing tells places apart: that is why codes are added."),
            ],
        ),
        (
            "A transformer with a causal mask learns a text of 10 tokens, and later writes 10. How often does it run?",
            [
                ("once to learn, 10 times to write", "To learn, all tokens are there. To write, each waits for one."),
                ("once to learn, once to write", "No token can be read before it is written."),
                ("10 times to learn, 10 times to write", "So would an RNN. A mask lets all places learn at once."),
            ],
        ),
        (
            "Without biases, how many weights does MultiHeadAttention have with 8 heads of 64 on 512 features?",
            [
                ("1,048,576", "4 · 512 · 512: query, key, value, output. One head of 512 has as many."),
                ("786,432", "3 · 512 · 512: the output projection, which mixes the heads, has 512 · 512, too."),
                ("8,388,608", "8 · 4 · 512 · 512: but each head has 64 of the 512, not all."),
            ],
        ),
        (
            "A text has 1,024 tokens in place of 512. How many times as many numbers are in the table of shares, and "
            "how many in the hidden layer of the feed-forward part?",
            [
                ("4 times; 2 times", "Each token looks at each: 1,048,576 cells. The rest sees tokens one by one."),
                ("2 times; 2 times", "In the table rows and columns double."),
                ("4 times; 4 times", "The hidden layer has a row for each token, as long as before."),
            ],
        ),
    ],
)
