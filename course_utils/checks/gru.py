"""Exercises and quiz of notebook 13: one state, which a gate keeps or writes anew."""

import numpy as np

from course_utils.checks.common import sigmoid, variants
from course_utils.checks.exercise import Exercise
from course_utils.checks.quiz import Quiz

NOTEBOOK = "13"


def gru_step(x, h, kernel, recurrent_kernel, bias):
    """One step of a GRU, as in Keras: the new h, (units,). x is (features,), and h is (units,). W, the kernel,
    (features, 3 · units), U, the recurrent kernel, (units, 3 · units), and b and b′, the two rows of the bias,
    (2, 3 · units), hold side by side, in this order, update gate z, reset gate r and candidate h̃. b is added to x W,
    and b′ to h U: z = σ(x W_z + b_z + h U_z + b′_z), r likewise, and h̃ = tanh(x W_h + b_h + r · (h U_h + b′_h)). Then
    the new h is z · h + (1 − z) · h̃."""
    x_z, x_r, x_h = np.split(x @ kernel + bias[0], 3)
    h_z, h_r, h_h = np.split(h @ recurrent_kernel + bias[1], 3)
    z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
    candidate = np.tanh(x_h + r * h_h)
    return z * h + (1 - z) * candidate


ORDERS = {"z and r swapped": "rzh", "candidate second": "zhr", "candidate first": "hzr"}


def _sums(x, h, kernel, recurrent_kernel, bias, mistake):
    """What z, r and the candidate get from x and from h, two times {"z": (units,), …}, with mistakes made there."""
    W, U = (recurrent_kernel, kernel) if mistake == "kernels swapped" else (kernel, recurrent_kernel)
    first, second = {
        "no bias": (0, 0),
        "first row only": (bias[0], 0),
        "second row only": (0, bias[1]),
        "rows swapped": (bias[1], bias[0]),
        "both rows added up": (bias[0] + bias[1], 0),
        "both rows inside the reset": (0, bias[0] + bias[1]),
    }.get(mistake, bias)
    width = len(x) if mistake == "gates not as wide as h" else len(h)

    def cut(sums):
        parts = [sums[n * width : (n + 1) * width] for n in range(3)]
        return dict(zip(ORDERS.get(mistake, "zrh"), sums.reshape(-1, 3).T if mistake == "unit by unit" else parts))

    from_x = (mistake != "input left out") * (x @ W) + first
    return cut(from_x), cut((mistake != "old state left out") * (h @ U) + second)


def _gru_step(x, h, kernel, recurrent_kernel, bias, *, mistake):
    from_x, from_h = _sums(x, h, kernel, recurrent_kernel, bias, mistake)
    gate = {"no sigmoid": np.positive, "tanh for the gates": np.tanh}.get(mistake, sigmoid)
    z, r = (gate(from_x[name] + from_h[name]) for name in "zr")
    new, old = from_x["h"], from_h["h"]
    total = {
        "r left out": lambda: new + old,
        "1 − r in place of r": lambda: new + (1 - r) * old,
        "reset before the product": lambda: new + old + (r * h - h) @ recurrent_kernel[:, -len(h) :],
        "reset around the whole sum": lambda: r * (new + old),
        "candidate of x alone": lambda: new,
    }.get(mistake, lambda: new + r * old)()
    curve = {"no tanh for the candidate": np.positive, "sigmoid for the candidate": sigmoid}.get(mistake, np.tanh)
    candidate = curve(total)
    return {
        "z and 1 − z swapped": lambda: (1 - z) * h + z * candidate,
        "old h left out": lambda: (1 - z) * candidate,
        "z left out": lambda: h + (1 - z) * candidate,
        "1 − z left out": lambda: z * h + candidate,
        "r in place of 1 − z": lambda: z * h + r * candidate,
        "old h reset, too": lambda: z * r * h + (1 - z) * candidate,
        "@ in place of ·": lambda: z @ h + (1 - z) @ candidate,
        "candidate returned": lambda: candidate,
    }.get(mistake, lambda: z * h + (1 - z) * candidate)()


