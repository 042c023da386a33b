"""Programs that honestly solve a task, each with one bug that makes it wrong."""
import dataclasses

from sandbox import honest_tasks as tasks


@dataclasses.dataclass
class Solution:
    name: str
    language: str
    source: str
    bug: tuple
    test: object  # of honest_tasks: rng -> (input, output); of a function (arguments, result)
    function: str = ""


READ = "n = int(input())\nnumbers = list(map(int, input().split()))\n"
SOLUTIONS = [
    Solution("python_sum", "python", READ + "print(sum(numbers))", ("sum(", "max("), tasks.sum_test),
    Solution("python_sort", "python", READ + "print(*sorted(numbers))", ("sorted(numbers)", "sorted(numbers, key=abs)"), tasks.sort_test),
    Solution("python_threads", "python", "import threading\n" + READ + """parts = []
def work(part):
    parts.append(sum(part))
threads = [threading.Thread(target=work, args=(numbers[i::4],)) for i in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sum(parts))""", ("numbers[i::4]", "numbers[i::5]"), tasks.sum_test),
    Solution("python_thread_pool", "python", "from concurrent.futures import ThreadPoolExecutor\n" + READ + """with ThreadPoolExecutor(8) as pool:
    print(sum(pool.map(lambda x: x * 1, numbers)))""", ("x * 1", "x * 2"), tasks.sum_test),
    Solution("python_asyncio_free_queue", "python", "import queue\n" + READ + """waiting = queue.SimpleQueue()
for number in numbers:
    waiting.put(number)
total = 0
while not waiting.empty():
    total += waiting.get()
print(total)""", ("total = 0", "total = 1"), tasks.sum_test),
    Solution("python_primes", "python", """n = int(input())
sieve = bytearray([1]) * (n + 1)
sieve[:2] = b"\\0\\0"
for p in range(2, int(n**0.5) + 1):
    if sieve[p]:
        sieve[p * p::p] = bytes(len(range(p * p, n + 1, p)))
print(sum(sieve))""", ("print(sum(sieve))", "print(sum(sieve) + 1)"), tasks.prime_test),
    Solution("python_fibonacci", "python", """a, b = 0, 1
for _ in range(int(input())):
    a, b = b, (a + b) % (10**9 + 7)
print(a)""", ("print(a)", "print(b)"), tasks.fibonacci_test),
    Solution("python_divisor", "python", "import math\na, b = map(int, input().split())\nprint(math.gcd(a, b), a * b // math.gcd(a, b))",
             ("a * b //", "a * a //"), tasks.common_divisor_test),
    Solution("python_words", "python", "print(*input().split()[::-1])", ("[::-1]", "[1:][::-1]"), tasks.words_test),
    Solution("python_count", "python", """import collections, re
counted = collections.Counter(re.findall(r"[a-z]+", input()))
for word, count in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])):
    print(word, count)""", ("print(word, count)", "print(word, count + 1)"), tasks.count_test),
    Solution("python_rising", "python", """import bisect
tails = []
for number in map(int, input().split()):
    at = bisect.bisect_left(tails, number)
    tails[at:at + 1] = [number]
print(len(tails))""", ("len(tails)", "len(tails) + 1"), tasks.rising_test),
    Solution("python_edits", "python", """import functools, sys
sys.setrecursionlimit(10000)
a, b = input(), input()
@functools.lru_cache(None)
def distance(i, j):
    if not i or not j:
        return i + j
    return min(distance(i - 1, j) + 1, distance(i, j - 1) + 1, distance(i - 1, j - 1) + (a[i - 1] != b[j - 1]))
print(distance(len(a), len(b)))""", ("print(distance(len(a), len(b)))", "print(distance(len(a), len(b)) + 1)"), tasks.edit_test),
    Solution("python_maze", "python", """from collections import deque
n = int(input())
grid = [input() for _ in range(n)]
steps, queue = {(0, 0): 0}, deque([(0, 0)])
while queue:
    x, y = queue.popleft()
    for p, q in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
        if 0 <= p < n and 0 <= q < n and grid[p][q] == "." and (p, q) not in steps:
            steps[p, q] = steps[x, y] + 1
            queue.append((p, q))
print(steps.get((n - 1, n - 1), -1))""", (", -1))", ", -1) + 1)"), tasks.maze_test),
    Solution("python_shortest_path_heap", "python", """import heapq
n = int(input())
grid = [input() for _ in range(n)]
heap, seen, found = [(0, 0, 0)], set(), -1
while heap:
    d, x, y = heapq.heappop(heap)
    if (x, y) in seen:
        continue
    seen.add((x, y))
    if x == y == n - 1:
        found = d
        break
    for p, q in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
        if 0 <= p < n and 0 <= q < n and grid[p][q] == ".":
            heapq.heappush(heap, (d + 1, p, q))
print(found)""", ("print(found)", "print(found + 1)"), tasks.maze_test),
    Solution("python_knapsack", "python", """n, room = map(int, input().split())
best = [0] * (room + 1)
for _ in range(n):
    weight, value = map(int, input().split())
    for w in range(room, weight - 1, -1):
        best[w] = max(best[w], best[w - weight] + value)
print(best[room])""", ("print(best[room])", "print(best[room] - 1)"), tasks.knapsack_test),
    Solution("python_roman", "python", """values = dict(I=1, V=5, X=10, L=50, C=100, D=500, M=1000)
numbers = [values[letter] for letter in input().strip()]
print(sum(-a if a < b else a for a, b in zip(numbers, numbers[1:] + [0])))""", ("[0])))", "[0])) + 1)"), tasks.roman_test),
    Solution("python_power", "python", "a, b = map(int, input().split())\nprint(a ** b)", ("a ** b", "a ** b + 1"), tasks.power_test),
    Solution("python_depth", "python", """def total(n):
    return n + total(n - 1) if n else 0
print(total(int(input())))""", ("n + total", "n + 1 + total"), tasks.depth_test),
    Solution("python_large_input", "python", """import sys
n, *numbers = map(int, sys.stdin.read().split())
print(sum(numbers), max(numbers))""", ("max(numbers)", "min(numbers)"), tasks.large_test),
    Solution("python_long_table", "python", "for i in range(int(input()) * 12):\n    print(i, i * i, i ** 3)", ("i ** 3", "i ** 2"), tasks.table_test),
    Solution("python_average", "python", """from statistics import mean
print("%.3f" % mean(map(int, input().split())))""", ("mean(map", "max(map"), tasks.average_test),
    Solution("python_exact_average", "python", """from fractions import Fraction
from decimal import Decimal
numbers = list(map(int, input().split()))
mean = Fraction(sum(numbers), len(numbers))
print(f"{float(mean):.3f}")""", ("len(numbers)", "(len(numbers) + 1)"), tasks.average_test),
    Solution("python_records", "python", """import json
people = json.loads(input())
oldest = max(people, key=lambda person: (person["age"], person["name"]))
print(oldest["name"], sum(person["age"] for person in people))""", ("sum(", "max("), tasks.record_test),
    Solution("python_matrix", "python", """rows = [list(map(int, input().split())) for _ in range(6)]
a, b = rows[:3], rows[3:]
for row in a:
    print(*[sum(x * y for x, y in zip(row, column)) for column in zip(*b)])""", ("x * y", "x + y + 1"), tasks.matrix_test),
    Solution("function_pair", "python", """def two_sum(numbers, target):
    seen = {}
    for at, number in enumerate(numbers):
        if target - number in seen:
            return [seen[target - number], at]
        seen[number] = at""", ("return [seen[target - number], at]", "return [at, seen[target - number]]"), tasks.pair_test, "two_sum"),
    Solution("function_groups", "python", """from collections import defaultdict
class Solution:
    def groups(self, words):
        print("debugging, which does not count")
        found = defaultdict(list)
        for word in sorted(words):
            found["".join(sorted(word))].append(word)
        return [found[key] for key in sorted(found)]""", ("sorted(found)]", "sorted(found, reverse=True)]"), tasks.group_test, "groups"),
    Solution("function_text", "python", """def facts(text):
    return dict(reversed=text[::-1], length=len(text), is_long=len(text) > 5, half=len(text) / 2)""",
             ("len(text) / 2", "len(text) // 3"), tasks.text_test, "facts"),
]
C_HEAD = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
SOLUTIONS += [
    Solution("c_sum", "c", C_HEAD + """int main(void) {
  int n, x;
  long sum = 0;
  scanf("%d", &n);
  while (n-- && scanf("%d", &x) == 1) sum += x;
  printf("%ld\\n", sum);
}""", ("sum = 0", "sum = 1"), tasks.sum_test),
    Solution("c_sort", "c", C_HEAD + """static int compare(const void* a, const void* b) { return *(const int*)a - *(const int*)b; }
int main(void) {
  int n, numbers[1000];
  scanf("%d", &n);
  for (int i = 0; i < n; ++i) scanf("%d", &numbers[i]);
  qsort(numbers, n, sizeof *numbers, compare);
  for (int i = 0; i < n; ++i) printf("%d%c", numbers[i], i + 1 < n ? ' ' : '\\n');
}""", ("*(const int*)a - *(const int*)b", "*(const int*)b - *(const int*)a"), tasks.sort_test),
    Solution("c_collatz", "c", C_HEAD + """int main(void) {
  long n, steps = 0;
  scanf("%ld", &n);
  for (; n != 1; ++steps) n = n % 2 ? 3 * n + 1 : n / 2;
  printf("%ld\\n", steps);
}""", ("steps = 0", "steps = 1"), tasks.collatz_test),
    Solution("c_queens", "c", C_HEAD + """static int n, found;
static void place(int row, int columns, int left, int right) {
  if (row == n) ++found;
  for (int c = 0; c < n; ++c) {
    const int bit = 1 << c;
    if (!(columns & bit) && !(left >> (row + c) & 1) && !(right >> (row - c + n) & 1))
      place(row + 1, columns | bit, left | 1 << (row + c), right | 1 << (row - c + n));
  }
}
int main(void) {
  scanf("%d", &n);
  place(0, 0, 0, 0);
  printf("%d\\n", found);
}""", ("found);\n}", "found + 1);\n}"), tasks.queens_test),
    Solution("c_large_input", "c", C_HEAD + """int main(void) {
  long n, x, sum = 0, most = 0;
  scanf("%ld", &n);
  while (n-- && scanf("%ld", &x) == 1) {
    sum += x;
    if (x > most) most = x;
  }
  printf("%ld %ld\\n", sum, most);
}""", ("sum += x", "sum += x + 1"), tasks.large_test),
    Solution("c_heap_and_stack", "c", C_HEAD + """static long total(long n) { return n ? n + total(n - 1) : 0; }
int main(void) {
  long n;
  scanf("%ld", &n);
  char* block = malloc(64 << 20);
  memset(block, 0, 64 << 20);
  printf("%ld\\n", total(n) + block[n]);
}""", ("n + total", "n + 2 + total"), tasks.depth_test),
    Solution("cpp_words", "cpp", """#include <iostream>
#include <string>
#include <vector>
int main() {
  std::vector<std::string> words;
  for (std::string word; std::cin >> word;) words.push_back(word);
  for (auto word = words.rbegin(); word != words.rend(); ++word) std::cout << *word << ' ';
  std::cout << '\\n';
}""", ("words.rbegin()", "words.rbegin() + 1"), tasks.words_test),
    Solution("cpp_count", "cpp", """#include <algorithm>
#include <iostream>
#include <map>
#include <vector>
int main() {
  std::map<std::string, int> counted;
  for (std::string word; std::cin >> word;) ++counted[word];
  std::vector<std::pair<int, std::string>> order;
  for (const auto& [word, count] : counted) order.emplace_back(-count, word);
  std::sort(order.begin(), order.end());
  for (const auto& [count, word] : order) std::cout << word << ' ' << -count << '\\n';
}""", ("<< -count", "<< count"), tasks.count_test),
    Solution("cpp_knapsack", "cpp", """#include <algorithm>
#include <cstdio>
#include <vector>
int main() {
  int n, room, weight, value;
  std::scanf("%d %d", &n, &room);
  std::vector<int> best(room + 1);
  while (n-- && std::scanf("%d %d", &weight, &value) == 2)
    for (int w = room; w >= weight; --w) best[w] = std::max(best[w], best[w - weight] + value);
  std::printf("%d\\n", best[room]);
}""", ("best[room])", "best[room] + 1)"), tasks.knapsack_test),
]
