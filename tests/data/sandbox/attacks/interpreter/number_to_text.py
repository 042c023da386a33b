# Writes a number of ten million digits.
# expect: timeout|memory; timeout: 0.5
import sys
sys.set_int_max_str_digits(0)
while True:
    str(7 ** (10**7))
