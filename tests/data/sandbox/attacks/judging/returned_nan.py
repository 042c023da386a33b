# Returns a number that is not equal to itself.
# function: solve
def solve(x):
    return float("nan")
