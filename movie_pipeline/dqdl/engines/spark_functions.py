"""The functions of Spark SQL that rules may call: on DuckDB those with a sure translation.

What is not listed is refused by name, for DuckDB may know the name and give another value, and
Spark may read files or tell who asks. How the listed ones are written is in `spark_meaning.py`.
"""

import itertools
import math
from collections.abc import Iterator, Sequence

from sqlglot.tokenizer_core import Token, TokenType

from movie_pipeline.dqdl.rules.words import NoTranslation

_BY_ARGUMENTS: dict[tuple[int, float], str] = {
    (0, 0): (
        "current_date curdate current_timestamp now pi e "
        "row_number rank dense_rank percent_rank cume_dist"
    ),
    (1, 1): (
        "abs sqrt cbrt exp ln log10 log2 sign signum sin cos tan asin acos atan degrees radians "
        "ceil ceiling floor bin isnan isnull isnotnull "
        "upper ucase lower lcase length len char_length character_length bit_length octet_length "
        "ascii chr char reverse space md5 initcap trim ltrim rtrim extract "
        "year month day dayofmonth dayofweek dayofyear weekofyear quarter hour minute second "
        "weekday last_day date timestamp int bigint smallint tinyint double string boolean "
        "size cardinality array_size explode "
        "avg mean sum min max median kurtosis stddev stddev_samp stddev_pop variance var_samp "
        "var_pop count_if bool_and bool_or every some collect_list collect_set "
        "approx_count_distinct array_agg ntile first_value last_value "
        "sinh cosh tanh sha sha1 unix_date hex factorial rint bit_count positive negative "
        "zeroifnull nullifzero btrim unix_timestamp to_unix_timestamp unix_seconds "
        "timestamp_seconds date_from_unix_date skewness array_distinct array_compact array_max "
        "array_min array_sort"
    ),
    (1, 2): "round log to_date to_timestamp from_unixtime sort_array",
    (1, 3): "position substring substr lead lag",
    (1, math.inf): "any coalesce concat concat_ws count",
    (2, 2): (
        "nvl ifnull nullif nanvl mod pow power contains startswith endswith instr left right "
        "repeat split regexp_like rlike regexp "
        "date_add date_sub datediff date_diff add_months months_between date_format trunc "
        "date_trunc date_part datepart array_contains corr covar_pop covar_samp max_by min_by "
        "atan2 equal_null pmod try_divide percentile percentile_approx approx_percentile sha2 "
        "levenshtein regexp_count find_in_set element_at array_join array_position"
    ),
    (2, 3): "replace locate regexp_extract regexp_extract_all lpad rpad sequence",
    (2, math.inf): "greatest least",
    (3, 3): "if nvl2 make_date translate split_part substring_index regexp_replace slice",
}
FUNCTIONS: dict[str, tuple[int, float]] = {
    name: count for count, names in _BY_ARGUMENTS.items() for name in names.split()
}
"""The fewest and the most arguments of each."""
_ON_SPARK_ALONE = frozenset(
    """
    acosh aggregate any_value array_append array_except array_insert array_intersect array_prepend
    array_remove array_repeat array_union arrays_overlap arrays_zip asinh atanh base64 binary
    bit_and bit_get bit_or bit_xor bround collate collation conv convert_timezone cot crc32 csc
    dateadd dayname decode elt encode explode_outer expm1 filter first flatten float forall
    format_number format_string from_csv from_json from_utc_timestamp from_xml get get_json_object
    getbit grouping grouping_id hash histogram_numeric hypot inline inline_outer is_valid_utf8
    is_variant_null json_array_length json_object_keys json_tuple last listagg log1p luhn_check
    make_dt_interval make_interval make_timestamp make_timestamp_ltz make_timestamp_ntz
    make_valid_utf8 make_ym_interval map map_concat map_contains_key map_entries map_filter
    map_from_arrays map_from_entries map_keys map_values map_zip_with mask mode monthname
    named_struct next_day nth_value overlay parse_json parse_url percentile_cont percentile_disc
    posexplode posexplode_outer printf reduce regexp_instr regexp_substr regr_avgx regr_avgy
    regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy schema_of_json sec
    sentences shiftleft shiftright shiftrightunsigned soundex stack std str_to_map
    string_agg timestamp_micros timestamp_millis timestampadd timestampdiff to_binary to_char
    to_csv to_json to_number to_timestamp_ltz to_timestamp_ntz to_utc_timestamp to_varchar
    transform transform_keys transform_values try_add try_avg try_element_at try_make_timestamp
    try_mod try_multiply try_parse_json try_parse_url try_subtract try_sum try_to_binary
    try_to_number try_to_timestamp try_url_decode try_variant_get typeof unbase64 unhex
    unix_micros unix_millis url_decode url_encode variant_get width_bucket window window_time
    xpath xpath_boolean xpath_double xpath_float xpath_int xpath_long xpath_number xpath_short
    xpath_string xxhash64 zip_with
    """.split()  # noqa: SIM905 (a line each would be a page)
)
"""What Spark runs as it stands: the same each time, and of nothing but what it is given."""
_SYNTAX = frozenset(
    """
    all and array as between by case cast decimal dec distinct div else end except exists filter
    from group having ilike in intersect interval is join lateral like limit not numeric on or
    order over select struct then try_cast union using values varchar when where with
    """.split()  # noqa: SIM905 (a line each would be a page)
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


def expect_known_to_spark(tokens: Sequence[Token]) -> None:
    """Refuse what calls functions that answer otherwise each time, or look beyond the data.

    Raises:
        NoTranslation: it does; the message says which.
    """
    for name, _ in _calls(tokens):
        if name not in FUNCTIONS and name not in _ON_SPARK_ALONE:
            raise NoTranslation(f"it uses {name}, which is not among the functions for rules")


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
