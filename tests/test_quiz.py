"""The quizzes: their texts, and answering them as a learner would."""

import re
from importlib import import_module

import pytest

from course_utils import checks, progress
from course_utils.checks import perceptron
from course_utils.checks.quiz import Quiz

QUIZZES = [import_module(f"course_utils.checks.{name}").quiz for name in checks.TOPICS.values()]


def right_texts(quiz):
    return [options[0][0] for _, options in quiz.questions]


@pytest.mark.parametrize("quiz", QUIZZES, ids=lambda quiz: quiz.notebook)
def test_five_questions_every_option_explained_in_a_fixed_mixed_order(quiz):
    assert len(quiz.questions) == 5
    assert quiz.shuffled() == quiz.shuffled()
    for (question, options), (same, shuffled) in zip(quiz.questions, quiz.shuffled(), strict=True):
        assert question == same
        assert sorted(options) == sorted(shuffled)
        assert len(options) >= 3
        assert all(text and explanation for text, explanation in options)
    places = {
        [text for text, _ in options].index(right)
        for (_, options), right in zip(quiz.shuffled(), right_texts(quiz), strict=True)
    }
    assert len(places) > 1, "the right option always stands at the same place"


@pytest.mark.parametrize("quiz", QUIZZES, ids=lambda quiz: quiz.notebook)
def test_every_option_shows_its_explanation_and_one_is_right(quiz):
    view = quiz()
    groups = zip(quiz.questions, view.choices, view.explanations, strict=True)
    for (_, options), choice, explanation in groups:
        assert choice.value is None
        assert explanation.value == ""
        verdicts = []
        for text, why in options:
            choice.value = text
            words = re.sub("<[^>]*>", "", explanation.value).replace("&gt;", ">").replace("&lt;", "<")
            assert why in words
            verdicts.append(words.startswith("✓ Right."))
            assert verdicts[-1] or words.startswith("✗ Not this one.")
            assert 'role="alert"' in explanation.value
        assert verdicts == [True] + [False] * (len(options) - 1)


def test_score_is_shown_and_passing_is_recorded():
    view = perceptron.quiz()
    assert "0 of 5 right, 5 to go" in view.score.value
    rights = right_texts(perceptron.quiz)
    for choice, right in zip(view.choices[:4], rights, strict=False):
        choice.value = right
    view.choices[4].value = "the input layer"
    assert "4 of 5 right<" in view.score.value
    assert progress.read()["quiz"]["03"] == {"passed": False, "best": 4}
    view.choices[4].value = rights[4]
    assert "5 of 5 right · ✓ passed" in view.score.value
    assert progress.read()["quiz"]["03"] == {"passed": True, "best": 5}
    perceptron.quiz().choices[0].value = "0.5474"
    assert progress.read()["quiz"]["03"] == {"passed": True, "best": 5}


@pytest.mark.parametrize("quiz", QUIZZES, ids=lambda quiz: quiz.notebook)
def test_static_output_lists_the_options_without_answers(quiz):
    first, second = quiz()._repr_mimebundle_(), quiz()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in first
    for mime in ("text/plain", "text/html"):
        assert first[mime] == second[mime]
        plain = first[mime].replace("&gt;", ">").replace("&lt;", "<").replace("&#x27;", "'")
        for question, options in quiz.questions:
            assert question in plain
            for text, explanation in options:
                assert text in plain
                assert explanation not in plain


def test_each_group_starts_with_its_question_as_a_heading():
    view = perceptron.quiz()
    for number, group in enumerate(view.children[1:-1], 1):
        question = perceptron.quiz.questions[number - 1][0]
        heading = group.children[0].value
        assert 'role="heading"' in heading
        assert f"{number}. {question}" in heading.replace("&gt;", ">").replace("&lt;", "<")
        assert group.children[1] is view.choices[number - 1]
        assert not group.tooltip, "ipywidgets 8 cannot draw a box with a tooltip"


@pytest.mark.parametrize("options", [[("a", "why")], [("a", "why"), ("a", "because")], [("a", "why"), ("b", "")]])
def test_incomplete_question_is_refused(options):
    with pytest.raises(ValueError, match="options must be"):
        Quiz("99", "Test", [("q?", options)])
