"""In which line a byte stands is what an editor says, wherever the pieces end that are read."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_pipeline.tabular import counted_lines
from movie_pipeline.tabular.counted_lines import LineNumbers

TEXTS = st.text(alphabet="ab\u00e9\n\r", max_size=60)
CODECS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le")


@pytest.mark.parametrize("codec", CODECS)
@given(text=TEXTS, piece=st.sampled_from([4, 8, 24]), data=st.data())
def test_a_byte_stands_in_the_line_that_an_editor_shows(
    codec: str, text: str, piece: int, data: st.DataObject
) -> None:
    places = sorted(data.draw(st.lists(st.integers(0, len(text)))))
    ends = [found.start() for found in re.finditer(r"\r\n?|\n", text)]
    offsets = [len(text[:place].encode(codec)) for place in places]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counted_lines, "_PIECE", piece)
        lines = LineNumbers(io.BytesIO(text.encode(codec)), codec)
        found = [lines.at(offset) for offset in offsets]
    assert found == [1 + sum(end < place for end in ends) for place in places]
