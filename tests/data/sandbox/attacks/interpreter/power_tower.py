# Computes a number that fills the machine.
# expect: timeout|memory|runtime_error; timeout: 0.5
print(9**9**9)
