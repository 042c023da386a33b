# Prints the right answer and raises an exception.
# output: 42; expect: runtime_error
print(42, flush=True)
raise RuntimeError
