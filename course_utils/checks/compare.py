"""Calling a learner's function and comparing what comes back, whatever it is."""

import contextlib
import copy
import dis
import inspect
import io
import linecache
import traceback
import warnings
from dataclasses import dataclass

import numpy as np

from course_utils.checks.time_limit import call_within

PATIENCE = 5  # seconds for one call; solutions take less than a millisecond
SHAPES = "Two shapes do not fit. Print both just before this line: is one turned on its side?"
STUB_STEPS = {"RESUME", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "NOP", "POP_TOP"}
NOT_NUMBERS = {"O": "something that is not a number", "c": "complex numbers"}
ADVICE = [
    (UnboundLocalError, "", "A variable is used before it gets a value."),
    (NameError, "", "Is the name spelled as it was defined, and has the cell that defines it been run?"),
    (IndexError, "", "An index lies past the end: counting starts at 0."),
    (RecursionError, "", "The function calls itself without end."),
    (TimeoutError, "", "Is there a loop whose condition never changes?"),
    (ValueError, "shape", SHAPES),
    (ValueError, "mismatch", SHAPES),  # of matmul
]


class AnswerError(Exception):
    """The answer cannot be compared; the message tells the learner why."""


@dataclass
class Run:
    """What one call gave: arrays, or what kept them from being compared."""

    arrays: list | None = None
    problem: str = ""  # a sentence: it came back, but it is not what was asked
    error: Exception | None = None
    attempted: bool = True
    changed: tuple = ()  # positions of the arguments that were changed in place


def run(function, inputs, returns=(), asked="numbers"):
    """Call a function on copies of the inputs.

    Args:
        function: any callable.
        inputs: tuple of its positional arguments.
        returns: names of the values it returns, if several are asked.
        asked: what the values are, "numbers" or "strings".

    Returns:
        A `Run`; exceptions are kept in it, TimeoutError if the call took too long. KeyboardInterrupt passes through.
    """
    given = copy.deepcopy(inputs)
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nan and inf are explained in the card instead
            value = call_within(PATIENCE, function, *given)
            if _is_unwritten(value, function):
                return Run(attempted=False)
            changed = tuple(i for i, (a, b) in enumerate(zip(given, inputs, strict=True)) if _differs(a, b))
            return Run(arrays=to_arrays(value, returns, asked), changed=changed)
    except AnswerError as error:
        return Run(problem=str(error))
    except NotImplementedError:
        return Run(attempted=False)
    except Exception as error:  # a learner's code may raise anything
        # `z = ...` left in the stub and then used is a TypeError about an ellipsis.
        return Run(error=error, attempted=not (isinstance(error, TypeError) and "ellipsis" in str(error)))


@contextlib.contextmanager
def printed():
    """Collect what is printed meanwhile.

    Returns:
        A text buffer.
    """
    with contextlib.redirect_stdout(io.StringIO()) as buffer:
        yield buffer


def to_arrays(value, returns=(), asked="numbers"):
    """An answer as a list of arrays, one per value asked.

    Args:
        value: what the function returned: numbers, lists, arrays, tensors, or a tuple of them.
        returns: names of the values, if several are asked.
        asked: "numbers", or "strings" for a list of them.

    Returns:
        A list of new arrays, of floats or of strings.

    Raises:
        AnswerError: if it is something else.
    """
    if not returns:
        return [_to_array(value, "Your function", asked)]
    several = f"{len(returns)} values are asked: {', '.join(returns)}"
    if not isinstance(value, (tuple, list)):
        raise AnswerError(f"{several}. Your function returns {describe(value)}.")
    if len(value) != len(returns):
        raise AnswerError(f"{several}. Your function returns {len(value)}.")
    return [_to_array(v, f"For {name}, your function", asked) for v, name in zip(value, returns, strict=True)]


def _to_array(value, who, asked):
    if value is None:
        raise AnswerError(f"{who} returns None. Does every way through it end with a return?")
    if asked == "strings":
        value = value.tolist() if isinstance(value, np.ndarray) else value
        if not isinstance(value, (list, tuple)) or not all(isinstance(part, str) for part in value):
            raise AnswerError(f"{who} returns {describe(value)}; a list of strings is asked.")
        return np.array(value, dtype=str)
    if isinstance(value, (str, bytes, dict, set)) or callable(value):
        raise AnswerError(f"{who} returns {describe(value)}; numbers are asked.")
    try:
        array = np.asarray(value)
        kind = array.dtype.kind
        if kind in "USOMmc":
            raise AnswerError(f"{who} returns {NOT_NUMBERS.get(kind, describe(value))}; numbers are asked.")
        return np.array(array, dtype=float)
    except AnswerError:
        raise
    except Exception as error:
        if isinstance(value, (list, tuple)):
            message = f"{who} returns a {type(value).__name__} that is no table: its parts differ in length."
        else:
            message = f"{who} returns {describe(value)}, which holds no plain numbers."
        raise AnswerError(message) from error


def same(one, other, tolerance):
    """Whether two runs came to the same: equal shapes and values, or the same type of exception.

    Args:
        one, other: two `Run`s.
        tolerance: relative and absolute.

    Returns:
        True or False; runs that cannot be compared are never the same.
    """
    if one.error is not None or other.error is not None:
        return type(one.error) is type(other.error)
    if one.arrays is None or other.arrays is None:
        return False
    return all(map(lambda a, b: close(a, b, tolerance), one.arrays, other.arrays))


