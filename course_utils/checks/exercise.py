"""One exercise: check an answer, give hints one at a time, show a solution."""

import inspect

from course_utils import progress
from course_utils.checks.card import Card
from course_utils.checks.compare import (
    arguments_problem,
    close,
    explain,
    explain_error,
    printed,
    run,
    same,
    show,
)


class Result(Card):
    """The outcome of one check; it displays itself.

    Args:
        outcome: "right", "wrong", "error" or "not attempted".
        name: name of the exercise.
        mistake: name of the known mistake, or "".
        **card: the rest of a `Card`.
    """

    def __init__(self, outcome, name, mistake="", **card):
        super().__init__(outcome, name, **card)
        self.outcome, self.mistake = outcome, mistake


class Exercise:
    """An exercise, made from its solution.

    Args:
        solution: the function asked for; its docstring states the exercise, its source is the solution shown.
        notebook: number of the notebook, such as "03".
        inputs: tuples of arguments; what one hides, the next one separates.
        mistakes: (name, function with that mistake, sentence that points to its cause).
        hints: sentences, the first one the gentlest.
        returns: names of the returned values, if there are several.
        helpers: functions the solution calls, shown with it.
        tolerance: relative and absolute, of the comparison.
        asked: what is returned, "numbers" or "strings" (a list of them).
    """

    def __init__(
        self, solution, notebook, inputs, mistakes, hints, returns=(), helpers=(), tolerance=1e-4, asked="numbers"
    ):
        self.name, self.statement = solution.__name__, inspect.getdoc(solution)
        self.solution_function, self.notebook, self.inputs = solution, notebook, inputs
        self.mistakes, self.hints, self.returns, self.helpers = mistakes, hints, returns, helpers
        self.tolerance, self.asked, self.signature = tolerance, asked, inspect.signature(solution)
        self._hints_given = 0

    def __repr__(self):
        return f"{self.name}{self.signature}: {self.statement}"

    def check(self, answer):
        """Try a function on the exercise's inputs and say what came of it.

        Args:
            answer: your function itself, without parentheses.

        Returns:
            A `Result` that displays itself.
        """
        if answer is None or answer is Ellipsis:
            return self._not_attempted()
        if not callable(answer):
            text = f"Pass the function itself, without parentheses: {self._call(f'check({self.name})')}."
            return self._result("error", title="Not a function", text=text)
        if problem := arguments_problem(answer, self.signature):
            return self._result("error", title="Cannot be called", text=problem)
        with printed() as output:
            runs = self._runs(answer)
        result = self._judge(answer, runs)
        if text := output.getvalue().strip():
            result.blocks += (("Your function printed", text if len(text) <= 1000 else f"{text[:1000]} …"),)
        if result.outcome == "right":
            progress.record("exercise", f"{self.notebook}/{self.name}", True)
        return result

    def hint(self, number=None):
        """The next hint, or a certain one.

        Args:
            number: 1 for the first; the next one without it.

        Returns:
            A card that displays itself.
        """
        last = len(self.hints)
        if number is None:
            number = self._hints_given = min(self._hints_given + 1, last)
        if number not in range(1, last + 1):
            return Card("hint", self.name, "No such hint", f"The hints are numbered 1 to {last}.")
        footer = "" if number < last else f"This was the last hint; {self._call('solution()')} shows one solution."
        return Card("hint", self.name, f"Hint {number} of {last}", self.hints[number - 1], footer=footer)

    def solution(self):
        """One solution as code, the same that the checks compare with.

        Returns:
            A card that displays itself.
        """
        return Card("solution", self.name, blocks=[("code", self.solution_code())])

    def solution_code(self):
        """The source of the solution and of the functions it calls.

        Returns:
            Python source.
        """
        functions = [*self.helpers, self.solution_function]
        return "\n\n".join(inspect.getsource(function).strip() for function in functions)

    def _runs(self, function):
        runs = []
        for inputs in self.inputs:
            endless = runs and isinstance(runs[-1].error, TimeoutError)  # nobody waits for the others, too
            runs.append(runs[-1] if endless else run(function, inputs, self.returns, self.asked))
        return runs

    def _judge(self, answer, runs):
        if not all(one.attempted for one in runs):
            return self._not_attempted()
        wanted = self._runs(self.solution_function)
        wrong = [i for i, pair in enumerate(zip(runs, wanted, strict=True)) if not same(*pair, self.tolerance)]
        if not wrong:
            return self._right(runs)
        first = wrong[0]
        if mistake := self._likely_mistake(runs, first):
            name, _, sentence = mistake
            return self._result("wrong", mistake=name, title=f"Not yet: {name}", text=sentence)
        got = runs[first]
        if got.error is not None:
            sentence, line = explain_error(got.error, answer)
            return self._result("error", text=sentence, blocks=[("In your function", line)] if line else [])
        if got.problem:
            return self._result("wrong", text=got.problem)
        return self._unknown_mistake(first, got.arrays, wanted[first].arrays)

    def _likely_mistake(self, runs, first):
        """The known mistake with the same answers, or the only one with the same first wrong answer.

        The second case is a learner with two mistakes: they are named one after the other.
        """
        agreeing = [
            (mistake, [same(one, other, self.tolerance) for one, other in zip(runs, theirs, strict=True)])
            for mistake in self.mistakes
            for theirs in [self._runs(mistake[1])]
        ]
        everywhere = [mistake for mistake, agrees in agreeing if all(agrees)]
        at_first = [mistake for mistake, agrees in agreeing if all(agrees[: first + 1])]
        if everywhere:
            return everywhere[0]
        return at_first[0] if len(at_first) == 1 and runs[first].error is None else None

    def _unknown_mistake(self, index, got, want):
        names = self.returns or [""]
        right = [close(g, w, self.tolerance) for g, w in zip(got, want, strict=True)]
        part = right.index(False)
        sentences = [f"Right on input {index}, wrong on input {index + 1}."] if index else []
        if len(names) > 1:
            fine = " and ".join(name for name, good in zip(names, right, strict=True) if good)
            sentences.append(f"{fine} right, {names[part]} not." if fine else f"Look at {names[part]} first.")
        sentences.append(explain(got[part], want[part], self.tolerance))
        of = f" for {names[part]}" if names[part] else ""
        arguments = zip(self.signature.parameters, self.inputs[index], strict=False)  # some have defaults
        blocks = [
            (
                f"Input {index + 1} of {len(self.inputs)}",
                "\n".join(_named(n, value) for n, value in arguments),
            ),
            (f"Yours{of}", show(got[part])),
            (f"Asked{of}", show(want[part])),
        ]
        return self._result("wrong", text=" ".join(sentences), blocks=blocks)

    def _right(self, runs):
        parameters = list(self.signature.parameters)
        changed = sorted({parameters[i] for one in runs for i in one.changed})
        note = f"Your function changes {', '.join(changed)} in place: the caller's array changes too."
        return Result("right", self.name, footer=note if changed else "")

    def _not_attempted(self):
        text = f"Write {self.name}{self.signature}, run its cell, then run this one again."
        return self._result("not attempted", text=text)

    def _result(self, outcome, **card):
        return Result(outcome, self.name, footer=f"Stuck? {self._call('hint()')} gives a hint.", **card)

    def _call(self, method):
        topic = self.solution_function.__module__.rpartition(".")[2]
        return f"{topic}.{self.name}.{method}"


def _named(name, value):
    lines = show(value).splitlines()
    return f"{name} = " + ("\n" + " " * (len(name) + 3)).join(lines)
