"""The reading library takes a contract that has nothing in common with the movies'."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline.datasets.ruleset_files import read_ruleset
from movie_pipeline.datasets.sources import read_sources
from movie_pipeline.errors import SettingsError
from movie_pipeline.tabular import DerivedKey, KeyPart, TableContract, inspect_file, problems
from movie_pipeline_tests.books import BOOKS
from movie_pipeline_tests.tabular.staging import Staged, refusal, stage

HEADER = "ISBN-13;Book Title;Author;List Price;Page Count;Year;Sold;Shelf\n"
WAR = "978-0140447934;War and Peace;Leo Tolstoy;14,90;1.440;(1869);36.000.000;A 3\n"
EMMA = "978-0141439587;Emma;Jane Austen;9,5;474;2003;;B 1\n"


def staged_books(folder: Path, *rows: str, contract: TableContract = BOOKS.contract) -> Staged:
    return stage(folder, HEADER + "".join(rows), contract=contract)


def messages(staged: Staged, contract: TableContract = BOOKS.contract) -> list[list[str]]:
    """What is wrong with each row."""
    masks = zip(staged.column("_unreadable"), staged.column("_breached"), strict=True)
    records = staged.raw(*staged.column("_record_number"))
    return [
        [
            problem.message
            for problem in problems(
                staged.summary,
                contract,
                unreadable=unreadable,
                breached=breached,
                columns=record.columns,
            )
        ]
        for (unreadable, breached), record in zip(masks, records, strict=True)
    ]


def test_every_column_comes_with_its_type_whatever_the_file_calls_it(tmp_path: Path) -> None:
    staged = staged_books(tmp_path, WAR, EMMA)
    first: dict[str, Any] = staged.rows[0]
    assert {name: first[name] for name in BOOKS.contract.names} == {
        "isbn": "978-0140447934",
        "title": "War and Peace",
        "authors": "Leo Tolstoy",
        "price": 14.9,
        "pages": 1440,
        "published_year": 1869,
        "copies_sold": 36_000_000,
    }
    assert staged.column("copies_sold") == [36_000_000, None]
    assert messages(staged) == [[], []]


def test_repairs_are_counted_under_the_columns_of_the_books(tmp_path: Path) -> None:
    assert staged_books(tmp_path, WAR, EMMA).summary.repair_kinds == {
        "price": {"decimal comma": 2},
        "pages": {"thousands separators": 1},
        "published_year": {"parentheses": 1},
        "copies_sold": {"thousands separators": 1},
    }


@pytest.mark.parametrize(
    ("column", "text"), [("price", "142 min"), ("price", "$ 12"), ("pages", "(1869)")]
)
def test_a_form_is_read_only_where_a_column_is_declared_to_take_it(
    tmp_path: Path, column: str, text: str
) -> None:
    row = {"price": "1", "pages": "2"} | {column: text}
    staged = staged_books(tmp_path, f"1;T;A;{row['price']};{row['pages']};2000;3;\n")
    kind = "a number" if column == "price" else "a whole number"
    assert messages(staged) == [[f'{column}: "{text}" is not {kind}']]


def test_a_row_without_the_key_that_files_must_bring_is_set_apart(tmp_path: Path) -> None:
    staged = staged_books(tmp_path, WAR, ";Emma;Jane Austen;9,5;474;2003;;\n")
    assert staged.column("isbn") == ["978-0140447934", None]
    assert messages(staged) == [[], ["isbn: missing"]]
    assert staged.summary.derived == ()
    assert staged.summary.breached == {"isbn": 1}


def test_a_file_without_the_key_is_refused_by_the_names_of_the_books(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, "title,price,year\nEmma,9.5,2003\n", contract=BOOKS.contract)
    assert sentence == (
        "The file has no column isbn (also known as isbn13, isbn_13, ean). Its header names "
        '3 columns: title, price, year. Rename it. Or declare columns = { isbn = "..." } for this '
        "source in the sources file (MOVIE_PIPELINE_SOURCES)."
    )


def test_prose_is_refused_with_examples_of_books(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, "Dear all\nhere they are\n", contract=BOOKS.contract)
    assert "names columns of the book contract, such as title and price" in sentence


def test_where_a_file_need_not_bring_the_key_every_row_without_it_is_set_apart(
    tmp_path: Path,
) -> None:
    contract = _with_optional_key()
    staged = stage(tmp_path, "title,price\nEmma,9.5\nPersuasion,8\n", contract=contract)
    assert messages(staged, contract) == [["isbn: missing"], ["isbn: missing"]]
    assert staged.summary.notes == ()


def test_a_key_may_be_derived_of_any_columns(tmp_path: Path) -> None:
    parts = (
        KeyPart("title", folded=True),
        KeyPart("authors", folded=True),
        KeyPart("published_year"),
    )
    contract = replace(
        _with_optional_key(),
        derived_key=DerivedKey("b", parts, "title, authors and year", "a title"),
    )
    rows = [
        "War  and Peace,Leo Tolstoy,14.9,(1869)",
        "ÉMILE,Rousseau,5,1762",
        " Emma ,,9.5,",
        ",Nobody,1,2000",
    ]
    content = "title,author,price,year\n" + "".join(f"{row}\n" for row in rows)
    staged = stage(tmp_path, content, contract=contract)
    texts = ["war and peace\nleo tolstoy\n1869", "émile\nrousseau\n1762", "emma\n\n"]
    expected = [f"b{hashlib.md5(text.encode()).hexdigest()[:16]}" for text in texts]  # noqa: S324 - no secret
    assert staged.column("isbn") == [*expected, None]
    assert staged.summary.derived == ("isbn",)
    assert staged.summary.notes == (
        "columns under another name are taken: author as authors, year as published_year",
        "isbn is derived from title, authors and year: the file brings none",
    )
    assert messages(staged, contract)[3] == [
        "isbn: missing, and not to be derived without a title",
        "title: missing",
    ]


def test_columns_that_no_book_has_are_kept_as_the_files_own(tmp_path: Path) -> None:
    staged = staged_books(tmp_path, WAR, EMMA)
    assert staged.summary.own_columns == ("shelf",)
    assert staged.column("shelf") == ["A 3", "B 1"]


def test_bounds_and_lengths_are_those_of_the_books(tmp_path: Path) -> None:
    staged = staged_books(tmp_path, f"{'9' * 18};T;A;-1;0;1200;5;\n")
    assert messages(staged) == [
        [
            "isbn: 18 bytes are more than the 17 that fit",
            "price: -1 is less than 0",
            "pages: 0 is less than 1",
            "published_year: 1200 is less than 1450",
        ]
    ]


def test_an_inspection_tells_the_types_of_the_books(tmp_path: Path) -> None:
    path = tmp_path / "books.csv"
    path.write_text(HEADER + WAR + EMMA, encoding="utf-8")
    lines = list(inspect_file(path, BOOKS.contract).lines())
    assert "    Page Count -> pages (integer), 1 repaired: thousands separators" in lines
    assert "    Shelf -> shelf (text, kept as the file's own)" in lines


def test_the_files_of_the_dataset_fit_its_contract() -> None:
    assert set(BOOKS.contract.aliases) == set(BOOKS.contract.names)
    leaves = [leaf for rule in read_ruleset(BOOKS.ruleset) for leaf in rule.leaves()]
    named = {name for leaf in leaves for name in leaf.columns}
    assert named <= set(BOOKS.contract.names)


def test_a_column_of_the_contract_cannot_be_declared_to_hold_dates(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_text('[shop]\nfiles = "*.csv"\ndates = { Author = "%d.%m.%Y" }\n')
    with pytest.raises(SettingsError, match="'Author' is a column of the book contract, which has"):
        read_sources(path, BOOKS)


def _with_optional_key() -> TableContract:
    columns = tuple(
        replace(column, required=False) if column.name == "isbn" else column
        for column in BOOKS.contract.columns
    )
    return replace(BOOKS.contract, columns=columns)
