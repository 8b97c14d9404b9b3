"""The shape of the code: who imports whom, how long things are, what docstrings say."""

import ast
import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT

PACKAGE = ROOT / "course_utils"
MODULES = sorted(PACKAGE.rglob("*.py"))
MODULE_LINES = 400
# Lines of a function without its docstring, comments and blank lines.
FUNCTION_LINES = 30
STANDARD = sys.stdlib_module_names

# part of the package: (parts it may import, other packages it may import). A `~` allows the import only
# inside a function: it takes seconds, or is not always there.
ARROWS = {
    "__init__": ({"~startup"}, set()),
    "__main__": ({"~launcher"}, set()),
    "launcher": (set(), set()),
    "builder": ({"launcher"}, {"jupytext", "nbformat", "nbclient", "traitlets"}),
    "progress": (set(), set()),
    "status": (set(), {"IPython"}),
    "startup": (
        {"~nn", "~plotting", "~status"},
        {"numpy", "IPython", "~matplotlib", "~tensorflow", "~keras", "tornado"},
    ),
    "nn": (set(), {"numpy"}),
    "data": (set(), {"numpy"}),
    "scenes": ({"data"}, {"numpy"}),
    "texts": (set(), {"numpy"}),
    "blocks": ({"nn", "keras_layers"}, set()),
    "plotting": ({"nn"}, {"numpy", "matplotlib", "PIL"}),
    "bridge": ({"nn", "startup"}, {"numpy", "~keras", "~tensorflow"}),
    "keras_layers": ({"startup"}, {"~keras", "~tensorflow"}),
    "live": ({"nn", "startup", "status"}, set()),
    "show": ({"startup"}, {"IPython", "pygments", "numpy"}),
    "explorers": (
        {"nn", "bridge", "startup", "plotting", "data", "scenes"},
        {"numpy", "matplotlib", "ipywidgets", "anywidget", "traitlets", "IPython", "PIL", "~keras", "~tensorflow"},
    ),
    "checks": ({"nn", "progress"}, {"numpy", "IPython", "ipywidgets", "pygments"}),
}


def name(path):
    """Give the path of a file as tests show it."""
    return path.relative_to(ROOT).as_posix()


def part(path):
    """Tell to which part of the package a module belongs."""
    first = path.relative_to(PACKAGE).parts[0]
    return Path(first).stem


def imports(path):
    """List what a module imports, a `~` before what it imports inside a function only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lazy = {
        id(inner)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(outer)
    }
    for node in ast.walk(tree):
        mark = "~" if id(node) in lazy else ""
        if isinstance(node, ast.Import):
            yield from ((mark, alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                base = path.relative_to(ROOT).with_suffix("").parts[: -node.level]
                module = ".".join([*base, *filter(None, [module])])
            yield from ((mark, f"{module}.{alias.name}", node.lineno) for alias in node.names)


def forbidden(path):
    """List the imports of a module that its part may not have."""
    parts, packages = ARROWS[part(path)]
    for mark, full_name, line in imports(path):
        top, _, rest = full_name.partition(".")
        if top == "course_utils":
            target, allowed = rest.partition(".")[0], parts | {part(path), "__version__"}
        else:
            target, allowed = top, packages | STANDARD
        if target not in allowed and f"~{target}" not in (allowed if mark else ()):
            yield f"{name(path)}:{line} imports {full_name}"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_nobody_imports_against_the_arrows(path):
    assert part(path) in ARROWS, f"say in ARROWS what {part(path)} may import"
    assert list(forbidden(path)) == []


def test_a_wrong_arrow_is_seen(monkeypatch, tmp_path):
    """The guard itself: each line of this module is against the arrows of `nn`."""
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path / "course_utils")
    bad = tmp_path / "course_utils" / "nn" / "layers" / "bad.py"
    bad.parent.mkdir(parents=True)
    lines = [
        "import keras",
        "import matplotlib.pyplot as plt",
        "from course_utils import checks",
        "from course_utils.explorers import perceptron",
        "from ... import bridge",
        "def f(): import tensorflow",
    ]
    fine = ["import os.path", "import numpy as np", "from ..losses import x", "from course_utils.nn import y"]
    bad.write_text("\n".join([*lines, *fine]), encoding="utf-8")
    assert len(list(forbidden(bad))) == len(lines)


def test_the_package_and_nn_load_nothing_heavy():
    heavy = "{'tensorflow', 'keras', 'matplotlib', 'IPython', 'ipywidgets', 'jupyter_client'}"
    for module, more in (("course_utils", " | {'numpy'}"), ("course_utils.nn", "")):
        code = f"import sys, {module}; print(sorted(({heavy}{more}) & set(sys.modules)))"
        answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
        assert answer.stdout.strip() == "[]", answer.stdout + answer.stderr


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_not_too_long(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MODULE_LINES


def functions(path):
    """List the functions and methods of a module, with the class of each method."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield child, node


