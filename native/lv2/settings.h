/* Values of the control ports, and what they mean to the kernel. */
#ifndef DDSP_LV2_SETTINGS_H
#define DDSP_LV2_SETTINGS_H

#include "ddsp_kernel.h"

enum { MOST_SETTINGS = 64 };
#define SILENCE_DB -80.0f        /* the softest loudness: nothing sounds */

/* Every setting of ddsp_edge/settings.py by its number in settings_table.h; those that a plug-in
 * has no port for stand at their default. */
typedef struct {
    float value[MOST_SETTINGS];
} ddsp_settings;

void ddsp_settings_init(ddsp_settings *settings);

/* The ports of a plug-in: how many settings it has, and which one is at a place of theirs. */
int ddsp_settings_ports(int listens);
int ddsp_settings_at(int listens, int place);

/* Takes a port's value, within its range and whole where it must be (NaN: the default). 1 where it
 * is another one than before. */
int ddsp_settings_take(ddsp_settings *settings, int number, float value);

ddsp_conditioning ddsp_settings_conditioning(const ddsp_settings *settings);
ddsp_effect_settings ddsp_settings_effect(const ddsp_settings *settings);
ddsp_receiver_settings ddsp_settings_receiver(const ddsp_settings *settings);

/* The note, 0..127, and the loudness in dB, -80..0, that a model is shown of a player's frame. */
void ddsp_settings_point(const ddsp_settings *settings, const ddsp_feature_frame *frame,
                         float *note, float *loudness_db);

/* The rig's controls; pan is the player's own, beside the setting. */
void ddsp_settings_mix(const ddsp_settings *settings, int listens, double pan, ddsp_rig *rig);

#endif
