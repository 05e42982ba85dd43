"""What `make spark-archive` makes, unpacked, of the packages that are here: the lock's, no others.

It is made within a second and without a network. A module that the lock lacks is missing, as it
would be on a service.
"""

import re
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

from movie_pipeline_tests.built_wheel import built_wheel
from movie_pipeline_tests.samples import REPOSITORY

LOCK = REPOSITORY / "deploy" / "spark" / "requirements.lock"


def modules_in(folder: Path) -> Path:
    """The interpreter of such an environment in this folder, which has nothing of the checkout."""
    modules = folder / "modules"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = modules / "lib" / version / "site-packages"
    packages.mkdir(parents=True)
    for name in re.findall(r"^([a-z0-9-]+)==", LOCK.read_text(encoding="utf-8"), re.MULTILINE):
        installed = distribution(name)
        for top in {file.parts[0] for file in installed.files or [] if file.parts[0] != ".."}:
            if not (packages / top).exists() and top != "__pycache__":
                (packages / top).symlink_to(str(installed.locate_file(top)))
    wheel = folder / "wheel"
    wheel.mkdir()
    with zipfile.ZipFile(built_wheel(wheel)) as package:
        package.extractall(packages)
    home = Path(sys._base_executable).parent  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType] - what venv itself asks
    (modules / "pyvenv.cfg").write_text(f"home = {home}\ninclude-system-site-packages = false\n")
    python = modules / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(home / version)
    return python
