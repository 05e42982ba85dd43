"""The parser of a whole ruleset: sections, constants, what may follow what.

A recursive descent written by hand, because the hard parts are lexical and the messages are the
point. What parses and is not supported is refused later, in `rules/unsupported.py`.
"""

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from movie_pipeline.dqdl.language.condition_parser import bracketed, take_keyword
from movie_pipeline.dqdl.language.cursor import Cursor, did_you_mean
from movie_pipeline.dqdl.language.lexer import Kind, unescaped
from movie_pipeline.dqdl.language.rule_parser import RulesParser, parse_labels
from movie_pipeline.dqdl.language.rule_syntax import Syntaxes
from movie_pipeline.dqdl.language.ruleset import (
    Constant,
    Keyword,
    Labels,
    Rule,
    Ruleset,
    SimpleRule,
    Text,
)
from movie_pipeline.errors import RulesetError

Item = TypeVar("Item")

_SECTIONS = ("Metadata", "DataSources", "DefaultLabels", "Rules", "Analyzers")
_NESTED = re.compile(r"\$[A-Za-z_]")


def parse(text: str, syntaxes: Syntaxes, *, strict: bool) -> Ruleset:
    """Parses a DQDL ruleset.

    Args:
        text: the ruleset.
        syntaxes: the kinds of rules there are.
        strict: refuse the two extensions too: CRLF line ends, a last comment without newline.

    Raises:
        RulesetError: the text is not DQDL; the message has line, column and a caret.
    """
    return _RulesetParser(Cursor(text, strict=strict), syntaxes).ruleset()


