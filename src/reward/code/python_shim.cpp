// Python programs around programs. The source within is a literal of bytes, so nothing in it can end the literal.
#include "reward/code/python_shim.h"

#include <string_view>

namespace aha::reward {
namespace {

// The result leaves by a descriptor that is taken before the program starts. The program can find it and write to it:
// what it gains is an output, which the expected result, that it never sees, has still to equal.
constexpr std::string_view kCallHead = R"py(import io, json, os, sys
OUT = os.dup(1)
os.dup2(2, 1)
class Nowhere(io.RawIOBase):
    def writable(self): return True
    def write(self, data): return len(data)
sys.stdout = io.TextIOWrapper(io.BufferedWriter(Nowhere()), encoding="utf-8", errors="replace")
sys.setrecursionlimit(50000)
ARGUMENTS = json.loads(sys.stdin.buffer.read())
LENT = {
    "typing": "Any Callable Deque Dict FrozenSet Generator Generic Iterable Iterator List Literal Mapping NamedTuple "
              "Optional Sequence Set Tuple Type TypeVar Union",
    "collections": "ChainMap Counter OrderedDict defaultdict deque namedtuple",
    "heapq": "heapify heappop heappush heappushpop heapreplace nlargest nsmallest",
    "bisect": "bisect_left bisect_right insort insort_left insort_right",
    "functools": "cache cmp_to_key lru_cache reduce",
    "itertools": "accumulate chain combinations groupby pairwise permutations product",
    "math": "ceil comb floor gcd inf isqrt lcm sqrt",
}
MODULES = "bisect collections functools heapq itertools math operator random re string sys".split()
def lend(code, names):
    used, pending = set(), [code]
    while pending:
        part = pending.pop()
        used.update(part.co_names)
        pending.extend(c for c in part.co_consts if isinstance(c, type(code)))
    for name in used.intersection(MODULES):
        names[name] = __import__(name)
    for module, lent in LENT.items():
        for name in used.intersection(lent.split()):
            names[name] = getattr(__import__(module), name)
)py";

constexpr std::string_view kCallTail = R"py(PROGRAM = type(sys)("program")
sys.modules["program"] = PROGRAM
CODE = compile(SOURCE, "program.py", "exec", dont_inherit=True)
lend(CODE, PROGRAM.__dict__)
exec(CODE, PROGRAM.__dict__)
SOLUTION = PROGRAM.__dict__.get("Solution")
if isinstance(SOLUTION, type) and hasattr(SOLUTION, FUNCTION):
    function = getattr(SOLUTION(), FUNCTION)
else:
    function = getattr(PROGRAM, FUNCTION)
RESULT = json.dumps(function(*ARGUMENTS), allow_nan=False)
with os.fdopen(OUT, "w") as out:
    out.write(RESULT + "\n")
os._exit(0)
)py";

constexpr std::string_view kCheckerHead = "import os, sys, traceback\n";
constexpr std::string_view kCheckerTail = R"py(try:
    exec(compile(SOURCE, "checker.py", "exec", dont_inherit=True), {"__name__": "__main__"})
except SystemExit:
    raise
except BaseException:
    traceback.print_exc()
    os._exit(3)
)py";

std::string bytes_literal(std::string_view bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string literal = "b\"";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte < 0x7f && c != '"' && c != '\\') {
      literal += c;
    } else {
      literal += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return literal + "\"";
}

std::string source_line(std::string_view source) { return "SOURCE = " + bytes_literal(source) + "\n"; }

}  // namespace

std::string call_program(const std::string& source, const std::string& function) {
  return std::string(kCallHead) + source_line(source) + "FUNCTION = \"" + function + "\"\n" + std::string(kCallTail);
}

std::string checker_program(const std::string& source) {
  return std::string(kCheckerHead) + source_line(source) + std::string(kCheckerTail);
}

}  // namespace aha::reward
