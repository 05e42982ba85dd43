"""Reading a ruleset file; what a ruleset means is dqdl/'s affair."""

from pathlib import Path
from typing import IO

from movie_pipeline.datasets.sources import Sources
from movie_pipeline.dqdl import LARGEST_RULESET, Ruleset, parse_ruleset, require_supported
from movie_pipeline.errors import RulesetError, SettingsError


def read_ruleset(path: Path, *, supported: bool = True) -> Ruleset:
    """Parse a DQDL file.

    Args:
        path: the file.
        supported: whether a rule that is not supported refuses the file.

    Raises:
        RulesetError: the file cannot be read or is not DQDL; the message names the file.
    """
    try:
        with path.open("rb") as lines:
            return parsed_ruleset(lines, str(path), supported=supported)
    except OSError as error:
        raise _unreadable(str(path), error.strerror) from None


def parsed_ruleset(lines: IO[bytes], name: str, *, supported: bool = True) -> Ruleset:
    """Parse the DQDL of an open file.

    Args:
        lines: the open file.
        name: what it is called in messages.
        supported: whether a rule that is not supported refuses it.

    Raises:
        RulesetError: it is not DQDL; the message names the file.
    """
    try:
        # one byte more than is allowed is refused by the parser, however long the file is
        text = lines.read(LARGEST_RULESET + 1).decode()
    except UnicodeDecodeError:
        raise _unreadable(name, "it is not UTF-8 text") from None
    try:
        ruleset = parse_ruleset(text)
        if supported:
            require_supported(ruleset)
    except RulesetError as error:
        raise RulesetError(
            error.problem,
            line=error.line,
            column=error.column,
            hint=error.hint,
            source_line=error.source_line,
            file=name,
        ) from None
    return ruleset


def _unreadable(name: str, cause: str | None) -> RulesetError:
    return RulesetError(
        f"the ruleset {name} cannot be read: {cause}.",
        hint="set MOVIE_PIPELINE_RULESET, or give --ruleset, the path of a DQDL file",
    )


def source_rulesets(sources: Sources) -> dict[str, Ruleset]:
    """Source to the ruleset that its files are judged by, of those that declare one.

    Raises:
        SettingsError: there is no such file.
        RulesetError: it is not DQDL.
    """
    rulesets: dict[str, Ruleset] = {}
    for source in sources.declared:
        if source.ruleset is None:
            continue
        if not source.ruleset.is_file():
            raise SettingsError(
                f"{source.place} declares its ruleset, but there is no file {source.ruleset}. Give "
                "its path from where the sources file stands."
            )
        rulesets[source.name] = read_ruleset(source.ruleset)
    return rulesets
