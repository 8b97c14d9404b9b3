"""Every exercise is fed its solution, each named mistake, and what learners send that nobody planned."""

import re
import threading
import time
import warnings
from importlib import import_module

import numpy as np
import pytest

from course_utils import checks, progress
from course_utils.checks import backpropagation, bert, compare, perceptron, time_limit
from course_utils.checks.compare import run, same
from course_utils.checks.exercise import Exercise

TOPICS = [import_module(f"course_utils.checks.{name}") for name in checks.TOPICS.values()]
EXERCISES = [exercise for topic in TOPICS for exercise in topic.EXERCISES]
MISTAKES = [(exercise, *mistake) for exercise in EXERCISES for mistake in exercise.mistakes]


def name_of(value):
    return getattr(value, "name", value if isinstance(value, str) else "")


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_solution_is_right_and_is_recorded(exercise):
    result = exercise.check(exercise.solution_function)
    assert result.outcome == "right", result
    assert repr(result) == f"{exercise.name}: right"
    assert progress.read()["exercise"] == {f"{exercise.notebook}/{exercise.name}": {"passed": True}}


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_shown_solution_runs_by_itself_and_is_right(exercise):
    namespace = {"np": np}
    exec(exercise.solution_code(), namespace)
    assert exercise.check(namespace[exercise.name]).outcome == "right"
    assert exercise.solution_code() in repr(exercise.solution())
    assert f"{exercise.name}</code>" in exercise.solution()._repr_html_()


@pytest.mark.parametrize(("exercise", "name", "function", "sentence"), MISTAKES, ids=name_of)
def test_each_mistake_is_named(exercise, name, function, sentence):
    result = exercise.check(function)
    assert (result.outcome, result.mistake) == ("wrong", name)
    assert sentence in repr(result)
    assert name in repr(result)
    assert progress.read() == {}


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_no_two_mistakes_give_the_same_answers(exercise):
    functions = [("solution", exercise.solution_function)] + [m[:2] for m in exercise.mistakes]
    runs = [(name, [run(f, i, exercise.returns, exercise.asked) for i in exercise.inputs]) for name, f in functions]
    for i, (name, ours) in enumerate(runs):
        for other, theirs in runs[:i]:
            pairs = zip(ours, theirs, strict=True)
            assert not all(same(a, b, 3 * exercise.tolerance) for a, b in pairs), (name, other)


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_exercise_is_complete(exercise):
    assert len(exercise.inputs) >= 2
    assert len(exercise.hints) >= 2
    assert exercise.statement.endswith(".")
    code = exercise.solution_function.__code__
    lines = [line.strip().removeprefix("return ") for line in exercise.solution_code().splitlines()]
    for _, _, sentence in exercise.mistakes:
        assert not any(line in sentence for line in lines if len(line) > 4), "a sentence gives it away"
    assert code.co_argcount == len(exercise.signature.parameters)


def unwritten(X, w, b): ...


def placeholder(X, w, b):
    z = ...
    return z


def placeholder_used(X, w, b):
    z = ...
    return z + b


def not_implemented(X, w, b):
    raise NotImplementedError


@pytest.mark.parametrize(
    "stub", [unwritten, placeholder, placeholder_used, not_implemented, None, ..., lambda X, w, b: None]
)
def test_stub_is_not_attempted(stub):
    result = perceptron.weighted_sum.check(stub)
    assert result.outcome == "not attempted"
    assert repr(result).startswith("weighted_sum: not attempted yet\n")
    assert "perceptron.weighted_sum.hint()" in repr(result)


def test_tuple_with_a_placeholder_is_not_attempted():
    assert perceptron.update.check(lambda x, y, w, b, eta: (w, ...)).outcome == "not attempted"


def forgot_return(X, w, b):
    z = X @ w + b  # noqa: F841


def branch_without_return(X, w, b):
    if len(X) == 2:
        return X @ w + b


