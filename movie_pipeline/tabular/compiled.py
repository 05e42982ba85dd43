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
_OPTIONS = {"nogil": True, "no_cfunc_wrapper": True, "_nrt": False}
"""No loop needs a way in for C, which takes a tenth of the compiling, nor a runtime for arrays that
loops make, which each process compiles anew."""
IS_COMPILED = _numba_here is not None and not _numba_here.config.DISABLE_JIT
"""Whether loops are compiled; where not, the same source runs as Python."""


def compiled(signature: str) -> Callable[[_Loop], _Loop]:
    """Compile a loop for the types of its signature, at once, or take it from the cache.

    It makes no arrays: where it needs room, it is given some.

    The compiled code is kept in NUMBA_CACHE_DIR, or beside the source; where neither may be
    written, it is compiled anew by each process.
    """
    if IS_COMPILED:
        return lambda loop: _compiled(loop, signature)
    return _as_it_stands


def compiled_within(signature: str) -> Callable[[_Loop], _Loop]:
    """A loop that nothing but other loops call: it is compiled with the first of these.

    Their code holds it then, so that who finds that in the cache loads nothing for this one.
    """
    if IS_COMPILED:
        return lambda loop: _with_its_callers(loop, signature)
    return _as_it_stands


def _with_its_callers(loop: _Loop, signature: str) -> _Loop:
    made = _njit(loop)

    def compile_first(*asked: Any) -> Any:  # noqa: ANN401 - numba's own
        del made.get_call_template
        made.compile(signature)
        made.disable_compile()
        return made.get_call_template(*asked)

    made.get_call_template = compile_first  # what numba asks when a caller is compiled
    return made


def _compiled(loop: _Loop, signature: str) -> _Loop:
    try:
        return _quietly(signature, loop, cache=True)
    except Exception:  # noqa: BLE001 - whatever is wrong with a cache, loops compile without
        return _quietly(signature, loop, cache=False)


def _quietly(signature: str, loop: _Loop, *, cache: bool) -> _Loop:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = _njit(loop)
        if cache:
            made._cache = _cache()(loop)  # noqa: SLF001 - there is no public way to give one
        made.compile(signature)
        made.disable_compile()
        return made


def _njit(loop: Callable[..., Any]) -> Any:  # noqa: ANN401 - numba's own
    return _numba_here.njit(**_OPTIONS)(loop)


@functools.cache
def _cache() -> Any:  # noqa: ANN401 - numba's own
    """Where compiled loops are kept; numba's imports all it compiles with before it loads one."""
    caching = import_module("numba.core.caching")

    class Cache(caching.FunctionCache):  # type: ignore[name-defined, misc]
        def load_overload(self, sig: Any, target_context: Any) -> Any:  # noqa: ANN401 - likewise
            with self._guard_against_spurious_io_errors():
                return self._load_overload(sig, target_context)

        def _index_key(self, sig: Any, codegen: Any) -> Any:  # noqa: ANN401 - likewise
            """Loops compiled otherwise are not taken for these: a process ends without a word."""
            otherwise = (*_OPTIONS.items(), bool(_numba_here.config.BOUNDSCHECK))
            return (*super()._index_key(sig, codegen), otherwise)

    return Cache


def _as_it_stands(loop: _Loop) -> _Loop:
    """Numbers of 64 bits wrap in compiled code without a word; here numpy would speak of it."""

    @functools.wraps(loop)
    def quiet(*arguments: Any) -> Any:  # noqa: ANN401 - the loop's own
        with np.errstate(all="ignore"):
            return loop(*arguments)

    return quiet  # type: ignore[return-value]


def becomes(function: Callable[..., Any], returned: str, build: Callable[..., Any]) -> None:
    """Say what a function becomes in compiled loops; where none are, it runs as it stands.

    Args:
        function: what it means. It takes arrays of bytes and numbers of 64 bits.
        returned: numba's name of the type that it returns.
        build: writes it in LLVM's instructions: it is given the builder of these and the
            arguments, of an array the address of its first byte, and gives what is returned.
    """
    if not IS_COMPILED:
        return
    types, extending = _numba_here.types, import_module("numba.extending")
    kind = getattr(types, returned)

    def typer(_: Any) -> Any:  # noqa: ANN401 - numba's own
        return functools.wraps(function)(lambda *_given: kind)  # numba asks how many it takes

    def lower(context: Any, builder: Any, signature: Any, given: Any) -> Any:  # noqa: ANN401
        plain = [
            context.make_array(of)(context, builder, each).data
            if isinstance(of, types.Array)
            else each
            for of, each in zip(signature.args, given, strict=True)
        ]
        made = build(builder, *plain)
        return context.get_dummy_value() if kind is types.void else made

    extending.type_callable(function)(typer)
    extending.lower_builtin(function, types.VarArg(types.Any))(lower)
