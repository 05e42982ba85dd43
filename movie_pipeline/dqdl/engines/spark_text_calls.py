"""Functions of texts, as Spark has them, written for DuckDB.

Days are in `spark_day_calls.py`, numbers and statistics in `spark_number_calls.py`.
"""

import re
from collections.abc import Callable

from sqlglot import exp

from movie_pipeline.dqdl.engines.duckdb_patterns import matched
from movie_pipeline.dqdl.engines.spark_arguments import NamedCall, is_count, written
from movie_pipeline.dqdl.engines.spark_casts import UNSURE, as_text, cast, make_text, template
from movie_pipeline.dqdl.engines.spark_types import NUMBERS, UNKNOWN, is_list, known, marked
from movie_pipeline.dqdl.rules import sql
from movie_pipeline.dqdl.rules.java_patterns import NotTranslatable
from movie_pipeline.dqdl.rules.re2_patterns import anywhere, objection
from movie_pipeline.dqdl.rules.sql import Sql
from movie_pipeline.dqdl.rules.words import NoTranslation


def _letter(node: Sql) -> Sql:
    [code] = node.expressions
    text = "CASE WHEN x < 0 THEN '' ELSE chr(CAST(x % 256 AS INTEGER)) END"
    return marked(template(text, cast(code, "BIGINT")), "VARCHAR")


def _like(node: Sql) -> Sql:
    """A pattern of Java's, sought anywhere in a text."""
    make_text(node.this)
    pattern = node.expression
    if not isinstance(pattern, exp.Literal):
        raise NoTranslation("it has a pattern that does not stand there as a text")
    try:
        wanted = anywhere(pattern.name)
    except NotTranslatable as error:
        raise NoTranslation(f"in its pattern {error}") from error
    return marked(exp.Paren(this=matched(node.this, wanted)), "BOOLEAN")


def _substring_index(node: Sql) -> Sql:
    delimiter, count = node.args.get("delimiter"), node.args.get("count")
    from_end = isinstance(count, exp.Neg)
    number = count.this if isinstance(count, exp.Neg) else count or exp.Null()
    if delimiter is None or not (_is_sign(delimiter) and is_count(number, least=1)):
        raise NoTranslation("it uses substring_index otherwise than with a sign and a number")
    part = f"-{number.name}, -1" if from_end else f"1, {number.name}"
    text = f"array_to_string(list_slice(string_split(x, y), {part}), y)"
    return marked(template(text, node.this, delimiter), "VARCHAR")


def _with_escapes(node: Sql) -> Sql:
    """A backslash takes their meaning from the signs of LIKE."""
    pattern = node.expression
    if isinstance(node.parent, exp.Escape) or (
        isinstance(pattern, exp.Literal) and "\\" not in pattern.name
    ):
        return node
    if not isinstance(pattern, exp.Literal) or not _ESCAPED.fullmatch(pattern.name):
        raise NoTranslation("it has a pattern of LIKE with a backslash before a sign that is none")
    written_out = exp.Escape(this=node.copy(), expression=sql.string("\\"))
    return marked(exp.Paren(this=written_out), "BOOLEAN")


_ESCAPED = re.compile(r"(?:[^\\]|\\[\\%_])*", re.DOTALL)


def _member(node: Sql) -> Sql:
    """Places are counted from 0."""
    if not is_list(known(node.this)) or node.args.get("offset") is not None:
        return node
    found = known(node.this).removesuffix("[]")
    place = sql.number(int(node.expressions[0].name) + 1)
    return marked(sql.call("list_extract", node.this, place), found)


def _substring(node: Sql) -> Sql:
    start = node.args.get("start")
    if not isinstance(start, (exp.Literal, exp.Neg)):
        raise NoTranslation("it uses substring from a place that does not stand there as a number")
    if start.name == "0":
        start.replace(sql.number(1))
    length = node.args.get("length")
    if length is not None and not is_count(length, least=0):
        text = "CASE WHEN x < 0 THEN 0 ELSE x END"  # DuckDB goes backwards from the place
        length.replace(template(text, cast(length, "INT")))
    return node


def _replaced(node: Sql) -> Sql:
    if node.args.get("replacement") is None:
        node.set("replacement", sql.string(""))
    return node


def _lower(node: Sql) -> Sql:
    return exp.Lower(this=_uncased(node.this))


