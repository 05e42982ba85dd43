"""Runs the fault matrix and prints it: `python -m movie_pipeline_tests.faults.matrix --help`."""

import itertools
import os
import queue
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import click

from movie_pipeline_tests.environment import forget_the_callers
from movie_pipeline_tests.faults.aws_world import started_servers
from movie_pipeline_tests.faults.fault import AWS, BOTH, FOLDER, Fault
from movie_pipeline_tests.faults.faults import FAULTS
from movie_pipeline_tests.faults.mutations import MUTATIONS
from movie_pipeline_tests.faults.warm import Answer, Warm

PROCESSES = 2


@dataclass(frozen=True)
class Order:
    """One case to run."""

    fault: str
    case: str
    without: str = ""
    world: str = FOLDER


@dataclass
class Score:
    """What came of the cases of a fault."""

    tried: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    lost: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def survived(self) -> int:
        """Cases that survived."""
        return self.tried - len(self.lost)

    def add(self, case: str, answer: Answer) -> None:
        """Count a case."""
        self.tried += 1
        self.seconds += answer.seconds
        self.cpu_seconds += answer.cpu_seconds
        if answer.why:
            self.lost[case] = answer.why


@dataclass(frozen=True)
class Matrix:
    """Warm processes that work off orders side by side; it is to be closed, and they with it.

    Attributes:
        shared: a folder for what the cases share.
        seed: from which all chance is drawn.
        extent: short, full or everything.
        processes: how many work at the same time.
        progress: told of every case that ended.
    """

    shared: Path
    seed: int = 1
    extent: str = "short"
    processes: int = PROCESSES
    progress: Callable[[Order, Answer], None] = lambda _, __: None
    _idle: dict[str, list[Warm]] = field(default_factory=lambda: defaultdict[str, list[Warm]](list))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for warm in itertools.chain.from_iterable(self._idle.values()):
            warm.close()
        self._idle.clear()

    @contextmanager
    def warm(self, world: str = FOLDER) -> Generator[Warm]:
        """A warm process for one world, kept for whoever asks next."""
        idle = self._idle[world]
        warm = idle.pop() if idle else Warm(self.shared, world)
        try:
            yield warm
        finally:
            idle.append(warm)

    def cases(self, faults: Iterable[Fault], world: str = FOLDER) -> list[Order]:
        """The cases of these faults in one world."""
        orders: list[Order] = []
        with self.warm(world) as warm:
            for fault in faults:
                answer = warm.ask(cases=fault.id, **self._how(world))
                if answer.why:
                    raise RuntimeError(f"the cases of {fault.id} cannot be listed: {answer.why}")
                orders += [Order(fault.id, case, world=world) for case in answer.value]
        return orders

    def run(self, orders: Sequence[Order]) -> list[tuple[Order, Answer]]:
        """Run them; the order of the answers is that of the orders."""
        found: dict[Order, Answer] = {}
        for world in dict.fromkeys(order.world for order in orders):
            found |= self._run_in(world, [order for order in orders if order.world == world])
        return [(order, found[order]) for order in orders]

    def _run_in(self, world: str, orders: Sequence[Order]) -> dict[Order, Answer]:
        waiting: queue.SimpleQueue[Order] = queue.SimpleQueue()
        answers: dict[Order, Answer] = {}
        for order in orders:
            waiting.put(order)

        def work() -> None:
            with self.warm(world) as warm:
                while True:
                    try:
                        order = waiting.get_nowait()
                    except queue.Empty:
                        return
                    answers[order] = self._ask(warm, order)
                    self.progress(order, answers[order])

        workers = [threading.Thread(target=work) for _ in range(self.processes)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return answers

    def _ask(self, warm: Warm, order: Order) -> Answer:
        how = self._how(order.world)
        return warm.ask(run=order.fault, case=order.case, without=order.without, **how)

    def _how(self, world: str) -> dict[str, object]:
        return {"seed": self.seed, "extent": self.extent, "world": world}


def mutants(names: Iterable[str] = MUTATIONS, worlds: Iterable[str] = BOTH) -> list[Order]:
    """The cases that are run without each guard."""
    return [
        Order(fault, case, without=name, world=MUTATIONS[name].world)
        for name in names
        if MUTATIONS[name].world in worlds
        for fault, case in MUTATIONS[name].tried
    ]


def scores(answers: Iterable[tuple[Order, Answer]]) -> dict[str, Score]:
    """The answers, counted by fault."""
    found: dict[str, Score] = defaultdict(Score)
    for order, answer in answers:
        found[order.fault].add(order.case, answer)
    return found


def red_by_guard(answers: Iterable[tuple[Order, Answer]]) -> dict[str, dict[str, str]]:
    """Which faults failed without each guard, and how."""
    found: dict[str, dict[str, str]] = {}
    for order, answer in answers:
        red = found.setdefault(order.without, {})
        if answer.why:
            red[f"{order.fault} {order.case}".strip()] = last_line(answer.why)
    return found


def last_line(trace: str) -> str:
    """What a traceback says in the end."""
    lines = [line for line in trace.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def memory() -> str | None:
    """A folder in memory, where there is one; kill -9 loses there what it loses on a disk."""
    folder = "/dev/shm"  # noqa: S108 - only a private folder in it is used
    return folder if os.access(folder, os.W_OK) else None


def matrix_table(found: dict[str, Score], seed: int, world: str) -> list[str]:
    """The matrix of one world, as a table of Markdown."""
    head = f"| {world} | what | injected by | survived/tried | CPU s |"
    lines = [head, "|---|---|---|---|---|"]
    for name, score in found.items():
        fault = FAULTS[name]
        counts = f"{score.survived}/{score.tried}"
        lines.append(
            f"| {name} | {fault.what} | {fault.injected} | {counts} | {score.cpu_seconds:.0f} |"
        )
    survived = sum(score.survived for score in found.values())
    tried = sum(score.tried for score in found.values())
    seconds = sum(score.cpu_seconds for score in found.values())
    lines.append(f"| all | seed {seed} | | {survived}/{tried} | {seconds:.0f} |")
    return lines


def mutation_table(red: dict[str, dict[str, str]]) -> list[str]:
    """What fails without each guard, as a table of Markdown."""
    lines = ["| guard switched off | world | cases that fail then | of |", "|---|---|---|---|"]
    for name, failing in red.items():
        mutation = MUTATIONS[name]
        cases = ", ".join(failing) or "NONE"
        lines.append(f"| {mutation.what} | {mutation.world} | {cases} | {len(mutation.tried)} |")
    return lines


def _progress(order: Order, answer: Answer) -> None:
    without = f" without {order.without}" if order.without else ""
    verdict = f"lost: {last_line(answer.why)}" if answer.why else "survived"
    took = f"{answer.seconds:.1f} s, {answer.cpu_seconds:.1f} s CPU"
    click.echo(
        f"{order.world} {order.fault} {order.case}{without}: {verdict:.200} ({took})", err=True
    )


def _chosen(only: str, extent: str, world: str) -> list[Fault]:
    wanted = {name.strip() for name in only.split(",") if name.strip()}
    unknown = wanted - FAULTS.keys()
    if unknown:
        raise click.BadParameter(f"{', '.join(sorted(unknown))}: there are {', '.join(FAULTS)}.")
    return [
        fault
        for fault in FAULTS.values()
        if world in fault.worlds
        and (fault.id in wanted if wanted else not (fault.only_full and extent == "short"))
    ]


@click.command()
@click.option("--only", default="", help="Faults to run, such as F01,F02; mutations are left out.")
@click.option(
    "--extent",
    type=click.Choice(["short", "full", "everything"]),
    default="full",
    show_default=True,
    help="short: a few minutes less; everything: all pairs and 10,000 files, hours.",
)
@click.option("--short", "extent", flag_value="short", help="The same as --extent short.")
@click.option("--seed", default=1, show_default=True, help="From which all chance is drawn.")
@click.option("--processes", default=PROCESSES, show_default=True, help="At the same time.")
@click.option(
    "--world", type=click.Choice([*BOTH, "both"]), default="both", show_default=True, help="Where."
)
@click.option("--mutations/--no-mutations", default=True, help="Run without each guard, too.")
def main(  # noqa: PLR0913 - one parameter for each option
    *, only: str, extent: str, seed: int, processes: int, world: str, mutations: bool
) -> None:
    """Inject every fault, then switch off every guard; print what survived and what did not."""
    began = time.monotonic()
    forget_the_callers()
    worlds = BOTH if world == "both" else (world,)
    chosen = {name: _chosen(only, extent, name) for name in worlds}
    survived = True
    with (
        tempfile.TemporaryDirectory(prefix="faults-", dir=memory()) as shared,
        ExitStack() as stack,
    ):
        if chosen.get(AWS):
            stack.enter_context(started_servers(Path(shared)))
        matrix = stack.enter_context(Matrix(Path(shared), seed, extent, processes, _progress))
        for name, faults in chosen.items():
            found = scores(matrix.run(matrix.cases(faults, name)))
            click.echo("\n".join(matrix_table(found, seed, name)) + "\n")
            survived = _tell_lost(found) and survived
        if mutations and not only:
            mutated = replace(matrix, extent="short")
            red = red_by_guard(mutated.run(mutants(worlds=worlds)))
            click.echo("\n".join(mutation_table(red)))
            survived = all(red.values()) and survived
    click.echo(f"\n{time.monotonic() - began:.0f} s with {processes} processes")
    sys.exit(not survived)


def _tell_lost(found: dict[str, Score]) -> bool:
    """Tell what did not survive; whether all did."""
    for name, score in found.items():
        for case, why in score.lost.items():
            click.echo(f"{name} {case} did not survive:\n{why[-3000:]}\n")
    return not any(score.lost for score in found.values())


if __name__ == "__main__":
    main()
