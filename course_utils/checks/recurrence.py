"""Exercises and quiz of notebook 10: recurrent neural networks and forecasting."""

import numpy as np

from course_utils.checks.common import sigmoid, variants
from course_utils.checks.exercise import Exercise
from course_utils.checks.quiz import Quiz

NOTEBOOK = "10"


def rnn(x, kernel, recurrent_kernel, bias):
    """All states of one sequence, (time, units): h_t = tanh(x_t W + h_{t−1} U + b), with h_0 = 0. x is (time,
    features), W, the kernel, (features, units), U, the recurrent kernel, (units, units), and b, the bias, (units,)."""
    h, states = np.zeros(len(bias)), []
    for x_t in x:
        h = np.tanh(x_t @ kernel + h @ recurrent_kernel + bias)
        states.append(h)
    return np.array(states)


def _rnn(x, kernel, recurrent_kernel, bias, *, mistake):
    W, U = {
        "kernel transposed": (kernel.T, recurrent_kernel),
        "both kernels transposed": (kernel.T, recurrent_kernel.T),
        "kernels swapped": (recurrent_kernel, kernel),
        "recurrent kernel transposed": (kernel, recurrent_kernel.T),
        "recurrent kernel left out": (kernel, np.eye(len(bias))),
        "no memory": (kernel, 0 * recurrent_kernel),
    }.get(mistake, (kernel, recurrent_kernel))
    squash = {"no tanh": np.positive, "sigmoid": sigmoid}.get(mistake, np.tanh)
    zero = np.zeros(len(bias))
    h, states = (zero + 1 if mistake == "h_0 = 1" else zero), []
    for t, x_t in enumerate(x[::-1] if mistake == "read backwards" else x):
        b = {"no bias": 0, "bias once": bias * (t == 0)}.get(mistake, bias)
        z = x_t @ W + h @ U + b
        state = squash(x_t @ W + b) + h @ U if mistake == "memory outside" else squash(z)
        state = zero if mistake == "first step skipped" and t == 0 else state
        h = z if mistake == "sum carried on" else state
        states.append(state)
    return {
        "last state only": states[-1],
        "last state in every row": states[-1:] * len(states),
        "h_0 among the states": [zero, *states],
        "stored too early": [zero, *states[:-1]],
    }.get(mistake, states)


rnn = Exercise(
    rnn,
    notebook=NOTEBOOK,
    inputs=[
        (
            np.array([[1, 0.5], [-0.5, 2], [0.3, -1], [1.5, 0.2]]),
            np.array([[0.8, -0.4, 0.3], [0.2, 0.6, -0.7]]),
            np.array([[0.5, -0.3, 0.8], [0.2, 0.4, -0.6], [-0.7, 0.9, 0.1]]),
            np.array([0.1, -0.2, 0.3]),
        ),
        # With as many features as units, a transposed kernel raises nothing.
        (
            np.array([[0.5, -1], [1.2, 0.4], [-0.8, 0.9]]),
            np.array([[0.6, -0.2], [0.9, 0.3]]),
            np.array([[0.4, 1.1], [-0.5, 0.7]]),
            np.array([-0.3, 0.2]),
        ),
    ],
    mistakes=variants(
        _rnn,
        {
            "no memory": "The first state is right, the others are those of a dense layer. "
            "What does a step get from the one before?",
            "recurrent kernel transposed": "The first state is right, the second is not: your U is turned on its side. "
            "In the formula, on which side of U does h stand?",
            "recurrent kernel left out": "Each unit takes its last state as it is. By what is h multiplied?",
            "kernel transposed": "Your W is turned on its side. With two features and two units nothing complains; "
            "with two and three it does not fit.",
            "both kernels transposed": "Books often write W x + U h, with both kernels turned on their side. "
            "Here they are (features, units) and (units, units): on which side of them do x and h stand?",
            "kernels swapped": "The kernels have changed places. With two features and two units nothing complains: "
            "which of them has a row for each feature?",
            "memory outside": "The memory comes after tanh, so that a state can leave −1 to 1. "
            "What is added up before tanh?",
            "no tanh": "Your states are sums. What keeps them between −1 and 1?",
            "sum carried on": "The first state is right, the second is not: the next step gets the sum. "
            "What should it get?",
            "sigmoid": "All your states are above 0: that is the sigmoid. Which curve goes from −1 to 1?",
            "no bias": "Even the first state is off. Which argument is not used?",
            "bias once": "The first state is right, the second is not. To which steps does the bias belong?",
            "h_0 = 1": "Even the first state is off, as if there had been one before. What does it hear of the past?",
            "read backwards": "You begin with the last step. Which row of x comes first?",
            "last state only": "You return the last state. How many states does a sequence have?",
            "last state in every row": "All your rows are alike: it is one array, stored again and again and "
            "written over. What makes a new one at each step?",
            "h_0 among the states": "You have a row too many. Does the state before the first step belong to x?",
            "stored too early": "Your first row is the state before the first step, and the last state is missing. "
            "When do you store h?",
            "first step skipped": "Your first row is 0: the first step is left out. With which row of x do you begin?",
        },
    ),
    hints=[
        "A step is the one of notebook 01, with @ in place of ·. What must be there before the first step?",
        "Keep h in a variable and the states in a list. A loop over the rows of x: the new h, and then into the list.",
    ],
)


