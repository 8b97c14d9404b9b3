"""What all tests share: the environment of notebooks, the order, and numbers compared as numbers.

It stands here, since pytest asks a conftest.py only about what lies below it, and the notebooks are tests, too.
"""

import os
import tempfile

import pytest
from ipywidgets import Widget
from nbval.plugin import IPyNbCell

from course_utils.startup import keras_if_loaded
from tests.notebooks import comparison
from tests.paths import ROOT

ORDER = ("tests/notebooks", "notebooks", "tests/browser")  # after everything else, in this order


def pytest_configure(config):
    """Give kernels the environment in which the notebooks were built, and keep a learner's progress out."""
    from course_utils.builder import execution_environment

    scratch = tempfile.TemporaryDirectory(prefix="dlt-test-")
    config.add_cleanup(scratch.cleanup)
    os.environ.update(execution_environment(scratch.name))


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    """Let no test see what another one has solved, nor the notebooks what a test has."""
    monkeypatch.setenv("DLT_PROGRESS_FILE", str(tmp_path / "progress.json"))


@pytest.fixture(autouse=True, scope="module")
def own_memory():
    """Let go of the widgets and models that the tests of a file have made: else gigabytes would stay to the end."""
    yield
    Widget.close_all()
    if keras := keras_if_loaded():
        keras.utils.clear_session()
        keras.utils.set_random_seed(0)  # clearing has forgotten the seed of `start()`


def pytest_itemcollected(item):
    """Compare the outputs of notebooks with a tolerance for numbers."""
    if isinstance(item, IPyNbCell):
        comparison.use_for(item)


def pytest_collection_modifyitems(items):
    """Run the quick tests first."""
    items.sort(key=_place)


def _place(item):
    """Give the place in the order; sorting keeps the order of files and tests within it."""
    path = item.path.relative_to(ROOT).as_posix() if item.path.is_relative_to(ROOT) else ""
    return next((place for place, folder in enumerate(ORDER, 1) if path.startswith(folder + "/")), 0)
