"""The functions of Spark SQL that have a sure translation, with how many arguments each takes.

What is not listed is refused by name, for DuckDB may know the name and give another value. How the
listed ones are written is in `spark_meaning.py`.
"""

import itertools
import math
from collections.abc import Iterator, Sequence

from sqlglot.tokenizer_core import Token, TokenType

from movie_pipeline.dqdl.rules.words import NoTranslation

_BY_ARGUMENTS: dict[tuple[int, float], str] = {
    (0, 0): (
        "current_date curdate current_timestamp now pi "
        "row_number rank dense_rank percent_rank cume_dist"
    ),
    (1, 1): (
        "abs sqrt cbrt exp ln log10 log2 sign signum sin cos tan asin acos atan degrees radians "
        "ceil ceiling floor bin isnan isnull isnotnull "
        "upper ucase lower lcase length len char_length character_length bit_length octet_length "
        "ascii chr char reverse space md5 initcap trim ltrim rtrim extract "
        "year month day dayofmonth dayofweek dayofyear weekofyear quarter hour minute second "
        "weekday last_day date timestamp int bigint double string boolean "
        "size cardinality array_size explode "
        "avg mean sum min max median kurtosis stddev stddev_samp stddev_pop variance var_samp "
        "var_pop count_if bool_and bool_or every some collect_list collect_set "
        "approx_count_distinct array_agg ntile first_value last_value "
        "sinh cosh tanh sha sha1 unix_date"
    ),
    (1, 2): "round log to_date to_timestamp",
    (1, 3): "position substring substr lead lag",
    (1, math.inf): "any coalesce concat concat_ws count",
    (2, 2): (
        "nvl ifnull nullif nanvl mod pow power contains startswith endswith instr left right "
        "repeat split regexp_like rlike regexp "
        "date_add date_sub datediff date_diff add_months months_between date_format trunc "
        "date_trunc date_part datepart array_contains corr covar_pop covar_samp max_by min_by "
        "atan2 equal_null"
    ),
    (2, 3): "replace locate regexp_extract lpad rpad sequence",
    (2, math.inf): "greatest least",
    (3, 3): "if nvl2 make_date translate split_part substring_index regexp_replace",
}
FUNCTIONS: dict[str, tuple[int, float]] = {
    name: count for count, names in _BY_ARGUMENTS.items() for name in names.split()
}
"""The fewest and the most arguments of each."""
_SYNTAX = frozenset(
    [
        "all",
        "and",
        "array",
        "as",
        "between",
        "by",
        "case",
        "cast",
        "decimal",
        "dec",
        "distinct",
        "div",
        "else",
        "end",
        "except",
        "exists",
        "filter",
        "from",
        "group",
        "having",
        "ilike",
        "in",
        "intersect",
        "interval",
        "is",
        "join",
        "lateral",
        "like",
        "limit",
        "not",
        "numeric",
        "on",
        "or",
        "order",
        "over",
        "select",
        "struct",
        "then",
        "try_cast",
        "union",
        "using",
        "values",
        "varchar",
        "when",
        "where",
        "with",
    ]
)
"""What may stand before a parenthesis and is no function."""
_OPEN = (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE)
_CLOSE = (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE)


def expect_known(tokens: Sequence[Token]) -> None:
    """Refuse what calls other functions than these, or with other numbers of arguments.

    Raises:
        NoTranslation: it does; the message says which.
    """
    for name, arguments in _calls(tokens):
        if name not in FUNCTIONS:
            raise NoTranslation(f"it uses {name}, for which there is no translation")
        least, most = FUNCTIONS[name]
        if not least <= arguments <= most:
            raise NoTranslation(f"it uses {name} with other arguments than it takes")


def _calls(tokens: Sequence[Token]) -> Iterator[tuple[str, int]]:
    """Each function by its name, with the number of its arguments."""
    for place, (token, following) in enumerate(itertools.pairwise(tokens)):
        name = token.text.lower()
        is_name = name.isidentifier() and token.token_type is not TokenType.STRING
        if is_name and following.token_type is TokenType.L_PAREN and name not in _SYNTAX:
            yield name, _arguments(tokens, place + 2)


def _arguments(tokens: Sequence[Token], begin: int) -> int:
    """How many arguments stand between a parenthesis and the one that closes it."""
    depth, found = 0, 0
    for token in tokens[begin:]:
        if token.token_type in _CLOSE:
            if depth == 0:
                break
            depth -= 1
        elif token.token_type in _OPEN:
            depth += 1
        found += token.token_type is TokenType.COMMA and depth == 0
        found = found or 1
    return found
