# Gives the right answer as its name, its file and its last words.
# output: 42
import sys
sys.argv[0] = "42"
sys.exit("42")
