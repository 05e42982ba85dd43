"""Spark answers what DuckDB answers: the same outcomes, metrics, reasons and rows.

All that needs Spark's session for rules stands in this one file, so that one worker starts one.
"""

import collections
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from typing_extensions import override

from movie_pipeline.dqdl import (
    Evaluation,
    RuleOutcome,
    Ruleset,
    RulesetError,
    TableRefused,
    evaluate,
    judge,
    parse_ruleset,
)
from movie_pipeline.dqdl.engines.duckdb_engine import DuckDbEngine
from movie_pipeline.dqdl.engines.engine_port import Engine
from movie_pipeline.dqdl.engines.spark_engine import SparkEngine, cause
from movie_pipeline.dqdl.engines.spark_session import (
    SETTINGS,
    SparkFrame,
    session_for_rules,
)
from movie_pipeline_tests.dqdl import test_conformance as conformance
from movie_pipeline_tests.dqdl import test_ruleset_properties as properties
from movie_pipeline_tests.dqdl import test_spark_sql as spark_sql
from movie_pipeline_tests.dqdl.engine_contract import (
    FILMS,
    TEXTS,
    EngineContract,
    answers,
    words_on_texts,
)
from movie_pipeline_tests.dqdl.ruleset_samples import BY_FAMILY, KNOWN, engine, table, texts
from movie_pipeline_tests.dqdl.ruleset_samples import FILMS as FILMS_QUERY
from movie_pipeline_tests.dqdl.spark_samples import brought_here, frame, needs_spark, spark

if TYPE_CHECKING:
    from movie_pipeline.dqdl.engines.arrow_tables import ArrowTable

pytestmark = [
    needs_spark,
    pytest.mark.long,
    # pyspark leaves it to the collector to close what it fetched rows by
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:Warning"),
]


@pytest.fixture(scope="module")
def session() -> Any:  # noqa: ANN401 (pyspark is not always there)
    beside = cast("Any", session_for_rules(frame(table(a=[1]))))
    for name, rows in (("films", FILMS), ("texts", texts(*TEXTS))):
        view = frame(rows)
        view.createGlobalTempView(name)
        beside.table(f"global_temp.{name}").createOrReplaceTempView(name)
        spark().catalog.dropGlobalTempView(name)
    return beside


class TestSpark(EngineContract):
    """Spark keeps what engines promise."""

    # a task of Spark's ends where it looks for it or waits, which a join over and over does not
    ENDLESS = "SELECT reflect('java.lang.Thread', 'sleep', 600000L) FROM films"

    @override
    @pytest.fixture
    def engine(self, session: Any) -> Engine:
        return SparkEngine(session)


# --- the same as DuckDB -------------------------------------------------------------------------


TIMES_OF_TODAY = {"10:11"}
"""Spark takes a time alone for one of today; on DuckDB it is no time, and docs/dqdl.md says so."""


def test_each_word_means_on_spark_what_it_means_on_duckdb(session: Any) -> None:  # noqa: ANN401
    on_spark, on_duckdb = SparkEngine(session), DuckDbEngine(engine())
    engine().register("texts", texts(*TEXTS))
    asked = words_on_texts(on_spark.words)
    found = answers(on_spark, asked, "texts")
    wanted = answers(on_duckdb, words_on_texts(on_duckdb.words), "texts")
    wrong = [
        f"{name} of {text!r}: {there}, not {here}"
        for text, row, known in zip(TEXTS, found, wanted, strict=True)
        for name, there, here in zip(asked, row, known, strict=True)
        if there != here and text not in TIMES_OF_TODAY
    ]
    assert wrong == []


UNTRANSLATED = "no sure translation"
"""What DuckDB says of a clause that it could give another meaning than Spark."""


def alike(found: Evaluation[SparkFrame], wanted: Evaluation) -> None:
    """Hold what Spark says against what DuckDB says, if it says anything."""
    told = {rule.rule for rule in wanted.rules if UNTRANSLATED not in (rule.reason or "")}
    assert said(found.rules, told) == said(wanted.rules, told)
    assert counted(brought_here(found.rows), told) == counted(wanted.rows.to_pylist(), told)
    if len(told) == len(wanted.rules):
        assert found.failing_rows == wanted.failing_rows


