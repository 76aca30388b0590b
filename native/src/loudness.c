/* Loudness: mean square over whole periods, in dB.
 *
 * Unweighted power is what DDSP-VST's models were trained on (its `pw`). A window
 * of whole periods makes the level of a steady tone constant although the window
 * is short, so that the level follows an attack within a period or 5 ms.
 */
#include "loudness.h"

#include <math.h>

#include "dot.h"

#define SHORTEST_S 0.005 /* window of a high tone */
#define NO_PITCH_S 0.008 /* window where no period is known */

int ddsp_loudness_window(double sample_rate, float f0_hz, int room)
{
    double window = NO_PITCH_S * sample_rate;
    if (f0_hz > 0.0f) {
        const double period = sample_rate / f0_hz;
        window = period * ceil(SHORTEST_S * sample_rate / period);
    }
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
