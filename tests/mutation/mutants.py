"""Mutants of a module: each its syntax tree with one small fault.

Rules: what is mutated is what decides, not what is said: docstrings, annotations, the sentences of problems and
what is marked `no cover` stay. A mutant's name holds the function and the change, and no line number, so that it
stays the same when something else in the file changes; a change that occurs twice in a function is numbered.
"""

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
}
NAMES = {"any": "all", "all": "any", "min": "max", "max": "min", "False": "True", "True": "False"}
METHODS = {
    "partition": "rpartition",
    "rpartition": "partition",
    "startswith": "endswith",
    "endswith": "startswith",
    "fullmatch": "match",
    "match": "search",
    "contains": "eq",
    "get": "__getitem__",
}
DROPPED = {"lower", "dict"}
"""Calls whose argument, or object, may be taken as it is: `text.lower()`, `dict(resource)`."""
SENTENCES = {
    "ScimProblem",
    "invalid_filter",
    "invalid_path",
    "invalid_syntax",
    "invalid_value",
    "mutability",
    "no_target",
}
NO_COVER = "pragma: no cover"


@dataclass(frozen=True)
class Place:
    """Where a node hangs: in `parent.field`, at `index` where that is a list."""

    parent: ast.AST
    field: str
    index: int | None

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


@dataclass(frozen=True)
class Mutant:
    """One fault; `name` is stable, `line` is for people."""

    name: str
    line: int
    place: Place
    before: ast.AST
    after: ast.AST


def mutants(source: str, tree: ast.Module) -> list[Mutant]:
    """All mutants of a module, in the order of its text."""
    lines = source.splitlines()
    found: list[Mutant] = []
    seen: Counter[str] = Counter()
    for where, place, node in _nodes(tree, ""):
        line = getattr(node, "lineno", 0)
        if line and NO_COVER in lines[line - 1]:
            continue
        for after in _changes(node, place):
            name = f"{where or 'module'}: {_shown(node)} -> {_shown(after)}"
            seen[name] += 1
            if seen[name] > 1:
                name = f"{name} #{seen[name]}"
            found.append(Mutant(name, line, place, node, after))
    return found


def compiled(tree: ast.Module, mutant: Mutant, path: str) -> object:
    """The module's code with the fault in it; the tree is left as it was."""
    mutant.place.put(ast.copy_location(mutant.after, mutant.before))
    try:
        return compile(ast.fix_missing_locations(tree), path, "exec")
    finally:
        mutant.place.put(mutant.before)


def _nodes(node: ast.AST, where: str) -> Iterator[tuple[str, Place, ast.AST]]:
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "type_params") or _is_alias(node):
            continue
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST) or _is_docstring(child):
                continue
            place = Place(node, field, index if isinstance(value, list) else None)
            if _is_unreachable(child):
                continue
            yield where, place, child
            named = isinstance(child, ast.FunctionDef | ast.ClassDef)
            yield from _nodes(child, f"{where}.{child.name}".lstrip(".") if named else where)  # type: ignore[attr-defined]


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_unreachable(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and ast.unparse(node).startswith("assert_never(")


def _is_alias(node: ast.AST) -> bool:
    """A type by another name, which nothing runs."""
    return isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias"


def _changes(node: ast.AST, place: Place) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(ops=[only]):
            yield from (_with(node, ops=[other()]) for other in COMPARISONS[type(only)])
        case ast.BoolOp(op=op, values=values):
            yield _with(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
            for left_out in range(len(values)):
                rest = [value for index, value in enumerate(values) if index != left_out]
                yield rest[0] if len(rest) == 1 else _with(node, values=rest)
        case ast.UnaryOp(op=ast.Not(), operand=operand) | ast.UnaryOp(op=ast.USub(), operand=operand):
            yield operand
        case ast.BinOp(op=op) if type(op) in OPERATORS:
            yield _with(node, op=OPERATORS[type(op)]())
        case ast.Constant(value=value):
            yield from _constants(value, place)
        case ast.Name(id=name) if name in NAMES and isinstance(node.ctx, ast.Load):
            yield _with(node, id=NAMES[name])
        case ast.Attribute(attr=name) if name in METHODS:
            yield _with(node, attr=METHODS[name])
        case ast.IfExp(body=body, orelse=otherwise):
            yield body
            yield otherwise
        case ast.Call(func=ast.Attribute(value=value, attr=name), args=[]) if name in DROPPED:
            yield value
        case ast.Call(func=ast.Name(id=name), args=[value]) if name in DROPPED:
            yield value
        case ast.Starred() | ast.keyword() if isinstance(place.parent, ast.Tuple | ast.List):
            yield ast.Starred(ast.Tuple([], ast.Load()), ast.Load())
        case ast.stmt():
            yield from _statements(node)
        case ast.comprehension(ifs=[_, *_]):
            yield _with(node, ifs=[])


def _statements(node: ast.stmt) -> Iterator[ast.AST]:
    match node:
        case ast.If(test=test) | ast.While(test=test) if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp):
            yield _with(node, test=ast.UnaryOp(ast.Not(), test))
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Raise() | ast.Delete():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case ast.Return(value=value) if value is not None and not _is_none(value):
            yield ast.Return(ast.Constant(None))
        case ast.Return(value=None) | ast.Break():
            yield ast.Pass()
        case ast.Continue():
            yield ast.Break()
            yield ast.Pass()


def _constants(value: object, place: Place) -> Iterator[ast.AST]:
    if isinstance(place.parent, ast.JoinedStr | ast.MatchValue | ast.MatchSingleton | ast.FormattedValue):
        return
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, str) and not _is_sentence(value, place.parent):
        yield ast.Constant("" if value else "mutant")


def _is_sentence(text: str, parent: ast.AST) -> bool:
    return " " in text and isinstance(parent, ast.Call) and ast.unparse(parent.func) in SENTENCES


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _with(node: ast.AST, **changed: object) -> ast.AST:
    mutated = copy.copy(node)
    for field, value in changed.items():
        setattr(mutated, field, value)
    return mutated


def _shown(node: ast.AST) -> str:
    """The code in one line, cut where it is long."""
    text = ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).split("\n")[0]
    return text if len(text) <= 100 else f"{text[:60]}...{text[-37:]}"
