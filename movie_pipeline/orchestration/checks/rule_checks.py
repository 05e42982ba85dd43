"""One asset check per rule of the ruleset, with Glue's canonical text, outcome and metrics.

The specs come from the ruleset alone, so that a rule that found nothing still reports. The rules
are not evaluated here: screening did, on every row, before the split.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import dagster as dg

from movie_pipeline.datasets.dataset import Dataset
from movie_pipeline.dqdl import Rule, Ruleset, SimpleRule, explain
from movie_pipeline.ledger.decided_file import DecidedFile
from movie_pipeline.ledger.file_summary import RuleAnswer, RuleState
from movie_pipeline.orchestration.assets.batch_resource import IngestBatch
from movie_pipeline.orchestration.assets.raw_asset import open_work_folder, screened_or_fail
from movie_pipeline.orchestration.assets.ui_metadata import table
from movie_pipeline.orchestration.dataset_scope import scoped, scoped_name
from movie_pipeline.settings import Settings

NAMING_LABELS = ("check", "name")
"""Labels of a rule that say what its check is called; the first that is there."""
_LONGEST_NAME = 60


def check_names(ruleset: Ruleset) -> dict[str, Rule]:
    """A name for the check of each rule: what it asks, of which columns; or what its label says.

    A name is the check's identity: it keeps its history while bounds and thresholds change. Of
    rules that ask the same of the same columns the later ones are numbered, in their order.
    """
    rules = {str(rule): rule for rule in ruleset}
    names: dict[str, Rule] = {}
    for rule in rules.values():
        name, number = _check_name(rule), 1
        while (numbered := name if number == 1 else f"{name}_{number}") in names:
            number += 1
        names[numbered] = rule
    return names


def _check_name(rule: Rule) -> str:
    labels = rule.all_labels
    named = next((labels[name] for name in NAMING_LABELS if labels.get(name)), "")
    joined = "" if isinstance(rule, SimpleRule) else rule.operator
    return _slug(named) or _slug(f" {joined} ".join(_asked(rule)))


def _asked(rule: Rule) -> list[str]:
    """What each simple rule asks, of which columns: nothing that may be tuned."""
    return [
        f"{re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '_', leaf.kind)} "
        f"{'' if leaf.kind == 'CustomSql' else ' '.join(leaf.columns)}"
        for leaf in rule.leaves()
    ]


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:_LONGEST_NAME].rstrip("_")


def rule_checks(ruleset: Ruleset, dataset: Dataset) -> dg.AssetChecksDefinition:
    """The checks of a ruleset, as one step; of a run that judged nothing they say nothing."""
    rules = check_names(ruleset)

    def ruleset_checks(
        context: dg.AssetCheckExecutionContext,
        batch: IngestBatch,
        settings: dg.ResourceParam[Settings],
    ) -> Iterator[dg.AssetCheckResult]:
        files = screened_or_fail(open_work_folder(context, batch, settings), dataset)
        for name, rule in rules.items():
            result = rule_result(name, rule, files)
            if result is not None:
                yield result

    return dg.multi_asset_check(
        name=scoped_name(dataset, "ruleset"),
        specs=[
            dg.AssetCheckSpec(
                name, asset=dataset.validated_asset, description=f"{rule}\n\n{explain(rule)}"
            )
            for name, rule in rules.items()
        ],
        can_subset=True,  # a check that has nothing to say yields nothing
    )(scoped(dataset, ruleset_checks))


def rule_result(name: str, rule: Rule, files: Sequence[DecidedFile]) -> dg.AssetCheckResult | None:
    """What one rule said of the files of a batch; None where it was asked of none.

    Passed where it passed for every file; else WARN where it only set rows apart, or a person
    accepted the file; ERROR where it held a file or could not be evaluated.
    """
    answers = [
        (file, answer)
        for file in files
        for answer in file.summary.rules
        if answer.rule == str(rule)
    ]
    if not answers:
        return None
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
            **shares_passed(answers),
            "files": table([_row(file, answer) for file, answer in answers]),
            **_metrics(answers),
        },
    )


def _sentence(states: Sequence[RuleState], failing: int) -> str:
    failed = sum(state is RuleState.FAILED for state in states)
    errors = sum(state is RuleState.ERROR for state in states)
    parts = [f"{len(states) - failed - errors} of {len(states)} files passed"]
    if failing:
        parts.append(f"{failing:,} rows fail it")
    if errors:
        parts.append(f"it could not be evaluated for {errors}")
    return ", ".join(parts) + "."


def shares_passed(answers: Sequence[tuple[DecidedFile, RuleAnswer]]) -> dict[str, float]:
    """The share that passed, of rows where the rule judges rows, else of files; for plots.

    Of all files together, and of each source where they are of several, or of one that has a name.
    """
    asked, passed = Counter[str](), Counter[str]()
    for file, answer in answers:
        total, good = _passed(file, answer)
        for about in {"", file.summary.source}:
            asked[about] += total
            passed[about] += good
    return {
        f"share_passed: {source}" if source else "share_passed": passed[source] / count
        for source, count in asked.items()
        if count
    }


def _passed(file: DecidedFile, answer: RuleAnswer) -> tuple[int, int]:
    if answer.failing_rows is None:
        return 1, int(answer.outcome is RuleState.PASSED)
    return file.rows_in, max(0, file.rows_in - answer.failing_rows)


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