def code_lines(function, text):
    """Count the lines of a function without its docstring, comments and blank lines."""
    first = function.body[0]
    has_docstring = ast.get_docstring(function) is not None
    skipped = range(first.lineno, first.end_lineno + 1) if has_docstring else ()
    lines = text.splitlines()
    return sum(
        number not in skipped and bool(lines[number - 1].strip()) and not lines[number - 1].lstrip().startswith("#")
        for number in range(function.lineno, function.end_lineno + 1)
    )


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_function_is_too_long(path):
    text = path.read_text(encoding="utf-8")
    lengths = {f"{function.name}:{function.lineno}": code_lines(function, text) for function, _ in functions(path)}
    assert {where: lines for where, lines in lengths.items() if lines > FUNCTION_LINES} == {}


def public(path):
    """List the public functions and methods of a module, those inherited with their docstring left out."""
    # A solution of an exercise is a function first and then, under the same name, the exercise around it.
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bound_again = {target.id for node in tree.body for target in getattr(node, "targets", ()) if hasattr(target, "id")}
    documented = protocol(part(path))
    for function, owner in functions(path):
        owner_name = getattr(owner, "name", "")
        inside_function = isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef)
        is_setter = any(getattr(decorator, "attr", "") == "setter" for decorator in function.decorator_list)
        is_method = isinstance(owner, ast.ClassDef)
        inherited = owner.bases and function.name in documented if is_method else function.name in bound_again
        if not (
            function.name.startswith("_") or owner_name.startswith("_") or inside_function or inherited or is_setter
        ):
            yield function


@functools.cache
def protocol(part_name):
    """List the methods that a part of the package explains once, on a base class: name, text and Args."""
    documented = set()
    for path in MODULES:
        for function, owner in functions(path) if part(path) == part_name else ():
            text = ast.get_docstring(function) or ""
            if isinstance(owner, ast.ClassDef) and text and ("Args:" in text or not arguments(function)):
                documented.add(function.name)
    return documented


def arguments(function):
    """List the names of the arguments of a function, `self` left out."""
    given = function.args
    names = [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    names += [extra.arg for extra in (given.vararg, given.kwarg) if extra]
    return [one for one in names if one not in ("self", "cls")]


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_every_public_name_has_a_docstring_and_its_arguments(path):
    missing = []
    if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))):
        missing.append("the module has no docstring")
    for function in public(path):
        text = ast.get_docstring(function) or ""
        if not text:
            missing.append(f"{function.name} (line {function.lineno}) has no docstring")
        elif arguments(function) and "Args:" not in text:
            missing.append(f"{function.name} (line {function.lineno}) has no section Args")
        elif "Args:" in text:
            unnamed = [one for one in arguments(function) if not re.search(rf"\b{one}\b", text)]
            missing += [f"{function.name} (line {function.lineno}) does not explain {one}" for one in unnamed]
    assert missing == []


SHAPE = re.compile(r"\([\w … ·*+/-]+(, ?[\w … ·*+/-]*)+\)|\bshape\b|\barray-like of any\b", re.IGNORECASE)
# Names that stand for arrays wherever they occur in the arithmetic.
ARRAYS = {"x", "y", "y_true", "y_pred", "grad", "inputs", "logits"}


@pytest.mark.parametrize("path", [path for path in MODULES if part(path) in ("nn", "bridge", "plotting")], ids=name)
def test_where_arrays_go_in_their_shapes_are_told(path):
    silent = [
        f"{function.name} (line {function.lineno})"
        for function in public(path)
        if ARRAYS & set(arguments(function)) and not SHAPE.search(ast.get_docstring(function) or "")
    ]
    assert silent == []


TEXT = {".py", ".md", ".toml", ".yml", ".yaml", ".json", ".txt", ".ipynb", ".js", ".css", ".lock", ""}
# A folder of one machine; or a host of a package index, of which another place may have another.
NOT_HERE = re.compile(
    r"(?<![\w.])/(?:home|root|Users|work)/\w|[A-Z]:\\\\?Users"
    r"|\b(?:pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org|deb\.debian\.org)\b"
)


def committed():
    """List the text files that belong to the project."""
    answer = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True
    )
    if answer.returncode:
        pytest.skip("this is not a git clone")
    files = [ROOT / line for line in answer.stdout.decode().split("\0") if line]
    return [path for path in files if path.suffix in TEXT and path.is_file()]


def test_no_file_names_a_machine_or_a_package_host():
    found = []
    for path in committed():
        lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        found += [
            f"{name(path)}:{number}" for number, line in lines if NOT_HERE.search(line) and path != Path(__file__)
        ]
    assert found == []


@pytest.mark.parametrize("words", [("check",), ("format", "--check")], ids="-".join)
def test_ruff_finds_nothing(words):
    found = subprocess.run([sys.executable, "-m", "ruff", *words, "."], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
