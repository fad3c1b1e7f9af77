"""Rules that every kernel keeps to be turned into vector code (`ldas.model.kernel`)."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import ldas.model

SOURCES = sorted(Path(ldas.model.__file__).parent.glob("*.py"))


def innermost_loops(tree: ast.AST) -> Iterator[ast.For]:
    for loop in ast.walk(tree):
        if isinstance(loop, ast.For) and not any(isinstance(n, ast.For) for part in loop.body for n in ast.walk(part)):
            yield loop


def mixed_rows(loop: ast.For) -> list[str]:
    """Arrays of which the loop over columns writes one row and reads another that changes with the layer."""
    written, used = defaultdict(set), defaultdict(set)
    column = ast.unparse(loop.target)
    for node in ast.walk(loop):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple) and len(node.slice.elts) == 2:
            row, place = node.slice.elts
            if ast.unparse(place) == column:
                used[ast.unparse(node.value)].add(ast.unparse(row))
                if isinstance(node.ctx, ast.Store):
                    written[ast.unparse(node.value)].add(ast.unparse(row))
    return [name for name in written if len(used[name]) > 1 and not all(row.isdigit() for row in used[name])]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_no_loop_reads_another_row_of_an_array_it_writes(source: Path) -> None:
    found = [
        f"{source.name}:{loop.lineno} {name}"
        for loop in innermost_loops(ast.parse(source.read_text()))
        for name in mixed_rows(loop)
    ]
    assert found == []


def test_the_rule_finds_a_sweep_over_rows() -> None:
    sweep = "for j in range(n):\n    for i in range(m):\n        t[j, i] += r[j, i] * t[j + 1, i]\n"
    (loop,) = innermost_loops(ast.parse(sweep))
    assert mixed_rows(loop) == ["t"]