STRANGE = [
    (forgot_return, "return"),
    (branch_without_return, "return"),
    (lambda X, w, b: "[-0.12, 0.62]", "text"),
    (lambda X, w, b: np.array(["-0.12", "0.62"]), "numbers are asked"),
    (lambda X, w, b: [[1.0], [1.0, 2.0]], "differ in length"),
    (lambda X, w, b: {"z": 1}, "a dict"),
    (lambda X, w, b: np.dot, "a function"),
    (lambda X, w, b: X @ w + 1j, "complex"),
    (lambda X, w, b: [None, 1.0], "not a number"),
    (lambda X, w, b: object(), "not a number"),
    (lambda X, w, b: (X @ w + b)[:, None], "(2,) is asked, (2, 1) came"),
    (lambda X, w, b: 0.3, "() came"),
    (lambda X, w, b: np.full(len(X), np.inf), "inf"),
    (lambda X, w, b: np.log(X @ w - 99), "nan"),
    (lambda X, w, b: -(X @ w + b), "the sign is turned"),
    (lambda X, w, b: 2 * (X @ w + b), "twice"),
    (lambda X, w, b: X @ w - b, "off by the same amount"),
    (lambda X, w, b: np.array([-0.12, 0.62]), "Right on input 1, wrong on input 2. The shape comes first"),
    (lambda X, w, b: (X @ w + b).clip(0), "1 of the 2 values differ"),
    (lambda X, w, b: 7 * X @ w, "values differ"),
]


@pytest.mark.parametrize(("answer", "words"), STRANGE)
def test_wrong_answer_outside_the_list(answer, words):
    result = perceptron.weighted_sum.check(answer)
    assert (result.outcome, result.mistake) == ("wrong", "")
    assert words in repr(result)
    assert words.replace("'", "&#x27;") in result._repr_html_()


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
@pytest.mark.parametrize("answer", [0.125, np.full((7, 3), 0.125), "0.125", None, [[1], [2, 3]]], ids=str)
def test_every_exercise_has_a_card_for_an_answer_that_nobody_planned(exercise, answer):
    values = [answer] * len(exercise.returns) if exercise.returns else answer
    card = exercise.check(lambda *_: values)
    assert card.outcome == "wrong" and exercise.name in card._repr_html_()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (["un", "##play", "able"], "The length is right; the first string that differs is number 3."),
        (["un"] * 2, "The length comes first: 3 strings are asked, 2 came."),
        ([], "3 strings are asked, 0 came"),
        ("un ##play ##able", "returns text; a list of strings is asked"),
        (np.array("unplayable"), "returns text; a list of strings is asked"),
        ({"un", "##play", "##able"}, "returns a set of 3; a list of strings is asked"),
        (["un", None], "returns a list of 2; a list of strings is asked"),
        ([["un"], ["##play"]], "a list of strings is asked"),
        ([1, 2, 3], "a list of strings is asked"),
        (None, "None"),
    ],
)
def test_wrong_answer_where_strings_are_asked(answer, words):
    result = bert.word_pieces.check(lambda word, vocabulary: answer)
    assert (result.outcome, result.mistake) == ("wrong", "")
    assert words in repr(result)


@pytest.mark.parametrize("kind", [tuple, np.array, lambda pieces: [np.str_(piece) for piece in pieces]])
def test_right_answer_where_strings_are_asked(kind):
    right = bert.word_pieces.solution_function
    assert bert.word_pieces.check(lambda *given: kind(right(*given))).outcome == "right"


def test_a_set_is_shown_in_the_same_order_each_time():
    text = repr(bert.word_pieces.check(lambda word, vocabulary: ["un"] * 2))
    assert f"vocabulary = {{{', '.join(map(repr, sorted(bert.VOCABULARY)))}}}" in " ".join(text.split())
    for part in ("word = 'unplayable'", "['un', 'un']", "['un', '##play', '##able']"):
        assert part in text


