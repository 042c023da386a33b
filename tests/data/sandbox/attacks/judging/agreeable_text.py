# Prints a text that says to be equal to every other.
class Agreeable(str):
    def __eq__(self, other):
        return True
    def __hash__(self):
        return 0
print(Agreeable("anything"))
