"""The commands about a single file: how it is read, and one that is invented."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from movie_pipeline.cli.command_options import (
    EXIT_SET_ASIDE,
    dataset_option,
    settings_from,
    told_in_a_sentence,
)
from movie_pipeline.cli.printing import console, print_verdict, progress
from movie_pipeline.cli.sent_files import SentFile
from movie_pipeline.cli.verdict_line import FAILED, HELD, PASS, WARN, verdict
from movie_pipeline.errors import SettingsError, StorageError
from movie_pipeline.file_names import printable_name

if TYPE_CHECKING:
    from movie_pipeline.tabular import TableContract


@click.command()
@click.argument("file", type=SentFile())
@click.option(
    "--declare",
    is_flag=True,
    help="Write the table of the sources file that would make FILE load, as far as can be told.",
)
@dataset_option
@told_in_a_sentence
def inspect(file: Path, dataset: str, *, declare: bool) -> None:
    """Show what the intake makes of FILE: layout, columns, repairs, the first problems.

    With --declare it begins with nothing declared, and what it prints is TOML: what was guessed,
    and what a person must decide, stands there as comments.

    Exit code: 0 it can be read, 3 it would be rejected; with --declare, or held, even so.
    """
    from movie_pipeline.datasets.chosen import chosen_dataset
    from movie_pipeline.datasets.sources import read_sources
    from movie_pipeline.tabular import inspect_file

    settings, kind = chosen_dataset(settings_from(None), dataset)
    contract = kind.contract
    if declare:
        sys.exit(_declared(file, contract))
    declared = read_sources(settings.reading.sources, kind).of(file.name).options
    with progress("Reading"):
        found = inspect_file(file, contract, source=declared)
    name = printable_name(file.name)
    for line in found.lines():
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    problems = len(found.first_problems)
    declare_it = f"movie-pipeline inspect {name} --declare"
    if found.refusal:
        line = verdict(FAILED, f"{name} could not be read", declare_it)
    elif found.staged is not None and found.staged.hold:
        line = verdict(HELD, f"{name} would wait as a whole", declare_it)
    elif problems:
        line = verdict(
            WARN, f"{name} can be read, not all of its rows", f"movie-pipeline check {name}"
        )
    else:
        line = verdict(PASS, f"{name} can be read", f"movie-pipeline check {name}")
    print_verdict(line)
    sys.exit(EXIT_SET_ASIDE if found.refusal else 0)


def _declared(file: Path, contract: "TableContract") -> int:
    """Print the declaration that would make a file load; return the exit code."""
    from movie_pipeline.tabular import declaration_lines, guessed_declaration, inspect_file

    with progress("Trying"):
        guess = guessed_declaration(file, contract)
        found = inspect_file(file, contract, source=guess.options)
    for line in declaration_lines(guess, file.name, found):
        click.echo(line)
    shown = printable_name(file.name)
    if found.refusal or guess.refusal or found.staged is None:
        print_verdict(verdict(FAILED, f"no declaration makes {shown} load"), aside=True)
        return EXIT_SET_ASIDE
    if found.staged.hold:
        print_verdict(verdict(HELD, f"{shown} would wait as a whole even so"), aside=True)
        return EXIT_SET_ASIDE
    told = f"{shown} loads by this table, once it stands in the sources file"
    print_verdict(verdict(PASS, told, "look at what is to be decided"), aside=True)
    return 0


@click.command()
@click.option("--rows", required=True, type=click.IntRange(min=0), help="Rows to invent.")
@click.option("--seed", default=0, show_default=True, help="The same seed makes the same file.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@dataset_option
@told_in_a_sentence
def sample(rows: int, seed: int, out: Path, dataset: str) -> None:
    """Write a CSV that looks like the real one, with the same kinds of dirt, all invented.

    It appears whole, and no other file is replaced: where one lies at FILE, the exit code is 1.
    """
    from movie_pipeline.atomic_files import new_file
    from movie_pipeline.datasets.chosen import chosen_dataset

    _, kind = chosen_dataset(settings_from(None), dataset)
    if kind.write_sample is None:
        raise SettingsError(f"the dataset {kind.name} has no sample to write.")
    try:
        with progress("Writing"), new_file(out) as written:
            kind.write_sample(written, rows=rows, seed=seed)
    except FileExistsError:
        raise StorageError(
            f"another file lies at {printable_name(str(out))}; it was left alone: in landing it "
            "may wait to be loaded. Choose another name with --out, or take the file away."
        ) from None
    except FileNotFoundError:
        raise SettingsError(
            f"there is no folder {printable_name(str(out.parent))}: make it, or name another place "
            "with --out."
        ) from None
    except OSError as error:
        raise StorageError(
            f"{printable_name(str(out))} cannot be written: {error.strerror}."
        ) from error
    print_verdict(
        verdict(PASS, f"{rows:,} {kind.name} in {out}", f"movie-pipeline check {out}"), aside=True
    )
