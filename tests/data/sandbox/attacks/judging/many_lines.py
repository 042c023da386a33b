# Writes as many empty lines as fit.
print("\n" * 60000)
