"""The quarantined record: one JSON line with the raw text, its place, and every reason.

This is the only place where row values may be written down beside the warehouse. Which records come
here is decided in steps/split.py; how they leave again is replay's affair.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
import orjson

from movie_pipeline.tabular import Record

FILE_HELD = "the file is held:"
"""How the reasons begin that are about the file, and not about the record."""
INTAKE_RULE = "readable_record"
"""Stands there where the record itself could not be read."""
_CONTRACT_RULE = re.compile(r"[a-z0-9_]+_contract")
_TEXT = rb'"(?:[^"\\]|\\.)*"'
_ID = re.compile(rb'\{"quarantine_id":"([0-9a-f]{32})",')
_NUMBER = re.compile(
    rb'\{"quarantine_id":"[0-9a-f]{32}","file":'
    + _TEXT
    + rb',"file_id":"[0-9a-f]{32}","batch_id":'
    + _TEXT
    + rb',"record_number":([0-9]+),'
)
PASSED, FAILED = "Passed", "Failed"
_BLOCK = 1 << 20


def contract_rule(row: str) -> str:
    """What stands in a reason's `rule` where the contract, not a ruleset, set the record apart.

    Args:
        row: what a row of the dataset is called, such as "movie".
    """
    return f"{row}_contract"


def is_contract_rule(rule: str) -> bool:
    """Whether a reason's `rule` says that it is the contract; DQDL's are spelled otherwise."""
    return _CONTRACT_RULE.fullmatch(rule) is not None


@dataclass(frozen=True)
class Reason:
    """Why a record was set apart: the rule, and a sentence that may name the value."""

    rule: str
    message: str


@dataclass(frozen=True)
class Reasons:
    """Every reason why a record was set apart; many records share one such value.

    Attributes:
        of_record: the reasons, those of the whole file among them.
        own_rules: the rules that count as reasons of the record itself.
    """

    of_record: list[Reason]
    own_rules: tuple[str, ...] = ()

    @cached_property
    def rules(self) -> tuple[str, ...]:
        """Each rule among the reasons, once."""
        return tuple(dict.fromkeys(reason.rule for reason in self.of_record))

    @cached_property
    def as_json(self) -> bytes:
        """The reasons as records write them."""
        return orjson.dumps(self.of_record)


@dataclass(frozen=True)
class RuleLists:
    """Glue's row-level answer: the rules the row passed, failed, and that say nothing of rows."""

    passed: list[str]
    failed: list[str]
    skipped: list[str]

    @property
    def fields(self) -> dict[str, object]:
        """What a record says of them."""
        return {
            "DataQualityRulesPass": self.passed,
            "DataQualityRulesFail": self.failed,
            "DataQualityRulesSkip": self.skipped,
            "DataQualityEvaluationResult": FAILED if self.failed else PASSED,
        }

    @cached_property
    def as_json(self) -> bytes:
        """The same as members of an object."""
        return _members(self.fields)


@dataclass(frozen=True)
class Provenance:
    """What all records of one file's quarantine share."""

    file: str
    file_id: str
    batch_id: str
    ruleset_sha256: str
    quarantined_at: datetime

    @cached_property
    def opening(self) -> dict[str, object]:
        """What stands in a record before what is its own."""
        return {"file": self.file, "file_id": self.file_id, "batch_id": self.batch_id}

    @cached_property
    def closing(self) -> dict[str, object]:
        """What stands behind that."""
        return {
            "ruleset_sha256": self.ruleset_sha256,
            "quarantined_at": self.quarantined_at.isoformat(),
        }

    @cached_property
    def is_text(self) -> bool:
        """Whether all of it can be JSON: a file's name may be bytes that are no text."""
        return all(each.isascii() or _is_text(each) for each in (self.file, self.batch_id))

    @cached_property
    def line_parts(self) -> tuple[bytes, ...]:
        """What stands in every line: before the id, number, offset, text and cells."""
        return (
            b'{"quarantine_id":"',
            b'",%b,"record_number":' % _members(self.opening),
            b',"byte_offset":',
            b',"raw":',
            b',"raw_encoding":"utf-8","columns":',
        )

    @cached_property
    def line_end(self) -> bytes:
        """What stands in every line behind all else."""
        return b"%b}\n" % _members(self.closing)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _members(fields: Mapping[str, object]) -> bytes:
    """The members of an object as JSON, without its braces."""
    return orjson.dumps(fields)[1:-1]


def own_rules(reasons: Iterable[Mapping[str, str]]) -> list[str]:
    """The rules for which a kept record itself was set apart, and not all of its file."""
    return [reason["rule"] for reason in reasons if not reason["message"].startswith(FILE_HELD)]


def quarantine_id(file_id: str, record_number: int) -> str:
    """32 hex digits that stand for this record of this file version, in every run."""
    return id_bytes(file_id, record_number).hex()


