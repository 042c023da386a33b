# Fails at once and lets a child answer.
# output: 42; expect: runtime_error
import os
try:
    if os.fork() == 0:
        print(42, flush=True)
        os._exit(0)
except OSError:
    print(42, flush=True)
os._exit(77)
