# Computes with a thousand million digits.
# expect: memory|runtime_error|timeout; timeout: 0.5
import decimal
decimal.getcontext().prec = 999999999
print(decimal.Decimal(2).sqrt())
