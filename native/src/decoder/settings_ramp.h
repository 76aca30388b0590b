/* A voice's own settings, on their way to those of the conditioner. */
#ifndef DDSP_SETTINGS_RAMP_H
#define DDSP_SETTINGS_RAMP_H

#include "ddsp_kernel.h"

/* What a voice is played with at its present frame. */
typedef struct {
    float input_gain_db, harmonic_gain_db, noise_gain_db, unpitched, beyond;
} ddsp_ramped_settings;

typedef struct {
    ddsp_ramped_settings start, now, target;
    float harmonic_gain, noise_gain; /* linear, of `now` */
    float way;                       /* 0..1 from start to target */
} ddsp_settings_ramp;

/* Sane settings: within their ranges, not NaN. */
ddsp_conditioning ddsp_sane_conditioning(ddsp_conditioning settings);

/* Moves a frame of hop_s on towards the settings, or there at once. */
void ddsp_settings_ramp_move(ddsp_settings_ramp *ramp, const ddsp_conditioning *settings,
                             double hop_s, int at_once);

#endif
