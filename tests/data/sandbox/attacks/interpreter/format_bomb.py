# Pads a number to ten thousand million letters.
# expect: memory|runtime_error|timeout; timeout: 2
print(len("{:>9999999999}".format(1)) + len("%9999999999d" % 1))
