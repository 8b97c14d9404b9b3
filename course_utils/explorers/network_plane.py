"""What stands beside the network while it trains: the curve of the cost, and what it says of every place of a plane."""

from functools import cache

import numpy as np

from course_utils import nn

from .dense_networks import records
from .network_model import cost, forward, one_record, record_of

CELLS = 36  # of the surface, along one side


@cache
def _grid(name):
    """Limits of the first two inputs, and the centers of the cells `(CELLS², 2)`, row by row from below."""
    x = records(name).x[:, :2]
    margin = 0.15 * np.ptp(x, axis=0)
    low, high = x.min(axis=0) - margin, x.max(axis=0) + margin
    shares = (np.arange(CELLS) + 0.5) / CELLS
    ticks = low + shares[:, np.newaxis] * (high - low)  # (CELLS, 2)
    centers = np.stack(np.meshgrid(ticks[:, 0], ticks[:, 1]), axis=-1).reshape(-1, 2)
    return [float(v) for v in (low[0], high[0], low[1], high[1])], centers


def plane(state):
    """Compute the curve and the surface; further inputs keep the value that they have in the record shown.

    Args:
        state: dict of the view's state.

    Returns:
        Dict: `curve` (list of [updates, cost]), `cost` ("J" or "L") and its value `now`, `limits` (lowest and highest
        x₁, x₂), `cells`, `surface` (bytes, ŷ from 0 to 255 in each cell, row by row from below), `points` (bytes of
        float32, x₁ and x₂ of each record) and `labels` (bytes, 0 or 1 for each).
    """
    chosen = records(state["data"])
    limits, centers = _grid(state["data"])
    x = np.repeat(record_of(state)[0], len(centers), axis=0)
    x[:, :2] = centers
    y_hat = np.nan_to_num(forward(nn, state, x)[-1][1])
    return {
        "curve": state["curve"],
        "cost": "L" if one_record(state) else "J",
        "now": cost(state),
        "limits": limits,
        "cells": CELLS,
        "surface": (255 * y_hat).round().astype(np.uint8).tobytes(),
        "points": chosen.x[:, :2].astype(np.float32).tobytes(),
        "labels": chosen.y.astype(np.uint8).tobytes(),
    }
