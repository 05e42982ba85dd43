"""The screening against what people would write with DuckDB, polars, or pandas and pandera.

Each reads the same CSV, types six columns, asks the same rules, and writes good rows as Parquet and
bad ones as JSON lines with the rules that they broke. Ours besides accounts for every byte,
repairs, derives keys and holds the contract. All run in turn, in processes of their own.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from screen_a_million import IMPORTS as IMPORTS_OF_SCREENING
from screen_a_million import Measured, limit, measured

PLACE_OF_PEERS = Path(__file__).resolve().parent.parent / ".venv" / "bench"
ROUNDS = 3
FAULTS = {
    "rating_out_of_range": 0.3,
    "rating_unreadable": 0.2,
    "votes_unreadable": 0.2,
    "runtime_unreadable": 0.15,
    "year_unreadable": 0.1,
    "title_missing": 0.05,
}
"""How the bad rows are bad; so few titles are missing that no file is held for them."""
NUMBERS = {
    "Released_Year": "INTEGER",
    "Runtime": "INTEGER",
    "IMDB_Rating": "DOUBLE",
    "Meta_score": "INTEGER",
    "No_of_Votes": "BIGINT",
    "Gross": "BIGINT",
}
MINUTES, GROUPED = "Runtime", "Gross"
"""The columns that people write as `142 min` and as `28,341,469`."""


@dataclass(frozen=True)
class Case:
    """A file and a number of rules; `bad` is a share of the rows."""

    rows: int = 1_000_000
    bad: float = 0.05
    rules: int = 4
    columns: int = 16


CASES = {
    "5 % bad": Case(),
    "nothing bad": Case(bad=0.0),
    "50 % bad": Case(bad=0.5),
    "20 rules": Case(rules=20),
    "40 rules": Case(rules=40),
    "500 columns": Case(columns=500, rows=100_000),
}


def more_rules(count: int) -> list[int]:
    """Bounds below which no votes are: the rules beyond the shipped four."""
    return list(range(-count, 0))


def ours(source: Path, folder: Path, rules: int) -> str:
    """Everything that the pipeline does up to the load, by the shipped rules and more."""
    from screen_a_million import screened

    from movie_pipeline.datasets.movies import MOVIES
    from movie_pipeline.datasets.ruleset_files import read_ruleset
    from movie_pipeline.dqdl import parse_ruleset

    more = [f'ColumnValues "votes" > {bound}' for bound in more_rules(rules - 4)]
    texts = [*map(str, read_ruleset(MOVIES.ruleset)), *more]
    return screened(source, folder, parse_ruleset(f"Rules = [{', '.join(texts)}]"))


def with_duckdb(source: Path, folder: Path, rules: int) -> str:
    """SQL over the CSV as text, in two passes over a table."""
    import duckdb

    connection = duckdb.connect(str(folder / "scratch.duckdb"))
    read = f"read_csv('{source}', all_varchar = true, header = true, delim = ',', quote = '\"')"
    cleaned = {
        name: f"replace(replace(trim({name}), ' min', ''), ',', '')"
        if name in {MINUTES, GROUPED}
        else f"trim({name})"
        for name in NUMBERS
    }
    typed = ", ".join(
        f"TRY_CAST({cleaned[name]} AS {kind}) AS n_{name}" for name, kind in NUMBERS.items()
    )
    connection.execute(f"CREATE TABLE rows AS SELECT *, {typed} FROM {read}")
    broken = [
        f"CASE WHEN n_{name} IS NULL AND trim({name}) <> '' THEN '{name} is unreadable' END"
        for name in NUMBERS
    ]
    broken += [
        "CASE WHEN n_IMDB_Rating <= 7.5 OR n_IMDB_Rating >= 10 THEN 'rating' END",
        "CASE WHEN coalesce(trim(Series_Title), '') = '' THEN 'title' END",
        *(
            f"CASE WHEN n_No_of_Votes <= {bound} THEN 'votes {bound}' END"
            for bound in more_rules(rules - 4)
        ),
    ]
    reasons = f"list_filter([{', '.join(broken)}], lambda reason: reason IS NOT NULL)"
    connection.execute(f"CREATE TABLE judged AS SELECT *, {reasons} AS reasons FROM rows")
    [(total, titles, keys)] = connection.execute(
        "SELECT count(*), count(Series_Title), count(DISTINCT (Series_Title, n_Released_Year)) "
        "FROM judged"
    ).fetchall()
    if not total or titles / total <= 0.95 or not keys:  # noqa: PLR2004
        raise SystemExit("the file would be held")
    connection.execute(
        f"COPY (SELECT * EXCLUDE reasons FROM judged WHERE len(reasons) = 0) "
        f"TO '{folder / 'good.parquet'}' (FORMAT parquet)"
    )
    connection.execute(
        f"COPY (SELECT * FROM judged WHERE len(reasons) > 0) TO '{folder / 'bad.jsonl'}' "
        "(FORMAT json)"
    )
    [(bad,)] = connection.execute("SELECT count(*) FROM judged WHERE len(reasons) > 0").fetchall()
    return f"{total - bad:,} good rows, {bad:,} set apart"


def with_polars(source: Path, folder: Path, rules: int) -> str:
    """Expressions over one frame."""
    pl: Any = import_module("polars")
    kinds = {"INTEGER": pl.Int32, "BIGINT": pl.Int64, "DOUBLE": pl.Float64}
    frame = pl.read_csv(source, infer_schema=False)
    cleaned = {name: pl.col(name).str.strip_chars() for name in NUMBERS}
    for name in (MINUTES, GROUPED):
        cleaned[name] = (
            cleaned[name]
            .str.replace(" min", "", literal=True)
            .str.replace_all(",", "", literal=True)
        )
    frame = frame.with_columns(
        cleaned[name].cast(kinds[kind], strict=False).alias(f"n_{name}")
        for name, kind in NUMBERS.items()
    )
    rating, title = pl.col("n_IMDB_Rating"), pl.col("Series_Title")
    broken = {
        f"{name} is unreadable": pl.col(f"n_{name}").is_null()
        & (pl.col(name).str.strip_chars() != "")
        for name in NUMBERS
    }
    broken["rating"] = (rating <= 7.5) | (rating >= 10)  # noqa: PLR2004
    broken["title"] = title.str.strip_chars().fill_null("") == ""
    for bound in more_rules(rules - 4):
        broken[f"votes {bound}"] = pl.col("n_No_of_Votes") <= bound
    frame = frame.with_columns(
        pl.concat_list(
            pl.when(found.fill_null(value=False)).then(pl.lit(reason))
            for reason, found in broken.items()
        )
        .list.drop_nulls()
        .alias("reasons")
    )
    titles = frame["Series_Title"].count()
    keys = frame.select(pl.struct("Series_Title", "n_Released_Year").n_unique()).item()
    if titles / len(frame) <= 0.95 or not keys:  # noqa: PLR2004
        raise SystemExit("the file would be held")
    is_good = pl.col("reasons").list.len() == 0
    good, bad = frame.filter(is_good), frame.filter(~is_good)
    good.drop("reasons").write_parquet(folder / "good.parquet")
    bad.write_ndjson(folder / "bad.jsonl")
    return f"{len(good):,} good rows, {len(bad):,} set apart"


def with_pandera(source: Path, folder: Path, rules: int) -> str:
    """A pandera schema over a frame of pandas, all failure cases at once."""
    pd: Any = import_module("pandas")
    pa: Any = import_module("pandera.pandas")
    frame = pd.read_csv(source, dtype="string", keep_default_na=False)
    unreadable: dict[str, Any] = {}
    for name in NUMBERS:
        text = frame[name].str.strip()
        if name in {MINUTES, GROUPED}:
            text = text.str.replace(" min", "", regex=False).str.replace(",", "", regex=False)
        number = pd.to_numeric(text, errors="coerce")
        unreadable[name] = number.isna() & (text != "")
        frame[f"n_{name}"] = number.astype("Float64")
    votes = [pa.Check.gt(bound) for bound in more_rules(rules - 4)]
    schema = pa.DataFrameSchema(
        {
            "Series_Title": pa.Column("string", pa.Check.str_length(min_value=1)),
            "n_IMDB_Rating": pa.Column(
                "Float64", [pa.Check.gt(7.5), pa.Check.lt(10)], nullable=True
            ),
            "n_No_of_Votes": pa.Column("Float64", votes, nullable=True),
        }
    )
    reasons = pd.Series("", index=frame.index)
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases.dropna(subset=["index"])
        told = cases.groupby("index")["check"].agg(";".join)
        reasons.loc[told.index] = told
    for name, places in unreadable.items():
        reasons[places] += f"{name} is unreadable;"
    titles = (frame["Series_Title"] != "").sum()
    keys = frame[["Series_Title", "n_Released_Year"]].drop_duplicates()
    if titles / len(frame) <= 0.95 or keys.empty:  # noqa: PLR2004
        raise SystemExit("the file would be held")
    is_good = reasons == ""
    frame[is_good].to_parquet(folder / "good.parquet")
    bad = frame[~is_good].assign(reasons=reasons[~is_good].str.strip(";").str.split(";"))
    bad.to_json(folder / "bad.jsonl", orient="records", lines=True)
    return f"{int(is_good.sum()):,} good rows, {len(bad):,} set apart"


def limited(source: Path, folder: Path, _rules: int) -> str:
    """Nothing checked."""
    return limit(source, folder)


SIDES: dict[str, Callable[[Path, Path, int], str]] = {
    "limit": limited,
    "ours": ours,
    "DuckDB": with_duckdb,
    "polars": with_polars,
    "pandera": with_pandera,
}
IMPORTS = {
    "limit": ["duckdb"],
    "ours": IMPORTS_OF_SCREENING["pipeline"],
    "DuckDB": ["duckdb"],
    "polars": ["polars"],
    "pandera": ["pandera.pandas"],
}


def make(path: Path, case: Case) -> Path:
    """The sample with another share of bad rows, and with columns of its own behind the 16."""
    from movie_pipeline.datasets.movies import sample

    sample.BAD_RATES.clear()
    sample.BAD_RATES.update({name: case.bad * share for name, share in FAULTS.items()})
    sample.write_sample(path, rows=case.rows)
    more = case.columns - 16
    if more > 0:
        head, _, body = path.read_bytes().partition(b"\n")
        names = b"".join(b",note_%d" % number for number in range(more))
        cells = b"".join(b",note %d" % (number % 7) for number in range(more))
        path.write_bytes(head + names + b"\n" + body.replace(b"\n", cells + b"\n"))
    return path


def run_one(side: str, source: Path, rules: int) -> Measured:
    """One side in a process of its own."""
    command = [sys.executable, __file__, "--side", side, "--source", str(source)]
    answer = subprocess.run(
        [*command, "--rules", str(rules)], check=True, capture_output=True, text=True
    )
    return Measured(**json.loads(answer.stdout.splitlines()[-1]))


def compare(what: str, rounds: int, case: Case) -> None:
    """Measure one case, and print a line for each side."""
    sides = [side for side in SIDES if side != "polars" or PLACE_OF_PEERS.exists()]
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-bench-") as folder:
        source = make(Path(folder) / "sample.csv", case)
        runs: dict[str, list[Measured]] = {
            side: [run_one(side, source, case.rules)] for side in sides
        }
        for _ in range(rounds):
            for side in sides:
                runs[side].append(run_one(side, source, case.rules))
        size = source.stat().st_size / 1e6
    print(f"\n{what}: {case.rows:,} rows, {size:,.0f} MB, {case.rules} rules, {rounds} rounds")
    print(f"{'':10}{'wall s':>9}{'cpu s':>9}{'of limit':>9}{'peak MB':>9}")
    least = statistics.median(run.cpu for run in runs["limit"][1:])
    for side, each in runs.items():
        wall, cpu = (
            statistics.median(getattr(run, name) for run in each[1:]) for name in ("wall", "cpu")
        )
        peak = max(run.peak_mb for run in each)
        print(
            f"{side:10}{wall:>9.2f}{cpu:>9.2f}{cpu / least:>9.2f}{peak:>9,.0f}   {each[0].counts}",
            flush=True,
        )


def main() -> None:
    """Measure every case, or one side of one."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--side", choices=SIDES)
    arguments.add_argument("--source", type=Path)
    arguments.add_argument("--rules", type=int, default=4)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=ROUNDS)
    options = arguments.parse_args()
    if options.side:
        sys.path.append(str(PLACE_OF_PEERS))
        side = SIDES[options.side]
        run = measured(
            lambda source, folder: side(source, folder, options.rules),
            options.source,
            IMPORTS[options.side],
        )
        print(json.dumps(run.__dict__))
        return
    if not PLACE_OF_PEERS.exists():
        print("polars is left out: `make bench` installs it.")
    for what, case in CASES.items():
        compare(what, options.rounds, replace(case, rows=min(case.rows, options.rows)))


if __name__ == "__main__":
    main()
