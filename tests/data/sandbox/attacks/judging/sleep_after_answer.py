# Prints the right answer and never ends.
# output: 42; expect: timeout; timeout: 0.5
import time
print(42, flush=True)
time.sleep(1000)
