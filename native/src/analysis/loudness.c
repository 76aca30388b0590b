/* Loudness: mean square over whole periods, in dB.
 *
 * Unweighted power is what DDSP-VST's models were trained on (its `pw`). A window
 * of whole periods makes the level of a steady tone constant although the window
 * is short; its middle, which is what it tells of, is at most 3 ms ago (half a period
 * where that is longer). After an onset it holds only the new sound.
 */
#include "analysis/loudness.h"

#include <math.h>

#include "common/dot.h"

#define LONGEST_S 0.006  /* window, where a period fits in */
#define SHORTEST_S 0.001 /* after an onset */
#define NEW_S 0.012      /* after an onset whose pitch is not known yet: it may be low, */
#define YOUNG_S 0.03     /* ... and by now would be */

int ddsp_loudness_window(double sample_rate, float f0_hz, double heard, int room)
{
    double window = LONGEST_S * sample_rate;
    if (f0_hz > 0.0f) {
        const double period = sample_rate / f0_hz;
        window = period * fmax(floor(window / period), 1.0);
    } else if (heard < YOUNG_S * sample_rate) {
        window = NEW_S * sample_rate;
    }
    if (heard < window)
        window = fmax(heard, SHORTEST_S * sample_rate);
    const int n = (int)lround(window);
    return n < 1 ? 1 : n > room ? room : n;
}

float ddsp_loudness_db(const float *samples, int n)
{
    const float mean_square = ddsp_dot(samples, samples, n) / (float)n;
    if (!(mean_square > 1e-8f)) /* also where it is NaN */
        return DDSP_LOUDNESS_FLOOR_DB;
    const float db = 10.0f * log10f(mean_square);
    return db > 10.0f ? 10.0f : db;
}
