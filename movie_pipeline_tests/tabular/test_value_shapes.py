"""What values look like, found by a loop for most of them: the same as where each is asked."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from movie_pipeline.arrow import pa, pc
from movie_pipeline.tabular.missing_words import NO_NUMBER, NULL_MARKER
from movie_pipeline.tabular.value_shapes import _SHAPES, ValueShapes

SPACES = [
    "",
    " ",
    "\t",
    "\x0b",
    "\x1c",
    "\x85",
    "\xa0",
    "\u1680",
    "\u2003",
    "\u202f",
    "\u3000",
    "\n",
]
VALUES = (
    *("12", "12.5", "-3", ".5", "+", "1999-01-02", "1.2.1999", "12/3/2001", "12 Angry Men", "1 2"),
    *("Åsa", "é", "Çelik", "Håkon", "naïve", "unk", "nonet", "\u0663", "\ufeff", "x" * 50),
)
WORDS = [*sorted(NO_NUMBER), NULL_MARKER, NULL_MARKER.lower(), ""]


def looks_asked_of_each(values: list[str]) -> bytes:
    """The plain rule."""
    texts = pa.array(values, pa.string())
    words = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(texts)), pa.array([*WORDS]))
    texts = texts.filter(pc.invert(words))
    fits = [pc.match_substring_regex(texts, pattern).to_pylist() for _, pattern in _SHAPES]
    return bytes(
        sum(bool(fit) << bit for bit, fit in enumerate(of_value))
        for of_value in zip(*fits, strict=True)
    )


def looks_of(values: list[str], *, behind: int = 0) -> bytes:
    shapes = ValueShapes()
    shapes.see(lambda _: pa.array(["behind"] * behind + values, pa.string()).slice(behind), 0)
    return shapes.looks


def test_words_for_nothing_are_left_out_however_they_are_written() -> None:
    for word in WORDS:
        written = {word, word.upper(), word.title(), word.replace("k", "\u212a")}
        written |= {word.replace("i", "\u0130"), word.swapcase()}
        padded = [f"{a}{each}{b * 40}" for each, a, b in product(sorted(written), SPACES, SPACES)]
        assert looks_of(padded) == looks_asked_of_each(padded)
        assert looks_of([word, f" {word.upper()}\u3000"]) == b""


def test_of_values_that_may_be_numbers_or_dates_it_is_asked_which() -> None:
    assert looks_of(
        ["12", " -3 ", "1.5", "1999-01-02", "1.2.1999", "12/3/2001", "12 Men"]
    ) == bytes((0b11, 0b11, 0b10, 0b100, 0b1000, 0b10000, 0))


@given(
    st.lists(
        st.one_of(
            st.text(max_size=12),
            st.tuples(
                st.sampled_from(SPACES), st.sampled_from([*WORDS, *VALUES]), st.sampled_from(SPACES)
            ).map("".join),
            st.text("nN/aA-.?0\u212a\u0130\xc2\xe9 ", max_size=6),
        ),
        min_size=1,
        max_size=20,
    ),
    st.integers(0, 3),
)
@settings(max_examples=300)
def test_any_values_look_as_if_each_were_asked(values: list[str], behind: int) -> None:
    assert looks_of(values, behind=behind) == looks_asked_of_each(values)