def windows(series, steps):
    """A series (n,) cut into inputs (n − steps, steps, 1) and answers (n − steps, 1): each input is a window of steps
    values in a row, each window begins one value later, and its answer is the value right after it."""
    inputs = np.array([series[i : i + steps] for i in range(len(series) - steps)])
    answers = series[steps:]
    return inputs[:, :, None], answers[:, None]


def _windows(series, steps, *, mistake):
    length = steps + (mistake == "answer within")
    more = {"one window too many": 1, "last window lost": -1, "too late": -1}.get(mistake, 0)
    by = steps if mistake == "no overlap" else 1
    starts = np.arange(mistake == "first window lost", len(series) - steps + more, by)
    inputs = np.array([series[i : i + length] for i in starts])
    after = starts[starts + steps < len(series)] + steps
    answers = series[after + {"last value as answer": -1, "too late": 1}.get(mistake, 0)]
    inputs = {
        "no axis of features": inputs,
        "no axis at all": inputs,
        "axis in the middle": inputs[:, None, :],
        "turned on its side": inputs.T[:, :, None],
        "newest first": inputs[:, ::-1, None],
    }.get(mistake, inputs[:, :, None])
    return inputs, answers if mistake in ("answers in a row", "no axis at all") else answers[:, None]


windows = Exercise(
    windows,
    notebook=NOTEBOOK,
    returns=["inputs", "answers"],
    inputs=[(np.array([3, 1, 4, 2, 7, 5, 9, 6], float), 3), (np.array([0.5, -1, 2, 0.8, -0.3, 1.5, 1]), 4)],
    mistakes=variants(
        _windows,
        {
            "last value as answer": "Each answer is the last value of its window. "
            "A network that copies it would be perfect: which value should it not see?",
            "answer within": "Your windows hold their own answer. How many values does each have?",
            "too late": "Your answers lie one value too late. Which one comes right after the last one of a window?",
            "last window lost": "The last window is missing. With 8 values and 3 steps, where does it begin?",
            "first window lost": "The first window is missing. Where does it begin?",
            "one window too many": "Your last window has no answer: its values are the last of the series. "
            "With 8 values and 3 steps, how many windows have one?",
            "no overlap": "Your windows do not overlap. How far from the first does the second begin?",
            "newest first": "Your windows run backwards. An RNN reads from the first to the last: which comes last?",
            "no axis of features": "The last axis of the inputs is missing. A step is a row of features: "
            "what is its shape if there is one?",
            "axis in the middle": "Your axis of length 1 stands in the middle: one step with many features. "
            "In which order do time and features come?",
            "turned on its side": "Windows and steps have changed places. What does the first axis count?",
            "answers in a row": "Your answers are (n,), the network's are (n, 1). "
            "Subtract them: each is compared with each, in an (n, n) table, and no error tells you.",
            "no axis at all": "Both need one more axis. Without it a step has no features, and (n,) against the (n, 1) "
            "of the network compares each answer with each.",
        },
    ),
    hints=[
        "Write down the windows of 3, 1, 4, 2, 7 with 3 steps, each with its answer. How many are there?",
        "Window i begins at i and ends before i + steps. Which index has its answer? "
        "A last axis of length 1: array[..., None].",
    ],
)


