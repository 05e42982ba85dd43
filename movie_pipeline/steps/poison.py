"""Poison files: what the ledger says of a file that makes every run with it fail.

Which file that is, the queue finds out by halving batches; it is then REJECTED like an unreadable
one, in the ordinary load, without being read again.
"""

from movie_pipeline.stored_values import fit_text

_CAUSE_BYTES = 1000


def poison_reason(failed_runs: int, error_class: str, sentence: str) -> str:
    """Why a poison file is REJECTED.

    Args:
        failed_runs: how many runs with the file failed.
        error_class: the name of the last error's class; empty where no error was raised.
        sentence: what is safe to tell of it: no row value, no foreign words.
    """
    cause = f"{error_class}: {sentence}" if error_class else sentence
    return (
        f"{failed_runs} runs with this file failed, the last ones with this file alone. "
        f"Last cause: {fit_text(cause, _CAUSE_BYTES)}"
    )
