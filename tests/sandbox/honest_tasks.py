"""Tasks of the honest programs: each function makes one input and what is right for it, computed here."""
import bisect
import collections
import itertools
import math


def numbers_of(rng, count=20, low=2, high=1000):
    return [rng.randrange(low, high) for _ in range(count)]


def line(values):
    return " ".join(map(str, values)) + "\n"


def sum_test(rng):
    numbers = numbers_of(rng)
    return f"{len(numbers)}\n{line(numbers)}", f"{sum(numbers)}\n"


def sort_test(rng):
    numbers = rng.sample(range(-5000, 5000), 60)
    return f"{len(numbers)}\n{line(numbers)}", line(sorted(numbers))


def prime_test(rng):
    n = rng.randrange(2000, 20000)
    return f"{n}\n", f"{sum(all(p % d for d in range(2, math.isqrt(p) + 1)) for p in range(2, n + 1))}\n"


def fibonacci_test(rng):
    n, a, b = rng.randrange(50, 300), 0, 1
    for _ in range(n):
        a, b = b, a + b
    return f"{n}\n", f"{a % 1000000007}\n"


def common_divisor_test(rng):
    k = rng.randrange(2, 50)
    a, b = k * rng.randrange(2, 1000), k * rng.randrange(2, 1000)
    return f"{a} {b}\n", f"{math.gcd(a, b)} {math.lcm(a, b)}\n"


def words_test(rng):
    words = ["".join(rng.choice("abcdefgh") for _ in range(rng.randrange(2, 6))) for _ in range(12)]
    return line(words), line(reversed(words))


def count_test(rng):
    words = rng.choices(["ant", "bee", "cat", "dog"], k=31)
    counted = sorted(collections.Counter(words).items(), key=lambda pair: (-pair[1], pair[0]))
    return line(words), "".join(f"{word} {count}\n" for word, count in counted)


def rising_test(rng):
    numbers, tails = rng.sample(range(1000), 40), []
    for number in numbers:
        at = bisect.bisect_left(tails, number)
        tails[at:at + 1] = [number]
    return line(numbers), f"{len(tails)}\n"


def edit_test(rng):
    a, b = ("".join(rng.choice("abc") for _ in range(length)) for length in (14, 17))
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (left != right))
    return f"{a}\n{b}\n", f"{row[-1]}\n"


def maze_test(rng):
    side = 9
    wall = {(rng.randrange(side), rng.randrange(side)) for _ in range(18)} - {(0, 0), (side - 1, side - 1)}
    steps, queue = {(0, 0): 0}, collections.deque([(0, 0)])
    while queue:
        x, y = queue.popleft()
        for place in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
            if place not in wall and place not in steps and min(place) >= 0 and max(place) < side:
                steps[place] = steps[x, y] + 1
                queue.append(place)
    grid = "\n".join("".join("#" if (x, y) in wall else "." for y in range(side)) for x in range(side))
    return f"{side}\n{grid}\n", f"{steps.get((side - 1, side - 1), -1)}\n"


def knapsack_test(rng):
    items = [(rng.randrange(1, 20), rng.randrange(1, 100)) for _ in range(12)]
    best = max(sum(v for _, v in chosen) for k in range(13) for chosen in itertools.combinations(items, k)
               if sum(w for w, _ in chosen) <= 50)
    return "12 50\n" + "".join(line(item) for item in items), f"{best}\n"


def roman_test(rng):
    n, text = rng.randrange(1, 4000), ""
    left = n
    for value, letters in zip((1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1), "M CM D CD C XC L XL X IX V IV I".split()):
        text, left = text + letters * (left // value), left % value
    return text + "\n", f"{n}\n"


def power_test(rng):
    a, b = rng.randrange(2, 99), rng.randrange(200, 900)
    return f"{a} {b}\n", f"{a**b}\n"


def collatz_test(rng):
    n = start = rng.randrange(3, 100000)
    steps = 0
    while n != 1:
        n, steps = n // 2 if n % 2 == 0 else 3 * n + 1, steps + 1
    return f"{start}\n", f"{steps}\n"


def depth_test(rng):
    n = rng.randrange(300, 900)
    return f"{n}\n", f"{n * (n + 1) // 2}\n"


def queens_test(rng):
    n = rng.randrange(4, 8)
    return f"{n}\n", f"{[0, 1, 0, 0, 2, 10, 4, 40, 92][n]}\n"


def large_test(rng):
    numbers = [rng.randrange(10**6) for _ in range(40000)]
    return f"{len(numbers)}\n{line(numbers)}", f"{sum(numbers)} {max(numbers)}\n"


def table_test(rng):
    n = rng.randrange(80, 120)
    return f"{n}\n", "".join(f"{i} {i * i} {i**3}\n" for i in range(n * 12))


def average_test(rng):
    numbers = numbers_of(rng, 7)
    return line(numbers), f"{sum(numbers) / 7:.3f}\n"


def record_test(rng):
    people = [{"name": f"n{i}", "age": rng.randrange(10, 99)} for i in range(9)]
    oldest = max(people, key=lambda person: (person["age"], person["name"]))
    return str(people).replace("'", '"') + "\n", f"{oldest['name']} {sum(p['age'] for p in people)}\n"


def matrix_test(rng):
    a = [[rng.randrange(1, 9) for _ in range(3)] for _ in range(3)]
    b = [[rng.randrange(1, 9) for _ in range(3)] for _ in range(3)]
    product = [[sum(a[i][k] * b[k][j] for k in range(3)) for j in range(3)] for i in range(3)]
    return "".join(map(line, a + b)), "".join(map(line, product))


def pair_test(rng):
    numbers = rng.sample(range(1, 1000), 30)
    i, j = sorted(rng.sample(range(30), 2))
    found = next([x, y] for y in range(30) for x in range(y) if numbers[x] + numbers[y] == numbers[i] + numbers[j])
    return (numbers, numbers[i] + numbers[j]), found


def group_test(rng):
    words = ["".join(rng.sample("abc", 3)) for _ in range(8)] + ["xyz", "zyx"]
    return (words,), [list(group) for _, group in itertools.groupby(sorted(words, key=lambda w: (sorted(w), w)), sorted)]


def text_test(rng):
    text = "".join(rng.choice("äöü☃abc😀") for _ in range(12)) + "q"
    return (text,), {"reversed": text[::-1], "length": len(text), "is_long": len(text) > 5, "half": len(text) / 2}
