"""What the driver and Redshift say becomes one sentence of ours, of a kind, without values."""

import struct

import pytest
import redshift_connector
from redshift_connector import error as driver

from movie_pipeline.errors import BatchRefused, WarehouseConflict, WarehouseError
from movie_pipeline.warehouse.redshift_errors import (
    DRIVER_ERRORS,
    StatementWrong,
    TookTooLong,
    ValueWrong,
    translated,
    unreachable,
)

CANARY = "SSN-CANARY"


def said(state: str, message: str, detail: str = "") -> Exception:
    """A server's error, as the driver raises it."""
    return redshift_connector.ProgrammingError(
        {"S": "ERROR", "C": state, "M": message, "D": detail}
    )


def scan_error(context: str, code: int = 15001) -> Exception:
    detail = f"\n ---\n  error:  Spectrum Scan Error\n  code:      {code}\n  context:   {context}\n"
    return said("XX000", "Spectrum Scan Error", detail)


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (said("XX000", "1023", "Serializable isolation"), WarehouseConflict, "another transaction"),
        (
            said("XX000", "ERROR: 1023 DETAIL: Serializable isolation violation on table"),
            WarehouseConflict,
            "another transaction",
        ),
        (
            said("XX000", "could not complete because of conflict with concurrent transaction"),
            WarehouseConflict,
            "another transaction",
        ),
        (said("40001", CANARY), WarehouseConflict, "another transaction"),
        (said("40P01", "deadlock detected"), WarehouseConflict, "another transaction"),
        (said("57014", CANARY), TookTooLong, "REDSHIFT_STATEMENT_SECONDS"),
        (said("XX000", "Query (9) cancelled on user's request"), TookTooLong, "was cancelled"),
        (said("57P01", "terminating connection"), WarehouseConflict, "ended the connection"),
        (said("08006", "x"), WarehouseConflict, "ended the connection"),
        (said("28P01", CANARY), WarehouseError, "does not let this user in"),
        (said("3D000", CANARY), WarehouseError, "MOVIE_PIPELINE_REDSHIFT_DATABASE"),
        (said("42P01", 'relation "t" does not exist'), StatementWrong, 'relation "t" does not exi'),
        (
            said("42501", "permission denied for relation t"),
            WarehouseError,
            "permission denied for relation t; grant it",
        ),
        (said("22001", f"value too long {CANARY}"), WarehouseError, "longer than its column holds"),
        (said("22P02", f'invalid input: "{CANARY}"'), ValueWrong, r"does not fit \(22P02\)"),
        (
            said("23502", 'null value in column "kind"', f"Failing row contains ({CANARY})"),
            WarehouseError,
            "kind must have a value",
        ),
        (said("XX000", f"Assert {CANARY}"), WarehouseError, "SQLSTATE XX000; its own message is"),
        (
            scan_error(
                "Unmatched number of columns between table and file. Table columns: 20, "
                "Data columns: 16",
                15007,
            ),
            BatchRefused,
            "a Parquet file has 16 columns, but the table has 20",
        ),
        (
            scan_error(
                "The length of the data column overview is longer than the length defined in the "
                "table. Table: 256, Data: 262"
            ),
            BatchRefused,
            "a text of 262 bytes does not fit overview, which holds 256",
        ),
        (
            scan_error(
                "File 'https://s3.us-east-1.amazonaws.com/b/f.parquet' has an incompatible Parquet "
                "schema for column 's3://b/f.parquet.votes'. Column type: BIGINT, Parquet "
                "schema:\noptional int32 votes [i:14 d:1 r:0]"
            ),
            BatchRefused,
            "a Parquet file has int32 where votes of the table is BIGINT",
        ),
        (scan_error(f"invalid type length {CANARY}"), BatchRefused, "cannot be read as Parquet"),
        (scan_error(f"Invalid digit, Value '{CANARY}'", 1207), BatchRefused, "with code 1207"),
        (
            said("XX000", "S3ServiceException:Access Denied,Status 403,Error AccessDenied,Rid 1"),
            WarehouseError,
            r"S3 refused COPY \(403 AccessDenied\)",
        ),
        (
            driver.InterfaceError("BrokenPipe: server socket"),
            WarehouseConflict,
            "lost its connecti",
        ),
        (ConnectionResetError(104, CANARY), WarehouseConflict, "lost its connection"),
        (struct.error("unpack requires a buffer"), WarehouseConflict, "lost its connection"),
        (KeyError("C"), WarehouseConflict, "lost its connection"),
        (TimeoutError("timed out"), TookTooLong, "had no answer in time"),
        (UnicodeEncodeError("utf-8", CANARY, 0, 1, "x"), WarehouseError, "a value is no text"),
        (driver.NotSupportedError(f"type {CANARY}"), WarehouseError, "cannot bind its values"),
    ],
)
def test_an_error_becomes_a_sentence_of_its_kind(
    error: Exception, kind: type[WarehouseError], sentence: str
) -> None:
    assert isinstance(error, DRIVER_ERRORS)
    told = translated("load/x.sql", error)
    assert type(told) is kind
    assert str(told).startswith("load/x.sql ")
    assert CANARY not in str(told)
    with pytest.raises(kind, match=sentence):
        raise told


def test_every_error_of_the_driver_is_met() -> None:
    classes = [one for one in vars(driver).values() if isinstance(one, type)]
    errors = [one for one in classes if issubclass(one, Exception) and one is not driver.Warning]
    assert errors
    assert all(issubclass(one, DRIVER_ERRORS) for one in errors)


def test_a_warehouse_without_an_answer_is_told_with_its_address_and_cause() -> None:
    error = driver.InterfaceError("communication error", ConnectionRefusedError(111, "refused"))
    assert str(unreachable("movies.example.com:5439", 30, error)) == (
        "the warehouse movies.example.com:5439 took no connection for 30 s "
        "(ConnectionRefusedError): see that it is not paused, and that the network and the "
        "security groups let this machine in."
    )
