#include "analysis/treble.h"

#include <math.h>

#define TREBLE_HZ 5000.0
#define SETTLE_S 0.001          /* the filter's own sound is 50 dB softer by then */
#define WINDOW_S 0.006
#define SILENT 1e-9             /* mean square below which nothing is said */
#define LEAST_DB (-60.0)

ddsp_treble ddsp_treble_new(double sample_rate)
{
    const double hz = fmin(TREBLE_HZ, 0.4 * sample_rate);
    return (ddsp_treble){
        .high = {ddsp_section_pass(sample_rate, hz, 0.5412, 1),
                 ddsp_section_pass(sample_rate, hz, 1.3066, 1)},
        .settle = (int)(SETTLE_S * sample_rate),
        .window = (int)(WINDOW_S * sample_rate),
    };
}

float ddsp_treble_db(const ddsp_treble *treble, const float *samples, int n)
{
    ddsp_section first = treble->high[0], second = treble->high[1];
    const int length = n < treble->settle + treble->window ? n : treble->settle + treble->window;
    double all = 0.0, above = 0.0;
    samples += n - length;
    for (int i = 0; i < length; i++) {
        const double x = samples[i];
        const double high = ddsp_section_step(&second, ddsp_section_step(&first, x));
        if (i < treble->settle)
            continue;
        all += x * x;
        above += high * high;
    }
    if (!(all > SILENT * treble->window)) /* also NaN */
        return 0.0f;
    const double db = 10.0 * log10(fmax(above, 1e-30) / all);
    return (float)fmin(fmax(db, LEAST_DB), 0.0);
}
