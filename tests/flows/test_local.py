"""The output folder of the demo and the examples: an earlier output is replaced, nothing else is."""

import pytest

from flows.local import make_anew
from ldas.errors import ConfigurationError


def test_an_earlier_output_is_replaced(tmp_path):
    folder = tmp_path / "output"
    make_anew(folder)
    (folder / "old").write_text("x")
    make_anew(folder)
    assert not (folder / "old").exists()


def test_a_folder_with_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(ConfigurationError, match="expected a new or empty folder"):
        make_anew(tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "x"
