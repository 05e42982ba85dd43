"""The ruleset as values: what a parsed DQDL text is, and how each piece prints itself back.

Frozen dataclasses only. `str()` of a rule is Glue's canonical text, the key of every row reason;
places in the text never take part in equality. No parsing, no SQL, no judging here.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from movie_pipeline.errors import RulesetError

ConditionKind = Literal["number", "string", "date", "duration", "size"]
Logical = Literal["AND", "OR"]

_STRING_ESCAPES = {"\\": "\\\\", '"': '\\"'}


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the ruleset's text, counted from 1."""

    line: int
    column: int


# --- operands -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written, such as `-0.50`."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def value(self) -> float:
        """The number as the double that every comparison uses."""
        return float(self.text)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two number expressions and the operator between them."""

    operator: str
    left: "Expression"
    right: "Expression"
    in_parentheses: bool = False

    def __str__(self) -> str:
        text = f"{self.left} {self.operator} {self.right}"
        return f"({text})" if self.in_parentheses else text


@dataclass(frozen=True, slots=True)
class Call:
    """A function over earlier values, such as `avg(last(10))`."""

    name: str
    arguments: tuple["Expression", ...]
    place: Place = field(compare=False)

    def __str__(self) -> str:
        return f"{self.name}({','.join(map(str, self.arguments))})"


Expression = Number | Arithmetic | Call


@dataclass(frozen=True, slots=True)
class Keyword:
    """NULL, EMPTY or WHITESPACES_ONLY."""

    name: Literal["NULL", "EMPTY", "WHITESPACES_ONLY"]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted string: its value, and its writing with quotes and escapes.

    The value has its backslashes still, but for one that stood in a list.
    """

    value: str
    written: str = field(compare=False)

    def __str__(self) -> str:
        return self.written

    @property
    def quoted(self) -> str:
        """The value in quotes, escaped, so that it can be parsed again."""
        return quote(self.value)


@dataclass(frozen=True, slots=True)
class DateText:
    """A date or a time of day, written as a string."""

    value: str
    is_time: bool = False

    def __str__(self) -> str:
        return f'"{self.value}"'


@dataclass(frozen=True, slots=True)
class Now:
    """`now()`, with an amount added or taken away when there is one."""

    sign: Literal["+", "-"] | None = None
    shift: "Duration | None" = None

    def __str__(self) -> str:
        return "now()" if self.sign is None else f"(now() {self.sign} {self.shift})"


@dataclass(frozen=True, slots=True)
class Duration:
    """An amount of days, hours or minutes."""

    amount: int
    unit: str

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"


@dataclass(frozen=True, slots=True)
class Size:
    """An amount of bytes."""

    amount: str
    unit: str = "B"

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"


Operand = Number | Arithmetic | Call | Keyword | Text | DateText | Now | Duration | Size


def quote(value: str) -> str:
    """Puts a string in DQDL quotes."""
    return '"' + "".join(_STRING_ESCAPES.get(character, character) for character in value) + '"'


# --- conditions and rules -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Condition:
    """What a value is held against: an operator and its operands."""

    kind: ConditionKind
    operator: str
    operands: tuple[Operand, ...]
    variable: str | None
    place: Place = field(compare=False)

    def __str__(self) -> str:
        return self._text(reparsable=False)

    def dqdl(self) -> str:
        """The condition so that parsing gives it back, escapes and all."""
        return self._text(reparsable=True)

    @property
    def values(self) -> tuple[Operand, ...]:
        """The operands that are not keywords."""
        return tuple(o for o in self.operands if not isinstance(o, Keyword))

    def names(self, keyword: str) -> bool:
        """Whether NULL, EMPTY or WHITESPACES_ONLY is among the operands."""
        return any(isinstance(o, Keyword) and o.name == keyword for o in self.operands)

    def _text(self, *, reparsable: bool) -> str:
        if self.variable is not None:
            return f"{self.operator} ${self.variable}"
        if self.operator in ("between", "not between"):
            return f"{self.operator} {self.operands[0]} and {self.operands[1]}"
        if self.operator in ("in", "not in"):
            items = [_listed(operand, reparsable=reparsable) for operand in self.operands]
            return f"{self.operator} [{','.join(items)}]"
        return f"{self.operator} {self.operands[0]}"


