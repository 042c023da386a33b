# Prints patterns that match everything.
print(".*", "*", "%s", "%", "^", "", "?", "None", "True", "[]", sep="\n")
