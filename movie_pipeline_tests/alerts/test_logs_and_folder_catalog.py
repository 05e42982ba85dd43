"""What the log files and the catalog's folder promise beyond the interfaces."""

import errno
import json
import os
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from movie_pipeline.alerts.alert_log import AlertLog
from movie_pipeline.alerts.alerts_port import Notice, NoticeKind
from movie_pipeline.alerts.event_log import EventLog
from movie_pipeline.catalog.catalog_port import CatalogColumn, CatalogTable
from movie_pipeline.catalog.folder_catalog import FolderCatalog
from movie_pipeline.errors import AlertError, CatalogError

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOTICE = Notice("n1", NoticeKind.SUCCESS, "subject", "two\nlines", {"rows": 1})
TABLE = CatalogTable("movies", "here", (CatalogColumn("a", "string"),))


def test_a_notice_is_one_line_of_json(tmp_path: Path) -> None:
    log = AlertLog(tmp_path / "logs" / "alerts.jsonl", now=lambda: NOON)
    log.send(NOTICE)
    [line] = log.path.read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "sent_at": "2026-01-01T12:00:00+00:00",
        "id": "n1",
        "kind": "success",
        "subject": "subject",
        "text": "two\nlines",
        "details": {"rows": 1},
    }


def test_a_line_that_a_crash_cut_short_is_left_out(tmp_path: Path) -> None:
    log = AlertLog(tmp_path / "alerts.jsonl")
    log.send(NOTICE)
    with log.path.open("ab") as torn:
        torn.write(b'{"id": "n2", "ki')
    assert log.notices() == [NOTICE]


def test_a_notice_after_a_line_cut_short_is_not_lost(tmp_path: Path) -> None:
    log = AlertLog(tmp_path / "alerts.jsonl")
    log.path.write_bytes(b'{"id": "n2", "ki')
    log.send(NOTICE)
    assert log.notices() == [NOTICE]


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "alerts.jsonl").mkdir()
    with pytest.raises(AlertError, match=r"the alert log .*alerts\.jsonl cannot be written: Is a"):
        AlertLog(tmp_path / "alerts.jsonl").send(NOTICE)
    with pytest.raises(AlertError, match=r"the event log .*alerts\.jsonl cannot be written: Is a"):
        EventLog(tmp_path / "alerts.jsonl").put("kind", {})


def test_an_event_that_is_no_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AlertError, match="the event kind is no JSON"):
        EventLog(tmp_path / "events.jsonl").put("kind", {"what": object()})


def test_a_line_for_which_the_disk_has_no_room_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = AlertLog(tmp_path / "alerts.jsonl")
    log.send(NOTICE)
    write = os.write

    def write_ten_bytes(file: int, line: bytes) -> int:
        return write(file, line[:10])

    monkeypatch.setattr(os, "write", write_ten_bytes)
    with pytest.raises(AlertError, match=os.strerror(errno.ENOSPC)):
        log.send(replace(NOTICE, id="n2"))
    monkeypatch.undo()
    log.send(replace(NOTICE, id="n3"))
    assert [notice.id for notice in log.notices()] == ["n1", "n3"]


def test_lines_written_at_once_do_not_mix(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl")

    def put(number: int) -> None:
        for _ in range(20):
            log.put("kind", {"number": number, "filling": "x" * 5000})

    threads = [threading.Thread(target=put, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(detail["number"] for _, detail in log.events()) == sorted([0, 1, 2, 3] * 20)


def test_every_schema_that_a_table_had_is_kept(tmp_path: Path) -> None:
    catalog = FolderCatalog(tmp_path, now=lambda: NOON)
    wider = replace(TABLE, columns=(*TABLE.columns, CatalogColumn("b", "bigint")))
    for table in (TABLE, TABLE, wider):
        catalog.update(table)
    assert catalog.schemas("movies") == [(NOON, TABLE.columns), (NOON, wider.columns)]
    assert catalog.schemas("nothing") == []


def test_a_table_is_a_file_that_a_person_can_read(tmp_path: Path) -> None:
    FolderCatalog(tmp_path, "films", now=lambda: NOON).update(TABLE)
    described = json.loads((tmp_path / "films" / "movies.json").read_bytes())
    assert described["updated_at"] == "2026-01-01T12:00:00+00:00"
    assert described["schemas"][0]["columns"] == [{"name": "a", "type": "string", "comment": ""}]


def test_a_broken_file_of_the_catalog_names_the_way_out(tmp_path: Path) -> None:
    catalog = FolderCatalog(tmp_path)
    catalog.update(TABLE)
    (tmp_path / "movies" / "movies.json").write_text("{", encoding="utf-8")
    with pytest.raises(CatalogError, match=r"movies\.json cannot be read .*; remove it, and the"):
        catalog.table("movies")


def test_a_catalog_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "catalog").write_bytes(b"a file, no folder")
    with pytest.raises(CatalogError, match=r"movies\.json cannot be (read|written)"):
        FolderCatalog(tmp_path / "catalog").update(TABLE)
