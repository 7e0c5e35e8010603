"""Mutation testing of the loss formulas: which small fault in a formula would no test notice?

Every file of `diffshape.losses` is changed in one place at a time: another operator, a term left out, another number,
the other way of a comparison, the maximum for the minimum, the sum for the mean, `squared` turned round. The tests of
the file then run against the changed module, in a process forked from this one. A change with which they all pass has
survived: a test is missing, or the change makes no difference, and then it stands with its reason in
docs/project/surviving-mutants.md. What only refuses bad arguments is left alone.

    python .ci/mutants.py                          every file
    python .ci/mutants.py points/chamfer.py        some of them
    python .ci/mutants.py --list meshes/*          what would be changed
"""

import argparse
import ast
import importlib
import inspect
import os
import re
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
LOSSES, TESTS = ROOT / "src" / "diffshape" / "losses", ROOT / "tests" / "losses"
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests"), str(ROOT)]
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest  # noqa: E402
import torch  # noqa: E402
from hypothesis import Phase, settings  # noqa: E402

import diffshape.losses  # noqa: E402

KNOWN = ROOT / "docs" / "project" / "surviving-mutants.md"

OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult}
OPERATORS |= {ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And}
COMPARISONS = {ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE), ast.Gt: (ast.GtE, ast.Lt)}
COMPARISONS |= {ast.GtE: (ast.Gt, ast.LtE), ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,)}
PAIRS = [("min", "max"), ("amin", "amax"), ("minimum", "maximum"), ("mean", "sum"), ("log", "log1p"), ("exp", "expm1")]
PAIRS += [("sin", "cos"), ("square", "abs"), ("any", "all"), ("argmin", "argmax")]
OTHER_NAME = dict(PAIRS) | {second: first for first, second in PAIRS}
LEFT_OUT = {"abs", "relu", "sqrt", "detach", "clamp", "log1p", "neg", "sigmoid", "softmax"}
"""Methods that a mutant does not call."""


class Mutant(NamedTuple):
    """A source in which one place is changed."""

    place: str
    """Name of the function."""
    before: str
    after: str
    line: int
    source: str

    def __str__(self) -> str:
        return f"{self.place}: `{self.before}` -> `{self.after}`"


def mutants_of(source: str) -> Iterator[Mutant]:
    """Every changed version of a module, in the order of its lines."""
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for function, node in _formulas(ast.parse(source), ""):
        first = starts[node.lineno - 1] + node.col_offset
        last = starts[node.end_lineno - 1] + node.end_col_offset
        before = ast.unparse(node)
        for after in dict.fromkeys(_changes(node)):
            changed = source.encode()[:first] + f"({after})".encode() + source.encode()[last:]
            if after != before:
                yield Mutant(function, before, after, node.lineno, changed.decode())


