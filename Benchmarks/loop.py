# The same as loop.bcl.
import sys


def sum_up():
    total = 0
    for i in range(10000000):
        total = total + i
    return total


if sys.argv[1] == "function":
    print(sum_up())
else:
    total = 0
    for i in range(10000000):
        total = total + i
    print(total)