gru_step = Exercise(
    gru_step,
    notebook=NOTEBOOK,
    helpers=[sigmoid],
    # With one unit, it is all the same whether r comes before or after the product: here there are two.
    inputs=[
        (
            np.array([1, -0.5]),
            np.array([0.8, -0.6]),
            np.array([[0.5, -0.9, 0.3, 1.2, 0.7, -0.4], [-0.6, 0.8, 1.1, -0.5, 0.4, 0.9]]),
            np.array([[0.2, 0.7, -0.8, 1.3, 0.6, -1.1], [-0.5, 0.6, 0.4, -0.2, 0.9, 0.3]]),
            np.array([[0.1, -0.3, 0.4, 0.2, -0.6, 0.5], [-0.2, 0.6, -0.7, 0.3, 0.8, -0.9]]),
        ),
        # With as many features as units, neither a width taken from x nor swapped kernels are seen.
        (
            np.array([-1.5]),
            np.array([0.9, -0.4]),
            np.array([[0.4, -0.7, 0.6, -0.3, 0.8, 0.5]]),
            np.array([[0.3, -0.2, 0.9, -0.6, 0.7, -0.8], [-0.4, 0.6, -0.1, 0.2, 0.5, 1.3]]),
            np.array([[0.3, -0.1, -0.5, 0.4, 0.7, -0.2], [-0.6, 0.8, 0.9, -0.3, -0.4, 0.5]]),
        ),
    ],
    mistakes=variants(
        _gru_step,
        {
            "z and r swapped": "Your first part is the reset gate: so it is in PyTorch. Which one is first in Keras?",
            "candidate second": "Your second part is the candidate. Which one is second in Keras?",
            "candidate first": "Your first part is the candidate. Which one is first in Keras?",
            "unit by unit": "You take the three numbers of one unit from neighboring columns. "
            "All columns of the update gate stand together: how many are they?",
            "gates not as wide as h": "With 2 features and 2 units it works, with 1 and 2 it does not. "
            "A gate has a number for each unit: which argument tells how many?",
            "kernels swapped": "The kernels have changed places. With 2 features and 2 units nothing complains: "
            "which of them has a row for each feature?",
            "input left out": "Your sums do not hear x. Which two products are there?",
            "old state left out": "Your sums do not hear the step before. Which two products are there?",
            "no bias": "All three are off. Which argument is not used?",
            "first row only": "You add one row of the bias, the first. To which product does the second belong?",
            "second row only": "You add one row of the bias, the second. To which product does the first belong?",
            "rows swapped": "Both gates are right, the candidate is not: your rows have changed places. "
            "Which of them does r multiply?",
            "both rows added up": "Both gates are right, the candidate is not: your second row stands beside the "
            "reset. In the formula of h̃, what stands in the parentheses after r?",
            "both rows inside the reset": "Both gates are right, the candidate is not: r multiplies both rows of your "
            "bias. In the formula of h̃, which one stands before r?",
            "no sigmoid": "Your gates are sums, below 0 or above 1. Which curve goes from 0 to 1?",
            "tanh for the gates": "Your gates can fall below 0. Which curve goes from 0 to 1?",
            "r left out": "Your candidate hears all of the old state. Which gate says how much of it?",
            "1 − r in place of r": "You reset where r is 1. How much of the old state should be heard there?",
            "reset before the product": "You reset h first, then multiply by U: a GRU too, as most papers write "
            "it, and in Keras with reset_after=False. In the formula here, does r come before or after U?",
            "reset around the whole sum": "Your r multiplies what comes from x, too. Which part does it reset?",
            "candidate of x alone": "Your candidate does not hear the old state, as if r were 0. "
            "Which product is missing?",
            "no tanh for the candidate": "Your candidate is a sum. What keeps it between −1 and 1?",
            "sigmoid for the candidate": "Your candidate cannot be below 0. Which curve goes from −1 to 1?",
            "z and 1 − z swapped": "You keep 1 − z of the old h: many papers and books write it so. "
            "In the formula of this course, and in Keras, what does z = 1 do?",
            "old h left out": "Your h is written anew at each step. What is the sum that keeps?",
            "z left out": "The whole old h comes along. Which gate says how much of it is kept?",
            "1 − z left out": "The whole candidate is written, and h could leave −1 to 1. "
            "If a share z is kept, how much is left for the candidate?",
            "r in place of 1 − z": "Your r says how much is written, like the input gate of an LSTM. "
            "Which gate says both how much is kept and how much is written?",
            "old h reset, too": "Your r also multiplies the h that is kept. In which of the formulas does r stand?",
            "@ in place of ·": "Your h is a single number: @ adds up over the units. "
            "Does a gate of one unit know the state of another?",
            "candidate returned": "You return the candidate. What does z do with it?",
        },
    ),
    hints=[
        "Two lines first: what comes from x, with its row of the bias, and what comes from h, with the other row. "
        "Why must you keep them apart?",
        "np.split(…, 3) cuts each of them into three equal parts. Then z and r, then the candidate: it needs r. "
        "Where does z come in?",
    ],
)