class _RulesetParser:
    def __init__(self, cursor: Cursor, syntaxes: Syntaxes) -> None:
        self._cursor = cursor
        self._syntaxes = syntaxes
        self._constants: dict[str, Constant] = {}

    def ruleset(self) -> Ruleset:
        cursor = self._cursor
        metadata = self._metadata() if self._at_section("Metadata") else {}
        primary, additional = self._sources() if self._at_section("DataSources") else (None, ())
        while cursor.token.kind is Kind.NAME and cursor.token.written not in _SECTIONS:
            self._constant()
        defaults = self._default_labels() if self._at_section("DefaultLabels") else ()
        rules, analyzers = self._rules_and_analyzers(defaults)
        warnings = self._behind_the_end()
        return Ruleset(
            rules,
            analyzers,
            tuple(self._constants.values()),
            defaults,
            metadata,
            primary,
            additional,
            cursor.text,
            tuple(warnings),
        )

    def _at_section(self, name: str) -> bool:
        return self._cursor.at_word(name)

    # --- the header -----------------------------------------------------------------------------

    def _metadata(self) -> dict[str, str]:
        cursor = self._cursor
        cursor.take()
        pairs: dict[str, str] = {}
        for key in self._dictionary("Metadata", ("Version",)):
            pairs[key] = cursor.need_string("a value in double quotes").value
        return pairs

    def _sources(self) -> tuple[str | None, tuple[str, ...]]:
        cursor = self._cursor
        cursor.take()
        primary: str | None = None
        additional: tuple[str, ...] = ()
        for key in self._dictionary("DataSources", ("Primary", "AdditionalDataSources")):
            if key == "Primary":
                primary = cursor.need_string("the name of a source").value
            else:
                additional = bracketed(
                    cursor, lambda: cursor.need_string("the name of a source").value
                )
        return primary, additional

    def _dictionary(self, section: str, known: tuple[str, ...]) -> Iterator[str]:
        cursor = self._cursor
        cursor.need_sign("=", section)
        cursor.need_sign("{", f"{section} =")
        if cursor.at_sign("}"):
            raise cursor.refuse(f"{section} is empty", hint="leave the section out")
        seen: set[str] = set()
        while True:
            key = cursor.need_string("a key in double quotes")
            if key.value not in known or key.value in seen:
                problem = "stands twice in" if key.value in seen else "is no key of"
                raise cursor.refuse(
                    f'"{key.value}" {problem} {section}',
                    place=key.place,
                    hint=did_you_mean(key.value, known) or f"known: {', '.join(known)}",
                )
            seen.add(key.value)
            cursor.need_sign(":", "a key")
            yield key.value
            if not cursor.take_sign(","):
                break
        cursor.need_sign("}", section)

    def _constant(self) -> None:
        cursor = self._cursor
        name = cursor.take()
        if not cursor.at_sign("="):
            hint = did_you_mean(name.written, _SECTIONS)
            raise cursor.refuse(
                f"{cursor.token.description} stands where `=` after {name.written} is wanted",
                hint=hint or "rules stand inside Rules = [ ... ]",
            )
        cursor.take()
        if name.written[0] in "._":
            raise cursor.refuse(
                f"the name of a constant cannot start with `{name.written[0]}`", place=name.place
            )
        if name.written in self._constants:
            raise cursor.refuse(f"the constant {name.written} is defined twice", place=name.place)
        self._constants[name.written] = Constant(name.written, self._constant_value(name.written))

    def _constant_value(self, name: str) -> str | tuple[Text | Keyword, ...]:
        cursor = self._cursor
        if cursor.at_sign("["):
            return bracketed(cursor, lambda: self._constant_item(name, listed=True))
        item = self._constant_item(name)
        return item.value if isinstance(item, Text) else (item,)

    def _constant_item(self, name: str, *, listed: bool = False) -> Text | Keyword:
        cursor = self._cursor
        if (keyword := take_keyword(cursor)) is not None:
            return keyword
        if cursor.token.kind in (Kind.NUMBER, Kind.NAME) and did_you_mean(name, _SECTIONS):
            hint = did_you_mean(name, _SECTIONS)
            raise cursor.unexpected(f"a string for the constant {name}", hint)
        token = cursor.need_string(f"a string for the constant {name}")
        if _NESTED.search(token.value):
            raise cursor.refuse(
                "a constant cannot use another constant", place=token.place, hint="write it out"
            )
        return Text(unescaped(token.value) if listed else token.value, token.written)

    def _default_labels(self) -> Labels:
        self._cursor.take()
        return parse_labels(self._cursor)

    # --- rules and analyzers --------------------------------------------------------------------

    def _rules_and_analyzers(
        self, defaults: Labels
    ) -> tuple[tuple[Rule, ...], tuple[SimpleRule, ...]]:
        cursor = self._cursor
        start = cursor.place
        parser = RulesParser(cursor, self._syntaxes, self._constants, defaults)
        rules: tuple[Rule, ...] = ()
        analyzers: tuple[SimpleRule, ...] = ()
        if not cursor.at_word("Rules", "Analyzers"):
            raise self._no_rules()
        if cursor.take_word("Rules"):
            rules = self._section("Rules", parser.rule)
        if cursor.take_word("Analyzers"):
            analyzers = self._section("Analyzers", parser.analyzer)
        if not rules and not analyzers:
            raise cursor.refuse("there is no rule in this ruleset", place=start)
        return rules, analyzers

    def _no_rules(self) -> RulesetError:
        cursor = self._cursor
        if cursor.token.kind is Kind.END:
            return cursor.refuse("the text ends before any rule", hint="Rules = [ ... ]")
        return cursor.unexpected("Rules = [ ... ]", "rules stand inside Rules = [ ... ]")

    def _section(self, name: str, item: Callable[[], Item]) -> tuple[Item, ...]:
        cursor = self._cursor
        cursor.need_sign("=", name)
        cursor.need_sign("[", f"{name} =")
        items: list[Item] = []
        if not cursor.at_sign("]"):
            items.append(item())
            while cursor.take_sign(","):
                if cursor.at_sign("]"):
                    raise cursor.refuse("a comma stands before the closing bracket")
                items.append(item())
        cursor.need_sign("]", f"the last entry of {name}, or `,` before the next,")
        return tuple(items)

    def _behind_the_end(self) -> list[str]:
        cursor = self._cursor
        warnings: list[str] = []
        while cursor.at_sign("]"):
            # The reference reads nothing behind the last section, and its own tests lean on that
            # for one bracket too many; anything else behind it would be dropped in silence.
            line = cursor.take().place.line
            warnings.append(f"line {line}: one closing bracket too many; it changes nothing.")
        if cursor.token.kind is Kind.END:
            return warnings
        hint = "put everything inside Rules = [ ... ]"
        if cursor.at_word("Rules"):
            hint = "one Rules section, and before Analyzers; merge the two"
        raise cursor.refuse(
            f"{cursor.token.description} stands behind the end of the ruleset", hint=hint
        )
