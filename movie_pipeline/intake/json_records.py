"""JSON arrays and JSON lines of flat objects, object by object, each with its place.

An object is a record; its numbers keep their digits, and lists or objects inside stay JSON text.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from movie_pipeline.intake.records import json_text

_STARTS_JSON = re.compile(rb"[\xef\xbb\xbf \t\r\n]*(\[[ \t\r\n]*[{\]]|\{)")
