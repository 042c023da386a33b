# Prints a number beyond all others.
# output: 42
print("1e999999999")