def slope_u(x, y, w, u, b):
    """dL/du of one recurrent neuron, for L = (h_T − y)²: h_t = tanh(w x_t + u h_{t−1} + b), with h_0 = 0; x, (T,), is a
    sequence of numbers, and y, w, u and b are numbers. With δ_T = 2 (h_T − y) (1 − h_T²) and
    δ_{t−1} = δ_t u (1 − h_{t−1}²), dL/du is the sum of all δ_t h_{t−1}."""
    h = [0.0]
    for x_t in x:
        h.append(np.tanh(w * x_t + u * h[-1] + b))
    delta = 2 * (h[-1] - y) * (1 - h[-1] ** 2)
    dL_du = 0.0
    for t in range(len(x), 0, -1):
        dL_du += delta * h[t - 1]
        delta *= u * (1 - h[t - 1] ** 2)
    return dL_du


def _slope_u(x, y, w, u, b, *, mistake):
    z, h = np.zeros(len(x) + 1), np.zeros(len(x) + 1)
    for t, x_t in enumerate(x, 1):
        z[t] = w * x_t + u * h[t - 1] + b
        h[t] = np.tanh(z[t])
    steep = 1 - {"no slope of tanh": 0 * h, "1 − z²": z**2}.get(mistake, h**2)
    through = {"u left out": 1, "w in place of u": w}.get(mistake, u)
    between = {"no slope between the steps": 1 + 0 * h, "slope of the step after": np.roll(steep, -1)}
    delta = np.zeros(len(h))
    delta[-1] = 2 * (h[-1] - y) * (1 if mistake == "no slope at the end" else steep[-1])
    for t in range(len(x) - 1, 0, -1):
        delta[t] = delta[t + 1] * through * between.get(mistake, steep)[t]
        delta[t] += 2 * (h[t] - y) * steep[t] if mistake == "a loss at each step" else 0
    deltas = delta[:0:-1] if mistake == "the wrong pairs" else delta[1:]
    heard = {"h of the same step": h[1:], "index −1": np.roll(h[1:], 1), "slope of w": x, "slope of b": 1}
    return {
        "last step only": lambda shares: shares[-1],
        "δ moved too early": lambda shares: delta[:-1] @ h[:-1],
        "one share for each step": np.array,
        "mean": np.mean,
        "2 lost": lambda shares: np.sum(shares) / 2,
        "sign": lambda shares: -np.sum(shares),
    }.get(mistake, np.sum)(deltas * heard.get(mistake, h[:-1]))


