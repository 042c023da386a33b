# Prints the right answer and takes more memory than allowed.
# output: 42; expect: memory|runtime_error
print(42, flush=True)
blocks = []
while True:
    blocks.append(bytearray(1 << 22))
