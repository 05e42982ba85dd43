# ruff: noqa: RUF001 - letters are meant as they stand
"""What nobody can see is named, and everything else stays as it is."""

import pytest

from movie_pipeline.visible_text import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("Amélie, 映画, a b", "Amélie, 映画, a b"),
        ("7\u00a0000", "7[no-break space]000"),
        ("\u202f\u3000\u2009", "[narrow no-break space][ideographic space][thin space]"),
        ("a\tb\r\nc\nd\re", "a[tab]b[line end]c[line end]d[line end]e"),
        ("\ufeffHe\u200bat\u00ad", "[byte order mark]He[zero width space]at[soft hyphen]"),
        ("\0\x07\x1b[31m", "[NUL][U+0007][escape][31m"),
        ("\u200e8\u202e", "[left-to-right mark]8[right-to-left override]"),
        ("\ud83d\ue000", "[U+D83D][U+E000]"),
        # a joiner that a script or an emoji needs stays, any other does not
        ("می\u200cخواهم 👩\u200d👧", "می\u200cخواهم 👩\u200d👧"),
        ("8\u200d\u200cé", "8[zero width joiner][zero width non-joiner]é"),
    ],
)
def test_what_is_not_seen_is_named(text: str, shown: str) -> None:
    assert visible(text) == shown
