#include "receiver/channels.h"

enum { PERCUSSION = 9 };
/* All but the two managers, where both zones are there. */
enum { SHARED_MEMBERS = DDSP_MPE_MEMBERS - 1 };

void ddsp_channels_init(ddsp_channels *channels, double bend_range, int mpe)
{
    for (int c = 0; c < DDSP_MIDI_CHANNELS; c++)
        ddsp_controllers_init(&channels->all[c], bend_range, c);
    ddsp_channels_set_mpe(channels, mpe);
}

void ddsp_channels_set_mpe(ddsp_channels *channels, int mpe)
{
    static const int zones[4][2] = {{0, 0}, {15, 0}, {0, 15}, {7, 7}};
    ddsp_controllers_set_zone(&channels->all[DDSP_MPE_LOWER], zones[mpe & 3][0]);
    ddsp_controllers_set_zone(&channels->all[DDSP_MPE_UPPER_MANAGER], zones[mpe & 3][1]);
}

int ddsp_channels_set_zone(ddsp_channels *channels, int manager, int members)
{
    ddsp_controllers *mine = &channels->all[manager];
    ddsp_controllers *other = &channels->all[DDSP_MPE_UPPER_MANAGER - manager];
    ddsp_controllers_set_zone(mine, members);
    const int left = SHARED_MEMBERS - mine->members;
    if (!members || !other->members || left >= other->members)
        return 0;
    ddsp_controllers_set_zone(other, left > 0 ? left : 0);
    return 1;
}

int ddsp_channels_mpe(const ddsp_channels *channels)
{
    return channels->all[DDSP_MPE_LOWER].members || channels->all[DDSP_MPE_UPPER_MANAGER].members;
}

ddsp_controllers *ddsp_channels_of(ddsp_channels *channels, int channel)
{
    static const int managers[2] = {DDSP_MPE_LOWER, DDSP_MPE_UPPER_MANAGER};
    for (int m = 0; m < 2; m++)
        if (ddsp_controllers_is_member(&channels->all[managers[m]], channel))
            return &channels->all[managers[m]];
    return &channels->all[channel];
}

static int is_in_zone(const ddsp_controllers *manager, int channel)
{
    return manager->members
           && (channel == manager->channel || ddsp_controllers_is_member(manager, channel));
}

int ddsp_channels_hear(const ddsp_channels *channels, int channel, int setting)
{
    if (ddsp_channels_mpe(channels))
        return is_in_zone(&channels->all[DDSP_MPE_LOWER], channel)
               || is_in_zone(&channels->all[DDSP_MPE_UPPER_MANAGER], channel);
    return setting ? channel == setting - 1 : channel != PERCUSSION;
}
