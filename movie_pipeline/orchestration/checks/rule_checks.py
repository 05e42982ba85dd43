"""One asset check per rule of the ruleset, with Glue's canonical text, outcome and metrics.

The specs come from the ruleset alone, so that a rule that found nothing still reports. The rules
are not evaluated here: screening did, on every row, before the split.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence

import dagster as dg

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.dqdl import Rule, Ruleset, explain
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.file_summary import RuleAnswer, RuleState
from movie_pipeline.orchestration.assets.batch_resource import IngestBatch
from movie_pipeline.orchestration.assets.raw_asset import open_work_folder
from movie_pipeline.orchestration.assets.ui_metadata import table
from movie_pipeline.orchestration.dataset_scope import scoped, scoped_name
from movie_pipeline.settings import Settings
from movie_pipeline.steps.screen import decided_files


def check_name(rule: Rule) -> str:
    """A name that can be read and stays the same for the same rule: a slug and a short hash."""
    text = str(rule)
    slug = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:48].rstrip("_")
    return f"{slug}_{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def rule_checks(ruleset: Ruleset, dataset: Dataset) -> dg.AssetChecksDefinition:
    """The checks of a ruleset, as one step."""
    rules = {check_name(rule): rule for rule in ruleset}

    def ruleset_checks(
        context: dg.AssetCheckExecutionContext,
        batch: IngestBatch,
        settings: dg.ResourceParam[Settings],
    ) -> Iterator[dg.AssetCheckResult]:
        files = decided_files(open_work_folder(context, batch, settings)) or []
        for name, rule in rules.items():
            yield rule_result(name, rule, files)

    return dg.multi_asset_check(
        name=scoped_name(dataset, "ruleset"),
        specs=[
            dg.AssetCheckSpec(
                name, asset=dataset.validated_asset, description=f"{rule}\n\n{explain(rule)}"
            )
            for name, rule in rules.items()
        ],
    )(scoped(dataset, ruleset_checks))


def rule_result(name: str, rule: Rule, files: Sequence[DecidedFile]) -> dg.AssetCheckResult:
    """What one rule said of the files of a batch.

    Passed where it passed for every file; else WARN where it only set rows apart, or a person
    accepted the file; ERROR where it held a file or could not be evaluated.
    """
    answers = [
        (file, answer)
        for file in files
        for answer in file.summary.rules
        if answer.rule == str(rule)
    ]
    states = [answer.outcome for _, answer in answers]
    passed = all(state is RuleState.PASSED for state in states)
    warns = (rule.routes or not passed) and all(
        answer.waived or (rule.routes and answer.outcome is not RuleState.ERROR)
        for _, answer in answers
        if answer.outcome is not RuleState.PASSED
    )
    failing = sum(answer.failing_rows or 0 for _, answer in answers)
    return dg.AssetCheckResult(
        check_name=name,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN if warns else dg.AssetCheckSeverity.ERROR,
        description=_sentence(states, failing),
        metadata={
            "rule": str(rule),
            "meaning": explain(rule),
            "failing_rows": failing,
            "files": table([_row(file, answer) for file, answer in answers]),
            **_metrics(answers),
        },
    )


def _sentence(states: Sequence[RuleState], failing: int) -> str:
    if not states:
        return "No file was judged in this run."
    failed = sum(state is RuleState.FAILED for state in states)
    errors = sum(state is RuleState.ERROR for state in states)
    parts = [f"{len(states) - failed - errors} of {len(states)} files passed"]
    if failing:
        parts.append(f"{failing:,} rows fail it")
    if errors:
        parts.append(f"it could not be evaluated for {errors}")
    return ", ".join(parts) + "."


def _row(file: DecidedFile, answer: RuleAnswer) -> dict[str, str | int | float | None]:
    return {
        "file": file.shown_name,
        "outcome": str(answer.outcome),
        "failing rows": answer.failing_rows,
        "reason": answer.reason,
    }


def _metrics(answers: Sequence[tuple[DecidedFile, RuleAnswer]]) -> dict[str, float]:
    """Glue's metrics as plottable numbers; only where they speak of one file, and count."""
    if len(answers) != 1:
        return {}
    return {f"metric: {name}": value for name, value in answers[0][1].told_metrics.items()}
