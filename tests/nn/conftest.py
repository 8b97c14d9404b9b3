"""Hypothesis for tests that run TensorFlow: the same examples every time, and no limit on their duration."""

from hypothesis import settings

settings.register_profile("engines", deadline=None, derandomize=True, print_blob=False)
settings.load_profile("engines")
