"""Runs a program for as long as somebody holds its standard input open; a script of its own.

A test process that is killed cannot stop what it started. Its end of the pipe closes all the same.
"""

import subprocess
import sys
import threading

LONGEST_WAIT = 5


def main(command: list[str]) -> int:
    """Run the command, and stop it when standard input ends."""
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=_stop_at_end_of_input, args=[program], daemon=True).start()
    return program.wait()


def _stop_at_end_of_input(program: subprocess.Popen[bytes]) -> None:
    sys.stdin.buffer.read()
    program.terminate()
    try:
        program.wait(LONGEST_WAIT)
    except subprocess.TimeoutExpired:
        program.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
