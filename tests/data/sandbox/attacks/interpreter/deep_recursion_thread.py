# Recurses for ever in a thread that asked for the largest stack.
# expect: runtime_error|memory|timeout|ok; timeout: 1
import sys
import threading
sys.setrecursionlimit(10**9)
for size in (1 << 30, 256 << 20, 64 << 20):
    try:
        threading.stack_size(size)
        def deeper(n):
            return deeper(n + 1) + 1
        thread = threading.Thread(target=deeper, args=(0,))
        thread.start()
        thread.join()
    except (RuntimeError, MemoryError, ValueError) as error:
        print("stopped:", error)
