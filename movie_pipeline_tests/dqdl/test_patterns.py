"""Patterns: what Java makes of them, on DuckDB; and what cannot be honoured, by name."""

import json
from typing import Any

import pytest

from movie_pipeline.arrow import pa
from movie_pipeline.dqdl.engines.duckdb_words import DuckDbWords
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.python_patterns import found_in
from movie_pipeline.dqdl.rules.re2_patterns import objection
from movie_pipeline_tests.dqdl.ruleset_samples import engine, row_outcomes, texts
from movie_pipeline_tests.dqdl.test_conformance import FOLDER


def outcomes(operator: str, pattern: str, *values: str | None) -> str:
    return row_outcomes(f'ColumnValues "v" {operator} "{pattern}"', texts(*values))


@pytest.mark.parametrize(
    ("pattern", "values", "expected"),
    [
        # what an engine of another make would take differently
        ("(?i)é", ["é", "É"], "PF"),
        ("(?i)x[a-c]", ["XA", "xD", "Xb"], "PFP"),
        ("(?i)k", ["K", "\u212a"], "PF"),
        ("a$", ["a", "a\n", "a\r\n", "a\n\n", "b"], "PPPFF"),
        ("a", ["a\u2028", "a\x85", "a\r"], "PPP"),
        ("a.", ["ab", "a\n", "a\r", "a\u2028"], "PFFF"),
        ("a[^b]", ["ac", "a\r\n", "a\n"], "PFP"),
        (".*", ["", "\n", "x"], "FFP"),
        (r"\s*", ["\x0b", "\u00a0", " "], "PFP"),
        ("[[:alpha:]]+", ["alpha", ":", "xyz"], "PPF"),
        ("[a-c[x-z]]+", ["abz", "d"], "PF"),
        ("[a-z&&[^aeiou]]+", ["xyz", "abc"], "PF"),
        (r"[\v-\r]", ["\x0b", "\x0c", "\r", "\n", "-"], "PPPFF"),
        (r"[\v-]", ["\x0b", "\n", "-", "a"], "PFPF"),
        (r"\0101", ["A", "\x081"], "PF"),
        (r"\x41\x{e9}\u00e9", ["Aéé"], "P"),
        (r"\ud83c\udfac", ["🎬"], "P"),
        (r"\p{L}+", ["Ünï", "a1"], "PF"),
        (r"\p{Lu}.*", ["Éa", "éa"], "PF"),
        (r"\pL+", ["é"], "P"),
        (r"\p{IsLatin}+", ["é", "日"], "PF"),
        (r"\p{Alpha}+", ["a", "é"], "PF"),
        (r"\P{L}+", ["12", "a"], "PF"),
        (r"\Qa.b\E", ["a.b", "axb"], "PF"),
        (r"\Qa.\E+", ["a...", "a.a."], "PF"),
        (r"\Aa\z", ["a", "a\n"], "PF"),
        (r"a\Z", ["a", "a\n"], "PP"),
        ("(?<n>a)", ["a"], "P"),
        (r"\h+", ["\u00a0 \t", "\n"], "PF"),
        (r"\R", ["\r\n", "\n", "x"], "PPF"),
        (r"\cA", ["\x01"], "P"),
        ("{2}", ["", "a"], "FF"),
        ("a{2}{3}", ["aa", "aaaaaa"], "PF"),
        ("]", ["]"], "P"),
        ("[]a]", ["]", "a", "b"], "PPF"),
        ("a|b", ["ax", "xb", "xa"], "PPF"),
        ("(a|b)", ["ax", "a"], "FP"),
        ("a|b*", ["ax", "x", "xb"], "PFP"),
        (r".*\bé\b.*", ["un é la", "unéla", "é"], "PFP"),
        (r"é\b", ["é", "é\n"], "PP"),
    ],
)
def test_a_pattern_matches_what_java_matches(
    pattern: str, values: list[str], expected: str
) -> None:
    assert outcomes("matches", pattern, *values) == expected


