# SPDX-License-Identifier: GPL-2.0
"""Systematic changes of C, from the syntax tree that clang makes of it (python3-clang).

A statement is dropped, a condition negated or made constant, a comparison moved by one, a constant,
an operator, two arguments swapped, an early return. Only what stands in the file itself is changed,
the arguments of a macro too: never what a macro expands to.
"""

import ctypes
import re

from clang import cindex
from clang.cindex import CursorKind as Kind
from clang.cindex import TypeKind

from . import paths
from .change import numbered
from .errors import LabError

COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
OPERATORS = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "&": "|", "|": "&", "^": "&",
             "<<": ">>", ">>": "<<", "&&": "||", "||": "&&"}
ASSIGNMENTS = {"+=": "-=", "-=": "+=", "|=": "&=", "&=": "|=", "^=": "|=", "<<=": ">>=",
               ">>=": "<<=", "*=": "/=", "/=": "*="}
SIMPLE = {Kind.CALL_EXPR, Kind.BINARY_OPERATOR, Kind.COMPOUND_ASSIGNMENT_OPERATOR,
          Kind.UNARY_OPERATOR, Kind.BREAK_STMT, Kind.CONTINUE_STMT, Kind.ASM_STMT,
          Kind.UNEXPOSED_EXPR, Kind.GOTO_STMT, Kind.StmtExpr, Kind.CSTYLE_CAST_EXPR}
# Whose children may be statements.
HOLDERS = {Kind.COMPOUND_STMT, Kind.IF_STMT, Kind.FOR_STMT, Kind.WHILE_STMT, Kind.DO_STMT,
           Kind.CASE_STMT, Kind.DEFAULT_STMT, Kind.LABEL_STMT}
NUMBER = re.compile(rb"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)")
LETTER = re.compile(rb"'([0-9A-Ya-y])'")
INTEGERS = {TypeKind.BOOL, TypeKind.CHAR_S, TypeKind.SCHAR, TypeKind.UCHAR, TypeKind.SHORT,
            TypeKind.USHORT, TypeKind.INT, TypeKind.UINT, TypeKind.LONG, TypeKind.ULONG,
            TypeKind.LONGLONG, TypeKind.ULONGLONG, TypeKind.ENUM}
SCALARS = INTEGERS | {TypeKind.POINTER, TypeKind.DOUBLE}


def changes(source, options, files=()):
    """The Changes of @source, and of those headers in @files that it includes: {file: [Change]}.

    Files are relative to the top; @options are the compiler's.
    """
    unit = cindex.Index.create().parse(str(paths.TOP / source), args=list(options))
    fatal = [str(said) for said in unit.diagnostics if said.severity >= cindex.Diagnostic.Error]
    if fatal:
        raise LabError(f"clang does not read {source}:\n" + "\n".join(fatal[:5]))
    found = {}
    for file in (source, *files):
        walk = _Walk(file)
        for cursor in unit.cursor.get_children():
            if cursor.location.file and cursor.location.file.name == str(paths.TOP / file):
                walk.top(cursor)
        found[file] = numbered(file, walk.text, walk.found)
    return found


def _offset(location):
    """Where in the file @location is: of a macro's argument, where that stands."""
    function = cindex.conf.lib.clang_getFileLocation
    function.argtypes = [cindex.SourceLocation, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p,
                         ctypes.POINTER(ctypes.c_uint)]
    function.restype = None
    offset = ctypes.c_uint()
    function(location, None, None, None, ctypes.byref(offset))
    return offset.value


