"""What makes a pipeline one for certain data, as one value; each dataset is a folder beside this.

The machinery takes a `Dataset` and names none of its columns.
"""

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from pandera.pandas import DataFrameModel

    from movie_pipeline.tabular import DerivedKey, TableContract


@dataclass(frozen=True)
class View:
    """A materialized view over the dataset's table.

    Attributes:
        name: its name in the warehouse; `views/<name>.sql` holds its statement.
        description: what it answers, in a sentence.
    """

    name: str
    description: str


@dataclass(frozen=True)
class Histogram:
    """How the good rows of a file spread over one number column, counted for the UI.

    Attributes:
        column: the column.
        lower, upper: where the first bin begins, and the last one ends.
        bins: how many there are, of equal width; a value on an inner edge counts above it.
        title: what the picture says above it.
        what: what a bin's bounds are, in a word.
        nothing: the sentence in place of the picture where no row has a value.
    """

    column: str
    lower: float
    upper: float
    bins: int
    title: str
    what: str
    nothing: str

    @property
    def width(self) -> float:
        """How wide a bin is."""
        return (self.upper - self.lower) / self.bins

    def edge(self, place: int) -> float:
        """Where the bin at a place begins, counted from 0."""
        return self.lower + place * self.width


class SampleWriter(Protocol):
    """Writes an invented CSV like the real ones."""

    def __call__(self, path: Path, *, rows: int, seed: int = 0) -> None:
        """Write so many rows to the path; the same seed makes the same file."""
        ...


@dataclass(frozen=True, eq=False)
class Dataset:
    """Everything that is particular to one kind of data.

    Attributes:
        name: what its rows are called in the plural, such as "movies"; assets are named by it.
        row: the same of one row, such as "movie".
        table: its table in the warehouse.
        key: the column that tells rows apart.
        examples: how files may call what they must bring, for sentences.
        example_condition: a condition over quarantined records, for sentences and help.
        folder: where its own files lie.
        load_model: brings the pandera model of its rows; called on first use, since importing
            pandera takes a second.
        load_derived_key: brings how a missing key is made, likewise on first use; None where a file
            must bring the key.
        views: the views over its table.
        histogram: what is shown of its good rows, if anything.
        write_sample: writes an invented file, if it can.
        namespace: keeps it apart from other datasets of a deployment: the folder of its areas,
            its schema in the warehouse, what its names in Dagster begin with; empty for one alone.
    """

    name: str
    row: str
    table: str
    key: str
    examples: str
    example_condition: str
    folder: Path
    load_model: "Callable[[], type[DataFrameModel]]"
    load_derived_key: "Callable[[], DerivedKey] | None" = None
    views: tuple[View, ...] = ()
    histogram: Histogram | None = None
    write_sample: SampleWriter | None = None
    namespace: str = ""

    # --- what its rows are ---------------------------------------------------------------------

    @cached_property
    def model(self) -> "type[DataFrameModel]":
        """The pandera model of its rows."""
        return self.load_model()

    @cached_property
    def contract(self) -> "TableContract":
        """What a row must be, derived from the model, and what files call its columns.

        Raises:
            SettingsError: key or aliases name a column that the model has not.
        """
        from movie_pipeline.datasets.model_fields import columns_of  # noqa: PLC0415 - imports pandera
        from movie_pipeline.tabular import TableContract  # noqa: PLC0415 - seldom needed at the start

        declared = tomllib.loads(self.aliases.read_text(encoding="utf-8"))
        return TableContract(
            row=self.row,
            rows=self.name,
            columns=columns_of(self.model),
            key=self.key,
            examples=self.examples,
            derived_key=self.load_derived_key() if self.load_derived_key else None,
            aliases={name: tuple(names) for name, names in declared.items()},
            aliases_file=self.aliases.name,
        )

    @cached_property
    def judged_text_by_text(self) -> frozenset[str]:
        """The text columns whose cells the model judges by themselves, one by one."""
        from movie_pipeline.datasets.model_fields import judged_text_by_text  # noqa: PLC0415 - imports pandera

        return judged_text_by_text(self.model)

    # --- its files -----------------------------------------------------------------------------

    @property
    def aliases(self) -> Path:
        """The TOML file of the names that real files use for its columns."""
        return self.folder / "aliases.toml"

    @property
    def ruleset(self) -> Path:
        """The DQDL file that it is judged by where none is named."""
        return self.folder / "ruleset.dqdl"

    @property
    def sql(self) -> Path:
        """The folder of its own SQL, `views/` in it."""
        return self.folder / "sql"

    # --- its assets ----------------------------------------------------------------------------

    @property
    def landing_asset(self) -> str:
        """The files as they land."""
        return f"landing_{self.name}"

    @property
    def raw_asset(self) -> str:
        """The files read into typed rows; the catalog's table of them is called the same."""
        return f"raw_{self.name}"

    @property
    def validated_asset(self) -> str:
        """The good rows."""
        return f"validated_{self.name}"

    @property
    def quarantined_asset(self) -> str:
        """The records set apart."""
        return f"quarantined_{self.name}"

    @property
    def raw_catalog_asset(self) -> str:
        """What the catalog says of the files."""
        return f"raw_{self.name}_catalog"

    @property
    def contract_check(self) -> str:
        """The check on what is about to be loaded."""
        return f"{self.row}_contract"

    @property
    def key_check(self) -> str:
        """The check that no row stands in the table twice."""
        return f"unique_{self.key}"

    @property
    def ingest_job(self) -> str:
        """The job that takes files from landing to warehouse and archive."""
        return f"ingest_{self.name}"

    @property
    def view_names(self) -> tuple[str, ...]:
        """The names of its views."""
        return tuple(view.name for view in self.views)
