"""The other end of the I2C bus: OLED controllers and an HD44780 that decode what is sent to them.

From the data sheets: SSD1306 (Solomon Systech), SH1106 (Sino Wealth), HD44780U (Hitachi) behind a
PCF8574 (RS 0, E 2, backlight 3, D4-D7 at 4-7), as luma's drivers drive them through smbus2.
"""

from __future__ import annotations

import errno

WIDTH, PAGES = 128, 8


#: Bytes that follow a command.
SETUP = dict.fromkeys((0x81, 0xA8, 0xD3, 0xD5, 0xD9, 0xDA, 0xDB), 1)
SSD1306 = SETUP | {0x20: 1, 0x21: 2, 0x22: 2, 0x8D: 1}
SH1106 = SETUP | {0xAD: 1}


class Bus:
    """What smbus2.SMBus is to luma, with one device on it. ``there``: it answers."""

    def __init__(self, address):
        self.address, self.there, self.writes = address, True, 0

    def _reach(self, address):
        if address != self.address or not self.there:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        self.writes += 1

    def write_i2c_block_data(self, address, register, data):
        self._reach(address)
        assert len(data) <= 32
        if register == 0x00:
            self.commands(list(data))
        else:
            assert register == 0x40
            self.data(data)

    def write_byte(self, address, value):
        self._reach(address)
        self.byte(value)

    def close(self):
        pass


class Ssd1306(Bus):
    """128 columns, 8 pages, horizontal addressing within a window."""

    OFFSET = 0

    def __init__(self, address=0x3C):
        super().__init__(address)
        self.ram = [[0] * 132 for _ in range(PAGES)]
        self.on, self.contrast = False, None
        self.columns, self.pages = (0, WIDTH - 1), (0, PAGES - 1)
        self.column = self.page = 0

    def commands(self, data):
        while data:
            command = data.pop(0)
            rest = [data.pop(0) for _ in range(SSD1306.get(command, 0))]
            if command in (0xAE, 0xAF):
                self.on = command == 0xAF
            elif command == 0x81:
                self.contrast = rest[0]
            elif command == 0x21:
                self.columns, self.column = tuple(rest), rest[0]
            elif command == 0x22:
                self.pages, self.page = tuple(rest), rest[0]

    def data(self, data):
        for value in data:
            self.ram[self.page][self.column] = value
            self.column += 1
            if self.column > self.columns[1]:
                self.column = self.columns[0]
                self.page = self.page + 1 if self.page < self.pages[1] else self.pages[0]

    def lit(self):
        """The pixels that are on, as (x, y)."""
        return {
            (x, 8 * page + bit)
            for page in range(PAGES)
            for x in range(WIDTH)
            for bit in range(8)
            if self.ram[page][x + self.OFFSET] >> bit & 1
        }


class Sh1106(Ssd1306):
    """132 columns of memory, of which the glass shows 128 from the third on; one page at a time."""

    OFFSET = 2

    def commands(self, data):
        while data:
            command = data.pop(0)
            rest = [data.pop(0) for _ in range(SH1106.get(command, 0))]
            if command == 0x81:
                self.contrast = rest[0]
            elif command in (0xAE, 0xAF):
                self.on = command == 0xAF
            elif 0xB0 <= command <= 0xB7:
                self.page = command & 7
            elif command <= 0x0F:
                self.column = self.column & 0xF0 | command
            elif command <= 0x1F:
                self.column = self.column & 0x0F | (command & 0x0F) << 4

    def data(self, data):
        for value in data:
            self.ram[self.page][self.column] = value
            self.column = min(131, self.column + 1)


class Hd44780(Bus):
    """Four data lines: a nibble is taken as E falls; ROM A00."""

    LINES = 0x00, 0x40, 0x14, 0x54

    def __init__(self, columns, rows, address=0x27):
        super().__init__(address)
        self.columns, self.rows = columns, rows
        self.memory, self.at, self.custom = [0x20] * 128, 0, None
        self.four_bits, self.half, self.on, self.light = False, None, False, False
        self._enabled = False

    def commands(self, data):
        raise AssertionError("an expander has no registers")

    data = commands

    def byte(self, value):
        self.light = bool(value & 8)
        enabled = bool(value & 4)
        if self._enabled and not enabled:
            self._nibble(value >> 4, bool(value & 1))
        self._enabled = enabled

    def _nibble(self, nibble, text):
        if not self.four_bits:
            self.four_bits = nibble == 2
            return
        if self.half is None:
            self.half = nibble
            return
        value, self.half = self.half << 4 | nibble, None
        if text:
            if self.custom is None:
                self.memory[self.at] = value
            self.at = (self.at + 1) % 128
        elif value & 0x80:
            self.at, self.custom = value & 0x7F, None
        elif value & 0x40:
            self.custom = value & 0x3F
        elif value & 0x20:
            self.four_bits = not value & 0x10
        elif value & 0x08:
            self.on = bool(value & 0x04)
        elif value == 0x01:
            self.memory, self.at = [0x20] * 128, 0

    def text(self):
        """The rows that the glass shows."""
        rows = [self.memory[at : at + self.columns] for at in self.LINES[: self.rows]]
        return tuple("".join("▮" if c == 0xFF else chr(c) for c in row) for row in rows)
