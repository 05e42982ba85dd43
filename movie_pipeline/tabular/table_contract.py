"""What the rows of a table must be, as a value: all that reading needs to know of a dataset.

Which columns there are is told by a dataset; nothing here reads a cell.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from movie_pipeline.errors import SettingsError

MOST_COLUMNS = 60
"""Columns of a contract: each has a bit in a row's flags, and dates that are declared need some."""

OTHER_COLUMNS = "other_columns"
"""The column that keeps what a file brings beside the contract, as JSON text."""

OTHER_COLUMNS_BYTES = 65_535
"""The most UTF-8 bytes it holds: Redshift has no wider VARCHAR, and COPY cuts no Parquet."""


class ColumnType(StrEnum):
    """The types that a column may have, each with one meaning in every engine."""

    TEXT = "text"
    """Unicode text, limited by its UTF-8 bytes, as Redshift's VARCHAR is."""
    INTEGER = "integer"
    """A whole number of 32 bits."""
    BIGINT = "bigint"
    """A whole number of 64 bits."""
    DECIMAL = "decimal"
    """A finite double."""


class NumberForm(StrEnum):
    """What may stand around the number of a column that is declared to take it."""

    YEAR_IN_PARENTHESES = "year in parentheses"
    """`(2010)` is 2010."""
    YEAR_OF_SPAN = "first year of a span"
    """`2010-2022` and `(2010- )` are 2010; so is `(I) (2010)`."""
    YEAR_OF_DATE = "year of a date"
    """`2014-05-01` is 2014."""
    DURATION = "duration"
    """`142 min`, `2h 22m`, `PT142M` and `02:22:00` are 142 minutes."""
    US_DOLLARS = "US dollars"
    """`$5`, `US$ 5` and `5 USD` are 5, `$28.34M` is 28,340,000; cents are rounded."""
    EXPONENT = "exponent"
    """`1e+06` is 1,000,000."""
    OUT_OF = "points out of a most"
    """`8.1/10` and `81%` are 8.1 where 10 is the most; what stands behind it in parentheses is not
    part of it."""
    COUNTED = "count of something"
    """`1,234 people` and `(1,234)` are 1,234, `1.2k` is 1,200."""


@dataclass(frozen=True)
class Column:
    """One column of a contract.

    Attributes:
        name: its name in files, tables and rules.
        type: how its cells are read.
        nullable: whether a row may go without a value.
        required: whether a file must bring the column (as itself or under an alias).
        minimum, maximum: inclusive bounds of a number, None where open.
        max_bytes: the most UTF-8 bytes a text may have, None for numbers.
        unit: what the number counts, None for text.
        description: what it means, in a phrase.
        forms: how its number may be written beside the plain way.
        is_list: whether a text is a list, which files write in many forms.
        mostly_distinct: whether nearly every row has a text of its own, which no dictionary
            shortens.
        usual: between which two numbers nearly all values of any real file lie; where most of a
            file's lie elsewhere, it counts something else. None where nothing is known.
    """

    name: str
    type: ColumnType
    nullable: bool = True
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    max_bytes: int | None = None
    unit: str | None = None
    description: str = ""
    forms: tuple[NumberForm, ...] = ()
    usual: tuple[float, float] | None = None
    is_list: bool = False
    mostly_distinct: bool = False

    def holds(self, value: float | None) -> bool:
        """Whether a number is there and within the bounds."""
        if value is None:
            return False
        return (self.minimum is None or value >= self.minimum) and (
            self.maximum is None or value <= self.maximum
        )

    @property
    def sql_type(self) -> str:
        """The column's type in Redshift's dialect."""
        match self.type:
            case ColumnType.TEXT:
                return f"varchar({self.max_bytes})"
            case ColumnType.INTEGER:
                return "integer"
            case ColumnType.BIGINT:
                return "bigint"
            case ColumnType.DECIMAL:
                return "double precision"


@dataclass(frozen=True)
class KeyPart:
    """A column that a key is derived from.

    Attributes:
        column: its name in the contract.
        folded: whether its text counts in lower case, composed Unicode and with single spaces.
    """

    column: str
    folded: bool = False


@dataclass(frozen=True)
class DerivedKey:
    """How the key of a row is made where the file brings none.

    It is the prefix and the first 16 hex digits of the MD5 of the parts, with a line feed between
    them. Without the first part there is no key; another part that is missing counts as nothing.

    Attributes:
        prefix: what every derived key begins with.
        parts: what it is made of: texts and whole numbers.
        described: the parts in people's words, such as "title and year".
        needs: the first part in people's words, such as "a title".
    """

    prefix: str
    parts: tuple[KeyPart, ...]
    described: str
    needs: str


@dataclass(frozen=True, eq=False)
class TableContract:
    """What the rows of a table must be, and how files may call their columns.

    Attributes:
        row: what a row is, in a word, such as "movie".
        rows: the same in the plural.
        columns: the columns, in the table's order.
        key: the column that tells rows apart.
        derived_key: how a missing key is made; None where a file must bring it, and a row without
            it is set apart.
        examples: how files may call what they must bring, for sentences.
        aliases: column to the other names that files use for it, the likeliest first.
        aliases_file: where these are declared, for sentences.

    Raises:
        SettingsError: it contradicts itself.
    """

    row: str
    rows: str
    columns: tuple[Column, ...]
    key: str
    examples: str
    derived_key: DerivedKey | None = None
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    aliases_file: str = "aliases.toml"

    def __post_init__(self) -> None:
        if len(self.columns) > MOST_COLUMNS:
            raise SettingsError(
                f"the {self.row} contract has {len(self.columns)} columns, more than the "
                f"{MOST_COLUMNS} that a row can be judged by: leave out those that no rule, view "
                "or key needs; files' other columns are kept as JSON text."
            )
        if strangers := set(self.aliases) - set(self.names):
            raise self._contradiction(f"{self.aliases_file} names {', '.join(sorted(strangers))}")
        if self.key not in self.names:
            raise self._contradiction(f"the key is {self.key}")
        for part in self.derived_key.parts if self.derived_key else ():
            if part.column not in self.names:
                raise self._contradiction(f"the key is derived from {part.column}")
            if self.column(part.column).type is ColumnType.DECIMAL:
                raise SettingsError(
                    f"the {self.row} contract derives its key from {part.column}, but a decimal "
                    "may be written in several ways: derive it from texts and whole numbers."
                )

    def _contradiction(self, what: str) -> SettingsError:
        return SettingsError(f"{what}, but the {self.row} contract has no such column.")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in the table's order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def required_names(self) -> tuple[str, ...]:
        """The columns that a file must bring."""
        return tuple(column.name for column in self.columns if column.required)

    @cached_property
    def number_names(self) -> tuple[str, ...]:
        """The columns that hold numbers."""
        return tuple(column.name for column in self.columns if column.type is not ColumnType.TEXT)

    @cached_property
    def known_as(self) -> Mapping[str, tuple[str, ...]]:
        """Column to every name that files use for it, its own first."""
        return {name: (name, *self.aliases.get(name, ())) for name in self.names}

    def place(self, name: str) -> int:
        """The place of a column among all, from 0."""
        return self.names.index(name)

    def column(self, name: str) -> Column:
        """The column of that name."""
        return self.columns[self.place(name)]
