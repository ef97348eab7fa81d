"""Puts mutants into emitted SystemVerilog, all into one text: each is chosen when the simulation starts.

    mutate.py list OUT.json FILE.sv...
    mutate.py put IDS.json FILE.sv...
    mutate.py list-synthesis OUT.json FILE.sv...
    mutate.py put-synthesis IDS.json FILE.sv...

list writes all mutants there can be: number, file, line, operator, text, mutated text. put takes the numbers of some and rewrites every
file in place: an expression e that mutant 17 makes e' becomes (vit_mutant::id == 17 ? e' : e). With -synthesis they are those of what
only synthesis reads.
Constants that fix a width, an array's size or the structure are left alone: they need a build each.
"""
import json
import re
import sys

import pyslang as sl

K = sl.SyntaxKind
SWAP = {
    K.AddExpression: ["-"], K.SubtractExpression: ["+"], K.MultiplyExpression: ["+"],
    K.BinaryAndExpression: ["|"], K.BinaryOrExpression: ["&"], K.BinaryXorExpression: ["&"],
    K.LogicalAndExpression: ["||", "left", "right"], K.LogicalOrExpression: ["&&", "left", "right"],
    K.EqualityExpression: ["!="], K.InequalityExpression: ["=="],
    K.LessThanExpression: ["<="], K.LessThanEqualExpression: ["<"],
    K.GreaterThanExpression: [">="], K.GreaterThanEqualExpression: [">"],
    K.LogicalShiftLeftExpression: [">>"], K.LogicalShiftRightExpression: ["<<"],
    K.ArithmeticShiftLeftExpression: [">>>"], K.ArithmeticShiftRightExpression: ["<<<"],
}
UNARY = {K.UnaryLogicalNotExpression, K.UnaryBitwiseNotExpression}
# Subtrees in which nothing may depend on the choice.
FIXED = {
    K.ParameterDeclarationStatement, K.ParameterPortList, K.ParameterValueAssignment, K.VariableDimension,
    K.InitialBlock, K.EventControlWithExpression, K.AttributeInstance, K.AnsiPortList, K.GenvarDeclaration,
    K.ForLoopStatement, K.SimpleRangeSelect,
}