def id_bytes(file_id: str, record_number: int) -> bytes:
    """The 16 bytes that they are of."""
    return hashlib.sha256(f"{file_id}\0{record_number}".encode()).digest()[:16]


def record_line(provenance: Provenance, raw: Record, lists: RuleLists, reasons: Reasons) -> bytes:
    """One line of the quarantine file, with its newline.

    Returns:
        UTF-8 JSON. `raw` is the record's text; where the bytes are not UTF-8 it is their base64,
        and `raw_encoding` says so.
    """
    if provenance.is_text and (text := _utf_8(raw.raw)) is not None:
        # what many records share is made JSON once
        before_id, before_number, before_offset, before_text, before_cells = provenance.line_parts
        return b"".join(
            (
                before_id,
                quarantine_id(provenance.file_id, raw.record_number).encode(),
                before_number,
                b"%d" % raw.record_number,
                before_offset,
                b"%d" % raw.byte_offset,
                before_text,
                orjson.dumps(text),
                before_cells,
                orjson.dumps(raw.columns),
                line_tail(provenance, lists, reasons),
            )
        )
    record = _record(provenance, raw, lists, reasons.of_record)
    return orjson.dumps(_as_valid_text(record), option=orjson.OPT_APPEND_NEWLINE)


def line_tail(provenance: Provenance, lists: RuleLists, reasons: Reasons) -> bytes:
    """What stands in a line behind the cells."""
    return b"".join(
        (b',"reasons":', reasons.as_json, b",", lists.as_json, b",", provenance.line_end)
    )


def _record(
    provenance: Provenance, raw: Record, lists: RuleLists, reasons: object
) -> dict[str, object]:
    text, encoding = _utf_8(raw.raw), "utf-8"
    if text is None:
        text, encoding = base64.b64encode(raw.raw).decode("ascii"), "base64"
    return {
        "quarantine_id": quarantine_id(provenance.file_id, raw.record_number),
        **provenance.opening,
        "record_number": raw.record_number,
        "byte_offset": raw.byte_offset,
        "raw": text,
        "raw_encoding": encoding,
        "columns": raw.columns,
        "reasons": reasons,
        **lists.fields,
        **provenance.closing,
    }


def _as_valid_text(value: Any) -> Any:  # noqa: ANN401 - JSON
    r"""The same JSON with every undecodable byte written as `\udcxx`."""
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode("utf-8")
        case Reason():
            return {name: _as_valid_text(text) for name, text in vars(value).items()}
        case list():
            return [_as_valid_text(item) for item in cast("list[object]", value)]
        case dict():
            items = cast("dict[str, object]", value).items()
            return {_as_valid_text(name): _as_valid_text(item) for name, item in items}
        case _:
            return value


def _utf_8(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def read_records(path: Path) -> Iterator[Mapping[str, Any]]:
    """The records of one quarantine file, in its order."""
    with path.open("rb") as lines:
        for line in lines:
            yield orjson.loads(line)


class KeptReasons(msgspec.Struct, frozen=True, gc=False):
    """Why a quarantined record waits, and where it stands.

    Attributes:
        record_number, byte_offset: as its line has them.
        reasons: JSON, which many records share.
    """

    record_number: int
    byte_offset: int
    reasons: msgspec.Raw


class KeptRecord(KeptReasons, frozen=True, gc=False):
    """What of a quarantined record its sender is told by.

    Attributes:
        raw, raw_encoding: as its line has them.
        columns: JSON, which most records are told without.
    """

    raw: str
    raw_encoding: str
    columns: msgspec.Raw

    @property
    def cells(self) -> dict[str, str] | None:
        """Header name to text; None where the cells of the record cannot be told apart."""
        return orjson.loads(memoryview(self.columns))


Kept = TypeVar("Kept", bound=KeptReasons)


def kept(path: Path, what: type[Kept]) -> Iterator[Kept]:
    """The same, in as much time as is needed for what is asked of each record."""
    decoder = msgspec.json.Decoder(what)
    with path.open("rb") as lines:
        yield from map(decoder.decode, lines)


def record_number_of(line: bytes) -> int:
    """The record number of one line, told without reading all of it where that is safe."""
    found = _NUMBER.match(line)
    return int(found[1]) if found else int(orjson.loads(line)["record_number"])


def quarantine_id_of(line: bytes) -> str:
    """The quarantine_id of one line, told likewise."""
    found = _ID.match(line)
    return found[1].decode() if found else str(orjson.loads(line)["quarantine_id"])


def count_records(path: Path) -> int:
    """How many records a quarantine file holds, counted from the file itself.

    A last line without its end does not count: the file was cut short.
    """
    count = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            count += block.count(b"\n")
    return count
