"""Decodes telemetry documents; written from docs/telemetry-format.md alone.

Usage: decode.py batch|table|segment FILE...   prints one JSON document a line.
Needs a zstd: the module compression.zstd (Python 3.14), zstandard, pyzstd, or the command zstd.
"""

import json
import re
import shutil
import struct
import subprocess
import sys
import zlib


def find_zstd():
    try:
        from compression import zstd

        return zstd.decompress
    except ImportError:
        pass
    try:
        import zstandard

        return lambda data: zstandard.ZstdDecompressor().decompress(data, max_output_size=1 << 24)
    except ImportError:
        pass
    try:
        import pyzstd

        return pyzstd.decompress
    except ImportError:
        pass
    command = shutil.which("zstd")
    if command:
        return lambda data: subprocess.run([command, "-dc"], input=data, capture_output=True, check=True).stdout
    return None


unzstd = find_zstd()
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


class Bytes:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, length):
        part = self.data[self.at : self.at + length]
        if len(part) != length:
            raise ValueError("cut short")
        self.at += length
        return part

    def byte(self):
        return self.take(1)[0]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def signed(self):
        value = self.varint()
        return value // 2 if value % 2 == 0 else -(value + 1) // 2

    def text(self):
        return self.take(self.varint()).decode("utf-8")

    def names(self):
        count = self.varint()
        shared = self.take(count)
        rests = self.take(self.varint()).decode("ascii").split("\n")
        if rests.pop() != "" or len(rests) != count:
            raise ValueError("names are damaged")
        names = []
        for same, rest in zip(shared, rests):
            name = (names[-1][:same] if names else "") + rest
            if not NAME.match(name) or (names and name <= names[-1]):
                raise ValueError("no name, or not in order")
            names.append(name)
        return names


