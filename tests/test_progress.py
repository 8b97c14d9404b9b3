"""The progress file: kept, merged, never lost, never in the way."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_utils import progress

WRITER = """
import sys
from course_utils import progress
for i in range(40):
    assert progress.record("exercise", f"{sys.argv[1]}/{i}", True)
"""
TOTALS = [("03", "Perceptron", ["03/a", "03/b"], 5), ("06", "Backpropagation", ["06/a"], 5)]


@pytest.fixture
def file():
    return progress.path()


def others(file):
    return sorted(p.name for p in file.parent.iterdir() if p.name not in (file.name, f"{file.name}.lock"))


def test_default_file_lies_beside_the_notebooks(monkeypatch):
    monkeypatch.delenv("DLT_PROGRESS_FILE")
    assert progress.path().parts[-2:] == ("notebooks", ".progress.json")


def test_solved_stays_solved_and_quiz_keeps_its_best_score(file):
    assert progress.record("exercise", "03/a", True)
    assert progress.record("exercise", "03/a", False)
    for score in (2, 4, 3):
        assert progress.record("quiz", "03", False, score=score)
    assert progress.read() == {
        "exercise": {"03/a": {"passed": True}},
        "quiz": {"03": {"passed": False, "best": 4}},
    }
    assert json.loads(file.read_text())["version"] == progress.VERSION
    assert others(file) == []


def test_unknown_kind_is_refused_before_anything_is_written(file):
    with pytest.raises(ValueError, match="kind must be"):
        progress.record("exam", "03", True)
    assert not file.exists()


def test_missing_file_is_empty_and_is_not_made_by_reading(file):
    assert progress.read() == {}
    assert "0 of 2" in repr(progress.summary(TOTALS))
    assert not file.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b"{}",
        b'{"version": 1}',
        b'{"version": "1", "entries": {}}',
        b'{"version": 0, "entries": {}}',
        b'{"version": 1, "entries": {"quiz": []}}',
        b'{"version": 1, "entries": {"quiz": {"03": true}}}',
        b'{"version": 1, "entries": {"quiz": {"03": {"passed": "yes"}}}}',
        b'{"version": 1, "entries": {"quiz": {"03": {"passed": true, "best": "all"}}}}',
    ],
)
def test_broken_file_is_set_aside_and_never_overwritten(file, content):
    for number in (1, 2):
        file.write_bytes(content)
        assert progress.read() == {}
        assert "cannot be read" in repr(progress.summary(TOTALS))
        assert file.read_bytes() == content
        assert progress.record("exercise", "03/a", True)
        assert progress.read() == {"exercise": {"03/a": {"passed": True}}}
        assert file.with_name(f"progress.json.broken-{number}").read_bytes() == content


def test_file_of_a_newer_version_is_left_alone(file):
    content = b'{"version": 2, "something": "else"}'
    file.write_bytes(content)
    assert progress.read() == {}
    assert progress.record("exercise", "03/a", True) is False
    assert "newer version" in repr(progress.summary(TOTALS))
    assert file.read_bytes() == content
    assert others(file) == []


def test_place_that_cannot_be_written_is_harmless(monkeypatch, tmp_path):
    blocker = tmp_path / "blocker"
    blocker.write_text("a file where a folder should be")
    monkeypatch.setenv("DLT_PROGRESS_FILE", str(blocker / "progress.json"))
    assert progress.record("exercise", "03/a", True) is False
    assert "cannot be saved here" in repr(progress.summary(TOTALS))


def test_failed_write_keeps_the_old_file_and_leaves_nothing_behind(file, monkeypatch):
    progress.record("exercise", "03/a", True)

    def no_space(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "replace", no_space)
    assert progress.record("exercise", "03/b", True) is False
    assert progress.read() == {"exercise": {"03/a": {"passed": True}}}
    assert others(file) == []


def test_two_kernels_do_not_lose_each_others_entries(file):
    root = str(Path(progress.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root}
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, name], env=environment) for name in ("03", "06")]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    expected = {f"{name}/{i}" for name in ("03", "06") for i in range(40)}
    assert set(progress.read()["exercise"]) == expected
    assert others(file) == []


def test_summary():
    progress.record("exercise", "03/a", True)
    progress.record("exercise", "06/a", True)
    progress.record("exercise", "06/no longer in the course", True)
    progress.record("quiz", "03", False, score=3)
    progress.record("quiz", "06", True, score=5)
    table = progress.summary(TOTALS)
    assert repr(table).splitlines() == [
        "notebook            exercises solved  quiz",
        "03 Perceptron       1 of 2            best 3 of 5",
        "06 Backpropagation  1 of 1 ✓          passed ✓",
    ]
    html = table._repr_html_()
    assert html.count("<tr>") == 3
    assert "best 3 of 5" in html
    assert "2 of 2" in repr(progress.summary())
    assert str(progress.path()) not in html
