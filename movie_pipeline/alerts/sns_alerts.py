"""Notices to people through SNS: one topic for success, one for what needs attention.

What a notice says is decided elsewhere; here it is put into the shapes of mail, SMS and programs.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast

from typing_extensions import override

from movie_pipeline.alerts.alerts_port import Alerts, Notice, NoticeKind
from movie_pipeline.aws_clients import Clients, translated
from movie_pipeline.crash_points import crash_point
from movie_pipeline.errors import AlertError
from movie_pipeline.file_names import printable_name
from movie_pipeline.settings.groups import AlertSettings
from movie_pipeline.stored_values import fit_json, fit_text, read_json

MOST_BYTES = 256 * 1024
"""What SNS takes of a message, its attributes included."""
SUBJECT_LENGTH = 99
SMS_LENGTH = 140
_TEXT_BYTES = 8 * 1024
_DETAILS_BYTES = 64 * 1024
"""Both may grow when they are quoted, and quoted again; still the whole stays below MOST_BYTES."""
_ATTRIBUTE_BYTES = 1024
_MOST_RULES = 20
_DEFAULT_SUBJECT = "Movie pipeline"


class SNSAlerts(Alerts):
    """Two topics; their subscribers choose by the attributes `kind`, `state`, `file` and `rule`.

    Args:
        settings: the topics, and the UI's address for links.
        clients: boto3's.
    """

    def __init__(self, settings: AlertSettings, clients: Clients) -> None:
        self._success_topic = settings.success_topic
        self._failure_topic = settings.failure_topic
        self._ui_url = settings.ui_url
        self._clients = clients

    @override
    def send(self, notice: Notice) -> None:
        succeeded = notice.kind is NoticeKind.SUCCESS
        with translated(f"publishing the notice {notice.id}", AlertError):
            crash_point("alerts.before")
            self._clients("sns").publish(
                TopicArn=self._success_topic if succeeded else self._failure_topic,
                Subject=clean_subject(notice.subject),
                MessageStructure="json",
                Message=message(notice, run_link(notice, self._ui_url)),
                MessageAttributes=attributes(notice),
            )
            crash_point("alerts.after")


def message(notice: Notice, link: str) -> str:
    """The bodies by protocol: people get text, programs the notice as JSON, once for all."""
    text = fit_text(notice.text, _TEXT_BYTES)
    values: dict[str, Any] = {**asdict(notice), "text": text}
    values["details"] = read_json(fit_json(notice.details, _DETAILS_BYTES))
    if link:
        values["run_url"] = link
    bodies = {
        "default": json.dumps(values),
        "email": f"{text}\n\nThe run: {link}\n" if link else f"{text}\n",
        "sms": _one_line(f"{clean_subject(notice.subject)}. {notice.text}", SMS_LENGTH),
    }
    return json.dumps(bodies)


def attributes(notice: Notice) -> dict[str, dict[str, str]]:
    """What subscribers can filter by; each only where the notice has it, at most ten in all."""
    found = {"notice_id": notice.id, "kind": str(notice.kind)}
    for name in ("state", "file", "source"):
        value = notice.details.get(name)
        if isinstance(value, str) and value:
            found[name] = fit_text(printable_name(value), _ATTRIBUTE_BYTES)
    named = {name: {"DataType": "String", "StringValue": text} for name, text in found.items()}
    rules = _rules_that_did_not_pass(notice.details)
    if rules:
        named["rule"] = {"DataType": "String.Array", "StringValue": json.dumps(rules)}
    return named


def clean_subject(subject: str) -> str:
    """A subject as SNS wants it: one line of printable ASCII, under 100 characters."""
    ascii_only = subject.encode("ascii", "replace").decode("ascii")
    line = re.sub(r"[^\x21-\x7e]+", " ", ascii_only).strip()
    return line[:SUBJECT_LENGTH].rstrip() or _DEFAULT_SUBJECT


def run_link(notice: Notice, ui_url: str) -> str:
    """Where the run is shown; empty for a notice of no run, and where the UI is not known."""
    run_id = notice.details.get("run_id")
    if not ui_url or not isinstance(run_id, str) or not re.fullmatch(r"[0-9a-zA-Z-]+", run_id):
        return ""
    return f"{ui_url.rstrip('/')}/runs/{run_id}"


def _rules_that_did_not_pass(details: Mapping[str, Any]) -> list[str]:
    """Failed rules, and rules that could not be evaluated, as the ruleset has them."""
    rules = details.get("rules")
    if not isinstance(rules, list):
        return []
    found: list[str] = []
    for rule in cast("list[object]", rules):
        if isinstance(rule, dict):
            outcome = cast("dict[str, Any]", rule)
            if outcome.get("outcome") not in {None, "Passed"}:
                found.append(_one_line(str(outcome.get("rule")), _ATTRIBUTE_BYTES // 4))
    return found[:_MOST_RULES]


def _one_line(text: str, length: int) -> str:
    line = " ".join(text.split())
    shown = "".join(letter if letter.isprintable() else "?" for letter in line)
    return shown if len(shown) <= length else f"{shown[: length - 3]}..."
