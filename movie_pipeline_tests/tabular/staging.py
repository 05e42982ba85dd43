"""Stage a few bytes and look at what came of them; shared by the tests of the intake."""

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from movie_pipeline.arrow import pa
from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import UnreadableFile
from movie_pipeline.stored_values import from_json, to_json
from movie_pipeline.tabular import Record, StagedFile, TableContract, raw_records, stage_file
from movie_pipeline.tabular.raw_record import index_path, read_index, rows_path

DATA = Path(__file__).parents[3] / "shared" / "data"
HEADER = "title,year,rating\n"
ALIEN = "Alien,1979,8.5\n"
HEAT = "Heat,1995,8.3\n"
TWO_FILMS = HEADER + ALIEN + HEAT


def packed(content: bytes) -> bytes:
    """The content compressed, to the same bytes at any time: they stand in names of tests."""
    return gzip.compress(content, mtime=0)


@dataclass(frozen=True)
class Staged:
    """A staged file with its rows at hand."""

    summary: StagedFile
    path: Path
    folder: Path

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The staged rows, as dictionaries."""
        return read_rows(rows_path(self.path, self.folder)).to_pylist()

    def column(self, name: str) -> list[Any]:
        """One column of the staged rows."""
        return read_rows(rows_path(self.path, self.folder))[name].to_pylist()

    @property
    def titles(self) -> list[str]:
        """The titles of the staged rows."""
        return self.column("movie_title")

    @property
    def index(self) -> list[list[int]]:
        """The record index."""
        return read_index(index_path(self.path, self.folder)).tolist()

    def raw(self, *numbers: int) -> list[Record]:
        """The raw records of these numbers."""
        return list(raw_records(self.path, self.summary, folder=self.folder, numbers=numbers))

    def check_accounting(self) -> None:
        """What must be true of every file, whatever its bytes."""
        summary = self.summary
        assert summary.byte_account.total == summary.content_size
        assert summary.rows_staged + len(summary.set_apart) == summary.rows_in
        staged = self.column("_record_number")
        apart = [number for number, _ in summary.set_apart]
        assert sorted([*staged, *apart]) == list(range(1, summary.rows_in + 1))
        places = [place for pair in self.index for place in pair]
        assert len(places) == 2 * summary.rows_in
        assert places == sorted(places)
        assert from_json(to_json(summary), StagedFile) == summary


def read_rows(path: Path) -> Any:  # noqa: ANN401 - pyarrow has no types
    with pa.OSFile(str(path)) as file, pa.ipc.open_file(file) as reader:
        return reader.read_all()


def stage(
    folder: Path,
    content: bytes | str,
    *,
    contract: TableContract = MOVIES.contract,
    **options: Any,  # noqa: ANN401 - stage_file's
) -> Staged:
    """Stage bytes as a file of that folder."""
    path = folder / "0123abcd.csv"
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    to = folder / "staged"
    staged = Staged(stage_file(path, contract, to=to, **options), path, to)
    staged.check_accounting()
    return staged


def refusal(folder: Path, content: bytes | str, **options: Any) -> str:  # noqa: ANN401 - stage_file's
    """The sentence with which bytes are refused."""
    try:
        staged = stage(folder, content, **options)
    except UnreadableFile as error:
        return str(error)
    raise AssertionError(f"it was read as {staged.summary.dialect.describe()}")
