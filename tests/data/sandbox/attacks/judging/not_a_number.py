# Prints numbers that are equal to everything or to nothing.
# output: 42
print("nan")
