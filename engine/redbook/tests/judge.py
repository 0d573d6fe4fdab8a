"""Judges raw CD blocks of 2448 bytes by themselves: usage judge.py FIRST-LBA FILE.

Written from the definitions alone (the field, the code words and the scrambler of ECMA-130, the frames of Q), byte by
byte and without a table that the judged program has. Prints what it found, one line each.
"""

import sys


def times_alpha(a):
    a <<= 1
    return a ^ 0x11D if a & 0x100 else a


def scrambler():
    register, out = 1, bytearray()
    for _ in range(2340):
        byte = 0
        for bit in range(8):
            byte |= (register & 1) << bit
            new = (register ^ (register >> 1)) & 1
            register = (register >> 1) | (new << 14)
        out.append(byte)
    return bytes(out)


KEY = scrambler()


def edc(data):
    code = 0
    for byte in data:
        code ^= byte
        for _ in range(8):
            code = (code >> 1) ^ (0xD8018001 if code & 1 else 0)
    return code


def word_is_right(values):
    total = weighted = 0
    for value in values:
        total ^= value
        weighted = times_alpha(weighted) ^ value
    return total == 0 and weighted == 0


def parity_is_right(body):
    """body: 2340 bytes from the header on."""
    for half in (0, 1):
        at = lambda n: body[2 * n + half]
        for column in range(43):
            if not word_is_right([at(43 * row + column) for row in range(26)]):
                return False
        for diagonal in range(26):
            word = [at((44 * m + 43 * diagonal) % 1118) for m in range(43)]
            if not word_is_right(word + [at(1118 + diagonal), at(1144 + diagonal)]):
                return False
    return True


def bcd(value):
    assert value >> 4 < 10 and value & 15 < 10, "no digit: %02x" % value
    return (value >> 4) * 10 + (value & 15)


def msf(data):
    m, s, f = (bcd(byte) for byte in data)
    assert s < 60 and f < 75
    return (m * 60 + s) * 75 + f


def lba_of(frames):
    return frames - (450150 if frames >= 90 * 60 * 75 else 150)


def crc16(data):
    register = 0
    for byte in data:
        for bit in range(7, -1, -1):
            top = register >> 15
            register = (register << 1) & 0xFFFF
            if top ^ (byte >> bit & 1):
                register ^= 0x1021
    return register ^ 0xFFFF


def main():
    first, name = int(sys.argv[1]), sys.argv[2]
    contents, tracks, codes, kinds, flags = {}, {}, set(), {}, []
    running = 0
    with open(name, "rb") as file:
        lba = first
        while block := file.read(2448):
            sector, sub = block[:2352], block[2352:]
            q = bytearray(12)
            for n, byte in enumerate(sub):
                q[n // 8] |= (byte >> 6 & 1) << (7 - n % 8)
            assert crc16(q[:10]) == q[10] << 8 | q[11], "Q at %d" % lba
            p = {byte >> 7 for byte in sub}
            assert len(p) == 1, "P changes within %d" % lba
            if p == {1}:
                if flags and flags[-1][1] == lba - 1:
                    flags[-1][1] = lba
                else:
                    flags.append([lba, lba])
            data, mode = bool(q[0] & 0x40), q[0] & 15
            if lba < -150:
                # Its Q says of each track what that one is.
                data = sector[:12] == bytes([0] + [255] * 10 + [0])
            if mode == 1 and q[1] == 0:
                assert lba_of(msf(q[3:6])) == lba, "lead-in time at %d" % lba
                contents.setdefault("%02X" % q[2], "%02X:%02X:%02X" % tuple(q[7:10]))
            elif mode == 1:
                assert lba_of(msf(q[7:10])) == lba, "absolute time at %d" % lba
                key = "%02X.%02X" % (q[1], q[2])
                tracks.setdefault(key, lba)
            elif mode in (2, 3):
                assert bcd(q[9]) == (lba + 150) % 75
                codes.add((mode, bytes(q[1:9]).hex()))
            else:
                raise AssertionError("mode %d of Q at %d" % (mode, lba))
            if data:
                plain = bytes(a ^ b for a, b in zip(sector[12:], KEY))
                assert sector[:12] == bytes([0] + [255] * 10 + [0]), "sync at %d" % lba
                assert lba_of(msf(plain[:3])) == lba, "header at %d" % lba
                kind = plain[3]
                if kind == 1:
                    code = edc(sector[:12] + plain[:2052])
                    assert code == int.from_bytes(plain[2052:2056], "little"), "EDC at %d" % lba
                    assert plain[2056:2064] == bytes(8)
                    assert parity_is_right(plain), "parity at %d" % lba
                elif kind == 2 and not plain[6] & 0x20:
                    assert plain[4:8] == plain[8:12]
                    code = edc(plain[4:2060])
                    assert code == int.from_bytes(plain[2060:2064], "little"), "EDC at %d" % lba
                    assert parity_is_right(bytes(4) + plain[4:]), "parity at %d" % lba
                elif kind == 2:
                    assert plain[4:8] == plain[8:12]
                    code = edc(plain[4:2336])
                    assert code == int.from_bytes(plain[2336:], "little"), "EDC at %d" % lba
                else:
                    raise AssertionError("mode %d at %d" % (kind, lba))
            kinds[data] = kinds.get(data, 0) + 1
            running += 1
            lba += 1
    for point, value in sorted(contents.items()):
        print("toc", point, value)
    for key, lba in sorted(tracks.items()):
        print("index", key, lba)
    for begin, end in flags:
        print("flag", begin, end)
    for mode, code in sorted(codes):
        print("code", mode, code)
    print("audio", kinds.get(False, 0), "data", kinds.get(True, 0))


main()
