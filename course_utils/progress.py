"""What a learner has solved, kept in one small file beside the notebooks. Nothing leaves the machine."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt

VERSION = 1
COLUMNS = ("notebook", "exercises solved", "quiz")


class NewerVersionError(Exception):
    """The progress file was written by a later version of the course."""


class BrokenFileError(Exception):
    """The progress file does not hold what this module writes."""


def path() -> Path:
    """Where progress is kept: the environment variable DLT_PROGRESS_FILE, or notebooks/.progress.json.

    Returns:
        The path of the file, which need not exist.
    """
    default = Path(__file__).resolve().parents[1] / "notebooks" / ".progress.json"
    return Path(os.environ.get("DLT_PROGRESS_FILE") or default)


def record(kind: str, name: str, passed: bool, score: int | None = None) -> bool:
    """Remember one result; an exercise once solved stays solved, a quiz keeps its best score.

    Args:
        kind: "exercise" or "quiz".
        name: "03/weighted_sum" for an exercise, "03" for a quiz.
        passed: whether this answer was right (for a quiz: every question).
        score: number of right answers, for a quiz.

    Returns:
        True if it was written, False if it could not be (read-only folder, a newer version's file).

    Raises:
        ValueError: if `kind` is neither of the two.
    """
    if kind not in ("exercise", "quiz"):
        raise ValueError(f"kind must be 'exercise' or 'quiz', got {kind!r}")
    file = path()
    try:
        with _locked(file):
            entries = _load_or_set_aside(file)
            best = entries.setdefault(kind, {}).get(name, {"passed": False})
            merged = {"passed": best["passed"] or bool(passed)}
            if score is not None:
                merged["best"] = max(int(score), best.get("best", 0))
            if merged != best:
                entries[kind][name] = merged
                _write(file, entries)
    except (OSError, NewerVersionError):
        return False
    return True


def read() -> dict[str, dict[str, dict]]:
    """What has been recorded; empty if the file is missing, broken or newer than this version.

    Returns:
        {"exercise": {"03/weighted_sum": {"passed": True}}, "quiz": {"03": {"passed": False, "best": 4}}}
    """
    try:
        return _parse(path().read_bytes())
    except (OSError, BrokenFileError, NewerVersionError):
        return {}


def summary(totals: list[tuple[str, str, list[str], int]] | None = None) -> Table:
    """A table, one row per notebook: exercises solved and best quiz score.

    Args:
        totals: (notebook, title, names of its exercises, number of quiz questions) for each notebook;
            without it, whatever is recorded is counted.

    Returns:
        A table that displays itself.
    """
    entries = read()
    exercises, quizzes = entries.get("exercise", {}), entries.get("quiz", {})
    rows = [_row(*total, exercises, quizzes) for total in totals or _recorded(exercises, quizzes)]
    return Table(rows, _note())


class Table:
    """The progress table: plain text, and HTML that follows the theme of JupyterLab.

    Args:
        rows: (notebook, exercises solved, quiz) as text.
        note: one sentence under the table, or "".
    """

    def __init__(self, rows: list[tuple[str, str, str]], note: str = ""):
        self.rows, self.note = rows, note

    def __repr__(self) -> str:
        widths = [max(map(len, column)) for column in zip(COLUMNS, *self.rows, strict=True)]
        lines = [
            "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip()
            for row in [COLUMNS, *self.rows]
        ]
        return "\n".join(lines + [self.note] * bool(self.note))

    def _repr_html_(self) -> str:
        cells = "".join(
            "<tr>" + "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in row) + "</tr>"
            for row in self.rows
        )
        head = "".join(f'<th scope="col" style="text-align:left">{name}</th>' for name in COLUMNS)
        note = f"<p>{escape(self.note)}</p>" if self.note else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table>{note}"


def _recorded(exercises: dict, quizzes: dict) -> list[tuple[str, str, list[str], int]]:
    """The totals where nobody gives them: what is recorded counts as all there is."""
    notebooks = sorted({name.split("/")[0] for name in [*exercises, *quizzes]})
    return [
        (n, "", [name for name in exercises if name.startswith(f"{n}/")], quizzes.get(n, {}).get("best", 0))
        for n in notebooks
    ]


def _row(notebook: str, title: str, names: list[str], questions: int, exercises: dict, quizzes: dict):
    solved = sum(exercises.get(name, {}).get("passed", False) for name in names)
    quiz = quizzes.get(notebook, {})
    score = f"best {quiz['best']} of {questions}" if "best" in quiz else "not taken yet"
    return (
        f"{notebook} {title}".strip(),
        f"{solved} of {len(names)}" + (" ✓" if solved == len(names) else ""),
        "passed ✓" if quiz.get("passed") else score,
    )


def _note() -> str:
    """Why nothing can be saved, if that is so; no path, because notebooks are compared to the letter."""
    try:
        _parse(path().read_bytes())
    except NewerVersionError:
        return "Your progress was saved by a newer version of the course. It is left as it is."
    except BrokenFileError:
        return "The file with your progress cannot be read. It is set aside when something new is solved."
    except OSError:
        pass
    writable = path().parent.is_dir() and os.access(path().parent, os.W_OK)
    return "" if writable else "Progress cannot be saved here: the folder is missing or read-only."


def _parse(content: bytes) -> dict:
    try:
        document = json.loads(content)
        version = document["version"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BrokenFileError from error
    if type(version) is int and version > VERSION:
        raise NewerVersionError
    entries = document.get("entries") if version == VERSION else None
    if not isinstance(entries, dict) or not all(map(_is_group, entries.values())):
        raise BrokenFileError
    return entries


def _is_group(group: object) -> bool:
    return isinstance(group, dict) and all(
        isinstance(entry, dict) and isinstance(entry.get("passed"), bool) and type(entry.get("best", 0)) is int
        for entry in group.values()
    )


def _load_or_set_aside(file: Path) -> dict:
    try:
        return _parse(file.read_bytes())
    except FileNotFoundError:
        return {}
    except BrokenFileError:
        number = 1
        while (aside := file.with_name(f"{file.name}.broken-{number}")).exists():
            number += 1
        os.replace(file, aside)
        return {}


def _write(file: Path, entries: dict) -> None:
    text = json.dumps({"version": VERSION, "entries": entries}, indent=1, sort_keys=True) + "\n"
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.", suffix=".tmp")
    try:
        with open(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(temporary, file)
    except BaseException:
        os.unlink(temporary)
        raise


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold the lock beside `file`: two notebooks open at once must not lose each other's results.

    The operating system releases it when a kernel dies, so it never has to be cleaned up by hand.
    """
    with open(f"{file}.lock", "a+b") as lock:
        if fcntl:
            fcntl.flock(lock, fcntl.LOCK_EX)
        else:
            lock.seek(0)
            msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)  # released when the file is closed
        yield
