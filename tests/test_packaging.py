"""The files that say what is installed agree with each other: nothing is typed twice."""

import re
import tomllib

import pytest
import yaml

from course_utils import __main__ as entry
from course_utils.launcher.environment import locked
from tests.paths import ROOT

PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?: *; *([^\\]+?))?(?: *\\)?$", re.MULTILINE)
NEVER = {"pandas", "scikit-learn", "scipy"}  # Keras imports them where they are: two seconds for nothing
NEEDED = {"jupyter", "numpy", "matplotlib", "ipywidgets", "nbval", "tensorflow", "uv"}


def text(name):
    """Read a file of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


def pins(content):
    """List the pins of a requirements file: {(name in the one true form, version)}."""
    return {(re.sub(r"[-_.]+", "-", name).lower(), version) for name, version, _ in PIN.findall(content)}


@pytest.fixture(scope="module")
def project():
    return tomllib.loads(text("pyproject.toml"))


def test_requirements_are_exact_and_nothing_else():
    lines = [line for line in text("requirements.txt").splitlines() if line and not line.startswith("#")]
    assert len(pins("\n".join(lines))) == len(lines), "each line is name==version"
    assert {name for name, _ in pins("\n".join(lines))} >= NEEDED


def test_the_lock_holds_every_requirement_at_its_version():
    missing = pins(text("requirements.txt")) - pins(text("requirements.lock"))
    assert missing == set(), "make the lock anew, see CONTRIBUTING.md"


def test_every_package_of_the_lock_has_hashes_and_no_place():
    lock = text("requirements.lock")
    for name, version in pins(lock):
        block = re.search(rf"^{re.escape(name)}=={re.escape(version)}.*?(?=^\S|\Z)", lock, re.M | re.S | re.I)
        assert block and "--hash=sha256:" in block.group(), name
    assert len(pins(lock)) > 100
    assert "://" not in lock and "--index" not in lock and "--find-links" not in lock
    assert "--hash=sha256:" in locked(ROOT, "uv")


def test_the_lock_is_for_every_system():
    markers = {marker for _, _, marker in PIN.findall(text("requirements.lock"))}
    assert any("win32" in marker for marker in markers) and any("darwin" in marker for marker in markers)


def test_what_slows_keras_is_not_in_the_lock():
    assert NEVER & {name for name, _ in pins(text("requirements.lock"))} == set()


def test_the_package_takes_its_dependencies_and_version_from_where_they_are(project):
    assert set(project["project"]["dynamic"]) == {"version", "dependencies"}
    dynamic = project["tool"]["setuptools"]["dynamic"]
    assert dynamic["dependencies"] == {"file": ["requirements.txt"]}
    assert dynamic["version"] == {"attr": "course_utils.__version__"}
    assert (ROOT / project["project"]["license-files"][0]).is_file()


def test_conda_takes_the_same_requirements():
    environment = yaml.safe_load(text("environment.yml"))
    *conda, pip = environment["dependencies"]
    assert pip == {"pip": ["-r requirements.txt", "-e ."]}
    assert [name.partition("=")[0] for name in conda] == ["python", "pip"]


def versions(content):
    """List the versions of Python that a text names."""
    return {tuple(map(int, found.split("."))) for found in re.findall(r"\b3\.\d+\b", content)}


def test_everything_speaks_of_the_same_pythons(project):
    assert project["project"]["requires-python"] == ">=%d.%d,<3.%d" % (*entry.OLDEST, entry.NEWEST[1] + 1)
    assert project["tool"]["ruff"]["target-version"] == "py%d%d" % entry.OLDEST
    for name in ("environment.yml", ".github/workflows/test.yml"):
        found = versions(text(name))
        assert found and all(entry.OLDEST <= version <= entry.NEWEST for version in found), name


def test_ci_and_the_workflow_call_the_command_of_the_readme():
    command = "python3 -m course_utils test"
    assert command in text(".ci/run")
    assert "python -m course_utils test" in text(".github/workflows/test.yml")
    if (ROOT / "README.md").exists():
        assert command in text("README.md")
