# Compiles a hundred thousand minus signs.
# expect: runtime_error|memory|timeout; timeout: 4
eval("-" * 100000 + "1")
