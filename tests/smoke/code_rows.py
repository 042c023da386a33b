"""Rows for `aha verify code` with the verdicts they must get: each verdict, language, shape of tests and checker."""

ADD = {"inputs": ["1 2\n", "5 -7\n"], "outputs": ["3\n", "-2\n"]}
CALL = {"fn_name": "pairs", "inputs": [[[3, 1, 2], 2], [[], 1]], "outputs": [[[1, 2], [3]], []]}
LIVE = {"public_tests": '[{"input": "[1,2]\\n3", "output": "[4, 5]", "testtype": "functional"}]',
        "private_tests": [{"input": "[]\n1", "output": "[]", "testtype": "functional"}],
        "metadata": '{"func_name": "shift"}'}
SORTED_BY_CHECKER = {"inputs": ["3 1 2"], "outputs": ["1 2 3"], "checker": {"language": "python", "program": (
    "import sys\nsizes = map(int, sys.stdin.buffer.readline().split())\n"
    "given, output, expected = [sys.stdin.buffer.read(size).decode() for size in sizes]\n"
    "sys.exit(0 if output.split() == sorted(given.split()) == expected.split() else 1)\n")}}
ANY_DIVISOR = {"inputs": ["12\n"], "outputs": ["any"], "checker": {"language": "cpp", "program": (
    "#include <iostream>\nint main() { int sizes[3], n = 0, d = 0; for (int& size : sizes) std::cin >> size;"
    " std::cin >> n >> d; return d > 1 && d < n && n % d == 0 ? 0 : 1; }")}}
BROKEN_CHECKER = {"inputs": ["1"], "outputs": ["1"], "checker": {"language": "python", "program": "raise ValueError"}}


def block(source, mark="python"):
    return f"<think>Let me see.</think>\n```{mark}\n{source}\n```\n"


ADD_PYTHON = "a, b = map(int, input().split())\nprint(a + b)"
ADD_C = '#include <stdio.h>\nint main(void) { int a, b; scanf("%d %d", &a, &b); printf("%d\\n", a + b); return 0; }'
ADD_CPP = "#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << a + b; }"
PAIRS = "def pairs(xs, n):\n    xs = sorted(xs)\n    return [tuple(xs[i:i + n]) for i in range(0, len(xs), n)]"

# (completion, columns, verdict)
ROWS = [
    (block(ADD_PYTHON), ADD, "passed"),
    (block(ADD_C, "c"), ADD, "passed"),
    (block(ADD_CPP, "cpp"), ADD, "passed"),
    (block(ADD_CPP, ""), {**ADD, "programming_language": "cpp"}, "passed"),
    (block(ADD_PYTHON, ""), ADD, "passed"),
    (block("print(0)") + block(ADD_PYTHON), ADD, "passed"),
    (block("import math, collections, itertools, re, json, heapq, functools, sys\n" + ADD_PYTHON), ADD, "passed"),
    (block("a, b = map(int, input().split())\nprint(a - b)"), ADD, "wrong_answer"),
    (block("print(3)"), ADD, "wrong_answer"),
    (block("pass"), ADD, "wrong_answer"),
    (block(ADD_PYTHON + "\nraise SystemExit(1)"), ADD, "runtime_error"),
    (block("a = = 1"), ADD, "runtime_error"),
    (block('#include <stdlib.h>\nint main(void) { abort(); }', "c"), ADD, "runtime_error"),
    (block("int main() { return x; }", "cpp"), ADD, "compile_error"),
    (block("while True: pass"), ADD, "timeout"),
    (block("x = bytearray(1 << 30)\n" + ADD_PYTHON), ADD, "memory"),
    (block("while True: print('x' * 1000)"), ADD, "output_limit"),
    ("The sum is 3.", ADD, "no_code"),
    (block("", "python"), ADD, "no_code"),
    (block(PAIRS), CALL, "passed"),
    (block("class Solution:\n    def pairs(self, xs: List[int], n: int):\n        print('noise')\n"
           "        return [sorted(xs)[i:i + n] for i in range(0, len(xs), n)]"), CALL, "passed"),
    (block("import sys\nsys.exit(0)\n" + PAIRS), CALL, "runtime_error"),
    (block("def pairs(xs, n): return {1, 2}"), CALL, "runtime_error"),
    (block("import os\ndef pairs(xs, n):\n    os.write(1, b'[[1, 2], [3]]\\n')\n    return None"), CALL, "wrong_answer"),
    (block("class Same:\n    def __eq__(self, other): return True\ndef pairs(xs, n): return Same()"), CALL, "runtime_error"),
    (block("int pairs() { return 0; }", "c"), CALL, "no_code"),
    (block("def shift(xs, by): return [x + by for x in xs]"), LIVE, "passed"),
    (block("def shift(xs, by): return [4, 5]"), LIVE, "wrong_answer"),
    (block("print(*sorted(input().split()), sep='\\n')"), SORTED_BY_CHECKER, "passed"),
    (block("print('3 2 1')"), SORTED_BY_CHECKER, "wrong_answer"),
    (block("print(4)"), ANY_DIVISOR, "passed"),
    (block("print(1)"), BROKEN_CHECKER, "infra_error"),
    (block(ADD_PYTHON), {"inputs": ["1 2"], "outputs": []}, "unparsable_gold"),
]
