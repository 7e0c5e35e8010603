"""Whole files and command lines damaged at random, the same way for the same generator."""

import io
import json
import random
import re
import struct
import zipfile

_WORDS = (
    b"-1 0 1.9 nan inf -inf 1e20 -1e20 1e400 1e-400 4294967295 9999999999999999999 1_0 0x10 - e 2e9 1000000000 255 "
    b"256 -2147483648 true null [] {} 5126 solid facet vertex endfacet endsolid OFF v f vn format element property "
    b"list end_header # \\ [ {"
).split()
_NUMBERS = (0, 1, 2, 3, 4, 255, 256, 32767, 65535, 10**6, 2**31 - 1, 2**31, 2**32 - 1)


def damaged(data: bytes, rng: random.Random) -> bytes:
    """One to four changes. Of a GLB the description is changed as text, and its length with it."""
    if data[:4] == b"glTF" and rng.random() < 0.7:
        length = struct.unpack("<I", data[12:16])[0]
        text = damaged_description(data[20 : 20 + length], rng)
        rest = struct.pack("<I", len(text)) + b"JSON" + text + data[20 + length :]
        return b"glTF" + struct.pack("<II", 2, 12 + len(rest)) + rest
    if data[:2] == b"PK" and rng.random() < 0.7:
        return damaged_archive(data, rng)
    pages = data[:8] == b"ASTM-E57" and rng.random() < 0.9
    for _ in range(rng.randint(1, 4)):
        data = rng.choice(_CHANGES_IN_PLACE if pages else _CHANGES)(data, rng)
    return with_checksums(data) if pages else data


def damaged_archive(data: bytes, rng: random.Random) -> bytes:
    """An archive whose sums are right, and one of its files damaged."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        changed = rng.choice(old.namelist())
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, rng.choice(_CHANGES)(content, rng) if name == changed else content)
    return stream.getvalue()


def damaged_description(text: bytes, rng: random.Random) -> bytes:
    """A value somewhere in JSON changed for another one, or the text damaged."""
    if rng.random() < 0.3:
        return rng.choice(_CHANGES)(text, rng)
    description = json.loads(text)
    for _ in range(rng.randint(1, 3)):
        thing = description
        while True:
            keys = list(thing) if isinstance(thing, dict) else list(range(len(thing)))
            if not keys:
                break
            key = rng.choice(keys)
            if isinstance(thing[key], (dict, list)) and rng.random() < 0.85:
                thing = thing[key]
                continue
            values = [-1, 0, 1, 3, 10**9, 10**20, 1.5, 1e308, None, True, "x", [], {}, [0], 5121, 5126, thing[key]]
            thing[key] = rng.choice(values)
            if rng.random() < 0.2:
                del thing[key]
            break
    return json.dumps(description).encode()


def _flip(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(max(len(data), 1))
    return data[:place] + bytes([rng.randrange(256)]) + data[place + 1 :]


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _drop(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + data[place + rng.randint(1, 20) :]


def _double(data: bytes, rng: random.Random) -> bytes:
    place, length = rng.randrange(len(data) + 1), rng.randint(1, 60)
    return data[: place + length] + data[place : place + length] * rng.choice([1, 1, 50]) + data[place + length :]


def _word(data: bytes, rng: random.Random) -> bytes:
    words = list(re.finditer(rb"[-+.\w]+", data[:4000]))
    if not words:
        return data
    start, end = rng.choice(words).span()
    return data[:start] + rng.choice(_WORDS) + data[end:]


def _number(data: bytes, rng: random.Random) -> bytes:
    place, length = rng.randrange(len(data) + 1), rng.choice([1, 2, 4, 4])
    value = rng.choice(_NUMBERS) % 256**length
    return data[:place] + value.to_bytes(length, rng.choice(["little", "big"])) + data[place + length :]


def _digit(data: bytes, rng: random.Random) -> bytes:
    """A digit of the text for another character, so that nothing moves."""
    digits = list(re.finditer(rb"(?<=[\">.\d-])\d", data))
    if not digits:
        return data
    start, end = rng.choice(digits).span()
    return data[:start] + rng.choice([b"-", b"0", b"9", b"9", b".", b"x"]) + data[end:]


def _head_number(data: bytes, rng: random.Random) -> bytes:
    return _number(data[:100], rng) + data[100:]


def _swap_lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[i], lines[j] = lines[j], lines[i]
    return rng.choice([b"\n", b"\n", b"\r\n", b"\r"]).join(lines)


_CHANGES = (_flip, _cut, _drop, _double, _word, _word, _word, _number, _head_number, _swap_lines)

_CHANGES_IN_PLACE = (_flip, _number, _head_number, _digit, _digit, _digit)


def with_checksums(data: bytes) -> bytes:
    """An E57 file with the right sum, CRC-32C, at the end of each of its pages of 1,024 bytes."""
    pages = [data[start : start + 1024] for start in range(0, len(data), 1024)]
    return b"".join(page[:-4] + _crc32c(page[:-4]).to_bytes(4, "big") if len(page) == 1024 else page for page in pages)


def _crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for octet in data:
        crc = (crc >> 8) ^ _CRC_TABLE[(crc ^ octet) & 255]
    return crc ^ 0xFFFFFFFF


def _crc_table() -> list[int]:
    table = []
    for number in range(256):
        for _ in range(8):
            number = (number >> 1) ^ (0x82F63B78 if number & 1 else 0)
        table.append(number)
    return table


_CRC_TABLE = _crc_table()