def said(outcomes: list[RuleOutcome], told: set[str]) -> list[RuleOutcome]:
    """The outcomes, with numbers as exact as sums in any order are."""
    return [
        replace(
            outcome,
            # what an engine has against a query it says in its own words
            reason=_NUMBER.sub(_rounded, outcome.reason or "") if outcome.evaluated else "",
            metrics=cast("Any", {n: _rounded(str(v)) for n, v in outcome.metrics.items()}),
        )
        for outcome in outcomes
        if outcome.rule in told
    ]


_NUMBER = re.compile(r"-?\d+\.?\d*(e-?\d+)?")


def _rounded(number: "re.Match[str] | str") -> str:
    value = float(number if isinstance(number, str) else number[0])
    return "0" if abs(value) < 1e-9 else f"{value:.9g}"


def counted(rows: Sequence[dict[str, Any]], told: set[str]) -> "collections.Counter[str]":
    """The rows, whatever their order, with what the rules told say of them."""
    return collections.Counter(
        json.dumps(
            [
                [text for text in cast("list[str]", value) if text in told]
                if isinstance(value, list)
                else value
                for name, value in row.items()
                if name != "DataQualityEvaluationResult"
            ],
            default=str,
        )
        for row in rows
    )


@pytest.mark.parametrize("times", ["as they are", "none"])
def test_rules_of_every_kind_say_the_same(times: str) -> None:
    limit = "" if times == "as they are" else " LIMIT 0"
    films, known = (
        cast("ArrowTable", engine().sql(query + limit).to_arrow_table())
        for query in (FILMS_QUERY, KNOWN)
    )
    ruleset = parse_ruleset(f"Rules = [ {', '.join(BY_FAMILY.values())} ]")
    moment = conformance.dt.datetime(2026, 1, 1, 12, tzinfo=conformance.dt.UTC)
    found = evaluate(ruleset, frame(films), sources={"ref": frame(known)}, clock=moment)
    wanted = evaluate(ruleset, films, sources={"ref": known}, clock=moment, connection=engine())
    alike(found, wanted)


@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)
@given(st.lists(properties.rules(properties.PLAIN), min_size=20, max_size=40), properties.TABLES)
def test_any_ruleset_says_the_same_of_any_table(
    rules: list[str], rows: list[tuple[str | None, int | None, float | None]]
) -> None:
    ruleset, data = parse_ruleset(f"Rules = [ {', '.join(rules)} ]"), properties.as_table(rows)
    alike(evaluate(ruleset, frame(data)), evaluate(ruleset, data, connection=engine()))


# --- the same as the reference ------------------------------------------------------------------


@conformance.pytestmark
def test_the_reference_gives_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    together: dict[str, list[conformance.Case]] = collections.defaultdict(list)
    for case in conformance.cases("exec_cases.json"):
        if not case.get("error"):
            together[_data_of(case)].append(case)
    answered: dict[str, conformance.Answer] = {}

    def answer(case: conformance.Case) -> conformance.Answer:
        if case["id"] not in answered:
            answered.update(_answers(together[_data_of(case)]))
        return answered[case["id"]]

    conformance.scored("Spark", answer, capsys)


def _data_of(case: conformance.Case) -> str:
    """What cases have in common that are judged at once: a start of a job costs much."""
    moment = case["evaluated_at"] if case["time_dependent"] else None
    parts = [case[part] for part in ("columns", "rows", "sources", "view_data")]
    return json.dumps([*parts, moment])


def _answers(cases: list[conformance.Case]) -> dict[str, conformance.Answer]:
    rulesets = [parse_ruleset(case["ruleset"], strict=True) for case in cases]
    found = evaluate(
        Ruleset(tuple(rule for ruleset in rulesets for rule in ruleset)),
        frame(conformance.table(cases[0])),
        sources={alias: frame(data) for alias, data in conformance.sources(cases[0]).items()},
        clock=conformance.clock(cases[0]),
    )
    wanted = any(case.get("rows_expected") for case in cases)
    rows = brought_here(found.rows) if wanted else []
    return {
        case["id"]: _part(found.rules, rows, {str(rule) for rule in ruleset})
        for case, ruleset in zip(cases, rulesets, strict=True)
    }


def _part(
    outcomes: list[RuleOutcome], rows: list[dict[str, Any]], texts: set[str]
) -> conformance.Answer:
    """What was said of some of the rules."""
    lists = ["DataQualityRulesPass", "DataQualityRulesFail", "DataQualityRulesSkip"]
    said = [
        row
        | (kept := {name: [text for text in row[name] if text in texts] for name in lists})
        | {"DataQualityEvaluationResult": "Failed" if kept[lists[1]] else "Passed"}
        for row in rows
    ]
    return [outcome for outcome in outcomes if outcome.rule in texts], said


