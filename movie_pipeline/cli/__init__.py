"""The command line: words and JSON that other programs build on. It calls, it does not decide.

Dagster is imported only by the commands that run the job, so that the others answer at once.
"""

import click
from typing_extensions import override

from movie_pipeline.cli.command_options import loudness_options
from movie_pipeline.cli.decision_commands import dismiss, rejudge, retract
from movie_pipeline.cli.doctor_command import doctor
from movie_pipeline.cli.file_commands import inspect, sample
from movie_pipeline.cli.ingest_command import ingest
from movie_pipeline.cli.profile_command import profile
from movie_pipeline.cli.query_commands import quarantine, query, status
from movie_pipeline.cli.replay_command import replay
from movie_pipeline.cli.report_command import report
from movie_pipeline.cli.rule_commands import check, evaluate, rules
from movie_pipeline.cli.show_command import show
from movie_pipeline.cli.upgrade_command import upgrade
from movie_pipeline.cli.upkeep_commands import (
    backup,
    clean_up,
    rebuild,
    reconcile,
    restore,
    verify,
)
from movie_pipeline.private_files import keep_files_private

COMMANDS = (
    backup,
    check,
    clean_up,
    dismiss,
    doctor,
    evaluate,
    ingest,
    inspect,
    profile,
    quarantine,
    query,
    rebuild,
    reconcile,
    rejudge,
    replay,
    report,
    restore,
    retract,
    rules,
    sample,
    show,
    status,
    upgrade,
    verify,
)


_LONGEST_SENTENCE = 500


class Commands(click.Group):
    """Commands, each listed with a whole sentence: click cuts them where a line ends."""

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of them."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, each.get_short_help_str(_LONGEST_SENTENCE)) for name, each in found if each]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="movie-pipeline")
def main() -> None:
    """Judge movie CSVs row by row, load the good rows exactly once, quarantine the others."""
    keep_files_private()


for command in COMMANDS:
    main.add_command(loudness_options(command))
