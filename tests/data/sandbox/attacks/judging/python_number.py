# Prints 42 as only Python reads it.
# output: 42
print("4_2")
