# Prints the right answer, a zero byte, and more.
# output: 42
import sys
sys.stdout.buffer.write(b"42\0 and more\n")
