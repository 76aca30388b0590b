/* A way through bytes that nobody vouches for: it never leaves them, and remembers that it would
 * have. Numbers are little-endian, whatever the machine is. */
#ifndef DDSP_CURSOR_H
#define DDSP_CURSOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    const uint8_t *at;
    size_t left;
    int ran_out;            /* something was asked for that is not there */
} ddsp_cursor;

/* n bytes, or NULL. */
static inline const uint8_t *ddsp_cursor_take(ddsp_cursor *cursor, size_t n)
{
    if (n > cursor->left) {
        cursor->ran_out = 1;
        cursor->left = 0;
        return NULL;
    }
    const uint8_t *taken = cursor->at;
    cursor->at += n;
    cursor->left -= n;
    return taken;
}

static inline uint64_t ddsp_cursor_number(ddsp_cursor *cursor, size_t bytes)
{
    const uint8_t *from = ddsp_cursor_take(cursor, bytes);
    uint64_t number = 0;
    for (size_t i = 0; from && i < bytes; i++)
        number |= (uint64_t)from[i] << 8 * i;
    return number;
}

static inline uint32_t ddsp_cursor_u32(ddsp_cursor *cursor)
{
    return (uint32_t)ddsp_cursor_number(cursor, 4);
}

static inline uint64_t ddsp_cursor_u64(ddsp_cursor *cursor)
{
    return ddsp_cursor_number(cursor, 8);
}

static inline float ddsp_cursor_f32(ddsp_cursor *cursor)
{
    const uint32_t bits = ddsp_cursor_u32(cursor);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline double ddsp_cursor_f64(ddsp_cursor *cursor)
{
    const uint64_t bits = ddsp_cursor_u64(cursor);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
