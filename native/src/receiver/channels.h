/* The sixteen MIDI channels of an instrument: each has its own state, MPE zones share one. As
 * ddsp_edge/synth/channels.py. Channels are counted from 0. */
#ifndef DDSP_CHANNELS_H
#define DDSP_CHANNELS_H

#include "receiver/controllers.h"

typedef struct {
    ddsp_controllers all[DDSP_MIDI_CHANNELS];
} ddsp_channels;

/* As at power-on, with the zones of DDSP_MPE_*. */
void ddsp_channels_init(ddsp_channels *channels, double bend_range, int mpe);

/* Takes the zones of DDSP_MPE_*. */
void ddsp_channels_set_mpe(ddsp_channels *channels, int mpe);

/* Takes one zone, of channel 0 or 15, as a configuration message asks; the other one gives up the
 * channels that both want. Returns whether the other one changed. */
int ddsp_channels_set_zone(ddsp_channels *channels, int manager, int members);

/* Whether there is an MPE zone. */
int ddsp_channels_mpe(const ddsp_channels *channels);

/* What notes of a channel are played with: its own controllers, or its zone's. */
ddsp_controllers *ddsp_channels_of(ddsp_channels *channels, int channel);

/* Whether a channel is heard where the setting `channel` has this value. */
int ddsp_channels_hear(const ddsp_channels *channels, int channel, int setting);

#endif
