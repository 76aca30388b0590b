/* Interpolation with a sinc under a Hann window, 32 crossings to each side. */
#include "synthesis/resample.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846
#define CROSSINGS 32.0
/* Where both rates are whole numbers of Hz few positions between two samples occur, and each has
 * its weights once. */
enum { MOST_WEIGHTS = 1 << 19 };

typedef struct {
    double cut;             /* low-pass, in Nyquist frequencies of what is read */
    int half, width;        /* samples read on each side, and in all */
} sinc_shape;

/* weights [width]: of the samples from `half` before a position's whole part on; fraction, 0..1, is
 * how far it lies behind that. */
static void fill_weights(const sinc_shape *shape, double fraction, double *weights)
{
    for (int k = 0; k < shape->width; k++) {
        const double distance = shape->cut * (fraction - (k - shape->half));
        if (fabs(distance) > CROSSINGS) {
            weights[k] = 0.0;
            continue;
        }
        const double window = 0.5 + 0.5 * cos(PI * distance / CROSSINGS);
        const double sinc = distance == 0.0 ? 1.0 : sin(PI * distance) / (PI * distance);
        weights[k] = shape->cut * sinc * window;
    }
}

/* The value of `from` around sample `whole`, 0 or more; outside of it is silence. */
static double weighed(const float *from, int n, int64_t whole, const sinc_shape *shape,
                      const double *weights)
{
    const int64_t begin = whole - shape->half;
    const int first = begin < 0 ? (int)-begin : 0;
    const int last = n - begin < shape->width ? (int)(n - begin) : shape->width;
    double sum = 0.0;
    for (int k = first; k < last; k++)
        sum += from[begin + k] * weights[k];
    return sum;
}

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

int ddsp_resample_response(const float *from, int n, double from_rate, float *to, int length,
                           double to_rate)
{
    const double step = from_rate / to_rate;
    if (step == 1.0) {
        const int both = n < length ? n : length;
        memcpy(to, from, (size_t)both * sizeof *to);
        memset(to + both, 0, (size_t)(length - both) * sizeof *to);
        return 1;
    }
    sinc_shape shape = {.cut = step > 1.0 ? 1.0 / step : 1.0};
    shape.half = (int)ceil(CROSSINGS / shape.cut) + 1;
    shape.width = 2 * shape.half + 1;
    int64_t places = 0, advance = 0;    /* between two samples; 0: each position has its own */
    if (from_rate == floor(from_rate) && to_rate == floor(to_rate)) {
        const int64_t common = common_divisor((int64_t)from_rate, (int64_t)to_rate);
        places = (int64_t)to_rate / common;
        advance = (int64_t)from_rate / common;
        if (places * shape.width > MOST_WEIGHTS)
            places = 0;
    }
    double *weights = malloc((size_t)((places > 0 ? places : 1) * shape.width) * sizeof *weights);
    if (!weights)
        return 0;
    for (int64_t p = 0; p < places; p++)
        fill_weights(&shape, (double)p / (double)places, weights + p * shape.width);
    for (int i = 0; i < length; i++) {
        const double *chosen = weights;
        int64_t whole;
        if (places > 0) {
            whole = i * advance / places;
            chosen += i * advance % places * shape.width;
        } else {
            whole = (int64_t)floor(i * step);
            fill_weights(&shape, i * step - (double)whole, weights);
        }
        to[i] = (float)(step * weighed(from, n, whole, &shape, chosen));
    }
    free(weights);
    return 1;
}