def _formulas(node: ast.AST, function: str) -> Iterator[tuple[str, ast.expr]]:
    """The expressions of all functions, without annotations, decorators, text and what leads to a refusal."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        function = f"{function}.{node.name}".lstrip(".")
        inside = [*node.args.defaults, *filter(None, node.args.kw_defaults)] if hasattr(node, "args") else []
        inside += node.body
    elif isinstance(node, ast.If) and all(isinstance(each, ast.Raise) for each in node.body):
        inside = node.orelse
    elif isinstance(node, ast.AnnAssign):
        inside = [node.value] if node.value else []
    elif isinstance(node, (ast.Raise, ast.JoinedStr, ast.arguments)):
        return
    else:
        inside = ast.iter_child_nodes(node)
    if function and isinstance(node, ast.expr) and hasattr(node, "lineno"):
        yield function, node
    for each in inside:
        yield from _formulas(each, function)


def _changes(node: ast.expr) -> Iterator[str]:
    """What else could stand in the place of an expression."""
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        yield ast.unparse(ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right))
        yield ast.unparse(node.left)
        if isinstance(node.op, (ast.Add, ast.Sub)):
            yield ast.unparse(node.right)
    elif isinstance(node, ast.BoolOp):
        yield ast.unparse(ast.BoolOp(OPERATORS[type(node.op)](), node.values))
    elif isinstance(node, ast.UnaryOp) and not isinstance(node.operand, ast.Constant):
        yield ast.unparse(node.operand)
    elif isinstance(node, ast.Compare):
        for other in COMPARISONS.get(type(node.ops[0]), ()):
            yield ast.unparse(ast.Compare(node.left, [other(), *node.ops[1:]], node.comparators))
    elif isinstance(node, ast.IfExp):
        yield ast.unparse(ast.IfExp(node.test, node.orelse, node.body))
    elif isinstance(node, ast.Constant):
        yield from _other_constants(node.value)
    elif isinstance(node, ast.Call):
        yield from _other_calls(node)


def _other_constants(value: object) -> Iterator[str]:
    if isinstance(value, bool):
        yield repr(not value)
    elif isinstance(value, int):
        yield repr(value + 1)
    elif isinstance(value, float):
        yield repr(2 * value if value else 1.0)


def _other_calls(node: ast.Call) -> Iterator[str]:
    called = node.func
    if isinstance(called, ast.Attribute) and called.attr in OTHER_NAME:
        other = ast.Attribute(called.value, OTHER_NAME[called.attr])
        yield ast.unparse(ast.Call(other, node.args, node.keywords))
    if isinstance(called, ast.Name) and called.id in OTHER_NAME:
        yield ast.unparse(ast.Call(ast.Name(OTHER_NAME[called.id]), node.args, node.keywords))
    if isinstance(called, ast.Attribute) and called.attr in LEFT_OUT and ast.unparse(called.value) != "torch":
        yield ast.unparse(called.value)
    for keyword in node.keywords:
        if keyword.arg in OTHER_NAME:
            others = [
                ast.keyword(OTHER_NAME[each.arg], each.value) if each is keyword else each for each in node.keywords
            ]
            yield ast.unparse(ast.Call(called, node.args, others))


def put_into(module: ModuleType, source: str) -> None:
    """Give the functions of a loaded module the code and defaults that they have in another source of it."""
    changed = ModuleType(module.__name__)
    exec(compile(source, str(module.__file__), "exec"), vars(changed))
    others = dict(_functions(changed))
    for name, function in _functions(module):
        other = others[name]
        function.__code__, function.__defaults__, function.__kwdefaults__ = (
            other.__code__,
            other.__defaults__,
            other.__kwdefaults__,
        )


def _functions(owner: ModuleType | type) -> Iterator[tuple[str, FunctionType]]:
    """Functions and methods that were written in a module, as they are without decorators, by their full names."""
    module = owner.__name__ if isinstance(owner, ModuleType) else owner.__module__
    for value in vars(owner).values():
        value = getattr(value, "__func__", value.fget if isinstance(value, property) else value)
        if isinstance(value, type) and value.__module__ == module and isinstance(owner, ModuleType):
            yield from _functions(value)
        elif callable(value) and isinstance(bare := inspect.unwrap(value), FunctionType) and bare.__module__ == module:
            yield bare.__qualname__, bare


class Mutations:
    """A plugin of pytest that runs the collected tests once as they are and once against every mutant."""

    def __init__(self, path: Path) -> None:
        self.path, self.name, self.failed, self.survivors = path, str(path.relative_to(LOSSES)), False, 0
        self.module = importlib.import_module(".".join(path.relative_to(ROOT / "src").with_suffix("").parts))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the laws of other files' losses, unless all losses use the file."""
        source = self.path.read_text()
        public = re.findall(r"^def ([a-z]\w*)|^class ([A-Z]\w*)", source, re.MULTILINE) if "@checked" in source else []
        names = tuple(f"-{name}" for pair in public for name in pair if name)
        items[:] = [
            item
            for item in items
            if not names or "test_laws.py" not in item.nodeid or any(name in item.nodeid for name in names)
        ]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of one run."""
        session.config.pluginmanager.unregister(name="terminalreporter")
        started = time.process_time()
        self.run([item for item in session.items if not isinstance(item, pytest.DoctestItem)])  # these run only once
        seconds = int(5 * (time.process_time() - started)) + 5
        source, known = self.path.read_text(), known_survivors()
        if not self.survives(session, source, seconds):
            print(f"{self.name}: its {len(session.items)} tests fail as it is", flush=True)
            os._exit(1)
        mutants = list(mutants_of(source))
        for mutant in mutants:
            if self.survives(session, mutant.source, seconds) and (self.name, str(mutant)) not in known:
                print(f"{self.name}:{mutant.line}: {mutant}", flush=True)
                self.survivors += 1
        print(f"{self.name}: {len(mutants)} mutants, {self.survivors} survive unexplained", flush=True)
        os._exit(int(self.survivors > 0))

    def survives(self, session: pytest.Session, source: str, seconds: int) -> bool:
        """Whether every test passes in a process of its own, within so many seconds of work."""
        child = os.fork()
        if child == 0:
            try:
                resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
                silent = os.open(os.devnull, os.O_WRONLY)
                for stream in (1, 2):
                    os.dup2(silent, stream)
                put_into(self.module, source)
                self.run(session.items)
                os._exit(int(self.failed))
            finally:
                os._exit(1)
        return os.waitpid(child, 0)[1] == 0

    def run(self, items: list[pytest.Item]) -> None:
        """Tests up to the first failure."""
        for item, following in zip(items, [*items[1:], None]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                return

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember a failure."""
        self.failed |= report.failed


