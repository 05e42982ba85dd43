"""The commands about a single file: how it is read, and one that is invented."""

import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from movie_pipeline.cli.command_options import (
    EXIT_SET_ASIDE,
    dataset_option,
    json_option,
    limit_option,
    settings_from,
    told_in_a_sentence,
)
from movie_pipeline.cli.printing import console, print_json, print_verdict, progress
from movie_pipeline.cli.sent_files import SentFiles, as_typed
from movie_pipeline.cli.verdict_line import FAILED, HELD, PASS, WARN, counted, verdict
from movie_pipeline.errors import SettingsError, StorageError
from movie_pipeline.file_names import printable_name

if TYPE_CHECKING:
    from movie_pipeline.tabular import Inspection, TableContract


@click.command()
@click.argument("files", nargs=-1, required=True, type=SentFiles())
@limit_option
@click.option(
    "--declare",
    is_flag=True,
    help="Write the table of the sources file that would make FILE load, as far as can be told.",
)
@json_option
@dataset_option
@told_in_a_sentence
def inspect(
    *,
    files: tuple[tuple[Path, ...], ...],
    limit: int,
    declare: bool,
    as_json: bool,
    dataset: str,
) -> None:
    """Show what the intake makes of FILES: layout, columns, repairs, the first problems.

    FILES are files, folders of files, or - for the standard input. With --declare it is one FILE;
    it begins with nothing declared, and what it prints is TOML: what was guessed, and what a person
    must decide, stands there as comments.

    Exit code: 0 all can be read, 3 some cannot, 2 usage; with --declare 3 too where FILE would be
    held even so.
    """
    from movie_pipeline.datasets.chosen import chosen_dataset
    from movie_pipeline.datasets.sources import read_sources
    from movie_pipeline.tabular import Inspection, inspect_file

    paths = [path for some in files for path in some]
    settings, kind = chosen_dataset(settings_from(None), dataset)
    contract = kind.contract
    if declare:
        if len(paths) != 1 or as_json:
            raise click.UsageError("--declare takes one file, and prints TOML.")
        sys.exit(_declared(paths[0], contract))
    sources = read_sources(settings.reading.sources, kind)
    found: dict[Path, Inspection] = {}
    with progress("Reading", quiet=as_json) as step:
        for path in paths:
            step(printable_name(path.name))
            declared = sources.of(path.name).options
            found[path] = inspect_file(path, contract, source=declared, most=limit)
    for path, one in found.items():
        if as_json:
            print_json({"file": path.name, **one.report()})
            continue
        if len(found) > 1:
            console.print(printable_name(path.name), style="bold", markup=False, highlight=False)
        for line in one.lines():
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    if not as_json:
        print_verdict(_verdict(found))
    sys.exit(EXIT_SET_ASIDE if any(one.refusal for one in found.values()) else 0)


_SAID = {
    FAILED: "could not be read",
    HELD: "would wait as a whole",
    WARN: "can be read, not all of its rows",
}


def _verdict(found: Mapping[Path, "Inspection"]) -> str:
    """What an inspection came to: the worst file decides."""
    for word, said in _SAID.items():
        worst = [path for path, one in found.items() if _word(one) == word]
        if worst:
            more = f" and {len(worst) - 1:,} more" if len(worst) > 1 else ""
            declare = f"movie-pipeline inspect {as_typed(worst[0])} --declare"
            next_step = f"movie-pipeline check {as_typed(worst[0])}" if word == WARN else declare
            return verdict(word, f"{printable_name(worst[0].name)}{more} {said}", next_step)
    read = counted(len(found), "file")
    return verdict(
        PASS, f"{read} can be read", f"movie-pipeline check {as_typed(next(iter(found)))}"
    )


def _word(one: "Inspection") -> str:
    if one.staged is None:
        return FAILED
    if one.staged.hold:
        return HELD
    return WARN if one.first_problems else PASS


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
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; - is the standard output.",
)
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
    if str(out) == "-":
        with tempfile.TemporaryDirectory() as folder, progress("Writing"):
            kind.write_sample(whole := Path(folder) / "sample.csv", rows=rows, seed=seed)
            with whole.open("rb") as lines, click.open_file("-", "wb") as to:
                shutil.copyfileobj(lines, to)
        print_verdict(verdict(PASS, f"{rows:,} {kind.name} written"), aside=True)
        return
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
