# Writes one line of 60 MB.
# expect: output_limit
print("4" * 60_000_000)
