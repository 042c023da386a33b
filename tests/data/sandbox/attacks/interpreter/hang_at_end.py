# Ends, and works on while the interpreter clears up.
# expect: timeout; timeout: 0.5
class Stayer:
    def __del__(self):
        while True:
            pass
stayer = Stayer()
print("done")
