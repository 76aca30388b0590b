/* Pitch: normalised square difference with a window that grows with the lag,
 * followed by a tracker that prefers continuity.
 *
 * The similarity is McLeod and Wyvill's NSDF ("A smarter way to find pitch",
 * ICMC 2005): 2 sum x[j] x[j-lag] / sum (x[j]^2 + x[j-lag]^2), over a window of
 * about one period of the lag under test, so that a high note is known sooner
 * than a low one. Candidates are its peaks; the tracker is one forward step of
 * the Viterbi search that Praat uses (Boersma 1993), without its look-ahead: a
 * leap costs something, a longer period costs a little (against octaves below).
 */
#include "pitch.h"

#include <math.h>

#include "dot.h"
#include "hot.h"

#define LOWEST_HZ 40.0
#define HIGHEST_HZ 2000.0
#define WINDOW_PERIODS 1.25    /* of the lag under test */
#define SHORTEST_WINDOW_S 0.010
#define SMALLEST_PEAK 0.3f     /* of a candidate */
#define OCTAVE_COST 0.08f      /* of each octave below HIGHEST_HZ */
#define LEAP_COST 0.2f         /* of an octave's leap or more */
#define LARGEST_COST 0.6f      /* the past never outweighs clear evidence */
#define FADED 0.03f            /* of the window's power: the sound it holds has ended */
#define SMALLEST_POWER 1e-7f   /* of a pitched sound: -70 dB */
#define REFINED_SAMPLES 40.0f  /* in which a parabola tells a peak to a cent or two */
#define SILENT_ENERGY 1e-9f    /* mean square below which nothing has a pitch: -90 dB */

static int window_for(double rate, double lag)
{
    const double longer = WINDOW_PERIODS * lag;
    const double shortest = SHORTEST_WINDOW_S * rate;
    return (int)ceil(longer > shortest ? longer : shortest);
}

int ddsp_pitch_coarse_history(double coarse_rate)
{
    const double lag = ceil(coarse_rate / LOWEST_HZ) + 2.0;
    return (int)lag + window_for(coarse_rate, lag) + 1;
}

int ddsp_pitch_fine_history(double sample_rate, int decimation)
{
    const double lag = ceil(sample_rate / LOWEST_HZ) + 4.0 * decimation;
    return (int)lag + window_for(sample_rate, lag) + 1;
}

void ddsp_pitch_reset(ddsp_pitch *pitch)
{
    pitch->n_track = 0;
}

/* NSDF of one lag: the last `window` samples of x[0..n) against those a lag before. */
DDSP_INLINE void measure_similarity_body(const float *x, int n, int lag, int window,
                                         float *similarity)
{
    const float *now = x + n - window;
    const float *then = now - lag;
    const float cross = ddsp_dot(now, then, window);
    const float energy = ddsp_dot(now, now, window) + ddsp_dot(then, then, window);
    *similarity = energy > 2.0f * SILENT_ENERGY * (float)window ? 2.0f * cross / energy : 0.0f;
}

DDSP_HOT(static, measure_similarity,
         (const float *x, int n, int lag, int window, float *similarity),
         (x, n, lag, window, similarity))

static float similarity_at(const float *x, int n, int lag, int window)
{
    float similarity;
    measure_similarity(x, n, lag, window, &similarity);
    return similarity;
}

/* The same for every coarse lag, energies by prefix sum. */
DDSP_INLINE void similarities_body(ddsp_pitch *pitch, const float *x, int n)
{
    float *energy = pitch->energy;
    energy[0] = 0.0f;
    /* From the newest sample backwards: energy[k] is that of the last k samples, so
     * that a loud past does not cost the quiet present its precision. */
    for (int k = 0; k < n; k++)
        energy[k + 1] = energy[k] + x[n - 1 - k] * x[n - 1 - k];
    for (int lag = pitch->min_lag - 1; lag <= pitch->max_lag + 1; lag++) {
        const int window = window_for(pitch->coarse_rate, lag);
        const float cross = ddsp_dot(x + n - window, x + n - window - lag, window);
        const float total = energy[window] + energy[window + lag] - energy[lag];
        pitch->similarity[lag] =
            total > 2.0f * SILENT_ENERGY * (float)window ? 2.0f * cross / total : 0.0f;
    }
}

DDSP_HOT(static, similarities, (ddsp_pitch *pitch, const float *x, int n), (pitch, x, n))

/* Vertex of the parabola through three equally spaced values; offset in -1..1. */
static float vertex(float before, float at, float after, float *height)
{
    const float curve = before - 2.0f * at + after;
    float offset = curve < 0.0f ? 0.5f * (before - after) / curve : 0.0f;
    offset = offset < -1.0f ? -1.0f : offset > 1.0f ? 1.0f : offset;
    *height = at - 0.25f * (before - after) * offset;
    return offset;
}

/* What a period costs by itself: its dissimilarity, and a little for its length,
 * because every multiple of a period is a period too. */
