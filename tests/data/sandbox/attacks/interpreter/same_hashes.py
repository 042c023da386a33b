# Fills a table with numbers of one hash.
# expect: timeout; timeout: 0.5
table = {}
step = 2**61 - 1
for n in range(10**9):
    table[n * step] = n
