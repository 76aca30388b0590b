#include "player/tempo.h"

#include <math.h>

#include "common/sanitize.h"

#define FASTEST_BEAT_HZ 20.0f   /* 1200 beats a minute */
#define FASTEST_WAVE_HZ 12.0    /* no hand is faster: a faster division is halved */
#define RATE_S 0.15             /* time constant of a change of rate ... */
#define PHASE_S 0.3             /* ... and of a phase that is pulled to the beat's */
#define LARGEST_PULL 0.15       /* of the rate, by which the pull makes it faster or slower */

ddsp_beat ddsp_beat_sane(const ddsp_beat *beat)
{
    if (!isfinite(beat->at_s) || !isfinite(beat->beats))
        return (ddsp_beat){0};
    return (ddsp_beat){
        .hz = ddsp_within(beat->hz, 0.0f, FASTEST_BEAT_HZ),
        .at_s = beat->at_s,
        .beats = beat->beats,
    };
}

/* Waves in a beat: of those that musicians write, or of `waves` where that is not "nearest". */
static double waves_of(const ddsp_beat *beat, float waves, double own_hz)
{
    static const double written[] = {1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0};
    if (waves != DDSP_NEAREST_WAVES)
        return fmax(0.0, waves);
    double nearest = written[0], least = INFINITY;
    for (unsigned i = 0; i < sizeof written / sizeof *written; i++) {
        const double far = fabs(log(written[i] * beat->hz / fmax(own_hz, 0.1)));
        if (far < least) {
            least = far;
            nearest = written[i];
        }
    }
    return nearest;
}

/* The waves that are played: halved until a hand could follow. */
static double played_waves(const ddsp_beat *beat, float waves, double own_hz)
{
    if (!(beat->hz > 0.0f) || waves == 0.0f)
        return 0.0;
    double found = waves_of(beat, waves, own_hz);
    while (found * beat->hz > FASTEST_WAVE_HZ)
        found *= 0.5;
    return found;
}

double ddsp_beat_rate(const ddsp_beat *beat, float waves, double own_hz)
{
    return played_waves(beat, waves, own_hz) * beat->hz;
}

/* 0..1. */
static double beat_phase(const ddsp_beat *beat, double waves, double time_s)
{
    const double turns = waves * (beat->beats + beat->hz * (time_s - beat->at_s));
    return turns - floor(turns);
}

ddsp_turning ddsp_turning_begin(const ddsp_beat *beat, float waves, double own_hz, double time_s)
{
    const double played = played_waves(beat, waves, own_hz);
    if (!(played > 0.0))
        return (ddsp_turning){0.0, time_s, own_hz};
    return (ddsp_turning){beat_phase(beat, played, time_s), time_s, played * beat->hz};
}

void ddsp_turning_follow(ddsp_turning *turning, const ddsp_beat *beat, float waves, double own_hz,
                         double time_s, double passed_s)
{
    const double played = played_waves(beat, waves, own_hz);
    const double wanted = played > 0.0 ? played * beat->hz : own_hz;
    if (!(played > 0.0) && turning->hz == wanted)
        return; /* free: nothing is rounded */
    double turn = ddsp_turning_phase(turning, time_s);
    if (played > 0.0) {
        double off = beat_phase(beat, played, time_s) - turn;
        off -= floor(off + 0.5);
        const double most = LARGEST_PULL * wanted * passed_s;
        turn += fmin(fmax(off * -expm1(-passed_s / PHASE_S), -most), most);
    }
    turning->turn = turn - floor(turn);
    turning->at_s = time_s;
    turning->hz += -expm1(-passed_s / RATE_S) * (wanted - turning->hz);
    if (fabs(turning->hz - wanted) < 1e-4)
        turning->hz = wanted;
}