@pytest.mark.parametrize(
    ("pattern", "values", "expected"),
    [
        ("Alph", ["Alpha", "Alph", "Alph a", ""], "PFFF"),
        ("é", ["é", "éa", "a"], "FPP"),
        ("a*", ["a", "b", "é", "-"], "FFFP"),
        ("(|)", ["é", "-"], "FP"),
        (r"\bfoo\b", ["foo", "foobar", "foo bar"], "FPF"),
        ("^foo$", ["foo", "foo\n", "foo bar"], "FFP"),
        (r"[\w.]+", ["e\u0301", "e"], "PF"),
        ("a|b", ["a", "ax", "xb", "b"], "FFPF"),
    ],
)
def test_not_matches_asks_for_no_start_with_a_whole_word(
    pattern: str, values: list[str], expected: str
) -> None:
    assert outcomes("not matches", pattern, *values) == expected


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(?!a).+", "look-ahead"),
        ("(?<=f)oo", "look-behind"),
        ("(?>a)", "an atomic group"),
        ("a++", "a possessive quantifier"),
        (r"(a)\1", "a back-reference"),
        (r"(?<n>a)\k<n>", "a back-reference by name"),
        ("(?m)^b$", "the flag m"),
        ("(?x) a", "the flag x"),
        (r"(?i)\p{Lu}", "with the flag i"),
        (r"(?i)\p{general_category=Lu}", "with the flag i"),
        (r"\p{javaLowerCase}", "the class \\p{javaLowerCase}"),
        (r"\B", "it uses \\B"),
        (r"\X", "it uses \\X"),
        (r"\Qa", "\\Q without \\E"),
        ("a{,2}", "{ begins no count"),
        ("a{1,2,3}", "a count is written"),
        ("{", "{ begins no count"),
        ("a{2", "a count is written"),
        ("a{3,2}", "a count is written"),
        ("a{1001}", "more than 1,000 times"),
        ("*a", "* with nothing before it"),
        ("a**", "* with nothing before it"),
        ("a$b", "$ before its end"),
        (r"\b*", "repeats a place"),
        ("(a", "a parenthesis is not closed"),
        ("a)", "a parenthesis closes none"),
        ("[a", "a class is not closed"),
        ("[z-a]", "goes backwards"),
        ("a\\\\\\", "ends in a backslash"),
        (r"\q", "it uses \\q"),
        (r"[\b]", "it uses \\b in a class"),
        (r"\x{110000}", "is no character"),
        (r"\ud800", "half of a character"),
        (r"\08", "\\0 without an octal number"),
    ],
)
def test_what_cannot_be_honoured_is_named(pattern: str, why: str) -> None:
    assert why in (objection(pattern, "matches") or "")


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the answers of Java are not beside the checkout")
def test_every_answer_is_javas() -> None:
    known: dict[str, Any] = json.loads((FOLDER / "java_regex.json").read_text(encoding="utf-8"))
    words, connection = DuckDbWords(), engine()
    connection.register("texts_of_java", pa.table({"v": known["texts"]}))
    wrong: list[str] = []
    answered = 0
    for case in known["cases"]:
        for operator, key in (("matches", "matches"), ("not matches", "not_matches")):
            pattern, expected = case["pattern"], case[key]
            refused = objection(pattern, operator)
            if expected is None:
                wrong += [] if refused else [f"{operator} {pattern} is none to Java"]
            elif refused is None:
                answered += 1
                word = words.matches if operator == "matches" else words.not_matches
                asked = word(sql.name("v"), pattern).sql(dialect="duckdb")
                rows = connection.execute(f"SELECT {asked} FROM texts_of_java").fetchall()
                if [row[0] for row in rows] != expected:
                    wrong.append(f"{operator} {pattern}")
    assert wrong == []
    assert answered >= 161


@pytest.mark.parametrize(
    ("pattern", "names", "expected"),
    [
        ("[a-z]", ["a", "A1"], [True, False]),
        ("^aws.*_[a-zA-Z]+", ["aws_A", "xaws_A"], [True, False]),
        (r"\p{Lu}", ["É", "é"], [True, False]),
        (r"\bid$", ["the id", "theid"], [True, False]),
        ("(?i)É", ["é", "É"], [False, True]),
        ("a{2}", ["xaab"], [True]),
    ],
)
def test_names_of_columns_are_searched_as_java_searches(
    pattern: str, names: list[str], expected: list[bool]
) -> None:
    assert found_in(pattern, names) == expected
    assert found_in(pattern, []) == []