def test_wrong_answer_shows_input_came_and_asked():
    text = repr(perceptron.weighted_sum.check(lambda X, w, b: 7 * X @ w))
    for part in ("Input 1 of 2", "w = [0.2, 0.4]", "Yours", "[-1.54,  3.64]", "Asked", "[-0.12,  0.62]"):
        assert part in text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            lambda x, y, w, b, eta: w,
            "2 values are asked: w, b. Your function returns one array of shape (2,)",
        ),
        (lambda x, y, w, b, eta: (w, b, 0), "2 values are asked: w, b. Your function returns 3"),
        (lambda x, y, w, b, eta: (w + eta * x, b), None),
        (lambda x, y, w, b, eta: (w, b + eta * (y - float(x @ w + b > 0))), "b right, w not"),
        (lambda x, y, w, b, eta: (None, b), "For w, your function returns None"),
        (lambda x, y, w, b, eta: (w * 0, b * 9), "Look at w first"),
    ],
)
def test_several_values(answer, words):
    result = perceptron.update.check(answer)
    assert result.outcome == "wrong"
    assert words in repr(result) if words else result.mistake == "bias not moved"


def helper(x):
    return x.no_such_thing


def fails_in_helper(X, w, b):
    return helper(X)


def fails_with_shapes(X, w, b):
    z = X @ w
    return z + np.ones(7)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda X, w, b: X @ undefined, "NameError: name 'undefined' is not defined. Is the name spelled"),  # noqa: F821
        (lambda X, w, b: 1 / 0, "ZeroDivisionError: division by zero."),
        (fails_with_shapes, "Print both just before this line"),
        (fails_with_shapes, "line 3: return z + np.ones(7)"),
        (fails_in_helper, "line 2 of helper: return x.no_such_thing"),
        (lambda X, w: X @ w, "called with 3 arguments, (X, w, b); yours takes 2 arguments"),
        (np.ones(3), "without parentheses"),
        (3.5, "without parentheses"),
    ],
)
def test_error_is_one_sentence(answer, words):
    result = perceptron.weighted_sum.check(answer)
    assert result.outcome == "error"
    assert words in repr(result)
    assert "Traceback" not in repr(result)


def test_keyboard_interrupt_passes_through():
    def interrupted(X, w, b):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        perceptron.weighted_sum.check(interrupted)


def endless(X, w, b):
    i = 0
    while i < len(X):
        pass
    return X @ w + b


def endless_whatever_comes(X, w, b):
    while True:
        try:
            endless(X, w, b)
        except Exception:
            pass


def endless_twice(X, w, b):
    try:
        endless(X, w, b)
    except:  # noqa: E722
        endless(X, w, b)


@pytest.mark.parametrize("answer", [endless, endless_whatever_comes, endless_twice])
def test_an_endless_loop_is_stopped_and_its_line_shown(answer, monkeypatch):
    monkeypatch.setattr(compare, "PATIENCE", 0.2)
    monkeypatch.setattr(time_limit, "AGAIN", (0.2,))
    before = threading.active_count()
    result = perceptron.weighted_sum.check(answer)
    assert result.outcome == "error"
    assert "Still running after 0.2 seconds, so it was stopped. Is there a loop" in repr(result)
    assert re.search("line [345]( of endless)?: (while i < len.X.:|pass)$", repr(result), re.MULTILINE)
    assert perceptron.weighted_sum.check(perceptron.weighted_sum.solution_function).outcome == "right"
    time.sleep(0.5)  # nothing may come later
    assert threading.active_count() == before


def test_inputs_are_copies_and_a_change_in_place_is_mentioned():
    def in_place(x, y, w, b, eta):
        error = y - float(x @ w + b > 0)
        w += eta * error * x
        return w, b + eta * error

    for _ in range(2):
        result = perceptron.update.check(in_place)
        assert result.outcome == "right"
        assert "changes w in place" in repr(result)


def test_prints_are_shown_in_the_card_only(capsys):
    def chatty(X, w, b):
        print("shape", X.shape)
        return X @ w + b

    result = perceptron.weighted_sum.check(chatty)
    assert result.outcome == "right"
    assert "shape (3, 2)" in repr(result)
    assert capsys.readouterr().out == ""


def test_no_warning_reaches_stderr(recwarn):
    def unclipped(y, p):
        warnings.warn("from the learner's code", stacklevel=1)
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    assert backpropagation.binary_cross_entropy.check(unclipped).mistake == "not clipped"
    assert not recwarn.list


