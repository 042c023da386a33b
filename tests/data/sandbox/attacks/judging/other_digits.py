# Prints 42 in digits of another script.
# output: 42
print("\uff14\uff12")
