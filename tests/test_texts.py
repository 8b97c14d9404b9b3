"""Texts as letters: `course_utils.texts`."""

import numpy as np
import pytest

from course_utils import data, texts


def test_plain_keeps_letters_marks_and_one_space():
    assert texts.plain("He said:\n\n\"No -- it's Émile's, 2 of 3!\"") == "He said No -- it's mile's, of ! "


def test_encode_numbers_the_signs_in_order():
    signs, codes = texts.encode("a cab")
    assert signs == " abc"
    assert codes.tolist() == [1, 0, 3, 1, 2]
    assert "".join(signs[code] for code in codes) == "a cab"


def test_the_novel_has_34_signs():
    signs, codes = texts.encode(texts.plain(data.load_novel()).lower())
    assert signs == "".join(sorted(texts.SIGNS)) + "abcdefghijklmnopqrstuvwxyz"
    assert codes.max() == 33


def test_windows_are_runs_of_places_up_to_the_end():
    places = texts.windows(7, 500, 5, seed=0)
    assert (np.diff(places, axis=1) == 1).all()
    assert set(places[:, 0].tolist()) == {0, 1, 2}  # the last one ends at the last place
    assert (places == texts.windows(7, 500, 5, seed=0)).all()
    assert (places != texts.windows(7, 500, 5, seed=1)).any()


@pytest.mark.parametrize("steps", [0, 8, -1])
def test_windows_that_do_not_fit_are_refused(steps):
    with pytest.raises(ValueError, match=f"steps must be from 1 to the 7 of the sequence, got {steps}"):
        texts.windows(7, 3, steps, seed=0)


def test_an_empty_text_is_refused():
    with pytest.raises(ValueError, match="text must not be empty"):
        texts.encode("")
