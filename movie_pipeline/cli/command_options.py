"""What the commands share: options, exit codes, the settings, and errors told in a sentence."""

import errno
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from movie_pipeline.cli.printing import errors, loudness, print_problem, print_verdict
from movie_pipeline.cli.verdict_line import FAILED, verdict
from movie_pipeline.errors import (
    DecisionError,
    MoviePipelineError,
    QueryMistake,
    ReplayError,
    RulesetError,
    SettingsError,
    TableRefused,
    UnreadableFile,
)
from movie_pipeline.file_names import printable_name
from movie_pipeline.no_room import what_is_full
from movie_pipeline.settings import Settings
from movie_pipeline.stop_signals import Stopped, ended_by_stops, heeding_stops, stopped_by

EXIT_PIPELINE_FAILED, EXIT_USAGE, EXIT_SET_ASIDE = 1, 2, 3

EXIT_BY_SIGNAL = 128
"""And the signal's number: 130 after Ctrl-C, 143 after SIGTERM, as a shell says it."""
_LONGEST_END_SECONDS = 10.0
"""What does not end by then is left as kill -9 would leave it, which the next run mends."""

_USAGE = (SettingsError, RulesetError, TableRefused, ReplayError, DecisionError, QueryMistake)
"""What only another command can mend."""

P = ParamSpec("P")
R = TypeVar("R")


def told_in_a_sentence(command: Callable[P, R]) -> Callable[P, R]:
    """Our errors, and a stop, end in a sentence and an exit code, never in a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with _stoppable():
                return command(*args, **kwargs)
        except KeyboardInterrupt as stop:
            number = stop.number if isinstance(stop, Stopped) else signal.SIGINT
            _say_stopped(number)
            sys.exit(EXIT_BY_SIGNAL + number)
        except _USAGE as error:
            _say_failed(error, "it cannot be done as asked", f"{_name_of_command()} --help")
            sys.exit(EXIT_USAGE)
        except UnreadableFile as error:
            _say_failed(error, "the file could not be read", "movie-pipeline inspect FILE")
            sys.exit(EXIT_SET_ASIDE)
        except MoviePipelineError as error:
            _say_failed(error, "the pipeline failed", "movie-pipeline doctor")
            sys.exit(EXIT_PIPELINE_FAILED)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # whoever read the output has enough
            asked_wrong = isinstance(error, _OF_PATHS)
            if asked_wrong:
                _say_failed(error, "it cannot be done as asked", f"{_name_of_command()} --help")
            else:
                _say_failed(error, "the pipeline failed", "movie-pipeline doctor")
            sys.exit(EXIT_USAGE if asked_wrong else EXIT_PIPELINE_FAILED)

    return run


_OF_PATHS = (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError)


def of_the_system(error: OSError) -> str:
    """What the operating system refused, in a sentence."""
    if full := what_is_full(str(error)):
        return f"{full}; make room, and give the command again."
    name = error.filename2 or error.filename
    place = f"{printable_name(str(name))}: " if name else ""
    return f"{place}{error.strerror or error}."


def _say_failed(error: MoviePipelineError | OSError, what: str, next_step: str) -> None:
    if loudness.verbose:
        errors.print("".join(traceback.format_exception(error)), markup=False, highlight=False)
    print_problem(of_the_system(error) if isinstance(error, OSError) else str(error))
    print_verdict(verdict(FAILED, what, next_step), aside=True)


def _name_of_command() -> str:
    name = click.get_current_context().info_name
    return f"movie-pipeline {name}" if name else "movie-pipeline"


def loudness_options(command: click.Command) -> click.Command:
    """The command with the options that say how much is told beside its answer."""

    def set_loudness(_: click.Context, option: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's
        setattr(loudness, str(option.name), value)

    for name, letter, said in (
        ("quiet", "-q", "Answers and problems alone: no progress, no last line."),
        ("verbose", "-v", "Say each step, and of an error where it came from."),
    ):
        command.params.append(
            click.Option(
                [f"--{name}", letter],
                is_flag=True,
                expose_value=False,
                callback=set_loudness,
                help=said,
            )
        )
    return command


@contextmanager
def _stoppable() -> Generator[None]:
    """SIGTERM stops what Ctrl-C stops, and what does not stop in time is ended all the same."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    late = threading.Timer(_LONGEST_END_SECONDS, _end_now)
    late.daemon = True

    def begin_to_wait() -> None:
        if late.ident is None:
            late.start()

    try:
        with heeding_stops(), ended_by_stops(begin_to_wait):
            yield
    finally:
        late.cancel()
        signal.signal(signal.SIGTERM, before)


def _end_now() -> None:
    """For a call that no signal reaches, such as a wait of Dagster's for a slot of its pool."""
    number = stopped_by() or signal.SIGTERM
    _say_stopped(number)
    os._exit(EXIT_BY_SIGNAL + number)


def _say_stopped(number: int) -> None:
    errors.print(
        f"Stopped by {signal.Signals(number).name}. Nothing is half done: what was not loaded "
        "waits in landing, and the command may be given again.",
        style="red",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def home_option(command: Callable[P, R]) -> Callable[P, R]:
    """The option that says which home."""
    return click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        help="Home folder of the local world; MOVIE_PIPELINE_HOME, or data, by default.",
    )(command)


def json_option(command: Callable[P, R]) -> Callable[P, R]:
    """The option for programs."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


def limit_option(command: Callable[P, R]) -> Callable[P, R]:
    """The option that says how many rows with a fault are listed."""
    return click.option(
        "--limit",
        type=click.IntRange(min=0),
        default=10,
        show_default=True,
        help="Rows with a fault to list; 0 lists all.",
    )(command)


def ruleset_option(command: Callable[P, R]) -> Callable[P, R]:
    """The option that says by which rules."""
    return click.option(
        "--ruleset",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="DQDL file to judge by; MOVIE_PIPELINE_RULESET, or the shipped one, by default.",
    )(command)


def dataset_option(command: Callable[P, R]) -> Callable[P, R]:
    """The option that says of which dataset, where a deployment has several."""
    return click.option(
        "--dataset",
        default="",
        help="Name of the dataset; the first of MOVIE_PIPELINE_DATASETS by default.",
    )(command)


def settings_from(home: Path | None, ruleset: Path | None = None, dataset: str = "") -> Settings:
    """The settings of the environment, under what the options say.

    Raises:
        SettingsError: one of them cannot be used, or there is no such dataset.
    """
    settings = Settings.from_environment()
    if home is not None:
        settings = settings.with_values(home=home)
    if dataset:
        from movie_pipeline.datasets.chosen import chosen_dataset

        settings, _ = chosen_dataset(settings, dataset)
    return settings if ruleset is None else settings.with_values(ruleset=ruleset)


def existing(settings: Settings) -> Settings:
    """The settings, where there is something to look at: looking must not make a new home."""
    if settings.deployment == "local" and not settings.home.is_dir():
        raise SettingsError(
            f"there is no home {settings.home}; nothing has been ingested there yet. Say which one "
            "with --home or MOVIE_PIPELINE_HOME."
        )
    return settings
