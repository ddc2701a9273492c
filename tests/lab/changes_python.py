# SPDX-License-Identifier: GPL-2.0
"""Systematic changes of Python, from its syntax tree: the same that changes_c makes of C."""

import ast

from . import paths
from .change import numbered

COMPARISONS = {ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"),
               ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.Is: ("is", "is not"),
               ast.IsNot: ("is not", "is"), ast.In: ("in", "not in"), ast.NotIn: ("not in", "in")}
OPERATORS = {ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "+"),
             ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"), ast.LShift: ("<<", ">>"),
             ast.RShift: (">>", "<<"), ast.And: ("and", "or"), ast.Or: ("or", "and")}
# What has to be there for the syntax, or is only for people.
KEPT = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Pass, ast.Global)


def changes(file):
    """The Changes of @file, which is relative to the top."""
    walk = _Walk((paths.TOP / file).read_text(encoding="utf-8"))
    walk.visit(walk.tree)
    return numbered(file, walk.data, walk.found)


class _Walk(ast.NodeVisitor):
    def __init__(self, text):
        self.found = {}
        self.tree = ast.parse(text)
        self.data = text.encode()
        self._lines = [0]
        for line in self.data.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self._function = ""

    def _range(self, node):
        return (self._lines[node.lineno - 1] + node.col_offset,
                self._lines[node.end_lineno - 1] + node.end_col_offset)

    def _add(self, kind, start, end, new):
        if self.data[start:end] != new.encode():
            self.found.setdefault((start, end, new.encode()), (kind, self._function))

    def visit_FunctionDef(self, node):
        """Functions have a name to be found by, and may return at once."""
        outer, self._function = self._function, node.name
        first = node.body[1 if ast.get_docstring(node) and len(node.body) > 1 else 0]
        start, _ = self._range(first)
        self._add("early return", start, start, "return; ")
        for child in node.body:
            self.visit(child)
        self._function = outer

    def visit_Compare(self, node):
        """a < b < c has two."""
        places = [node.left, *node.comparators]
        for one, other, operator in zip(places, places[1:], node.ops):
            self._between(one, other, "comparison", *COMPARISONS[type(operator)])
        self.generic_visit(node)

    def visit_BinOp(self, node):
        """+ and its like."""
        if type(node.op) in OPERATORS:
            self._between(node.left, node.right, "operator", *OPERATORS[type(node.op)])
        self.generic_visit(node)

    def visit_BoolOp(self, node):
        """and, or."""
        for one, other in zip(node.values, node.values[1:]):
            self._between(one, other, "operator", *OPERATORS[type(node.op)])
        self.generic_visit(node)

    def visit_UnaryOp(self, node):
        """not, and signs."""
        start, _ = self._range(node)
        inner, _ = self._range(node.operand)
        if isinstance(node.op, (ast.Not, ast.Invert)):
            self._add("operator", start, inner, "")
        self.generic_visit(node)

    def visit_Constant(self, node):
        """Numbers and truth; texts are left to whoever reads them."""
        start, end = self._range(node)
        if isinstance(node.value, bool):
            self._add("constant", start, end, str(not node.value))
        elif isinstance(node.value, int):
            self._add("constant", start, end, str(node.value + 1))

    def visit_JoinedStr(self, node):
        """What stands in an f-string has no place of its own in this Python's tree."""

    def visit_If(self, node):
        """A condition."""
        self._condition(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node):
        """A condition."""
        self._condition(node.test)
        self.generic_visit(node)

    def visit_While(self, node):
        """One that always holds is an endless loop: no news."""
        start, end = self._range(node.test)
        self._add("condition constant", start, end, "False")
        self.generic_visit(node)

    def visit_comprehension(self, node):
        """Its conditions."""
        for test in node.ifs:
            self._condition(test)
        self.generic_visit(node)

    def visit_Return(self, node):
        """None in place of what is returned."""
        if node.value is not None:
            start, end = self._range(node.value)
            self._add("value returned", start, end, "None")
        self.generic_visit(node)

    def visit_Call(self, node):
        """Two arguments swapped."""
        for one, other in zip(node.args, node.args[1:]):
            (start, one_end), (other_start, end) = self._range(one), self._range(other)
            self._add("arguments swapped", start, end,
                      (self.data[other_start:end] + self.data[one_end:other_start]
                       + self.data[start:one_end]).decode())
        self.generic_visit(node)

    def generic_visit(self, node):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            for child in block if isinstance(block, list) else ():
                self._statement(child, block)
        super().generic_visit(node)

    def _statement(self, node, block):
        if isinstance(node, KEPT) or not self._function and not isinstance(node, ast.Expr):
            return
        if isinstance(node, (ast.Expr, ast.Assign, ast.AugAssign, ast.Raise, ast.Break,
                             ast.Continue, ast.Assert)) and not (
                isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            start, end = self._range(node)
            self._add("statement dropped", start, end, "pass")

    def _condition(self, test):
        start, end = self._range(test)
        text = self.data[start:end].decode()
        self._add("condition negated", start, end, f"(not ({text}))")
        self._add("condition constant", start, end, "True")
        self._add("condition constant", start, end, "False")

    def _between(self, one, other, kind, old, new):
        """The operator @old between two nodes becomes @new."""
        start, end = self._range(one)[1], self._range(other)[0]
        # Parentheses around either are in no node.
        at = self.data[start:end].find(old.encode())
        if at >= 0:
            self._add(kind, start + at, start + at + len(old), new)
