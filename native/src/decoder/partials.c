#include "decoder/partials.h"

#include <math.h>

#include "common/sanitize.h"
#include "common/smooth_noise.h"

#define LARGEST_DB 9.0f
#define LONGEST 1e6f
#define SEED 0x2c1b3c6du
/* Harmonics with a way of their own; between them the gains go over in straight lines. */
static const int knots[] = {1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 19, 24, 30, 38, 48, 60, 76, 96, 128};
enum { KNOTS = sizeof knots / sizeof *knots };

static float gain_of(int knot, float db, float at)
{
    if (knot == 0)
        return 1.0f;
    const double moved = db * ddsp_smooth_noise(SEED * (uint32_t)(knot + 1), at + 0.61 * knot);
    return (float)exp2(moved * 0.16609640474436813); /* of decibels */
}

void ddsp_partials_move(float db, float at, int n_harmonics, ddsp_control_frame *controls)
{
    db = ddsp_within(db, 0.0f, LARGEST_DB);
    if (!(db > 0.0f) || !(at >= 0.0f && at < LONGEST))
        return;
    float *weights = controls->harmonic_distribution;
    double sum = 0.0, squares = 0.0, moved_sum = 0.0, moved_squares = 0.0;
    float low = gain_of(0, db, at), high = low;
    int knot = 0;
    for (int k = 1; k <= n_harmonics; k++) {
        if (k > knots[knot] && knot + 1 < KNOTS) {
            low = high;
            high = gain_of(++knot, db, at);
        }
        const int from = knot ? knots[knot - 1] : 0;
        const float share = (float)(k - from) / (float)(knots[knot] - from);
        const double before = weights[k - 1];
        const double after = before * (low + (share < 1.0f ? share : 1.0f) * (high - low));
        sum += before;
        squares += before * before;
        moved_sum += after;
        moved_squares += after * after;
        weights[k - 1] = (float)after;
    }
    if (!(moved_sum > 0.0 && moved_squares > 0.0))
        return;
    const double scale = sum / moved_sum;
    for (int k = 0; k < n_harmonics; k++)
        weights[k] *= (float)scale;
    controls->amplitude *= (float)(sqrt(squares / moved_squares) / scale);
}
