"""A quiz: one question after the other, an explanation for every option, the score."""

import random
from html import escape

import ipywidgets as widgets

from course_utils import progress

# Radio labels are one line by default; long options must wrap. `width: auto` undoes ipywidgets' 300 px.
STYLE = """<style>
.dlt-quiz { max-width: 50em; font-size: var(--jp-content-font-size1, 14px);
  color: var(--jp-content-font-color1, #212121); }
.dlt-quiz .widget-radio { width: auto; height: auto; }
.dlt-quiz .widget-radio-box label { height: auto; white-space: normal; line-height: 1.5;
  padding: 2px 0 2px 28px; position: relative; cursor: pointer; }
.dlt-quiz .widget-radio-box input { position: absolute; left: 6px; top: 0.3em; margin: 0; }
.dlt-quiz .widget-radio-box { margin-bottom: 0 !important; }
.dlt-quiz .widget-html-content { line-height: 1.5; font-size: var(--jp-content-font-size1, 14px); }
.dlt-quiz .widget-html { height: auto; }
</style>"""


class Quiz:
    """The questions of one notebook.

    Args:
        notebook: its number, such as "03".
        title: its subject.
        questions: (question, options) with options (text, explanation), the right one first.

    Raises:
        ValueError: if two options of a question are the same, or an explanation is missing.
    """

    def __init__(self, notebook, title, questions):
        for question, options in questions:
            texts = [text for text, explanation in options if explanation]
            if len(options) < 2 or len(set(texts)) != len(options):
                raise ValueError(f"options must be at least two, all different, all explained: {question!r}")
        self.notebook, self.title, self.questions = notebook, title, questions

    def __call__(self):
        """Show the quiz.

        Returns:
            A widget that displays itself; without a kernel, the questions and options as text.
        """
        return QuizView(self)

    def shuffled(self):
        """The questions with their options in the order shown, always the same for a notebook.

        Returns:
            A list of (question, options) with options (text, explanation).
        """
        order = random.Random(f"quiz {self.notebook}")
        return [(question, order.sample(options, len(options))) for question, options in self.questions]


class QuizView(widgets.VBox):
    """The widget of a quiz.

    Args:
        quiz: a `Quiz`.
    """

    def __init__(self, quiz):
        self.quiz = quiz
        self.choices = []  # one RadioButtons per question
        self.explanations = []  # one HTML per question
        self.score = widgets.HTML()
        groups = [
            self._group(number, question, options) for number, (question, options) in enumerate(quiz.shuffled(), 1)
        ]
        super().__init__([widgets.HTML(STYLE), *groups, self.score])
        self.add_class("dlt-quiz")
        self._show_score()

    def _group(self, number, question, options):
        right = self.quiz.questions[number - 1][1][0][0]
        # ipywidgets cannot name a group of radio buttons; a heading before it is what screen readers jump to.
        heading = widgets.HTML(f'<div role="heading" aria-level="4"><b>{number}. {escape(question)}</b></div>')
        choice = widgets.RadioButtons(options=[text for text, _ in options], value=None)
        explanation = widgets.HTML()
        explained = dict(options)

        def answered(change):
            text = change["new"]
            explanation.value = _verdict(text == right, explained[text]) if text is not None else ""
            self._show_score()
            self._record()

        choice.observe(answered, "value")
        self.choices.append(choice)
        self.explanations.append(explanation)
        return widgets.VBox([heading, choice, explanation])

    def right_answers(self):
        """How many questions are answered rightly at this moment.

        Returns:
            A number from 0 to the number of questions.
        """
        rights = [options[0][0] for _, options in self.quiz.questions]
        return sum(choice.value == right for choice, right in zip(self.choices, rights, strict=True))

    def _show_score(self):
        total = len(self.choices)
        answered = sum(choice.value is not None for choice in self.choices)
        right = self.right_answers()
        text = f"{right} of {total} right" + (f", {total - answered} to go" if answered < total else "")
        text += " · ✓ passed" if right == total else ""
        self.score.value = f'<div role="status" aria-live="polite"><b>{text}</b></div>'

    def _record(self):
        right = self.right_answers()
        progress.record("quiz", self.quiz.notebook, right == len(self.choices), score=right)

    def _repr_mimebundle_(self, **kwargs):
        """The live widget, and beside it the questions for readers without a kernel (never the answers)."""
        bundle = super()._repr_mimebundle_(**kwargs) or {}
        return {**bundle, "text/plain": _as_text(self.quiz), "text/html": _as_html(self.quiz)}


def _verdict(right, explanation):
    """Newly inserted alerts are read out by screen readers; the word and the icon say it without color."""
    color = "var(--jp-success-color1, #388e3c)" if right else "var(--jp-warn-color1, #f57c00)"
    icon, word = ("✓", "Right.") if right else ("✗", "Not this one.")
    return (
        f'<div role="alert" style="border-left:4px solid {color};padding:2px 12px;margin:2px 0 10px">'
        f'<span aria-hidden="true" style="color:{color};font-weight:bold">{icon}</span> '
        f"<b>{word}</b> {escape(explanation)}</div>"
    )


def _as_text(quiz):
    lines = [f"Quiz {quiz.notebook}, {quiz.title}: {len(quiz.questions)} questions"]
    for number, (question, options) in enumerate(quiz.shuffled(), 1):
        lines += ["", f"{number}. {question}", *(f"   ( ) {text}" for text, _ in options)]
    return "\n".join(lines)


def _as_html(quiz):
    questions = "".join(
        f"<li>{escape(question)}<ul>{''.join(f'<li>{escape(text)}</li>' for text, _ in options)}</ul></li>"
        for question, options in quiz.shuffled()
    )
    note = "Run the notebook to answer and to see an explanation of every option."
    return f"<div><b>Quiz {quiz.notebook}, {escape(quiz.title)}</b><ol>{questions}</ol><p>{note}</p></div>"
