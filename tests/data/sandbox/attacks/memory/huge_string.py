# Asks for 8 GB at once.
# expect: memory|runtime_error
print(len("x" * (8 << 30)))