@pytest.mark.skipif(
    not conformance.FOLDER.is_dir(), reason="the answers of Spark are not beside the checkout"
)
def test_every_where_clause_has_sparks_own_answer() -> None:
    known, data = spark_sql.known_answers()
    clauses = [case for case in known["cases"] if case["kind"] == "where"]
    rules = [f'IsComplete "w" where "{case["sql"]}"' for case in clauses]
    found = evaluate(f"Rules = [ {', '.join(rules)} ]", frame(data))
    rows = brought_here(found.rows)
    by_text = {outcome.rule: outcome for outcome in found.rules}
    wrong: list[str] = []
    for case, rule in zip(clauses, parse_ruleset(f"Rules = [ {', '.join(rules)} ]"), strict=True):
        outcome = by_text[str(rule)]
        if "for which there is no translation" in (outcome.reason or ""):
            continue
        if outcome.evaluated == bool(case["refused"]):
            wrong.append(f"{case['sql']}: {outcome.reason}")
            continue
        kept = [row["rid"] for row in rows if str(rule) in row["DataQualityRulesFail"]]
        if outcome.evaluated and sorted(kept) != sorted(case["rids"]):
            wrong.append(f"{case['sql']}: {kept}, not {case['rids']}")
    assert wrong == []


def test_types_meet_on_spark_as_the_tests_of_duckdb_say() -> None:
    rules = [f'IsComplete "w" where "{clause}"' for clause, _ in spark_sql.MET]
    data = cast("Any", spark_sql.ODD)
    place = data.schema.get_field_index("w")
    found = evaluate(
        f"Rules = [ {', '.join(rules)} ]",
        frame(data.set_column(place, "w", data["w"].cast("string"))),
    )
    rows = brought_here(found.rows)
    kept = {
        outcome.rule: "".join(".F"[outcome.rule in row["DataQualityRulesFail"]] for row in rows)
        for outcome in found.rules
    }
    texts_of = [str(rule) for rule in parse_ruleset(f"Rules = [ {', '.join(rules)} ]")]
    assert [kept[text] for text in texts_of] == [wanted for _, wanted in spark_sql.MET]


# --- frames of anybody --------------------------------------------------------------------------


def test_the_session_of_the_frame_stays_as_it_is_and_verdicts_do_not_depend_on_it() -> None:
    given = frame(table(d=["2024-01-05", "bad"], D2=["1", "x"]))
    before = {name: spark().conf.get(name) for name in SETTINGS}
    views = views_of(spark())
    found = evaluate(
        'Rules = [ ColumnDataType "d" = "Date", ColumnLength "d2" = 1, '
        'IsComplete "D" where "cast(D2 as int) = 1 and to_date(d) > \'2024-01-01\'" ]',
        given,
    )
    assert [outcome.evaluated for outcome in found.rules] == [True] * 3
    assert [outcome.failing_rows for outcome in found.rules] == [1, 0, 0]
    assert {name: spark().conf.get(name) for name in SETTINGS} == before
    assert before["spark.sql.ansi.enabled"] == "true"
    assert views_of(spark()) == views == []


def views_of(session: Any) -> list[str]:  # noqa: ANN401
    shown = [
        *session.sql("SHOW VIEWS").collect(),
        *session.sql("SHOW VIEWS IN global_temp").collect(),
    ]
    return sorted({row["viewName"] for row in shown})


def test_rows_are_a_frame_with_the_columns_as_they_came() -> None:
    given = frame(table(a=[1, None])).toDF("a")
    twice: SparkFrame = cast("Any", given).selectExpr("a", "a as A", "a as ``", "a as `x.y`")
    found = evaluate('Rules = [ IsComplete "a", IsComplete "x.y", ColumnCount = 4 ]', twice)
    assert found.rows.columns == [
        *("a", "A", "", "x.y"),
        *("DataQualityRulesPass", "DataQualityRulesFail", "DataQualityRulesSkip"),
        "DataQualityEvaluationResult",
    ]
    assert [outcome.evaluated for outcome in found.rules] == [False, True, True]
    assert "several columns have this name" in (found.rules[0].reason or "")
    types = [field.dataType.simpleString() for field in found.rows.schema]
    assert types[4:] == ["array<string>"] * 3 + ["string"]


