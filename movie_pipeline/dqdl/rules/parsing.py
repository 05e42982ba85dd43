"""Parsing a ruleset with the kinds of rules that are known here, and warning of their oddities."""

from collections.abc import Iterator
from dataclasses import replace

from movie_pipeline.dqdl.language.rule_syntax import Syntaxes
from movie_pipeline.dqdl.language.ruleset import Ruleset, SimpleRule
from movie_pipeline.dqdl.language.ruleset_parser import parse
from movie_pipeline.dqdl.rules.registry import GLUE_ONLY, KINDS


def parse_ruleset(text: str, *, strict: bool = False) -> Ruleset:
    """Parses a DQDL ruleset.

    Args:
        text: the ruleset.
        strict: refuse the two extensions too: CRLF line ends, a last comment without newline.

    Raises:
        RulesetError: the text is not DQDL; the message has line, column and a caret.
    """
    ruleset = parse(text, _syntaxes(), strict=strict)
    return replace(ruleset, warnings=(*_oddities(ruleset), *ruleset.warnings))


def _syntaxes() -> Syntaxes:
    kinds = [*KINDS.values(), *GLUE_ONLY.values()]
    return {kind.syntax.name: kind.syntax for kind in sorted(kinds, key=lambda k: k.syntax.name)}


def _oddities(ruleset: Ruleset) -> Iterator[str]:
    for rule in ruleset:
        for leaf in rule.leaves():
            kind = KINDS.get(leaf.kind)
            if kind and kind.oddity and kind.oddity.concerns(leaf):
                yield f"line {leaf.place.line}: {leaf.kind} {kind.oddity.sentence}"
            yield from _two_backslashes(leaf)


def _two_backslashes(rule: SimpleRule) -> Iterator[str]:
    """What a pattern with two backslashes means, for those who escape them as elsewhere."""
    condition = rule.condition
    if condition is not None and condition.operator in ("matches", "not matches"):
        pattern = str(condition.operands[0])
        if "\\\\" in pattern:
            yield (
                f"line {condition.place.line}: two backslashes in a pattern are a backslash in the "
                r"text, to Glue as here: digits are \d, and \\d is a backslash and the letter d."
            )
