"""Programs that honestly fail: they print the right number first where they can, and break a rule after it."""
import dataclasses


@dataclasses.dataclass
class Failure:
    name: str
    language: str
    verdicts: list
    source: str
    count: int = 6


CRASH, SLOW, LARGE, LOUD, UNCOMPILED = ["runtime_error"], ["timeout"], ["memory", "runtime_error"], ["output_limit"], [
    "compile_error"]
PYTHON = [
    ("division", CRASH, "print(input())\nprint(NUMBER // (NUMBER - NUMBER))"),
    ("missing_key", CRASH, "print(input())\nprint({}[NUMBER])"),
    ("bad_number", CRASH, "print(input())\nint('NUMBER apples')"),
    ("exit_code", CRASH, "print(input())\nraise SystemExit(NUMBER % 200 + 1)"),
    ("assertion", CRASH, "n = int(input())\nprint(n)\nassert n != NUMBER"),
    ("recursion", CRASH, "def f(n):\n    return f(n + 1) + NUMBER\nprint(input())\nprint(f(0))"),
    ("syntax", CRASH, "print(input())\nif NUMBER\n    print(1)"),
    ("missing_module", CRASH, "import numpyNUMBER\nprint(input())"),
    ("reads_too_much", CRASH, "print(input())\nprint(input() + 'NUMBER')"),
    ("missing_file", CRASH, "print(input())\nopen('/data/NUMBER.txt')"),
    ("raised_in_function", CRASH, "def f(x):\n    raise ValueError(x)\nprint(input(), flush=True)\nf(NUMBER)"),
    ("endless_loop", SLOW, "print(input())\nn = NUMBER\nwhile n:\n    n += 1"),
    ("waits", SLOW, "import time\nprint(input(), flush=True)\ntime.sleep(NUMBER)"),
    ("large_list", LARGE, "print(input())\nx = [NUMBER] * (1 << 28)\nprint(len(x))"),
    ("growing_text", LARGE, "print(input())\ns = 'NUMBER'\nwhile True:\n    s += s"),
    ("long_output", LOUD, "print(input())\nfor i in range(10**6):\n    print(i, NUMBER)"),
    ("long_complaint", LOUD, "import sys\nprint(input())\nsys.stderr.write('NUMBER' * 10**6)"),
]
C = [
    ("null_pointer", CRASH, "int* volatile p = 0;\n  printf(\"%d\\n\", *p);"),
    ("division", CRASH, "volatile int zero = 0;\n  printf(\"%d\\n\", n / zero);"),
    ("abort", CRASH, "abort();"),
    ("exit_code", CRASH, "return n % 200 + 1;"),
    ("endless_loop", SLOW, "for (volatile long i = 0;; ++i) continue;"),
    ("large_array", LARGE, "char* p = malloc(1l << 30);\n  if (!p) return 1;\n  memset(p, n, 1l << 30);\n"
     "  printf(\"%d\\n\", p[n]);"),
    ("long_output", LOUD, "for (int i = 0; i < 1000000; ++i) printf(\"%d %d\\n\", i, n);"),
    ("undeclared", UNCOMPILED, "printf(\"%d\\n\", NUMBER + m);"),
    ("missing_semicolon", UNCOMPILED, "int m = NUMBER\n  printf(\"%d\\n\", m);"),
    ("unlinked", UNCOMPILED, "int elsewhere(int);\n  printf(\"%d\\n\", elsewhere(NUMBER));"),
]
CPP = [
    ("exception", CRASH, 4, "#include <stdexcept>\n#include <cstdio>\nint main() {\n  std::puts(\"NUMBER\");\n"
     "  throw std::runtime_error(\"no\");\n}"),
    ("out_of_range", CRASH, 4, "#include <cstdio>\n#include <vector>\nint main() {\n  std::puts(\"NUMBER\");\n"
     "  std::vector<int> v(3);\n  return v.at(NUMBER);\n}"),
    ("wrong_type", UNCOMPILED, 4, "#include <string>\nint main() {\n  std::string s = NUMBER;\n  return s;\n}"),
]
C_FRAME = """#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void) {
  int n;
  if (scanf("%d", &n) != 1) return 1;
  printf("%d\\n", n);
  fflush(stdout);
  BODY
  return 0;
}"""


def count_of(verdicts):
    return 3 if verdicts is SLOW else 6


FAILURES = [Failure(f"python_{name}", "python", verdicts, source, count_of(verdicts))
            for name, verdicts, source in PYTHON]
FAILURES += [Failure(f"c_{name}", "c", verdicts, C_FRAME.replace("BODY", body), count_of(verdicts))
             for name, verdicts, body in C]
FAILURES += [Failure(f"cpp_{name}", "cpp", verdicts, source, count) for name, verdicts, count, source in CPP]