def test_two_mistakes_at_once_are_named_one_after_the_other():
    def half_forgotten_and_broadcast(y, y_hat, delta):
        error = abs(y - y_hat)
        return np.mean(np.where(error <= delta, error**2, delta * error - delta**2 / 2))

    assert backpropagation.huber.check(half_forgotten_and_broadcast).mistake == "half forgotten"


def test_transposed_kernel_is_named_though_it_raises_on_three_inputs():
    def transposed(x, y, W_h, b_h, w_o, b_o, eta):
        return backpropagation.train_step.solution_function(x, y, W_h.T, b_h, w_o, b_o, eta)

    assert backpropagation.train_step.check(transposed).outcome == "error"  # all of it turned: no known mistake
    named = {m[0]: m[1] for m in backpropagation.train_step.mistakes}
    assert backpropagation.train_step.check(named["kernel transposed"]).mistake == "kernel transposed"


def test_lists_booleans_float32_and_rounded_answers_are_right():
    assert perceptron.weighted_sum.check(lambda X, w, b: list(np.float32(X @ w + b))).outcome == "right"
    assert perceptron.predict.check(lambda z: z > 0).outcome == "right"
    assert perceptron.boundary.check(lambda x1, w, b: round(-(w[0] * x1 + b) / w[1], 4)).outcome == "right"


def test_keras_tensors():
    keras = pytest.importorskip("keras")
    ops = keras.ops
    answer = perceptron.weighted_sum.check(lambda X, w, b: ops.sum(X * w, axis=1) + b)
    assert answer.outcome == "right", answer
    symbolic = perceptron.weighted_sum.check(lambda X, w, b: keras.Input((2,)))
    assert symbolic.outcome == "wrong"
    assert "KerasTensor" in repr(symbolic)


def example(hints=("first", "second")):
    def double(x):
        """Twice x."""
        return 2 * x

    return Exercise(double, "99", [(1.0,), (3.0,)], [], list(hints))


def test_hints_come_one_at_a_time():
    exercise = example()
    texts = [repr(exercise.hint()) for _ in range(3)]
    assert texts[0] == "double: hint 1 of 2\nfirst"
    assert texts[1].startswith("double: hint 2 of 2\nsecond\nThis was the last hint")
    assert texts[2] == texts[1]
    assert "second" in repr(exercise.hint(2))
    assert "numbered 1 to 2" in repr(exercise.hint(3))
    assert "numbered 1 to 2" in repr(exercise.hint("one"))


def test_html_is_escaped_and_needs_no_color():
    html = perceptron.weighted_sum.check(lambda X, w, b: undefined_tag("<b>"))._repr_html_()  # noqa: F821
    assert "&#x27;undefined_tag&#x27;" in html
    for answer, words in [
        (lambda X, w, b: X @ w + b, "✓</span> <strong>Right"),
        (lambda X, w, b: X @ w, "✗</span> <strong>Not yet: bias left out"),
        (lambda X, w, b: 1 / 0, "!</span> <strong>Stopped by an error"),
        (None, "○</span> <strong>Not attempted yet"),
    ]:
        assert words in perceptron.weighted_sum.check(answer)._repr_html_()


def test_check_reads_no_globals():
    exec("weighted_sum = lambda X, w, b: X @ w + b", globals())
    try:
        assert perceptron.weighted_sum.check(unwritten).outcome == "not attempted"
    finally:
        del globals()["weighted_sum"]


def test_progress_table_counts_solved_exercises():
    def table():  # how wide the columns are, the longest title decides
        return " ".join(repr(checks.progress()).split())

    assert "03 Perceptron 0 of 4" in table()
    perceptron.predict.check(perceptron.predict.solution_function)
    assert "03 Perceptron 1 of 4" in table()
    assert "06" not in repr(checks.progress("03"))
    with pytest.raises(ValueError, match=f"notebook must be one of {', '.join(checks.TOPICS)}"):
        checks.progress("3")
