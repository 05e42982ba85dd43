"""One value is one line of JSON, whatever a program takes for a line's end."""

import json

import pytest

from movie_pipeline.cli.printing import print_json


def test_no_character_of_a_value_ends_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"raw": "a\u2028b\u2029c\u0085d\ne é"}
    print_json(value)
    printed = capsys.readouterr().out
    assert printed.splitlines() == [printed.rstrip("\n")]
    assert json.loads(printed) == value
    assert "é" in printed
