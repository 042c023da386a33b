# Prints the right answer and floods the other stream.
# output: 42; expect: output_limit
import sys
print(42, flush=True)
for _ in range(1000):
    sys.stderr.write("x" * 100000)
