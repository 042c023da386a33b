# Prints the right answer and kills itself.
# output: 42; expect: runtime_error
import os
print(42, flush=True)
os.kill(os.getpid(), 9)