static float own_cost(const ddsp_pitch *pitch, const ddsp_pitch_candidate *c)
{
    return 1.0f - c->height
           + OCTAVE_COST * log2f(c->lag * (float)(HIGHEST_HZ / pitch->coarse_rate));
}

/* Peaks of the similarity, the DDSP_PITCH_CANDIDATES cheapest of them. */
static int find_candidates(const ddsp_pitch *pitch, ddsp_pitch_candidate *found)
{
    const float *s = pitch->similarity;
    int n = 0;
    int lag = pitch->min_lag;
    /* The slope down from lag 0 is similarity with itself, not a period. */
    while (lag <= pitch->max_lag && s[lag] > 0.0f && s[lag] <= s[lag - 1])
        lag++;
    for (; lag <= pitch->max_lag; lag++) {
        if (s[lag] < SMALLEST_PEAK || s[lag] < s[lag - 1] || s[lag] <= s[lag + 1])
            continue;
        ddsp_pitch_candidate new = {0};
        new.lag = (float)lag + vertex(s[lag - 1], s[lag], s[lag + 1], &new.height);
        if (new.height > 1.0f)
            new.height = 1.0f;
        new.cost = own_cost(pitch, &new);
        int place = n;
        if (n < DDSP_PITCH_CANDIDATES) {
            n++;
        } else {
            place = 0;
            for (int i = 1; i < n; i++)
                if (found[i].cost > found[place].cost)
                    place = i;
            if (found[place].cost <= new.cost)
                continue;
        }
        found[place] = new;
    }
    return n;
}

/* One forward step of the search; returns the likeliest candidate. */
static int follow(ddsp_pitch *pitch, ddsp_pitch_candidate *found, int n)
{
    int best = 0;
    for (int i = 0; i < n; i++) {
        float past = LARGEST_COST;
        for (int j = 0; j < pitch->n_track; j++) {
            float leap = fabsf(log2f(found[i].lag / pitch->track[j].lag));
            leap = leap > 1.0f ? 1.0f : leap;
            const float cost = pitch->track[j].cost + LEAP_COST * leap;
            past = cost < past ? cost : past;
        }
        if (pitch->n_track == 0)
            past = 0.0f;
        found[i].cost += past;
        if (found[i].cost < found[best].cost)
            best = i;
    }
    const float least = found[best].cost;
    for (int i = 0; i < n; i++) {
        found[i].cost -= least;
        pitch->track[i] = found[i];
    }
    pitch->n_track = n;
    return best;
}

/* Whether a long window hears only a sound that has stopped: its periods are those
 * of the end itself and of what rings after it, often octaves below. */
static int has_ended(const ddsp_pitch *pitch, float lag)
{
    const int whole = window_for(pitch->coarse_rate, lag);
    const int recent = window_for(pitch->coarse_rate, 0.0);
    const float power = pitch->energy[recent] / (float)recent;
    return power < SMALLEST_POWER || power < FADED * pitch->energy[whole] / (float)whole;
}

/* The period at the full rate, in samples: the peak near `lag` coarse ones, or near
 * some periods where one is few samples. */
static float refine(const ddsp_pitch *pitch, float lag, const float *x, int n, float *height)
{
    const double rate = pitch->coarse_rate * pitch->decimation;
    const float coarse = lag * (float)pitch->decimation;
    const float periods = fmaxf(1.0f, ceilf(REFINED_SAMPLES / coarse));
    const int middle = (int)lroundf(periods * coarse);
    const int reach = pitch->decimation;
    const int window = window_for(rate, middle + reach + 1);
    int low = middle - reach < 2 ? 2 : middle - reach;
    int high = middle + reach;
    if (high + 1 + window > n)
        return coarse;
    float best = -2.0f, before = 0.0f, after = 0.0f;
    float last = similarity_at(x, n, low - 1, window);
    float here = similarity_at(x, n, low, window);
    int at = middle;
    for (int i = low; i <= high; i++) {
        const float next = similarity_at(x, n, i + 1, window);
        if (here > best) {
            best = here;
            at = i;
            before = last;
            after = next;
        }
        last = here;
        here = next;
    }
    return ((float)at + vertex(before, best, after, height)) / periods;
}

float ddsp_pitch_estimate(ddsp_pitch *pitch, const float *coarse, int n_coarse,
                          const float *fine, int n_fine, float *confidence)
{
    ddsp_pitch_candidate found[DDSP_PITCH_CANDIDATES];
    *confidence = 0.0f;
    similarities(pitch, coarse, n_coarse);
    const int n = find_candidates(pitch, found);
    if (n == 0) {
        pitch->n_track = 0;
        return 0.0f;
    }
    const int best = follow(pitch, found, n);
    if (has_ended(pitch, found[best].lag)) {
        pitch->n_track = 0;
        return 0.0f;
    }
    float height = found[best].height;
    const float period = refine(pitch, found[best].lag, fine, n_fine, &height);
    *confidence = height < 0.0f ? 0.0f : height > 1.0f ? 1.0f : height;
    return period;
}
