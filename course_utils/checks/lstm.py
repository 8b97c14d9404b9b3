"""Exercises and quiz of notebook 12: a cell that keeps, and letters drawn one by one."""

import numpy as np

from course_utils.checks.common import sigmoid, variants
from course_utils.checks.exercise import Exercise
from course_utils.checks.quiz import Quiz

NOTEBOOK = "12"


def lstm_step(x, h, c, kernel, recurrent_kernel, bias):
    """One step of an LSTM: the new h and the new c. x is (features,), h and c are (units,). W, the kernel, (features,
    4 · units), U, the recurrent kernel, (units, 4 · units), and b, the bias, (4 · units,), hold side by side, in this
    order, input gate i, forget gate f, candidate g and output gate o. With z = x W + h U + b, the gates are σ(z), and
    g is tanh(z). Then the new c is f · c + i · g, and the new h is o · tanh(c), with the new c."""
    z = x @ kernel + h @ recurrent_kernel + bias
    i, f, g, o = np.split(z, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return h, c


ORDERS = {
    "i and f swapped": "figo",
    "order i, f, o, g": "ifog",
    "order i, g, f, o": "igfo",
    "order i, o, f, g": "iofg",
}


def _sums(x, h, c, kernel, recurrent_kernel, bias, mistake):
    """The sums z of the four, {"i": (units,), …}, with mistakes that are made before the curves."""
    W, U = (recurrent_kernel, kernel) if mistake == "kernels swapped" else (kernel, recurrent_kernel)
    heard, said = x @ W, (c if mistake == "c in the sums" else h) @ U
    z = {
        "input left out": said + bias,
        "old state left out": heard + bias,
        "no bias": heard + said,
    }.get(mistake, heard + said + bias)
    width = len(x) if mistake == "gates not as wide as h" else len(h)
    parts = [z[n * width : (n + 1) * width] for n in range(4)]
    return dict(zip(ORDERS.get(mistake, "ifgo"), z.reshape(-1, 4).T if mistake == "unit by unit" else parts))


def _lstm_step(x, h, c, kernel, recurrent_kernel, bias, *, mistake):
    z = _sums(x, h, c, kernel, recurrent_kernel, bias, mistake)
    gate = {"no sigmoid": np.positive, "tanh for the gates": np.tanh}.get(mistake, sigmoid)
    i, f, o = gate(z["i"]), gate(z["f"]), gate(z["o"])
    g = {"no tanh for the candidate": np.positive, "sigmoid for the candidate": sigmoid}.get(mistake, np.tanh)(z["g"])
    new = {
        "f left out": lambda: c + i * g,
        "i left out": lambda: f * c + g,
        "g left out": lambda: f * c + i,
        "old cell left out": lambda: i * g,
        "1 − f in place of f": lambda: (1 - f) * c + i * g,
        "1 − f in place of i": lambda: f * c + (1 - f) * g,
        "@ in place of ·": lambda: f @ c + i @ g,
        "tanh around the new c": lambda: np.tanh(f * c + i * g),
    }.get(mistake, lambda: f * c + i * g)()
    shown = {
        "o left out": np.tanh(new),
        "no tanh on the way out": o * new,
        "tanh around the new c": o * new,
        "tanh around all of it": np.tanh(o * new),
        "sigmoid on the way out": o * sigmoid(new),
        "h from the old c": o * np.tanh(c),
    }.get(mistake, o * np.tanh(new))
    return {"h and c swapped": (new, shown), "old c returned": (shown, c)}.get(mistake, (shown, new))


lstm_step = Exercise(
    lstm_step,
    notebook=NOTEBOOK,
    returns=["h", "c"],
    helpers=[sigmoid],
    inputs=[
        (
            np.array([1, -0.5]),
            np.array([0.4, -0.3]),
            np.array([0.8, -1.2]),
            np.array([[0.5, -0.4, 0.3, 0.9, 1.2, -0.7, 0.6, -0.2], [-0.6, 0.8, 0.1, -0.5, 0.4, 1.1, -0.3, 0.7]]),
            np.array([[0.2, 0.7, -0.8, 0.4, 0.5, -0.6, 0.9, 0.3], [-0.5, 0.6, 0.4, -0.2, 0.8, 0.1, -0.7, 1]]),
            np.array([0.1, -0.2, 1, 0.8, 0.3, -0.4, 0.2, -0.1]),
        ),
        # With as many features as units, neither a width taken from x nor swapped kernels are seen.
        (
            np.array([0.5, -1, 2]),
            np.array([-0.6]),
            np.array([1.5]),
            np.array([[0.4, -0.3, 0.8, 0.2], [0.7, 0.5, -0.6, 0.9], [0.1, 0.6, -0.2, 0.3]]),
            np.array([[0.5, -0.9, 0.3, 0.6]]),
            np.array([-0.2, 1, 0.1, 0.4]),
        ),
    ],
    mistakes=variants(
        _lstm_step,
        {
            "i and f swapped": "Your input gate and forget gate have changed places. Which of them comes first?",
            "order i, f, o, g": "Your third part is the output gate. Which one is last in Keras?",
            "order i, g, f, o": "Your second part is g: so it was in early TensorFlow. Which one is third in Keras?",
            "order i, o, f, g": "Your order is i, o, f, g: so it is in ONNX. What is it in Keras?",
            "unit by unit": "You take the four numbers of one unit from neighboring columns. "
            "All columns of the input gate stand together: how many are they?",
            "gates not as wide as h": "With 2 features and 2 units it works, with 3 and 1 it does not. "
            "A gate has a number for each unit: which argument tells how many?",
            "kernels swapped": "The kernels have changed places. With 2 features and 2 units nothing complains: "
            "which of them has a row for each feature?",
            "input left out": "Your sums do not hear x. Which three things are added up?",
            "old state left out": "Your sums do not hear the step before. Which three things are added up?",
            "no bias": "All four sums are off. Which argument is not used?",
            "c in the sums": "Your sums hear the cell. Which of the two states can others hear?",
            "no sigmoid": "Your gates are sums, below 0 or above 1. Which curve goes from 0 to 1?",
            "tanh for the gates": "Your gates can fall below 0. Which curve goes from 0 to 1?",
            "sigmoid for the candidate": "Your candidate cannot be below 0, so the cell could only grow. "
            "Which curve goes from −1 to 1?",
            "no tanh for the candidate": "Your candidate is a sum. What keeps it between −1 and 1?",
            "f left out": "The whole old cell comes along. Which gate says how much of it is kept?",
            "i left out": "The whole candidate is written. Which gate says how much of it?",
            "g left out": "The gate itself is written into the cell. Of what should it say how much?",
            "old cell left out": "Your cell is written anew at each step. What is the sum that keeps?",
            "1 − f in place of f": "You keep what should be forgotten: a forget gate of 1 keeps all. "
            "By what is the old cell multiplied?",
            "1 − f in place of i": "You write where you forget, with one gate for both. "
            "Which gate says how much is written?",
            "@ in place of ·": "Your cell is a single number: @ adds up over the units. "
            "Does a gate of one unit know the cell of another?",
            "tanh around the new c": "Your h is right, but your c went through tanh. Does tanh stand in c or in h?",
            "o left out": "Your c is right, but all of it shows in h. Which gate has not been used?",
            "no tanh on the way out": "Your c is right, but h can leave −1 to 1. What lies between c and o?",
            "tanh around all of it": "Your c is right, h is not: you multiply, then take tanh. What comes first?",
            "sigmoid on the way out": "Your c is right, but its sign is lost in h. Which curve lies between c and o?",
            "h from the old c": "Your c is right, but h shows the cell of the step before. Which c is meant?",
            "h and c swapped": "Your values have changed places. In which order are they asked?",
            "old c returned": "The h is right, but you return the c that came in. Which one goes to the next step?",
        },
    ),
    hints=[
        "Begin with z, for all four at once: one line, 4 · units numbers. Then cut it. How long is each part?",
        "np.split(z, 4) cuts z into four equal parts. Three of them go through σ, one through tanh. "
        "Then c first: h needs it.",
    ],
)


def cell_slopes(forget_gates):
    """The slope of the last cell in the cell of each step, (steps,), along the way c_t = f_t · c_{t−1} + …, where
    forget_gates, (steps,), holds f_1, f_2 and so on; the first slope is that in c_1."""
    dc = np.ones(len(forget_gates))
    for t in range(len(forget_gates) - 1, 0, -1):
        dc[t - 1] = forget_gates[t] * dc[t]
    return dc


def _cell_slopes(forget_gates, *, mistake):
    f, steps = forget_gates, len(forget_gates)
    if mistake == "1 − f in place of f":
        f = 1 - f
    after = [f[t:] for t in range(1, steps + 1)]  # the gates between c_t and the last c
    right = np.array([np.prod(gates) for gates in after])
    ago = np.arange(steps)[::-1]
    return {
        "own gate included": lambda: [np.prod(f[t:]) for t in range(steps)],
        "own gate in place of the next": lambda: [np.prod(f[t:-1]) for t in range(steps)],
        "last gate left out": lambda: [np.prod(f[t:-1]) for t in range(1, steps + 1)],
        "from the front": lambda: np.cumprod(f),
        "from the front, 1 first": lambda: np.cumprod([1, *f[:-1]]),
        "order turned": lambda: right[::-1],
        "added up": lambda: [1 + np.sum(gates) for gates in after],
        "added up from 0": lambda: [np.sum(gates) for gates in after],
        "next gate only": lambda: [*f[1:], 1],
        "own gate only": lambda: f,
        "0 at the end": lambda: [*right[:-1], 0],
        "begun with 0": lambda: 0 * right,
        "power of the next gate": lambda: np.append(f[1:], 1) ** ago,
        "power of the last gate": lambda: f[-1] ** ago,
        "power of the mean": lambda: np.mean(f) ** ago,
        "one entry too many": lambda: [np.prod(f), *right],
        "one entry too few": lambda: right[:-1],
        "one number": lambda: right[0],
        "divided by 0": lambda: np.prod(f) / np.cumprod(f),
    }.get(mistake, lambda: right)()


cell_slopes = Exercise(
    cell_slopes,
    notebook=NOTEBOOK,
    # A gate of 0 cuts the way; who divides by it gets nan.
    inputs=[(np.array([0.6, 0.9, 0.3, 0.8, 0.5]),), (np.array([0.7, 0.4, 0, 1, 0.2, 0.9]),)],
    mistakes=variants(
        _cell_slopes,
        {
            "own gate included": "Each slope has a factor too many. Gate f_t makes c_t: "
            "does it stand on the way from c_t to the end?",
            "own gate in place of the next": "The last slope is right, the others are not. On the way from c_1 to c_2, "
            "which gate multiplies?",
            "last gate left out": "Your product stops before the last gate. What is the slope of c_5 in c_4?",
            "from the front": "Your product begins at the first step. The slopes are those of the last c: "
            "at which end does the way back begin?",
            "from the front, 1 first": "The slope of the last c in itself is 1. At which end does your 1 stand?",
            "order turned": "Your slopes are right, their order is not: they stand as they came on the way back. "
            "Which one is first?",
            **dict.fromkeys(["added up", "added up from 0"], "You add the gates up. What do slopes in a chain do?"),
            "next gate only": "You go back a single step from each c. How many gates lie between c_1 and the last c?",
            "own gate only": "You return the gates as they came. How many of them lie between c_1 and the last c?",
            "0 at the end": "All but the last are right. If the last c grows by 1, by how much does the last c grow?",
            "begun with 0": "All your slopes are 0: 0 times a gate stays 0. With which number does a product begin?",
            **dict.fromkeys(
                ["power of the next gate", "power of the last gate"],
                "You multiply by the same gate again and again. Does each step have a gate of its own?",
            ),
            "power of the mean": "You take the mean gate at each step. If one of them is 0, what comes through?",
            "one entry too many": "Your first slope is that in c_0, the cell before the first step. "
            "With which cell should you begin?",
            "one entry too few": "The last slope is missing. What is the slope of the last c in itself?",
            "one number": "You return the slope in c_1. How many are asked?",
            "1 − f in place of f": "You multiply by 1 − f. Does it say how much is kept, or how much is lost?",
            "divided by 0": "You divide one product by another. On input 2 a gate is 0: which way needs no division?",
        },
    ),
    hints=[
        "Begin at the end: the last slope is known without any gate. What is the one before it?",
        "A loop from the back, as in backpropagation through time: each slope is the one after it, "
        "times one gate. Is it the gate of the earlier or of the later of both steps?",
    ],
)


def sample(logits, temperature, number):
    """The index of the letter that is drawn, a whole number. The letters have the shares softmax(logits / temperature),
    with logits (n,). Lay them side by side, in order, from 0 to 1. number, from 0 up to 1, lies in one of them: return
    its index."""
    z = logits / temperature
    shares = np.exp(z - np.max(z))
    ends = np.cumsum(shares / np.sum(shares))
    return np.sum(ends[:-1] <= number)


BACKWARDS = ["from the end", "from the end, counted there"]
# If exp gives inf, the answer depends on how the index is looked for.
TOO_LARGE = [
    "too large for exp",
    *(f"too large for exp, {end}" for end in ("IndexError", "StopIteration", "last index")),
]


def _shares(logits, temperature, mistake):
    """The shares, (n,), with mistakes that are made before they are laid side by side."""
    z = {
        "multiplied by the temperature": logits * temperature,
        "temperature left out": logits,
        "temperature after softmax": logits,
        "temperature as a power of the shares": logits,
    }.get(mistake, logits / temperature)
    low = z if mistake in TOO_LARGE else z - np.max(z)
    powers = {
        "no softmax": z,
        "divided by the sum only": z,
        "sigmoid": sigmoid(z),
        "base 2": 2**low,
        "base 10": 10**low,
    }.get(mistake, np.exp(low))
    shares = powers if mistake in ("no softmax", "not divided by the sum") else powers / np.sum(powers)
    return {
        "temperature after softmax": shares / temperature,
        "temperature as a power of the shares": shares ** (1 / temperature),
    }.get(mistake, shares)


def _sample(logits, temperature, number, *, mistake):
    shares = _shares(logits, temperature, mistake)
    places = np.arange(len(shares))
    if mistake in BACKWARDS:
        places = places[::-1]
    if mistake.startswith("the largest first"):
        places = np.argsort(-shares)
    reached = np.cumsum(shares[places]) > number
    found = {
        "too large for exp, IndexError": lambda: np.flatnonzero(reached)[0],
        "too large for exp, StopIteration": lambda: next(place for place in places if reached[place]),
        "too large for exp, last index": lambda: np.argmax([*reached[:-1], True]),
    }.get(mistake, lambda: np.argmax(reached))()
    return {
        "counted from 1": found + 1,
        "one too early": found - 1,
        "from the end, counted there": found,
        "the largest first, counted there": found,
        "the likeliest": np.argmax(shares),
        "the least likely": np.argmin(shares),
        "the first share above the number": np.argmax(shares > number),
        "all alike": int(number * len(shares)),
        "share returned": shares[found],
        "logit returned": logits[found],
    }.get(mistake, places[found])


sample = Exercise(
    sample,
    notebook=NOTEBOOK,
    # One index tells little: what hides on one input shows on another. It is 3: no other one is twice or half of it.
    inputs=[
        (np.array([0.5, 0.3, 2, 1.2, 1.5]), 0.5, 0.77),
        (np.array([0.4, 1.5, -1, 0.2, 0.8, -0.3]), 2.0, 0.54),
        (np.array([0.3, 1.2, -0.5, 2, 0.9]), 0.4, 0.19),
        (np.array([-0.6, 1.1, 0.7, 0.2, -1.5, 0.5]), 1.5, 0.65),
        (np.array([999, 1001, 998, 1000, 1002, 1001], float), 0.8, 0.21),  # e^1002 is inf
    ],
    mistakes=variants(
        _sample,
        {
            "multiplied by the temperature": "You multiply by the temperature, or take the shares to its power. "
            "Should a high one push the logits apart or together?",
            "temperature left out": "Your temperature changes nothing. If all shares are divided by it, "
            "and then by their sum, what is left of it?",
            "temperature after softmax": "You divide the shares by the temperature. To what do they add up now?",
            "temperature as a power of the shares": "The shares to the power of 1 / T: that can be done. "
            "But to what do they add up now?",
            "no softmax": "You lay the logits side by side. What makes them shares, above 0, with the sum 1?",
            "divided by the sum only": "You divide the logits by their sum, and some are below 0. "
            "What makes a positive number of each first?",
            "sigmoid": "Your shares come from the sigmoid. With several letters, which curve is asked?",
            **dict.fromkeys(["base 2", "base 10"], "Your powers have another base. Which one has softmax?"),
            "not divided by the sum": "Your shares do not end at 1. By what are the powers of e divided?",
            **dict.fromkeys(BACKWARDS, "You begin with the last letter. Whose share begins at 0?"),
            "the largest first": "You begin with the largest share. In which order do the letters lie?",
            "the largest first, counted there": "You sort the shares, and your index is that of the sorted ones. "
            "In which order do the letters lie?",
            **dict.fromkeys(
                TOO_LARGE,
                "Your shares are nan: e to the power of 1,000 is too large for a computer. "
                "Which number can you take off all logits first, without changing the shares?",
            ),
            "counted from 1": "Your index is one too high. What is the index of the first letter?",
            "one too early": "Your index is one too low: the number has passed this share. In which one does it lie?",
            **dict.fromkeys(
                ["the likeliest", "the least likely"],
                "You look for the largest or the smallest share. Which argument is not used?",
            ),
            "the first share above the number": "You compare it with each share. Where does the second one begin?",
            "all alike": "Your letters are equally likely. How wide is the place of each?",
            **dict.fromkeys(["share returned", "logit returned"], "Not its number is asked: which letter has it?"),
        },
    ),
    hints=[
        "Three steps: logits to shares, shares to the places where each ends, and the number among them. "
        "Where do the shares 0.2, 0.5 and 0.3 end?",
        "np.cumsum gives the ends. How many of them does the number reach or pass? "
        "And before exp, take the largest z off all of them: their differences stay.",
    ],
)

EXERCISES = [lstm_step, cell_slopes, sample]

# In each question the right option stands first; the learner sees them shuffled.
quiz = Quiz(
    NOTEBOOK,
    "LSTM",
    [
        (
            "An LSTM(8) reads what an LSTM(16) returns at each step. How many parameters does the LSTM(8) have?",
            [
                ("800", "4 · (16 · 8 + 8 · 8 + 8): three gates and g have weights for the 16 numbers in h."),
                ("1,312", "That would be h and c, 32 features. But c stays inside: only h goes out."),
                ("200", "That is SimpleRNN(8). What else does an LSTM compute from x and h?"),
            ],
        ),
        (
            "From now on f = 1 and i = 0 at each step. What can still change?",
            [
                ("h, but not c", "c = 1 · c + 0 · g stays, exactly. But h = o · tanh(c), and o still hears the input."),
                ("neither h nor c", "c stays. But h also depends on o, which is computed anew at each step."),
                ("c: it falls to 0, for nothing comes in", "i = 0 writes nothing, but what is there stays: f = 1."),
            ],
        ),
        (
            "Back along the cell, each step multiplies the slope by f. Over many steps, the slope on this way",
            [
                ("can vanish, but not explode", "f is a sigmoid, below 1. But the way through h can explode."),
                ("can explode, as in a plain RNN", "There a weight multiplies, of any size. How large can f be?"),
                ("can do neither", "With forget bias 1, f begins near 0.7311: f²⁰ = 0.0019. With 3, f²⁰ = 0.3784."),
            ],
        ),
        (
            "Logits 2 and 1 give the shares 0.7311 and 0.2689. With T = 0.1, how often is the second one drawn?",
            [
                ("once in 22,027 draws", "The logits become 20 and 10, and 1 + e¹⁰ = 22,027: nearly always the first."),
                ("in 2.7 % of all draws", "0.2689 · 0.1: but T divides the logits, before softmax."),
                ("nearly every second time", "That is a high T: it brings the logits together."),
            ],
        ),
        (
            "On new text, an LSTM has a perplexity of 5.5, and counting by the last three letters one of 4.2. So",
            [
                ("counting is ahead: train on, or count", "The lower loss: ln 4.2 = 1.44 against ln 5.5 = 1.70."),
                ("the LSTM is ahead: it knows more letters", "It is undecided among more letters. Is that good?"),
                ("its text must decide: let it write", "Fluent is not true. The loss asks for text unseen by both."),
            ],
        ),
    ],
)
