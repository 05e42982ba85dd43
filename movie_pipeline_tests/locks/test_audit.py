"""The audit by the real pip-audit, over a vulnerability service of the tests' own."""

import json
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from movie_pipeline_tests.locks.audit import EXIT_NOT_ASKED, EXIT_VULNERABLE, audit_all

KNOWN: dict[str, Any] = {
    "jinja2": {"id": "PYSEC-2014-8", "affected": []},
    "urllib3": {
        "id": "PYSEC-2021-108",
        "aliases": ["CVE-2021-33503"],
        "affected": [
            {
                "package": {"name": "urllib3", "ecosystem": "PyPI"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "1.26.5"}]}],
            }
        ],
    },
}


@contextmanager
def service_that_knows(known: dict[str, Any]) -> Generator[Sequence[str]]:
    """An OSV service on this machine, as pip-audit's options."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found = known.get(asked["package"]["name"])
            answer = json.dumps({"vulns": [found]} if found else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            url = f"http://127.0.0.1:{server.server_port}/v1/query"
            yield ["--vulnerability-service=osv", f"--osv-url={url}"]
        finally:
            server.shutdown()


def lock_of(tmp_path: Path, text: str) -> Path:
    lock = tmp_path / f"{text[:7]}.lock"
    lock.write_text(text)
    return lock


def test_a_vulnerable_package_is_named_with_the_version_that_mends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vulnerable = lock_of(tmp_path, "urllib3==1.26.4\n    # via requests\ncertifi==2026.1.4\n")
    clean = lock_of(tmp_path, "certifi==2026.1.4\n")
    with service_that_knows(KNOWN) as service:
        code = audit_all([vulnerable, clean], service)
    assert code == EXIT_VULNERABLE
    assert capsys.readouterr().out == (
        f"{vulnerable}: known vulnerabilities: 1\n"
        "  urllib3 1.26.4: PYSEC-2021-108, CVE-2021-33503; mended in 1.26.5\n"
        f"{clean}: known vulnerabilities: 0\n"
    )


def test_a_service_that_knows_nothing_or_is_not_there_is_never_taken_for_a_clean_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = lock_of(tmp_path, "certifi==2026.1.4\n")
    with service_that_knows({}) as service:
        assert audit_all([lock], service) == EXIT_NOT_ASKED
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(
        "NOT AUDITED: the service finds nothing in jinja2==2.4.1. Nothing is known"
    )
    assert audit_all([lock], service) == EXIT_NOT_ASKED
    assert "NOT AUDITED: pip-audit failed: " in capsys.readouterr().err
