# Uses a pool of 64 processes.
# expect: ok|runtime_error|timeout; timeout: 1
import multiprocessing
try:
    with multiprocessing.Pool(64) as pool:
        print(sum(pool.map(abs, range(64))))
except OSError as error:
    print("stopped:", error)
