# Reads text with brackets a hundred thousand deep, by several readers.
import ast
import json
for read in (json.loads, ast.literal_eval):
    try:
        read("[" * 100000)
    except (RecursionError, MemoryError, ValueError, SyntaxError) as error:
        print(type(error).__name__)
