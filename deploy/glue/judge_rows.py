"""The Glue job that judges the rows of a large file with Glue's own EvaluateDataQuality.

It is given rows, rules and a place by Dagster Pipes; it reports one message: what each rule says,
and how many rows fail. Which rows they are it writes to the place. It has never run on Glue.
"""

import traceback
from collections.abc import Callable
from typing import Any

import boto3
from dagster_pipes import (
    PipesCliArgsParamsLoader,
    PipesS3ContextLoader,
    PipesS3MessageWriter,
    open_dagster_pipes,
)

Evaluate = Callable[[str, str, str], dict[str, Any]]


def answer(evaluate: Evaluate) -> None:
    """Evaluate what the pipeline asks for, and report it.

    Args:
        evaluate: from the place of the rows, the ruleset and the place of the failing rows to the
            message.
    """
    s3 = boto3.client("s3")
    with open_dagster_pipes(
        params_loader=PipesCliArgsParamsLoader(),
        context_loader=PipesS3ContextLoader(client=s3),
        message_writer=PipesS3MessageWriter(client=s3),
    ) as pipes:
        rows, ruleset, failing = map(pipes.get_extra, ("rows", "ruleset", "failing"))
        failed = ""
        try:
            pipes.report_custom_message(evaluate(rows, ruleset, failing))
        except Exception as error:  # noqa: BLE001 - whatever it is, it may quote a row
            traceback.print_exc()
            failed = type(error).__name__
        if failed:
            # Dagster keeps what leaves this block; the error's own words stay in the job's log
            raise RuntimeError(failed)


def evaluate_on_glue(rows: str, ruleset: str, failing: str) -> dict[str, Any]:
    """Judge by the engine that only Glue has."""
    from awsglue.context import GlueContext
    from awsglue.dynamicframe import DynamicFrame
    from awsglue.transforms import SelectFromCollection
    from awsgluedq.transforms import EvaluateDataQuality
    from pyspark.context import SparkContext

    glue = GlueContext(SparkContext.getOrCreate())
    frame = glue.spark_session.read.parquet(rows)
    found = EvaluateDataQuality().process_rows(
        frame=DynamicFrame.fromDF(frame, glue, "rows"),
        ruleset=ruleset,
        publishing_options={
            "dataQualityEvaluationContext": "movie_pipeline",
            "enableDataQualityCloudWatchMetrics": False,
            "enableDataQualityResultsPublishing": False,
        },
        additional_options={"performanceTuning.caching": "CACHE_INPUT"},
    )
    outcomes = SelectFromCollection.apply(dfc=found, key="ruleOutcomes").toDF().collect()
    judged = SelectFromCollection.apply(dfc=found, key="rowLevelOutcomes").toDF().cache()
    apart = judged.where("DataQualityEvaluationResult = 'Failed'")
    apart.selectExpr("_record_number AS record_number", "DataQualityRulesFail AS rules").write.mode(
        "overwrite"
    ).parquet(failing)
    one_row = judged.select("DataQualityRulesSkip").first()
    skipped = set(one_row["DataQualityRulesSkip"] if one_row else ())
    return {
        "rows": judged.count(),
        "failing_rows": apart.count(),
        "rules": [
            {
                "rule": outcome["Rule"],
                "passed": outcome["Outcome"] == "Passed",
                "metrics": dict(outcome["EvaluatedMetrics"] or {}),
                "judges_rows": bool(one_row) and outcome["Rule"] not in skipped,
            }
            for outcome in outcomes
        ],
    }


if __name__ == "__main__":
    answer(evaluate_on_glue)