class _Walk:
    """One file's changes, as they are come upon."""

    def __init__(self, file):
        self.found = {}
        self.text = (paths.TOP / file).read_bytes()
        self._function = ""

    def top(self, cursor):
        """A declaration that is in no function."""
        self._function = cursor.spelling
        if cursor.kind == Kind.FUNCTION_DECL and cursor.is_definition():
            self._early_return(cursor)
        if cursor.kind in (Kind.FUNCTION_DECL, Kind.VAR_DECL):
            self._visit(cursor)

    def _add(self, kind, start, end, new):
        if self.text[start:end] != new:
            self.found.setdefault((start, end, new), (kind, self._function))

    def _range(self, cursor):
        return _offset(cursor.extent.start), _offset(cursor.extent.end)

    def _behind(self, end):
        """The next byte behind @end that is no blank."""
        return self.text[end:end + 200].lstrip()[:1]

    def _visit(self, cursor):
        children = list(cursor.get_children())
        for child in children:
            if cursor.kind in HOLDERS and child.kind in SIMPLE:
                self._statement(child)
            self._visit(child)
        handler = {
            Kind.IF_STMT: self._condition, Kind.WHILE_STMT: self._condition,
            Kind.DO_STMT: self._condition, Kind.CONDITIONAL_OPERATOR: self._condition,
            Kind.FOR_STMT: self._for, Kind.BINARY_OPERATOR: self._binary,
            Kind.COMPOUND_ASSIGNMENT_OPERATOR: self._binary, Kind.UNARY_OPERATOR: self._unary,
            Kind.INTEGER_LITERAL: self._constant, Kind.CHARACTER_LITERAL: self._constant,
            Kind.DECL_REF_EXPR: self._constant, Kind.CALL_EXPR: self._call,
            Kind.RETURN_STMT: self._return}.get(cursor.kind)
        if handler:
            handler(cursor, children)

    def _early_return(self, function):
        body = next((child for child in function.get_children()
                     if child.kind == Kind.COMPOUND_STMT), None)
        result = function.result_type.get_canonical().kind
        if body is None:
            return
        start, _ = self._range(body)
        if self.text[start:start + 1] != b"{":
            return
        if result == TypeKind.VOID:
            self._add("early return", start + 1, start + 1, b" return;")
        elif result in SCALARS:
            self._add("early return", start + 1, start + 1, b" return 0;")
            if result == TypeKind.BOOL:
                self._add("early return", start + 1, start + 1, b" return 1;")

    def _statement(self, child):
        start, end = self._range(child)
        if start < end and self._behind(end) == b";" and self._begins(start):
            self._add("statement dropped", start, end, b"")

    def _begins(self, start):
        """Whether a statement can begin at @start: not in the head of an if or a for."""
        before = self.text[:start].rstrip()
        return before[-1:] in b"{};:)" or before.endswith((b"else", b"do"))

    def _condition(self, cursor, children):
        cond = children[-1] if cursor.kind == Kind.DO_STMT else children[0]
        start, end = self._range(cond)
        before, behind = self.text[:start].rstrip()[-1:], self._behind(end)
        if start >= end or (behind != b"?" if cursor.kind == Kind.CONDITIONAL_OPERATOR
                            else (before, behind) != (b"(", b")")):
            return
        text = self.text[start:end]
        self._add("condition negated", start, end, b"!(" + text + b")")
        self._add("condition constant", start, end, b"0")
        # A loop that never ends is caught by whoever waits for it: that is no news.
        if cursor.kind in (Kind.IF_STMT, Kind.CONDITIONAL_OPERATOR):
            self._add("condition constant", start, end, b"1")

    def _for(self, cursor, _):
        start, end = self._range(cursor)
        head = re.match(rb"for\s*\(([^;(){}]*(?:\([^;(){}]*\)[^;(){}]*)*);([^;{}]+);",
                        self.text[start:end])
        if head:
            self._add("condition constant", start + head.start(2), start + head.end(2), b" 0")

    def _binary(self, cursor, children):
        if len(children) != 2:
            return
        (start, left_end), (right, end) = map(self._range, children)
        between = self.text[left_end:right]
        operator = between.strip().decode(errors="replace")
        at = left_end + between.find(operator.encode())
        if start >= left_end or right >= end:
            return
        for kind, table in (("comparison", COMPARISONS), ("operator", OPERATORS),
                            ("operator", ASSIGNMENTS)):
            if operator in table:
                self._add(kind, at, at + len(operator), table[operator].encode())

    def _unary(self, cursor, children):
        start, end = self._range(cursor)
        inner, inner_end = self._range(children[0])
        before, after = self.text[start:inner].strip(), self.text[inner_end:end].strip()
        if before in (b"!", b"~") or (before == b"-" and not after):
            self._add("operator", start, inner, b"")
        elif before in (b"++", b"--"):
            self._add("operator", start, inner, {b"++": b"--", b"--": b"++"}[before])
        elif not before and after in (b"++", b"--"):
            self._add("operator", inner_end, end, {b"++": b"--", b"--": b"++"}[after])

    def _constant(self, cursor, _):
        start, end = self._range(cursor)
        text = self.text[start:end]
        if text in (b"true", b"false"):
            self._add("constant", start, end, b"false" if text == b"true" else b"true")
        elif text == b"0":
            self._add("constant", start, end, b"1")
        elif NUMBER.fullmatch(text):
            self._add("constant", start, end, b"(" + text + b" + 1)")
        elif LETTER.fullmatch(text):
            self._add("constant", start, end, b"'%c'" % (text[1] + 1))

    def _call(self, cursor, _):
        args = list(cursor.get_arguments())
        for one, other in zip(args, args[1:]):
            kinds = [arg.type.get_canonical() for arg in (one, other)]
            if not (all(kind.kind in INTEGERS for kind in kinds)
                    or all(kind.kind == TypeKind.POINTER for kind in kinds)):
                continue
            (start, one_end), (other_start, end) = self._range(one), self._range(other)
            if start < one_end <= other_start < end and \
                    self.text[one_end:other_start].strip() == b",":
                self._add("arguments swapped", start, end, self.text[other_start:end]
                          + self.text[one_end:other_start] + self.text[start:one_end])

    def _return(self, cursor, children):
        if not children:
            return
        start, end = self._range(children[0])
        if start < end and self._behind(end) == b";" and self.text[:start].rstrip().endswith(
                b"return") and self.text[start:end] not in (b"0", b"NULL", b"false"):
            self._add("value returned", start, end, b"0")
