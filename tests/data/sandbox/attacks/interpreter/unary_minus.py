# Compiles a hundred thousand minus signs.
# expect: runtime_error|memory|timeout; timeout: 1
eval("-" * 100000 + "1")
