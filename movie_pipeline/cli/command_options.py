"""What the commands share: options, exit codes, the settings, and errors told in a sentence."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from movie_pipeline.cli.printing import errors
from movie_pipeline.errors import MoviePipelineError, ReplayError, RulesetError, SettingsError
from movie_pipeline.settings import Settings

EXIT_PIPELINE_FAILED, EXIT_USAGE, EXIT_SET_ASIDE = 1, 2, 3

P = ParamSpec("P")
R = TypeVar("R")


def told_in_a_sentence(command: Callable[P, R]) -> Callable[P, R]:
    """Our errors end in a sentence and an exit code, never in a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (SettingsError, RulesetError, ReplayError) as error:
            errors.print(str(error), style="red", markup=False, highlight=False)
            sys.exit(EXIT_USAGE)
        except MoviePipelineError as error:
            errors.print(str(error), style="red", markup=False, highlight=False)
            sys.exit(EXIT_PIPELINE_FAILED)

    return run


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