slope_u = Exercise(
    slope_u,
    notebook=NOTEBOOK,
    inputs=[
        (np.array([1, 0.5, -1]), 0.5, 0.8, 0.5, 0.1),
        (np.array([0.4, -0.6, 1, 0.3]), -0.2, 0.7, -1.2, 0.3),
    ],
    mistakes=variants(
        _slope_u,
        {
            "last step only": "That is the share of the last step. Where else was u used?",
            "h of the same step": "Your δ_t meets the h of its own step. By which h was u multiplied there?",
            "index −1": "Your first step meets the last state: in Python, h[−1] is the last one. "
            "Which state was there before the first step?",
            "δ moved too early": "You go back with δ first and multiply then. Which δ belongs to h_{t−1}?",
            "the wrong pairs": "Your δ run from the last step to the first, your h from the first to the last. "
            "Which h does the first δ in your list meet?",
            "slope of w": "That is the slope of w. By what is u multiplied, where w is multiplied by x?",
            "slope of b": "That is the slope of b: you add up the δ alone. By what is u multiplied?",
            "no slope of tanh": "You go back as if there were no tanh. How steep is it where the state is h?",
            "no slope at the end": "Your δ_T is ∂L/∂h_T. What lies between h_T and the sum of the last step?",
            "no slope between the steps": "δ_T is right. "
            "On the way back from step to step you pass a tanh each time: how steep is it?",
            "slope of the step after": "On the way back you take the slope of tanh at the step from which you come. "
            "To which step does the new δ belong?",
            "1 − z²": "Your slope of tanh can fall below 0, but tanh always rises. What should be squared?",
            "u left out": "δ comes back undiminished by u. By what is h_{t−1} multiplied on its way into the next sum?",
            "w in place of u": "Your δ goes back by way of w. Which weight leads from one state to the next?",
            "2 lost": "Half of what is asked. What does the square bring down?",
            "sign": "The sign is turned. If h_T lies below y, is ∂L/∂h_T above or below 0?",
            "mean": "You divide by the number of steps. Do the shares of one weight add up, or are they averaged?",
            "one share for each step": "Your shares are right. How many numbers is the slope of one weight?",
            "a loss at each step": "You compare each state with y. Which of them does L look at?",
        },
    ),
    hints=[
        "First forward, all h in a list, with h_0 = 0 in front. Then δ_T, and back from step T to step 1.",
        "At each step back, two things: add the share of this step, and then take δ to the step before. "
        "Which h do both need?",
    ],
)


def halves(window):
    """Predict from a half of the newest value, a quarter of the one before, an eighth of the next, and so on.

    Args:
        window: (steps,), numbers, from old to new.
    """
    return np.sum(np.array(window) / 2.0 ** np.arange(len(window), 0, -1))


class _WithMean:
    """Predicts with the mean of a series, too, as it stands: who writes into the series gets other answers."""

    __name__ = "halves_with_mean"

    def __init__(self, series):
        self.series = series

    def __call__(self, window):
        return (halves(window) + np.mean(self.series)) / 2


PAST = np.array([2, 8, 1, 5], float)


def forecast(predict, window, months):
    """The next months, (months,): predict(window) gives the value after a window. To go on, move the window: the oldest
    value leaves it, and the answer comes in as the newest. window is (steps,), from old to new; the caller needs it
    again, so it must stay as it is."""
    answers = []
    for _ in range(months):
        answers.append(predict(window))
        window = np.append(window[1:], answers[-1])
    return np.array(answers)


def _forecast(predict, window, months, *, mistake):
    start, answers = window, []
    for _ in range(months - (mistake == "one month too few")):
        answer = predict(window)
        answers.append(answer)
        moved = {
            "window not moved": window,
            "window grows": [*window, answer],
            "newest overwritten": [*window[:-1], answer],
            "oldest overwritten": [answer, *window[1:]],
            "put in front": [answer, *window[:-1]],
            "oldest comes back": [*window[1:], window[0]],
            "last value fed back": [*window[1:], window[-1]],
        }.get(mistake, [*window[1:], answer])
        if mistake == "window changed in place":
            window[:] = moved
        else:
            window = np.array(moved)
    return {
        "window returned": window,
        "window and answers": [*start, *answers],
        "last month only": answers[-1],
    }.get(mistake, answers)