def _uncased(node: Sql) -> Sql:
    """Spark leaves out a change of case that another follows."""
    while isinstance(node, exp.Lower) or "upper_of" in node.meta:
        node = node.this if isinstance(node, exp.Lower) else node.meta["upper_of"]
    return node.copy()


def _upper(node: Sql) -> Sql:
    value = _uncased(node.this)
    written = marked(template("upper(replace(x, 'ß', 'SS'))", value), "VARCHAR")
    written.meta["upper_of"] = value
    return written


def _capitalized(node: Sql) -> Sql:
    text = r"regexp_replace(x, '(^| )ß', '\1ss', 'g')"
    node.this.replace(template(text, node.this))
    return node


def _trimmed(node: Sql) -> Sql:
    """Of itself it takes off spaces, and DuckDB's a no-break space too."""
    if node.args.get("expression") is None:
        node.set("expression", sql.string(" "))
    return node


def _backwards(node: Sql) -> Sql:
    """By characters; DuckDB keeps together what is seen as one."""
    text = "array_to_string(list_reverse(regexp_extract_all(x, '(?s).')), '')"
    return marked(template(text, node.this), "VARCHAR")


def expect_text(node: Sql) -> None:
    """Refuse to make a digest of other than text."""
    if known(node.this) not in ("VARCHAR", *UNKNOWN):
        raise NoTranslation("it uses md5 or sha1 of other than text")


def _hexadecimal(node: exp.Anonymous) -> Sql:
    [value] = node.expressions
    if known(value) in NUMBERS:
        return written("hex(x)", "bigint", "VARCHAR")(node)
    if known(value) != "VARCHAR":
        raise NoTranslation("it uses hex of other than a text or a number")
    return written("hex(x)", "text", "VARCHAR")(node)


def _digest(node: exp.Anonymous) -> Sql:
    value, bits = node.expressions
    if known(value) not in ("VARCHAR", *UNKNOWN) or bits.name not in ("0", "256"):
        raise NoTranslation("it uses sha2 otherwise than of a text with 256 bits")
    return written("sha256(x)", "text", "VARCHAR")(exp.Anonymous(this="sha2", expressions=[value]))


_LETTERS = "regexp_extract_all(W, '(?s).')"
_IN_ONE_BYTE = (
    "array_to_string(list_transform(LETTERS, lambda dq_e: chr(CAST(list_position("
    "list_distinct(regexp_extract_all(x || y, '(?s).')), dq_e) AS INTEGER))), '')"
).replace("LETTERS", _LETTERS)
_DISTANCE = (
    "CASE WHEN strlen(x) = length(x) AND strlen(y) = length(y) THEN levenshtein(x, y) "
    "WHEN len(list_distinct(regexp_extract_all(x || y, '(?s).'))) > 127 "
    f"THEN error('{UNSURE}a distance between more than 127 letters') "
    f"ELSE levenshtein({_IN_ONE_BYTE.replace('W', 'x')}, {_IN_ONE_BYTE.replace('W', 'y')}) END"
)
"""DuckDB counts bytes, so that each letter is made one."""


def _distance(node: exp.Anonymous) -> Sql:
    return written(f"CAST({_DISTANCE} AS INTEGER)", "text text", "INT")(node)


def _counted(node: exp.Anonymous) -> Sql:
    value, pattern = node.expressions
    _expect_plain(pattern)
    if re.search(pattern.name, ""):
        raise NoTranslation("it counts a pattern that may be of no letter")
    found = sql.call("regexp_extract_all", as_text(value), pattern)
    return marked(sql.call("len", found), "INT")


def _all_found(node: exp.Anonymous) -> Sql:
    value, pattern, *group = node.expressions
    _expect_plain(pattern)
    asked = group[0] if group else sql.number(1)
    _expect_group(pattern, asked, "regexp_extract_all")
    found = sql.call("regexp_extract_all", as_text(value), pattern, asked)
    text = "list_transform(x, lambda dq_e: coalesce(dq_e, ''))"
    return marked(template(text, found), "VARCHAR[]")


def _octets(node: exp.Anonymous) -> Sql:
    return marked(sql.call("strlen", as_text(node.expressions[0])), "INT")


_PLAIN_PATTERN = re.compile(
    r"(?:[^\\\[\](){}]|\\[dwsDWS]|\\[^A-Za-z0-9]|\((?!\?)|\(\?:|\)|\{\d+(?:,\d*)?\}"
    r"|\[\^?(?:[^\\\[\]&]|\\[dwsDWS]|\\[^A-Za-z0-9])+\])*"
)
"""What RE2 reads as Java does, groups and all."""
_REPLACEMENT = re.compile(r"(?:[^$\\]|\$[0-9](?![0-9]))*", re.DOTALL)
_GROUP = re.compile(r"\\.|\[(?:\\.|[^\]])*\]|(\((?!\?)|\(\?<[A-Za-z])", re.DOTALL)


