#include "analysis/correlogram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/cpu_dispatch.h"

#define BLOCK_S 0.001
#define SHORTEST_S 0.010
#define WINDOW_PERIODS 1.25f
#define LANES 16
/* Energies are counted in whole numbers: exact, however long or loud the past. The count
 * wraps around; its differences over one window of the loudest sound do not. */
#define ENERGY_UNIT 0x1p42           /* a square of 1 */
#define SILENT_POWER 1e-9f           /* below which nothing is like anything: -90 dB */

int ddsp_correlogram_window(const ddsp_correlogram *c, float lag)
{
    const int periods = (int)ceilf(WINDOW_PERIODS * lag);
    return periods > c->shortest ? periods : c->shortest;
}

int ddsp_correlogram_prepare(ddsp_correlogram *c, double rate, int max_lag)
{
    c->max_lag = max_lag;
    c->shortest = (int)ceil(SHORTEST_S * rate);
    c->stride = (max_lag + 1 + LANES - 1) / LANES * LANES;
    c->block = (int)lround(BLOCK_S * rate);
    const int window = ddsp_correlogram_window(c, (float)c->stride);
    /* A frame ends a block early: there may be twice as many. */
    c->n_blocks = 2 * (window / c->block + 2);
    c->reach = window + c->block + c->stride + 2;
    const size_t reach = (size_t)c->reach, blocks = (size_t)c->n_blocks;
    c->samples = calloc(2 * reach, sizeof *c->samples);
    c->energy = calloc(2 * reach, sizeof *c->energy);
    c->products = calloc(blocks * (size_t)c->stride, sizeof *c->products);
    c->length = calloc(blocks, sizeof *c->length);
    c->mirrored = calloc((size_t)c->stride + 1 + DDSP_MIRRORED, sizeof *c->mirrored);
    if (!c->samples || !c->energy || !c->products || !c->length || !c->mirrored)
        return 0;
    c->similarity = c->mirrored + DDSP_MIRRORED;
    return 1;
}

void ddsp_correlogram_free(ddsp_correlogram *c)
{
    free(c->samples);
    free(c->energy);
    free(c->products);
    free(c->length);
    free(c->mirrored);
    memset(c, 0, sizeof *c);
}

void ddsp_correlogram_reset(ddsp_correlogram *c)
{
    memset(c->samples, 0, 2 * (size_t)c->reach * sizeof *c->samples);
    memset(c->energy, 0, 2 * (size_t)c->reach * sizeof *c->energy);
    memset(c->products, 0, (size_t)c->n_blocks * (size_t)c->stride * sizeof *c->products);
    for (int i = 0; i < c->n_blocks; i++)
        c->length[i] = c->block;
    c->filled = c->newest = c->head = 0;
    c->heard = 0;
    c->total = 0;
}

/* The newest `filled` samples times those 1..stride before, longest lag first. */
DDSP_INLINE void sum_products_body(const ddsp_correlogram *c, float *restrict products)
{
    const int count = c->filled, stride = c->stride;
    const float *x = c->samples + c->head + c->reach - count;
    int i = 0;
    for (int j = 0; j < stride; j++)
        products[j] = 0.0f;
    for (; i + 4 <= count; i += 4) {
        const float *then = x + i - stride;
        for (int j = 0; j < stride; j++)
            products[j] += x[i] * then[j] + x[i + 1] * then[j + 1] + x[i + 2] * then[j + 2]
                           + x[i + 3] * then[j + 3];
    }
    for (; i < count; i++)
        for (int j = 0; j < stride; j++)
            products[j] += x[i] * x[i - stride + j];
}

DDSP_CPU_DISPATCH(static, sum_products, (const ddsp_correlogram *c, float *products), (c, products))

static void end_block(ddsp_correlogram *c)
{
    if (c->filled == 0)
        return;
    c->newest = c->newest + 1 == c->n_blocks ? 0 : c->newest + 1;
    c->length[c->newest] = c->filled;
    sum_products(c, c->products + (size_t)c->newest * (size_t)c->stride);
    c->filled = 0;
}

void ddsp_correlogram_hear(ddsp_correlogram *c, float sample)
{
    c->total += (uint64_t)((double)sample * (double)sample * ENERGY_UNIT);
    c->samples[c->head] = c->samples[c->head + c->reach] = sample;
    c->energy[c->head] = c->energy[c->head + c->reach] = c->total;
    c->head = c->head + 1 == c->reach ? 0 : c->head + 1;
    c->heard++;
    if (++c->filled == c->block)
        end_block(c);
}

static float energy_between(const uint64_t *newest, int older, int newer)
{
    return (float)(int64_t)(newest[-newer] - newest[-older]) * (float)(1.0 / ENERGY_UNIT);
}

/* Where the newest total is; those before it lie before it. */
static const uint64_t *newest_energy(const ddsp_correlogram *c)
{
    return c->energy + c->head + c->reach - 1;
}

float ddsp_correlogram_energy(const ddsp_correlogram *c, int count, int skipped)
{
    return energy_between(newest_energy(c), count, skipped);
}

DDSP_INLINE void compare_windows_body(ddsp_correlogram *c, int longest, int64_t since)
{
    const uint64_t *energy = newest_energy(c);
    for (int j = 0; j < c->stride; j += LANES) {
        const int high = c->stride - j; /* the longest lag of these */
        if (high - LANES + 1 > longest + 1)
            continue;
        const int enough = ddsp_correlogram_window(c, (float)high);
        float cross[LANES] = {0};
        int window = 0;
        for (int b = c->newest; window < enough; b = b ? b - 1 : c->n_blocks - 1) {
            const float *products = c->products + (size_t)b * (size_t)c->stride + j;
            for (int k = 0; k < LANES; k++)
                cross[k] += products[k];
            window += c->length[b];
        }
        for (int k = 0; k < LANES; k++) {
            const int lag = high - k;
            const int here = since - lag < window ? (int)since - lag : window;
            float *similarity = &c->similarity[lag];
            if (here <= 0) {
                *similarity = 0.0f;
                continue;
            }
            const float both =
                energy_between(energy, here, 0) + energy_between(energy, here + lag, lag);
            *similarity = both > 2.0f * SILENT_POWER * (float)here ? 2.0f * cross[k] / both : 0.0f;
        }
    }
}

DDSP_CPU_DISPATCH(static, compare_windows, (ddsp_correlogram *c, int longest, int64_t since),
         (c, longest, since))

void ddsp_correlogram_compare(ddsp_correlogram *c, int longest, int64_t since)
{
    end_block(c);
    compare_windows(c, longest, since);
    c->similarity[0] = 1.0f;
    for (int lag = 1; lag <= DDSP_MIRRORED; lag++)
        c->similarity[-lag] = c->similarity[lag];
}
