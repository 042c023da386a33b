# Lets a child end well while it fails itself.
# output: 42; expect: runtime_error
import os
print(42, flush=True)
try:
    if os.fork() == 0:
        os._exit(0)
except OSError:
    pass
os._exit(77)
