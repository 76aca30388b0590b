/* The checksum of zip, PNG and zlib (reflected polynomial 0xedb88320). */
#ifndef DDSP_CRC32_H
#define DDSP_CRC32_H

#include <stddef.h>
#include <stdint.h>

static inline uint32_t ddsp_crc32(const uint8_t *bytes, size_t n)
{
    uint32_t table[256], crc = 0xffffffffu;
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t x = i;
        for (int bit = 0; bit < 8; bit++)
            x = x & 1u ? x >> 1 ^ 0xedb88320u : x >> 1;
        table[i] = x;
    }
    for (size_t i = 0; i < n; i++)
        crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 0xffu];
    return ~crc;
}

#endif
