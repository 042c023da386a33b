# Lifts the limit of recursion and recurses for ever.
# expect: runtime_error|memory|timeout; timeout: 1
import sys
sys.setrecursionlimit(10**9)
def deeper(n):
    return deeper(n + 1) + 1
deeper(0)