def shares(update_gates):
    """The share of each candidate in the last h, (steps,). update_gates, (steps,), holds z_1, z_2 and so on. From
    h_0 = 0, each step makes h_t = z_t · h_{t−1} + (1 − z_t) · h̃_t. After all steps, h is share_1 · h̃_1 +
    share_2 · h̃_2 + …: return these shares, the first step first. A gate can be 0 or 1."""
    found, kept = np.zeros(len(update_gates)), 1.0
    for t in range(len(update_gates) - 1, -1, -1):
        found[t] = (1 - update_gates[t]) * kept
        kept *= update_gates[t]
    return found


def _later(gates):
    """The product of all gates after each step, (steps,)."""
    return np.array([np.prod(gates[t + 1 :]) for t in range(len(gates))])


def _shares(update_gates, *, mistake):
    z = update_gates
    written, kept = 1 - z, _later(z)
    right = written * kept
    return {
        "z and 1 − z swapped": lambda: z * _later(written),
        "1 − z all the way": lambda: written * _later(written),
        "z all the way": lambda: z * kept,
        "own 1 − z left out": lambda: kept,
        "own z, too": lambda: right * z,
        "last gate left out": lambda: written * [*_later(z[:-1]), 1],
        "from the front": lambda: written * np.cumprod([1, *z[:-1]]),
        "from the front, own z, too": lambda: written * np.cumprod(z),
        "order turned": lambda: right[::-1],
        "next gate only": lambda: written * [*z[1:], 1],
        "own gate only": lambda: written,
        "added up": lambda: written + np.sum(z) - np.cumsum(z),
        "power of the mean": lambda: (1 - np.mean(z)) * np.mean(z) ** np.arange(len(z))[::-1],
        "made to add up to 1": lambda: right / np.sum(right),
        "first candidate as the start": lambda: [kept[0], *right[1:]],
        "last share 1": lambda: [*right[:-1], 1],
        "first share 0": lambda: [0, *right[1:]],
        "begun with 0": lambda: 0 * right,
        "one entry too many": lambda: [np.prod(z), *right],
        "one entry too few": lambda: right[:-1],
        "one number": lambda: np.sum(right),
        "running sum": lambda: np.cumsum(right),
        "divided by 0": lambda: written * np.prod(z) / np.cumprod(z),
        "divided by its own gate": lambda: written * np.cumprod(z[::-1])[::-1] / z,
    }.get(mistake, lambda: right)()


shares = Exercise(
    shares,
    notebook=NOTEBOOK,
    # A gate of 0 leaves nothing of what was before; who divides by it gets nan.
    inputs=[(np.array([0.4, 0.9, 0.3, 0.8, 0.65]),), (np.array([0.7, 0.4, 0, 1, 0.2, 0.9]),)],
    mistakes=variants(
        _shares,
        {
            "z and 1 − z swapped": "Your z writes and your 1 − z keeps. Which of them stands before h̃?",
            "1 − z all the way": "You multiply by 1 − z at each step. Its own step writes a candidate: "
            "what do the later steps do with it?",
            "z all the way": "You multiply by z at each step. The later steps keep a candidate: "
            "what does its own step do with it?",
            "own 1 − z left out": "That is how much is kept of h_t. How much of the candidate got into h_t?",
            "own z, too": "Each share has a factor too many: z of its own step. "
            "Does it stand before this candidate, or before the h of the past?",
            "last gate left out": "The last share is right, the others are not: your product stops before the last "
            "gate. By what does the last step multiply what came before?",
            "from the front": "You multiply by the gates before a candidate. Which ones can still change it?",
            "from the front, own z, too": "Your product begins at the first step and ends at the candidate's own. "
            "Which steps come after the candidate?",
            "order turned": "Your shares are right, their order is not: they stand as they came on the way back. "
            "Which one is first?",
            "next gate only": "You follow each candidate for a single step. How many steps come after the first one?",
            "own gate only": "That is how much of each is written at its step. What do the later steps leave of them?",
            "added up": "You add the later gates up. If half is kept twice, how much is left?",
            "power of the mean": "You take the mean gate at each step. If one of them is 0, what comes through?",
            "made to add up to 1": "You make the shares add up to 1. A part of the last h belongs to no candidate: "
            "to which state does it belong?",
            "first candidate as the start": "All but the first are right: you start with the first candidate itself. "
            "What is h_1, if h_0 is 0?",
            "last share 1": "All but the last are right. How much of its candidate does the last step write?",
            "first share 0": "All but the first are right: your loop ends too early. Which t comes last in range?",
            "begun with 0": "All your shares are 0: 0 times a gate stays 0. With which number does a product begin?",
            "one entry too many": "Your first entry is the share of h_0. Is it a candidate?",
            "one entry too few": "The last share is missing. Does the last step write, too?",
            "one number": "You add the shares up. How many are asked?",
            "running sum": "Your last entry is the sum of all shares. How much of it is the last candidate's alone?",
            **dict.fromkeys(
                ["divided by 0", "divided by its own gate"],
                "You divide by gates. On input 2 one of them is 0: which way needs no division?",
            ),
        },
    ),
    hints=[
        "Write down two steps from h_0 = 0, and put the first into the second. What stands before h̃_1, what before "
        "h̃_2?",
        "A loop from the back. Keep the product of the later gates in a variable: with which number does it begin, "
        "and when does a gate join it?",
    ],
)


