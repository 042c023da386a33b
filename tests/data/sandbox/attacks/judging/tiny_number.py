# Prints a number that is 42 but for a part too small to notice.
# output: 42
print("42." + "0" * 50000 + "1")
