/* Settings that a voice moves towards, frame by frame. */
#include "decoder/settings_ramp.h"

#include <math.h>

#include "common/sanitize.h"

#define RAMP_S 0.02
#define LOG10_20 0.115129254649702284 /* log(10) / 20 */

ddsp_conditioning ddsp_sane_conditioning(ddsp_conditioning settings)
{
    return (ddsp_conditioning){
        .pitch_shift = ddsp_within(settings.pitch_shift, -24.0f, 24.0f),
        .input_pitch = ddsp_within(settings.input_pitch, -24.0f, 24.0f),
        .input_gain_db = ddsp_within(settings.input_gain_db, -40.0f, 40.0f),
        .harmonic_gain_db = ddsp_within(settings.harmonic_gain_db, -60.0f, 12.0f),
        .noise_gain_db = ddsp_within(settings.noise_gain_db, -60.0f, 12.0f),
        .unpitched = ddsp_within(settings.unpitched, 0.0f, 1.0f),
        .morph = ddsp_within(settings.morph, 0.0f, 1.0f),
        .beyond = ddsp_within(settings.beyond, 0.0f, 1.0f),
    };
}

static int same(const ddsp_ramped_settings *a, const ddsp_ramped_settings *b)
{
    return a->input_gain_db == b->input_gain_db && a->harmonic_gain_db == b->harmonic_gain_db
           && a->noise_gain_db == b->noise_gain_db && a->unpitched == b->unpitched
           && a->beyond == b->beyond;
}

static float on_the_way(float start, float target, float way)
{
    return way >= 1.0f ? target : start + way * (target - start);
}

void ddsp_settings_ramp_move(ddsp_settings_ramp *ramp, const ddsp_conditioning *settings,
                             double hop_s, int at_once)
{
    const ddsp_ramped_settings wanted = {settings->input_gain_db, settings->harmonic_gain_db,
                                         settings->noise_gain_db, settings->unpitched,
                                         settings->beyond};
    if (!same(&wanted, &ramp->target)) {
        ramp->start = ramp->now;
        ramp->target = wanted;
        ramp->way = 0.0f;
    } else if (ramp->way >= 1.0f) {
        return;
    }
    ramp->way = at_once ? 1.0f : ramp->way + (float)(hop_s / RAMP_S);
    if (ramp->way > 0.999f) /* rounding of a sum of hops */
        ramp->way = 1.0f;
    const ddsp_ramped_settings *start = &ramp->start, *target = &ramp->target;
    ramp->now.input_gain_db = on_the_way(start->input_gain_db, target->input_gain_db, ramp->way);
    ramp->now.harmonic_gain_db =
        on_the_way(start->harmonic_gain_db, target->harmonic_gain_db, ramp->way);
    ramp->now.noise_gain_db = on_the_way(start->noise_gain_db, target->noise_gain_db, ramp->way);
    ramp->now.unpitched = on_the_way(start->unpitched, target->unpitched, ramp->way);
    ramp->now.beyond = on_the_way(start->beyond, target->beyond, ramp->way);
    ramp->harmonic_gain = (float)exp(ramp->now.harmonic_gain_db * LOG10_20);
    ramp->noise_gain = (float)exp(ramp->now.noise_gain_db * LOG10_20);
}