def units_within(features, parameters):
    """The largest number of units with which a GRU on so many features has at most so many parameters; a whole number,
    and 0 if not even one unit fits. The GRU is that of Keras: kernel (features, 3 · units), recurrent kernel
    (units, 3 · units), bias (2, 3 · units)."""
    u = 1
    while 3 * (features * u + u * u + 2 * u) <= parameters:
        u += 1
    return u - 1


def _count(f, u):
    return 3 * (f * u + u * u + 2 * u)


# What a mistake counts, from f features and u units.
COUNTS = {
    "four parts": lambda f, u: 4 * (f * u + u * u + 2 * u),
    "an LSTM": lambda f, u: 4 * (f * u + u * u + u),
    "two parts": lambda f, u: 2 * (f * u + u * u + 2 * u),
    "one part": lambda f, u: f * u + u * u + 2 * u,
    "one row of bias": lambda f, u: 3 * (f * u + u * u + u),
    "no bias": lambda f, u: 3 * (f * u + u * u),
    "bias not three times as wide": lambda f, u: 3 * (f * u + u * u) + 2 * u,
    "bias as wide as the features": lambda f, u: 3 * (f * u + u * u + 2 * f),
    "recurrent kernel left out": lambda f, u: 3 * (f * u + 2 * u),
    "recurrent kernel not three times as wide": lambda f, u: 3 * (f * u + 2 * u) + u * u,
    "kernel left out": lambda f, u: 3 * (u * u + 2 * u),
    "kernel not three times as wide": lambda f, u: f * u + 3 * (u * u + 2 * u),
    "every unit as dear as the first": lambda f, u: u * _count(f, 1),
}


def _units_within(features, parameters, *, mistake):
    count = COUNTS.get(mistake, _count)
    units = next(u for u in range(parameters + 1) if count(features, u + 1) > parameters)
    half = (features + 2) / 2
    exact = np.sqrt(half**2 + parameters / 3) - half  # units² + (features + 2) · units = parameters / 3
    return {
        "rounded up": np.ceil(exact),
        "rounded to the nearest": np.round(exact),
        "not rounded": exact,
        "root not halved": int(2 * exact),
        "strictly fewer": max(0, np.ceil(exact) - 1),
        "one too many": units + 1,
        "one too few": units - 1,
        "never 0": max(1, units),
        "parameters returned": count(features, units),
        "rest returned": parameters - count(features, units),
    }.get(mistake, units)