class Coding:
    def __init__(self, meta):
        size = meta.byte()
        self.token = meta.byte()
        self.codes = meta.take(size) if size else None
        self.words = meta.varint() if size else 0
        self.bits = meta.varint()

    def length(self):
        return 2 * self.words + self.bits

    def tokens(self, words, count):
        if self.codes is None:
            return [self.token] * count
        frequencies = [c if c < 4 else (4 + c % 4) << (c // 4 - 1) for c in self.codes]
        frequencies[self.token] = 0
        frequencies[self.token] = 4096 - sum(frequencies)
        if frequencies[self.token] < 1:
            raise ValueError("frequencies are damaged")
        starts, slots = [], []
        for token, frequency in enumerate(frequencies):
            starts.append(len(slots))
            slots += [token] * frequency
        following = iter(struct.unpack("<%dH" % self.words, words))
        state = next(following) << 16
        state |= next(following)
        tokens = []
        for _ in range(count):
            slot = state % 4096
            token = slots[slot]
            tokens.append(token)
            state = frequencies[token] * (state // 4096) + slot - starts[token]
            if state < 32768:
                state = state * 65536 + next(following)
        if state != 32768 or next(following, None) is not None:
            raise ValueError("numbers are damaged")
        return tokens

    def decode(self, data, count):
        extra = int.from_bytes(data[2 * self.words :], "little")
        numbers = []
        for token in self.tokens(data[: 2 * self.words], count):
            if token < 8:
                numbers.append(token)
                continue
            width = (token - 8) // 2 + 2
            numbers.append(((2 + token % 2) << width) + extra % (1 << width))
            extra >>= width
        if extra:
            raise ValueError("extra bits are damaged")
        return numbers


class Column:
    def __init__(self, meta, rows, patterns):
        self.kind = meta.byte()
        self.present = []
        if self.kind == 0:
            return
        pattern = meta.varint()
        self.everywhere = pattern == 0
        self.present = list(range(rows)) if self.everywhere else patterns[pattern - 1]
        if self.kind == 1:
            self.value = meta.signed()
        elif self.kind == 2:
            self.prediction = meta.byte()
            self.divisor = meta.varint()
            self.base = meta.signed()
            self.coding = Coding(meta)
        elif self.kind == 3:
            self.list = []
            for _ in range(meta.varint()):
                self.list.append((self.list[-1] if self.list else 0) + meta.signed())
            self.coding = Coding(meta)
        elif self.kind != 4:
            raise ValueError("a kind that is not there")

    def length(self):
        if self.kind in (2, 3):
            return self.coding.length()
        return 8 * len(self.present) if self.kind == 4 else 0

    def values(self, data, rows, group_of, class_of):
        count = len(self.present)
        if self.kind == 0:
            values = []
        elif self.kind == 1:
            values = [self.value] * count
        elif self.kind == 4:
            values = [int(value) for value in struct.unpack("<%dd" % count, data)]
        elif self.kind == 3:
            values = [self.list[place] for place in self.coding.decode(data, count)]
        else:
            values = self.predicted(self.coding.decode(data, count), group_of, class_of)
        column = [None] * rows
        for row, value in zip(self.present, values):
            column[row] = value
        return column

    def predicted(self, coded, group_of, class_of):
        share = (1, 4, 8)[self.prediction & 15]
        how = self.prediction >> 4
        averages, last = {}, 16 * self.base
        group = None
        before = step = mean = drift = 0
        values = []
        for row, number in zip(self.present, coded):
            remainder = number // 2 if number % 2 == 0 else -(number + 1) // 2
            if group_of[row] != group:
                group = group_of[row]
                known = averages.get(class_of[row])
                value = remainder + ((last if known is None else known) + 8) // 16
                last = 16 * value if known is None else known + (16 * value - known) // share
                averages[class_of[row]] = last
                step, mean = 0, 16 * value
            elif how == 0:
                value = remainder + before
            elif how == 1:
                value = remainder + before + step
                step = value - before
            elif how in (2, 3):
                value = remainder + (mean + 8) // 16
                mean += (16 * value - mean) // (4 if how == 2 else 8)
            elif how == 4:
                value = remainder + before + (drift + 8) // 16
                drift += (16 * (value - before) - drift) // 8
            else:
                raise ValueError("a prediction that is not there")
            values.append(value)
            before = value
        return [value * self.divisor for value in values]


def open_document(data):
    if struct.unpack("<I", data[:4])[0] != zlib.crc32(data[4:]):
        raise ValueError("the checksum is another")
    outer = Bytes(data[4:])
    frame = outer.take(outer.varint())
    return Bytes(unzstd(frame)), outer.data[outer.at :]


def read_table(meta, numbers):
    rows = meta.varint()
    groups = meta.varint()
    each = meta.varint()
    sizes = [each] * groups if each else [meta.varint() for _ in range(groups)]
    if sum(sizes) != rows:
        raise ValueError("groups do not fit the rows")
    group_of = [group for group, size in enumerate(sizes) for _ in range(size)]
    names = meta.names()
    patterns = []
    for _ in range(meta.varint()):
        bitmap = meta.take((rows + 7) // 8)
        patterns.append([row for row in range(rows) if bitmap[row // 8] >> (row % 8) & 1])
    class_column = meta.varint() - 1
    columns = [Column(meta, rows, patterns) for _ in names]
    if meta.at != len(meta.data):
        raise ValueError("something follows the last column")
    parts, at = [], 0
    for column in columns:
        parts.append(numbers[at : at + column.length()])
        at += column.length()
    if at != len(numbers):
        raise ValueError("the numbers do not fit the columns")
    class_of = [0] * rows
    if class_column >= 0:
        class_of = columns[class_column].coding.decode(parts[class_column], rows)
    return {
        "rows": rows,
        "sizes": sizes,
        "columns": {
            name: column.values(part, rows, group_of, class_of) for name, column, part in zip(names, columns, parts)
        },
    }


def read_batch(data):
    if data[:4] != b"HIT2":
        raise ValueError("no batch")
    meta, numbers = open_document(data[4:])
    header = json.loads(meta.text())
    miner_ids = meta.names()
    errors = meta.text()
    return {
        "header": header,
        "minerIds": miner_ids,
        "errorSets": json.loads(errors) if errors else [],
        **read_table(meta, numbers),
    }


def read_segment(data):
    outer = Bytes(data)
    head = outer.take(outer.varint())
    head = json.loads(head if head[:1] == b"{" else unzstd(head))
    meta, numbers = open_document(data[outer.at :])
    return {"minerIds": head["m"], "errorSets": head.get("e", []), **read_table(meta, numbers)}


READERS = {"batch": read_batch, "table": lambda data: read_table(*open_document(data)), "segment": read_segment}

if __name__ == "__main__":
    if unzstd is None:
        sys.exit("no zstd: install the package zstandard, or the command zstd")
    for file in sys.argv[2:]:
        with open(file, "rb") as handle:
            print(json.dumps(READERS[sys.argv[1]](handle.read())))
