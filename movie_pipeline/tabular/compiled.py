"""numba, which compiles the reader's inner loops, in the one place that knows it.

Importing this imports numba. Where numba is not, the same source runs as it stands, slowly.
"""

import functools
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

import numpy as np

_Loop = TypeVar("_Loop", bound=Callable[..., Any])

READ_BYTES = "Array(uint8, 1, 'C', readonly=True)"
READ_PLACES = "Array(int32, 1, 'C', readonly=True)"
"""In signatures: arrays that a loop only reads, as Arrow's may not be written."""


def _numba() -> Any:  # noqa: ANN401 - numba carries no types
    try:
        return import_module("numba")
    except ImportError:  # no wheel for this machine
        return None


_numba_here = _numba()
IS_COMPILED = _numba_here is not None and not _numba_here.config.DISABLE_JIT
"""Whether loops are compiled; where not, the same source runs as Python."""


def compiled(signature: str) -> Callable[[_Loop], _Loop]:
    """Compile a loop for the types of its signature, at once, or take it from the cache.

    The compiled code is kept in NUMBA_CACHE_DIR, or beside the source; where neither may be
    written, it is compiled anew by each process.
    """
    if IS_COMPILED:
        return lambda loop: _compiled(loop, signature)
    return _as_it_stands


def _compiled(loop: _Loop, signature: str) -> _Loop:
    # Code with bounds checks and code without would be taken for each other in the cache.
    if not _numba_here.config.BOUNDSCHECK:
        try:
            return _quietly(signature, loop, cache=True)
        except Exception:  # noqa: BLE001, S110 - whatever is wrong with a cache, loops compile without
            pass
    return _quietly(signature, loop, cache=False)


def _quietly(signature: str, loop: _Loop, *, cache: bool) -> _Loop:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _numba_here.njit(signature, nogil=True, cache=cache)(loop)


def _as_it_stands(loop: _Loop) -> _Loop:
    """Numbers of 64 bits wrap in compiled code without a word; here numpy would speak of it."""

    @functools.wraps(loop)
    def quiet(*arguments: Any) -> Any:  # noqa: ANN401 - the loop's own
        with np.errstate(all="ignore"):
            return loop(*arguments)

    return quiet  # type: ignore[return-value]


COPIED = 32
"""Bytes that `copy_some` copies."""


def copy_some(to: Any, at: Any, source: Any, place: Any) -> None:  # noqa: ANN401 - as numba has them
    """Copy COPIED bytes between two arrays, both of which must have so many behind these places.

    In compiled code no index is checked, and nothing is called: of a loop that copies, the compiler
    makes a call, which takes longer than to copy the few bytes that most texts have.
    """
    begin, start = int(at), int(place)
    to[begin : begin + COPIED] = source[start : start + COPIED]


def _compile_copy() -> None:
    extending: Any = import_module("numba.extending")
    ir: Any = import_module("llvmlite.ir")
    some = ir.VectorType(ir.IntType(8), COPIED).as_pointer()

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:  # noqa: ANN401
        def address(array: int, index: int) -> Any:  # noqa: ANN401
            made = context.make_array(signature.args[array])(context, builder, given[array])
            return builder.bitcast(builder.gep(made.data, [given[index]]), some)

        builder.store(builder.load(address(2, 3), align=1), address(0, 1), align=1)
        return context.get_dummy_value()

    @extending.intrinsic
    def copied(_: Any, to: Any, at: Any, source: Any, place: Any) -> Any:  # noqa: ANN401
        return _numba_here.types.void(to, at, source, place), generate

    @extending.overload(copy_some)
    def _(to: Any, at: Any, source: Any, place: Any) -> Any:  # noqa: ANN401, ARG001 - its types
        def copy(to: Any, at: Any, source: Any, place: Any) -> None:  # noqa: ANN401
            copied(to, at, source, place)

        return copy


if IS_COMPILED:
    _compile_copy()
