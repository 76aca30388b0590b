/* A consonant becomes noise as bright as the model's own. A hammer, a pick or two strings at once
 * have no pitch for a moment either, and little treble: that noise is made as dull as they are,
 * by a second-order low-pass on its magnitudes that is set lower until its treble fits. */
#include "decoder/unpitched.h"

#include <math.h>

#include "common/sanitize.h"

#define POWER 0.25118864         /* -6 dB: noise in place of a note is so much softer */
#define LARGEST 1e4              /* times the model's own, in power, is the most it is raised */
#define NOISE_POWER (1.0 / 3.0)  /* of the white noise behind the magnitudes: uniform, -1..1 */
#define TREBLE_HZ 5000.0
#define LOWEST_HZ 250.0          /* of the low-pass */
#define LEAST_TREBLE_DB (-60.0f)
#define DULLER 1.25              /* dB for a dB: an attack looks brighter than it is for its first ms */
enum { STEPS = 10 };             /* of the search: the last is a hundredth of an octave */

/* One band's power after the low-pass, of 1. */
static double passed(double hz, double pass_hz)
{
    const double ratio = hz / pass_hz * (hz / pass_hz);
    return 1.0 / (1.0 + ratio * ratio);
}

typedef struct {
    const float *noise;
    int n;
    double band_hz;
    double wanted, treble;       /* mean squares over the bands: in all, and at most above */
    double pass_hz;              /* 0: no low-pass */
    double gain;                 /* of the added power, times the model's own */
    double above;                /* of the model's own power through the low-pass: its treble */
} colour;

static double share_of(const colour *c, int band)
{
    return c->pass_hz > 0.0 ? passed(band * c->band_hz, c->pass_hz) : 1.0;
}

/* Sets the gain for this low-pass; whether the treble fits. */
static int fits(colour *c, double pass_hz)
{
    double all = 0.0;
    c->above = 0.0;
    c->pass_hz = pass_hz;
    for (int b = 0; b < c->n; b++) {
        const double power = (double)c->noise[b] * (double)c->noise[b] * share_of(c, b);
        all += power;
        if (b * c->band_hz >= TREBLE_HZ)
            c->above += power;
    }
    c->gain = all > 0.0 ? fmin(c->wanted * c->n / all, LARGEST - 1.0) : 0.0;
    return c->gain * c->above <= c->treble * c->n;
}

/* The highest low-pass whose treble fits; where the lowest does not do it, less noise. */
static void find(colour *c)
{
    if (fits(c, 0.0))
        return;
    double low = log2(LOWEST_HZ), high = log2(c->band_hz * c->n);
    for (int i = 0; i < STEPS; i++) {
        const double middle = 0.5 * (low + high);
        if (fits(c, exp2(middle)))
            low = middle;
        else
            high = middle;
    }
    if (!fits(c, exp2(low)))
        c->gain = c->treble * c->n / c->above;
}

void ddsp_unpitched_give_way(const ddsp_conditioned_model *model, float share, float treble_db,
                             ddsp_control_frame *controls)
{
    const float *weights = controls->harmonic_distribution;
    double total = 0.0, squares = 0.0;
    for (int k = 0; k < model->n_harmonics; k++) {
        total += weights[k];
        squares += (double)weights[k] * (double)weights[k];
    }
    const double each = total > 0.0 ? (double)controls->amplitude / total : 0.0;
    controls->amplitude *= share;
    const double lost = 0.5 * (1.0 - (double)share * (double)share) * each * each * squares;
    if (!(lost > 0.0))
        return;
    const double db = (double)ddsp_within(treble_db, LEAST_TREBLE_DB, 0.0f);
    const double treble = pow(10.0, 0.1 * DULLER * db);
    colour c = {.noise = controls->noise_magnitudes, .n = model->n_noise,
                .band_hz = model->band_limit_hz / (model->n_noise - 1),
                .wanted = POWER * lost / NOISE_POWER, .treble = treble * lost / NOISE_POWER};
    find(&c);
    for (int b = 0; b < model->n_noise; b++)
        controls->noise_magnitudes[b] *= (float)sqrt(1.0 + c.gain * share_of(&c, b));
}
