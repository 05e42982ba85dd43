"""Asks pip-audit whether a locked package has a known vulnerability: `make audit`.

It needs the network, so it is no test. What could not be asked is never called clean.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

EXIT_VULNERABLE, EXIT_NOT_ASKED = 1, 3
VULNERABLE_FOR_CERTAIN = "jinja2==2.4.1"
"""A service that knows nothing against this one knows nothing at all: a mirror, or a proxy."""


class NotAsked(Exception):
    """The service gave no answer, or none to be trusted."""


@dataclass(frozen=True)
class Finding:
    """A locked package with a known vulnerability.

    Attributes:
        package: name and version.
        names: what the vulnerability is called, by different registers.
        mended_in: the versions without it; empty where there is none yet.
    """

    package: str
    names: tuple[str, ...]
    mended_in: tuple[str, ...]

    def __str__(self) -> str:
        """One line for people."""
        way_out = f"mended in {', '.join(self.mended_in)}" if self.mended_in else "not mended yet"
        return f"{self.package}: {', '.join(self.names)}; {way_out}"


def audit(lock: Path, service: Sequence[str]) -> list[Finding]:
    """What is known against the packages of a lock file that this platform installs.

    Args:
        lock: the lock file.
        service: pip-audit's options that say whom to ask.

    Raises:
        NotAsked: the service was not to be reached, or knows nothing of one of the packages.
    """
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock)]
    command += ["--disable-pip", "--no-deps", "--progress-spinner=off", "--format=json", *service]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise NotAsked(f"pip-audit failed: {said[-1]}") from None
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if unknown:
        raise NotAsked(f"the service knows nothing of {', '.join(unknown)}")
    return [
        Finding(
            f"{package['name']} {package['version']}",
            (found["id"], *sorted(found["aliases"])),
            tuple(found["fix_versions"]),
        )
        for package in packages
        for found in package["vulns"]
    ]


def expect_a_service_that_knows(service: Sequence[str]) -> None:
    """Ask for a package that is vulnerable for certain.

    Raises:
        NotAsked: the service finds nothing.
    """
    with tempfile.TemporaryDirectory(prefix="movie-pipeline-audit-") as folder:
        asked = Path(folder, "requirements.txt")
        asked.write_text(f"{VULNERABLE_FOR_CERTAIN}\n")
        if not audit(asked, service):
            raise NotAsked(f"the service finds nothing in {VULNERABLE_FOR_CERTAIN}")


def audit_all(locks: Iterable[Path], service: Sequence[str]) -> int:
    """Print what is known against the packages of the lock files; return the exit code."""
    try:
        expect_a_service_that_knows(service)
        findings = {lock: audit(lock, service) for lock in locks}
    except NotAsked as error:
        click.echo(
            f"NOT AUDITED: {error}. Nothing is known of the locked packages, good or bad: run it "
            "where the vulnerability service is reachable, or ask another with SERVICE=osv.",
            err=True,
        )
        return EXIT_NOT_ASKED
    for lock, found in findings.items():
        click.echo(f"{lock}: known vulnerabilities: {len(found)}")
        for finding in found:
            click.echo(f"  {finding}")
    return EXIT_VULNERABLE if any(findings.values()) else 0


@click.command()
@click.argument("locks", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--service", type=click.Choice(["pypi", "osv"]), default="pypi")
def main(locks: tuple[Path, ...], service: str) -> None:
    """Exit code: 0 nothing is known, 1 something is vulnerable, 3 nobody could be asked."""
    sys.exit(audit_all(locks, [f"--vulnerability-service={service}"]))


if __name__ == "__main__":
    main()
