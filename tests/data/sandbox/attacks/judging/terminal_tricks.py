# Prints a wrong answer and lets the terminal draw over it.
# output: 42
print("41\x1b[2K\x1b[1G42\b\b\r42")
