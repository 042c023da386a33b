# Returns a list as deep as it can be written.
# function: solve
def solve(x):
    nested = []
    for _ in range(900):
        nested = [nested]
    return nested