def expect_plain_arguments(node: Sql) -> None:
    """Refuse arguments whose odd values engines take differently, where they can be such."""
    if isinstance(node, (exp.Left, exp.Right)) and not is_count(node.expression, least=0):
        raise NoTranslation("it uses left or right otherwise than with a number of characters")
    if isinstance(node, exp.StrPosition):
        position, sought = node.args.get("position"), node.args.get("substr")
        if position is not None and not (is_count(position, least=1) and _is_sign(sought)):
            raise NoTranslation("it seeks from a place otherwise than for a sign from a number on")
    if isinstance(node, exp.SplitPart) and not (
        _is_sign(node.args.get("delimiter")) and is_count(node.args.get("part_index"), least=1)
    ):
        raise NoTranslation("it uses split_part otherwise than with a sign and a number")
    if isinstance(node, (exp.RegexpExtract, exp.RegexpReplace, exp.RegexpSplit)):
        _expect_plain_pattern(node)
    if isinstance(node, exp.Bracket) and not all(is_count(e, least=0) for e in node.expressions):
        raise NoTranslation("it takes a member of a list otherwise than by its number")


def _expect_plain_pattern(node: Sql) -> None:
    pattern, replaced = node.expression, node.args.get("replacement")
    _expect_plain(pattern)
    group = node.args.get("group")
    if group is not None:
        _expect_group(pattern, group, "regexp_extract")
    if replaced is not None:
        _expect_replacement(pattern, replaced)


def _expect_replacement(pattern: Sql, replaced: Sql) -> None:
    """A text in which $1 is what the first group found; RE2 writes it with a backslash."""
    if not isinstance(replaced, exp.Literal) or not _REPLACEMENT.fullmatch(replaced.name):
        raise NoTranslation("it uses regexp_replace otherwise than with a plain text and $1")
    for place in re.findall(r"\$(\d)", replaced.name):
        _expect_group(pattern, sql.number(int(place)), "regexp_replace")
    replaced.replace(sql.string(replaced.name.replace("$", "\\")))


def _expect_plain(pattern: Sql) -> None:
    if not isinstance(pattern, exp.Literal):
        raise NoTranslation("it has a pattern that does not stand there as a text")
    if objection(pattern.name, "matches") or not _PLAIN_PATTERN.fullmatch(pattern.name):
        raise NoTranslation("it has a pattern of which more than plain parts and groups is asked")


def _expect_group(pattern: Sql, group: Sql, name: str) -> None:
    groups = sum(bool(found[1]) for found in _GROUP.finditer(pattern.name))
    if not is_count(group, least=0) or int(group.name) > groups:
        raise NoTranslation(f"it uses {name} with a group that the pattern has not")


def _is_sign(part: object) -> bool:
    """Whether it stands there as a text that is not empty."""
    return isinstance(part, exp.Literal) and part.is_string and bool(part.name)


WRITTEN: dict[type[Sql], Callable[[Sql], Sql]] = {
    exp.Chr: _letter,
    exp.RegexpLike: _like,
}
ONCE_MADE: dict[type[Sql], Callable[[Sql], Sql]] = {
    exp.Bracket: _member,
    exp.Like: _with_escapes,
    exp.ILike: _with_escapes,
    exp.Substring: _substring,
    exp.SubstringIndex: _substring_index,
    exp.Replace: _replaced,
    exp.Upper: _upper,
    exp.Lower: _lower,
    exp.Initcap: _capitalized,
    exp.Trim: _trimmed,
    exp.Reverse: _backwards,
}
NAMED: dict[str, NamedCall] = {
    "octet_length": _octets,
    "hex": _hexadecimal,
    "sha2": _digest,
    "levenshtein": _distance,
    "regexp_count": _counted,
    "regexp_extract_all": _all_found,
    "btrim": written("trim(x, ' ')", "text", "VARCHAR"),
    "find_in_set": written(
        "CASE WHEN x IS NULL OR y IS NULL THEN NULL WHEN contains(x, ',') THEN 0 "
        "ELSE coalesce(list_position(string_split(y, ','), x), 0) END",
        "text text",
        "INT",
    ),
}