def _listed(operand: Operand, *, reparsable: bool) -> str:
    """Lists print their strings without escapes: that is the canonical text, oddly."""
    if isinstance(operand, Text):
        return operand.quoted if reparsable else f'"{operand.value}"'
    return str(operand)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A rule's parameter: a string, a bare name or `$name`, perhaps after `of` or `and`."""

    value: str
    written: str = field(compare=False)
    joined_by: str | None = None
    place: Place = field(compare=False, default=Place(1, 1))

    def __str__(self) -> str:
        return f"{self.joined_by} {self.written}" if self.joined_by else self.written


@dataclass(frozen=True, slots=True)
class Tag:
    """`with name = "value"`."""

    name: str
    value: str
    written: str = field(compare=False)
    place: Place = field(compare=False, default=Place(1, 1))

    def __str__(self) -> str:
        return f"with {self.name} = {self.written}"


Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SimpleRule:
    """One rule of one kind.

    `tags` are sorted by name. `labels` are its own as written; `group_labels` stood after a `)`
    round it and are not printed; `default_labels` are the ruleset's. `judges_rows` says whether
    each row has an outcome, `routes` whether a failure only sets rows apart; a rule that does not
    route judges the whole file.
    """

    kind: str
    parameters: tuple[Parameter, ...] = ()
    condition: Condition | None = None
    where: Text | None = None
    labels: Labels = ()
    tags: tuple[Tag, ...] = ()
    threshold: Condition | None = None
    group_labels: Labels = ()
    default_labels: Labels = ()
    judges_rows: bool = field(compare=False, default=False)
    routes: bool = field(compare=False, default=False)
    place: Place = field(compare=False, default=Place(1, 1))

    def __str__(self) -> str:
        return self._text(reparsable=False)

    def dqdl(self) -> str:
        """The rule so that parsing gives it back, group labels included."""
        text = self._text(reparsable=True)
        return f"({text}) {_labels_text(self.group_labels)}" if self.group_labels else text

    @property
    def columns(self) -> tuple[str, ...]:
        """The values of the parameters."""
        return tuple(p.value for p in self.parameters)

    @property
    def held_against(self) -> Condition:
        """The condition, of a kind that the parser takes only with one."""
        if self.condition is None:
            raise ValueError(f"{self.kind} needs a condition.")
        return self.condition

    @property
    def all_labels(self) -> dict[str, str]:
        """Every label that holds for this rule: the nearest one wins."""
        return dict(self.default_labels + self.labels + self.group_labels)

    @property
    def members(self) -> tuple["Rule", ...]:
        """A simple rule has no members."""
        return ()

    def tag(self, name: str) -> str | None:
        """The value of a tag, None where the rule does not carry it."""
        return next((t.value for t in self.tags if t.name == name), None)

    def leaves(self) -> Iterator["SimpleRule"]:
        """The simple rules in it: itself."""
        yield self

    def _text(self, *, reparsable: bool) -> str:
        parts = [self.kind, *map(str, self.parameters)]
        if self.condition is not None:
            parts.append(self.condition.dqdl() if reparsable else str(self.condition))
        if self.where is not None:
            parts.append(f"where {self.where}")
        labels = [_labels_text(self.labels)] if self.labels else []
        # The canonical text puts labels last, where the grammar does not take them.
        parts += labels if reparsable else []
        if self.threshold is not None:
            parts.append(f"with threshold {self.threshold}")
        parts += map(str, self.tags)
        parts += [] if reparsable else labels
        return " ".join(parts)


