"""Exercises and quizzes, one module per notebook: `from course_utils.checks import perceptron`."""

from importlib import import_module

from course_utils import progress as _progress

TOPICS = {
    "01": "kinds",
    "02": "popularity",
    "03": "perceptron",
    "04": "limits",
    "05": "ann",
    "06": "backpropagation",
    "07": "convolution",
    "08": "detection",
    "09": "segmentation",
    "10": "recurrence",
    "11": "embedding",
    "12": "lstm",
    "13": "gru",
    "14": "bidirectional",
    "15": "encoder_decoder",
    "16": "transformer",
    "17": "bert",
}


def progress(notebook=None):
    """What you have solved so far, read from the file beside the notebooks.

    Args:
        notebook: number of one notebook, such as "03"; all notebooks without it.

    Returns:
        A table that displays itself.

    Raises:
        ValueError: if there are no exercises for that notebook.
    """
    if notebook is not None and notebook not in TOPICS:
        raise ValueError(f"notebook must be one of {', '.join(TOPICS)}, got {notebook!r}")
    chosen = TOPICS if notebook is None else [notebook]
    return _progress.summary([_totals(number) for number in chosen])


def _totals(notebook):
    """(notebook, title, names of its exercises, number of quiz questions)."""
    topic = import_module(f"{__name__}.{TOPICS[notebook]}")
    exercises = [f"{notebook}/{exercise.name}" for exercise in topic.EXERCISES]
    return notebook, topic.quiz.title, exercises, len(topic.quiz.questions)
