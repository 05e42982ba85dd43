"""Parsing a ruleset with the kinds of rules that are known here, and warning of their oddities."""

from collections.abc import Iterator
from dataclasses import replace

from movie_pipeline.dqdl.language.rule_syntax import Syntaxes
from movie_pipeline.dqdl.language.ruleset import Ruleset
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
