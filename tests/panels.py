"""What a figure with three panels beside each other must keep: no panel covers another, no name another name."""

from matplotlib.transforms import Bbox


def assert_panels_apart(explorer, parts=lambda axes: axes.texts):
    """Check that no panel of an explorer reaches into another or out of the figure.

    Args:
        explorer: an Explorer whose figure has three Axes, from left to right.
        parts: function of Axes → the artists that count to them, beside the axes and what is not animated.

    Returns:
        `(figure, renderer)`.
    """
    explorer.png()
    figure = explorer._canvas.figure
    renderer, edge, panels = figure.canvas.get_renderer(), figure.bbox, []
    for axes in figure.axes:
        boxes = [part.get_window_extent(renderer) for part in parts(axes)]
        panels.append(Bbox.union([*boxes, axes.get_tightbbox(renderer, for_layout_only=True)]))
    assert panels[0].x1 < panels[1].x0 and panels[1].x1 < panels[2].x0 and panels[0].x0 >= 0
    assert panels[2].x1 <= edge.x1 + 0.5 and all(box.y0 >= 0 and box.y1 <= edge.y1 for box in panels)
    return figure, renderer


def assert_names_apart(axes, names, renderer, touch=0):
    """Check that texts stand inside their Axes and do not cover each other.

    Args:
        axes: Matplotlib Axes.
        names: texts in it.
        renderer: of the figure.
        touch: by how many pixels each may reach out, or into another one.
    """
    boxes = [name.get_window_extent(renderer).padded(-touch) for name in names]
    assert all(axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1 for box in boxes)
    assert all(axes.bbox.y0 <= box.y0 and box.y1 <= axes.bbox.y1 for box in boxes)
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
