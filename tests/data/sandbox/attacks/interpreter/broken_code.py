# Runs byte code that no compiler wrote.
# expect: runtime_error|timeout; timeout: 1
def f():
    pass
f.__code__ = f.__code__.replace(co_code=bytes([100, 255, 83, 0] * 40), co_stacksize=1)
print(f())
raise SystemExit(1)
