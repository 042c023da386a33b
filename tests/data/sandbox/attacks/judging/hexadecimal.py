# Prints 42 to another base.
# output: 42
print("0x2A")
