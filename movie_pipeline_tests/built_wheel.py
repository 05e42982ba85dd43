"""The package as a wheel, made of this checkout."""

import os
import subprocess
import sys
from pathlib import Path

from movie_pipeline_tests.samples import REPOSITORY

LICENCES = ("LICENSE", "NOTICE")
"""What must be wherever the package is; the second one says whose data is in it."""


def built_wheel(folder: Path) -> Path:
    """The wheel, made in an empty folder."""
    source = folder / "source"
    source.mkdir()
    for name in ("movie_pipeline", "sql", "pyproject.toml", "setup.py", "README.md", *LICENCES):
        (source / name).symlink_to(REPOSITORY / name)
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("uv"), "build", "--wheel", "--no-build-isolation"),
            *("--quiet", "--python", sys.executable, "--out-dir", folder / "dist", source),
        ],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    (built,) = (folder / "dist").glob("*.whl")
    return built