forecast = Exercise(
    forecast,
    notebook=NOTEBOOK,
    # Inputs are copied together: in the copy, too, the series of _WithMean is the window itself.
    inputs=[(halves, np.array([2, 6, 3], float), 5), (_WithMean(PAST), PAST, 3)],
    mistakes=variants(
        _forecast,
        {
            "window not moved": "Every month gets the same answer. What should differ when you ask again?",
            "window grows": "The first answer is right, the second is not: your window grows. What should leave it?",
            "newest overwritten": "The answer takes the place of the newest value. Which one should leave?",
            "oldest overwritten": "The right value leaves, but the answer stands where it was, in front. "
            "Where does the newest value stand?",
            "put in front": "The answer comes in front, and the newest value leaves. In which order is a window?",
            "oldest comes back": "The oldest value comes back as the newest: so does np.roll. What belongs there?",
            "last value fed back": "The last known value comes in again and again. What has become of the answer?",
            "window changed in place": "You write into the caller's window. On input 2 predict looks at it, too: "
            "what makes a new array?",
            "window returned": "You return the last window. How many months are asked?",
            "window and answers": "The known values stand in front of yours. Which ones are asked?",
            "last month only": "You return the last month. What has become of those on the way?",
            "one month too few": "The last month is missing. How often do you ask predict?",
        },
    ),
    hints=[
        "Take a window 2, 6, 3 and let the answer be 4. Which window do you ask with next?",
        "A loop over the months: ask, keep the answer, move. Everything but the oldest is window[1:]; "
        "np.append makes a new array.",
    ],
)

EXERCISES = [rnn, windows, slope_u, forecast]

# In each question the right option stands first; the learner sees them shuffled.
quiz = Quiz(
    NOTEBOOK,
    "RNN",
    [
        (
            "SimpleRNN(16) has (1 + 16) · 16 + 16 = 288 parameters on one feature, for 12 steps as for 24. The "
            "gradient of its recurrent kernel is",
            [
                ("a sum with a share of each step", "Each use of the one kernel has its share in the loss."),
                ("that of the last step", "The loss looks at the last state, but all states before are in it."),
                ("a mean over the steps", "Nothing divides. If a weight is used twice, it has two shares."),
            ],
        ),
        (
            "SimpleRNN(16) reads (32, 12, 1): 32 windows of 12 steps. A second SimpleRNN should read what it returns. "
            "What must that be?",
            [
                ("(32, 12, 16), with return_sequences=True", "All states: 12 steps again, each with 16 features."),
                ("(32, 16), as without that argument", "Only the last states: no steps are left to read."),
                ("(32, 12, 1), as it came", "16 units make 16 numbers at each step."),
            ],
        ),
        (
            "u = 0.9, and at each step h is 0.5. How much of δ is left ten steps further back?",
            [
                ("2 %", "Each step multiplies by u (1 − h²) = 0.675, and 0.675¹⁰ is 0.0196."),
                ("35 %", "0.9¹⁰ is without tanh. How steep is tanh where the state is 0.5?"),
                ("6 %", "0.75¹⁰ is tanh alone. What is the weight between one state and the next?"),
            ],
        ),
        (
            "You mix all windows of one series and take every fifth for the test. Why does the network look too good?",
            [
                (
                    "it has seen the answers: windows overlap",
                    "The value after a test window stands in windows beside it, which it learned from. Split by time.",
                ),
                ("a fifth is too few for a test", "Few windows make the error uncertain, not too small."),
                ("an RNN needs its windows in order", "Order counts within a window. Each window begins with h = 0."),
            ],
        ),
        (
            "One month ahead a network is off by 3 %. Twelve months ahead, fed with its own answers, it is off by "
            "more, since",
            [
                ("its inputs are now wrong, too", "From month two on it reads its own errors, and adds new ones."),
                ("its window grows longer and longer", "For each answer that comes in, the oldest value leaves."),
                ("its weights change with each answer", "Nothing is learned in a forecast: the weights stay."),
            ],
        ),
    ],
)
