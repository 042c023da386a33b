# Returns numbers that take longest to compare.
# function: solve
def solve(x):
    return 10**4000 if x % 2 else float("1e308") * 10
