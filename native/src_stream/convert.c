/* Between the card's samples and floats. Integers of b bits are 2^(b-1) to full scale
 * both ways, so that 16 and 24 bits come through unchanged. Little-endian, as every
 * board that we know.
 */
#include <math.h>
#include <string.h>

#include "stream.h"

static const int sizes[DDSP_FORMATS] = {4, 4, 3, 4, 2};

int ddsp_format_size(int format)
{
    return sizes[format];
}

static float read_one(int format, const unsigned char *from)
{
    int32_t i;
    int16_t s;
    float x;
    switch (format) {
    case DDSP_FORMAT_FLOAT:
        memcpy(&x, from, sizeof x);
        return x;
    case DDSP_FORMAT_S16:
        memcpy(&s, from, sizeof s);
        return (float)s * (1.0f / 32768.0f);
    case DDSP_FORMAT_S24_3:
        i = (int32_t)((uint32_t)from[0] << 8 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 24);
        break;
    case DDSP_FORMAT_S24:
        /* The top byte is the card's affair. */
        i = (int32_t)((uint32_t)from[0] << 8 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 24);
        break;
    default:
        memcpy(&i, from, sizeof i);
    }
    return (float)i * (1.0f / 2147483648.0f);
}

/* x times scale, rounded, within -scale .. scale - 1. */
static int32_t rounded(float x, double scale)
{
    const double y = x != x ? 0.0 : (double)x * scale;
    return (int32_t)lrint(y < -scale ? -scale : y > scale - 1.0 ? scale - 1.0 : y);
}

static void write_one(int format, unsigned char *to, float x)
{
    int32_t i;
    int16_t s;
    switch (format) {
    case DDSP_FORMAT_FLOAT:
        x = x != x ? 0.0f : x < -1.0f ? -1.0f : x > 1.0f ? 1.0f : x;
        memcpy(to, &x, sizeof x);
        return;
    case DDSP_FORMAT_S16:
        s = (int16_t)rounded(x, 32768.0);
        memcpy(to, &s, sizeof s);
        return;
    case DDSP_FORMAT_S24_3:
        i = rounded(x, 8388608.0);
        memcpy(to, &i, 3);
        return;
    case DDSP_FORMAT_S24:
        i = rounded(x, 8388608.0);
        break;
    default:
        i = rounded(x, 2147483648.0);
    }
    memcpy(to, &i, sizeof i);
}

/* The format is a constant in each call, so that each is a loop of its own. */
#define EACH_FORMAT(call)                                                        \
    switch (format) {                                                            \
    case DDSP_FORMAT_FLOAT: call(DDSP_FORMAT_FLOAT); break;                      \
    case DDSP_FORMAT_S32: call(DDSP_FORMAT_S32); break;                          \
    case DDSP_FORMAT_S24_3: call(DDSP_FORMAT_S24_3); break;                      \
    case DDSP_FORMAT_S24: call(DDSP_FORMAT_S24); break;                          \
    case DDSP_FORMAT_S16: call(DDSP_FORMAT_S16); break;                          \
    }

static inline __attribute__((always_inline)) void from_card(
    int format, int channels, const unsigned char *card, float *stereo, int n)
{
    const int size = sizes[format], frame = size * channels, right = channels > 1 ? size : 0;
    for (int i = 0; i < n; i++) {
        stereo[2 * i] = read_one(format, card + i * frame);
        stereo[2 * i + 1] = read_one(format, card + i * frame + right);
    }
}

static inline __attribute__((always_inline)) void to_card(
    int format, int channels, const float *stereo, unsigned char *card, int n)
{
    const int size = sizes[format], frame = size * channels;
    if (channels > 2)
        memset(card, 0, (size_t)frame * (size_t)n);
    for (int i = 0; i < n; i++) {
        const float left = stereo[2 * i], right = stereo[2 * i + 1];
        write_one(format, card + i * frame, channels == 1 ? 0.5f * (left + right) : left);
        if (channels > 1)
            write_one(format, card + i * frame + size, right);
    }
}

void ddsp_stream_from_card(int format, int channels, const void *card, float *stereo, int n)
{
#define CALL(f) from_card(f, channels, card, stereo, n)
    EACH_FORMAT(CALL)
#undef CALL
}

void ddsp_stream_to_card(int format, int channels, const float *stereo, void *card, int n)
{
#define CALL(f) to_card(f, channels, stereo, card, n)
    EACH_FORMAT(CALL)
#undef CALL
}
