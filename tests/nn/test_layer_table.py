"""The README of `nn` names every layer, and each line of it is true."""

import pytest

from course_utils import nn
from tests.nn import layer_table

NOT_STEPS = {"Layer", "Input"}


def test_every_layer_has_a_line():
    assert set(layer_table.CASES) == set(nn.layers.__all__) - NOT_STEPS


LINES = [(name, dtype) for dtype in ("float32", "float64") for name in layer_table.CASES]


@pytest.mark.parametrize("name, dtype", LINES)
def test_a_line_of_the_readme_is_true(name, dtype):
    comparison = layer_table.compare(name, dtype)
    assert comparison.agrees, f"\n{comparison!r}"
    line = next(line for line in layer_table.README.read_text("utf-8").splitlines() if line.startswith(f"| `{name}` "))
    assert layer_table.cell(comparison) in line