def close(got, want, tolerance):
    """Whether two arrays agree in shape and in every value; nan agrees with nan.

    Args:
        got, want: arrays of any shape, both of floats or both of strings.
        tolerance: relative and absolute, of floats.

    Returns:
        True or False.
    """
    if want.dtype.kind == "U":
        return np.array_equal(got, want)
    return got.shape == want.shape and bool(np.allclose(got, want, rtol=tolerance, atol=tolerance, equal_nan=True))


def explain(got, want, tolerance):
    """A sentence on how an array differs from the one asked, for a mistake that has no name.

    Args:
        got, want: arrays of any shape, both of floats or both of strings.
        tolerance: relative and absolute, of floats.

    Returns:
        One sentence.
    """
    if want.dtype.kind == "U":
        if len(got) != len(want):
            return f"The length comes first: {len(want)} strings are asked, {len(got)} came."
        return f"The length is right; the first string that differs is number {np.argmax(got != want) + 1}."
    if got.shape != want.shape:
        if got.size == want.size and close(got.ravel(), want.ravel(), tolerance):
            return f"The numbers are right, the shape is not: {want.shape} is asked, {got.shape} came."
        if close(got.T, want, tolerance):
            return f"Rows and columns have changed places: {want.shape} is asked, {got.shape} came."
        hint = " () is one plain number." if () in (got.shape, want.shape) else ""
        return f"The shape comes first: {want.shape} is asked, {got.shape} came.{hint}"
    if not np.isfinite(got).all():
        return "nan or inf came: look for a division by 0, the log of 0, or a number too large for exp."
    if close(-got, want, tolerance):
        return "The sizes are right, the sign is turned."
    for factor in (2, 0.5):
        if close(got, factor * want, tolerance):
            return f"Everything is {'twice' if factor == 2 else 'half'} what it should be."
    if want.size > 1 and np.ptp(got - want) <= tolerance:
        return "Everything is off by the same amount: something is added, or left out, once too often."
    wrong = int((~np.isclose(got, want, rtol=tolerance, atol=tolerance)).sum())
    if wrong < want.size:
        return f"The shape is right; {wrong} of the {want.size} values differ."
    return f"The shape is right, the {'value differs' if want.size == 1 else 'values differ'}."


def explain_error(error, function):
    """One sentence on a learner's exception, and where it was raised.

    Args:
        error: the exception.
        function: the learner's function.

    Returns:
        (sentence, the line as text or "").
    """
    message = (str(error).splitlines() or [""])[0][:200]
    advice = next((text for kind, word, text in ADVICE if isinstance(error, kind) and word in message), "")
    sentence = f"{type(error).__name__}: {message}" if message else type(error).__name__
    sentence += "" if sentence.endswith((".", "!", "?")) else "."
    return f"{sentence} {advice}".strip(), _line_of(error, function)


def _line_of(error, function):
    """The last line of the learner's own code in the traceback, counted from the `def`."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    frames = [
        (frame.f_code, number)
        for frame, number in traceback.walk_tb(error.__traceback__)
        if code and frame.f_code.co_filename == code.co_filename
    ]
    if not frames:
        return ""
    where, number = frames[-1]
    text = linecache.getline(where.co_filename, number).strip()
    inside = "" if where is code else f" of {where.co_name}"
    place = f"line {number - where.co_firstlineno + 1}{inside}"
    return f"{place}: {text}" if text else place


def arguments_problem(function, signature):
    """A sentence if the function does not take the arguments that the exercise gives.

    Args:
        function: the learner's callable.
        signature: the `inspect.Signature` asked for.

    Returns:
        The sentence, or "".
    """
    try:
        theirs = inspect.signature(function)
    except (TypeError, ValueError):  # some built-in functions have none
        return ""
    try:
        theirs.bind(*signature.parameters)
    except TypeError:
        return f"Your function is called with {_count(signature)}, {signature}; yours takes {_count(theirs)}."
    return ""


def _count(signature):
    number = len(signature.parameters)
    return f"{number} argument" + "s" * (number != 1)


def describe(value):
    """What a value is, in a few words.

    Args:
        value: anything.

    Returns:
        "an array of shape (2, 3)", "text", "None" and so on.
    """
    if value is None or isinstance(value, (bool, int, float, np.generic)):
        return str(value)
    if isinstance(value, np.ndarray):
        return f"one array of shape {value.shape}"
    if isinstance(value, str):
        return "text"
    if isinstance(value, (list, tuple, dict, set)):
        return f"a {type(value).__name__} of {len(value)}"
    return "a function" if inspect.isroutine(value) else f"an object of type {type(value).__name__}"


def show(value):
    """A value as a few lines of text with four decimals.

    Args:
        value: an argument or a result of an exercise.

    Returns:
        The text.
    """
    if isinstance(value, (float, np.ndarray)):
        style = {"precision": 4, "suppress_small": True, "separator": ", ", "threshold": 60}
        return np.array2string(np.asarray(value), **style)
    if isinstance(value, set):  # without an order of its own
        return f"{{{', '.join(map(repr, sorted(value)))}}}"
    return value.__name__ if callable(value) else repr(value)


def _is_unwritten(value, function):
    if value is Ellipsis:
        return True
    if isinstance(value, tuple) and any(part is Ellipsis for part in value):
        return True
    code = getattr(inspect.unwrap(function), "__code__", None)
    return value is None and bool(code) and {step.opname for step in dis.get_instructions(code)} <= STUB_STEPS


def _differs(given, original):
    return isinstance(original, np.ndarray) and not close(given, original, 1e-9)