def test_what_cannot_be_judged_on_spark_is_refused_in_a_sentence() -> None:
    given = frame(table(a=[1]))
    with pytest.raises(TableRefused, match="the source ref is no frame of Spark"):
        evaluate("Rules = [ RowCount = 1 ]", given, sources=cast("Any", {"ref": table(a=[1])}))
    with pytest.raises(TableRefused, match="is not judged in DuckDB: give no connection"):
        evaluate("Rules = [ RowCount = 1 ]", cast("Any", given), connection=engine())
    with pytest.raises(RulesetError, match="FileSize is not judged here"):
        evaluate("Rules = [ FileSize > 5 MB ]", given)
    refusal = r"its spark\.sql\.ansi\.enabled is true, and verdicts are the reference's where it is"
    with pytest.raises(TableRefused, match=refusal):
        judge(parse_ruleset("Rules = [ RowCount = 1 ]"), spark(), "films")


def test_a_view_of_a_session_is_judged_with_the_rows_where_they_are(session: Any) -> None:  # noqa: ANN401
    rules = parse_ruleset('Rules = [ IsComplete "Title", IsUnique "released" ]')
    with judge(rules, session, "films") as judgement:
        assert (judgement.rows, judgement.failing_rows) == (3, 3)
        query = f"SELECT count(*) FROM films WHERE {judgement.fails_sql}"
        assert session.sql(query).collect()[0][0] == 3
    assert views_of(session) == ["films", "texts"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("input_file_name()", "it uses input_file_name, which is not among the functions"),
        ("`reflect`('java.lang.System', 'getenv', 'HOME')", "it uses reflect, which is not"),
        ("system.builtin.java_method('java.lang.Math', 'random')", "it uses java_method, which"),
        ("spark_partition_id()", "it uses spark_partition_id, which is not among"),
        ("current_user()", "it uses current_user, which is not among the functions"),
        ("session_user", "uses session_user, which is not of the data"),
        ("user", "uses user, which is not of the data"),
        ("uuid()", "uses uuid, whose value is never the same"),
    ],
)
def test_a_rule_asks_for_nothing_but_the_data(asked: str, said: str) -> None:
    """Else a ruleset could look at what lies beside the data, or answer otherwise each time."""
    rules = f"""Rules = [ IsComplete "a" where "{asked} = 'x'", IsComplete "a" ]"""
    culprit, other = evaluate(rules, frame(table(a=["x"]))).rules
    assert not culprit.evaluated
    assert said in (culprit.reason or "")
    assert other.outcome == "Passed"


@pytest.mark.parametrize("begin", ["SELECT", "SELECT count(*) FROM (SELECT"])
def test_a_rule_runs_no_command(tmp_path: Path, begin: str) -> None:
    written = tmp_path / "written"
    query = f"{begin} TRANSFORM(a) USING 'tee {written}' FROM primary{')' * begin.count('(SELECT')}"
    [rule] = evaluate(f'Rules = [ CustomSql "{query}" > 0 ]', frame(table(a=["x"]))).rules
    assert rule.reason == "The SQL statement runs a command, which no rule may."
    assert not written.exists()


def test_a_column_named_like_a_function_of_the_session_is_a_column() -> None:
    rules = """Rules = [ IsComplete "user" where "user = 'x'" ]"""
    for films in (table(user=["x"]), frame(table(user=["x"]))):
        assert evaluate(rules, films).rules[0].outcome == "Passed"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT raise_error(v) FROM texts WHERE v = 'secret'", "the engine refused it"),
        ("SELECT (SELECT v FROM texts)", "the engine refused it (SparkException)"),
        ("SELECT format_string('%d', v) FROM texts", "the engine refused it (IllegalFormat"),
        ("SELECT xpath(v, 'a') FROM texts", "the engine refused it (SAXParseException)"),
        ("SELECT absent FROM texts", "with name `absent` cannot be resolved"),
        ("SELECT count(", "Syntax error at or near"),
    ],
)
def test_a_fault_of_a_query_tells_no_value(session: Any, query: str, said: str) -> None:  # noqa: ANN401
    with pytest.raises(Exception) as failed:  # noqa: PT011 (Spark's, of several classes)
        session.sql(query).collect()
    why = cause(failed.value)
    assert said in (why or "")
    assert "secret" not in (why or "")


def test_a_broken_source_is_no_verdict(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    parquet.write_table(cast("Any", table(a=[1])), path)
    given = spark().read.parquet(str(path))
    path.write_bytes(b"no Parquet any more")
    with pytest.raises(Exception, match=r"rows\.parquet"):
        evaluate('Rules = [ Mean "a" > 0 ]', given)