def tests_of(path: Path) -> list[str]:
    """What pytest is asked: the tests of the file, its examples, and the laws."""
    inside = path.relative_to(LOSSES)
    own = TESTS / inside.parent / f"test_{inside.name}"
    return [str(each) for each in (own, path, TESTS / "laws" / "test_laws.py") if each.exists()]


def known_survivors() -> set[tuple[str, str]]:
    """File and change of every mutant that makes no difference, from the page that says why."""
    lines = KNOWN.read_text().splitlines() if KNOWN.exists() else []
    rows = [line.split(" | ") for line in lines if line.startswith("| `")]
    return {(row[0].strip("| `"), row[1]) for row in rows}


def main() -> int:
    """Number of files with a survivor that nobody has explained."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", default=["**/*"], help="patterns below src/diffshape/losses (all)")
    parser.add_argument("--list", action="store_true", help="print the changes and run nothing")
    arguments = parser.parse_args()
    found = dict.fromkeys(path for pattern in arguments.files for path in sorted(LOSSES.glob(pattern)))
    paths = [path for path in found if path.suffix == ".py" and path.name != "__init__.py"]
    if arguments.list:
        for path in paths:
            for mutant in mutants_of(path.read_text()):
                print(f"{path.relative_to(LOSSES)}:{mutant.line}: {mutant}")
        return 0
    os.chdir(ROOT)
    torch.set_num_threads(1)
    settings.register_profile("mutants", database=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
    settings.load_profile("mutants")
    for dtype in (torch.float32, torch.float64):  # what is compiled now is compiled in every fork
        diffshape.losses.chamfer_distance(torch.zeros(4, 3, dtype=dtype), torch.ones(4, 3, dtype=dtype))
    return sum(_report(path) for path in paths)


def _report(path: Path) -> bool:
    """Whether a file has survivors, found in a process of its own."""
    child = os.fork()
    if child == 0:
        options = [
            "-q",
            "-s",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "--tb=no",
            "-k",
            "not compile and not threads",
        ]
        pytest.main([*options, *tests_of(path)], plugins=[Mutations(path)])
        os._exit(2)
    return os.waitpid(child, 0)[1] != 0


if __name__ == "__main__":
    sys.exit(main())
