# Prints the right answer among bytes that are no text.
# output: 42
import sys
sys.stdout.buffer.write(b"\xff\xfe42\xc0\x80\n")
