/* Interpolation with a sinc under a Hann window, 32 crossings to each side. */
#include "synthesis/resample.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846
#define CROSSINGS 32.0

/* The value of `from` at the position `at`, low-passed at `cut` times its Nyquist frequency. */
static double interpolated(const float *from, int n, double at, double cut)
{
    const double reach = CROSSINGS / cut;
    const int first = at - reach < 0.0 ? 0 : (int)ceil(at - reach);
    const int last = at + reach > n - 1 ? n - 1 : (int)floor(at + reach);
    double sum = 0.0;
    for (int k = first; k <= last; k++) {
        const double distance = cut * (at - k);
        const double window = 0.5 + 0.5 * cos(PI * distance / CROSSINGS);
        const double sinc = distance == 0.0 ? 1.0 : sin(PI * distance) / (PI * distance);
        sum += from[k] * sinc * window;
    }
    return cut * sum;
}

void ddsp_resample_response(const float *from, int n, double from_rate, float *to, int length,
                            double to_rate)
{
    const double step = from_rate / to_rate, cut = step > 1.0 ? 1.0 / step : 1.0;
    for (int i = 0; i < length; i++)
        to[i] = step == 1.0 && i < n ? from[i] : (float)(step * interpolated(from, n, i * step, cut));
}
