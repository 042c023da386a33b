# Makes every system call that has a number, with arguments that do nothing, and lives on.
# expect: ok|runtime_error|timeout; timeout: 1
import ctypes
library = ctypes.CDLL(None, use_errno=True)
# Those that would end, block, fork, or unmap its own memory, and those that make the whole machine write to its disk.
ending = {0, 1, 3, 7, 9, 10, 11, 12, 15, 23, 25, 34, 35, 56, 57, 58, 59, 60, 61, 62, 130, 162, 200, 219, 230, 231, 234, 247,
          270, 271, 306, 322, 424, 435}
for number in range(462):
    if number not in ending:
        library.syscall(number, -1, -1, -1, -1, -1, -1)
print("alive")
