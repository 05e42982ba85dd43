"""What people and programs write where there is nothing: words, signs, errors of a spreadsheet.

In titles they are titles. How a cell is read stands in number_casts.py and text_cells.py.
"""

import re
from typing import Final

NULL_MARKER = "\\N"
"""A database's way to write a missing value; it means missing in every column."""

NO_KEY: Final = frozenset(
    {
        "#n/a",
        "#na",
        "n/a",
        "na",
        "n.a.",
        "n a",
        "n\\a",
        "null",
        "(null)",
        "[null]",
        "none",
        "(none)",
    }
    | {"nil", "nan", "<na>", "-", "--", "\u2014", ".", "?", "??", "undefined", "unknown", "missing"}
    | {"tbd", "tba", "not available", "not applicable", "no data", "empty", "(empty)", "blank"}
    | {
        "(blank)",
        "loading...",
        "k.a.",
        "k. a.",
        "keine angabe",
        "keine angaben",
        "unbekannt",
        "n.v.",
    }
    | {"n.d.", "n/d", "n.c.", "n/c", "inconnu", "inconnue", "non disponible", "non renseigné"}
    | {"s/d", "s.d.", "sin datos", "no disponible", "desconocido", "sem dados", "desconhecido"}
    | {"não disponível", "non disponibile", "sconosciuto", "b.d.", "b/d", "brak", "brak danych"}
    | {"nieznany", "nieznana", "yok", "bilinmiyor", "neznámý", "neuvedeno", "н/д", "н.д.", "нет"}
    | {"нет данных", "неизвестно", "немає", "немає даних", "невідомо", "onbekend", "n.b.", "okänd"}
    | {"saknas", "ukendt", "ukjent", "i.a.", "なし", "無し", "不明", "未定", "該当なし", "无", "無"}
    | {
        "未知",
        "不详",
        "不詳",
        "暂无",
        "暫無",
        "없음",
        "정보 없음",
        "미정",
        "לא ידוע",
        "אין",
        "غير معروف",
    }
)
"""What is written into the column of keys where there is no key, in lower case."""

NO_NUMBER: Final = NO_KEY - {"."} | {"\u2013", "tbc", "---", "...", "\u2026"}
"""What is written into a number column where there is no number, in lower case."""

LONGEST_WORD: Final = 24
"""Characters of the longest of all these, errors too."""

_ERROR = re.compile(r"#[^\w\s]?[^\W\d_][^\s\d]*(?:/0)?[!?]?|Err:[0-9]{3}")
_ERRORS = frozenset({"#NV", "#NA", "#YOK", "#HIÁNYZIK", "#PUUTTUU", "#NENÍ_K_DISPOZICI"})
"""Those that look like a tag."""


def is_error(text: str) -> bool:
    """Whether a spreadsheet shows this where a formula came to nothing, in whatever language.

    >>> [is_error(text) for text in ("#NV", "#¡VALOR!", "#DIV/0!", "Err:502", "#Alive", "#DRAMA")]
    [True, True, True, True, False, False]
    """
    if len(text) > LONGEST_WORD or not text.startswith(("#", "Err:")):
        return False
    if text[0] == "#" and not (text in _ERRORS or text[-1] in "!?" or "/" in text):
        return False
    return _ERROR.fullmatch(text) is not None and (text[0] != "#" or text.upper() == text)