class File:
    def __init__(self, path, mutants, drawn, before=""):
        self.path, self.mutants, self.drawn, self.before = path, mutants, drawn, before
        self.text = before + open(path, encoding="utf-8").read()
        self.tree = sl.SyntaxTree.fromText(self.text)
        self.data = self.text.encode()

    def raw(self, node):
        r = node.sourceRange
        return self.data[r.start.offset:r.end.offset].decode()

    def new(self, node, operator, mutated):
        self.mutants.append({
            "id": len(self.mutants) + 1, "file": self.path, "operator": operator,
            "line": self.data[len(self.before):node.sourceRange.start.offset].count(b"\n") + 1,
            "text": re.sub(r"\s+", " ", self.raw(node)), "mutated": re.sub(r"\s+", " ", mutated),
        })
        return len(self.mutants)

    def choose(self, node, body, alternatives):
        for operator, mutated in alternatives:
            number = self.new(node, operator, mutated)
            if number in self.drawn:
                body = f"(vit_mutant::id == {number} ? ({mutated}) : {body})"
        return body

    def children(self, node):
        nodes = [node[i] for i in range(len(node)) if isinstance(node[i], sl.SyntaxNode)]
        return sorted((n for n in nodes if n.sourceRange.start.offset < 1 << 35), key=lambda n: n.sourceRange.start.offset)

    # The node's text with its children's replaced by what emit makes of them.
    def inner(self, node, emit):
        r = node.sourceRange
        out, at = [], r.start.offset
        for c in self.children(node):
            s = c.sourceRange
            if s.start.offset < at:
                continue
            out += [self.data[at:s.start.offset].decode(), emit(c)]
            at = s.end.offset
        return "".join(out + [self.data[at:r.end.offset].decode()])

    def expression(self, node):
        k = node.kind
        if k in FIXED or k == K.InvocationExpression and self.raw(node).startswith("$clog2"):
            return self.raw(node)
        if k == K.MultipleConcatenationExpression:  # the count is a constant
            kids = self.children(node)
            return self.inner(node, lambda c: self.raw(c) if c == kids[0] else self.expression(c))
        if k in (K.AscendingRangeSelect, K.DescendingRangeSelect):  # base, constant width
            kids = self.children(node)
            return self.inner(node, lambda c: self.raw(c) if c == kids[-1] else self.expression(c))
        if k == K.ScopedName:  # which block of a generate loop is a constant
            kids = self.children(node)
            return self.inner(node, lambda c: self.raw(c) if c == kids[0] else self.expression(c))
        body = self.inner(node, self.expression)
        text = self.raw(node)
        if k in SWAP:
            left, right = self.children(node)[0], self.children(node)[-1]
            alternatives = []
            for op in SWAP[k]:
                mutated = self.raw(left) if op == "left" else self.raw(right) if op == "right" else f"{self.raw(left)} {op} {self.raw(right)}"
                alternatives.append((f"{k.name.removesuffix('Expression')} to {op}", mutated))
            return self.choose(node, f"({body})", alternatives)
        if k in UNARY:
            return self.choose(node, f"({body})", [("negation dropped", self.raw(self.children(node)[-1]))])
        if k == K.IntegerVectorExpression:
            m = re.fullmatch(r"(\d+)'([bdh])([0-9a-fA-F]+)", text)
            if m:
                base = {"b": 2, "d": 10, "h": 16}[m[2]]
                value = (int(m[3], base) + 1) % (1 << int(m[1]))
                return self.choose(node, body, [("constant", f"{m[1]}'d{value}")])
        if k == K.ConditionalExpression:
            return self.choose(node, f"({body})", [("branches swapped", self.swapped(text, node))])
        return body

    def swapped(self, text, node):
        kids = self.children(node)
        cond, a, b = kids[0], kids[-2], kids[-1]
        return f"({self.raw(cond)}) ? ({self.raw(b)}) : ({self.raw(a)})"

    # An expression as a whole, on the right of an assignment.
    def value(self, node, lhs=None):
        body = self.expression(node)
        alternatives = []
        if node.kind not in (K.IntegerVectorExpression, K.IntegerLiteralExpression, K.StringLiteralExpression):
            alternatives.append(("inverted", f"~({self.raw(node)})"))
            if lhs and re.fullmatch(r"\w+", lhs) and not re.fullmatch(r"\{.*\{1'b0\}\}", self.raw(node)):
                alternatives.append(("lowest bit lost", f"(({self.raw(node)}) >>> 1) <<< 1"))
        return self.choose(node, body, alternatives)

    def statement(self, node):
        k = node.kind
        if k in FIXED:
            return self.raw(node)
        if k == K.ExpressionStatement:
            e = self.children(node)[0]
            if e.kind in (K.NonblockingAssignmentExpression, K.AssignmentExpression):
                kids = self.children(e)
                lhs, rhs = kids[0], kids[-1]
                text = f"{self.raw(lhs)} {'<=' if e.kind == K.NonblockingAssignmentExpression else '='} {self.value(rhs, self.raw(lhs))};"
                if e.kind == K.NonblockingAssignmentExpression:
                    number = self.new(node, "assignment dropped", ";")
                    if number in self.drawn:
                        return f"begin if (vit_mutant::id != {number}) {text} end"
                return text
            return self.raw(node)
        if k == K.ConditionalStatement and "$stop" in self.raw(node):  # an assertion
            return self.raw(node)
        if k == K.ConditionalStatement:
            return self.inner(node, lambda c: self.condition(c) if c.kind == K.ConditionalPredicate else self.statement(c))
        if k in (K.StandardCaseItem, K.DefaultCaseItem):
            kids = self.children(node)
            return self.inner(node, lambda c: self.statement(c) if c == kids[-1] else self.raw(c))
        if k == K.CaseStatement:
            return self.inner(node, lambda c: self.statement(c) if c.kind in (K.SyntaxList,) else self.raw(c))
        return self.inner(node, self.statement)

    def condition(self, node):
        return self.choose(node, f"({self.inner(node, lambda c: self.inner(c, self.expression) if c.kind not in SWAP and c.kind not in UNARY else self.expression(c))})",
                           [("always", "1'b1"), ("never", "1'b0")])

    def member(self, node):
        k = node.kind
        if k in FIXED:
            return self.raw(node)
        if k in (K.AlwaysBlock, K.AlwaysCombBlock, K.AlwaysFFBlock):
            return self.inner(node, self.statement)
        if k == K.ContinuousAssign:
            return self.inner(node, self.assign)
        if k in (K.NetDeclaration,):
            return self.inner(node, self.net)
        if k in (K.NamedPortConnection,):
            return self.inner(node, self.port)
        if k in (K.IfGenerate, K.LoopGenerate):
            blocks = (K.GenerateBlock, K.ElseClause, K.ContinuousAssign, K.IfGenerate, K.AlwaysBlock)
            return self.inner(node, lambda c: self.member(c) if c.kind in blocks else self.raw(c))
        return self.inner(node, self.member)

    def assign(self, node):
        if node.kind == K.AssignmentExpression:
            kids = self.children(node)
            return self.inner(node, lambda c: self.value(c, self.raw(kids[0])) if c == kids[-1] else self.raw(c))
        return self.inner(node, self.assign) if node.kind in (K.SeparatedList,) else self.raw(node)

    def net(self, node):
        if node.kind == K.Declarator:
            name = self.data[node.sourceRange.start.offset:].split()[0].decode()
            return self.inner(node, lambda c: self.inner(c, lambda e: self.value(e, name)) if c.kind == K.EqualsValueClause else self.raw(c))
        return self.inner(node, self.net) if node.kind in (K.SeparatedList,) else self.raw(node)

    # What has an operator is an input; of the others the direction is not known here.
    def port(self, node):
        text = self.raw(node)
        # A pin of a block that only synthesis knows: another bit of the same input.
        m = re.fullmatch(r"(\w+)\[(\d+)\]", text)
        if m and self.before and re.search(rf"(?m)^\s*input\b[^,/\n]*\b{m[1]}\b", self.text):
            return self.choose(node, text, [("another bit", f"{m[1]}[{int(m[2]) ^ 1}]")])
        operators = set(SWAP) | UNARY | {K.ConditionalExpression}
        def has(n):
            return n.kind in operators or any(has(c) for c in self.children(n) if n.kind not in (K.ElementSelectExpression, K.IdentifierSelectName, K.ElementSelect))
        return self.expression_of(node) if has(node) else text

    def expression_of(self, node):
        if node.kind in (K.SimplePropertyExpr, K.SimpleSequenceExpr, K.ParenthesizedExpression):
            return self.inner(node, self.expression_of)
        return self.expression(node)


def main():
    what, json_path, paths = sys.argv[1], sys.argv[2], sys.argv[3:]
    mutants, drawn = [], None
    what, _, synthesis = what.partition("-")
    if what == "put":
        with open(json_path, encoding="utf-8") as f:
            drawn = set(json.load(f))
    for path in paths:
        read = set()  # what a simulator reads
        if synthesis:
            plain = File(path, [], set())
            plain.inner(plain.tree.root, plain.member)
            read = {(m["line"], m["operator"], m["text"]) for m in plain.mutants}
        first = len(mutants)
        f = File(path, mutants, drawn if drawn is not None else set(), "`define SYNTHESIS\n" if synthesis else "")
        text = f.inner(f.tree.root, f.member)
        for m in mutants[first:]:
            m["read"] = (m["line"], m["operator"], m["text"]) in read
        head = f.data[:f.tree.root.sourceRange.start.offset].decode()
        if what == "put":
            with open(path, "w", encoding="utf-8") as out:
                out.write(head[len(f.before):] + text + f.data[f.tree.root.sourceRange.end.offset:].decode())
    if what == "list":
        with open(json_path, "w", encoding="utf-8") as out:
            json.dump([m for m in mutants if not m["read"]], out, indent=0)


main()
