# Returns something that never ends when it is written.
# function: solve; timeout: 1
def solve(x):
    def numbers():
        while True:
            yield 0
    class Endless(list):
        def __iter__(self):
            return numbers()
        def __len__(self):
            return 1
    return Endless([0])
