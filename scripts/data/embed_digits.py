"""Writes Sources/Continual/Data/DigitsData.swift from scikit-learn's digits.csv.gz (given as argument).

The file holds 1,797 rows of 64 pixels (0..16) and a label: the test part of the UCI "Optical Recognition of
Handwritten Digits" set (E. Alpaydin, C. Kaynak, 1998, CC BY 4.0). It is packed as bytes, row after row, zlib, base64.
"""
import base64, gzip, sys, textwrap, zlib

rows = [[int(float(v)) for v in line.split(",")] for line in gzip.open(sys.argv[1], "rt").read().split()]
assert len(rows) == 1797 and all(len(r) == 65 and max(r[:-1]) <= 16 for r in rows)
packed = base64.b64encode(zlib.compress(bytes(v for r in rows for v in r), 9)).decode()
print("// Made by scripts/data/embed_digits.py; the source is named there.")
print("enum DigitsData {")
print("    /// 1,797 rows of 64 pixels (0...16) and a label, as bytes; zlib, base64.")
print('    static let packed = """')
print("\n".join("        " + line for line in textwrap.wrap(packed, 140)))
print('        """')
print("}")
