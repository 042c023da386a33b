# Appends to a list for ever.
# expect: memory|runtime_error|timeout; timeout: 5
blocks = []
while True:
    blocks.append(bytearray(1 << 20))