units_within = Exercise(
    units_within,
    notebook=NOTEBOOK,
    # The bias is small: on most inputs, who miscounts it finds the same. Input 2 is used up to the last parameter.
    inputs=[(100, 8_900), (5, 1_224), (40, 50_000), (3, 1_400), (10, 35)],
    mistakes=variants(
        _units_within,
        {
            "four parts": "You count four parts, as in an LSTM, with two rows of bias. How many has a GRU?",
            "an LSTM": "An LSTM could have so many units. How many parts, and how many rows of bias, has a GRU?",
            "two parts": "You count the two gates. What else has weights of its own?",
            "one part": "You count one part, as in SimpleRNN. How many has a GRU?",
            "one row of bias": "You count one row of bias, as with reset_after=False. How many has this GRU?",
            "no bias": "You count both kernels. Which array is missing?",
            "bias not three times as wide": "Your bias is (2, units). How many columns has it?",
            "bias as wide as the features": "Your bias has a number for each feature. To what is it added?",
            "recurrent kernel left out": "Nothing in your count is squared: the units do not hear each other. "
            "Which array is missing?",
            "recurrent kernel not three times as wide": "Your recurrent kernel is (units, units). Which parts hear h?",
            "kernel left out": "Your answer does not depend on the features. Which array is missing?",
            "kernel not three times as wide": "Your kernel is (features, units). Which parts hear x?",
            "every unit as dear as the first": "Each of your units costs the same. "
            "If there are ten, how many states does each of them hear?",
            "rounded up": "Your GRU has too many parameters, unless it fits exactly. Should you round up or down?",
            "rounded to the nearest": "On some inputs your GRU has too many parameters. Which way should you round?",
            "not rounded": "Your number has decimals. Are there parts of a unit?",
            "root not halved": "You solved a quadratic equation and forgot to halve. Try it: how many parameters "
            "has a GRU with that many units?",
            "strictly fewer": "On input 2 one unit more would fit exactly. Does “at most” allow that?",
            "one too many": "Your loop returns the first number that does not fit. Which one is asked?",
            "one too few": "One unit more would still fit. When does your loop stop?",
            "never 0": "On input 5 one unit does not fit, yet you return 1. Which number does your search begin with?",
            "parameters returned": "You return how many parameters there are. Of what is the number asked?",
            "rest returned": "You return how many parameters are left over. Of what is the number asked?",
        },
    ),
    hints=[
        "Count first: how many numbers are in each of the three arrays, for, say, 2 features and 5 units?",
        "Then try: 1 unit, 2 units, … as long as the count fits. A while loop asks about the next number of units; "
        "with which one must it begin?",
    ],
)

EXERCISES = [gru_step, shares, units_within]

# In each question the right option stands first; the learner sees them shuffled.
quiz = Quiz(
    NOTEBOOK,
    "GRU",
    [
        (
            "An LSTM(16) on 8 features has 1,600 parameters. How many has a GRU(16) there, in Keras?",
            [
                ("1,248", "3 · (8 · 16 + 16 · 16 + 2 · 16): three parts in place of four, but two rows of bias."),
                ("1,200", "Three quarters, with one row of bias: so it is with reset_after=False."),
                ("800", "That is half, for two gates. But the candidate has weights of its own, too."),
            ],
        ),
        (
            "In Keras, z = 1 for a unit at one step. Its new h is",
            [
                ("the old h, exactly", "1 · h + 0 · h̃ is h: as in the cell of an LSTM with f = 1 and i = 0."),
                ("the candidate h̃", "So it is where z and 1 − z are swapped, as in many papers. Here z keeps."),
                ("the old h plus h̃", "z and 1 − z add up to 1. If one of them is 1, what is left for h̃?"),
            ],
        ),
        (
            "In Keras, r = 0 and z = 0.5 for all units at one step. Their new h is",
            [
                ("half the old h, half a candidate of x", "r = 0 hides h from the candidate only. z · h stays."),
                ("half a candidate of x, nothing of the old h", "r stands inside h̃. Where does z · h stand?"),
                ("half the old h, half a candidate of x and h", "r multiplies h U + b′ there: what is 0 times that?"),
            ],
        ),
        (
            "Keras adds one row of a GRU's bias to x W, another to h U. Why is one row for both not the same?",
            [
                ("r multiplies one of them only", "r · (h U + b′), as in cuDNN. reset_after=False needs one row."),
                ("x and h differ in length", "x W and h U do not: both have 3 · units numbers."),
                ("there is one for each gate", "Each row has numbers for z, r and the candidate."),
            ],
        ),
        (
            "z = 0.9 at each step. After how many steps has z kept less than half of an old h?",
            [
                ("7", "0.9⁶ = 0.5314, 0.9⁷ = 0.4783: each step keeps 0.9 of what is left."),
                ("6", "Does a step take 0.1 of the first h, or of what is left? 0.9⁶ = 0.5314 is still above half."),
                ("10", "1 / (1 − z) = 10 measures how far z looks back. By then 0.9¹⁰ = 0.3487 is left."),
            ],
        ),
    ],
)
