#include "expression/bars.h"

#include <math.h>

#include "player/tempo.h"

#define SHORTEST_BAR 0.01       /* beats */
#define LONGEST_BAR 1e4
/* Shorter than this a part of the way to the next line is a rounding error: it is reached. */
#define CLOSE 1e-3

ddsp_bars ddsp_bars_sane(const ddsp_bars *bars)
{
    if (!(bars->bar >= SHORTEST_BAR && bars->bar <= LONGEST_BAR) || !isfinite(bars->bar_from))
        return (ddsp_bars){0};
    return (ddsp_bars){ddsp_beat_sane(&bars->beat), bars->bar, bars->bar_from};
}

/* Seconds from time_s to the line that is nearest to later_s after it, and is later than it. */
static double until(const ddsp_bars *bars, int swells, double time_s, double later_s)
{
    const ddsp_beat *beat = &bars->beat;
    const int on_bars = swells == DDSP_SWELLS_ON_BARS;
    const double unit = on_bars ? bars->bar : 1.0, origin = on_bars ? bars->bar_from : 0.0;
    const double now = (beat->beats + beat->hz * (time_s - beat->at_s) - origin) / unit;
    const double line = rint(now + later_s * beat->hz / unit);
    return (fmax(line, floor(now + CLOSE) + 1.0) - now) * unit / beat->hz;
}

void ddsp_bars_meet(const ddsp_bars *bars, int swells, double time_s, double *swell_s,
                    double *fade_s)
{
    const double length_s = *swell_s + *fade_s;
    if (swells == DDSP_SWELLS_FREE || !(bars->beat.hz > 0.0f))
        return;
    const double top_s = until(bars, swells, time_s, *swell_s);
    if (!(top_s <= length_s))
        return;
    const double unit = swells == DDSP_SWELLS_ON_BARS ? bars->bar : 1.0;
    *swell_s = top_s;
    *fade_s = fmax(until(bars, swells, time_s, length_s) - top_s, unit / bars->beat.hz);
}
