"""Files as arguments: by path, from the standard input or a pipe, or all that lie in a folder."""

import shlex
import shutil
import tempfile
from pathlib import Path
from typing import Any

import click
from typing_extensions import override

from movie_pipeline.cli.command_options import of_the_system
from movie_pipeline.file_names import printable_name

STDIN_NAME = "stdin.csv"
"""What a file is called that comes without a name."""
_COPIED = "movie-pipeline-stdin-"
_FILE: Any = click.Path(exists=True, dir_okay=False, path_type=Path)


class SentFile(click.ParamType[Path]):
    """A file; - is the standard input, which is copied for the length of the command."""

    name = "file"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if value == "-" or _is_pipe(Path(value)):
            return _copied(value, ctx)
        return _FILE.convert(value, param, ctx)


class SentFiles(click.ParamType[tuple[Path, ...]]):
    """One or more files: as above, or those of a folder, by their names."""

    name = "files"

    @override
    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Path, ...]:
        folder = Path(value)
        if not folder.is_dir():
            return (SentFile().convert(value, param, ctx),)
        found = [path for path in folder.iterdir() if path.is_file() and path.name[0] != "."]
        if not found:
            self.fail(f"the folder {printable_name(value)} has no file in it.", param, ctx)
        return tuple(sorted(found))


def as_typed(path: Path) -> str:
    """The argument that names a file again, as a shell takes it, for the next step of a person."""
    if path.parent.name.startswith(_COPIED):
        return "-"
    return shlex.quote(printable_name(str(path)))


def _is_pipe(path: Path) -> bool:
    return path.exists() and not path.is_file() and not path.is_dir()


def _copied(value: str, ctx: click.Context | None) -> Path:
    folder = tempfile.TemporaryDirectory(prefix=_COPIED)
    if ctx is not None:
        ctx.call_on_close(folder.cleanup)
    path = Path(folder.name) / STDIN_NAME
    try:
        with click.open_file(value, "rb") as source, path.open("wb") as copy:
            shutil.copyfileobj(source, copy)
    except OSError as error:
        raise click.ClickException(of_the_system(error)) from error
    return path