@dataclass(frozen=True)
class CompositeRule:
    """Rules joined by AND or OR."""

    operator: Logical
    members: tuple["Rule", ...]
    group_labels: Labels = ()
    default_labels: Labels = ()
    place: Place = field(compare=False, default=Place(1, 1))

    def __str__(self) -> str:
        members = self.leaves() if self.joins_by(self.operator) else self.members
        return f" {self.operator} ".join(f"({member})" for member in members)

    def joins_by(self, operator: Logical) -> bool:
        """Whether it and all composites in it join by this operator: then it is printed flat."""
        inner = [member for member in self.members if isinstance(member, CompositeRule)]
        return self.operator == operator and all(member.joins_by(operator) for member in inner)

    def dqdl(self) -> str:
        """The rule so that parsing gives it back, group labels included."""
        text = f" {self.operator} ".join(
            member.dqdl() if member.group_labels else f"({member.dqdl()})"
            for member in self.members
        )
        return f"({text}) {_labels_text(self.group_labels)}" if self.group_labels else text

    @property
    def kind(self) -> str:
        """`Composite`, beside the kinds of simple rules."""
        return "Composite"

    @property
    def all_labels(self) -> dict[str, str]:
        """Every label that holds for the group: its own win over the ruleset's."""
        return dict(self.default_labels + self.group_labels)

    @property
    def routes(self) -> bool:
        """Whether a failure only sets rows apart: True when that holds for every member."""
        return all(member.routes for member in self.members)

    def leaves(self) -> Iterator[SimpleRule]:
        """The simple rules in it, left to right."""
        for member in self.members:
            yield from member.leaves()


Rule = SimpleRule | CompositeRule


def _labels_text(labels: Labels) -> str:
    return "labels=[" + ", ".join(f'"{k}"="{v}"' for k, v in labels) + "]"


# --- the whole ruleset --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Constant:
    """A named string or list of strings, used as `$name`. NULL is a list of that keyword."""

    name: str
    value: str | tuple[Text | Keyword, ...]

    def dqdl(self) -> str:
        """The definition as a line of DQDL."""
        if isinstance(self.value, str):
            return f'{self.name} = "{self.value}"'
        items = [o.quoted if isinstance(o, Text) else str(o) for o in self.value]
        return f"{self.name} = [{', '.join(items)}]"


@dataclass(frozen=True)
class Ruleset:
    """A parsed ruleset: iterate over it for its rules.

    Attributes:
        rules: the rules in order, repeated ones included.
        analyzers: what the Analyzers section names; kept so that it can be refused by place.
        warnings: sentences about the parts whose meaning surprises most, each with its line.
        text: the text that was parsed.
    """

    rules: tuple[Rule, ...]
    analyzers: tuple[SimpleRule, ...] = ()
    constants: tuple[Constant, ...] = ()
    default_labels: Labels = ()
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    primary: str | None = None
    additional_sources: tuple[str, ...] = ()
    text: str = field(compare=False, default="")
    warnings: tuple[str, ...] = field(compare=False, default=())

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    def __str__(self) -> str:
        sections = list(self._header())
        if self.rules:
            sections.append("Rules = [\n" + _lines(r.dqdl() for r in self.rules) + "\n]")
        if self.analyzers:
            sections.append("Analyzers = [\n" + _lines(str(a) for a in self.analyzers) + "\n]")
        return "\n\n".join(sections)

    @cached_property
    def sha256(self) -> str:
        """The hash of the text, by which a verdict names the ruleset that gave it."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def refusal(self, problem: str, place: Place, *, hint: str | None = None) -> RulesetError:
        """Makes the error that points at a place in this ruleset's text."""
        lines = self.text.splitlines()
        source = lines[place.line - 1] if place.line <= len(lines) else None
        return RulesetError(
            problem, line=place.line, column=place.column, hint=hint, source_line=source
        )

    def _header(self) -> Iterator[str]:
        if self.metadata:
            pairs = _lines(f'"{k}": "{v}"' for k, v in self.metadata.items())
            yield "Metadata = {\n" + pairs + "\n}"
        sources: list[str] = []
        if self.primary is not None:
            sources.append(f'"Primary": "{self.primary}"')
        if self.additional_sources:
            names = ", ".join(f'"{name}"' for name in self.additional_sources)
            sources.append(f'"AdditionalDataSources": [ {names} ]')
        if sources:
            yield "DataSources = {\n" + _lines(sources) + "\n}"
        for constant in self.constants:
            yield constant.dqdl()
        if self.default_labels:
            yield "Default" + _labels_text(self.default_labels).replace("l", "L", 1)


def _lines(items: Iterable[str]) -> str:
    return ",\n".join(f"    {item}" for item in items)
